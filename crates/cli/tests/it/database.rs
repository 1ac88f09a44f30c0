//! The database by its address: another file, or PostgreSQL if the tests have a server.

use std::io::Write;
use std::path::Path;

use test_database::{DatabaseLocation, Engine, TestDatabase};

use crate::{Ran, command, emulator, ended, run};

fn run_on(database: &str, dir: &Path, arguments: &[&str], input: &str) -> Ran {
    let mut child = command(dir, arguments).env("DATABASE_URL", database).spawn().unwrap();
    // A command that reads no input may have exited already.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    ended(child)
}

#[tokio::test(flavor = "multi_thread")]
async fn both_engines_work_and_hide_the_password() {
    for engine in Engine::available() {
        let database = TestDatabase::new(engine).await;
        let url = match &database.place {
            // The command creates the database: only the folder is used here.
            DatabaseLocation::File(path) => {
                format!("sqlite:{}", path.with_file_name("elsewhere.db").display())
            }
            // The server trusts every client, with any password.
            DatabaseLocation::Url(url) => {
                let (scheme, rest) = url.split_once("://").unwrap();
                let (user, host) = rest.split_once('@').unwrap_or(("postgres", rest));
                format!("{scheme}://{}:hunter2secret@{host}", user.split(':').next().unwrap())
            }
        };
        let emulator = emulator(60).await;
        let dir = tempfile::tempdir().unwrap();
        let data = dir.path().join("data");
        let run = |arguments: &[&str]| run_on(&url, &data, arguments, emulator.api_key());
        let early = run(&["accounts", "--json"]);
        assert_eq!((early.code, &early.json()["error"]["code"]), (2, &"cli.no_data".into()));

        let tenant = emulator.url();
        let link =
            ["link", &tenant, "--key-stdin", "--allow-loopback", "--requests-per-minute", "0", "--json"];
        let person = emulator.tenant().people(None, 3).pop().unwrap().id.to_string();
        let all: Vec<Ran> = [
            &link[..],
            &["sync", "--json"],
            &["accounts", "--json"],
            &["accounts", "release", "--json"],
            &["accounts", "configure", "--sweep", "600", "--json"],
            &["runs", "list", "--json"],
            &["runs", "show", "--json"],
            &["employees", "list", "--as-of", "2025-06-01", "--json"],
            &["employees", "show", &person, "--json"],
            &["employees", "duplicates", "--json"],
            &["absences", "list", "--from", "2025-01-01", "--json"],
            &["org-chart", "--as-of", "2025-06-01", "--json"],
            &["demo", "--employees", "40", "--json"],
        ]
        .iter()
        .map(|arguments| run(arguments))
        .collect();
        for ran in &all {
            ran.ok_json();
        }
        assert_eq!(all[2].json()[0]["employees"], 60);
        assert_eq!(all[12].json()["match"], true, "{}", all[12].out);
        let lines = run(&["changes", "--json", "--account", &tenant]);
        assert_eq!(lines.code, 0, "{}", lines.err);
        assert!(lines.out.lines().count() > 60);
        for ran in all.iter().chain([&early, &lines]) {
            assert!(!ran.out.contains("hunter2secret") && !ran.err.contains("hunter2secret"));
        }
        // The data directory holds the key and nothing else.
        let files: Vec<_> = std::fs::read_dir(&data).unwrap().map(|file| file.unwrap().file_name()).collect();
        assert_eq!(files, ["master.key"], "{engine:?}");
        // A lost key is not replaced by a new one.
        std::fs::remove_file(data.join("master.key")).unwrap();
        let lost = run(&link);
        assert_eq!((lost.code, &lost.json()["error"]["code"]), (2, &"cli.master_key".into()));
    }
}

#[test]
fn invalid_address_is_not_repeated() {
    let dir = tempfile::tempdir().unwrap();
    for url in ["mysql://me:hunter2secret@localhost/x", "hunter2secret", "sqlite::memory:"] {
        let ran = run(dir.path(), &["accounts", "--json", "--database", url]);
        assert_eq!((ran.code, &ran.json()["error"]["code"]), (2, &"cli.database".into()), "{}", ran.out);
        assert!(!ran.out.contains("hunter2secret") && !ran.err.contains("hunter2secret"));
    }
}
