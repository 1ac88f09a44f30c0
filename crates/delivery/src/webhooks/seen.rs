//! Looks up facts about newly created records that their log entries lack.

use std::collections::{BTreeMap, HashMap};

use jiff::SignedDuration;
use jiff::civil::Date;
use people::{Kind, RemoteId, tenant_zone};
use serde::Deserialize;
use store::{Change, Error, Operation, RecordState, Store, content_hash};

use super::event::{ChangeFacts, fields_of, is_decided};

/// Longer than any run takes. A run stores and logs a new record.
const LONGEST_RUN: SignedDuration = SignedDuration::from_hours(24);

/// The fields that are needed of a record.
#[derive(Deserialize)]
struct RecordFacts {
    contract_end: Option<Date>,
    status: Option<String>,
}

type Bodies = HashMap<RemoteId, (String, RecordState)>;

/// The facts about newly created employees and absence requests, by the change's sequence number.
pub(crate) async fn newcomers(
    store: &Store,
    account_no: i64,
    batch: &[Change],
) -> Result<BTreeMap<i64, ChangeFacts>, Error> {
    let of = |kind| move |change: &&Change| change.kind == kind && change.operation == Operation::Created;
    let ids = |kind| batch.iter().filter(of(kind)).map(|change| change.id.clone()).collect::<Vec<RemoteId>>();
    let (people, requests) = (ids(Kind::Employee), ids(Kind::AbsenceRequest));
    if people.is_empty() && requests.is_empty() {
        return Ok(BTreeMap::new());
    }
    let first = store.first_sync(account_no).await?.map(|run| run.to_string());
    let at_first = |change: &Change| {
        first.as_ref().is_none_or(|first| change.run_id.as_ref().is_some_and(|run| run <= first))
    };
    let mut seen = BTreeMap::new();
    let bodies = store.bodies(account_no, Kind::Employee, &people).await?;
    let stored = store.first_stored(account_no, Kind::Employee, &people).await?;
    for change in batch.iter().filter(of(Kind::Employee)) {
        let day = change.at.to_zoned(tenant_zone()).date();
        let end = facts_of(&bodies, change).and_then(|contract| contract.contract_end);
        let has_left = end.is_some_and(|end| end < day);
        let age = stored.get(&change.id).map(|stored| change.at.duration_since(*stored));
        let is_old = age.is_some_and(|age| age > LONGEST_RUN);
        let is = ChangeFacts { at_first: at_first(change), has_left, is_old, is_decided: false };
        seen.insert(change.seq, is);
    }
    let bodies = store.bodies(account_no, Kind::AbsenceRequest, &requests).await?;
    for change in batch.iter().filter(of(Kind::AbsenceRequest)) {
        let status = status_at_first(store, account_no, &bodies, change).await?;
        let is_decided = status.as_deref().is_some_and(is_decided);
        seen.insert(
            change.seq,
            ChangeFacts { at_first: at_first(change), is_decided, ..ChangeFacts::default() },
        );
    }
    Ok(seen)
}

fn facts_of(bodies: &Bodies, change: &Change) -> Option<RecordFacts> {
    bodies.get(&change.id).and_then(|(body, _)| serde_json::from_str(body).ok())
}

/// An absence request's status when it was created: the value before the status first changed, otherwise the
/// current one.
async fn status_at_first(
    store: &Store,
    account_no: i64,
    bodies: &Bodies,
    change: &Change,
) -> Result<Option<String>, Error> {
    let is_as_then = bodies.get(&change.id).is_some_and(|(body, _)| Some(content_hash(body)) == change.hash);
    if !is_as_then {
        let later =
            store.updates(account_no, Kind::AbsenceRequest, Some(std::slice::from_ref(&change.id))).await?;
        let before = later.iter().filter(|later| later.seq > change.seq).find_map(|later| {
            let values = fields_of(later).into_iter().find(|(field, _)| field == "status");
            values.map(|(_, values)| values["before"].as_str().map(str::to_owned))
        });
        if let Some(before) = before {
            return Ok(before);
        }
    }
    Ok(facts_of(bodies, change).and_then(|request| request.status))
}
