//! `backup`: copies a SQLite database to one file while it is used; and `restored`: declares that the
//! database came from a backup. PostgreSQL, and the consequences of a restore, are in docs/backup.md.

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

use serde_json::json;
use store::BackupError;

use crate::Global;
use crate::data_dir::{DataDir, write_private};
use crate::failure::{Exit, Failure};
use crate::key_file::KeyFile;
use crate::output::{counted, line};
use crate::restore_report;
use crate::session;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Output file, or a directory, in which the file name contains the time
    #[arg(value_name = "FILE|DIR")]
    to: PathBuf,
    /// Also write the master keys to FILE.master.key: a reader of both files can read every secret
    #[arg(long)]
    with_key: bool,
}

pub(crate) async fn run(global: &Global, args: &Args) -> Result<ExitCode, Failure> {
    let data = DataDir::open(global).await?;
    let name = format!("lucca-connector-{}.db", session::clock().now().strftime("%Y%m%dT%H%M%SZ"));
    let file = if args.to.is_dir() { args.to.join(name) } else { args.to.clone() };
    let beside = |more: &str| {
        let mut name = file.as_os_str().to_owned();
        name.push(more);
        PathBuf::from(name)
    };
    let key = args.with_key.then(|| beside(".master.key"));
    for path in std::iter::once(&file).chain(&key) {
        if path.exists() {
            return Err(Failure::usage(
                "cli.file",
                format!("{} exists already", path.display()),
                "Name a new file, or a directory.",
            ));
        }
    }
    // Written under another name until it is complete, and never readable by other users.
    let part = Part(beside(".part"));
    part.remove().map_err(|error| Failure::file("removing", &part.0, &error))?;
    write_private(&part.0, b"")?;
    tokio::select! {
        written = data.store.back_up(&part.0) => written?,
        signalled = session::shutdown_signal() => {
            signalled?;
            return Err(Failure {
                exit: Exit::Interrupted,
                code: "backup.interrupted".to_owned(),
                message: "the backup was interrupted; its incomplete file was deleted".to_owned(),
                advice: Some("Run the backup again.".to_owned()),
                causes: Vec::new(),
                details: None,
            });
        }
    }
    let part = &part.0;
    let failed = |error: std::io::Error| Failure::file("writing", part, &error);
    fs::File::open(part).and_then(|file| file.sync_all()).map_err(failed)?;
    fs::rename(part, &file).map_err(failed)?;
    let bytes = fs::metadata(&file).map_err(failed)?.len();
    if let Some(path) = &key {
        let from = KeyFile::path(&data.path);
        let keys = secrecy::zeroize::Zeroizing::new(
            fs::read(&from).map_err(|error| Failure::file("reading", &from, &error))?,
        );
        write_private(path, &keys)?;
    }
    if global.json {
        crate::output::json(&json!({ "file": file, "bytes": bytes, "master_key": key }));
    } else {
        line(&format!("Backed up to {} ({}).", file.display(), counted(bytes, "byte")));
        match &key {
            Some(path) => {
                line(&format!(
                    "The master keys are in {}: store them apart from the backup.",
                    path.display()
                ));
            }
            None => line(
                "The backup does not contain master.key, which opens its secrets: store that file elsewhere.",
            ),
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// An incomplete backup; dropping it deletes the file.
struct Part(PathBuf);

impl Part {
    fn remove(&self) -> std::io::Result<()> {
        match fs::remove_file(&self.0) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        // A complete backup has been renamed, so this deletes nothing.
        let _ = self.remove();
    }
}

/// `restored`: declares that the database is an older state, which the connector can't detect by itself.
pub(crate) async fn restored(global: &Global) -> Result<ExitCode, Failure> {
    let (data, noticed) = DataDir::open_restored(global).await?;
    let restored = match noticed {
        Some(restored) => restored,
        None => data.store.was_restored(session::clock().now()).await?,
    };
    if global.json {
        crate::output::json(&json!({ "accounts": restored.accounts, "in_doubt": restored.in_doubt }));
    } else {
        line(&restore_report::in_words(restored));
    }
    Ok(ExitCode::SUCCESS)
}

impl From<BackupError> for Failure {
    fn from(error: BackupError) -> Self {
        match error {
            BackupError::Store(error) => error.into(),
            BackupError::Postgres => Self::usage(
                error.code(),
                error.to_string(),
                "Run `pg_dump --format=custom --file=FILE`, and store master.key elsewhere: see docs/backup.md.",
            ),
            BackupError::Damaged => {
                let mut failure = Self::from_error(Exit::Internal, error.code(), &error);
                failure.advice = Some("Check the disk, then run the backup again.".to_owned());
                failure
            }
        }
    }
}
