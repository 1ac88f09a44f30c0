//! What was read and may not be kept: of people who were erased, and of properties nobody asked for. It counts as seen:
//! what is complete and what is missing does not change with it. Pure.

use std::collections::HashSet;

use people::{AbsenceRequest, Kind, RemoteId, UserLogEntry};
use serde::Deserialize;
use store::{Quarantined, RecordUpsert, content_hash};

use crate::scope::Scope;

/// Whose a record is, where it belongs to a person.
fn owner(kind: Kind, id: &RemoteId, body: &str) -> Option<RemoteId> {
    #[derive(Deserialize)]
    struct Owned {
        employee_id: Option<RemoteId>,
    }
    match kind {
        Kind::Employee => Some(id.clone()),
        Kind::Employment | Kind::Absence | Kind::AbsenceRequest | Kind::UserLogEntry => {
            serde_json::from_str::<Owned>(body).ok()?.employee_id
        }
        _ => None,
    }
}

/// Takes out what belongs to people who were erased, and what they wrote to others. Gives how many records went.
pub(crate) fn without_erased(
    kind: Kind,
    erased: &HashSet<RemoteId>,
    records: &mut Vec<RecordUpsert>,
    quarantined: &mut Vec<Quarantined>,
) -> usize {
    if erased.is_empty() {
        return 0;
    }
    let before = records.len() + quarantined.len();
    records
        .retain(|record| !owner(kind, &record.id, &record.body).is_some_and(|owner| erased.contains(&owner)));
    quarantined.retain(|record| {
        let owner = if kind == Kind::Employee { &record.id } else { &record.owner_id };
        !owner.as_ref().is_some_and(|owner| erased.contains(owner))
    });
    if kind == Kind::AbsenceRequest {
        for record in records.iter_mut().filter(|record| record.body.contains("\"comment\"")) {
            let Ok(mut request) = serde_json::from_str::<AbsenceRequest>(&record.body) else { continue };
            if request.forget_words_of(|author| erased.contains(author))
                && let Ok(body) = serde_json::to_string(&request)
            {
                record.hash = content_hash(&body);
                record.body = body;
            }
        }
    }
    before - records.len() - quarantined.len()
}

/// Takes out what the user log says of properties that are not wanted: a server may send more than it was asked for.
pub(crate) fn without_unwanted_properties(kind: Kind, scope: &Scope, records: &mut Vec<RecordUpsert>) {
    if kind == Kind::UserLogEntry {
        let entry = |record: &RecordUpsert| serde_json::from_str::<UserLogEntry>(&record.body);
        records.retain(|record| entry(record).is_ok_and(|entry| scope.keeps_property(&entry.property)));
    }
}
