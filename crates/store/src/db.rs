//! Opens the database, SQLite or PostgreSQL, and migrates it. Queries are in the modules of their aggregates;
//! SQL that differs between the engines beyond types is in `dialect`.

use std::path::Path;
use std::time::Duration;

use async_recursion::async_recursion as boxed;
use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{Postgres, Sqlite, Transaction};

use crate::error::while_doing;
use crate::operations::audit;
use crate::records::search_columns;
use crate::{Error, schema};

/// The database. Cheap to clone; clones share their connections.
#[derive(Clone, Debug)]
pub struct Store {
    pub(crate) db: Db,
}

/// One of the two engines.
#[derive(Clone, Debug)]
pub(crate) enum Db {
    Sqlite(SqlitePool),
    Postgres(PgPool),
}

/// A transaction that may write, on either engine.
pub(crate) enum Tx {
    Sqlite(Transaction<'static, Sqlite>),
    Postgres(Transaction<'static, Postgres>),
}

/// The same body for both engines: `on!(self.db, pool => sqlx::query(…).execute(pool).await)`.
macro_rules! on {
    ($db:expr, $pool:ident => $body:expr) => {
        match &$db {
            $crate::db::Db::Sqlite($pool) => $body,
            $crate::db::Db::Postgres($pool) => $body,
        }
    };
}

/// The same body for both engines, in a transaction: `$connection` is what a query is executed on.
macro_rules! in_tx {
    ($tx:expr, $connection:ident => $body:expr) => {
        match $tx {
            $crate::db::Tx::Sqlite(transaction) => {
                let $connection = &mut **transaction;
                $body
            }
            $crate::db::Tx::Postgres(transaction) => {
                let $connection = &mut **transaction;
                $body
            }
        }
    };
}

/// A struct read from a row of either engine: each field from the column of its name. Deriving
/// `sqlx::FromRow` would make the compiler build sqlx, SQLite and a TLS library a second time, for the macro.
macro_rules! row {
    (struct $name:ident { $($field:ident: $type:ty,)+ }) => {
        struct $name { $($field: $type,)+ }

        impl<'r, R: sqlx::Row> sqlx::FromRow<'r, R> for $name
        where
            &'static str: sqlx::ColumnIndex<R>,
            $($type: sqlx::Decode<'r, R::Database> + sqlx::Type<R::Database>,)+
        {
            fn from_row(row: &'r R) -> Result<Self, sqlx::Error> {
                Ok(Self { $($field: row.try_get(stringify!($field).trim_start_matches("r#"))?,)+ })
            }
        }
    };
}

pub(crate) use {in_tx, on, row};

impl Store {
    /// Opens the SQLite database at `path`, creates it if it is missing, and migrates it.
    #[boxed]
    pub async fn open(path: &Path) -> Result<Self, Error> {
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .foreign_keys(true)
            .journal_mode(SqliteJournalMode::Wal)
            // With WAL, a crash of the machine may lose the last commits but never corrupts.
            .synchronous(SqliteSynchronous::Normal)
            .busy_timeout(Duration::from_secs(10))
            // A record is about a kilobyte: SQLite splits fewer pages than with its usual 4,096 bytes.
            .page_size(8192)
            // Deleted data is personal data or a sealed key: none of it may stay in the file.
            .pragma("secure_delete", "ON")
            .pragma("cache_size", "-4000")
            // Number of rows that are read ahead: with sqlx's default of 50, a page of a list changes threads
            // many times.
            .row_buffer_size(600);
        let pool = SqlitePoolOptions::new()
            .max_connections(2)
            .connect_with(options)
            .await
            .map_err(while_doing("opening the database"))?;
        schema::SQLITE.run(&pool).await.map_err(Error::Migration)?;
        Self { db: Db::Sqlite(pool) }.ready().await
    }

    /// Opens the PostgreSQL database at `url` (`postgres://user:password@host/database`) and migrates it.
    #[boxed]
    pub async fn connect(url: &str) -> Result<Self, Error> {
        let options: PgConnectOptions = url.parse().map_err(while_doing("parsing the database's URL"))?;
        let pool = postgres_pool(16)
            .connect_with(options.application_name("lucca-connector"))
            .await
            .map_err(while_doing("opening the database"))?;
        schema::POSTGRES.run(&pool).await.map_err(Error::Migration)?;
        Self { db: Db::Postgres(pool) }.ready().await
    }

    /// Returns the same database for a process that only runs a worker: with 7 connections instead of 16 on
    /// PostgreSQL. The queue listens on three, and work uses one for short moments. Each further one costs
    /// PostgreSQL and its processor's caches more than it gains: with 16, four workers on one machine have
    /// less throughput than one.
    #[must_use]
    #[boxed]
    pub async fn for_worker(self) -> Self {
        let Db::Postgres(wide) = self.db else { return self };
        let narrow = postgres_pool(7).connect_lazy_with((*wide.connect_options()).clone());
        wide.close().await;
        Self { db: Db::Postgres(narrow) }
    }

    /// Runs the steps after migrations that SQL alone can't do.
    async fn ready(self) -> Result<Self, Error> {
        audit::chain_old_entries(&self).await?;
        search_columns::fill(&self).await?;
        Ok(self)
    }

    /// Returns the connections if the database is PostgreSQL: for the queue, which has its own tables there.
    pub fn postgres(&self) -> Option<&PgPool> {
        match &self.db {
            Db::Sqlite(_) => None,
            Db::Postgres(pool) => Some(pool),
        }
    }

    /// The version of the tables: the number of applied migrations.
    #[boxed]
    pub async fn schema_version(&self) -> Result<i64, Error> {
        on!(self.db, pool => sqlx::query_scalar("SELECT max(version) FROM _sqlx_migrations").fetch_one(pool).await)
            .map_err(while_doing("reading the version of the tables"))
    }

    /// Writes all data to the main file and closes the connections.
    #[boxed]
    pub async fn close(self) {
        on!(self.db, pool => pool.close().await);
    }

    /// Begins a transaction that may write. On SQLite it waits for other writers here, not when it writes.
    pub(crate) async fn begin(&self) -> Result<Tx, sqlx::Error> {
        Ok(match &self.db {
            Db::Sqlite(pool) => Tx::Sqlite(pool.begin_with("BEGIN IMMEDIATE").await?),
            Db::Postgres(pool) => Tx::Postgres(begin_on_postgres(pool, "BEGIN").await?),
        })
    }
}

fn postgres_pool(connections: u32) -> PgPoolOptions {
    PgPoolOptions::new().max_connections(connections).acquire_timeout(Duration::from_secs(10))
}

/// Begins a transaction in a task of its own, so that it begins or fails even if the caller stops waiting, as
/// when a client hangs up. Without the task, sqlx 0.9.0 would put the connection back into the pool within a
/// transaction that it does not track: later writes on that connection are never committed, and hold their
/// locks.
pub(crate) async fn begin_on_postgres(
    pool: &PgPool,
    statement: &'static str,
) -> Result<Transaction<'static, Postgres>, sqlx::Error> {
    let pool = pool.clone();
    let begun = tokio::spawn(async move { pool.begin_with(statement).await });
    begun.await.map_err(|_| sqlx::Error::WorkerCrashed)?
}

impl Tx {
    pub(crate) async fn commit(self) -> Result<(), sqlx::Error> {
        match self {
            Self::Sqlite(transaction) => transaction.commit().await,
            Self::Postgres(transaction) => transaction.commit().await,
        }
    }
}

/// A time as both databases store it: PostgreSQL rounds to microseconds, so SQLite gets no more.
pub(crate) fn sql_time(at: Timestamp) -> jiff_sqlx::Timestamp {
    Timestamp::from_microsecond(at.as_microsecond()).unwrap_or(at).to_sqlx()
}

/// A count as the databases store it.
pub(crate) fn sql_count(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// A stored count.
pub(crate) fn from_sql_count(count: i64) -> u64 {
    u64::try_from(count).unwrap_or(0)
}
