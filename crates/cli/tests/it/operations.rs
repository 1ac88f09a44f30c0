//! What an operator does over the years: keys are rotated, the audit log is verified.

use serde_json::{Value, json};

use crate::{emulator, link, run};

#[tokio::test(flavor = "multi_thread")]
async fn master_keys_are_rotated_and_the_audit_log_says_so() {
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

    // Prepared twice, it is one key.
    let prepared = run(path, &["keys", "rotate", "--prepare", "--json"]).ok_json();
    assert_eq!(run(path, &["keys", "rotate", "--prepare", "--json"]).ok_json(), prepared);
    assert_eq!(roles(&list()), [("seals".to_owned(), 1), ("next".to_owned(), 0)]);
    let rotated = run(path, &["keys", "rotate", "--json"]).ok_json();
    assert_eq!((&rotated["key"], &rotated["resealed"]), (&prepared["next"], &json!(1)));
    assert_eq!(roles(&list()), [("seals".to_owned(), 1), ("former".to_owned(), 0)]);
    assert!(key_file().ends_with(&first) && key_file().lines().count() == 2);

    // Cut off after the file was written: the secret is under a key that does not seal any more.
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

    // With a strange key nothing is lost, and nothing is said to be done.
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
