//! Databases filled by the previous version (`cargo xtask fixture` makes them): this version migrates them,
//! and all data is still there.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use tempfile::TempDir;
use test_database::{DatabaseLocation, Engine};

use crate::{Ran, command, ended};

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/previous")
}

/// A data directory with the key of the fixtures, and a database.
struct Installation {
    dir: TempDir,
    place: DatabaseLocation,
}

impl Installation {
    async fn new(engine: Engine) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let place = match engine {
            Engine::Sqlite => DatabaseLocation::File(fixtures().join("connector.db")).copy(dir.path()).await,
            Engine::Postgres => {
                let sql = fs::read_to_string(fixtures().join("connector.sql")).unwrap();
                DatabaseLocation::of_sql(engine, dir.path(), &sql).await
            }
        };
        let key = dir.path().join("master.key");
        fs::copy(fixtures().join("master.key"), &key).unwrap();
        // Git does not store who may read a file.
        #[cfg(unix)]
        fs::set_permissions(&key, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
        Self { dir, place }
    }

    fn run(&self, arguments: &[&str]) -> Ran {
        let mut command = command(self.dir.path(), arguments);
        if let DatabaseLocation::Url(url) = &self.place {
            command.env("DATABASE_URL", url);
        }
        ended(command.spawn().unwrap())
    }

    fn list(&self, arguments: &[&str]) -> Vec<Value> {
        self.run(&[arguments, &["--json"]].concat()).ok_json().as_array().unwrap().clone()
    }

    /// Checks that it contains the facts that the previous version reported.
    fn holds(&self, facts: &str) {
        let facts: Value = serde_json::from_slice(&fs::read(fixtures().join(facts)).unwrap()).unwrap();
        let before = self.run(&["doctor", "--json"]);
        assert!(before.json()["checks"].is_array(), "doctor looks at it without changing it: {}", before.out);
        self.run(&["migrate", "--json"]).ok();
        let ids: Vec<Value> =
            self.list(&["employees", "list"]).iter().map(|person| person["id"].clone()).collect();
        assert_eq!(Value::from(ids), facts["employees"]);
        assert_eq!(Value::from(self.list(&["calendar-feeds", "list"]).len()), facts["feeds"]);
        let targets = self.list(&["scim", "list"]);
        assert_eq!(Value::from(targets.len()), facts["scim_targets"]);
        assert!(targets.iter().all(|target| target["base_url"] == "https://id.example/scim"));
        assert_eq!(Value::from(self.list(&["employees", "erasures"]).len()), facts["erasures"]);
        assert!(!self.list(&["runs", "list"]).is_empty());
        self.run(&["audit", "verify", "--json"]).ok();
        // The key opens the secrets: only the tenant no longer answers.
        let checked = self.run(&["check", "--json"]);
        assert_eq!(checked.json()["error"]["code"], "lucca.unreachable", "{}", checked.out);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn previous_sqlite_file_opens() {
    let installation = Installation::new(Engine::Sqlite).await;
    installation.holds("sqlite.json");
    let texts = async |sql| installation.place.texts(sql).await.unwrap();
    let broken = texts("SELECT \"table\" FROM pragma_foreign_key_check").await;
    assert_eq!((broken, texts("PRAGMA integrity_check").await), (Vec::new(), vec!["ok".to_owned()]));
}

#[tokio::test(flavor = "multi_thread")]
async fn previous_postgresql_database_opens() {
    if Engine::available().contains(&Engine::Postgres) {
        Installation::new(Engine::Postgres).await.holds("postgres.json");
    }
}
