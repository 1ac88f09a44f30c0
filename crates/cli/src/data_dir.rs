//! The data directory: the master keys that seal the database's secrets and, unless another is named, the database.
//! How the keys stand in their file is in `key_file`.

use std::fs;
use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use indicatif::{ProgressBar, ProgressStyle};
use secrecy::ExposeSecret;
use store::{MasterKey, Restored, Store, Vault};

use crate::Global;
use crate::commands::backup;
use crate::database::Place;
use crate::failure::Failure;
use crate::key_file::{KeyFile, KeyFileError};
use crate::output::{complain, counted};
use crate::session;

/// An open data directory.
pub(crate) struct DataDir {
    pub(crate) path: PathBuf,
    /// Where the database is: in the folder, unless another was named.
    pub(crate) place: Place,
    pub(crate) store: Store,
    pub(crate) vault: Arc<Vault>,
}

impl DataDir {
    /// Opens the data directory at `path` and makes what is missing: the folder, the database's tables, the
    /// master key. Of a database that was restored, it sees to it that it can be gone on with.
    pub(crate) async fn open_or_create(global: &Global, path: &Path) -> Result<Self, Failure> {
        let data = Self::open_as_it_is(global, path).await?;
        if let Some(restored) = data.settle_restore().await? {
            backup::tell(restored, &data.place);
        }
        data.remove_unwanted(global).await?;
        Ok(data)
    }

    /// Removes, once after an upgrade, what versions before had stored and this one does not keep. It comes before
    /// anything reads the database, so that nothing of it is delivered any more.
    async fn remove_unwanted(&self, global: &Global) -> Result<(), Failure> {
        let bar = removal_bar(global);
        let progress = |done: usize, all: usize| {
            bar.set_length(all as u64);
            bar.set_position(done as u64);
        };
        let removed = sync::remove_unwanted(&self.store, &*session::clock(), progress).await;
        bar.finish_and_clear();
        let Some(report) = removed? else { return Ok(()) };
        let of = |table| report.counts.get(table).copied().unwrap_or(0);
        complain(&format!(
            "Removed from {} what this version no longer stores: pay, reviews and custom fields that no setting asks \
             for. {} and {} of the change log were emptied. Backups made before still hold them: \
             see docs/operations.md, Pay and reviews.",
            counted(report.accounts, "linked account"),
            counted(of("records"), "record"),
            counted(of("changes"), "value"),
        ));
        if !report.files_overwritten {
            complain(
                "The database's files may still hold what was removed, because another process uses them: stop it, and \
                 run `lucca-connector migrate`.",
            );
        }
        Ok(())
    }

    async fn settle_restore(&self) -> Result<Option<Restored>, Failure> {
        Ok(self.store.settle_restore(session::clock().now()).await?)
    }

    async fn open_as_it_is(global: &Global, path: &Path) -> Result<Self, Failure> {
        let place = Place::parse(global.database.as_deref(), path)?;
        if !path.is_dir() {
            fs::create_dir_all(path).map_err(|error| Failure::file("making the folder", path, &error))?;
            keep_private(path, 0o700)?;
        }
        let Place::File(file) = &place else {
            let store = place.open().await?;
            let is_new = store.accounts().await?.is_empty();
            return Ok(Self {
                vault: Arc::new(open_vault(path, is_new)?),
                path: path.to_owned(),
                place,
                store,
            });
        };
        let is_new = !file.exists();
        let vault = open_vault(path, is_new)?;
        if is_new {
            // Made here and not by SQLite, so that nobody else can read it from its first moment on.
            write_private(file, b"")?;
        }
        let store = place.open().await?;
        Ok(Self { path: path.to_owned(), place, store, vault: Arc::new(vault) })
    }

    /// Opens what is there, and makes nothing.
    pub(crate) async fn open(global: &Global) -> Result<Self, Failure> {
        let path = global.data_dir();
        Self::refuse_nothing(global, &path)?;
        Self::open_or_create(global, &path).await
    }

    /// The same, and gives what a restore meant where it can be seen that there was one.
    pub(crate) async fn open_restored(global: &Global) -> Result<(Self, Option<Restored>), Failure> {
        let path = global.data_dir();
        Self::refuse_nothing(global, &path)?;
        let data = Self::open_as_it_is(global, &path).await?;
        let restored = data.settle_restore().await?;
        data.remove_unwanted(global).await?;
        Ok((data, restored))
    }

    fn refuse_nothing(global: &Global, path: &Path) -> Result<(), Failure> {
        let place = Place::parse(global.database.as_deref(), path)?;
        let is_there = match &place {
            Place::File(file) => file.is_file(),
            // Without the key nothing was linked from here.
            Place::Server(_) => path.join("master.key").is_file(),
        };
        if !is_there {
            let message = match &place {
                Place::File(file) => format!("there is no database at {}", file.display()),
                Place::Server(_) => format!("there is no master.key in {}", path.display()),
            };
            return Err(Failure::usage(
                "cli.no_data",
                message,
                "Link a tenant with `lucca-connector link TENANT_URL`, try `lucca-connector demo`, or name another \
                 folder with --data-dir or another database with --database.",
            ));
        }
        Ok(())
    }
}

/// How far a removal is, for a person who waits; nothing for scripts and services.
fn removal_bar(global: &Global) -> ProgressBar {
    if global.json || !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{msg} [{bar:30}] {human_pos}/{human_len} accounts");
    let bar = ProgressBar::no_length().with_message("removing what is no longer stored");
    style.map_or(bar.clone(), |style| bar.with_style(style))
}

/// Opens the vault with the keys in `master.key`; makes the file for a new database. A database that has lost its key
/// needs that one back, and not another.
fn open_vault(dir: &Path, is_new: bool) -> Result<Vault, Failure> {
    match KeyFile::read(dir) {
        Err(KeyFileError::Missing) if is_new => {
            let key = MasterKey::from_random(crate::entropy::bytes()?);
            write_private(&KeyFile::path(dir), format!("{}\n", key.to_hex().expose_secret()).as_bytes())?;
            Ok(Vault::new(key, []))
        }
        read => Ok(read.map_err(|error| error.told(dir))?.vault(dir)),
    }
}

/// Writes a file that only its owner can read, and never over one that is there.
pub(crate) fn write_private(path: &Path, content: &[u8]) -> Result<(), Failure> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let written = options.open(path).and_then(|mut file| {
        file.write_all(content)?;
        file.sync_all()
    });
    written.map_err(|error| Failure::file("writing", path, &error))
}

#[cfg(unix)]
fn keep_private(path: &Path, mode: u32) -> Result<(), Failure> {
    use std::os::unix::fs::PermissionsExt;
    let permissions = fs::Permissions::from_mode(mode);
    fs::set_permissions(path, permissions).map_err(|error| Failure::file("protecting", path, &error))
}

#[cfg(not(unix))]
fn keep_private(_: &Path, _: u32) -> Result<(), Failure> {
    Ok(())
}
