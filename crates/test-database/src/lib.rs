//! Databases for the tests of this workspace, one per test: SQLite in a folder of its own, or PostgreSQL on
//! the server in `TEST_DATABASE_URL` (`cargo xtask test` starts one). This crate is not part of the product.

use std::path::{Path, PathBuf};

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{AssertSqlSafe, Connection, PgConnection, Row};
use store::Store;
use tokio::sync::OnceCell;

/// The engine to test on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// SQLite.
    Sqlite,
    /// PostgreSQL.
    Postgres,
}

impl Engine {
    /// The engines available for tests: PostgreSQL only if a server is set.
    pub fn available() -> Vec<Self> {
        match server() {
            Some(_) => vec![Self::Sqlite, Self::Postgres],
            None => vec![Self::Sqlite],
        }
    }
}

/// A fresh database. Its files are removed when it is dropped; a PostgreSQL database is removed with its
/// server.
#[derive(Debug)]
pub struct TestDatabase {
    /// The database, migrated and empty.
    pub store: Store,
    /// The location at which other processes open it: a path, or a URL.
    pub place: DatabaseLocation,
    dir: tempfile::TempDir,
}

/// Location of a database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DatabaseLocation {
    /// The path of a SQLite file.
    File(PathBuf),
    /// The URL of a PostgreSQL database.
    Url(String),
}

impl DatabaseLocation {
    /// The path or the URL, as text.
    pub fn text(&self) -> String {
        match self {
            Self::File(path) => path.display().to_string(),
            Self::Url(url) => url.clone(),
        }
    }

    /// Opens another connection pool to the database.
    pub async fn open(&self) -> Result<Store, store::Error> {
        match self {
            Self::File(path) => Store::open(path).await,
            Self::Url(url) => Store::connect(url).await,
        }
    }

    /// Creates a database from SQL statements, such as a dump of an earlier version's, without opening it as
    /// a store: a file `connector.db` in `dir`, or a database on the PostgreSQL server.
    ///
    /// # Panics
    ///
    /// If it cannot be created.
    #[expect(clippy::expect_used, reason = "a test that cannot go on panics")]
    pub async fn of_sql(engine: Engine, dir: &Path, sql: &str) -> Self {
        let place = match engine {
            Engine::Sqlite => Self::File(dir.join("connector.db")),
            Engine::Postgres => Self::Url(empty_on_postgres().await),
        };
        place.execute(sql).await.expect("the statements of a dump");
        place
    }

    /// Creates another database with the same content, for SQLite in `dir`. No other connection may use this
    /// one meanwhile.
    ///
    /// # Panics
    ///
    /// If it cannot be created.
    #[expect(clippy::expect_used, reason = "a test that cannot go on panics")]
    pub async fn copy(&self, dir: &Path) -> Self {
        match self {
            Self::File(file) => {
                let copy = dir.join("connector.db");
                std::fs::copy(file, &copy).expect("the file can be copied");
                Self::File(copy)
            }
            Self::Url(url) => Self::Url(create_on_postgres(url.rsplit('/').next()).await),
        }
    }

    /// Executes statements, one after the other.
    ///
    /// # Errors
    ///
    /// The database's error for the first statement that fails.
    pub async fn execute(&self, sql: &str) -> Result<(), sqlx::Error> {
        let sql = AssertSqlSafe(sql.to_owned());
        match self {
            Self::File(file) => {
                let options = SqliteConnectOptions::new().filename(file).create_if_missing(true);
                let mut connection = SqliteConnection::connect_with(&options).await?;
                sqlx::raw_sql(sql).execute(&mut connection).await?;
                connection.close().await
            }
            Self::Url(url) => {
                let mut connection = PgConnection::connect(url).await?;
                sqlx::raw_sql(sql).execute(&mut connection).await?;
                connection.close().await
            }
        }
    }

    /// Returns the texts of a query for one text column.
    ///
    /// # Errors
    ///
    /// The database's error.
    pub async fn texts(&self, sql: &str) -> Result<Vec<String>, sqlx::Error> {
        let sql = AssertSqlSafe(sql.to_owned());
        match self {
            Self::File(file) => {
                let options = SqliteConnectOptions::new().filename(file);
                let mut connection = SqliteConnection::connect_with(&options).await?;
                sqlx::query_scalar(sql).fetch_all(&mut connection).await
            }
            Self::Url(url) => {
                let mut connection = PgConnection::connect(url).await?;
                sqlx::query_scalar(sql).fetch_all(&mut connection).await
            }
        }
    }

    /// Returns the whole content of the database, as text: of SQLite all files of its folder byte by byte,
    /// the write-ahead log included; of PostgreSQL every column of every table. For tests of data that must
    /// not be stored.
    ///
    /// # Panics
    ///
    /// If it cannot be read.
    #[expect(clippy::expect_used, reason = "a test that cannot go on panics")]
    pub async fn raw_content(&self) -> String {
        match self {
            Self::File(file) => {
                let folder = file.parent().expect("the database's folder");
                let read = |file: std::io::Result<std::fs::DirEntry>| {
                    let bytes = std::fs::read(file.expect("a file").path()).expect("a readable file");
                    String::from_utf8_lossy(&bytes).into_owned()
                };
                std::fs::read_dir(folder).expect("the database's folder").map(read).collect()
            }
            Self::Url(url) => rows_as_text(url).await,
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "the environment names the server that tests may use")]
fn server() -> Option<String> {
    std::env::var("TEST_DATABASE_URL").ok().filter(|url| !url.is_empty())
}

impl TestDatabase {
    /// Creates a fresh database on `engine`.
    ///
    /// # Panics
    ///
    /// If it cannot be created: a test cannot continue without.
    #[expect(clippy::expect_used, reason = "a test that cannot go on panics")]
    pub async fn new(engine: Engine) -> Self {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let place = match engine {
            Engine::Sqlite => {
                let file = dir.path().join("connector.db");
                std::fs::write(&file, migrated_file().await).expect("a temporary file");
                DatabaseLocation::File(file)
            }
            Engine::Postgres => {
                DatabaseLocation::Url(create_on_postgres(Some(migrated_on_postgres().await)).await)
            }
        };
        let store = place.open().await.expect("a fresh database");
        Self { store, place, dir }
    }

    /// Opens the PostgreSQL database at `url`, and migrates it.
    ///
    /// # Panics
    ///
    /// If it cannot be opened.
    #[expect(clippy::expect_used, reason = "a test that cannot go on panics")]
    pub async fn on(url: String) -> Self {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let place = DatabaseLocation::Url(url);
        let store = place.open().await.expect("a database that can be migrated");
        Self { store, place, dir }
    }

    /// Closes and deletes the database, a PostgreSQL one too: for tests that use many.
    ///
    /// # Panics
    ///
    /// If the server that it was created on refuses.
    #[expect(clippy::expect_used, reason = "a test that cannot go on panics")]
    pub async fn remove(self) {
        let Self { store, place, dir: _dir } = self;
        store.close().await;
        if let (DatabaseLocation::Url(url), Some(server)) = (place, server()) {
            let (_, name) = url.rsplit_once('/').expect("the address ends in the database's name");
            let mut connection = PgConnection::connect(&server).await.expect("the PostgreSQL server answers");
            sqlx::query(AssertSqlSafe(format!("DROP DATABASE {name} WITH (FORCE)")))
                .execute(&mut connection)
                .await
                .expect("tests may drop what they created");
        }
    }

    /// Same as [`DatabaseLocation::raw_content`].
    pub async fn raw_content(&self) -> String {
        self.place.raw_content().await
    }

    /// The folder of a SQLite database.
    pub fn dir(&self) -> &Path {
        self.dir.path()
    }
}

/// A SQLite file with every table and no row, created once per process: each test copies it instead of
/// migrating its own.
#[expect(clippy::expect_used, reason = "a test that cannot go on panics")]
async fn migrated_file() -> &'static [u8] {
    static FILE: OnceCell<Vec<u8>> = OnceCell::const_new();
    let migrate = async || {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let file = dir.path().join("connector.db");
        Store::open(&file).await.expect("a fresh database").close().await;
        std::fs::read(&file).expect("the file that was made")
    };
    FILE.get_or_init(migrate).await
}

/// The name of a PostgreSQL database with every table and no row, created once per process.
#[expect(clippy::expect_used, reason = "a test that cannot go on panics")]
async fn migrated_on_postgres() -> &'static str {
    static NAME: OnceCell<String> = OnceCell::const_new();
    let migrate = async || {
        let url = empty_on_postgres().await;
        // A database that has connections can't be copied.
        Store::connect(&url).await.expect("a fresh database").close().await;
        let (_, name) = url.rsplit_once('/').expect("the address ends in the database's name");
        name.to_owned()
    };
    NAME.get_or_init(migrate).await
}

/// Creates a PostgreSQL database without any table and returns its URL, for tests of migrations. It is
/// removed with its server.
///
/// # Panics
///
/// If it cannot be created, or no server is set.
pub async fn empty_on_postgres() -> String {
    create_on_postgres(None).await
}

/// Creates a PostgreSQL database and returns its URL. With `template`, it is a copy of the database of that
/// name on the server.
#[expect(clippy::expect_used, reason = "a test that cannot go on panics")]
async fn create_on_postgres(template: Option<&str>) -> String {
    let server = server().expect("TEST_DATABASE_URL names a PostgreSQL server");
    let mut connection = PgConnection::connect(&server).await.expect("the PostgreSQL server answers");
    let name = format!("test_{}", uuid::Uuid::new_v4().simple());
    let template = template.map(|template| format!(" TEMPLATE {template}")).unwrap_or_default();
    sqlx::query(AssertSqlSafe(format!("CREATE DATABASE {name}{template}")))
        .execute(&mut connection)
        .await
        .expect("tests may create databases");
    let (base, _) = server.rsplit_once('/').expect("the server's address ends in a database's name");
    format!("{base}/{name}")
}

#[expect(clippy::expect_used, reason = "a test that cannot go on panics")]
async fn rows_as_text(url: &str) -> String {
    let mut connection = PgConnection::connect(url).await.expect("the database answers");
    // ASCII bytes are shown literally: as hexadecimal digits, a text stored as bytes would not be found.
    let selects = sqlx::query(
        "SELECT format('SELECT concat_ws('' '', %s) FROM %I', string_agg(CASE data_type WHEN 'bytea' \
         THEN format('encode(%I, ''escape'')', column_name) ELSE format('%I::text', column_name) END, ', '), table_name) \
         FROM information_schema.columns JOIN information_schema.tables USING (table_schema, table_name) \
         WHERE table_schema = 'public' AND table_type = 'BASE TABLE' GROUP BY table_name",
    )
    .fetch_all(&mut connection)
    .await
    .expect("the tables are listed");
    let mut all = String::new();
    for select in selects {
        let select = AssertSqlSafe(select.get::<String, _>(0));
        for row in sqlx::query(select).fetch_all(&mut connection).await.expect("a table is read") {
            all.push_str(row.get(0));
            all.push('\n');
        }
    }
    all
}

/// Every row of a SQLite file as text. In the file itself a text can be interrupted: a long row continues on
/// other pages.
///
/// # Panics
///
/// If the file cannot be read: a test cannot continue without.
#[expect(clippy::expect_used, reason = "a test that cannot go on panics")]
pub async fn rows_of_file(path: &Path) -> String {
    let options = SqliteConnectOptions::new().filename(path).read_only(true);
    let mut connection = SqliteConnection::connect_with(&options).await.expect("the database opens");
    let selects: Vec<String> = sqlx::query_scalar(
        "SELECT 'SELECT concat_ws(char(10), ' || group_concat('\"' || c.name || '\"', ', ') || ') FROM \"' || t.name || '\"' \
         FROM sqlite_master AS t, pragma_table_info(t.name) AS c WHERE t.type = 'table' GROUP BY t.name",
    )
    .fetch_all(&mut connection)
    .await
    .expect("the tables are listed");
    let mut all = String::new();
    for select in selects {
        for row in
            sqlx::query(AssertSqlSafe(select)).fetch_all(&mut connection).await.expect("a table is read")
        {
            all.push_str(&String::from_utf8_lossy(row.get_unchecked::<&[u8], _>(0)));
            all.push('\n');
        }
    }
    all
}
