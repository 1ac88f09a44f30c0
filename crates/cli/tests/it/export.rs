//! Streams as files in a folder: complete, or without a manifest. DuckDB and an S3 server read them in
//! `tests/tools`.

use std::fs;
use std::path::Path;

use people::Kind;
use serde_json::Value;

use crate::{emulator, link, run};

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[tokio::test(flavor = "multi_thread")]
async fn export_is_complete_or_has_no_manifest() {
    let emulator = emulator(60).await;
    let dir = tempfile::tempdir().unwrap();
    link(dir.path(), &emulator, &[]).ok_json();
    let folder = dir.path().join("files");
    let to = folder.to_str().unwrap();
    let departments = ["export", "departments", "leave_types", "--format", "csv", "--to", to, "--json"];

    // Before the first sync, an export would look like a tenant without records.
    let never = run(dir.path(), &departments);
    assert_eq!((never.code, &never.json()["error"]["code"]), (2, &Value::from("cli.never_synced")));
    run(dir.path(), &["sync", "--json"]).ok_json();

    let manifest = run(dir.path(), &departments).ok_json();
    assert_eq!(names(&folder), ["departments.csv", "leave_types.csv", "manifest.json"]);
    let text = fs::read_to_string(folder.join("manifest.json")).unwrap();
    assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), manifest);
    #[cfg(unix)]
    for path in [folder.clone(), folder.join("departments.csv"), folder.join("manifest.json")] {
        let mode = std::os::unix::fs::PermissionsExt::mode(&fs::metadata(&path).unwrap().permissions());
        assert_eq!(mode & 0o077, 0, "others can read {}", path.display());
    }

    // The second file can't be replaced: the manifest of the first export no longer holds.
    fs::remove_file(folder.join("leave_types.csv")).unwrap();
    fs::create_dir(folder.join("leave_types.csv")).unwrap();
    let failed = run(dir.path(), &departments);
    assert_eq!((failed.code, &failed.json()["error"]["code"]), (2, &Value::from("export.folder")));
    assert_eq!(names(&folder), ["departments.csv", "leave_types.csv"]);
    fs::remove_dir(folder.join("leave_types.csv")).unwrap();

    // A partial file of a killed export does not matter.
    fs::write(folder.join("departments.csv.part"), "half of i").unwrap();
    assert_eq!(run(dir.path(), &departments).ok_json()["files"], manifest["files"]);
    assert_eq!(names(&folder), ["departments.csv", "leave_types.csv", "manifest.json"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn export_since_a_sequence_number_has_changes() {
    let emulator = emulator(60).await;
    let dir = tempfile::tempdir().unwrap();
    link(dir.path(), &emulator, &[]).ok_json();
    run(dir.path(), &["sync", "--json"]).ok_json();
    let folder = dir.path().join("files");
    let to = folder.to_str().unwrap();
    let all = run(dir.path(), &["export", "--all", "--format", "jsonl", "--to", to, "--json"]).ok_json();
    let seq = all["to_seq"].as_i64().unwrap();

    let since = |seq: i64| {
        let seq = seq.to_string();
        run(dir.path(), &["export", "--all", "--format", "jsonl", "--to", to, "--since", &seq, "--json"])
    };
    let ahead = since(seq + 1);
    assert_eq!((ahead.code, &ahead.json()["error"]["code"]), (2, &Value::from("delivery.ahead_of_store")));
    assert!(folder.join("manifest.json").exists(), "it was refused before anything was touched");

    let nothing = since(seq).ok_json();
    assert_eq!((&nothing["from_seq"], &nothing["to_seq"]), (&seq.into(), &seq.into()));
    for file in nothing["files"].as_array().unwrap() {
        let is_people = file["stream"] == files::PEOPLE;
        assert_eq!((file["is_full"] == true, file["rows"] != 0), (is_people, is_people), "{file}");
    }

    // An erased employee is a row that says only that.
    let employees = fs::read_to_string(folder.join("employees.jsonl")).unwrap();
    let someone: Value = serde_json::from_str(employees.lines().nth(5).unwrap()).unwrap();
    let id = someone["id"].as_str().unwrap();
    assert_eq!(run(dir.path(), &["employees", "erase", id, "--yes"]).code, 0);
    let news = since(seq).ok_json();
    let path = folder.join(format!("{}.since-{seq}.jsonl", Kind::Employee));
    let rows = fs::read_to_string(path).unwrap();
    let row: Value = serde_json::from_str(rows.lines().next().unwrap()).unwrap();
    assert_eq!((row["id"].as_str(), row["_lucca_state"].as_str()), (Some(id), Some("erased")));
    assert_eq!(row.as_object().unwrap().len(), 4, "{row}");
    assert!(news["to_seq"].as_i64().unwrap() > seq);
}

#[tokio::test(flavor = "multi_thread")]
async fn invalid_exports_are_refused_with_advice() {
    let dir = tempfile::tempdir().unwrap();
    let to = dir.path().to_str().unwrap();
    for (arguments, code) in [
        (&["export", "--format", "csv", "--to", to][..], "cli.arguments"),
        (&["export", "users", "--format", "csv", "--to", to], "delivery.unknown_stream"),
        (&["export", "--all", "--format", "csv", "--to", "ftp://x/y"], "export.address"),
        (&["export", "--all", "--format", "csv", "--to", "s3://key:secret@bucket/x"], "export.address"),
        (&["export", "--all", "--format", "jsonl", "--to", to, "--bom"], "cli.arguments"),
        (&["export", "--format", "parquet"], "cli.arguments"),
        #[cfg(not(feature = "object-stores"))]
        (&["export", "--all", "--format", "csv", "--to", "s3://bucket/x"], "export.not_built"),
        (&["export", "employees", "departments", "--format", "csv"], "cli.arguments"),
        (&["export", "--all", "--format", "csv", "--to", to, "--since", "-1"], "cli.arguments"),
    ] {
        let ran = run(dir.path(), &[arguments, &["--json"]].concat());
        let error = &ran.json()["error"];
        assert_eq!((ran.code, &error["code"]), (2, &Value::from(code)), "{arguments:?}");
        assert!(error["advice"].as_str().is_some_and(|advice| !advice.is_empty()));
        assert!(!ran.out.contains("secret"), "{}", ran.out);
    }
}
