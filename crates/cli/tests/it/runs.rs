//! A run in progress, seen from other processes: followed, stopped, killed, and resumed.

use std::path::Path;
use std::process::{Child, Command};

use lucca_emulator::{Emulator, Switches};
use serde_json::Value;

use crate::{command, emulator, ended, link, run};

/// A slow tenant, linked.
async fn slow_tenant(dir: &Path) -> Emulator {
    let emulator = emulator(40).await;
    link(dir, &emulator, &[]).ok_json();
    let tenant = emulator.tenant();
    tenant.set_switches(Switches { latency_ms: 120, ..tenant.switches() });
    emulator
}

/// Starts a sync and waits until other processes see that it has read an employee.
fn begun(dir: &Path) -> (Child, Value) {
    // The test does not read the log while the sync runs, and a full pipe would block it.
    let child = command(dir, &["sync", "--json"]).env("LUCCA_CONNECTOR_LOG", "off").spawn().unwrap();
    let seen = loop {
        let shown = run(dir, &["runs", "show", "--json"]);
        let has_read = |shown: &Value| {
            shown["status"] == "running" && shown["progress"][0]["done"].as_u64().is_some_and(|done| done > 0)
        };
        // Before it has begun there is no run to show.
        if shown.code == 0 && has_read(&shown.json()) {
            break shown.json();
        }
    };
    (child, seen)
}

#[tokio::test(flavor = "multi_thread")]
async fn running_sync_is_followed_to_its_end() {
    let dir = tempfile::tempdir().unwrap();
    let _emulator = slow_tenant(dir.path()).await;
    let (syncing, seen) = begun(dir.path());
    assert_eq!(seen["status"], "running", "{seen}");
    let busy = run(dir.path(), &["sync", "--json"]);
    assert_eq!((busy.code, &busy.json()["error"]["code"]), (7, &"sync.busy".into()));
    let watched = run(dir.path(), &["sync", "--watch", "--json"]).ok_json();
    assert_eq!(watched["run_id"], seen["id"]);
    assert_eq!(ended(syncing).ok_json(), watched);

    let shown = run(dir.path(), &["runs", "show", "--json"]).ok_json();
    assert_eq!((&shown["status"], &shown["report"]), (&"succeeded".into(), &watched));
    let users = shown["progress"].as_array().unwrap().iter().find(|s| s["stream"] == "users").unwrap();
    assert_eq!((&users["done"], &users["outcome"]), (&40.into(), &"complete".into()));
    let text = run(dir.path(), &["runs", "show"]).out;
    assert!(text.contains("40 people created") && text.contains("succeeded"), "{text}");

    // No run to follow: it syncs.
    let other = run(dir.path(), &["sync", "--watch", "--json"]).ok_json();
    assert_ne!(other["run_id"], watched["run_id"]);
    let due = run(dir.path(), &["sync", "--due"]);
    assert!(due.code == 0 && due.out.contains("No stream is due; next: "), "{}", due.out);
    let listed = run(dir.path(), &["runs", "list", "--limit", "2", "--json"]).ok_json();
    assert_eq!((listed.as_array().unwrap().len(), &listed[1]["id"]), (2, &other["run_id"]));
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn stopped_or_killed_run_is_resumed() {
    let dir = tempfile::tempdir().unwrap();
    let emulator = slow_tenant(dir.path()).await;
    let (mut killed, _) = begun(dir.path());
    killed.kill().unwrap();
    killed.wait().unwrap();
    let shown = run(dir.path(), &["runs", "show", "--json"]).ok_json();
    assert_eq!((&shown["status"], &shown["seconds"]), (&"interrupted".into(), &Value::Null));

    let (stopped, _) = begun(dir.path());
    let pid = stopped.id().to_string();
    assert!(Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
    let stopped = ended(stopped);
    assert_eq!((stopped.code, &stopped.json()["error"]["code"]), (130, &"sync.interrupted".into()));

    run(dir.path(), &["sync", "--json"]).ok_json();
    let states = run(dir.path(), &["runs", "list", "--json"]).ok_json();
    let states: Vec<&str> =
        states.as_array().unwrap().iter().map(|r| r["status"].as_str().unwrap()).collect();
    assert_eq!(states, ["succeeded", "interrupted", "interrupted"]);
    let lines = run(dir.path(), &["changes", "--kind", "employees", "--json"]).out;
    assert_eq!(lines.lines().count() as u64, emulator.truth().employees, "each employee is new exactly once");
}

#[test]
fn unknown_run_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    run(dir.path(), &["demo", "--employees", "1", "--json"]).ok_json();
    let ran = run(dir.path(), &["runs", "show", "run_1", "--json"]);
    assert_eq!((ran.code, &ran.json()["error"]["code"]), (2, &"cli.unknown_run".into()));
}
