//! A file that is written beside its path and renamed when it is complete.

use std::fs::{File, OpenOptions, remove_file, rename};
use std::io::{BufWriter, ErrorKind, Result, Write};
use std::path::{Path, PathBuf};

/// A file being written: `NAME.part` until it is [placed](Self::place), so that readers never see half of it;
/// deleted if it never is. It holds personal data, so only its owner can read it.
#[derive(Debug)]
pub struct PartFile {
    file: BufWriter<File>,
    part: PathBuf,
    path: PathBuf,
    is_placed: bool,
}

impl PartFile {
    /// Creates the file that will be at `path`.
    pub fn create(path: &Path) -> Result<Self> {
        let name = path.file_name().ok_or(ErrorKind::InvalidInput)?;
        let mut part = name.to_owned();
        part.push(".part");
        let part = path.with_file_name(part);
        // Remove what a killed export left behind.
        match remove_file(&part) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = BufWriter::new(options.open(&part)?);
        Ok(Self { file, part, path: path.to_owned(), is_placed: false })
    }

    /// Renames the complete file to its path; replaces an existing one.
    pub fn place(mut self) -> Result<()> {
        self.file.flush()?;
        self.file.get_ref().sync_all()?;
        rename(&self.part, &self.path)?;
        self.is_placed = true;
        Ok(())
    }
}

impl Write for PartFile {
    fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> Result<()> {
        self.file.flush()
    }
}

impl Drop for PartFile {
    fn drop(&mut self) {
        if !self.is_placed {
            // An earlier error is reported already; ignore this one.
            let _ = remove_file(&self.part);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn names(dir: &Path) -> Vec<String> {
        let entries =
            fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<String> = entries.collect();
        names.sort();
        names
    }

    #[test]
    fn a_placed_file_replaces_the_one_before() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.csv");
        fs::write(&path, "old").unwrap();
        let mut file = PartFile::create(&path).unwrap();
        file.write_all(b"new").unwrap();
        assert_eq!(
            (names(dir.path()), fs::read(&path).unwrap()),
            (vec!["a.csv".to_owned(), "a.csv.part".to_owned()], b"old".to_vec())
        );
        file.place().unwrap();
        assert_eq!(
            (names(dir.path()), fs::read(&path).unwrap()),
            (vec!["a.csv".to_owned()], b"new".to_vec())
        );
    }

    #[test]
    fn a_dropped_file_leaves_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let mut file = PartFile::create(&dir.path().join("a.csv")).unwrap();
        file.write_all(b"half").unwrap();
        drop(file);
        assert!(names(dir.path()).is_empty());
    }

    #[test]
    #[cfg(unix)]
    fn only_the_owner_reads_it_even_after_a_kill() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        // A killed export left this behind, readable by all.
        let part = dir.path().join("a.csv.part");
        fs::write(&part, "half").unwrap();
        fs::set_permissions(&part, fs::Permissions::from_mode(0o644)).unwrap();
        let path = dir.path().join("a.csv");
        PartFile::create(&path).unwrap().place().unwrap();
        let metadata = fs::metadata(&path).unwrap();
        assert_eq!((metadata.permissions().mode() & 0o777, metadata.len()), (0o600, 0));
    }

    #[test]
    fn a_folder_is_no_file() {
        assert!(PartFile::create(Path::new("/")).is_err());
    }
}
