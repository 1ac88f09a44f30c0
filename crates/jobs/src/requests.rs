//! Builds the engine of absence requests. Not here: when requests are advanced (`duties`).

use absences::Absences;
use lucca::Client;
use store::{Actor, LinkedAccount, SubmissionId};

use crate::{EntropyError, Machinery};

impl Machinery {
    /// The absences of a linked account, through `client`, on behalf of `actor`.
    pub fn absences<'a>(
        &'a self,
        account: &'a LinkedAccount,
        client: &'a Client,
        actor: Actor,
    ) -> Absences<'a> {
        Absences { client, store: &self.store, account, clock: std::sync::Arc::clone(&self.clock), actor }
    }

    /// Creates the id of an absence request.
    ///
    /// # Errors
    ///
    /// If randomness fails.
    pub fn new_submission(&self) -> Result<SubmissionId, EntropyError> {
        Ok(SubmissionId::mint(self.clock.now(), self.entropy.bytes()?))
    }
}
