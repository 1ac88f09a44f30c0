//! A push: one at a time a service, when it is due, until it is done or stops, and what is said of that. What each user and group
//! needs is in `users` and `groups`. What is known there is looked up before anything is made, what
//! it was last told is remembered by its hash, so that a push where nothing changed sends nothing; whoever is killed on the
//! way finds at the next push what was made.

use std::collections::HashMap;
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
    Error, LinkedAccount, NewIssue, ScimLink, ScimPushed, ScimResource, ScimTarget, ScimTargetId, Store,
    Vault,
};

use super::client::{Abilities, Client, Failure};
use super::people::Company;
use super::report::{Action, FAILED, HELD, ISSUES, REFUSED, Report, UNREACHABLE};
use super::settings::Settings;
use crate::issue_id::issue_id;

/// Longer than one request with its waits takes; renewed before each resource.
pub(super) const LEASE: Duration = Duration::from_mins(5);
const BACKOFF: Backoff = Backoff {
    first: Duration::from_mins(1),
    longest: Duration::from_hours(4),
    longest_retry_after: Duration::from_hours(4),
};

pub(super) const USERS: &str = "/Users";

/// Whether anything is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// It is done; with `confirmed` also what would be held.
    Apply {
        /// Whether a person agreed to it.
        confirmed: bool,
        /// Whether every user and group is compared with the service's, also where what it should be has not changed since it
        /// was last told: what somebody changed there is mended.
        compare: bool,
    },
    /// A dry run: the service is asked, and nothing is changed there nor noted here.
    Plan,
}

/// Pushes people to services.
pub struct Pusher {
    pub(super) store: Store,
    vault: Arc<Vault>,
    pub(super) clock: Arc<dyn Clock>,
    policy: NetworkPolicy,
    jitter: Jitter,
    pub(super) holder: String,
}

/// A push that is going on.
pub(super) struct Round<'a> {
    pub(super) pusher: &'a Pusher,
    pub(super) target: ScimTarget,
    pub(super) client: Client,
    pub(super) can: Abilities,
    pub(super) settings: Settings,
    pub(super) is_plan: bool,
    /// Whether what a resource should be may be unchanged and is compared all the same.
    pub(super) compares: bool,
    pub(super) users: HashMap<RemoteId, ScimLink>,
    /// Groups that are departments here.
    pub(super) known_groups: HashMap<RemoteId, ScimLink>,
    pub(super) report: Report,
    /// Every resource of the service, where it knows no filter.
    pub(super) listed: HashMap<&'static str, Vec<Value>>,
    pub(super) failed_in_a_row: usize,
    pub(super) claimed_at: Timestamp,
}

/// Why a push does not go on.
pub(super) enum Stop {
    Store(Error),
    Service(Failure),
    /// Somebody else has taken it over.
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
    /// A pusher that goes where `policy` allows. `holder` names it among all that push from the same store.
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

    /// Pushes all of a linked account's people to a service, as they stand on a day. Nothing where somebody is at it.
    ///
    /// # Errors
    ///
    /// Where the store fails. What the service does is in the report.
    #[boxed]
    pub async fn push(&self, id: ScimTargetId, today: Date, mode: Mode) -> Result<Option<Report>, Error> {
        let now = self.clock.now();
        let Some(target) = self.store.claim_scim_target(id, &self.holder, now, LEASE).await? else {
            return Ok(None);
        };
        let Some(account) = self.store.account(target.account_id).await? else {
            self.store.release_scim_target(id, &self.holder, None).await?;
            return Ok(None);
        };
        // Before anything is read: what changes meanwhile is pushed next time.
        let seq = self.store.last_change(account.no).await?;
        let (mut report, outcome) = self.round(&target, &account, today, mode).await;
        let failure = match outcome {
            Ok(()) => None,
            Err(Stop::Service(failure)) => Some(failure),
            Err(Stop::Lost) => return Ok(None),
            Err(Stop::Store(error)) => {
                self.store.release_scim_target(id, &self.holder, None).await?;
                return Err(error);
            }
        };
        report.stopped = failure.as_ref().map(|failure| failure.code().to_owned());
        if mode == Mode::Plan {
            self.store.release_scim_target(id, &self.holder, None).await?;
            return Ok(Some(report));
        }
        let now = self.clock.now();
        let is_fine = failure.is_none() && report.count(Action::Fail) == 0;
        let attempts = if is_fine { 0 } else { target.attempts.saturating_add(1) };
        let retry_after = match failure {
            Some(Failure::Busy(wait)) => Some(wait),
            _ => None,
        };
        let wait = if is_fine { Duration::ZERO } else { BACKOFF.wait(attempts, retry_after, &self.jitter) };
        let pushed = ScimPushed {
            // What is held waits for a person, or for something to change.
            done: is_fine.then_some((seq, today)),
            attempts,
            next_attempt_at: now.checked_add(wait).unwrap_or(Timestamp::MAX),
            report: &report.summary(),
        };
        self.store.release_scim_target(id, &self.holder, Some(pushed)).await?;
        self.settle(&target, &report, now).await?;
        Ok(Some(report))
    }

    /// What a push begins with: the service's abilities, what it was told, and what it should have.
    pub(super) async fn look(
        &self,
        target: &ScimTarget,
        account: &LinkedAccount,
        today: Date,
    ) -> Result<(Round<'_>, Company), Stop> {
        let settings = Settings::parse(&target.settings).map_err(|error| Failure::Address(error.code()))?;
        let token = target.token(&self.vault)?;
        let client = Client::new(&target.base_url, &token, self.policy, Arc::clone(&self.clock))?;
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
            claimed_at: self.clock.now(),
        };
        Ok((round, company))
    }

    /// A push, and what it did, to its end or until it stopped.
    async fn round(
        &self,
        target: &ScimTarget,
        account: &LinkedAccount,
        today: Date,
        mode: Mode,
    ) -> (Report, Result<(), Stop>) {
        let (mut round, company) = match self.look(target, account, today).await {
            Ok(begun) => begun,
            Err(stop) => return (Report::default(), Err(stop)),
        };
        round.is_plan = mode == Mode::Plan;
        // A push that a person asked for begins before the log, and so does the first.
        round.compares = target.pushed_seq < 0 || !matches!(mode, Mode::Apply { compare: false, .. });
        let is_confirmed = matches!(mode, Mode::Apply { confirmed: true, .. }) || target.confirmed;
        let outcome = round.go(account, &company, is_confirmed).await;
        (round.report, outcome)
    }

    /// Opens and resolves the issues of a service.
    async fn settle(&self, target: &ScimTarget, report: &Report, at: Timestamp) -> Result<(), Error> {
        let (subject, summary) = (target.id.to_string(), report.summary());
        for code in ISSUES {
            let holds = match code {
                HELD => report.held.is_some(),
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
                let account_no = target.account_no;
                let issue = NewIssue { id, account_no, code, subject: &subject, detail: &summary, at };
                self.store.open_issue(issue).await?;
            } else if report.stopped.is_none()
                || code == UNREACHABLE && report.stopped.as_deref() == Some(REFUSED)
            {
                self.store.resolve_issue(target.account_no, code, &subject, at).await?;
            }
        }
        Ok(())
    }
}
