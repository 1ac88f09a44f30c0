//! Declined features are not read, and erased people are erased.

use lucca_emulator::Status;
use serde_json::{Value, json};

use crate::{emulator, link, run};

#[tokio::test(flavor = "multi_thread")]
async fn features_are_declined_and_accepted() {
    let emulator = emulator(30).await;
    let dir = tempfile::tempdir().unwrap();
    link(dir.path(), &emulator, &["--fields", "identity,work,contract"]).ok_json();
    let declined = ["accounts", "configure", "--decline", "leaves,jobs", "--json"];
    let settings = run(dir.path(), &declined).ok_json();
    assert_eq!(settings["declined_features"], json!(["leaves", "jobs"]));
    emulator.tenant().clear_requests();
    run(dir.path(), &["sync", "--json"]).ok_json();
    let requests = emulator.requests();
    assert!(requests.iter().all(|request| !request.path.to_lowercase().contains("leave")));
    assert!(requests.iter().all(|request| !request.query.contains("jobTitle")));
    assert_eq!(run(dir.path(), &["absences", "list", "--json"]).ok_json(), json!([]));

    // Relinking keeps declined features; a reset restores our defaults, not the customer's choice.
    link(dir.path(), &emulator, &["--fields", "identity,work,contract"]).ok_json();
    let settings = run(dir.path(), &["accounts", "configure", "--reset", "--json"]).ok_json();
    assert_eq!(settings["declined_features"], json!(["leaves", "jobs"]));
    assert!(run(dir.path(), &["accounts", "configure"]).out.contains("leaves, jobs"));

    let accepted = ["accounts", "configure", "--accept", "jobs,custom_fields", "--json"];
    assert_eq!(run(dir.path(), &accepted).ok_json()["declined_features"], json!(["leaves"]));
    run(dir.path(), &["sync", "--json"]).ok_json();
    let people = run(dir.path(), &["employees", "list", "--json"]).ok_json();
    let has = |member: &str| people.as_array().unwrap().iter().any(|person| !person[member].is_null());
    assert!(has("job_title") && has("custom_fields"));

    for arguments in [["--decline", "employees"], ["--accept", "salaries"]] {
        let refused = run(dir.path(), &[&["accounts", "configure"], &arguments[..]].concat());
        assert_eq!(refused.code, 2);
        assert!(refused.err.contains("leaves, absence_requests, jobs"), "{}", refused.err);
    }
    let both = run(dir.path(), &["accounts", "configure", "--accept", "jobs", "--decline", "jobs"]);
    assert_eq!(both.code, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn person_is_erased_with_receipt_then_allowed() {
    let emulator = emulator(30).await;
    let dir = tempfile::tempdir().unwrap();
    link(dir.path(), &emulator, &[]).ok_json();
    run(dir.path(), &["sync", "--json"]).ok_json();
    let person = emulator.tenant().people(Some(Status::Active), 1)[0].id.to_string();
    let show = || run(dir.path(), &["employees", "show", &person, "--json"]);
    let before = show().ok_json();
    let mail = before["work_email"].as_str().unwrap().to_owned();
    let holds_mail = || {
        // The write-ahead log too: the last writes may be only there.
        let files = std::fs::read_dir(dir.path()).unwrap();
        let bytes: Vec<u8> = files.flat_map(|file| std::fs::read(file.unwrap().path()).unwrap()).collect();
        bytes.windows(mail.len()).any(|window| window == mail.as_bytes())
    };
    assert!(holds_mail());

    // Without a terminal, `--yes` is required.
    let refused = run(dir.path(), &["employees", "erase", &person, "--json"]);
    assert_eq!((refused.code, &refused.json()["error"]["code"]), (2, &json!("cli.not_confirmed")));
    assert_eq!(show().ok_json(), before);

    let receipt = run(dir.path(), &["employees", "erase", &person, "--yes", "--json"]).ok_json();
    assert!(receipt["id"].as_str().unwrap().starts_with("era_"));
    assert_eq!((&receipt["remote_id"], &receipt["files_overwritten"]), (&json!(person), &json!(true)));
    assert!(receipt["counts"]["records"].as_u64().unwrap() >= 2, "{receipt}");
    assert!(!holds_mail());
    run(dir.path(), &["sync", "--full", "--json"]).ok_json();
    assert_eq!(show().code, 2);
    assert!(!holds_mail());

    let receipts = run(dir.path(), &["employees", "erasures", "--json"]).ok_json();
    assert_eq!((&receipts[0]["id"], &receipts[0]["allowed_at"]), (&receipt["id"], &Value::Null));
    assert!(run(dir.path(), &["employees", "erasures"]).out.contains(&person));
    let last = ["changes", "--kind", "employees", "--id", &person, "--operation", "erased", "--json"];
    assert!(run(dir.path(), &last).out.lines().last().unwrap().contains("erased"));

    run(dir.path(), &["employees", "allow", &person, "--json"]).ok_json();
    assert_eq!(run(dir.path(), &["employees", "allow", &person]).code, 2);
    run(dir.path(), &["sync", "--json"]).ok_json();
    assert_eq!(show().ok_json()["name"], before["name"]);
    let unknown = run(dir.path(), &["employees", "erase", "999999", "--yes", "--json"]);
    assert_eq!(unknown.json()["error"]["code"], "cli.unknown_employee");
}
