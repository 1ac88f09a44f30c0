//! Delivers events to webhook endpoints. The endpoint's cursor in the store is the outbox: an event is sent
//! until the receiver answers 2xx, then the cursor moves; after a crash the event is sent again with the same
//! id.
//!
//! One process at a time delivers to an endpoint, under a lease. Several requests run at once, those of one
//! record in order. A failure delays its endpoint only.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_recursion::async_recursion as boxed;
use futures::{StreamExt, stream};
use jiff::Timestamp;
use net::clock::Clock;
use net::{Backoff, Jitter, NetworkPolicy};
use secrecy::SecretString;
use serde_json::json;
use sha2::{Digest, Sha256};
use store::{
    AccountId, Attempt, Backlog, ChangeFilter, Cursor, DeliveryResults, Destination, DestinationId,
    DestinationKind, DisabledReason, Error, FailedAttempt, Log, NewIssue, Store, Vault,
};

use super::body::{self, Entry, PendingEvent, Records};
use super::event::{events_of, wants};
use super::seen::newcomers;
use super::sender::{Message, Outcome, Sender, TIMEOUT};
use super::settings::{Payload, Settings};
use crate::attempts::failed_attempt;
use crate::issue_id::issue_id;
use crate::mapping::Mapping;

/// Longer than the requests that are sent under it take.
const LEASE: Duration = Duration::from_mins(1);
const BACKOFF: Backoff = Backoff {
    first: Duration::from_secs(5),
    longest: Duration::from_hours(4),
    longest_retry_after: Duration::from_hours(12),
};
/// An endpoint is disabled after failing for this long and at least this often; the count matters if this
/// process was down.
const PATIENCE: Duration = Duration::from_hours(72);
const FEWEST_ATTEMPTS: u32 = 10;
/// Log entries per read.
const BATCH: u32 = 200;
/// Events per cursor move, which is also how many may be delivered twice after a crash.
const WAVE: usize = 64;
/// Concurrent requests per endpoint.
const LANES: usize = 8;

/// The code of the issue about a disabled endpoint. The issue's subject is the endpoint's id.
pub const DISABLED: &str = "webhook.endpoint_disabled";

/// The result of delivering to endpoints.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Delivered {
    /// Events that receivers accepted.
    pub events: u64,
    /// Whether every event that existed at the start was delivered.
    pub is_done: bool,
}

/// The result of a test event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TestResult {
    /// The event's `webhook-id`.
    pub webhook_id: String,
    /// The HTTP status; `None` without a response.
    pub response: Option<u16>,
    /// Why it failed, as a stable code; `None` on success.
    pub error: Option<&'static str>,
}

/// Delivers webhooks.
pub struct Courier {
    store: Store,
    vault: Arc<Vault>,
    clock: Arc<dyn Clock>,
    sender: Sender,
    jitter: Jitter,
    holder: String,
}

/// A delivery to one endpoint.
struct Visit {
    endpoint: Destination,
    settings: Settings,
    delivered: u64,
}

/// One log of one linked account.
#[derive(Clone, Copy)]
struct LogSource<'a> {
    account_no: i64,
    account_id: AccountId,
    log: Log,
    mapping: &'a Mapping,
}

impl Courier {
    /// Creates a courier that connects to the networks that `policy` allows. `holder` names it as the holder
    /// of leases.
    ///
    /// # Errors
    ///
    /// If no HTTP client can be built.
    pub fn new(
        store: Store,
        vault: Arc<Vault>,
        clock: Arc<dyn Clock>,
        policy: NetworkPolicy,
        (holder, seed): (&str, u64),
    ) -> Result<Self, net::SetupError> {
        let (sender, holder) = (Sender::new(policy)?, format!("{holder} {seed:016x}"));
        Ok(Self { store, vault, clock, sender, jitter: Jitter::new(seed), holder })
    }

    /// Delivers the outstanding events of every due endpoint, one endpoint after the other.
    ///
    /// # Errors
    ///
    /// If the store fails. A receiver's failure is no error.
    #[boxed]
    pub async fn deliver_due(&self) -> Result<Delivered, Error> {
        let mut all = Delivered { events: 0, is_done: true };
        let (now, utc) = (self.clock.now(), jiff::tz::TimeZone::UTC);
        let today = now.to_zoned(utc).date();
        for id in self.store.due_destinations(DestinationKind::Webhook, now, today).await? {
            let one = self.deliver(id).await?;
            all.events += one.events;
            all.is_done &= one.is_done;
        }
        Ok(all)
    }

    /// Delivers an endpoint's outstanding events in order, until none is left or a request fails.
    ///
    /// # Errors
    ///
    /// If the store fails.
    #[boxed]
    pub async fn deliver(&self, id: DestinationId) -> Result<Delivered, Error> {
        let Some((endpoint, settings)) = self.claim(id).await? else { return Ok(Delivered::default()) };
        let backlogs = self.store.webhook_backlog(&endpoint).await?;
        let mut visit = Visit { endpoint, settings, delivered: 0 };
        let mut is_done = true;
        for backlog in backlogs {
            let Some(account) = self.store.account(backlog.account_id).await? else { continue };
            let mapping = Mapping::of(&account.settings.delivery);
            // Changes of a sync come before its `sync.completed`.
            is_done = self.deliver_changes(&mut visit, &backlog, &mapping).await?
                && self.deliver_events(&mut visit, &backlog, &mapping).await?;
            if !is_done {
                break;
            }
        }
        self.store.release_destination(id, &self.holder).await?;
        Ok(Delivered { events: visit.delivered, is_done })
    }

    /// Claims an endpoint's lease, or renews it. `None` if another process holds it, or nothing may be sent
    /// now.
    async fn claim(&self, id: DestinationId) -> Result<Option<(Destination, Settings)>, Error> {
        let now = self.clock.now();
        let Some(endpoint) = self.store.claim_destination(id, &self.holder, now, LEASE).await? else {
            return Ok(None);
        };
        if !endpoint.may_attempt(now) {
            self.store.release_destination(id, &self.holder).await?;
            return Ok(None);
        }
        let settings = Settings::parse(&endpoint.settings)?;
        Ok(Some((endpoint, settings)))
    }

    /// Delivers outstanding changes. Returns false, as do the functions below, if the endpoint gets nothing
    /// more now.
    async fn deliver_changes(
        &self,
        visit: &mut Visit,
        backlog: &Backlog,
        mapping: &Mapping,
    ) -> Result<bool, Error> {
        let Backlog { account_no, account_id, mut changes, .. } = *backlog;
        let cursor = &mut changes;
        let source = LogSource { account_no, account_id, log: Log::Changes, mapping };
        loop {
            let after = if cursor.slot < Cursor::WHOLE { cursor.seq - 1 } else { cursor.seq };
            let filter = ChangeFilter { after, ..ChangeFilter::default() };
            let batch = self.store.changes(account_no, filter, BATCH).await?;
            let Some(last) = batch.last() else { return Ok(true) };
            let newcomers = newcomers(&self.store, account_no, &batch).await?;
            let mut events = Vec::new();
            for change in &batch {
                let seen = newcomers.get(&change.seq).copied().unwrap_or_default();
                for event in events_of(change, seen) {
                    let to = Cursor { seq: change.seq, slot: event.slot };
                    if to > *cursor && wants(&visit.settings.event_types, &event.name) {
                        events.push(PendingEvent { name: event.name, to, entry: Entry::Change(change) });
                    }
                }
            }
            if !self.deliver_entries(visit, source, cursor, (&events, last.seq)).await? {
                return Ok(false);
            }
        }
    }

    async fn deliver_events(
        &self,
        visit: &mut Visit,
        backlog: &Backlog,
        mapping: &Mapping,
    ) -> Result<bool, Error> {
        let Backlog { account_no, account_id, mut events, last_event, .. } = *backlog;
        let cursor = &mut events;
        let source = LogSource { account_no, account_id, log: Log::Events, mapping };
        loop {
            let batch = self.store.account_events(account_no, (cursor.seq, last_event), BATCH).await?;
            let Some(last) = batch.last() else { return Ok(true) };
            let wanted = batch.iter().filter(|event| wants(&visit.settings.event_types, &event.event));
            let events: Vec<PendingEvent<'_>> = wanted
                .map(|event| PendingEvent {
                    name: event.event.clone(),
                    to: Cursor::after(event.seq),
                    entry: Entry::Event(event),
                })
                .collect();
            if !self.deliver_entries(visit, source, cursor, (&events, last.seq)).await? {
                return Ok(false);
            }
        }
    }

    /// Delivers events in order and moves the cursor behind entry `last`.
    async fn deliver_entries(
        &self,
        visit: &mut Visit,
        source: LogSource<'_>,
        cursor: &mut Cursor,
        (events, last): (&[PendingEvent<'_>], i64),
    ) -> Result<bool, Error> {
        let mut rest = events;
        while !rest.is_empty() {
            // After a failure, the failed event is sent alone until it is accepted.
            let most = if visit.endpoint.attempts == 0 { WAVE } else { 1 };
            let wave = &rest[..rest.len().min(most)];
            let Some(accepted) = self.send(visit, source, cursor, wave).await? else { return Ok(false) };
            rest = &rest[accepted..];
        }
        let to = Cursor::after(last);
        let moved = (*cursor, to);
        if *cursor != to
            && !self.store.pass_over(visit.endpoint.id, (source.account_no, source.log), moved).await?
        {
            return Ok(false);
        }
        *cursor = to;
        Ok(true)
    }

    /// Sends a wave of events. Returns how many of the first were accepted; `None` if nothing more may be
    /// sent now.
    async fn send(
        &self,
        visit: &mut Visit,
        source: LogSource<'_>,
        cursor: &mut Cursor,
        wave: &[PendingEvent<'_>],
    ) -> Result<Option<usize>, Error> {
        let Some(claimed) = self.claim(visit.endpoint.id).await? else { return Ok(None) };
        (visit.endpoint, visit.settings) = claimed;
        let (endpoint, now) = (&visit.endpoint, self.clock.now());
        let secrets = self.secrets(endpoint, now)?;
        let records = match visit.settings.payload {
            Payload::Thin => None,
            Payload::Full => Some(body::records(&self.store, source.account_no, wave, source.mapping).await?),
        };
        // A request that starts before this time ends within the lease.
        let until = now.checked_add(LEASE - 2 * TIMEOUT).unwrap_or(Timestamp::MAX);
        let has_failed = AtomicBool::new(false);
        let send_lane = async |lane: Vec<usize>| {
            let mut sent = Vec::new();
            for n in lane {
                if has_failed.load(Ordering::Relaxed) || self.clock.now() > until {
                    break;
                }
                let one = self.send_one(endpoint, &secrets, source, &wave[n], records.as_ref()).await;
                has_failed.fetch_or(one.1.error.is_some(), Ordering::Relaxed);
                sent.push((n, one));
            }
            sent
        };
        let mut sent: Vec<(usize, (Attempt<'_>, Outcome))> =
            stream::iter(lanes(wave)).map(send_lane).buffer_unordered(LANES).concat().await;
        sent.sort_by_key(|(n, _)| *n);

        let is_taken = |at: usize, (n, (_, outcome)): &&(usize, (Attempt<'_>, Outcome))| {
            at == *n && outcome.error.is_none()
        };
        let accepted = (0..).zip(&sent).take_while(|(at, one)| is_taken(*at, one)).count();
        let to = accepted.checked_sub(1).map_or(*cursor, |last| wave[last].to);
        let failure = sent.iter().map(|(_, one)| one).find(|(_, outcome)| outcome.error.is_some());
        let failed = failure.map(|(attempt, outcome)| {
            tracing::info!(
                endpoint = %endpoint.id, error = outcome.error, status = outcome.response, "a webhook \
                     endpoint did not accept an event"
            );
            self.failed(endpoint, accepted > 0, attempt.at, *outcome)
        });
        let (subject, at) = (endpoint.id.to_string(), self.clock.now());
        let detail = json!({
            "reason": failed.and_then(|failed| failed.disable).map(DisabledReason::name),
            "attempts": failed.map(|failed| failed.attempts),
            "response": failure.and_then(|(_, outcome)| outcome.response),
            "error": failure.and_then(|(_, outcome)| outcome.error),
        });
        let issue = failed.and_then(|failed| failed.disable).map(|_| {
            let id = issue_id(&[&subject], at);
            NewIssue {
                id,
                account_no: source.account_no,
                code: DISABLED,
                subject: &subject,
                detail: &detail,
                at,
            }
        });
        let attempts: Vec<Attempt<'_>> = sent.into_iter().map(|(_, (attempt, _))| attempt).collect();
        let note = DeliveryResults {
            of: (source.account_no, source.log),
            moved: (*cursor, to),
            attempts: &attempts,
            failed,
            issue: issue.as_ref(),
        };
        let may_continue = self.store.record_deliveries(endpoint.id, &self.holder, note).await?;
        visit.delivered += u64::try_from(accepted).unwrap_or(u64::MAX);
        visit.endpoint.attempts = 0;
        *cursor = to;
        Ok((may_continue && failed.is_none()).then_some(accepted))
    }

    async fn send_one<'a>(
        &self,
        endpoint: &Destination,
        secrets: &[SecretString],
        source: LogSource<'_>,
        pending: &'a PendingEvent<'_>,
        records: Option<&Records>,
    ) -> (Attempt<'a>, Outcome) {
        let now = self.clock.now();
        let webhook_id = webhook_id(endpoint.id, source, pending.to);
        let body = body::body(source.account_id, pending, records, source.mapping);
        let (outcome, took_ms) =
            self.timed(endpoint, secrets, Message { id: &webhook_id, body: &body }, now).await;
        let attempt = Attempt {
            webhook_id,
            event: &pending.name,
            from: Some((source.account_no, source.log, pending.to.seq)),
            response: outcome.response,
            error: outcome.error,
            took_ms,
            at: self.clock.now(),
        };
        (attempt, outcome)
    }

    /// Sends a message; returns the outcome and the duration in milliseconds.
    async fn timed(
        &self,
        endpoint: &Destination,
        secrets: &[SecretString],
        message: Message<'_>,
        now: Timestamp,
    ) -> (Outcome, i64) {
        let began = self.clock.stopwatch();
        let outcome = self.sender.send(&endpoint.address, secrets, message, now).await;
        let took = began.duration_until(self.clock.stopwatch()).as_millis();
        let came = if outcome.error.is_none() { "delivered" } else { "failed" };
        metrics::counter!("lucca_connector_webhook_deliveries_total", "outcome" => came).increment(1);
        (outcome, took.try_into().unwrap_or(i64::MAX))
    }

    /// Returns the consequences of a failure. It is the first in a row if an event before it was accepted.
    fn failed(
        &self,
        endpoint: &Destination,
        is_first: bool,
        now: Timestamp,
        outcome: Outcome,
    ) -> FailedAttempt {
        let failed = failed_attempt(endpoint, is_first, now, (&BACKOFF, &self.jitter), outcome.retry_after);
        let failing = Duration::try_from(now.duration_since(failed.since));
        let disable = if outcome.response == Some(410) {
            Some(DisabledReason::Gone)
        } else {
            let is_over = failing.is_ok_and(|time| time >= PATIENCE) && failed.attempts >= FEWEST_ATTEMPTS;
            is_over.then_some(DisabledReason::Failing)
        };
        FailedAttempt { disable, ..failed }
    }

    /// The secrets to sign with: the current one, and the previous one while it is valid.
    fn secrets(&self, endpoint: &Destination, now: Timestamp) -> Result<Vec<SecretString>, Error> {
        let current = endpoint.credential(&self.vault)?;
        let previous = endpoint.previous_credential(&self.vault, now)?;
        Ok([current].into_iter().chain(previous).collect())
    }

    /// Sends a test event once, whether the endpoint is enabled or not.
    ///
    /// # Errors
    ///
    /// If the store fails.
    #[boxed]
    pub async fn test(&self, endpoint: &Destination) -> Result<TestResult, Error> {
        const NAME: &str = "webhook.test";
        let now = self.clock.now();
        let webhook_id = message_id(&[&endpoint.id.to_string(), NAME, &now.to_string()]);
        let said = json!({ "webhook_endpoint_id": endpoint.id });
        let body = body::body_of_test(NAME, now, endpoint.account_id, &said);
        let secrets = self.secrets(endpoint, now)?;
        let message = Message { id: &webhook_id, body: &body };
        let (Outcome { response, error, .. }, took_ms) = self.timed(endpoint, &secrets, message, now).await;
        let attempt = Attempt {
            webhook_id: webhook_id.clone(),
            event: NAME,
            from: None,
            response,
            error,
            took_ms,
            at: now,
        };
        self.store.webhook_tested(endpoint.id, &attempt).await?;
        Ok(TestResult { webhook_id, response, error })
    }
}

/// Groups a wave's indices into lanes that are sent in order: one for each record, and one for events without
/// a record.
fn lanes(wave: &[PendingEvent<'_>]) -> Vec<Vec<usize>> {
    let mut lanes: Vec<Vec<usize>> = Vec::new();
    let mut lane_of = HashMap::new();
    for (n, pending) in wave.iter().enumerate() {
        let lane = *lane_of.entry(pending.record()).or_insert_with(|| {
            lanes.push(Vec::new());
            lanes.len() - 1
        });
        lanes[lane].push(n);
    }
    lanes
}

/// The `webhook-id` of an event at an endpoint. It is derived from both, so that retries and replays have the
/// same id.
fn webhook_id(endpoint: DestinationId, source: LogSource<'_>, at: Cursor) -> String {
    let entry = format!("{}.{}", at.seq, at.slot);
    message_id(&[&endpoint.to_string(), &source.account_id.to_string(), source.log.name(), &entry])
}

fn message_id(parts: &[&str]) -> String {
    let hash = Sha256::digest(parts.join("\n").as_bytes());
    format!("msg_{}", hex::encode(&hash[..16]))
}
