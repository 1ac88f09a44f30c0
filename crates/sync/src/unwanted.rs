//! Drops records that were read and may not be stored: of erased employees, and of unrequested properties.
//! They count as returned, so completeness and missing records are not affected. Pure.

use std::collections::HashSet;

use people::{AbsenceRequest, Kind, RemoteId, UserLogEntry};
use serde::Deserialize;
use store::{Quarantined, RecordUpsert, content_hash};

use normalise::Scope;

/// The owner of a record, if it belongs to an employee.
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

/// Drops records of erased employees, and their comments on others' requests. Returns the number of dropped
/// records.
pub(crate) fn drop_erased(
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

/// Drops user log entries of properties outside the scope: a server may send more than requested.
pub(crate) fn drop_unwanted_properties(kind: Kind, scope: &Scope, records: &mut Vec<RecordUpsert>) {
    if kind == Kind::UserLogEntry {
        let entry = |record: &RecordUpsert| serde_json::from_str::<UserLogEntry>(&record.body);
        records.retain(|record| entry(record).is_ok_and(|entry| scope.keeps_property(&entry.property)));
    }
}
