//! The migrations, and how the tables of a database stand, looked at without changing anything.

use std::path::Path;

use sqlx::migrate::Migrator;
use sqlx::postgres::PgConnectOptions;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{Connection, PgConnection, SqliteConnection};

use crate::Error;
use crate::error::while_doing;

pub(crate) static SQLITE: Migrator = sqlx::migrate!("migrations/sqlite");
pub(crate) static POSTGRES: Migrator = sqlx::migrate!("migrations/postgres");

/// How the tables of a database stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Schema {
    /// The number of the last migration that was done, 0 in a new database.
    pub version: i64,
    /// Migrations that opening the database would do.
    pub pending: usize,
    /// Migrations that only a newer version of this program knows.
    pub newer: usize,
    /// Whether a migration broke off.
    pub is_broken: bool,
}

const DOING: &str = "looking at its tables";
const DONE: &str = "SELECT version, success FROM _sqlx_migrations ORDER BY version";

impl Schema {
    /// How the tables of the SQLite database at `path` stand.
    pub async fn of_file(path: &Path) -> Result<Self, Error> {
        let options = SqliteConnectOptions::new().filename(path).read_only(true);
        let look = async {
            let mut connection = SqliteConnection::connect_with(&options).await?;
            let is_there = "SELECT count(*) > 0 FROM sqlite_master WHERE name = '_sqlx_migrations'";
            let done: Vec<(i64, bool)> = match sqlx::query_scalar(is_there).fetch_one(&mut connection).await?
            {
                true => sqlx::query_as(DONE).fetch_all(&mut connection).await?,
                false => Vec::new(),
            };
            connection.close().await?;
            Ok(done)
        };
        Ok(Self::of(&SQLITE, &look.await.map_err(while_doing(DOING))?))
    }

    /// How the tables of the PostgreSQL database at `url` stand.
    pub async fn of_server(url: &str) -> Result<Self, Error> {
        let look = async {
            let options: PgConnectOptions = url.parse()?;
            let options = options.application_name("lucca-connector");
            let mut connection = PgConnection::connect_with(&options).await?;
            let is_there = "SELECT to_regclass('_sqlx_migrations') IS NOT NULL";
            let done: Vec<(i64, bool)> = match sqlx::query_scalar(is_there).fetch_one(&mut connection).await?
            {
                true => sqlx::query_as(DONE).fetch_all(&mut connection).await?,
                false => Vec::new(),
            };
            connection.close().await?;
            Ok(done)
        };
        Ok(Self::of(&POSTGRES, &look.await.map_err(while_doing(DOING))?))
    }

    fn of(known: &Migrator, done: &[(i64, bool)]) -> Self {
        let is_done = |version: i64| done.iter().any(|(one, _)| *one == version);
        Self {
            version: done.last().map_or(0, |(version, _)| *version),
            pending: known.iter().filter(|one| !is_done(one.version)).count(),
            newer: done
                .iter()
                .filter(|(version, _)| !known.iter().any(|one| one.version == *version))
                .count(),
            is_broken: done.iter().any(|(_, is_whole)| !is_whole),
        }
    }
}
