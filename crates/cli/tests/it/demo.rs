//! `demo`: the store equals the tenant.

use crate::run;

#[test]
fn every_count_equals_the_truth() {
    let dir = tempfile::tempdir().unwrap();
    for employees in ["0", "1", "130", "1001"] {
        let arguments = ["demo", "--employees", employees, "--seed", "3", "--once", "--json"];
        let report = run(dir.path(), &arguments).ok_json();
        assert_eq!(report["match"], true, "{report}");
        assert_eq!(report["stored"], report["truth"]);
        assert_eq!(report["stored"]["employees"].to_string(), employees);
        assert_eq!((&report["quarantined"], &report["throttled"]), (&0.into(), &0.into()));
        assert!(report["requests"]["users"].as_u64().unwrap() <= 2);
        // Again: the same tenant in the same database has not changed.
        assert_eq!(run(dir.path(), &arguments).ok_json()["written"], 0);
    }
}

#[test]
fn small_pages_give_the_same() {
    let dir = tempfile::tempdir().unwrap();
    let arguments = ["demo", "--employees", "101", "--page-size", "10", "--once", "--json"];
    let report = run(dir.path(), &arguments).ok_json();
    assert_eq!(report["match"], true, "{report}");
    assert!(report["requests"]["users"].as_u64().unwrap() >= 11);
}

#[test]
fn text_shows_counts_and_next_commands() {
    let dir = tempfile::tempdir().unwrap();
    let ran = run(dir.path(), &["demo", "--employees", "130"]);
    assert_eq!(ran.code, 0);
    for text in ["employees", "active", "org chart", "odd in the data", "connector.db", "Try next"] {
        assert!(ran.out.contains(text), "{text:?} is not in {}", ran.out);
    }
    assert!(dir.path().join("connector.db").is_file());
}
