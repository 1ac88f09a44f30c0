//! An operator unlinks accounts, and reads the audit log and the issues.

use lucca_emulator::{Fault, FaultKind, Rights};
use serde_json::{Value, json};

use crate::{emulator, link, run};

#[tokio::test(flavor = "multi_thread")]
async fn unlinked_account_is_refused_until_relinked() {
    let emulator = emulator(20).await;
    let dir = tempfile::tempdir().unwrap();
    let linked = link(dir.path(), &emulator, &[]).ok_json();
    let account = linked["linked_account_id"].as_str().unwrap();
    run(dir.path(), &["sync", "--json"]).ok_json();

    // No terminal to confirm on.
    for more in [&[][..], &["--json"], &["--data", "erase"]] {
        let refused = run(dir.path(), &[&["accounts", "unlink", account], more].concat());
        assert_eq!(refused.code, 2);
        assert!(
            refused.err.contains("--yes") || refused.out.contains("cli.not_confirmed"),
            "{}",
            refused.err
        );
    }
    assert_eq!(run(dir.path(), &["accounts", "unlink", "--yes"]).code, 2, "which one is to be said");
    assert_eq!(run(dir.path(), &["accounts", "--json"]).ok_json()[0]["status"], "linked");

    let unlinked = run(dir.path(), &["accounts", "unlink", account, "--yes", "--json"]).ok_json();
    assert_eq!((&unlinked["was_linked"], &unlinked["erased"]), (&json!(true), &Value::Null));
    let accounts = run(dir.path(), &["accounts", "--json"]).ok_json();
    assert_eq!((&accounts[0]["status"], &accounts[0]["employees"]), (&json!("unlinked"), &json!(20)));
    emulator.tenant().clear_requests();
    for command in [&["sync", "--json"][..], &["sync", "--watch", "--json"], &["check", "--json"]] {
        let refused = run(dir.path(), command);
        let error = refused.json()["error"].clone();
        assert_eq!((refused.code, &error["code"]), (2, &json!("account.unlinked")), "{command:?}");
        assert!(error["advice"].as_str().unwrap().contains("lucca-connector link"), "{error}");
    }
    let none = run(dir.path(), &["sync", "--all", "--json"]);
    assert_eq!((none.code, &none.json()["error"]["code"]), (2, &json!("cli.no_account")));
    assert_eq!(emulator.requests().len(), 0);
    assert_eq!(run(dir.path(), &["employees", "list", "--json"]).ok_json().as_array().unwrap().len(), 20);
    let again = run(dir.path(), &["accounts", "unlink", account]);
    assert!(again.code == 0 && again.out.contains("is unlinked already"), "{}", again.out);

    // Its data can still be erased.
    let erased =
        run(dir.path(), &["accounts", "unlink", account, "--data", "erase", "--yes", "--json"]).ok_json();
    assert_eq!(
        (&erased["was_linked"], &erased["erased"]["records"]["employees"]),
        (&json!(false), &json!(20))
    );
    assert_eq!(erased["erased"]["files_overwritten"], true);
    assert_eq!(run(dir.path(), &["employees", "list", "--json"]).ok_json(), json!([]));
    assert_eq!(run(dir.path(), &["runs", "list", "--json"]).ok_json(), json!([]));

    let relinked = link(dir.path(), &emulator, &[]).ok_json();
    assert_eq!(
        (&relinked["linked_account_id"], &relinked["relinked"]),
        (&linked["linked_account_id"], &json!(true))
    );
    assert_eq!(run(dir.path(), &["sync", "--json"]).ok_json()["outcome"], "succeeded");
    assert_eq!(run(dir.path(), &["accounts", "--json"]).ok_json()[0]["employees"], 20);

    let log = run(dir.path(), &["accounts", "audit", "--account", account, "--json"]).ok_json();
    let actions: Vec<&str> =
        log.as_array().unwrap().iter().map(|entry| entry["action"].as_str().unwrap()).collect();
    assert_eq!(
        actions,
        [
            "account.linked",
            "account.checked",
            "account.unlinked",
            "account.unlinked",
            "account.relinked",
            "account.checked"
        ]
    );
    assert!(log.as_array().unwrap().iter().all(|entry| entry["actor"] == "cli"));
    assert_eq!(
        (&log[2]["detail"]["data"], &log[3]["detail"]["records"]["employees"]),
        (&json!("keep"), &json!(20))
    );
    let text = run(dir.path(), &["accounts", "audit"]).out;
    assert!(text.contains("account.relinked") && !text.contains(emulator.api_key()), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn unlinked_account_is_not_selected() {
    let (first, second) = (emulator(5).await, emulator(6).await);
    let dir = tempfile::tempdir().unwrap();
    let gone = link(dir.path(), &first, &[]).ok_json();
    link(dir.path(), &second, &[]).ok_json();
    let which = run(dir.path(), &["sync", "--json"]);
    assert_eq!(which.json()["error"]["code"], "cli.which_account");
    run(dir.path(), &["accounts", "unlink", &first.url(), "--yes", "--json"]).ok_json();

    // The linked account is selected, and the only one to sync.
    assert_eq!(run(dir.path(), &["sync", "--json"]).ok_json()["outcome"], "succeeded");
    let all = run(dir.path(), &["sync", "--all", "--json"]).ok_json();
    assert_eq!((all.as_array().unwrap().len(), &all[0]["tenant"]), (1, &json!(second.url())));
    let named =
        run(dir.path(), &["sync", "--account", gone["linked_account_id"].as_str().unwrap(), "--json"]);
    assert_eq!(named.json()["error"]["code"], "account.unlinked");
    let text = run(dir.path(), &["accounts", "list"]).out;
    assert!(
        text.contains("unlinked") && text.contains("CUSTOMER") && text.contains("ORGANISATION"),
        "{text}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn issues_stay_open_until_resolved() {
    let emulator = emulator(90).await;
    let dir = tempfile::tempdir().unwrap();
    let linked = link(dir.path(), &emulator, &[]).ok_json();
    run(dir.path(), &["sync", "--json"]).ok_json();
    assert_eq!(run(dir.path(), &["issues", "list", "--json"]).ok_json(), json!([]));
    assert!(run(dir.path(), &["issues"]).out.contains("No open issues."));

    let key = emulator.api_key().to_owned();
    emulator.tenant().set_rights(&key, Rights { see_former: false, ..Rights::all() });
    run(dir.path(), &["sync", "--full", "--json"]);
    let arguments = ["issues", "list", "--account", linked["linked_account_id"].as_str().unwrap(), "--json"];
    let open = run(dir.path(), &arguments).ok_json();
    let lost = |issue: &&Value| issue["code"] == "permission.lost.see_former_employees";
    let issue = open.as_array().unwrap().iter().find(lost).unwrap_or_else(|| panic!("{open}"));
    assert!(issue["remedy"].as_str().unwrap().contains("See former employees"), "{issue}");
    assert!(issue["message"].is_string() && issue["resolved_at"].is_null(), "{issue}");
    let accounts = run(dir.path(), &["accounts", "--json"]).ok_json();
    assert_eq!(accounts[0]["open_issue_count"], open.as_array().unwrap().len());
    assert!(run(dir.path(), &["accounts"]).out.contains("lucca-connector issues list"));
    let french = run(dir.path(), &["issues", "list", "--language", "fr"]).out;
    assert!(french.contains("Voir les employés partis"), "{french}");

    emulator.tenant().set_rights(&key, Rights::all());
    run(dir.path(), &["sync", "--full", "--json"]).ok_json();
    assert_eq!(run(dir.path(), &["issues", "list", "--json"]).ok_json(), json!([]));
    let all = run(dir.path(), &["issues", "list", "--all", "--json"]).ok_json();
    assert!(all.as_array().unwrap().iter().find(lost).unwrap()["resolved_at"].is_string(), "{all}");
    assert!(run(dir.path(), &["issues", "list", "--all"]).out.contains(", resolved "));
}

#[tokio::test(flavor = "multi_thread")]
async fn refused_key_issue_exists_in_both_languages() {
    let emulator = emulator(5).await;
    let dir = tempfile::tempdir().unwrap();
    link(dir.path(), &emulator, &[]).ok_json();
    let refused = FaultKind::Status { code: 401, body: String::new() };
    let fault =
        Fault { path: String::new(), query_contains: None, nth: None, probability: None, kind: refused };
    emulator.tenant().set_faults(vec![fault]);
    assert_eq!(run(dir.path(), &["sync", "--json"]).code, 4);
    for (language, what, remedy) in [
        ("en", "Lucca refuses the API key.", "link again: "),
        ("fr", "Lucca refuse la clé API.", "renouvelez la connexion\u{a0}: "),
    ] {
        let issues = run(dir.path(), &["issues", "list", "--language", language, "--json"]).ok_json();
        let is_it = |issue: &&Value| issue["code"] == "account.key_refused";
        let issue = issues.as_array().unwrap().iter().find(is_it).unwrap_or_else(|| panic!("{issues}"));
        assert_eq!(issue["message"], what);
        let command = format!("{remedy}lucca-connector link {}", emulator.url());
        assert!(issue["remedy"].as_str().unwrap().ends_with(&command), "{issue}");
    }
}
