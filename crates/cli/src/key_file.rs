//! `master.key`: one key per line, 64 hexadecimal digits. The first key seals secrets; the keys below only open
//! older secrets. A line `next KEY` is a key that only opens secrets until the next rotation, and then seals.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret, SecretString};
use store::{MasterKey, Vault};

use crate::failure::Failure;

const NEXT: &str = "next ";

/// The keys of the file.
pub(crate) struct KeyFile {
    /// The key that seals, then the keys it replaced, the latest first.
    pub(crate) keys: Vec<MasterKey>,
    /// The key for the next rotation.
    pub(crate) next: Option<MasterKey>,
}

/// Why no keys could be read.
#[derive(Debug)]
pub(crate) enum KeyFileError {
    /// The file is missing.
    Missing,
    /// The file contains something else.
    NoKey,
    /// The file can't be read.
    Unreadable(std::io::Error),
}

impl KeyFileError {
    pub(crate) fn into_failure(self, dir: &Path) -> Failure {
        let path = KeyFile::path(dir);
        match self {
            Self::Missing => Failure::usage(
                "cli.master_key",
                format!(
                    "{} is missing, and without it the secrets in the database can't be opened",
                    path.display()
                ),
                "Restore the file. If it is lost, move the database away and link the tenants again.",
            ),
            Self::NoKey => Failure::usage(
                "cli.master_key",
                format!("{} contains no master key", path.display()),
                "Restore the file that this data directory was created with. It contains 64 hexadecimal digits.",
            ),
            Self::Unreadable(error) => Failure::file("reading", &path, &error),
        }
    }
}

impl KeyFile {
    pub(crate) fn path(dir: &Path) -> PathBuf {
        dir.join("master.key")
    }

    pub(crate) fn read(dir: &Path) -> Result<Self, KeyFileError> {
        let text = match fs::read_to_string(Self::path(dir)) {
            Ok(text) => Zeroizing::new(text),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Err(KeyFileError::Missing),
            Err(error) => return Err(KeyFileError::Unreadable(error)),
        };
        Self::parse(&text).ok_or(KeyFileError::NoKey)
    }

    fn parse(text: &str) -> Option<Self> {
        let (mut keys, mut next) = (Vec::new(), None);
        for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
            match line.strip_prefix(NEXT) {
                None => keys.push(MasterKey::from_hex(line).ok()?),
                Some(key) if next.is_none() => next = Some(MasterKey::from_hex(key).ok()?),
                Some(_) => return None,
            }
        }
        (!keys.is_empty()).then_some(Self { keys, next })
    }

    /// Warns if other users of this machine can read the keys.
    pub(crate) fn warn_of_others(dir: &Path) {
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let path = Self::path(dir);
            let is_open = fs::metadata(&path).is_ok_and(|found| found.permissions().mode() & 0o077 != 0);
            if is_open {
                let path = path.display();
                crate::output::stderr_line(&format!(
                    "warning: other users of this machine can open {path}, which opens every secret: run `chmod 600 {path}`"
                ));
            }
        }
    }

    /// A vault that reloads the keys when the file changes.
    pub(crate) fn vault(self, dir: &Path) -> Vault {
        let dir = dir.to_owned();
        self.fixed_vault().following(move || Self::read(&dir).ok().map(Self::all))
    }

    /// A vault that stays with these keys.
    pub(crate) fn fixed_vault(self) -> Vault {
        let mut keys = self.all().into_iter();
        let Some(primary) = keys.next() else { unreachable!("nothing without a key is read as a key file") };
        Vault::new(primary, keys)
    }

    fn all(self) -> Vec<MasterKey> {
        self.keys.into_iter().chain(self.next).collect()
    }

    fn text(&self) -> SecretString {
        let mut text = Zeroizing::new(String::new());
        for key in &self.keys {
            text.push_str(key.to_hex().expose_secret());
            text.push('\n');
        }
        if let Some(next) = &self.next {
            text.push_str(NEXT);
            text.push_str(next.to_hex().expose_secret());
            text.push('\n');
        }
        SecretString::from(text.as_str())
    }

    /// Replaces the keys in the file: all of them or, if it fails or is killed, none.
    pub(crate) fn replace(&self, dir: &Path) -> Result<(), Failure> {
        let (path, new) = (Self::path(dir), dir.join("master.key.next"));
        let failed = |error: std::io::Error| Failure::file("writing", &new, &error);
        match fs::remove_file(&new) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(failed(error)),
            _ => {}
        }
        crate::data_dir::write_private(&new, self.text().expose_secret().as_bytes())?;
        fs::rename(&new, &path).map_err(failed)?;
        // The keys must be on disk before a secret is sealed under them, even if the machine crashes.
        crate::data_dir::sync_folder(&path).map_err(failed)
    }
}

/// The exclusive lock for changing the keys of a data directory. It ends with the process.
pub(crate) struct KeyLock(#[expect(dead_code, reason = "it is held")] fs::File);

impl KeyLock {
    pub(crate) fn take(dir: &Path) -> Result<Self, Failure> {
        let path = dir.join("master.key.lock");
        let mut options = fs::OpenOptions::new();
        options.write(true).create(true).truncate(false);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&path).map_err(|error| Failure::file("opening", &path, &error))?;
        match file.try_lock() {
            Ok(()) => {
                // The lock file names the command that holds it.
                let _ = writeln!(file, "held while `lucca-connector keys rotate` runs");
                Ok(Self(file))
            }
            Err(fs::TryLockError::WouldBlock) => {
                let mut failure = Failure::usage(
                    "keys.busy",
                    "another process is rotating the keys of this data directory",
                    "Wait until it ends, or stop it: the next rotation finishes an interrupted one.",
                );
                failure.exit = crate::failure::Exit::Busy;
                Err(failure)
            }
            Err(fs::TryLockError::Error(error)) => Err(Failure::file("locking", &path, &error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_key_file_parses_as_one() {
        let [a, b, c] = [1, 2, 3].map(|byte| MasterKey::from_random([byte; 32]));
        let file = KeyFile { keys: vec![a, b], next: Some(c) };
        let text = file.text();
        let again = KeyFile::parse(text.expose_secret()).unwrap();
        assert_eq!(again.text().expose_secret(), text.expose_secret());
        let key = "0a".repeat(32);
        assert!(KeyFile::parse(&format!("\n{key}\r\n")).is_some());
        for text in [
            "",
            "abc",
            &format!("next {key}"),
            &format!("{key}\nnext {key}\nnext {key}"),
            &format!("{key} {key}"),
        ] {
            assert!(KeyFile::parse(text).is_none(), "{text}");
        }
    }
}
