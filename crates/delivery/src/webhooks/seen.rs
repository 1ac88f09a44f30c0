//! What has to be known of records that are in the log for the first time, beside what the log says.

use std::collections::{BTreeMap, HashMap};

use jiff::SignedDuration;
use jiff::civil::Date;
use people::{Kind, RemoteId, tenant_zone};
use serde::Deserialize;
use store::{Change, Error, Operation, RecordState, Store, content_hash};

use super::event::{Seen, fields_of, is_decided};

/// Who is new is stored and told of in one run: longer than any takes.
const LONGEST_RUN: SignedDuration = SignedDuration::from_hours(24);

/// What is looked at of a record.
#[derive(Deserialize)]
struct Looked {
    contract_end: Option<Date>,
    status: Option<String>,
}

type Bodies = HashMap<RemoteId, (String, RecordState)>;

/// What has to be known of people and absence requests that are new, by the change's number.
pub(crate) async fn newcomers(
    store: &Store,
    account_no: i64,
    batch: &[Change],
) -> Result<BTreeMap<i64, Seen>, Error> {
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
        let end = look(&bodies, change).and_then(|contract| contract.contract_end);
        let has_left = end.is_some_and(|end| end < day);
        let age = stored.get(&change.id).map(|stored| change.at.duration_since(*stored));
        let is_old = age.is_some_and(|age| age > LONGEST_RUN);
        let is = Seen { at_first: at_first(change), has_left, is_old, is_decided: false };
        seen.insert(change.seq, is);
    }
    let bodies = store.bodies(account_no, Kind::AbsenceRequest, &requests).await?;
    for change in batch.iter().filter(of(Kind::AbsenceRequest)) {
        let status = status_at_first(store, account_no, &bodies, change).await?;
        let is_decided = status.as_deref().is_some_and(is_decided);
        seen.insert(change.seq, Seen { at_first: at_first(change), is_decided, ..Seen::default() });
    }
    Ok(seen)
}

fn look(bodies: &Bodies, change: &Change) -> Option<Looked> {
    bodies.get(&change.id).and_then(|(body, _)| serde_json::from_str(body).ok())
}

/// The status that an absence request had when it was first seen: what it was before it first changed, or else what it is.
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
    Ok(look(bodies, change).and_then(|request| request.status))
}
