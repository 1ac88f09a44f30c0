//! `changes`: the output for a reader of the change log, one line per change.

use lucca_emulator::PersonPatch;
use serde_json::Value;

use crate::{command, emulator, ended, link, run};

#[tokio::test(flavor = "multi_thread")]
async fn changes_are_printed_once_and_in_order() {
    let emulator = emulator(40).await;
    let dir = tempfile::tempdir().unwrap();
    link(dir.path(), &emulator, &[]).ok_json();
    let empty = run(dir.path(), &["changes"]);
    assert!(empty.code == 0 && empty.out.is_empty() && empty.err.contains("The change log is empty"));
    run(dir.path(), &["sync", "--json"]).ok_json();

    let lines = run(dir.path(), &["changes", "--json"]).out;
    let all: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(all.iter().map(|change| change["seq"].as_i64().unwrap()).eq(1..=all.len() as i64));
    let last = all.len().to_string();
    let people = run(dir.path(), &["changes", "--json", "--kind", "employees", "--operation", "created"]).out;
    assert_eq!(people.lines().count(), 40);

    // A follower receives later changes, up to its limit.
    let follow = ["changes", "--json", "--follow", "--after", &last, "--limit", "1", "--kind", "employees"];
    // The test does not read the log meanwhile, and a full pipe would block it.
    let waiting = command(dir.path(), &follow).env("LUCCA_CONNECTOR_LOG", "off").spawn().unwrap();
    let person = emulator.tenant().people(Some(lucca_emulator::Status::Active), 9).pop().unwrap();
    let patch = PersonPatch { job_title: Some(Some("Cheffe".into())), ..PersonPatch::default() };
    emulator.tenant().change(person.id, patch).unwrap();
    // A full sync: the tenant's clock differs from this machine's, so nothing seems to have changed lately.
    run(dir.path(), &["sync", "--full", "--json"]).ok_json();
    let received = ended(waiting).ok_json();
    assert_eq!((&received["id"], &received["operation"]), (&person.id.to_string().into(), &"updated".into()));
    assert_eq!(received["fields"]["job_title"]["after"], "Cheffe");

    let id = person.id.to_string();
    let text = run(dir.path(), &["changes", "--id", &id, "--kind", "employees", "--after", &last]);
    assert!(text.out.contains("job_title: ") && text.out.contains(" → Cheffe"), "{}", text.out);
    let end = run(dir.path(), &["changes", "--json"]).out.lines().count();
    assert!(text.err.contains(&format!("Continue with --after {end}")), "{}", text.err);
    let two = run(dir.path(), &["changes", "--limit", "2"]);
    assert!(two.out.lines().count() == 2 && two.err.contains("--after 2;"), "{}", two.err);
}
