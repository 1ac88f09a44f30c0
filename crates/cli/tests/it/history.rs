//! Positions over time, absences, and duplicate records.

use std::collections::{BTreeMap, BTreeSet};

use jiff::ToSpan;
use jiff::civil::{Date, date};
use lucca_emulator::{Hire, PersonPatch, Status};
use serde_json::{Value, json};

use crate::{emulator, link, run};

#[tokio::test(flavor = "multi_thread")]
async fn move_found_by_sync_keeps_the_day_before() {
    let emulator = emulator(80).await;
    let tenant = emulator.tenant();
    let dir = tempfile::tempdir().unwrap();
    link(dir.path(), &emulator, &[]).ok_json();
    run(dir.path(), &["sync", "--json"]).ok_json();
    let all = tenant.snapshot(emulator.api_key()).unwrap();
    let person =
        all.users.iter().rfind(|user| user.status == Status::Active && user.job_title.is_some()).unwrap();
    let (id, before) = (person.id.to_string(), person.department_id);
    let after = all.departments.iter().map(|department| department.id).find(|id| *id != before).unwrap();
    let patch = PersonPatch {
        department_id: Some(after),
        job_title: Some(Some("Archiviste".into())),
        ..PersonPatch::default()
    };
    tenant.change(person.id, patch).unwrap();
    run(dir.path(), &["sync", "--full", "--json"]).ok_json();

    let shown = run(dir.path(), &["employees", "show", &id, "--json"]).ok_json();
    let positions = shown["positions"].as_array().unwrap();
    let now = positions.last().unwrap();
    assert_eq!(now["job_title"], json!({ "value": "Archiviste", "source": "observation" }));
    assert_eq!(now["department_id"]["value"], after.to_string());
    // Lucca's log has the day by the tenant's clock, the sync's observation the day by this machine's.
    let moved_on: Date = now["starts_on"].as_str().unwrap().parse().unwrap();
    let list = |day: Date| {
        let day = day.to_string();
        let seats = run(dir.path(), &["employees", "list", "--as-of", &day, "--json"]).ok_json();
        seats.as_array().unwrap().iter().find(|seat| seat["id"] == id).unwrap().clone()
    };
    assert_eq!(list(moved_on)["job_title"], "Archiviste");
    let was = list(moved_on.yesterday().unwrap());
    assert_eq!(was["job_title"], person.job_title.clone().unwrap());

    let day = crate::today().saturating_sub(1.year()).to_string();
    let chart = run(dir.path(), &["org-chart", "--as-of", &day, "--json"]).ok_json();
    let seats = run(dir.path(), &["employees", "list", "--as-of", &day, "--json"]).ok_json();
    assert_eq!(chart.as_array().unwrap().len(), seats.as_array().unwrap().len());
    let text = run(dir.path(), &["employees", "show", &id]).out;
    assert!(text.contains("Archiviste°") && text.contains("Positions, the latest first"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn absences_are_filtered() {
    let emulator = emulator(120).await;
    let dir = tempfile::tempdir().unwrap();
    link(dir.path(), &emulator, &[]).ok_json();
    run(dir.path(), &["sync", "--json"]).ok_json();
    let all = emulator.tenant().snapshot(emulator.api_key()).unwrap();
    let list = |more: &[&str]| -> Vec<Value> {
        let listed = run(dir.path(), &[&["absences", "list", "--json"], more].concat()).ok_json();
        listed.as_array().unwrap().clone()
    };
    // The default first day of absences.
    let since = date(crate::today().year() - 1, 1, 1);
    let mut by_day: BTreeMap<Date, usize> = BTreeMap::new();
    for leave in all.leaves.iter().filter(|leave| leave.date > since) {
        *by_day.entry(leave.date).or_default() += 1;
    }
    let day = by_day.into_iter().max_by_key(|(_, leaves)| *leaves).unwrap().0;
    let day_text = day.to_string();
    let that_day = ["--from", &day_text, "--to", &day_text];
    let away: BTreeSet<String> = all
        .leave_periods
        .iter()
        .filter(|period| period.starts_on <= day && day <= period.ends_on)
        .map(|period| period.id.to_string())
        .collect();
    let on_day = list(&that_day);
    let ids: BTreeSet<String> =
        on_day.iter().map(|absence| absence["id"].as_str().unwrap().to_owned()).collect();
    assert!(!ids.is_empty() && ids.is_subset(&away), "{ids:?} {away:?}");
    for absence in &on_day {
        assert!(absence["employee_name"].is_string() && absence["leave_types"][0]["name"].is_string());
        assert!(absence["half_days"].as_u64().unwrap() > 0);
    }

    // All others are below the top department.
    let top = all.departments.iter().find(|department| department.parent_id.is_none()).unwrap().id;
    let top = json!(top.to_string());
    let one = on_day.iter().find(|absence| absence["department_id"] != top).unwrap();
    let of_one = list(&["--employee", one["employee_id"].as_str().unwrap()]);
    let theirs = all.leaves.iter().filter(|leave| json!(leave.owner_id.to_string()) == one["employee_id"]);
    let theirs: BTreeSet<i64> =
        theirs.filter(|leave| leave.date >= since).map(|leave| leave.leave_period_id).collect();
    assert_eq!(of_one.len(), theirs.len());
    let since_text = since.to_string();
    let from = ["--from", &since_text];
    let every = list(&from);
    let denied = list(&[&from[..], &["--status", "denied"]].concat());
    assert!(!denied.is_empty() && denied.len() < every.len());
    assert!(denied.iter().all(|absence| absence["approvals"][0]["approver_name"].is_string()));
    // If the first employee away on a day is in the top department, another employee is used.
    let is_of_a_part = on_day.iter().any(|one| {
        let department = one["department_id"].as_str().unwrap();
        let below = list(&[&that_day[..], &["--department", department]].concat());
        assert!(below.contains(one), "{one}");
        below.len() < on_day.len()
    });
    assert!(is_of_a_part);

    let none = run(dir.path(), &["absences", "list", "--from", "1990-01-01", "--to", "1990-01-02"]);
    assert!(none.code == 0 && none.out.contains("No absences in this period"), "{}", none.out);
    for (arguments, code) in [
        (["--from", "2026-02-01", "--to", "2026-01-01"], "cli.dates"),
        (["--department", "nowhere", "--from", "2026-01-01"], "cli.unknown_department"),
    ] {
        let ran = run(dir.path(), &[&["absences", "list", "--json"], &arguments[..]].concat());
        assert_eq!((ran.code, &ran.json()["error"]["code"]), (2, &code.into()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rehires_are_distinguished_from_duplicates() {
    let emulator = emulator(10).await;
    let hire = |starts_on, ends_on, mail: &str, number: &str| {
        emulator.tenant().hire(Hire {
            first_name: "Rose".into(),
            last_name: "Retour".into(),
            mail: Some(mail.into()),
            employee_number: Some(number.into()),
            starts_on: Some(starts_on),
            ends_on,
            ..Hire::default()
        })
    };
    let first = hire(date(2018, 1, 1), Some(date(2020, 6, 30)), "rose@acme.example", "R1");
    let second = hire(date(2024, 3, 1), None, "rose@acme.example", "R1");
    let twin = hire(date(2024, 3, 1), None, "twin@acme.example", "T1");
    let other_twin = hire(date(2024, 4, 1), None, "TWIN@acme.example", "T2");
    let dir = tempfile::tempdir().unwrap();
    link(dir.path(), &emulator, &[]).ok_json();
    run(dir.path(), &["sync", "--json"]).ok_json();
    let found = run(dir.path(), &["employees", "duplicates", "--json"]).ok_json();
    let of = |id: i64| {
        let has = |found: &&Value| found["employees"].as_array().unwrap().contains(&json!(id.to_string()));
        found.as_array().unwrap().iter().find(has).unwrap()
    };
    assert_eq!(of(first)["relation"]["kind"], "rehire");
    assert_eq!(of(first)["current"], second.to_string());
    assert_eq!(of(first)["evidence"], json!(["employee_number", "work_email"]));
    assert_eq!(
        (&of(twin)["relation"]["kind"], &of(twin)["evidence"]),
        (&"duplicate".into(), &json!(["work_email"]))
    );
    assert_eq!(of(twin), of(other_twin));
    let text = run(dir.path(), &["employees", "duplicates"]).out;
    assert!(text.contains("Rehires: ") && text.contains("Duplicates: "), "{text}");
}
