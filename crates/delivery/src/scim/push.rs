//! A push: brings one service's users and groups to their target state, under a lease; then records the
//! result, the next attempt and the issues. `users` and `groups` handle single resources.
//!
//! The push looks a resource up before it creates one, and keeps a hash of what it sent last, so that a push
//! without changes sends nothing. A push after a crash finds what the previous one created.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use async_recursion::async_recursion as boxed;
use jiff::Timestamp;
use jiff::civil::Date;
use net::clock::Clock;
use net::{Backoff, Jitter, NetworkPolicy};
use people::RemoteId;
use serde_json::Value;
use store::{
    Destination, DestinationId, Error, LinkedAccount, NewIssue, PushResult, ScimLink, ScimResource, Store,
    Vault,
};

use super::client::{Abilities, Client, Failure};
use super::people::Company;
use super::report::{Action, FAILED, HELD, ISSUES, MEMBERSHIPS_HELD, REFUSED, Report, UNREACHABLE};
use super::settings::Settings;
use crate::attempts::failed_attempt;
use crate::issue_id::issue_id;

/// Longer than one request with its retries takes; the push renews it before each resource.
pub(super) const LEASE: Duration = Duration::from_mins(5);
const BACKOFF: Backoff = Backoff {
    first: Duration::from_mins(1),
    longest: Duration::from_hours(4),
    longest_retry_after: Duration::from_hours(4),
};

pub(super) const USERS: &str = "/Users";

/// Whether a push writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Writes; with `confirmed`, also deactivations above the brake.
    Apply {
        /// Whether an operator confirmed deactivations above the brake.
        confirmed: bool,
        /// Whether to compare every user and group with the service's, even if its target state has not
        /// changed since the last push. This repairs changes made at the service.
        compare: bool,
    },
    /// A dry run: reads from the service; writes neither there nor to the store.
    Plan,
}

/// Pushes employees and departments to SCIM services.
pub struct Pusher {
    pub(super) store: Store,
    vault: Arc<Vault>,
    pub(super) clock: Arc<dyn Clock>,
    policy: NetworkPolicy,
    jitter: Jitter,
    pub(super) holder: String,
}

/// A running push.
pub(super) struct Round<'a> {
    pub(super) pusher: &'a Pusher,
    pub(super) target: Destination,
    pub(super) client: Client,
    pub(super) can: Abilities,
    pub(super) settings: Settings,
    pub(super) is_plan: bool,
    /// Whether resources are compared with the service's even if their target state is unchanged.
    pub(super) compares: bool,
    pub(super) users: HashMap<RemoteId, ScimLink>,
    /// Groups that are linked to departments.
    pub(super) known_groups: HashMap<RemoteId, ScimLink>,
    pub(super) report: Report,
    /// Every resource by endpoint, for services that can't filter.
    pub(super) listed: HashMap<&'static str, Vec<Value>>,
    pub(super) failed_in_a_row: usize,
    /// Requests that the service forbade.
    pub(super) forbidden: usize,
    /// The service's ids of users whose employees the key no longer shows: they keep their memberships.
    pub(super) hidden: HashSet<String>,
    pub(super) claimed_at: Timestamp,
}

/// Why a push ends early.
pub(super) enum Stop {
    Store(Error),
    Service(Failure),
    /// Another process took over the lease.
    Lost,
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Store(error)
    }
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        Self::Service(failure)
    }
}

impl Pusher {
    /// Creates a pusher that connects to the networks that `policy` allows. `holder` names it as the holder
    /// of leases.
    pub fn new(
        store: Store,
        vault: Arc<Vault>,
        clock: Arc<dyn Clock>,
        policy: NetworkPolicy,
        (holder, seed): (&str, u64),
    ) -> Self {
        let (jitter, holder) = (Jitter::new(seed), format!("{holder} {seed:016x}"));
        Self { store, vault, clock, policy, jitter, holder }
    }

    /// Pushes a linked account's employees to a service, as of `today`. `None` if another process holds the
    /// lease.
    ///
    /// # Errors
    ///
    /// If the store fails. Failures of the service are in the report.
    #[boxed]
    pub async fn push(&self, id: DestinationId, today: Date, mode: Mode) -> Result<Option<Report>, Error> {
        let now = self.clock.now();
        let Some(target) = self.store.claim_destination(id, &self.holder, now, LEASE).await? else {
            return Ok(None);
        };
        let account = match target.account_id {
            Some(account_id) => self.store.account(account_id).await?,
            None => None,
        };
        let Some(account) = account else {
            self.store.release_destination(id, &self.holder).await?;
            return Ok(None);
        };
        // Taken before anything is read, so that the next push covers changes made meanwhile.
        let seq = self.store.last_change(account.no).await?;
        let (mut report, outcome) = self.round(&target, &account, today, mode).await;
        let failure = match outcome {
            Ok(()) => None,
            Err(Stop::Service(failure)) => Some(failure),
            Err(Stop::Lost) => return Ok(None),
            Err(Stop::Store(error)) => {
                self.store.release_destination(id, &self.holder).await?;
                return Err(error);
            }
        };
        report.stopped = failure.as_ref().map(|failure| failure.code().to_owned());
        if mode == Mode::Plan {
            self.store.release_destination(id, &self.holder).await?;
            return Ok(Some(report));
        }
        let now = self.clock.now();
        let is_fine = failure.is_none() && report.count(Action::Fail) == 0;
        let retry_after = match failure {
            Some(Failure::Busy(wait)) => Some(wait),
            _ => None,
        };
        let backoff = (&BACKOFF, &self.jitter);
        let result = PushResult {
            // Held deactivations wait for an operator's confirmation or another change.
            done: is_fine.then_some((seq, today)),
            failed: (!is_fine).then(|| failed_attempt(&target, false, now, backoff, retry_after)),
            report: &report.summary(),
        };
        self.store.finish_push(id, &self.holder, result).await?;
        self.update_issues((&target, account.no), &report, now).await?;
        Ok(Some(report))
    }

    /// Prepares a push: the service's features, the links from earlier pushes and the target state.
    pub(super) async fn prepare(
        &self,
        target: &Destination,
        account: &LinkedAccount,
        today: Date,
    ) -> Result<(Round<'_>, Company), Stop> {
        let settings = Settings::parse(&target.settings).map_err(|error| Failure::Address(error.code()))?;
        let token = target.credential(&self.vault)?;
        let client = Client::new(&target.address, &token, self.policy, Arc::clone(&self.clock))?;
        let can = client.abilities().await?;
        let company = Company::load(&self.store, account, &settings, today).await?;
        let users = self.store.scim_links(target.id, ScimResource::User).await?;
        let known_groups = self.store.scim_links(target.id, ScimResource::Group).await?;
        let round = Round {
            pusher: self,
            target: target.clone(),
            client,
            can,
            settings,
            is_plan: false,
            compares: true,
            users,
            known_groups,
            report: Report::default(),
            listed: HashMap::new(),
            failed_in_a_row: 0,
            forbidden: 0,
            hidden: HashSet::new(),
            claimed_at: self.clock.now(),
        };
        Ok((round, company))
    }

    /// Runs a push to its end or until it stops; returns what it did.
    async fn round(
        &self,
        target: &Destination,
        account: &LinkedAccount,
        today: Date,
        mode: Mode,
    ) -> (Report, Result<(), Stop>) {
        let (mut round, company) = match self.prepare(target, account, today).await {
            Ok(begun) => begun,
            Err(stop) => return (Report::default(), Err(stop)),
        };
        round.is_plan = mode == Mode::Plan;
        // A manual push begins with sequence number -1, and so does the first.
        round.compares = target.pushed_seq.is_none_or(|seq| seq < 0)
            || !matches!(mode, Mode::Apply { compare: false, .. });
        let is_confirmed = matches!(mode, Mode::Apply { confirmed: true, .. }) || target.confirmed;
        let outcome = round.run(account, &company, is_confirmed).await;
        (round.report, outcome)
    }

    /// Opens and resolves the service's issues.
    async fn update_issues(
        &self,
        (target, account_no): (&Destination, i64),
        report: &Report,
        at: Timestamp,
    ) -> Result<(), Error> {
        let (subject, summary) = (target.id.to_string(), report.summary());
        for code in ISSUES {
            let holds = match code {
                HELD => report.held.is_some(),
                MEMBERSHIPS_HELD => report.held_memberships.is_some(),
                FAILED => report.count(Action::Fail) > 0,
                REFUSED => report.stopped.as_deref() == Some(REFUSED),
                UNREACHABLE => {
                    report.stopped.as_deref().is_some_and(|stopped| stopped != REFUSED)
                        && target.attempts >= 2
                }
                _ => false,
            };
            if holds {
                let id = issue_id(&[&subject, code], at);
                let issue = NewIssue { id, account_no, code, subject: &subject, detail: &summary, at };
                self.store.open_issue(issue).await?;
            } else if report.stopped.is_none()
                || code == UNREACHABLE && report.stopped.as_deref() == Some(REFUSED)
            {
                self.store.resolve_issue(account_no, code, &subject, at).await?;
            }
        }
        Ok(())
    }
}
