//! Absence requests made through the connector: engines for them. When each is taken further is in `duties`.

use absences::Absences;
use lucca::Client;
use store::{Actor, LinkedAccount, SubmissionId};

use crate::{EntropyError, Machinery};

impl Machinery {
    /// The absences of a linked account, through `client`, on somebody's behalf.
    pub fn absences<'a>(
        &'a self,
        account: &'a LinkedAccount,
        client: &'a Client,
        actor: Actor,
    ) -> Absences<'a> {
        Absences { client, store: &self.store, account, clock: std::sync::Arc::clone(&self.clock), actor }
    }

    /// A new absence request's id.
    ///
    /// # Errors
    ///
    /// When there is no randomness.
    pub fn new_submission(&self) -> Result<SubmissionId, EntropyError> {
        Ok(SubmissionId::mint(self.clock.now(), self.entropy.bytes()?))
    }
}
