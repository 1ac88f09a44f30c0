//! Bodies of webhooks, thin or full, from entries of the change log and of account events.

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;
use people::{Kind, RemoteId};
use serde::Serialize;
use serde_json::{Map, Value};
use store::{AccountEvent, AccountId, Change, Cursor, Error, Log, RecordState, Store};

use super::event::fields_of;
use crate::mapping::Mapping;

/// An entry of the change log or of the account events.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Entry<'a> {
    Change(&'a Change),
    Event(&'a AccountEvent),
}

/// An event to deliver.
#[derive(Debug)]
pub(crate) struct PendingEvent<'a> {
    /// The event's type.
    pub(crate) name: String,
    /// The endpoint's cursor once this event and all before it are delivered.
    pub(crate) to: Cursor,
    /// The log entry that caused it.
    pub(crate) entry: Entry<'a>,
}

impl PendingEvent<'_> {
    /// The event's record. Events of one record are delivered in order, and so are those without one.
    pub(crate) fn record(&self) -> Option<(Kind, &RemoteId)> {
        match self.entry {
            Entry::Change(change) => Some((change.kind, &change.id)),
            Entry::Event(_) => None,
        }
    }
}

/// Stored records as JSON, by kind and id.
pub(crate) type Records = HashMap<(Kind, RemoteId), Value>;

/// Reads the records of some events; leaves out those that are no longer present.
pub(crate) async fn records(
    store: &Store,
    account_no: i64,
    of: &[PendingEvent<'_>],
    mapping: &Mapping,
) -> Result<Records, Error> {
    let mut wanted: BTreeMap<Kind, Vec<RemoteId>> = BTreeMap::new();
    for (kind, id) in of.iter().filter_map(PendingEvent::record) {
        wanted.entry(kind).or_default().push(id.clone());
    }
    let mut records = Records::new();
    for (kind, ids) in wanted {
        for (id, (body, state)) in store.bodies(account_no, kind, &ids).await? {
            if state == RecordState::Present
                && let Ok(body) = serde_json::from_str(&mapping.body(kind, &body))
            {
                records.insert((kind, id), body);
            }
        }
    }
    Ok(records)
}

#[derive(Serialize)]
struct Body<'a, D> {
    r#type: &'a str,
    timestamp: Timestamp,
    linked_account_id: Option<AccountId>,
    log: Option<&'static str>,
    sequence: Option<i64>,
    data: D,
}

#[derive(Serialize)]
struct ChangeData<'a> {
    kind: &'static str,
    id: &'a RemoteId,
    /// The names of the changed fields.
    fields: Vec<String>,
    #[serde(flatten)]
    full: Option<FullData<'a>>,
}

#[derive(Serialize)]
struct FullData<'a> {
    changes: Option<Map<String, Value>>,
    record: Option<&'a Value>,
}

/// The body of an event. It is full if `records` is given; a record that is missing there is no longer
/// present.
pub(crate) fn body(
    account_id: AccountId,
    pending: &PendingEvent<'_>,
    records: Option<&Records>,
    mapping: &Mapping,
) -> String {
    let (r#type, linked_account_id) = (pending.name.as_str(), Some(account_id));
    match pending.entry {
        Entry::Change(change) => {
            let changed = mapping.members(change.kind, fields_of(change).into_iter().collect());
            to_json(&Body {
                r#type,
                timestamp: change.at,
                linked_account_id,
                log: Some(Log::Changes.name()),
                sequence: Some(change.seq),
                data: ChangeData {
                    kind: change.kind.name(),
                    id: &change.id,
                    full: records.map(|records| FullData {
                        changes: change.fields.is_some().then(|| changed.clone()),
                        record: records.get(&(change.kind, change.id.clone())),
                    }),
                    fields: changed.into_iter().map(|(field, _)| field).collect(),
                },
            })
        }
        Entry::Event(event) => to_json(&Body {
            r#type,
            timestamp: event.at,
            linked_account_id,
            log: Some(Log::Events.name()),
            sequence: Some(event.seq),
            data: &event.detail,
        }),
    }
}

/// The body of a test event, which is in no log.
pub(crate) fn body_of_test(
    r#type: &str,
    timestamp: Timestamp,
    linked_account_id: Option<AccountId>,
    data: &Value,
) -> String {
    to_json(&Body { r#type, timestamp, linked_account_id, log: None, sequence: None, data })
}

fn to_json(body: &impl Serialize) -> String {
    // Texts and numbers always have a JSON form.
    serde_json::to_string(body).unwrap_or_default()
}
