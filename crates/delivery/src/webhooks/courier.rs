//! Delivers what happened to whoever asked for it. The store's cursor is the outbox: an event is sent until the receiver
//! says 2xx, then the cursor moves; whatever ends this process in between, the same event is sent again, with the same id.
//!
//! One event at a time an endpoint, under a lease, so that a second process does not overtake the first. What fails holds
//! up its endpoint, and no other.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use futures::stream::FuturesUnordered;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use lucca::clock::Clock;
use lucca::{HostPolicy, Jitter};
use people::{Kind, RemoteId};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use store::{
    AccountId, Attempt, Backlog, Change, ChangeFilter, Cursor, DisabledReason, Error, Failed, IssueId, Log,
    NewIssue, Operation, Payload, RecordState, Store, Vault, WebhookEndpoint, WebhookEndpointId,
};

use super::event::{Seen, events_of, fields_of, wants};
use super::sender::{Message, Outcome, Sender};

/// How often it is looked whether there is anything to tell.
const EVERY: Duration = Duration::from_secs(1);
/// Longer than an attempt may take.
const LEASE: Duration = Duration::from_mins(1);
const FIRST_WAIT: Duration = Duration::from_secs(5);
const LONGEST_WAIT: Duration = Duration::from_hours(4);
/// What a receiver may ask to wait and be obeyed.
const LONGEST_ASKED: Duration = Duration::from_hours(12);
/// So long an endpoint may fail before it is disabled; and it was tried so often, where this process was away.
const PATIENCE: Duration = Duration::from_hours(72);
const FEWEST_ATTEMPTS: u32 = 10;
/// How long the log of deliveries is kept.
const LOG_KEPT: Duration = Duration::from_hours(30 * 24);
const HOUSEKEEPING: Duration = Duration::from_hours(1);
/// Entries of a log read at once.
const BATCH: u32 = 200;

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

/// A webhook's body.
#[derive(Serialize)]
struct Body<'a> {
    r#type: &'a str,
    timestamp: Timestamp,
    linked_account_id: Option<AccountId>,
    log: Option<&'static str>,
    sequence: Option<i64>,
    data: Value,
}

/// What a change says of a record, beside what a thin payload has.
#[derive(Serialize)]
struct ChangeBody<'a> {
    r#type: &'a str,
    timestamp: Timestamp,
    linked_account_id: AccountId,
    log: &'static str,
    sequence: i64,
    data: ChangeData<'a>,
}

#[derive(Serialize)]
struct ChangeData<'a> {
    kind: &'static str,
    id: &'a RemoteId,
    /// Which fields changed.
    fields: Vec<String>,
    #[serde(flatten)]
    full: Option<FullData>,
}

#[derive(Serialize)]
struct FullData {
    changes: Option<Box<RawValue>>,
    record: Option<Value>,
}

/// An event on its way.
struct Telling<'a> {
    account_no: i64,
    account_id: AccountId,
    log: Log,
    /// Where the cursor is, and where it goes.
    moved: (Cursor, Cursor),
    name: &'a str,
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
        policy: HostPolicy,
        (holder, seed): (&str, u64),
    ) -> Result<Self, lucca::Error> {
        let (sender, holder) = (Sender::new(policy)?, format!("{holder} {seed:016x}"));
        Ok(Self { store, vault, clock, sender, jitter: Jitter::new(seed), holder })
    }

    /// Tells each endpoint that is due what it has not been told, one endpoint after the other.
    ///
    /// # Errors
    ///
    /// Where the store fails. What receivers do is no error.
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
    pub async fn deliver(&self, id: WebhookEndpointId) -> Result<Delivered, Error> {
        let mut done = Delivered::default();
        let claimed = self.store.claim_webhook_endpoint(id, &self.holder, self.clock.now(), LEASE).await?;
        let Some(mut endpoint) = claimed else { return Ok(done) };
        for backlog in self.store.webhook_backlog(&endpoint).await? {
            // What happened in a sync is told before its end.
            let goes_on = self.tell_changes(&mut endpoint, &backlog, &mut done.events).await?
                && self.tell_events(&mut endpoint, &backlog, &mut done.events).await?;
            if !goes_on {
                self.store.release_webhook_endpoint(id, &self.holder).await?;
                return Ok(done);
            }
        }
        self.store.release_webhook_endpoint(id, &self.holder).await?;
        Ok(Delivered { is_done: true, ..done })
    }

    async fn tell_changes(
        &self,
        endpoint: &mut WebhookEndpoint,
        backlog: &Backlog,
        told: &mut u64,
    ) -> Result<bool, Error> {
        let Backlog { account_no, account_id, mut changes, .. } = *backlog;
        let cursor = &mut changes;
        loop {
            let after = if cursor.slot < Cursor::WHOLE { cursor.seq - 1 } else { cursor.seq };
            let filter = ChangeFilter { after, ..ChangeFilter::default() };
            let batch = self.store.changes(account_no, filter, BATCH).await?;
            let Some(last) = batch.last() else { return Ok(true) };
            let newcomers = self.newcomers(account_no, &batch).await?;
            for change in &batch {
                let seen = newcomers.get(&change.seq).copied().unwrap_or_default();
                for event in events_of(change, seen) {
                    let to = Cursor { seq: change.seq, slot: event.slot };
                    if to <= *cursor || !wants(&endpoint.types, &event.name) {
                        continue;
                    }
                    let name = event.name.as_str();
                    let telling =
                        Telling { account_no, account_id, log: Log::Changes, moved: (*cursor, to), name };
                    if !self.tell(endpoint, &telling, Some(change), None).await? {
                        return Ok(false);
                    }
                    *told += 1;
                    *cursor = to;
                }
            }
            if !self.pass(endpoint, (account_no, Log::Changes), cursor, last.seq).await? {
                return Ok(false);
            }
        }
    }

    async fn tell_events(
        &self,
        endpoint: &mut WebhookEndpoint,
        backlog: &Backlog,
        told: &mut u64,
    ) -> Result<bool, Error> {
        let Backlog { account_no, account_id, mut events, last_event, .. } = *backlog;
        let cursor = &mut events;
        loop {
            let batch = self.store.account_events(account_no, (cursor.seq, last_event), BATCH).await?;
            let Some(last) = batch.last() else { return Ok(true) };
            for event in &batch {
                let to = Cursor::after(event.seq);
                if !wants(&endpoint.types, &event.event) {
                    continue;
                }
                let name = event.event.as_str();
                let telling =
                    Telling { account_no, account_id, log: Log::Events, moved: (*cursor, to), name };
                let said = Body {
                    r#type: name,
                    timestamp: event.at,
                    linked_account_id: Some(account_id),
                    log: Some(Log::Events.name()),
                    sequence: Some(event.seq),
                    data: event.detail.clone(),
                };
                if !self.tell(endpoint, &telling, None, Some(&said)).await? {
                    return Ok(false);
                }
                *told += 1;
                *cursor = to;
            }
            if !self.pass(endpoint, (account_no, Log::Events), cursor, last.seq).await? {
                return Ok(false);
            }
        }
    }

    /// Moves the cursor behind an entry whose events are told or not wanted.
    async fn pass(
        &self,
        endpoint: &WebhookEndpoint,
        of: (i64, Log),
        cursor: &mut Cursor,
        seq: i64,
    ) -> Result<bool, Error> {
        let to = Cursor::after(seq);
        if *cursor != to && !self.store.pass_over(endpoint.id, of, (*cursor, to)).await? {
            return Ok(false);
        }
        *cursor = to;
        Ok(true)
    }

    /// What has to be known of people who are in the log for the first time, by the change's number.
    async fn newcomers(&self, account_no: i64, batch: &[Change]) -> Result<BTreeMap<i64, Seen>, Error> {
        #[derive(Deserialize)]
        struct Contract {
            contract_end: Option<Date>,
        }
        let is_new =
            |change: &&Change| change.kind == Kind::Employee && change.operation == Operation::Created;
        let ids: Vec<RemoteId> = batch.iter().filter(is_new).map(|change| change.id.clone()).collect();
        if ids.is_empty() {
            return Ok(BTreeMap::new());
        }
        let first = self.store.first_sync(account_no).await?.map(|run| run.to_string());
        let bodies = self.store.bodies(account_no, Kind::Employee, &ids).await?;
        let seen = |change: &Change| {
            let day = change.at.to_zoned(TimeZone::UTC).date();
            let end = bodies
                .get(&change.id)
                .and_then(|(body, _)| serde_json::from_str::<Contract>(body).ok())
                .and_then(|contract| contract.contract_end);
            Seen {
                at_first: first
                    .as_ref()
                    .is_none_or(|first| change.run_id.as_ref().is_some_and(|run| run <= first)),
                has_left: end.is_some_and(|end| end < day),
            }
        };
        Ok(batch.iter().filter(is_new).map(|change| (change.seq, seen(change))).collect())
    }

    /// Sends one event. False where nothing more is to be sent to the endpoint now.
    async fn tell(
        &self,
        endpoint: &mut WebhookEndpoint,
        telling: &Telling<'_>,
        change: Option<&Change>,
        said: Option<&Body<'_>>,
    ) -> Result<bool, Error> {
        let now = self.clock.now();
        let claimed = self.store.claim_webhook_endpoint(endpoint.id, &self.holder, now, LEASE).await?;
        let Some(fresh) = claimed else { return Ok(false) };
        *endpoint = fresh;
        let (from, to) = telling.moved;
        let id = webhook_id(endpoint.id, telling, to);
        let body = match (change, said) {
            (Some(change), _) => self.body_of(endpoint.payload, telling, change).await?,
            (None, said) => written(&said),
        };
        let secrets = endpoint.secrets(&self.vault, now)?;
        let began = self.clock.stopwatch();
        let outcome = self.sender.send(&endpoint.url, &secrets, Message { id: &id, body: &body }, now).await;
        let attempt = Attempt {
            webhook_id: &id,
            event: telling.name,
            from: Some((telling.account_no, telling.log, to.seq)),
            response: outcome.response,
            error: outcome.error,
            took_ms: began.duration_until(self.clock.stopwatch()).as_millis().try_into().unwrap_or(i64::MAX),
            at: self.clock.now(),
        };
        let Some(error) = outcome.error else {
            return self.store.webhook_delivered(endpoint.id, &self.holder, &attempt, (from, to)).await;
        };
        self.failed(endpoint, telling, &attempt, outcome).await?;
        tracing::info!(endpoint = %endpoint.id, error, status = outcome.response, "a webhook was not taken");
        Ok(false)
    }

    async fn failed(
        &self,
        endpoint: &WebhookEndpoint,
        telling: &Telling<'_>,
        attempt: &Attempt<'_>,
        outcome: Outcome,
    ) -> Result<(), Error> {
        let now = attempt.at;
        let attempts = endpoint.attempts.saturating_add(1);
        let failing = Duration::try_from(now.duration_since(endpoint.failing_since.unwrap_or(now)));
        let disable = if outcome.response == Some(410) {
            Some(DisabledReason::Gone)
        } else {
            let is_over = failing.is_ok_and(|time| time >= PATIENCE) && attempts >= FEWEST_ATTEMPTS;
            is_over.then_some(DisabledReason::Failing)
        };
        let subject = endpoint.id.to_string();
        let detail = json!({
            "reason": disable.map(DisabledReason::name),
            "attempts": attempts,
            "response": outcome.response,
            "error": outcome.error,
        });
        let issue = |reason| {
            let mut random = [0; 10];
            random.copy_from_slice(&digest(&[&subject, &now.to_string()])[..10]);
            let id = IssueId::mint(now, random);
            let account_no = telling.account_no;
            (reason, NewIssue { id, account_no, code: DISABLED, subject: &subject, detail: &detail, at: now })
        };
        let wait = self.wait(attempts, outcome.retry_after);
        let next_attempt_at = now.checked_add(wait).unwrap_or(Timestamp::MAX);
        let failed = Failed { next_attempt_at, disable: disable.map(issue) };
        self.store.webhook_failed(endpoint.id, &self.holder, attempt, failed).await?;
        Ok(())
    }

    /// How long to wait after so many failures: what the receiver asks for, or twice as long each time, half of it by
    /// chance.
    fn wait(&self, attempts: u32, asked: Option<Duration>) -> Duration {
        if let Some(asked) = asked {
            return asked.min(LONGEST_ASKED);
        }
        let doubled = FIRST_WAIT.saturating_mul(2_u32.saturating_pow(attempts.saturating_sub(1)));
        let most = doubled.min(LONGEST_WAIT);
        // Never less than the first wait.
        FIRST_WAIT.max(most / 2) + self.jitter.below(most / 2)
    }

    async fn body_of(
        &self,
        payload: Payload,
        telling: &Telling<'_>,
        change: &Change,
    ) -> Result<String, Error> {
        let full = match payload {
            Payload::Thin => None,
            Payload::Full => {
                let id = std::slice::from_ref(&change.id);
                let mut stored = self.store.bodies(telling.account_no, change.kind, id).await?;
                let record = stored.remove(&change.id).filter(|(_, state)| *state == RecordState::Present);
                let record = record.and_then(|(body, _)| serde_json::from_str(&body).ok());
                Some(FullData { changes: change.fields.clone(), record })
            }
        };
        Ok(written(&ChangeBody {
            r#type: telling.name,
            timestamp: change.at,
            linked_account_id: telling.account_id,
            log: Log::Changes.name(),
            sequence: change.seq,
            data: ChangeData {
                kind: change.kind.name(),
                id: &change.id,
                fields: fields_of(change).into_iter().map(|(field, _)| field).collect(),
                full,
            },
        }))
    }

    /// Sends a test event now, whether the endpoint is enabled or not. It is sent once.
    ///
    /// # Errors
    ///
    /// Where the store fails.
    pub async fn test(&self, endpoint: &WebhookEndpoint) -> Result<TestResult, Error> {
        const NAME: &str = "webhook.test";
        let now = self.clock.now();
        let id = format!("msg_{}", hex(&digest(&[&endpoint.id.to_string(), NAME, &now.to_string()])));
        let body = written(&Body {
            r#type: NAME,
            timestamp: now,
            linked_account_id: endpoint.account_id,
            log: None,
            sequence: None,
            data: json!({ "webhook_endpoint_id": endpoint.id }),
        });
        let secrets = endpoint.secrets(&self.vault, now)?;
        let began = self.clock.stopwatch();
        let outcome = self.sender.send(&endpoint.url, &secrets, Message { id: &id, body: &body }, now).await;
        let attempt = Attempt {
            webhook_id: &id,
            event: NAME,
            from: None,
            response: outcome.response,
            error: outcome.error,
            took_ms: began.duration_until(self.clock.stopwatch()).as_millis().try_into().unwrap_or(i64::MAX),
            at: now,
        };
        self.store.webhook_tested(endpoint.id, &attempt).await?;
        Ok(TestResult { webhook_id: id, response: outcome.response, error: outcome.error })
    }
}

/// Delivers what there is to tell, for ever: each endpoint by itself, so that a slow one holds up no other.
pub async fn keep_delivering(courier: &Courier) {
    let mut under_way = FuturesUnordered::new();
    let mut at_it: HashSet<WebhookEndpointId> = HashSet::new();
    let mut last_kept_house = None;
    loop {
        let now = courier.clock.now();
        let is_time = |last: Timestamp| now.duration_since(last).unsigned_abs() >= HOUSEKEEPING;
        if last_kept_house.is_none_or(is_time) {
            last_kept_house = Some(now);
            let before = now.checked_sub(LOG_KEPT).unwrap_or(Timestamp::MIN);
            if let Err(error) = courier.store.forget_old_deliveries(now, before).await {
                tracing::error!(code = error.code(), %error, "old deliveries can't be erased");
            }
        }
        match courier.store.due_webhook_endpoints(now).await {
            Ok(due) => {
                for id in due.into_iter().filter(|id| at_it.insert(*id)) {
                    under_way.push(Box::pin(async move { (id, courier.deliver(id).await) }));
                }
            }
            Err(error) => tracing::error!(code = error.code(), %error, "webhook endpoints can't be listed"),
        }
        let mut pause = courier.clock.sleep(EVERY);
        loop {
            tokio::select! {
                () = &mut pause => break,
                Some((id, delivered)) = under_way.next() => {
                    at_it.remove(&id);
                    if let Err(error) = delivered {
                        tracing::error!(endpoint = %id, code = error.code(), %error, "webhooks can't be delivered");
                    }
                }
            }
        }
    }
}

/// An event's id at an endpoint: it follows from what is told to whom, so that it is the same in every attempt, and when
/// it is told again.
fn webhook_id(endpoint: WebhookEndpointId, telling: &Telling<'_>, at: Cursor) -> String {
    let (endpoint, account) = (endpoint.to_string(), telling.account_id.to_string());
    let entry = format!("{}.{}", at.seq, at.slot);
    format!("msg_{}", hex(&digest(&[&endpoint, &account, telling.log.name(), &entry])))
}

fn digest(parts: &[&str]) -> [u8; 32] {
    Sha256::digest(parts.join("\n").as_bytes()).into()
}

fn hex(digest: &[u8; 32]) -> String {
    digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

fn written(body: &impl Serialize) -> String {
    // What is made of texts and numbers has a JSON form.
    serde_json::to_string(body).unwrap_or_default()
}
