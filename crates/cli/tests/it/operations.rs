//! An operator's tasks over the years: rotate keys, verify the audit log, restore a backup, remove old data.

use jiff::civil::Date;
use serde_json::{Value, json};

use crate::{emulator, link, run, today};

#[tokio::test(flavor = "multi_thread")]
async fn log_without_terminal_has_no_colours() {
    let emulator = emulator(5).await;
    let dir = tempfile::tempdir().unwrap();
    let linked = link(dir.path(), &emulator, &[]);
    assert!(linked.err.contains("DEBUG"), "it logs: {}", linked.err);
    assert!(!linked.err.contains('\u{1b}'), "{}", linked.err);
}

#[tokio::test(flavor = "multi_thread")]
async fn key_rotation_is_in_the_audit_log() {
    let emulator = emulator(5).await;
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path();
    link(path, &emulator, &[]).ok_json();
    let key_file = || std::fs::read_to_string(path.join("master.key")).unwrap();
    let list = || run(path, &["keys", "list", "--json"]).ok_json();
    let roles = |list: &Value| -> Vec<(String, u64)> {
        let keys = list.as_array().unwrap().iter();
        keys.map(|key| (key["role"].as_str().unwrap().to_owned(), key["secrets"].as_u64().unwrap())).collect()
    };
    let first = key_file();
    assert_eq!(roles(&list()), [("seals".to_owned(), 1)]);

    // Preparing twice gives one key.
    let prepared = run(path, &["keys", "rotate", "--prepare", "--json"]).ok_json();
    assert_eq!(run(path, &["keys", "rotate", "--prepare", "--json"]).ok_json(), prepared);
    assert_eq!(roles(&list()), [("seals".to_owned(), 1), ("next".to_owned(), 0)]);
    let rotated = run(path, &["keys", "rotate", "--json"]).ok_json();
    assert_eq!((&rotated["key"], &rotated["resealed"]), (&prepared["next"], &json!(1)));
    assert_eq!(roles(&list()), [("seals".to_owned(), 1), ("former".to_owned(), 0)]);
    assert!(key_file().ends_with(&first) && key_file().lines().count() == 2);

    // Interrupted after the file was written: the secret is under a key that no longer seals.
    let rotated_file = key_file();
    let mut lines: Vec<&str> = rotated_file.lines().collect();
    lines.reverse();
    std::fs::write(path.join("master.key"), lines.join("\n")).unwrap();
    let finished = run(path, &["keys", "rotate", "--json"]).ok_json();
    assert_eq!((&finished["is_new"], &finished["resealed"]), (&json!(false), &json!(1)));
    assert_eq!(key_file().lines().count(), 2);
    let dropped = run(path, &["keys", "rotate", "--drop-old", "--json"]).ok_json();
    assert_eq!(dropped["dropped"].as_array().unwrap().len(), 1);
    assert_eq!(key_file().lines().count(), 1);
    assert_eq!(run(path, &["sync", "--json"]).ok_json()["outcome"], "succeeded");

    // With a wrong key nothing is lost, and nothing is reported as done.
    let good = key_file();
    std::fs::write(path.join("master.key"), "11".repeat(32)).unwrap();
    assert_eq!(roles(&list()), [("seals".to_owned(), 0), ("missing".to_owned(), 1)]);
    let refused = run(path, &["keys", "rotate", "--json"]);
    assert!(refused.code == 1 && refused.out.contains("keys.unopened"), "{}", refused.out);
    std::fs::write(path.join("master.key"), &good).unwrap();

    let verified = run(path, &["audit", "verify", "--json"]).ok_json();
    let log = run(path, &["accounts", "audit", "--json"]).ok_json();
    let last = log.as_array().unwrap().last().unwrap();
    assert_eq!(verified["head"], format!("{}:{}", last["seq"], last["hash"].as_str().unwrap()));
    let actions: Vec<&str> =
        log.as_array().unwrap().iter().map(|entry| entry["action"].as_str().unwrap()).collect();
    assert!(actions.contains(&"keys.rotated") && actions.contains(&"keys.dropped"), "{actions:?}");
    let head = verified["head"].as_str().unwrap();
    assert_eq!(run(path, &["audit", "verify", "--expect", head]).code, 0);
    let other = format!("1:{}", "0".repeat(64));
    let rewritten = run(path, &["audit", "verify", "--expect", &other, "--json"]);
    let error = rewritten.json()["error"].clone();
    assert_eq!((rewritten.code, &error["code"], &error["seq"]), (6, &json!("audit.rewritten"), &json!(1)));
    assert_eq!(run(path, &["audit", "verify", "--expect", "nonsense"]).code, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn restored_backup_continues_to_sync() {
    let emulator = emulator(12).await;
    let dir = tempfile::tempdir().unwrap();
    let (path, restored) = (dir.path().join("data"), dir.path().join("restored"));
    link(&path, &emulator, &[]).ok_json();
    run(&path, &["sync", "--json"]).ok_json();
    let head = run(&path, &["audit", "verify", "--json"]).ok_json()["head"].as_str().unwrap().to_owned();
    let known = run(&path, &["changes", "--json"]).out.lines().count();

    let file = dir.path().join("backup.db");
    let name = file.to_str().unwrap();
    let made = run(&path, &["backup", name, "--with-key", "--json"]).ok_json();
    assert_eq!(made["file"], name);
    assert_eq!(run(&path, &["backup", name]).code, 2, "nothing is written over");
    let in_folder = run(&path, &["backup", dir.path().to_str().unwrap(), "--json"]).ok_json();
    assert!(in_folder["file"].as_str().unwrap().contains("lucca-connector-2"), "{in_folder}");
    assert_eq!(in_folder["master_key"], Value::Null);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    }

    // A change that is lost with the original and was delivered to a reader.
    let person = emulator.tenant().people(Some(lucca_emulator::Status::Active), 9).pop().unwrap();
    let patch = lucca_emulator::PersonPatch { job_title: Some(Some("Cheffe".into())), ..Default::default() };
    emulator.tenant().change(person.id, patch).unwrap();
    run(&path, &["sync", "--full", "--json"]).ok_json();
    let lost = run(&path, &["changes", "--json"]).out.lines().count();
    assert!(lost > known);

    std::fs::create_dir(&restored).unwrap();
    std::fs::copy(&file, restored.join("connector.db")).unwrap();
    std::fs::copy(format!("{name}.master.key"), restored.join("master.key")).unwrap();
    let first = run(&restored, &["audit", "verify", "--expect", &head, "--json"]);
    assert!(first.code == 0 && first.err.contains("was restored from a backup"), "{}", first.err);
    let second = run(&restored, &["audit", "verify", "--expect", &head, "--json"]);
    assert!(second.code == 0 && !second.err.contains("was restored"), "{}", second.err);

    // The sync finds the change again, under a sequence number that no reader has seen.
    run(&restored, &["sync", "--full", "--json"]).ok_json();
    let after_known = run(&restored, &["changes", "--json", "--after", &known.to_string()]).out;
    let found: Vec<Value> = after_known.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(found.iter().any(|change| change["id"] == *person.id.to_string()), "{after_known}");
    assert!(found.iter().all(|change| change["seq"].as_u64().unwrap() > 1_000_000_000_000));
    let gone = run(&restored, &["changes", "--json", "--after", &lost.to_string()]);
    assert_eq!((gone.code, &gone.json()["error"]["code"]), (2, &json!("changes.truncated")));

    // The operator declares the restore.
    assert_eq!(run(&restored, &["restored", "--json"]).ok_json()["accounts"], 1);
    assert_eq!(run(&restored, &["sync", "--json"]).ok_json()["outcome"], "succeeded");
}

#[tokio::test(flavor = "multi_thread")]
async fn old_data_is_removed_with_receipts() {
    let emulator = emulator(120).await;
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path();
    link(path, &emulator, &[]).ok_json();
    run(path, &["sync", "--json"]).ok_json();
    let nothing = run(path, &["retention", "run", "--json"]).ok_json();
    assert_eq!(nothing, json!({ "receipt": null, "erased": [] }));
    assert_eq!(run(path, &["retention", "receipts", "--json"]).ok_json(), json!([]));

    std::fs::write(path.join("config.toml"), "[retention]\nchanges_days = 30\n").unwrap();
    let refused = run(path, &["retention", "run", "--dry-run", "--json"]);
    assert_eq!((refused.code, &refused.json()["error"]["code"]), (2, &json!("cli.config")));

    // Age in days of each former employee. A person still active yesterday left less than a day ago.
    let former = run(path, &["employees", "list", "--status", "former", "--json"]).ok_json();
    let age =
        |person: &Value| Some((today() - person["contract_end"].as_str()?.parse::<Date>().ok()?).get_days());
    let mut ages: Vec<i32> =
        former.as_array().unwrap().iter().filter_map(age).filter(|age| *age > 1).collect();
    ages.sort_unstable();
    // The older ones are removed in one round, read as text, and the others in the next, read as JSON.
    let widest = ages.windows(2).max_by_key(|pair| pair[1] - pair[0]).expect("two who left");
    let days = (widest[0] + widest[1]) / 2;
    let older = ages.iter().filter(|age| **age > days).count();
    assert!(0 < older && older < ages.len(), "{older} of {ages:?}");

    let keep = |days| format!("[retention]\nformer_employees_days = {days}\n");
    std::fs::write(path.join("config.toml"), keep(days)).unwrap();
    let plan = run(path, &["retention", "run", "--dry-run", "--json"]).ok_json();
    assert_eq!(plan["would_erase_people"], older);
    let planned = run(path, &["retention", "run", "--dry-run"]).out;
    assert_eq!(planned.lines().count(), 1, "no empty table: {planned}");
    let done = run(path, &["retention", "run"]).out;
    assert_eq!(done.lines().count(), 1, "people were old, so not nothing was: {done}");
    let receipts = run(path, &["retention", "receipts"]).out;
    assert!(receipts.contains("employees erasures"), "where those of people are: {receipts}");

    std::fs::write(path.join("config.toml"), keep(1)).unwrap();
    let done = run(path, &["retention", "run", "--json"]).ok_json();
    assert_eq!(done["erased"].as_array().unwrap().len(), ages.len() - older);
    let receipts = run(path, &["employees", "erasures", "--json"]).ok_json();
    assert_eq!(receipts.as_array().unwrap().len(), ages.len());
    assert!(receipts.as_array().unwrap().iter().all(|receipt| receipt["audit"]["seq"].is_u64()));
    let again = run(path, &["retention", "run", "--dry-run", "--json"]).ok_json();
    assert_eq!(again["would_erase_people"], 0);
    assert_eq!(run(path, &["audit", "verify"]).code, 0);
}
