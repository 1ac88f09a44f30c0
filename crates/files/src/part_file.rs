//! A file that is written beside its place and put there when it is whole.

use std::fs::{File, OpenOptions, remove_file, rename};
use std::io::{BufWriter, ErrorKind, Result, Write};
use std::path::{Path, PathBuf};

/// A file on its way: `NAME.part` until it is [placed](Self::place), so that a reader never sees half of it; removed if it
/// never is. It holds personal data, so only its owner can read it.
#[derive(Debug)]
pub struct PartFile {
    file: BufWriter<File>,
    part: PathBuf,
    path: PathBuf,
    is_placed: bool,
}

impl PartFile {
    /// Begins the file that is to be at `path`.
    pub fn create(path: &Path) -> Result<Self> {
        let name = path.file_name().ok_or(ErrorKind::InvalidInput)?;
        let mut part = name.to_owned();
        part.push(".part");
        let part = path.with_file_name(part);
        // What an earlier export left behind when it was killed.
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

    /// Puts the whole file in its place, instead of whatever is there.
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
            // The error at hand is the one to tell of.
            let _ = remove_file(&self.part);
        }
    }
}
