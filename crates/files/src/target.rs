//! Targets of an export: a folder, an object store, one file, or standard output. A file is visible whole or not at all.

use std::fs;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use url::Url;

use crate::bucket::{self, Bucket, Upload};
use crate::csv::Failed;
use crate::{Error, PartFile};

/// URL schemes of object stores.
const STORES: [&str; 8] = ["s3", "s3a", "gs", "az", "adl", "azure", "abfs", "abfss"];

/// A folder, a prefix in an object store, a file, or standard output.
#[derive(Debug)]
pub struct Target {
    location: Location,
    shown: String,
}

#[derive(Debug)]
enum Location {
    Folder(PathBuf),
    Bucket(Bucket),
    File(PathBuf),
    StandardOutput,
}

impl Target {
    /// Parses a path or an object store's address. `settings` are names and values that configure the store,
    /// such as `AWS_REGION`; unknown names are ignored.
    pub fn parse(text: &str, settings: impl IntoIterator<Item = (String, String)>) -> Result<Self, Error> {
        if !text.contains("://") {
            return Ok(Self { location: Location::Folder(PathBuf::from(text)), shown: text.to_owned() });
        }
        let url = Url::parse(text).map_err(|_| Error::Address("it is not a valid URL"))?;
        if !url.username().is_empty() && !url.scheme().starts_with("abfs") || url.password().is_some() {
            return Err(Error::Address(
                "it contains credentials, which would be logged; set them in the environment",
            ));
        }
        match url.scheme() {
            "file" => {
                let path =
                    url.to_file_path().map_err(|()| Error::Address("a file URL needs an absolute path"))?;
                Ok(Self { shown: path.display().to_string(), location: Location::Folder(path) })
            }
            scheme if STORES.contains(&scheme) => {
                if !bucket::IS_BUILT {
                    return Err(Error::NotBuilt { what: "object stores", feature: "object-stores" });
                }
                let shown = format!("{}{}", &url[..url::Position::BeforePath], url.path());
                let bucket = Bucket::open(&url, settings)
                    .map_err(|source| Error::ObjectStore { target: shown.clone(), source })?;
                Ok(Self { location: Location::Bucket(bucket), shown })
            }
            _ => Err(Error::Address("its URL scheme is not supported")),
        }
    }

    /// One file, for one table and without a manifest.
    pub fn file(path: &Path) -> Self {
        Self { shown: path.display().to_string(), location: Location::File(path.to_owned()) }
    }

    /// Standard output, for one table and without a manifest.
    pub fn standard_output() -> Self {
        Self { shown: "standard output".to_owned(), location: Location::StandardOutput }
    }

    /// The target for messages, without credentials.
    pub fn shown(&self) -> &str {
        &self.shown
    }

    /// Deletes a file if it exists.
    pub(crate) async fn remove(&self, name: &str) -> Result<(), Error> {
        match &self.location {
            Location::Folder(folder) => match fs::remove_file(folder.join(name)) {
                Err(error) if error.kind() != ErrorKind::NotFound => Err(self.folder(error)),
                _ => Ok(()),
            },
            Location::Bucket(bucket) => bucket.remove(name).await.map_err(|error| self.bucket(error)),
            Location::File(_) | Location::StandardOutput => Ok(()),
        }
    }

    /// Creates a file.
    pub(crate) fn create(&self, name: &str) -> Result<Output<'_>, Error> {
        let sink = match &self.location {
            Location::Folder(folder) => {
                make(folder).map_err(|error| self.folder(error))?;
                Sink::File(PartFile::create(&folder.join(name)).map_err(|error| self.folder(error))?)
            }
            Location::Bucket(bucket) => Sink::Upload(bucket.upload(name)),
            Location::File(path) => Sink::File(PartFile::create(path).map_err(|error| self.folder(error))?),
            Location::StandardOutput => Sink::StandardOutput,
        };
        Ok(Output { target: self, sink })
    }

    fn folder(&self, source: std::io::Error) -> Error {
        Error::Folder { target: self.shown.clone(), source }
    }

    fn bucket(&self, source: Failed) -> Error {
        Error::ObjectStore { target: self.shown.clone(), source }
    }
}

/// Creates a folder unless it exists; only its owner can open a created one.
fn make(folder: &Path) -> std::io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// A file being written.
pub(crate) struct Output<'a> {
    target: &'a Target,
    sink: Sink,
}

enum Sink {
    File(PartFile),
    Upload(Upload),
    StandardOutput,
}

impl Output<'_> {
    pub(crate) async fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        match &mut self.sink {
            Sink::File(file) => file.write_all(bytes).map_err(|error| self.target.folder(error)),
            Sink::Upload(upload) => upload.write(bytes).await.map_err(|error| self.target.bucket(error)),
            Sink::StandardOutput => {
                std::io::stdout().write_all(bytes).map_err(|error| self.target.folder(error))
            }
        }
    }

    /// Completes the file and puts it at its path.
    pub(crate) async fn place(self) -> Result<(), Error> {
        match self.sink {
            Sink::File(file) => file.place().map_err(|error| self.target.folder(error)),
            Sink::Upload(upload) => upload.finish().await.map_err(|error| self.target.bucket(error)),
            Sink::StandardOutput => std::io::stdout().flush().map_err(|error| self.target.folder(error)),
        }
    }

    /// Discards the file and every uploaded part.
    pub(crate) async fn abort(self) {
        if let Sink::Upload(upload) = self.sink {
            upload.abort().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Target, Error> {
        Target::parse(text, [("AWS_REGION".to_owned(), "eu-west-3".to_owned())])
    }

    #[test]
    fn folders_are_paths_and_file_addresses() {
        for (text, shown) in
            [("exports/today", "exports/today"), ("file:///srv/exports", "/srv/exports"), (".", ".")]
        {
            assert_eq!(parse(text).unwrap().shown(), shown);
        }
    }

    #[test]
    fn addresses_with_credentials_are_refused() {
        for text in ["s3://key:secret@bucket/x", "s3://key@bucket/x", "https://user:secret@host/x"] {
            let error = parse(text).unwrap_err();
            assert_eq!(error.code(), "export.address", "{text}");
            assert!(!format!("{error} {}", error.advice()).contains("secret"));
        }
    }

    #[test]
    fn unknown_schemes_are_refused() {
        for text in ["ftp://host/x", "https://host/x", "://"] {
            assert_eq!(parse(text).unwrap_err().code(), "export.address", "{text}");
        }
    }

    #[cfg(feature = "object-stores")]
    #[test]
    fn buckets_are_shown_without_their_query() {
        assert_eq!(parse("s3://bucket/lucca/csv?x=1").unwrap().shown(), "s3://bucket/lucca/csv");
    }

    #[cfg(not(feature = "object-stores"))]
    #[test]
    fn buckets_need_the_feature() {
        let error = parse("s3://bucket/lucca").unwrap_err();
        assert_eq!(error.code(), "export.not_built");
        assert!(error.advice().contains("--features object-stores"), "{}", error.advice());
    }

    #[tokio::test]
    async fn removing_what_is_not_there_is_no_error() {
        let dir = tempfile::tempdir().unwrap();
        let target = parse(dir.path().to_str().unwrap()).unwrap();
        target.remove("manifest.json").await.unwrap();
        let mut output = target.create("manifest.json").unwrap();
        output.write(b"{}").await.unwrap();
        output.place().await.unwrap();
        assert!(dir.path().join("manifest.json").exists());
        target.remove("manifest.json").await.unwrap();
        assert!(!dir.path().join("manifest.json").exists());
    }
}
