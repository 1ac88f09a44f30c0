//! Histories compared with their sources, through the public API.

use jiff::ToSpan;
use jiff::civil::date;
use proptest::prelude::*;

use super::*;
use crate::{History, as_of, position_on};

const TODAY: Date = date(2026, 6, 15);

fn employee() -> Employee {
    let json = serde_json::json!({"id": "42", "contract_start": "2020-01-01", "department_id": "7"});
    serde_json::from_value(json).unwrap()
}

fn employment(id: i64, starts_on: Date, ends_on: Option<Date>, establishment: Option<i64>) -> Employment {
    let mut employment: Employment = serde_json::from_value(serde_json::json!({
        "id": id.to_string(), "employee_id": "42", "starts_on": starts_on, "ends_on": ends_on,
    }))
    .unwrap();
    employment.establishment_id = establishment.map(Into::into);
    employment
}

fn entry(property: &str, value: &str, changed_at: &str) -> UserLogEntry {
    UserLogEntry {
        id: format!("{property}{changed_at}").into(),
        employee_id: "42".into(),
        property: property.into(),
        value: Some(value.into()),
        changed_at: Some(changed_at.parse().unwrap()),
        author_id: None,
    }
}

fn seen(field: PositionField, before: Option<&str>, after: Option<&str>, on: Date) -> Observation {
    Observation {
        employee_id: "42".into(),
        field,
        before: before.map(Into::into),
        after: after.map(Into::into),
        on,
    }
}

/// First day, last day, department and its source.
type Row<'a> = (String, String, Option<(&'a str, PositionSource)>);

fn departments(history: &[Position]) -> Vec<Row<'_>> {
    let day = |day: Option<Date>| day.map_or("…".to_owned(), |day| day.to_string());
    history
        .iter()
        .map(|position| {
            let department =
                position.department_id.as_ref().map(|known| (known.value.as_str(), known.source));
            (day(position.starts_on), day(position.ends_on), department)
        })
        .collect()
}

fn row<'a>(from: &str, to: &str, department: Option<(&'a str, PositionSource)>) -> Row<'a> {
    (from.to_owned(), to.to_owned(), department)
}

use PositionSource::{Contract, Current, Observation as Seen, UserLog};

#[test]
fn unchanged_record_holds_since_contract_start() {
    let history = position_history(TODAY, &employee(), &[], &[], &[]);
    assert_eq!(departments(&history), [row("2020-01-01", "…", Some(("7", Current)))]);

    let mut undated = employee();
    undated.contract_start = None;
    let history = position_history(TODAY, &undated, &[], &[], &[]);
    assert_eq!(departments(&history), [row("…", "…", Some(("7", Current)))]);
}

#[test]
fn log_entries_apply_from_their_day_on() {
    let log = [
        entry("DepartmentID", "7", "2024-03-01T09:00:00"),
        entry("department", "5", "2022-05-01T23:30:00Z"),
        entry("departmentid", "Sales", "2023-01-01T00:00:00"),
        entry("calendarid", "9", "2023-06-01T00:00:00"),
    ];
    let history = position_history(TODAY, &employee(), &[], &log, &[]);
    assert_eq!(
        departments(&history),
        [row("2022-05-01", "2022-12-31", Some(("5", UserLog))), row("2024-03-01", "…", Some(("7", UserLog))),]
    );
    assert_eq!(position_on(date(2023, 7, 1), &history), None, "what Sales is can't be told");
    assert_eq!(position_on(date(2021, 7, 1), &history), None);
}

#[test]
fn observations_give_values_before_and_after() {
    let department = PositionField::DepartmentId;
    let observed = [seen(department, Some("5"), Some("7"), date(2026, 2, 3))];
    let history = position_history(TODAY, &employee(), &[], &[], &observed);
    assert_eq!(
        departments(&history),
        [row("2020-01-01", "2026-02-02", Some(("5", Seen))), row("2026-02-03", "…", Some(("7", Seen)))]
    );

    let log = [entry("departmentid", "7", "2026-02-01T18:00:00")];
    let history = position_history(TODAY, &employee(), &[], &log, &observed);
    assert_eq!(departments(&history), [row("2026-02-01", "…", Some(("7", UserLog)))]);
}

#[test]
fn record_applies_from_last_known_change() {
    let log = [
        entry("departmentid", "4", "2021-01-01T00:00:00"),
        entry("departmentid", "5", "2022-01-01T00:00:00"),
    ];
    let history = position_history(TODAY, &employee(), &[], &log, &[]);
    assert_eq!(
        departments(&history),
        [row("2021-01-01", "2021-12-31", Some(("4", UserLog))), row("2022-01-01", "…", Some(("7", Current)))]
    );

    // A rehire is a later change than the log entry of the first contract.
    let employments = [
        employment(1, date(2020, 1, 1), Some(date(2022, 12, 31)), None),
        employment(2, date(2025, 1, 1), None, None),
        employment(3, date(2027, 1, 1), None, None),
    ];
    let history = position_history(TODAY, &employee(), &employments, &log[1..], &[]);
    assert_eq!(
        departments(&history),
        [row("2022-01-01", "2024-12-31", Some(("5", UserLog))), row("2025-01-01", "…", Some(("7", Current)))]
    );
}

#[test]
fn contracts_set_establishment_of_their_days() {
    let mut person = employee();
    person.department_id = None;
    person.establishment_id = Some("2".into());
    let employments = [
        employment(2, date(2024, 1, 1), None, Some(2)),
        employment(1, date(2020, 1, 1), Some(date(2022, 12, 31)), Some(1)),
    ];
    let history = position_history(TODAY, &person, &employments, &[], &[]);
    let shown: Vec<_> = history
        .iter()
        .map(|p| (p.starts_on.unwrap(), p.ends_on, p.establishment_id.clone().map(|e| (e.value, e.source))))
        .collect();
    assert_eq!(
        shown,
        [
            (date(2020, 1, 1), Some(date(2022, 12, 31)), Some(("1".into(), Contract))),
            (date(2024, 1, 1), None, Some(("2".into(), Contract))),
        ]
    );
}

#[test]
fn as_of_lists_people_employed_that_day() {
    let person = employee();
    let mut later = employee();
    later.id = "43".into();
    later.contract_start = Some(date(2025, 1, 1));
    let log =
        [entry("manager", "43", "2025-02-01T00:00:00"), entry("departmentid", "5", "2021-02-01T00:00:00")];
    let positions = position_history(TODAY, &person, &[], &log, &[]);
    let of_later = position_history(TODAY, &later, &[], &log, &[]);
    let histories = [
        History { employee: &person, employments: &[], positions: &positions },
        History { employee: &later, employments: &[], positions: &of_later },
    ];
    let on = |day| {
        as_of(day, histories)
            .into_iter()
            .map(|placed| (placed.employee.id.as_str(), placed.department_id().map(RemoteId::as_str)))
            .collect::<Vec<_>>()
    };
    assert_eq!(on(date(2020, 6, 1)), [("42", None)], "employed, and nothing known of it");
    assert_eq!(on(date(2025, 6, 1)), [("42", Some("7")), ("43", Some("7"))]);
    assert_eq!(on(date(2019, 12, 31)), []);
}

fn days() -> impl Strategy<Value = Date> {
    (0i32..3000).prop_map(|days| date(2019, 1, 1).checked_add(days.days()).unwrap())
}

fn values() -> impl Strategy<Value = Option<String>> {
    prop::option::weighted(0.8, (0u8..4).prop_map(|value| value.to_string()))
}

prop_compose! {
    fn people()(
        start in prop::option::of(days()),
        department in values(),
        manager in values(),
        establishment in values(),
        qualification in values(),
    ) -> Employee {
        let mut person = employee();
        person.contract_start = start;
        person.department_id = department.map(Into::into);
        person.manager_id = manager.map(Into::into);
        person.establishment_id = establishment.map(Into::into);
        person.job_qualification =
            qualification.map(|id| NamedRef { id: id.into(), name: Some("Accountant".into()) });
        person
    }
}

fn employment_lists() -> impl Strategy<Value = Vec<Employment>> {
    let one = (days(), prop::option::of(0i32..900), prop::option::of(0i64..4));
    prop::collection::vec(one, 0..4).prop_map(|list| {
        list.into_iter()
            .zip(1..)
            .map(|((start, days, establishment), id)| {
                employment(id, start, days.map(|days| start.checked_add(days.days()).unwrap()), establishment)
            })
            .collect()
    })
}

fn logs() -> impl Strategy<Value = Vec<UserLogEntry>> {
    let property =
        prop::sample::select(vec!["departmentid", "Manager", "legalEntityId", "jobtitle", "other"]);
    let one = (property, values(), prop::option::of(days()));
    prop::collection::vec(one, 0..12).prop_map(|list| {
        list.into_iter()
            .map(|(property, value, day)| UserLogEntry {
                value,
                changed_at: day.map(|day| SourceTime::Unzoned(day.at(12, 0, 0, 0))),
                ..entry(property, "", "2020-01-01")
            })
            .collect()
    })
}

fn observations() -> impl Strategy<Value = Vec<Observation>> {
    let one = (prop::sample::select(PositionField::ALL.to_vec()), values(), values(), days());
    prop::collection::vec(one, 0..8).prop_map(|list| {
        list.into_iter()
            .map(|(field, before, after, on)| seen(field, before.as_deref(), after.as_deref(), on))
            .collect()
    })
}

fn value<T: Clone>(known: &Option<Sourced<T>>) -> Option<T> {
    known.as_ref().map(|known| known.value.clone())
}

proptest! {
    #[test]
    fn positions_are_disjoint_and_end_in_record(
        person in people(),
        employments in employment_lists(),
        log in logs(),
        observed in observations(),
        day in days(),
    ) {
        let history = position_history(TODAY, &person, &employments, &log, &observed);
        for pair in history.windows(2) {
            prop_assert!(pair[0].ends_on.is_some());
            prop_assert!(pair[0].starts_on <= pair[0].ends_on);
            prop_assert!(pair[0].ends_on < pair[1].starts_on);
        }
        let last = history.last().unwrap();
        prop_assert_eq!(last.ends_on, None);
        prop_assert_eq!(value(&last.department_id), person.department_id);
        prop_assert_eq!(value(&last.manager_id), person.manager_id);
        prop_assert_eq!(value(&last.establishment_id), person.establishment_id);
        prop_assert_eq!(value(&last.job_title), person.job_title);
        prop_assert_eq!(value(&last.job_qualification), person.job_qualification);
        prop_assert_eq!(value(&last.occupation_category_id), person.occupation_category_id);

        let holding: Vec<&Position> = history
            .iter()
            .filter(|p| p.starts_on.is_none_or(|start| start <= day) && p.ends_on.is_none_or(|end| day <= end))
            .collect();
        prop_assert!(holding.len() <= 1);
        prop_assert_eq!(holding.first().copied(), position_on(day, &history));
    }

    /// A value with the log or a contract as its source is the last value of that source by then.
    #[test]
    fn history_holds_only_source_values(
        person in people(),
        employments in employment_lists(),
        log in logs(),
        observed in observations(),
        day in days(),
    ) {
        let history = position_history(TODAY, &person, &employments, &log, &observed);
        let Some(position) = position_on(day, &history) else { return Ok(()) };
        let told_by_log = |property: &str, id: &RemoteId| {
            log.iter().any(|entry| {
                entry.property.eq_ignore_ascii_case(property)
                    && entry.value.as_deref() == Some(id.as_str())
                    && entry.changed_at.is_some_and(|at| day_of(at).min(TODAY) <= day)
            })
        };
        let told_by_sync = |field, id: &RemoteId| {
            observed.iter().any(|seen| {
                let id = Some(id.as_str());
                seen.field == field
                    && (seen.after.as_deref() == id && seen.on.min(TODAY) <= day
                        || seen.before.as_deref() == id && day < seen.on)
            })
        };
        let current = |known: &Option<RemoteId>, id: &RemoteId| known.as_ref() == Some(id);
        if let Some(known) = &position.department_id {
            let is_told = match known.source {
                UserLog => told_by_log("departmentid", &known.value),
                Seen => told_by_sync(PositionField::DepartmentId, &known.value),
                Current => current(&person.department_id, &known.value),
                Contract => false,
            };
            prop_assert!(is_told, "{:?}", known);
        }
        if let Some(known) = &position.establishment_id {
            let is_told = match known.source {
                UserLog => told_by_log("legalentityid", &known.value),
                Seen => told_by_sync(PositionField::EstablishmentId, &known.value),
                Current => current(&person.establishment_id, &known.value),
                Contract => employments.iter().any(|e| {
                    e.establishment_id.as_ref() == Some(&known.value) && e.starts_on <= day
                        && (e.ends_on.is_none_or(|end| day <= end) || TODAY < day)
                }),
            };
            prop_assert!(is_told, "{:?}", known);
        }
    }

    #[test]
    fn history_ignores_order_of_sources(
        person in people(),
        (employments, reordered) in employment_lists()
            .prop_flat_map(|list| (Just(list.clone()), Just(list).prop_shuffle())),
    ) {
        let of = |employments: &[Employment]| position_history(TODAY, &person, employments, &[], &[]);
        prop_assert_eq!(of(&employments), of(&reordered));
    }
}
