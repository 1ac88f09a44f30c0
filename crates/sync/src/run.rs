//! A sync of one linked account, from taking its lease to giving it back. Which streams there are, and in what order
//! they are read, is in `streams`.

use std::sync::Arc;

use async_recursion::async_recursion as boxed;
use jiff::Timestamp;
use jiff::civil::Date;
use lucca::{Client, Stream};
use net::clock::Clock;
use people::NotDeclinable;
use store::{AccountStatus, Lease, LinkedAccount, Outcome, RunId, Store};

use crate::audience::judge_audience;
use crate::plan::{Rhythms, UnknownRhythm, Wish};
use crate::progress::Progress;
use crate::reconcile::Brake;
use crate::report::{RunReport, StreamReport};
use crate::rescope;
use crate::scope::Scope;
use crate::state::StreamState;
use crate::stream_sync::Context;
use crate::streams::Engine;

/// A run that could not go on. What Lucca refused is not here but in the report.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Another process is syncing the linked account.
    #[error("the linked account is being synced by another process")]
    Busy,
    /// A person has asked for the run to end: it is recorded as cancelled.
    #[error("the run was cancelled; what it had read is stored, and the next one goes on from there")]
    Cancelled,
    /// The store failed: nothing of the page at hand was written, everything before it was.
    #[error("the run stopped because the store failed")]
    Store(#[from] store::Error),
    /// The linked account's settings name a field group that this version does not know.
    #[error("the linked account's settings cannot be used")]
    Settings(#[from] people::UnknownFieldGroup),
    /// The linked account's settings name a rhythm that this version does not know.
    #[error("the linked account's settings cannot be used")]
    Rhythm(#[from] UnknownRhythm),
    /// The linked account's settings decline a feature that this version does not know.
    #[error("the linked account's settings cannot be used")]
    Feature(#[from] NotDeclinable),
}

/// How a run is to be done.
#[derive(Clone, Debug)]
pub struct Options {
    /// The date that decides who is a current, future or former employee.
    pub today: Date,
    /// How many records may vanish at once; none lets any number go, because a person has looked.
    pub brake: Option<Brake>,
    /// What is wanted: what is due, what changed, or everything.
    pub wish: Wish,
    /// What this process calls itself, to be told to others who want to sync the same account.
    pub holder: String,
    /// A holder that the caller knows to have ended without giving its lease back.
    pub dead_holder: Option<String>,
}

/// A sync, ready to run.
pub struct Sync<'a> {
    /// Opens the tenant.
    pub client: &'a Client,
    /// Where records go.
    pub store: &'a Store,
    /// The linked account that is synced.
    pub account: &'a LinkedAccount,
    /// Tells when things happen.
    pub clock: Arc<dyn Clock>,
    /// Hears how it goes.
    pub progress: &'a dyn Progress,
    /// How it is to be done.
    pub options: Options,
}

impl Sync<'_> {
    /// Runs. What could be read is stored even when something else fails; the report says which.
    ///
    /// # Errors
    ///
    /// [`Error::Busy`] where another process holds the account's lease, or has seen to this very run: it was begun before, or
    /// cancelled. [`Error::Cancelled`] where a person has asked for it to end. [`Error::Store`] with
    /// [`store::Error::Unlinked`] where the account was unlinked, and with [`store::Error::LeaseLost`] where another process
    /// has taken the lease over meanwhile. What the account's settings can't be used for.
    #[boxed]
    pub async fn run(&self, run_id: RunId) -> Result<RunReport, Error> {
        let scope = Scope::of(&self.account.settings)?;
        let rhythms = Rhythms::with(&self.account.settings.rhythms)?;
        let lease = self.lease(run_id).await?;
        let mut outcome = match self.store.start_run(&lease, self.clock.now()).await {
            Ok(true) => Box::pin(self.run_under(lease, &scope, rhythms)).await,
            Ok(false) => Err(Error::Busy),
            Err(error) => Err(error.into()),
        };
        if let Err(Error::Store(store::Error::Cancelled)) = outcome {
            let requests = self.client.stats().by_stream.values().map(|stream| stream.requests).sum();
            let now = self.clock.now();
            self.store.finish_run(&lease, Outcome::Cancelled, requests, None, now).await?;
            outcome = Err(Error::Cancelled);
        }
        // Whatever stopped the run, others need not wait for the lease to expire.
        let released = self.store.release_lease(&lease).await;
        let report = outcome?;
        released?;
        Ok(report)
    }

    async fn lease(&self, run_id: RunId) -> Result<Lease, Error> {
        let Options { holder, dead_holder, .. } = &self.options;
        let now = self.clock.now();
        let taken = self.store.take_lease(self.account, run_id, holder, dead_holder.as_deref(), now).await?;
        taken.ok_or(Error::Busy)
    }

    async fn run_under(&self, lease: Lease, scope: &Scope, rhythms: Rhythms) -> Result<RunReport, Error> {
        let Options { today, brake, wish, .. } = self.options;
        let started_at = self.clock.now();
        let turned = self.store.tell_turning(&lease, today, started_at).await?;
        let context = Context {
            client: self.client,
            store: self.store,
            account: self.account,
            lease,
            clock: Arc::clone(&self.clock),
            progress: self.progress,
            brake,
            today,
            began_at: started_at,
            scope: scope.clone(),
            erased: self.store.erased_ids(self.account.no).await?,
            holds: self.store.holds(self.account.no).await?,
        };
        rescope::apply(&context).await?;
        let states = self.store.stream_states(self.account.no).await?;
        let engine = Engine { client: self.client, context, states, rhythms, wish, groups: scope.groups };
        let streams = Box::pin(engine.streams()).await?;

        let outcome = outcome(&streams);
        let now = self.clock.now();
        let audience = judge_audience(self.store, self.account.id, &lease, today, now).await?;
        let stats = self.client.stats();
        let requests =
            stats.by_stream.iter().map(|(stream, s)| (stream.name().to_owned(), s.requests)).collect();
        let throttled = stats.by_stream.values().map(|s| s.throttled).sum();
        let finished_at = self.clock.now();
        let report = RunReport {
            run_id: lease.run_id,
            started_at,
            finished_at,
            outcome,
            streams,
            requests,
            throttled,
            server_ahead_s: stats
                .server_ahead
                .map(|ahead| ahead.as_secs())
                .filter(|ahead| ahead.abs() >= CLOCKS_APART_S),
            turned: u64::try_from(turned).unwrap_or(u64::MAX),
            audience,
        };
        self.set_status(&report).await?;
        if let Some(are_current) = report.are_contracts_current() {
            self.store.set_contracts_current(self.account.no, are_current).await?;
        }
        // What Lucca told of is read beside the rhythm.
        if wish != Wish::Notified {
            self.set_due(&lease, scope, &rhythms, started_at, finished_at).await?;
        }
        let json = serde_json::to_string(&report).unwrap_or_default();
        self.store.finish_run(&lease, outcome, report.total_requests(), Some(&json), finished_at).await?;
        Ok(report)
    }

    /// The next sync is due when the first of the streams is that are kept.
    async fn set_due(
        &self,
        lease: &Lease,
        scope: &Scope,
        rhythms: &Rhythms,
        began_at: Timestamp,
        now: Timestamp,
    ) -> Result<(), Error> {
        let states = self.store.stream_states(self.account.no).await?;
        let due = scope.streams().map(|stream| {
            let state = StreamState::read(states.get(stream.name()));
            rhythms.due_at(stream, &state)
        });
        let due_at = due.min().unwrap_or(now);
        Ok(self.store.set_due(lease, due_at, began_at, now).await?)
    }

    async fn set_status(&self, report: &RunReport) -> Result<(), Error> {
        let status = match report.people_error() {
            Some(error) if error.code == "lucca.key_refused" => AccountStatus::RelinkNeeded,
            Some(_) => return Ok(()),
            None => AccountStatus::Linked,
        };
        Ok(self.store.set_account_status(self.account, status, report.finished_at).await?)
    }
}

/// Clocks that are so many seconds apart are worth a word.
pub const CLOCKS_APART_S: i64 = 120;

/// Lists without which people data is not complete: that the key is not offered them is no success.
const ESSENTIAL: [Stream; 4] =
    [Stream::Users, Stream::Departments, Stream::Establishments, Stream::LegalUnits];

fn outcome(streams: &[StreamReport]) -> Outcome {
    let is_fine = |stream: &StreamReport| match &stream.error {
        Some(error) => {
            let is_essential = ESSENTIAL.iter().any(|essential| essential.name() == stream.stream);
            error.not_offered && !is_essential && stream.stale == 0
        }
        None => {
            let is_whole = stream.quarantined + stream.held + stream.hidden == 0;
            stream.complete && is_whole && stream.hidden_fields.is_empty()
        }
    };
    match streams.iter().find(|stream| stream.stream == Stream::Users.name()) {
        Some(users) if users.error.is_some() && users.read == 0 => Outcome::Failed,
        Some(users) if users.is_all_unreadable() => Outcome::Failed,
        _ if streams.iter().all(is_fine) => Outcome::Succeeded,
        _ => Outcome::Incomplete,
    }
}
