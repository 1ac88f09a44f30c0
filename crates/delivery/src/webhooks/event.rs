//! Maps change-log entries and account events to webhook event types. Pure: facts that the entry lacks are
//! passed in. `docs/webhooks.md` has the mapping as a table.

use people::Kind;
use serde_json::Value;
use store::{Change, Operation};

/// Events that a change of an employee or absence request emits in addition to `{record}.{operation}`.
pub const DEDICATED: [&str; 6] = [
    "employee.hired",
    "employee.starting",
    "employee.changed",
    "employee.moved",
    "employee.terminated",
    "absence_request.decided",
];

/// Events of a linked account itself.
const OF_ACCOUNTS: [&str; 9] = [
    "sync.completed",
    "sync.held",
    "issue.opened",
    "issue.resolved",
    "linked_account.linked",
    "linked_account.relinked",
    "linked_account.relink_needed",
    "linked_account.recovered",
    "linked_account.unlinked",
];

/// Fields of employees that define their position in the organisation.
const POSITION_FIELDS: [&str; 3] = ["department_id", "establishment_id", "manager_id"];

/// Fields whose change alone emits no `employee.changed`.
const BOOKKEEPING: [&str; 2] = ["modified_at", "unread_fields"];

/// A webhook event that a change emits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Its position among the events of one change. Fixed for each type, so that it does not depend on the
    /// change's other events.
    pub slot: i64,
    /// The event's type.
    pub name: String,
}

/// Facts about a change that its log entry lacks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ChangeFacts {
    /// The account had not completed a sync before it: the account is new, the employee is not.
    pub at_first: bool,
    /// The employee's contract had ended by the time of the change.
    pub has_left: bool,
    /// The employee was stored long before and was withheld; now the account's filter includes them.
    pub is_old: bool,
    /// The absence request was approved or denied by the time of the change.
    pub is_decided: bool,
}

/// A kind's name in event types. `None` for kinds without events, because they are computed or only announce
/// changes of other records.
fn event_name(kind: Kind) -> Option<&'static str> {
    let has_events = !matches!(kind, Kind::WorkingDay | Kind::UserLogEntry);
    has_events.then(|| kind.singular())
}

/// A change's fields with their values, in order.
pub(crate) fn fields_of(change: &Change) -> Vec<(String, Value)> {
    let fields = change.fields.as_ref().and_then(|fields| serde_json::from_str::<Value>(fields.get()).ok());
    match fields {
        Some(Value::Object(fields)) => fields.into_iter().collect(),
        _ => Vec::new(),
    }
}

/// The events of a change, in delivery order.
pub fn events_of(change: &Change, seen: ChangeFacts) -> Vec<Event> {
    let Some(name) = event_name(change.kind) else { return Vec::new() };
    let fields = fields_of(change);
    let mut events = vec![Event { slot: 0, name: format!("{name}.{}", change.operation) }];
    let mut also = |slot, name: &str, is_so: bool| {
        if is_so {
            events.push(Event { slot, name: name.to_owned() });
        }
    };
    match (change.kind, change.operation) {
        (Kind::Employee, Operation::Created) => {
            also(1, "employee.hired", !seen.at_first && !seen.has_left && !seen.is_old);
        }
        (Kind::Employee, Operation::Started) => also(2, "employee.starting", true),
        (Kind::Employee, Operation::Updated | Operation::Restored) => {
            let is_news = fields.iter().any(|(field, _)| !BOOKKEEPING.contains(&field.as_str()));
            also(3, "employee.changed", is_news);
            also(
                4,
                "employee.moved",
                fields.iter().any(|(field, _)| POSITION_FIELDS.contains(&field.as_str())),
            );
        }
        (Kind::Employee, Operation::Ended) => also(5, "employee.terminated", true),
        (Kind::AbsenceRequest, Operation::Created) => {
            also(6, "absence_request.decided", seen.is_decided && !seen.at_first);
        }
        (Kind::AbsenceRequest, Operation::Updated | Operation::Restored) => {
            also(6, "absence_request.decided", fields.iter().any(is_decision));
        }
        _ => {}
    }
    events
}

/// Whether a changed field is a decision: the new status is approved or denied.
fn is_decision((field, values): &(String, Value)) -> bool {
    field == "status" && values["after"].as_str().is_some_and(is_decided)
}

/// Whether a status is a decision on an absence request.
pub(crate) fn is_decided(status: &str) -> bool {
    matches!(status, "approved" | "denied")
}

/// Every event type except the test event's.
pub fn types() -> Vec<String> {
    let of_records = Kind::ALL.iter().filter_map(|&kind| event_name(kind)).flat_map(|name| {
        let is_person = name == "employee";
        let is_emitted = move |operation: &Operation| {
            is_person || !matches!(operation, Operation::Started | Operation::Ended)
        };
        Operation::ALL.into_iter().filter(is_emitted).map(move |operation| format!("{name}.{operation}"))
    });
    of_records.chain(DEDICATED.into_iter().chain(OF_ACCOUNTS).map(str::to_owned)).collect()
}

/// Whether a text is an event type or a group of types: `employee.*`.
pub fn is_type(text: &str) -> bool {
    types().iter().any(|name| matches(text, name))
}

/// Whether an endpoint with these types receives an event. Without types it receives all.
pub fn wants(wanted: &[String], name: &str) -> bool {
    wanted.is_empty() || wanted.iter().any(|pattern| matches(pattern, name))
}

fn matches(pattern: &str, name: &str) -> bool {
    match pattern.strip_suffix(".*") {
        Some(group) => name.split_once('.').is_some_and(|(of, _)| of == group),
        None => pattern == name,
    }
}

#[cfg(test)]
mod tests {
    use people::RemoteId;
    use serde_json::value::RawValue;

    use super::*;

    fn change(kind: Kind, operation: Operation, fields: Option<&str>) -> Change {
        Change {
            seq: 1,
            at: jiff::Timestamp::UNIX_EPOCH,
            kind,
            id: RemoteId::from("7".to_owned()),
            operation,
            fields: fields.map(|fields| RawValue::from_string(fields.to_owned()).unwrap()),
            run_id: None,
            hash: None,
        }
    }

    fn names(kind: Kind, operation: Operation, fields: Option<&str>) -> Vec<String> {
        let events = events_of(&change(kind, operation, fields), ChangeFacts::default());
        assert!(events.is_sorted_by_key(|event| event.slot));
        events.into_iter().map(|event| event.name).collect()
    }

    #[test]
    fn employee_changes_map_to_events() {
        use Operation::{Created, Deleted, Ended, Started, Updated};
        let employee = |operation, fields| names(Kind::Employee, operation, fields);
        assert_eq!(employee(Created, None), ["employee.created", "employee.hired"]);
        assert_eq!(employee(Started, None), ["employee.started", "employee.starting"]);
        assert_eq!(employee(Ended, None), ["employee.ended", "employee.terminated"]);
        assert_eq!(employee(Deleted, None), ["employee.deleted"]);
        let moved = employee(Updated, Some(r#"{"manager_id":{"before":"1","after":"2"}}"#));
        assert_eq!(moved, ["employee.updated", "employee.changed", "employee.moved"]);
        // A personal value is not stored; its field name is.
        assert_eq!(
            employee(Updated, Some(r#"{"last_name":null}"#)),
            ["employee.updated", "employee.changed"]
        );
        assert_eq!(employee(Updated, Some(r#"{"modified_at":null}"#)), ["employee.updated"]);
    }

    #[test]
    fn employees_before_linking_are_not_hired() {
        let created = change(Kind::Employee, Operation::Created, None);
        for seen in [
            ChangeFacts { at_first: true, ..ChangeFacts::default() },
            ChangeFacts { has_left: true, ..ChangeFacts::default() },
        ] {
            assert_eq!(events_of(&created, seen).len(), 1, "{seen:?}");
        }
    }

    #[test]
    fn request_is_decided_when_approved_or_denied() {
        let request = |after: &str| {
            let fields = format!(r#"{{"status":{{"before":"pending","after":"{after}"}}}}"#);
            names(Kind::AbsenceRequest, Operation::Updated, Some(&fields)).len()
        };
        assert_eq!(["approved", "denied", "cancelled", "cancellation_pending"].map(request), [2, 2, 1, 1]);
        // Requested and decided between two syncs.
        let created = change(Kind::AbsenceRequest, Operation::Created, None);
        let first_seen = |at_first, is_decided| {
            events_of(&created, ChangeFacts { at_first, is_decided, ..ChangeFacts::default() }).len()
        };
        assert_eq!([first_seen(false, true), first_seen(true, true), first_seen(false, false)], [2, 1, 1]);
    }

    #[test]
    fn every_event_has_a_known_type() {
        let fields = r#"{"department_id":null,"status":{"before":"pending","after":"denied"}}"#;
        for kind in Kind::ALL {
            for operation in Operation::ALL {
                let is_of_people = matches!(operation, Operation::Started | Operation::Ended);
                if is_of_people && kind != Kind::Employee {
                    continue;
                }
                for name in names(kind, operation, Some(fields)) {
                    assert!(is_type(&name), "{name}");
                }
            }
        }
        assert!(is_type("employee.*") && is_type("sync.*"));
        for wrong in ["", "*", ".*", "employee", "employee.", "working_day.created", "employee.sacked"] {
            assert!(!is_type(wrong), "{wrong}");
        }
        assert!(wants(&["absence.*".to_owned()], "absence.created"));
        assert!(!wants(&["absence.*".to_owned()], "absence_request.created"));
    }
}
