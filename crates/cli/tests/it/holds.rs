//! Too many people gone at once: an administrator decides.

use std::collections::HashSet;

use lucca_emulator::{Emulator, Status};

use crate::{emulator, link, run};

/// Removes `count` people who have no reports and head no department.
fn remove(emulator: &Emulator, count: usize) {
    let all = emulator.tenant().snapshot(emulator.api_key()).unwrap();
    let above: HashSet<i64> = all
        .users
        .iter()
        .filter_map(|user| user.manager_id)
        .chain(all.departments.iter().filter_map(|department| department.head_id))
        .collect();
    let leaving = all.users.iter().filter(|user| user.status == Status::Active && !above.contains(&user.id));
    let leaving: Vec<i64> = leaving.map(|user| user.id).take(count).collect();
    assert_eq!(leaving.len(), count);
    assert!(leaving.into_iter().all(|id| emulator.tenant().remove(id)));
}

#[tokio::test(flavor = "multi_thread")]
async fn held_records_are_released_or_kept() {
    let emulator = emulator(150).await;
    let dir = tempfile::tempdir().unwrap();
    link(dir.path(), &emulator, &[]).ok_json();
    run(dir.path(), &["sync", "--json"]).ok_json();
    remove(&emulator, 55);
    let synced = run(dir.path(), &["sync", "--full"]);
    assert!(synced.out.contains("lucca-connector accounts release"), "{}", synced.out);

    let accounts = run(dir.path(), &["accounts", "list", "--json"]).ok_json();
    let kinds: Vec<&str> =
        accounts[0]["holds"].as_array().unwrap().iter().map(|hold| hold["kind"].as_str().unwrap()).collect();
    assert!(kinds.contains(&"employees"), "{kinds:?}");
    assert!(run(dir.path(), &["accounts"]).out.contains("55 people missing in Lucca since"));

    let issues = |more: &[&str]| run(dir.path(), &[&["issues", "list"], more].concat()).out;
    let account = accounts[0]["id"].as_str().unwrap();
    let release = format!("lucca-connector accounts release {account} --kind employees");
    let (english, french) = (issues(&[]), issues(&["--language", "fr"]));
    assert!(english.contains("55 people missing in Lucca, too many to believe it unasked."), "{english}");
    assert!(french.contains("55 collaborateurs manquent dans Lucca\u{a0}: trop pour le croire"), "{french}");
    for text in [english, french] {
        assert!(text.contains(&release), "{text}");
    }

    let preview = run(dir.path(), &["accounts", "release", "--kind", "employees", "--json"]).ok_json();
    let hold = &preview["holds"][0];
    assert_eq!(
        (&hold["missing"], &hold["present"], &preview["action"]),
        (&55.into(), &150.into(), &"preview".into())
    );
    assert!(hold["records"].as_array().unwrap().iter().all(|record| record["name"].is_string()));
    let text = run(dir.path(), &["accounts", "release"]).out;
    assert!(text.contains("55 people of 150 missing") && text.contains("--approve"), "{text}");
    assert_eq!(
        run(dir.path(), &["accounts", "--json"]).ok_json()[0]["employees"],
        150,
        "looking changes nothing"
    );

    // Kept: the next sync does not ask again.
    let kept = run(dir.path(), &["accounts", "release", "--reject", "--json"]).ok_json();
    assert_eq!(kept["decided"].as_array().unwrap().len(), kinds.len());
    run(dir.path(), &["sync", "--full", "--json"]);
    let accounts = run(dir.path(), &["accounts", "--json"]).ok_json();
    assert_eq!((&accounts[0]["holds"], &accounts[0]["employees"]), (&serde_json::json!([]), &150.into()));
    let nothing = run(dir.path(), &["accounts", "release", "--approve", "--json"]).ok_json();
    assert_eq!(nothing["decided"], serde_json::json!([]), "what was kept goes only where it is named");

    // Released after all, with entries in the change log.
    let arguments = ["accounts", "release", "--approve", "--kind", "employees", "--json"];
    assert_eq!(run(dir.path(), &arguments).ok_json()["decided"][0]["records"], 55);
    assert_eq!(run(dir.path(), &["accounts", "--json"]).ok_json()[0]["employees"], 95);
    let gone = run(dir.path(), &["changes", "--json", "--kind", "employees", "--operation", "deleted"]).out;
    assert_eq!(gone.lines().count(), 55);
}

#[tokio::test(flavor = "multi_thread")]
async fn account_settings_are_set_and_reset() {
    let emulator = emulator(5).await;
    let dir = tempfile::tempdir().unwrap();
    link(dir.path(), &emulator, &[]).ok_json();
    let configure =
        |more: &[&str]| run(dir.path(), &[&["accounts", "configure", "--json"], more].concat()).ok_json();
    let set = configure(&[
        "--absences",
        "30",
        "--absences-since",
        "2024-01-01",
        "--personal-values-in-changes=true",
    ]);
    assert_eq!((&set["rhythms"]["absences"], &set["rhythms"]["people"]), (&30.into(), &15.into()));
    assert_eq!(configure(&[]), {
        let mut same = set.clone();
        same["changed"] = false.into();
        same
    });
    assert_eq!(set["absences_since"], "2024-01-01");
    let reset = configure(&["--reset", "--overlap", "60"]);
    assert_eq!((&reset["rhythms"]["absences"], &reset["rhythms"]["overlap"]), (&15.into(), &60.into()));
    assert_eq!((&reset["absences_since"], &reset["personal_values_in_changes"]), (&().into(), &false.into()));
    assert_eq!(run(dir.path(), &["accounts", "configure", "--people", "0"]).code, 2);
}
