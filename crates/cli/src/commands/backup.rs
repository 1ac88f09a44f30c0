//! `backup`: a SQLite database in one file, while it is used; and `restored`, which says that what is there came from a
//! backup. PostgreSQL, and what a restore means for others, is in docs/backup.md.

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

use serde_json::json;
use store::{BackupError, Restored};

use crate::Global;
use crate::data_dir::{DataDir, write_private};
use crate::failure::{Exit, Failure};
use crate::key_file::KeyFile;
use crate::output::{complain, counted, line};
use crate::session;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The file to write, or a folder, where it is named by the time
    #[arg(value_name = "FILE|DIR")]
    to: PathBuf,
    /// Write the master keys beside it, as FILE.master.key: whoever has both can read every secret
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
                format!("{} is there already", path.display()),
                "Name a file that is not there, or a folder.",
            ));
        }
    }
    // Under another name until it is whole, and never readable by others.
    let part = beside(".part");
    match fs::remove_file(&part) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            return Err(Failure::file("removing", &part, &error));
        }
        _ => {}
    }
    write_private(&part, b"")?;
    if let Err(error) = data.store.back_up(&part).await {
        // What is of no use is not left behind.
        let _ = fs::remove_file(&part);
        return Err(error.into());
    }
    let failed = |error: std::io::Error| Failure::file("writing", &part, &error);
    fs::File::open(&part).and_then(|file| file.sync_all()).map_err(failed)?;
    fs::rename(&part, &file).map_err(failed)?;
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
            Some(path) => line(&format!("Its master keys are in {}: keep them apart.", path.display())),
            None => line("It opens only with master.key, which is not in it: keep that elsewhere."),
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// `restored`: what is there is an older state, which the connector can't see by itself.
pub(crate) async fn restored(global: &Global) -> Result<ExitCode, Failure> {
    let (data, noticed) = DataDir::open_restored(global).await?;
    let restored = match noticed {
        Some(restored) => restored,
        None => data.store.was_restored(session::clock().now()).await?,
    };
    if global.json {
        crate::output::json(&json!({ "accounts": restored.accounts, "in_doubt": restored.in_doubt }));
    } else {
        line(&in_words(restored));
    }
    Ok(ExitCode::SUCCESS)
}

fn in_words(restored: Restored) -> String {
    format!(
        "The logs of {} go on from numbers that were never given; {} looked for before anything is sent again.",
        counted(restored.accounts, "linked account"),
        match restored.in_doubt {
            1 => "1 absence request is".to_owned(),
            n => format!("{} are", counted(n, "absence request")),
        }
    )
}

/// Says what was found when the database was opened.
pub(crate) fn tell(restored: Restored, place: &impl std::fmt::Display) {
    complain(&format!("{place} was restored from a backup. {} See docs/backup.md.", in_words(restored)));
}

impl From<BackupError> for Failure {
    fn from(error: BackupError) -> Self {
        match error {
            BackupError::Store(error) => error.into(),
            BackupError::Postgres => Self::usage(
                error.code(),
                error.to_string(),
                "See docs/backup.md: pg_dump --format=custom --file=FILE, with master.key kept elsewhere.",
            ),
            BackupError::Damaged => {
                let mut failure = Self::from_error(Exit::Internal, error.code(), &error);
                failure.advice = Some("Check the disk, then back up once more.".to_owned());
                failure
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_restore_meant_is_said_in_words() {
        let text = in_words(Restored { accounts: 2, in_doubt: 1 });
        assert!(text.contains("2 linked accounts") && text.contains("1 absence request is"), "{text}");
    }
}
