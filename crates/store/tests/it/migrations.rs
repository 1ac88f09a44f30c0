//! A database made by an earlier version opens with every row, and its references stay consistent.

use std::path::Path;

use sqlx::migrate::Migrator;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use store::{AccountStatus, Schema, Store};
use test_database::{DatabaseLocation, Engine, TestDatabase};

/// The tables of the first release, and the columns to compare in each.
const TABLES: [(&str, &str); 10] = [
    (
        "linked_accounts",
        "no, id, tenant, origin, api_key, settings, status, created_at, updated_at, change_seq, told_until",
    ),
    ("records", "account_no, kind, remote_id, hash, body, raw, state, created_at, updated_at"),
    ("quarantine", "account_no, kind, remote_id, field, reason, raw, first_seen"),
    ("runs", "id, account_no, started_at, finished_at, outcome, requests, report"),
    ("run_streams", "run_id, stream, mode, done, total, started_at, updated_at, finished"),
    ("requests_sent", "tenant, sent_at, requests"),
    ("changes", "account_no, seq, kind, remote_id, op, hash, fields, run_id, at"),
    ("stream_states", "account_no, stream, state, updated_at"),
    // Their epochs grow, so that no process of a previous version commits under them.
    ("leases", "account_no, holder, run_id"),
    ("holds", "account_no, kind, reason, ids, opened_at, state, decided_at"),
];
/// Tables whose rows belong to a linked account.
const OWNED: [&str; 7] = ["records", "quarantine", "runs", "changes", "stream_states", "leases", "holds"];
const VIEWS: [&str; 8] = [
    "employees",
    "employments",
    "departments",
    "establishments",
    "legal_units",
    "absences",
    "leaves",
    "absence_requests",
];
const AT: &str = "'2026-01-02T03:04:05Z'";
const IDS: [&str; 2] = ["acct_01890a5d000070008000000000000001", "acct_01890a5d000070008000000000000002"];

/// Rows in every table, for two linked accounts. `{b:…}` stands for bytes.
fn rows() -> Vec<String> {
    let mut all = vec![format!("INSERT INTO requests_sent VALUES ('https://a1.ilucca.net', {AT}, 7)")];
    for (no, id) in (1..).zip(IDS) {
        let status = if no == 1 { "linked" } else { "relink_needed" };
        all.push(format!(
            "INSERT INTO linked_accounts (id, tenant, origin, api_key, settings, status, created_at, updated_at, \
             change_seq, told_until) VALUES ('{id}', 'https://a{no}.ilucca.net', 'https://a{no}.ilucca.net', {{b:0a0b}}, \
             '{{\"field_groups\":[\"work\"]}}', '{status}', {AT}, {AT}, {no}, '2026-01-01')"
        ));
        for kind in VIEWS.into_iter().filter(|view| *view != "leaves") {
            let body = "{\"name\":\"N\",\"leaves\":[{\"id\":\"1\",\"date\":\"2026-01-05\"}]}";
            all.push(format!(
                "INSERT INTO records VALUES ({no}, '{kind}', '7', {{b:01}}, '{body}', NULL, 'present', {AT}, {AT})"
            ));
        }
        let run = format!("run_01890a5d00007000800000000000000{no}");
        all.extend([
            format!("INSERT INTO quarantine VALUES ({no}, 'employees', '8', 'f', 'r', '{{}}', {AT})"),
            format!("INSERT INTO runs VALUES ('{run}', {no}, {AT}, {AT}, 'interrupted', 3, NULL)"),
            format!("INSERT INTO run_streams VALUES ('{run}', 'users', 'full', 1, NULL, {AT}, {AT}, {{true}})"),
            format!("INSERT INTO changes VALUES ({no}, {no}, 'employees', '7', 'created', {{b:01}}, NULL, '{run}', {AT})"),
            format!("INSERT INTO stream_states VALUES ({no}, 'users', '{{}}', {AT})"),
            format!("INSERT INTO leases VALUES ({no}, 4, 'me', '{run}', 0)"),
            format!("INSERT INTO holds VALUES ({no}, 'employees', 'many', '[\"7\"]', {AT}, 'open', NULL)"),
        ]);
    }
    all
}

/// The migrations up to one of them, as the version of that time ran them.
fn until(all: &Migrator, version: i64) -> Migrator {
    Migrator::with_migrations(all.iter().filter(|migration| migration.version <= version).cloned().collect())
}

/// A connection to either engine, without the store.
enum Raw {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

impl Raw {
    async fn run(&mut self, sql: &str) -> Result<(), sqlx::Error> {
        let (bytes, yes) = match self {
            Self::Sqlite(_) => ("X'$1'", "1"),
            Self::Postgres(_) => ("'\\x$1'", "true"),
        };
        let mut sql = sql.replace("{true}", yes);
        for digits in ["0a0b", "01"] {
            sql = sql.replace(&format!("{{b:{digits}}}"), &bytes.replace("$1", digits));
        }
        let sql = AssertSqlSafe(sql);
        match self {
            Self::Sqlite(connection) => sqlx::raw_sql(sql).execute(connection).await.map(drop),
            Self::Postgres(connection) => sqlx::raw_sql(sql).execute(connection).await.map(drop),
        }
    }

    async fn texts(&mut self, sql: String) -> Vec<String> {
        let sql = AssertSqlSafe(sql);
        match self {
            Self::Sqlite(connection) => sqlx::query_scalar(sql).fetch_all(connection).await.unwrap(),
            Self::Postgres(connection) => sqlx::query_scalar(sql).fetch_all(connection).await.unwrap(),
        }
    }

    /// Every row of a table, or those of an account.
    async fn rows(&mut self, table: &str, condition: &str) -> Vec<String> {
        let (_, columns) = TABLES.into_iter().find(|(name, _)| *name == table).unwrap();
        let columns: Vec<String> = columns
            .split(", ")
            .map(|column| match self {
                Self::Sqlite(_) => format!("quote({column})"),
                Self::Postgres(_) => format!("quote_nullable({column}::text)"),
            })
            .collect();
        self.texts(format!("SELECT {} FROM {table} {condition} ORDER BY 1", columns.join(" || ' ' || ")))
            .await
    }

    async fn all_rows(&mut self) -> Vec<Vec<String>> {
        let mut all = Vec::new();
        for (table, _) in TABLES {
            let rows = self.rows(table, "").await;
            assert!(!rows.is_empty(), "{table}");
            all.push(rows);
        }
        all
    }
}

/// Checks a database of an earlier version that this version has opened. An owned table has two rows, one per
/// account.
async fn check(raw: &mut Raw, store: &Store, before: Vec<Vec<String>>) {
    assert_eq!(raw.all_rows().await, before);
    let accounts = store.accounts().await.unwrap();
    let seen: Vec<_> =
        accounts.iter().map(|account| (account.no, account.id.to_string(), account.status)).collect();
    let [first, second] = IDS.map(str::to_owned);
    assert_eq!(seen, [(1, first, AccountStatus::Linked), (2, second, AccountStatus::RelinkNeeded)]);
    assert!(accounts.iter().all(|account| account.customer_id.is_none()));
    assert_eq!(accounts[0].settings.field_groups, ["work"]);
    for view in VIEWS {
        let owners =
            raw.texts(format!("SELECT linked_account_id FROM {view} ORDER BY linked_account_id")).await;
        assert_eq!(owners, IDS, "{view}");
    }

    // Rows belong to their account, and none can refer to an account that does not exist.
    for table in OWNED {
        let orphan = raw.run(&format!("UPDATE {table} SET account_no = 99 WHERE account_no = 1")).await;
        assert!(orphan.is_err(), "{table}");
    }
    raw.run("DELETE FROM linked_accounts WHERE no = 1").await.unwrap();
    for table in OWNED {
        assert!(raw.rows(table, "WHERE account_no = 1").await.is_empty(), "{table}");
        assert!(!raw.rows(table, "WHERE account_no = 2").await.is_empty(), "{table}");
    }
    assert_eq!(raw.rows("run_streams", "").await.len(), 1);
    let again = "INSERT INTO linked_accounts (id, tenant, origin, api_key, settings, status, created_at, updated_at, \
                 customer_id) SELECT 'acct_01890a5d000070008000000000000003', tenant, origin, api_key, settings, \
                 'unlinked', created_at, updated_at, 'c' FROM linked_accounts";
    raw.run(again).await.unwrap();
    assert_eq!(store.accounts_of_tenant("https://a2.ilucca.net").await.unwrap().len(), 2);
    assert_eq!(store.accounts_of_customer("c").await.unwrap()[0].no, 3, "a key is not given twice");
}

/// A SQLite file of the first release. With `is_cut_off`, the migration that rebuilds the accounts' table was
/// applied, but its process ended before that was recorded.
async fn open_the_first_release(is_cut_off: bool) {
    let database = TestDatabase::new(Engine::Sqlite).await;
    let path = database.dir().join("old.db");
    let options = SqliteConnectOptions::new().filename(&path).create_if_missing(true).foreign_keys(true);
    let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
    let all = Migrator::new(Path::new("migrations/sqlite")).await.unwrap();
    until(&all, 2).run(&mut connection).await.unwrap();
    let mut raw = Raw::Sqlite(connection);
    for row in rows() {
        raw.run(&row).await.unwrap();
    }
    let before = raw.all_rows().await;
    if is_cut_off {
        let linking = all.iter().find(|migration| migration.version == 3).unwrap();
        raw.run(linking.sql.as_str()).await.unwrap();
    }
    let store = Store::open(&path).await.unwrap();
    assert!(raw.texts("SELECT \"table\" FROM pragma_foreign_key_check".to_owned()).await.is_empty());
    check(&mut raw, &store, before).await;
    store.close().await;
}

#[tokio::test]
async fn first_sqlite_release_opens_with_every_row() {
    open_the_first_release(false).await;
}

#[tokio::test]
async fn interrupted_sqlite_migration_is_repeated() {
    open_the_first_release(true).await;
}

#[tokio::test]
async fn first_postgres_release_opens_with_every_row() {
    if !Engine::available().contains(&Engine::Postgres) {
        return;
    }
    let database = TestDatabase::new(Engine::Postgres).await;
    let DatabaseLocation::Url(url) = &database.place else { panic!("{:?}", database.place) };
    let mut connection = PgConnection::connect(url).await.unwrap();
    sqlx::raw_sql("DROP SCHEMA public CASCADE; CREATE SCHEMA public").execute(&mut connection).await.unwrap();
    until(&Migrator::new(Path::new("migrations/postgres")).await.unwrap(), 1)
        .run(&mut connection)
        .await
        .unwrap();
    let mut raw = Raw::Postgres(connection);
    for row in rows() {
        raw.run(&row).await.unwrap();
    }
    let before = raw.all_rows().await;
    let store = database.place.open().await.unwrap();
    check(&mut raw, &store, before).await;
    store.close().await;
}

#[tokio::test]
async fn schema_state_is_read_without_changes() {
    for engine in Engine::available() {
        let database = TestDatabase::new(engine).await;
        let look = async || match &database.place {
            DatabaseLocation::File(path) => Schema::of_file(path).await.unwrap(),
            DatabaseLocation::Url(url) => Schema::of_server(url).await.unwrap(),
        };
        let mut raw = match &database.place {
            DatabaseLocation::File(path) => {
                let options = SqliteConnectOptions::new().filename(path);
                Raw::Sqlite(SqliteConnection::connect_with(&options).await.unwrap())
            }
            DatabaseLocation::Url(url) => Raw::Postgres(PgConnection::connect(url).await.unwrap()),
        };
        let current = look().await;
        assert_eq!((current.pending, current.newer, current.is_broken), (0, 0, false));
        let last = current.version;
        raw.run("CREATE TABLE kept AS SELECT * FROM _sqlx_migrations").await.unwrap();
        raw.run(&format!("DELETE FROM _sqlx_migrations WHERE version = {last}")).await.unwrap();
        let older = look().await;
        assert!(older.pending == 1 && older.version < last, "{older:?}");
        raw.run("DELETE FROM _sqlx_migrations").await.unwrap();
        assert!(look().await.pending > 1);
        raw.run("UPDATE kept SET version = 9999, success = NOT success WHERE version = 1").await.unwrap();
        raw.run("INSERT INTO _sqlx_migrations SELECT * FROM kept").await.unwrap();
        let newer = look().await;
        assert_eq!((newer.version, newer.pending, newer.newer, newer.is_broken), (9999, 1, 1, true));
        raw.run("DROP TABLE _sqlx_migrations").await.unwrap();
        assert_eq!(look().await.version, 0);
    }
}
