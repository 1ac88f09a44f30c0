//! An administrator and a data engineer with a tenant: link, check, sync, list, export.

use std::collections::BTreeMap;

use lucca_emulator::Rights;
use serde_json::Value;

use crate::{emulator, link, run, run_with};

#[tokio::test(flavor = "multi_thread")]
async fn key_leads_to_a_file_of_people() {
    let emulator = emulator(90).await;
    let dir = tempfile::tempdir().unwrap();
    let linked = link(dir.path(), &emulator, &[]).ok_json();
    let account = linked["linked_account_id"].as_str().unwrap();
    assert!(account.starts_with("acct_"));
    assert_eq!(linked["relinked"], false);

    let report = run(dir.path(), &["sync", "--json"]).ok_json();
    assert_eq!(report["outcome"], "succeeded", "{report}");
    let truth = emulator.truth();

    let accounts = run(dir.path(), &["accounts", "--json"]).ok_json();
    assert_eq!(accounts[0]["employees"], truth.employees);
    assert_eq!(accounts[0]["status"], "linked");

    let people = run(dir.path(), &["employees", "list", "--json"]).ok_json();
    assert_eq!(people.as_array().unwrap().len() as u64, truth.employees);
    let active = run(dir.path(), &["employees", "list", "--status", "active", "--json"]).ok_json();
    let someone = &active[3];
    assert!(someone["department_name"].is_string() && someone["employments"].is_array());
    let mut shown =
        run(dir.path(), &["employees", "show", someone["id"].as_str().unwrap(), "--json"]).ok_json();
    let shown_fields = shown.as_object_mut().unwrap();
    assert!(shown_fields.remove("positions").is_some() && shown_fields.remove("absences").is_some());
    assert_eq!(&shown, someone);

    let chart = run(dir.path(), &["org-chart", "--json"]).ok_json();
    assert_eq!(chart.as_array().unwrap().len(), active.as_array().unwrap().len());

    let lines = run(dir.path(), &["export", "--format", "jsonl"]).out;
    let exported: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let told = |all: &[Value]| -> BTreeMap<String, (Value, Value)> {
        let one = |one: &Value| (one["status"].clone(), one["manager_name"].clone());
        all.iter().map(|person| (person["id"].to_string(), one(person))).collect()
    };
    assert_eq!(told(&exported), told(people.as_array().unwrap()));

    let file = dir.path().join("contracts.csv");
    let arguments =
        ["export", "employments", "--format", "csv", "--output", file.to_str().unwrap(), "--json"];
    assert_eq!(run(dir.path(), &arguments).ok_json()["records"], truth.employments);
    let mut csv = csv::Reader::from_path(&file).unwrap();
    assert_eq!(csv.headers().unwrap().get(0), Some("id"));
    assert_eq!(csv.records().map(Result::unwrap).count() as u64, truth.employments);

    // With another key: the same linked account, with its data and its rhythms.
    run(dir.path(), &["accounts", "configure", "--people", "5"]);
    let again = link(dir.path(), &emulator, &["--fields", "identity,work,contract,birth"]).ok_json();
    assert_eq!(
        (&again["linked_account_id"], &again["relinked"]),
        (&linked["linked_account_id"], &Value::Bool(true))
    );
    let configured = run(dir.path(), &["accounts", "configure", "--json"]).ok_json();
    assert_eq!((&configured["changed"], &configured["rhythms"]["people"]), (&false.into(), &5.into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn unproven_permission_is_named_with_its_place() {
    let emulator = emulator(300).await;
    let key = emulator.api_key().to_owned();
    emulator.tenant().set_rights(&key, Rights { see_former: false, ..Rights::all() });
    let dir = tempfile::tempdir().unwrap();
    let linked = link(dir.path(), &emulator, &[]).ok_json();
    let findings = linked["check"]["findings"].as_array().unwrap();
    // The check does not try whether absence requests can be made; reading them is enough.
    let doubted =
        findings.iter().filter(|finding| finding["verdict"] != "granted" && finding["likelier"] != "granted");
    let doubted: Vec<&Value> = doubted.collect();
    assert_eq!(doubted.len(), 1, "{doubted:?}");
    assert_eq!(doubted[0]["permission"], "see_former_employees");
    assert_eq!(linked["required_proven"], false);

    let url = emulator.url();
    let arguments = ["check", &url, "--key-stdin", "--allow-loopback"];
    let checked = run_with(dir.path(), &arguments, &key);
    assert_eq!(checked.code, 0);
    assert!(checked.out.contains("? See former employees (required)"), "{}", checked.out);
    assert!(
        checked.out.contains("“See former employees” is ticked in the API key’s role"),
        "{}",
        checked.out
    );
    let french = run_with(dir.path(), &[&arguments[..], &["--language", "fr"]].concat(), &key);
    assert!(
        french.out.contains("? Voir les employés partis (obligatoire) — à confirmer, sans doute manquante."),
        "{}",
        french.out
    );
    let some = [&arguments[..], &["--features", "jobs", "--json"]].concat();
    let json = run_with(dir.path(), &some, &key).ok_json();
    assert_eq!(json["check"]["features"], serde_json::json!(["employees", "jobs"]));
    assert_eq!(json["required_proven"], false);
    let unknown = run_with(dir.path(), &[&arguments[..], &["--features", "salaries"]].concat(), &key);
    assert_eq!(unknown.code, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn key_without_people_is_not_linked() {
    let emulator = emulator(20).await;
    let key = emulator.api_key().to_owned();
    emulator.tenant().set_rights(&key, Rights { view_users: false, ..Rights::all() });
    let dir = tempfile::tempdir().unwrap();
    let url = emulator.url();
    let checked = run_with(dir.path(), &["check", &url, "--key-stdin", "--allow-loopback"], &key);
    assert_eq!(checked.code, 5);
    assert!(
        checked.out.contains("✗ Consult / create / modify users (required) — missing."),
        "{}",
        checked.out
    );
    let arguments = ["link", &url, "--key-stdin", "--allow-loopback", "--json"];
    let refused = run_with(dir.path(), &arguments, &key);
    assert_eq!((refused.code, &refused.json()["error"]["code"]), (5, &"lucca.permission_missing".into()));
    assert_eq!(run(dir.path(), &["accounts", "--json"]).ok_json(), serde_json::json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn unreadable_contracts_do_not_outvote_dates() {
    let emulator = emulator(120).await;
    let dir = tempfile::tempdir().unwrap();
    link(dir.path(), &emulator, &[]).ok_json();
    run(dir.path(), &["sync", "--json"]).ok_json();
    let key = emulator.api_key().to_owned();
    emulator.tenant().set_rights(&key, Rights { view_contracts: false, ..Rights::all() });
    let person = emulator.tenant().people(Some(lucca_emulator::Status::Active), usize::MAX).pop().unwrap();
    emulator.tenant().terminate(person.id, jiff::civil::date(2020, 1, 31)).unwrap();
    assert_eq!(run(dir.path(), &["sync", "--full", "--json"]).ok_json()["outcome"], "incomplete");
    let shown = run(dir.path(), &["employees", "show", &person.id.to_string(), "--json"]).ok_json();
    assert_eq!(shown["status"], "former", "{shown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn key_refused_by_lucca_is_not_linked() {
    let emulator = emulator(20).await;
    let dir = tempfile::tempdir().unwrap();
    let url = emulator.url();
    let arguments = ["link", &url, "--key-stdin", "--allow-loopback", "--json"];
    let refused = run_with(dir.path(), &arguments, "0f8fad5b-d9cb-469f-a165-70867728950e");
    assert_eq!((refused.code, &refused.json()["error"]["code"]), (4, &"lucca.key_refused".into()));
    assert_eq!(run(dir.path(), &["accounts", "--json"]).ok_json(), serde_json::json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn unreachable_tenant_leaves_the_data_unchanged() {
    let emulator = emulator(60).await;
    let dir = tempfile::tempdir().unwrap();
    link(dir.path(), &emulator, &[]).ok_json();
    run(dir.path(), &["sync", "--json"]).ok_json();
    emulator.tenant().set_faults(vec![lucca_emulator::Fault {
        path: String::new(),
        query_contains: None,
        nth: None,
        probability: None,
        kind: lucca_emulator::FaultKind::Status { code: 403, body: String::new() },
    }]);
    let failed = run(dir.path(), &["sync", "--json"]);
    assert_eq!((failed.code, &failed.json()["outcome"]), (5, &"failed".into()));
    let people = run(dir.path(), &["employees", "list", "--json"]).ok_json();
    assert_eq!(people.as_array().unwrap().len(), 60);
}

#[test]
fn empty_data_directory_gives_advice() {
    let dir = tempfile::tempdir().unwrap();
    for command in [
        &["accounts"][..],
        &["accounts", "release"],
        &["sync", "--watch"],
        &["runs", "list"],
        &["changes"],
        &["employees", "list"],
        &["absences", "list"],
        &["org-chart"],
        &["check"],
    ] {
        let ran = run(dir.path(), command);
        assert_eq!(ran.code, 2, "{command:?}");
        assert!(ran.err.contains("next: Link a tenant"), "{}", ran.err);
    }
    assert!(std::fs::read_dir(dir.path()).unwrap().next().is_none(), "looking makes no files");
}

#[tokio::test(flavor = "multi_thread")]
async fn loopback_needs_its_switch_at_every_use() {
    let emulator = emulator(20).await;
    let dir = tempfile::tempdir().unwrap();
    link(dir.path(), &emulator, &[]).ok_json();
    let without = |arguments: &[&str]| {
        let mut command = crate::command(dir.path(), arguments);
        command.env("LUCCA_CONNECTOR_ALLOW_LOOPBACK", "false").spawn().map(crate::ended).unwrap()
    };
    for arguments in [&["sync", "--json"][..], &["check", "--json"]] {
        let refused = without(arguments);
        assert_eq!(refused.code, 2, "{}", refused.out);
        assert!(
            refused.json()["error"]["code"].as_str().unwrap().starts_with("tenant_url."),
            "{}",
            refused.out
        );
    }
    without(&["sync", "--allow-loopback", "--json"]).ok_json();
}
