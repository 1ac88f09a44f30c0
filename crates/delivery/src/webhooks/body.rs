//! What a webhook says: the entry of a log that it tells of, thin or full.

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;
use people::{Kind, RemoteId};
use serde::Serialize;
use serde_json::{Map, Value};
use store::{AccountEvent, AccountId, Change, Cursor, Error, Log, RecordState, Store};

use super::event::fields_of;
use crate::mapping::Mapping;

/// An entry of one of a linked account's logs.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Entry<'a> {
    Change(&'a Change),
    Event(&'a AccountEvent),
}

/// An event that is to be told.
#[derive(Debug)]
pub(crate) struct Telling<'a> {
    /// Its type.
    pub(crate) name: String,
    /// Where the cursor is once it and all before it are told.
    pub(crate) to: Cursor,
    /// What it tells of.
    pub(crate) entry: Entry<'a>,
}

impl Telling<'_> {
    /// The record it is about. Events of one are told one after the other, and so are those of none.
    pub(crate) fn record(&self) -> Option<(Kind, &RemoteId)> {
        match self.entry {
            Entry::Change(change) => Some((change.kind, &change.id)),
            Entry::Event(_) => None,
        }
    }
}

/// Records as they are stored, by kind and id.
pub(crate) type Records = HashMap<(Kind, RemoteId), Value>;

/// The records that some events are about, where they are still there.
pub(crate) async fn records(
    store: &Store,
    account_no: i64,
    of: &[Telling<'_>],
    mapping: &Mapping,
) -> Result<Records, Error> {
    let mut wanted: BTreeMap<Kind, Vec<RemoteId>> = BTreeMap::new();
    for (kind, id) in of.iter().filter_map(Telling::record) {
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
    /// Which fields changed.
    fields: Vec<String>,
    #[serde(flatten)]
    full: Option<FullData<'a>>,
}

#[derive(Serialize)]
struct FullData<'a> {
    changes: Option<Map<String, Value>>,
    record: Option<&'a Value>,
}

/// The body of an event of a linked account, with what the mapping delivers. With `records` it is full: what is not among them is not there any more.
pub(crate) fn body(
    account_id: AccountId,
    telling: &Telling<'_>,
    records: Option<&Records>,
    mapping: &Mapping,
) -> String {
    let (r#type, linked_account_id) = (telling.name.as_str(), Some(account_id));
    match telling.entry {
        Entry::Change(change) => {
            let changed = mapping.members(change.kind, fields_of(change).into_iter().collect());
            written(&Body {
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
        Entry::Event(event) => written(&Body {
            r#type,
            timestamp: event.at,
            linked_account_id,
            log: Some(Log::Events.name()),
            sequence: Some(event.seq),
            data: &event.detail,
        }),
    }
}

/// The body of an event that stands in no log.
pub(crate) fn body_of_test(
    r#type: &str,
    timestamp: Timestamp,
    linked_account_id: Option<AccountId>,
    data: &Value,
) -> String {
    written(&Body { r#type, timestamp, linked_account_id, log: None, sequence: None, data })
}

fn written(body: &impl Serialize) -> String {
    // What is made of texts and numbers has a JSON form.
    serde_json::to_string(body).unwrap_or_default()
}
