//! Databases that the version before filled (`cargo xtask fixture` makes them): this one brings their tables up to date, and
//! everything is still there.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use tempfile::TempDir;
use test_database::{Engine, empty_on_postgres};

use crate::{Ran, command, ended};

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/previous")
}

/// A data directory with the key of the fixtures, and a database.
struct Installation {
    dir: TempDir,
    database: Option<String>,
}

impl Installation {
    fn new(database: Option<String>) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let key = dir.path().join("master.key");
        fs::copy(fixtures().join("master.key"), &key).unwrap();
        // git does not keep who may read it.
        #[cfg(unix)]
        fs::set_permissions(&key, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
        Self { dir, database }
    }

    fn run(&self, arguments: &[&str]) -> Ran {
        let mut command = command(self.dir.path(), arguments);
        command.envs(self.database.iter().map(|url| ("DATABASE_URL", url)));
        ended(command.spawn().unwrap())
    }

    fn list(&self, arguments: &[&str]) -> Vec<Value> {
        self.run(&[arguments, &["--json"]].concat()).ok_json().as_array().unwrap().clone()
    }

    /// Checks that it holds what the version before said of it.
    fn holds(&self, facts: &str) {
        let facts: Value = serde_json::from_slice(&fs::read(fixtures().join(facts)).unwrap()).unwrap();
        let before = self.run(&["doctor", "--json"]);
        assert!(before.json()["checks"].is_array(), "doctor looks at it without changing it: {}", before.out);
        self.run(&["migrate", "--json"]).ok();
        let ids: Vec<Value> =
            self.list(&["employees", "list"]).iter().map(|person| person["id"].clone()).collect();
        assert_eq!(Value::from(ids), facts["employees"]);
        assert_eq!(Value::from(self.list(&["calendar-feeds", "list"]).len()), facts["feeds"]);
        assert_eq!(Value::from(self.list(&["employees", "erasures"]).len()), facts["erasures"]);
        assert!(!self.list(&["runs", "list"]).is_empty());
        self.run(&["audit", "verify", "--json"]).ok();
        // The key opens what was sealed: only the tenant is not there any more.
        let checked = self.run(&["check", "--json"]);
        assert_eq!(checked.json()["error"]["code"], "lucca.unreachable", "{}", checked.out);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sqlite_file_of_the_version_before_opens_with_everything() {
    let installation = Installation::new(None);
    let file = installation.dir.path().join("connector.db");
    fs::copy(fixtures().join("connector.db"), &file).unwrap();
    installation.holds("sqlite.json");
    let options = SqliteConnectOptions::new().filename(&file);
    let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
    let broken: Vec<(String,)> = sqlx::query_as("SELECT \"table\" FROM pragma_foreign_key_check")
        .fetch_all(&mut connection)
        .await
        .unwrap();
    let (whole,): (String,) =
        sqlx::query_as("PRAGMA integrity_check").fetch_one(&mut connection).await.unwrap();
    assert_eq!((broken, whole.as_str()), (Vec::new(), "ok"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_postgresql_database_of_the_version_before_opens_with_everything() {
    if !Engine::available().contains(&Engine::Postgres) {
        return;
    }
    let url = empty_on_postgres().await;
    let mut connection = PgConnection::connect(&url).await.unwrap();
    let sql = fs::read_to_string(fixtures().join("connector.sql")).unwrap();
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    Installation::new(Some(url)).holds("postgres.json");
}
