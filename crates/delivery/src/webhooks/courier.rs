//! Delivers what happened to whoever asked for it. The store's cursor is the outbox: an event is sent until the receiver
//! says 2xx, then the cursor moves; whatever ends this process in between, the same event is sent again, with the same id.
//!
//! One process at a time delivers to an endpoint, under a lease. Some events are under way at once, those of a record one
//! after the other. What fails holds up its endpoint, and no other.

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
    AccountId, Attempt, Backlog, ChangeFilter, Cursor, DisabledReason, Error, Failed, Log, NewIssue, Payload,
    Store, Told, Vault, WebhookEndpoint, WebhookEndpointId,
};

use super::body::{self, Entry, Records, Telling};
use super::event::{events_of, wants};
use super::seen::newcomers;
use super::sender::{Message, Outcome, Sender, TIMEOUT};
use crate::issue_id::issue_id;
use crate::mapping::Mapping;

/// Longer than it takes to send what is sent under it.
const LEASE: Duration = Duration::from_mins(1);
const BACKOFF: Backoff = Backoff {
    first: Duration::from_secs(5),
    longest: Duration::from_hours(4),
    longest_retry_after: Duration::from_hours(12),
};
/// So long an endpoint may fail before it is disabled; and it was tried so often, where this process was away.
const PATIENCE: Duration = Duration::from_hours(72);
const FEWEST_ATTEMPTS: u32 = 10;
/// Entries of a log read at once.
const BATCH: u32 = 200;
/// Events told before the cursor moves: so many may come twice after a crash.
const WAVE: usize = 64;
/// Events under way at once.
const LANES: usize = 8;

/// The code of the issue of an endpoint that was disabled. Its subject is the endpoint's id.
pub const DISABLED: &str = "webhook.endpoint_disabled";

/// What one visit to an endpoint did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Delivered {
    /// Events that the receiver has taken.
    pub events: u64,
    /// Whether nothing is left to tell, as far as was known when the visit began.
    pub is_done: bool,
}

/// What became of a test event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TestResult {
    /// The event's id.
    pub webhook_id: String,
    /// The HTTP status, where there was an answer.
    pub response: Option<u16>,
    /// Why it failed, a stable code; absent for a success.
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

/// A visit to an endpoint.
struct Visit {
    endpoint: WebhookEndpoint,
    told: u64,
}

/// One log of one linked account.
#[derive(Clone, Copy)]
struct Of<'a> {
    account_no: i64,
    account_id: AccountId,
    log: Log,
    mapping: &'a Mapping,
}

impl Courier {
    /// A courier that goes where `policy` allows. `holder` names it among all that deliver from the same store.
    ///
    /// # Errors
    ///
    /// When no HTTP client can be built.
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

    /// Tells each endpoint that is due what it has not been told, one endpoint after the other.
    ///
    /// # Errors
    ///
    /// Where the store fails. What receivers do is no error.
    #[boxed]
    pub async fn deliver_due(&self) -> Result<Delivered, Error> {
        let mut all = Delivered { events: 0, is_done: true };
        for id in self.store.due_webhook_endpoints(self.clock.now()).await? {
            let one = self.deliver(id).await?;
            all.events += one.events;
            all.is_done &= one.is_done;
        }
        Ok(all)
    }

    /// Tells an endpoint what it has not been told, in order, until all is told or something fails.
    ///
    /// # Errors
    ///
    /// Where the store fails.
    #[boxed]
    pub async fn deliver(&self, id: WebhookEndpointId) -> Result<Delivered, Error> {
        let claimed = self.store.claim_webhook_endpoint(id, &self.holder, self.clock.now(), LEASE).await?;
        let Some(endpoint) = claimed else { return Ok(Delivered::default()) };
        let backlogs = self.store.webhook_backlog(&endpoint).await?;
        let mut visit = Visit { endpoint, told: 0 };
        let mut is_done = true;
        for backlog in backlogs {
            let Some(account) = self.store.account(backlog.account_id).await? else { continue };
            let mapping = Mapping::of(&account.settings.delivery);
            // What happened in a sync is told before its end.
            is_done = self.tell_changes(&mut visit, &backlog, &mapping).await?
                && self.tell_events(&mut visit, &backlog, &mapping).await?;
            if !is_done {
                break;
            }
        }
        self.store.release_webhook_endpoint(id, &self.holder).await?;
        Ok(Delivered { events: visit.told, is_done })
    }

    /// False where nothing more is to be sent to the endpoint now, as with all that follows.
    async fn tell_changes(
        &self,
        visit: &mut Visit,
        backlog: &Backlog,
        mapping: &Mapping,
    ) -> Result<bool, Error> {
        let Backlog { account_no, account_id, mut changes, .. } = *backlog;
        let cursor = &mut changes;
        let of = Of { account_no, account_id, log: Log::Changes, mapping };
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
                    if to > *cursor && wants(&visit.endpoint.types, &event.name) {
                        events.push(Telling { name: event.name, to, entry: Entry::Change(change) });
                    }
                }
            }
            if !self.tell(visit, of, cursor, (&events, last.seq)).await? {
                return Ok(false);
            }
        }
    }

    async fn tell_events(
        &self,
        visit: &mut Visit,
        backlog: &Backlog,
        mapping: &Mapping,
    ) -> Result<bool, Error> {
        let Backlog { account_no, account_id, mut events, last_event, .. } = *backlog;
        let cursor = &mut events;
        let of = Of { account_no, account_id, log: Log::Events, mapping };
        loop {
            let batch = self.store.account_events(account_no, (cursor.seq, last_event), BATCH).await?;
            let Some(last) = batch.last() else { return Ok(true) };
            let wanted = batch.iter().filter(|event| wants(&visit.endpoint.types, &event.event));
            let events: Vec<Telling<'_>> = wanted
                .map(|event| Telling {
                    name: event.event.clone(),
                    to: Cursor::after(event.seq),
                    entry: Entry::Event(event),
                })
                .collect();
            if !self.tell(visit, of, cursor, (&events, last.seq)).await? {
                return Ok(false);
            }
        }
    }

    /// Tells some events, in order, and moves the cursor behind the last entry that was looked at.
    async fn tell(
        &self,
        visit: &mut Visit,
        of: Of<'_>,
        cursor: &mut Cursor,
        (events, last): (&[Telling<'_>], i64),
    ) -> Result<bool, Error> {
        let mut rest = events;
        while !rest.is_empty() {
            // Whoever refused something is asked that alone, until it is taken.
            let most = if visit.endpoint.attempts == 0 { WAVE } else { 1 };
            let wave = &rest[..rest.len().min(most)];
            let Some(told) = self.send(visit, of, cursor, wave).await? else { return Ok(false) };
            rest = &rest[told..];
        }
        let to = Cursor::after(last);
        let moved = (*cursor, to);
        if *cursor != to && !self.store.pass_over(visit.endpoint.id, (of.account_no, of.log), moved).await? {
            return Ok(false);
        }
        *cursor = to;
        Ok(true)
    }

    /// Sends a wave of events: how many of the first were taken, nothing where nothing more is to be sent now.
    async fn send(
        &self,
        visit: &mut Visit,
        of: Of<'_>,
        cursor: &mut Cursor,
        wave: &[Telling<'_>],
    ) -> Result<Option<usize>, Error> {
        let now = self.clock.now();
        let claimed = self.store.claim_webhook_endpoint(visit.endpoint.id, &self.holder, now, LEASE).await?;
        let Some(endpoint) = claimed else { return Ok(None) };
        visit.endpoint = endpoint;
        let endpoint = &visit.endpoint;
        let secrets = endpoint.secrets(&self.vault, now)?;
        let records = match endpoint.payload {
            Payload::Thin => None,
            Payload::Full => Some(body::records(&self.store, of.account_no, wave, of.mapping).await?),
        };
        // What is begun by then ends under this lease.
        let until = now.checked_add(LEASE - 2 * TIMEOUT).unwrap_or(Timestamp::MAX);
        let has_failed = AtomicBool::new(false);
        let send_lane = async |lane: Vec<usize>| {
            let mut sent = Vec::new();
            for n in lane {
                if has_failed.load(Ordering::Relaxed) || self.clock.now() > until {
                    break;
                }
                let one = self.send_one(endpoint, &secrets, of, &wave[n], records.as_ref()).await;
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
        let told = (0..).zip(&sent).take_while(|(at, one)| is_taken(*at, one)).count();
        let to = told.checked_sub(1).map_or(*cursor, |last| wave[last].to);
        let failure = sent.iter().map(|(_, one)| one).find(|(_, outcome)| outcome.error.is_some());
        let failed = failure.map(|(attempt, outcome)| {
            tracing::info!(
                endpoint = %endpoint.id, error = outcome.error, status = outcome.response, "a webhook was not taken"
            );
            self.failed(endpoint, told > 0, attempt.at, *outcome)
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
            NewIssue { id, account_no: of.account_no, code: DISABLED, subject: &subject, detail: &detail, at }
        });
        let attempts: Vec<Attempt<'_>> = sent.into_iter().map(|(_, (attempt, _))| attempt).collect();
        let note = Told {
            of: (of.account_no, of.log),
            moved: (*cursor, to),
            attempts: &attempts,
            failed,
            issue: issue.as_ref(),
        };
        let goes_on = self.store.webhooks_told(endpoint.id, &self.holder, note).await?;
        visit.told += u64::try_from(told).unwrap_or(u64::MAX);
        visit.endpoint.attempts = 0;
        *cursor = to;
        Ok((goes_on && failed.is_none()).then_some(told))
    }

    async fn send_one<'a>(
        &self,
        endpoint: &WebhookEndpoint,
        secrets: &[SecretString],
        of: Of<'_>,
        telling: &'a Telling<'_>,
        records: Option<&Records>,
    ) -> (Attempt<'a>, Outcome) {
        let now = self.clock.now();
        let webhook_id = webhook_id(endpoint.id, of, telling.to);
        let body = body::body(of.account_id, telling, records, of.mapping);
        let (outcome, took_ms) =
            self.timed(endpoint, secrets, Message { id: &webhook_id, body: &body }, now).await;
        let attempt = Attempt {
            webhook_id,
            event: &telling.name,
            from: Some((of.account_no, of.log, telling.to.seq)),
            response: outcome.response,
            error: outcome.error,
            took_ms,
            at: self.clock.now(),
        };
        (attempt, outcome)
    }

    /// Sends a message, and gives how long it took, milliseconds.
    async fn timed(
        &self,
        endpoint: &WebhookEndpoint,
        secrets: &[SecretString],
        message: Message<'_>,
        now: Timestamp,
    ) -> (Outcome, i64) {
        let began = self.clock.stopwatch();
        let outcome = self.sender.send(&endpoint.url, secrets, message, now).await;
        let took = began.duration_until(self.clock.stopwatch()).as_millis();
        let came = if outcome.error.is_none() { "delivered" } else { "failed" };
        metrics::counter!("lucca_connector_webhook_deliveries_total", "outcome" => came).increment(1);
        (outcome, took.try_into().unwrap_or(i64::MAX))
    }

    /// What follows from a failure, which is not the first in a row unless something was taken before it.
    fn failed(&self, endpoint: &WebhookEndpoint, is_first: bool, now: Timestamp, outcome: Outcome) -> Failed {
        let attempts = if is_first { 1 } else { endpoint.attempts.saturating_add(1) };
        let since = endpoint.failing_since.filter(|_| !is_first).unwrap_or(now);
        let failing = Duration::try_from(now.duration_since(since));
        let disable = if outcome.response == Some(410) {
            Some(DisabledReason::Gone)
        } else {
            let is_over = failing.is_ok_and(|time| time >= PATIENCE) && attempts >= FEWEST_ATTEMPTS;
            is_over.then_some(DisabledReason::Failing)
        };
        let wait = BACKOFF.wait(attempts, outcome.retry_after, &self.jitter);
        let next_attempt_at = now.checked_add(wait).unwrap_or(Timestamp::MAX);
        Failed { attempts, since, next_attempt_at, disable }
    }

    /// Sends a test event now, whether the endpoint is enabled or not. It is sent once.
    ///
    /// # Errors
    ///
    /// Where the store fails.
    #[boxed]
    pub async fn test(&self, endpoint: &WebhookEndpoint) -> Result<TestResult, Error> {
        const NAME: &str = "webhook.test";
        let now = self.clock.now();
        let webhook_id = message_id(&[&endpoint.id.to_string(), NAME, &now.to_string()]);
        let said = json!({ "webhook_endpoint_id": endpoint.id });
        let body = body::body_of_test(NAME, now, endpoint.account_id, &said);
        let secrets = endpoint.secrets(&self.vault, now)?;
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

/// Which events are told one after the other, by their place in the wave: those of a record, and those of none.
fn lanes(wave: &[Telling<'_>]) -> Vec<Vec<usize>> {
    let mut lanes: Vec<Vec<usize>> = Vec::new();
    let mut of = HashMap::new();
    for (n, telling) in wave.iter().enumerate() {
        let lane = *of.entry(telling.record()).or_insert_with(|| {
            lanes.push(Vec::new());
            lanes.len() - 1
        });
        lanes[lane].push(n);
    }
    lanes
}

/// An event's id at an endpoint: it follows from what is told to whom, so that it is the same in every attempt, and when
/// it is told again.
fn webhook_id(endpoint: WebhookEndpointId, of: Of<'_>, at: Cursor) -> String {
    let entry = format!("{}.{}", at.seq, at.slot);
    message_id(&[&endpoint.to_string(), &of.account_id.to_string(), of.log.name(), &entry])
}

fn message_id(parts: &[&str]) -> String {
    let hex: String = digest(parts).iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    format!("msg_{hex}")
}

fn digest(parts: &[&str]) -> [u8; 32] {
    Sha256::digest(parts.join("\n").as_bytes()).into()
}
