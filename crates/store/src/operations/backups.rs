//! Backups of a SQLite database in use. PostgreSQL has its own programs for that.

use std::path::Path;

use async_recursion::async_recursion as boxed;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{Connection, Executor};

use crate::db::Db;
use crate::error::while_doing;
use crate::operations::restores::BACKUP_MARK;
use crate::{Error, Store};

/// Why a backup failed.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The database is PostgreSQL.
    #[error("the connector does not back up PostgreSQL databases; use pg_dump")]
    Postgres,
    /// The written file is not a valid database.
    #[error("the written backup is damaged: check the disk and back up again")]
    Damaged,
    /// The database failed.
    #[error(transparent)]
    Store(#[from] Error),
}

impl BackupError {
    /// The stable code that the CLI and the docs share.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Postgres => "backup.postgres",
            Self::Damaged => "backup.damaged",
            Self::Store(error) => error.code(),
        }
    }
}

impl Store {
    /// Writes a snapshot of the database to `file`, which is empty or missing. Other processes read and write
    /// meanwhile. The copy is marked as a backup, which [`Store::settle_restore`] detects.
    #[boxed]
    pub async fn back_up(&self, file: &Path) -> Result<(), BackupError> {
        const DOING: &str = "writing a backup";
        let Db::Sqlite(pool) = &self.db else { return Err(BackupError::Postgres) };
        sqlx::query("VACUUM INTO $1")
            .bind(file.to_string_lossy())
            .execute(pool)
            .await
            .map_err(while_doing(DOING))?;
        let finish = async {
            // Without a write-ahead log, so that it is one file.
            let mut copy =
                SqliteConnection::connect_with(&SqliteConnectOptions::new().filename(file)).await?;
            copy.execute(sqlx::query("UPDATE database_origin SET mark = $1").bind(BACKUP_MARK)).await?;
            let sound: String = sqlx::query_scalar("PRAGMA integrity_check").fetch_one(&mut copy).await?;
            copy.close().await?;
            Ok(sound == "ok")
        };
        match finish.await.map_err(while_doing(DOING))? {
            true => Ok(()),
            false => Err(BackupError::Damaged),
        }
    }
}
