//! A sync of one linked account, from claiming its lease to releasing it. Not here: the streams and their
//! order (`streams`).

use std::sync::Arc;

use async_recursion::async_recursion as boxed;
use jiff::Timestamp;
use jiff::civil::Date;
use lucca::{Client, Stream};
use net::clock::Clock;
use store::{AccountStatus, Lease, LinkedAccount, Outcome, RunId, Store};

use crate::audience::judge_audience;
use crate::plan::{Rhythms, RunExtent, UnknownRhythm};
use crate::progress::Progress;
use crate::reconcile::Brake;
use crate::report::{RunReport, StreamReport};
use crate::rescope;
use crate::scope::scope_of;
use crate::state::StreamState;
use crate::stream_sync::Context;
use crate::streams::Engine;
use normalise::Scope;
use normalise::ScopeError;

/// Errors of a run. Refusals by Lucca are in the report instead.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Another process is syncing the linked account.
    #[error("another process is syncing the linked account; retry when it has finished")]
    Busy,
    /// An operator cancelled the run; it is recorded as cancelled.
    #[error("the run was cancelled; its records so far are stored, and the next run continues from there")]
    Cancelled,
    /// The store failed: the current page was not written, every earlier one was.
    #[error("the run stopped because the database failed")]
    Store(#[from] store::Error),
    /// The account's settings contain a field group or a declined feature that this version does not know.
    #[error("the linked account's settings are not valid for this version")]
    Settings(#[from] ScopeError),
    /// The account's settings contain an interval that this version does not know.
    #[error("the linked account's settings are not valid for this version")]
    Rhythm(#[from] UnknownRhythm),
}

/// The options of a run.
#[derive(Clone, Debug)]
pub struct Options {
    /// The date by which an employee is active, future or former.
    pub today: Date,
    /// The brake on missing records; `None` after an operator has confirmed.
    pub brake: Option<Brake>,
    /// The extent of the run: due streams, changes, or all streams.
    pub extent: RunExtent,
    /// The name of this process as the lease's holder, for other processes.
    pub holder: String,
    /// A holder that the caller has found to have died without releasing its lease.
    pub dead_holder: Option<String>,
}

/// A sync, ready to run.
pub struct Sync<'a> {
    /// The client of the tenant.
    pub client: &'a Client,
    /// The store to write to.
    pub store: &'a Store,
    /// The linked account that is synced.
    pub account: &'a LinkedAccount,
    /// The clock of all timestamps.
    pub clock: Arc<dyn Clock>,
    /// Receives the progress.
    pub progress: &'a dyn Progress,
    /// The run's options.
    pub options: Options,
}

impl Sync<'_> {
    /// Runs the sync. Every stream that could be read is stored even if another fails; the report lists the
    /// failures.
    ///
    /// # Errors
    ///
    /// [`Error::Busy`] if another process holds the account's lease, or this run was started before or
    /// cancelled. [`Error::Cancelled`] if an operator cancelled it. [`Error::Store`] with
    /// [`store::Error::Unlinked`] if the account was unlinked, and with [`store::Error::LeaseLost`] if
    /// another process claimed the lease. Settings errors as listed in [`Error`].
    #[boxed]
    pub async fn run(&self, run_id: RunId) -> Result<RunReport, Error> {
        let scope = scope_of(&self.account.settings)?;
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
        // Release the lease on failure, too, so that other processes need not wait until it expires.
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
        let Options { today, brake, extent, .. } = self.options;
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
        let engine = Engine { client: self.client, context, states, rhythms, extent, groups: scope.groups };
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
        // Reading notified records does not change when the account is due.
        if extent != RunExtent::Notified {
            self.set_due(&lease, scope, &rhythms, started_at, finished_at).await?;
        }
        let json = serde_json::to_string(&report).unwrap_or_default();
        self.store.finish_run(&lease, outcome, report.total_requests(), Some(&json), finished_at).await?;
        Ok(report)
    }

    /// Schedules the next sync for when the first stream in scope is due.
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

/// The minimum difference between Lucca's clock and the connector's that is reported, in seconds.
pub const CLOCKS_APART_S: i64 = 120;

/// Streams without which employee data is incomplete: a run does not succeed if Lucca does not offer one of
/// them to the key.
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
