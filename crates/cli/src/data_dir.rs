//! The data directory: the master keys that seal the database's secrets and, unless another is named, the
//! database. The keys' file format is in `key_file`.

use std::fs;
use std::io::{ErrorKind, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use indicatif::{ProgressBar, ProgressStyle};
use net::NetworkPolicy;
use secrecy::ExposeSecret;
use store::{MasterKey, Reseal, ResealPlace, Restored, Store, Vault};

use crate::Global;
use crate::database::DatabaseAddress;
use crate::failure::Failure;
use crate::key_file::{KeyFile, KeyFileError};
use crate::output::{counted, stderr_line};
use crate::restore_report;
use crate::session;

/// An open data directory.
pub(crate) struct DataDir {
    pub(crate) path: PathBuf,
    /// The address of the database: a file in the folder, unless another was named.
    pub(crate) address: DatabaseAddress,
    pub(crate) store: Store,
    /// The hosts that linked accounts may have.
    pub(crate) hosts: NetworkPolicy,
    pub(crate) vault: Arc<Vault>,
}

impl DataDir {
    /// Opens the data directory at `path` and creates what is missing: the folder, the database's tables, the
    /// master key. Settles a restored database, so that syncs and deliveries can continue.
    pub(crate) async fn open_or_create(global: &Global, path: &Path) -> Result<Self, Failure> {
        let data = Self::open_as_it_is(global, path).await?;
        if let Some(restored) = data.settle_restore().await? {
            restore_report::report_restore(restored, &data.address);
        }
        data.bind_keys().await?;
        data.remove_unwanted(global).await?;
        Ok(data)
    }

    /// Binds, once after an upgrade, the API keys sealed by earlier versions to their hosts. If the process
    /// is killed, the next one binds the rest.
    async fn bind_keys(&self) -> Result<(), Failure> {
        let mut next = Some(ResealPlace::default());
        while let Some(place) = next {
            let nonces = (0..100).map(|_| crate::entropy::bytes()).collect::<Result<Vec<_>, _>>()?;
            next = self.store.reseal(&self.vault, Reseal::OldFormat, place, &nonces).await?.next;
        }
        Ok(())
    }

    /// Removes, once after an upgrade, data that earlier versions stored and this one does not keep. Runs
    /// before any reader of the database, so that none of it is delivered any more.
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
        stderr_line(&format!(
            "Removed from {} the data that this version no longer stores: pay, reviews and custom fields that no \
             setting includes. {} and {} of the change log were emptied. Earlier backups still contain them: see \
             docs/operations.md, Pay and reviews.",
            counted(report.accounts, "linked account"),
            counted(of("records"), "record"),
            counted(of("changes"), "value"),
        ));
        if !report.files_overwritten {
            stderr_line(
                "The database's files may still contain the removed data, because another process uses them: stop that \
                 process, and run `lucca-connector migrate`.",
            );
        }
        Ok(())
    }

    async fn settle_restore(&self) -> Result<Option<Restored>, Failure> {
        Ok(self.store.settle_restore(session::clock().now()).await?)
    }

    async fn open_as_it_is(global: &Global, path: &Path) -> Result<Self, Failure> {
        let address = DatabaseAddress::parse(global.database.as_deref(), path)?;
        if !path.is_dir() {
            fs::create_dir_all(path)
                .map_err(|error| Failure::file("creating the directory", path, &error))?;
            keep_private(path, 0o700)?;
        }
        let DatabaseAddress::File(file) = &address else {
            let store = address.open().await?;
            let is_new = store.accounts().await?.is_empty();
            return Ok(Self {
                vault: Arc::new(open_vault(path, is_new)?),
                path: path.to_owned(),
                address,
                store,
                hosts: global.hosts.policy(),
            });
        };
        let is_new = !file.exists();
        let vault = open_vault(path, is_new)?;
        if is_new {
            // Created here and not by SQLite, so that no other user can read it at any time.
            write_private(file, b"")?;
        }
        let store = address.open().await?;
        let hosts = global.hosts.policy();
        Ok(Self { path: path.to_owned(), address, store, hosts, vault: Arc::new(vault) })
    }

    /// Opens what exists, and creates nothing.
    pub(crate) async fn open(global: &Global) -> Result<Self, Failure> {
        let path = global.data_dir();
        Self::refuse_nothing(global, &path)?;
        Self::open_or_create(global, &path).await
    }

    /// Opens what exists, as `open` does; also returns the changes of a detected restore.
    pub(crate) async fn open_restored(global: &Global) -> Result<(Self, Option<Restored>), Failure> {
        let path = global.data_dir();
        Self::refuse_nothing(global, &path)?;
        let data = Self::open_as_it_is(global, &path).await?;
        let restored = data.settle_restore().await?;
        data.bind_keys().await?;
        data.remove_unwanted(global).await?;
        Ok((data, restored))
    }

    fn refuse_nothing(global: &Global, path: &Path) -> Result<(), Failure> {
        let address = DatabaseAddress::parse(global.database.as_deref(), path)?;
        let is_there = match &address {
            DatabaseAddress::File(file) => file.is_file(),
            // Without the key, no tenant was linked from here.
            DatabaseAddress::Server(_) => path.join("master.key").is_file(),
        };
        if !is_there {
            let message = match &address {
                DatabaseAddress::File(file) => format!("no database exists at {}", file.display()),
                DatabaseAddress::Server(_) => format!("no master.key exists in {}", path.display()),
            };
            return Err(Failure::usage(
                "cli.no_data",
                message,
                "Link a tenant with `lucca-connector link TENANT_URL`, try `lucca-connector demo`, or name another \
                 directory with --data-dir or another database with --database.",
            ));
        }
        Ok(())
    }
}

/// The progress bar of a removal on a terminal; hidden for scripts and services.
fn removal_bar(global: &Global) -> ProgressBar {
    if global.json || !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{msg} [{bar:30}] {human_pos}/{human_len} accounts");
    let bar = ProgressBar::no_length().with_message("removing data that is no longer stored");
    style.map_or(bar.clone(), |style| bar.with_style(style))
}

/// Opens the vault with the keys in `master.key`, and creates that file for a new database. A database whose
/// key was lost needs the old key, and not a new one.
fn open_vault(dir: &Path, is_new: bool) -> Result<Vault, Failure> {
    match KeyFile::read(dir) {
        Err(KeyFileError::Missing) if is_new => {
            let key = MasterKey::from_random(crate::entropy::bytes()?);
            write_private(&KeyFile::path(dir), format!("{}\n", key.to_hex().expose_secret()).as_bytes())?;
            Ok(Vault::new(key, []))
        }
        read => Ok(read.map_err(|error| error.into_failure(dir))?.vault(dir)),
    }
}

/// Writes a file that only its owner can read, and never over an existing one. It is written beside its path
/// first, so that a full disk or a power cut leaves either the whole file or none.
pub(crate) fn write_private(path: &Path, content: &[u8]) -> Result<(), Failure> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".new");
    let beside = PathBuf::from(beside);
    let write = || {
        match fs::remove_file(&beside) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            // Left by a killed process.
            _ => {}
        }
        write_new(&beside, content)?;
        // A hard link, not a rename, which would replace an existing file.
        match fs::hard_link(&beside, path) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => {
                // FAT file systems and some network file systems have no hard links.
                write_new(path, content)
            }
            linked => linked,
        }
    };
    let written = write();
    let _ = fs::remove_file(&beside);
    written.and_then(|()| sync_folder(path)).map_err(|error| Failure::file("writing", path, &error))
}

/// Creates a file for its owner only and flushes it to disk; deletes it if writing fails.
fn write_new(path: &Path, content: &[u8]) -> std::io::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(content).and_then(|()| file.sync_all()).inspect_err(|_| drop(fs::remove_file(path)))
}

/// Flushes the folder's entries to disk; otherwise the file may be gone after a power cut.
pub(crate) fn sync_folder(of: &Path) -> std::io::Result<()> {
    #[cfg(unix)]
    {
        let folder = of.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        fs::File::open(folder)?.sync_all()?;
    }
    Ok(())
}

#[cfg(unix)]
fn keep_private(path: &Path, mode: u32) -> Result<(), Failure> {
    use std::os::unix::fs::PermissionsExt;
    let permissions = fs::Permissions::from_mode(mode);
    fs::set_permissions(path, permissions)
        .map_err(|error| Failure::file("restricting access to", path, &error))
}

#[cfg(not(unix))]
fn keep_private(_: &Path, _: u32) -> Result<(), Failure> {
    Ok(())
}
