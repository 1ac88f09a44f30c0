//! The migrations, and the schema state of a database, read without changing the database.

use std::borrow::Cow;
use std::path::Path;
use std::sync::LazyLock;

use async_recursion::async_recursion as boxed;
use sqlx::SqlStr;
use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::postgres::PgConnectOptions;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{Connection, PgConnection, SqliteConnection};

use crate::Error;
use crate::error::while_doing;

/// The files of a folder of `migrations`, in their order. `sqlx::migrate!` would list them itself, at the
/// cost described at `row!`.
macro_rules! migrations {
    ($folder:literal: $($name:literal,)+) => {
        LazyLock::new(|| {
            migrator(&[$(($name, include_str!(concat!("../migrations/", $folder, "/", $name, ".sql")))),+])
        })
    };
}

pub(crate) static SQLITE: LazyLock<Migrator> = migrations!("sqlite":
    "0001_first",
    "0002_change_log",
    "0003_linking",
    "0004_exclusion_and_erasure",
    "0005_absence_submissions",
    "0006_api_keys",
    "0007_webhooks",
    "0008_delivery_rules",
    "0009_api",
    "0010_scim",
    "0011_calendar_feeds",
    "0012_idempotency",
    "0013_work",
    "0014_operations",
    "0015_inbound_webhooks",
    "0016_asked_runs",
    "0017_records_ended",
    "0018_pay_and_reviews",
    "0019_request_rates",
    "0020_due_span",
    "0021_audit_replace",
    "0022_audit_views",
    "0023_diagnoses",
    "0024_search_columns",
    "0025_destinations",
    "0026_look_ups",
    "0027_requested_streams",
    "0028_views",
);

pub(crate) static POSTGRES: LazyLock<Migrator> = migrations!("postgres":
    "0001_init",
    "0002_linking",
    "0003_exclusion_and_erasure",
    "0004_absence_submissions",
    "0005_api_keys",
    "0006_webhooks",
    "0007_delivery_rules",
    "0008_api",
    "0009_scim",
    "0010_calendar_feeds",
    "0011_idempotency",
    "0012_work",
    "0013_operations",
    "0014_inbound_webhooks",
    "0015_asked_runs",
    "0016_records_ended",
    "0017_pay_and_reviews",
    "0018_request_rates",
    "0019_due_span",
    "0020_audit_views",
    "0021_diagnoses",
    "0022_search_columns",
    "0023_destinations",
    "0024_look_ups",
    "0025_requested_streams",
    "0026_views",
);

/// Builds the migrator from the migrations' names (`0001_first`) and SQL.
fn migrator(files: &[(&str, &'static str)]) -> Migrator {
    let migrations = files.iter().filter_map(|(name, sql)| {
        let (version, description) = name.split_once('_')?;
        Some(Migration::new(
            version.parse().ok()?,
            Cow::Owned(description.replace('_', " ")),
            MigrationType::Simple,
            SqlStr::from_static(sql),
            sql.starts_with("-- no-transaction"),
        ))
    });
    Migrator::with_migrations(migrations.collect())
}

/// Schema state of a database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Schema {
    /// The number of the last applied migration, 0 in a new database.
    pub version: i64,
    /// Migrations that opening the database would apply.
    pub pending: usize,
    /// Applied migrations that only a newer version of this program has.
    pub newer: usize,
    /// Whether a migration failed midway.
    pub is_broken: bool,
}

const DOING: &str = "reading the state of the tables";
const DONE: &str = "SELECT version, success FROM _sqlx_migrations ORDER BY version";

impl Schema {
    /// Reads the schema state of the SQLite database at `path`.
    #[boxed]
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

    /// Reads the schema state of the PostgreSQL database at `url`.
    #[boxed]
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

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn every_file_of_the_folders_is_listed() {
        for (folder, listed) in [("migrations/sqlite", &*SQLITE), ("migrations/postgres", &*POSTGRES)] {
            let there = Migrator::new(Path::new(folder)).await.unwrap();
            let all = |migrator: &Migrator| -> Vec<_> {
                let of =
                    |one: &Migration| (one.version, one.description.clone(), one.no_tx, one.checksum.clone());
                migrator.iter().map(of).collect()
            };
            assert_eq!(all(listed), all(&there), "{folder}");
        }
    }
}
