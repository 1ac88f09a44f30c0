//! What Lucca told of by itself is read within a second or two, in one run for all that an account's Lucca tells in that
//! time. Whatever goes wrong here is found by the syncs that come by their rhythm.

use async_recursion::async_recursion as boxed;
use jiff::SignedDuration;
use store::{LinkedAccount, Store};
use sync::{Brake, RunReport, Silent, Wish};

use crate::Machinery;

/// An absence is told half-day by half-day: more may follow within this time.
const QUIET: SignedDuration = SignedDuration::from_millis(500);
/// But the first of them is not kept waiting longer.
const LONGEST: SignedDuration = SignedDuration::from_secs(3);

/// When what failed is tried again.
const RETRY: SignedDuration = SignedDuration::from_mins(1);
/// What was told so long ago was read by the rhythm, or can't be read at all.
const GIVEN_UP: SignedDuration = SignedDuration::from_hours(1);

/// What Lucca told of could not be read.
#[derive(Debug, thiserror::Error)]
pub enum NotRead {
    /// No client could be made.
    #[error(transparent)]
    Client(#[from] crate::Error),
    /// The run could not go on.
    #[error(transparent)]
    Sync(#[from] sync::Error),
}

/// The accounts of which something was told that is to be read now.
///
/// # Errors
///
/// The store's.
#[boxed]
pub async fn accounts_notified(
    store: &Store,
    now: jiff::Timestamp,
) -> Result<Vec<LinkedAccount>, store::Error> {
    store.accounts_notified(now, now - QUIET, now - LONGEST).await
}

/// Reads what was told of an account. None where another run holds it: what was told is read after that.
///
/// # Errors
///
/// What kept it from being read. It is put off by a minute then.
#[boxed]
pub async fn sync_notified(
    machinery: &Machinery,
    account: &LinkedAccount,
) -> Result<Option<RunReport>, NotRead> {
    let read = read(machinery, account).await;
    let failed = match &read {
        Ok(Some(report)) => report.streams.iter().any(|stream| stream.error.is_some()),
        Ok(None) => false,
        Err(_) => true,
    };
    if failed {
        let now = machinery.clock.now();
        let store = &machinery.store;
        store.postpone_notices(account.no, now + RETRY, now - GIVEN_UP).await.map_err(sync::Error::from)?;
    }
    read
}

async fn read(machinery: &Machinery, account: &LinkedAccount) -> Result<Option<RunReport>, NotRead> {
    let client = machinery.tenants.client_of(account, &machinery.vault, None).await?;
    let run_id = machinery.new_run().map_err(crate::Error::from)?;
    let how = (Wish::Notified, Some(Brake::default()));
    match Box::pin(machinery.sync(account, &client, run_id, how, &Silent)).await {
        Ok(report) => Ok(Some(report)),
        Err(sync::Error::Busy | sync::Error::Store(store::Error::Unlinked)) => Ok(None),
        Err(error) => Err(error.into()),
    }
}
