//! `doctor` and `config`: report faults with advice, without changing anything or sending requests.

use std::fs;

use lucca_emulator::{Config, Emulator, Fault, FaultKind};
use serde_json::{Value, json};

use crate::{Ran, emulator, link, run, today};

/// Port 0; whether a port is free does not matter here.
const ELSEWHERE: [&str; 2] = ["--listen", "127.0.0.1:0"];

fn doctor(dir: &std::path::Path, more: &[&str]) -> Ran {
    run(dir, &[&["doctor", "--json"], &ELSEWHERE[..], more].concat())
}

/// The states of all checks of a name.
fn states<'a>(report: &'a Value, check: &str) -> Vec<&'a str> {
    let checks = report["checks"].as_array().unwrap();
    checks.iter().filter(|one| one["check"] == check).map(|one| one["state"].as_str().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn checks_pass_after_a_sync_without_requests() {
    // A tenant with a correct clock.
    let config = Config { real_time: true, ..Config::new(20, 5, today()) };
    let emulator = Emulator::start(config).await.unwrap();
    let dir = tempfile::tempdir().unwrap();
    link(dir.path(), &emulator, &[]).ok_json();
    run(dir.path(), &["sync", "--json"]).ok_json();
    // A company of 20 may have no former or future employees: the operator confirms that the key would show
    // them.
    let confirmed = "see_future_employees,see_former_employees";
    run(dir.path(), &["accounts", "configure", "--confirm", confirmed, "--json"]).ok_json();
    run(dir.path(), &["check", "--json"]).ok_json();
    fs::set_permissions(dir.path(), std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
    emulator.tenant().clear_requests();
    let report = doctor(dir.path(), &[]).ok_json();
    for check in [
        "data_directory",
        "master_key",
        "disk",
        "config",
        "port",
        "database_file",
        "database",
        "schema",
        "clock",
        "secrets",
        "audit_log",
        "account",
        "lucca_clock",
        "permissions",
    ] {
        assert_eq!(states(&report, check), ["ok"], "{check}: {report:#}");
    }
    assert_eq!(report["state"], "ok");
    assert!(emulator.requests().is_empty());
    let report = doctor(dir.path(), &["--tenants"]).ok_json();
    assert_eq!((states(&report, "tenant"), emulator.requests().len()), (vec!["ok"], 1));

    let text = run(dir.path(), &[&["doctor"], &ELSEWHERE[..]].concat());
    assert!(text.out.contains("ok    account acct_") && text.out.contains("0 fail"), "{}", text.out);
}

#[tokio::test(flavor = "multi_thread")]
async fn clock_difference_is_reported() {
    let config = Config { real_time: true, ..Config::new(20, 5, today()) };
    let emulator = Emulator::start(config).await.unwrap();
    emulator.tenant().advance_minutes(-5 * 60);
    let dir = tempfile::tempdir().unwrap();
    link(dir.path(), &emulator, &[]).ok_json();
    let synced = run(dir.path(), &["sync"]).out;
    assert!(
        synced.contains("this machine's clock is 5 hours") && synced.contains("ahead of Lucca's"),
        "{synced}"
    );
    let report = doctor(dir.path(), &["--tenants"]).json();
    assert_eq!(
        (states(&report, "lucca_clock"), states(&report, "tenant")),
        (vec!["warn"], vec!["warn"]),
        "{report:#}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn faults_are_reported_with_advice() {
    let emulator = emulator(20).await;
    let dir = tempfile::tempdir().unwrap();
    link(dir.path(), &emulator, &[]).ok_json();
    let report = doctor(dir.path(), &[]).ok_json();
    assert_eq!(states(&report, "account"), ["warn"], "never read: {report:#}");

    let refused = Fault {
        path: "/api/v3/users".to_owned(),
        query_contains: None,
        nth: None,
        probability: None,
        kind: FaultKind::Status { code: 401, body: String::new() },
    };
    emulator.tenant().set_faults(vec![refused]);
    let report = doctor(dir.path(), &["--tenants"]);
    assert_eq!((report.code, states(&report.json(), "tenant")), (1, vec!["fail"]));
    run(dir.path(), &["sync", "--json"]);
    let report = doctor(dir.path(), &[]);
    assert_eq!((report.code, states(&report.json(), "account")), (1, vec!["fail"]), "{}", report.out);

    // Another master key than the one that sealed it.
    let key = dir.path().join("master.key");
    let right = fs::read(&key).unwrap();
    fs::write(&key, format!("{}\n", "ab".repeat(32))).unwrap();
    fs::set_permissions(&key, std::os::unix::fs::PermissionsExt::from_mode(0o644)).unwrap();
    fs::write(dir.path().join("config.toml"), "[vendor]\ncolour = \"red\"\ncolor = \"#fff\"\n").unwrap();
    let report = doctor(dir.path(), &[]);
    let checks = report.json();
    assert_eq!((report.code, states(&checks, "master_key")), (1, vec!["warn"]));
    assert_eq!((states(&checks, "secrets"), states(&checks, "config")), (vec!["fail"], vec!["fail", "warn"]));
    let without_advice = |one: &&Value| one["state"] != "ok" && one["advice"].is_null();
    assert_eq!(checks["checks"].as_array().unwrap().iter().find(without_advice), None);
    assert!(!report.out.contains(emulator.api_key()) && !report.out.contains("abababab"), "{}", report.out);

    fs::remove_file(&key).unwrap();
    let report = doctor(dir.path(), &[]);
    assert_eq!((report.code, states(&report.json(), "master_key")), (1, vec!["fail"]));
    assert!(!key.exists(), "nothing is made");
    fs::write(&key, right).unwrap();
}

#[test]
fn doctor_creates_no_files() {
    let dir = tempfile::tempdir().unwrap();
    let report = doctor(dir.path(), &[]);
    assert_eq!((report.code, states(&report.json(), "database")), (1, vec!["fail"]));
    let nowhere = dir.path().join("nowhere");
    assert_eq!((doctor(&nowhere, &[]).code, nowhere.exists()), (1, false));
    assert!(fs::read_dir(dir.path()).unwrap().next().is_none());
}

#[test]
fn default_configuration_equals_documentation() {
    let dir = tempfile::tempdir().unwrap();
    let printed = run(dir.path(), &["config", "default"]);
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    assert_eq!(printed.out, fs::read_to_string(root.join("docs/config.default.toml")).unwrap());
    let file = dir.path().join("config.toml");
    fs::write(&file, &printed.out).unwrap();
    let checked = run(dir.path(), &["config", "check", "--json"]).ok_json();
    assert_eq!((&checked["errors"], &checked["warnings"]), (&json!([]), &json!([])));
}

#[test]
fn missing_configuration_fails_only_if_named() {
    let dir = tempfile::tempdir().unwrap();
    let checked = run(dir.path(), &["config", "check"]);
    assert_eq!(checked.code, 0);
    assert!(checked.out.contains("none is needed"), "{}", checked.out);
    let json = run(dir.path(), &["config", "check", "--json"]).ok_json();
    assert_eq!((&json["found"], &json["errors"]), (&json!(false), &json!([])));
    let named = dir.path().join("config.toml");
    assert_ne!(run(dir.path(), &["config", "check", named.to_str().unwrap()]).code, 0);
}

#[test]
fn configuration_errors_name_file_line_and_key() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("other.toml");
    fs::write(&file, "[vendor]\ncolor = \"#ffffff\"\n[linking]\nhand_over_days = 31\n").unwrap();
    let name = file.to_str().unwrap();
    let checked = run(dir.path(), &["config", "check", name]);
    assert_eq!(checked.code, 2);
    let lines: Vec<&str> = checked.out.lines().collect();
    assert_eq!(lines[0], format!("error: {name}: line 4: linking.hand_over_days must be between 1 and 30"));
    assert!(
        lines[1].starts_with(&format!("warning: {name}: line 2: vendor.color is not a known key")),
        "{lines:?}"
    );
    let json = run(dir.path(), &["config", "check", name, "--json"]).json();
    assert_eq!(
        (&json["errors"][0]["line"], &json["errors"][0]["key"]),
        (&json!(4), &json!("linking.hand_over_days"))
    );
    assert_eq!(json["warnings"][0]["did_you_mean"], "vendor.colour");
    // The service reports the same, and does not start.
    let serve = run(dir.path(), &["serve", "--config", name, "--json"]);
    assert_eq!((serve.code, &serve.json()["error"]["code"]), (2, &json!("cli.config")));
    assert_eq!(serve.json()["error"]["errors"][0]["line"], 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn inbound_webhooks_are_switched_by_command() {
    let emulator = emulator(20).await;
    let dir = tempfile::tempdir().unwrap();
    link(dir.path(), &emulator, &[]).ok_json();
    run(dir.path(), &["sync", "--json"]).ok_json();
    let inbound = |more: &[&str]| run(dir.path(), &[&["accounts", "inbound", "--json"], more].concat());
    assert_eq!(inbound(&[]).ok_json()["on"], false);
    assert_eq!(inbound(&["--new-key"]).json()["error"]["code"], "cli.inbound_off");
    fs::write(dir.path().join("config.toml"), "public_url = \"https://lucca.example.com/\"\n").unwrap();
    let on = inbound(&["--on"]).ok_json();
    assert!(on["url"].as_str().unwrap().starts_with("https://lucca.example.com/v1/inbound/inw_"), "{on}");
    let key = on["key"].as_str().unwrap();
    assert!(inbound(&["--on"]).ok_json()["key"].is_null());
    let rotated = inbound(&["--new-key"]).ok_json();
    assert!(rotated["key"].as_str().unwrap() != key && rotated["previous_key_until"].is_string());
    let secret = dir.path().join("secret");
    fs::write(&secret, "lucca's own\n").unwrap();
    assert_eq!(inbound(&["--signing-secret-file", secret.to_str().unwrap()]).ok_json()["signed"], true);
    let report = doctor(dir.path(), &[]).ok_json();
    assert_eq!(states(&report, "inbound_webhooks"), ["warn"], "nothing came yet");
    assert_eq!(inbound(&["--off"]).ok_json()["was_on"], true);
    assert_eq!(inbound(&[]).ok_json()["on"], false);
}
