//! Opening the database and keeping its tables up to date. Queries live with their aggregate.

use std::path::Path;
use std::time::Duration;

use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};

use crate::Error;
use crate::error::while_doing;

/// The database. Cheap to clone; clones share their connections.
#[derive(Clone, Debug)]
pub struct Store {
    pub(crate) pool: SqlitePool,
}

impl Store {
    /// Opens the SQLite database at `path`, makes it if it isn't there, and migrates it.
    pub async fn open(path: &Path) -> Result<Self, Error> {
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .foreign_keys(true)
            .journal_mode(SqliteJournalMode::Wal)
            // With WAL, a crash of the machine may lose the last commits but never corrupts.
            .synchronous(SqliteSynchronous::Normal)
            .busy_timeout(Duration::from_secs(10))
            // A record is about a kilobyte: fewer pages are split than with SQLite's usual 4,096 bytes.
            .page_size(8192)
            .pragma("cache_size", "-8000")
            .pragma("temp_store", "memory");
        let pool = SqlitePoolOptions::new()
            .max_connections(2)
            .connect_with(options)
            .await
            .map_err(while_doing("opening it"))?;
        sqlx::migrate!("migrations/sqlite").run(&pool).await.map_err(Error::Migration)?;
        Ok(Self { pool })
    }

    /// Writes everything to the main file and closes the connections.
    pub async fn close(self) {
        self.pool.close().await;
    }
}
