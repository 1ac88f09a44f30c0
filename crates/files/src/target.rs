//! Where files are written: a folder, or an object store. Either way a file is there whole, or not at all.

use std::fs;
use std::io::{ErrorKind, Write};
use std::path::PathBuf;
use std::sync::Arc;

use object_store::buffered::BufWriter;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};
use tokio::io::AsyncWriteExt;
use url::Url;

use crate::{Error, PartFile};

/// What is kept of a file until it is sent, and the least that object stores take as a part of one.
const PART: usize = 8 << 20;

/// The schemes of object stores.
const STORES: [&str; 8] = ["s3", "s3a", "gs", "az", "adl", "azure", "abfs", "abfss"];

/// Where files are written.
#[derive(Debug)]
pub struct Target {
    place: Place,
    shown: String,
}

#[derive(Debug)]
enum Place {
    Folder(PathBuf),
    Store(Arc<dyn ObjectStore>, Path),
}

impl Target {
    /// The place that a text names: a folder, or the address of one in an object store. `settings` are the names and
    /// values by which an object store is opened, such as `AWS_REGION`; others are passed over.
    pub fn parse(text: &str, settings: impl IntoIterator<Item = (String, String)>) -> Result<Self, Error> {
        if !text.contains("://") {
            return Ok(Self { place: Place::Folder(PathBuf::from(text)), shown: text.to_owned() });
        }
        let url = Url::parse(text).map_err(|_| Error::Address("it cannot be read as an address"))?;
        if !url.username().is_empty() && !url.scheme().starts_with("abfs") || url.password().is_some() {
            return Err(Error::Address("credentials in it would be logged: give them in the environment"));
        }
        match url.scheme() {
            "file" => {
                let path =
                    url.to_file_path().map_err(|()| Error::Address("a file address needs a whole path"))?;
                Ok(Self { shown: path.display().to_string(), place: Place::Folder(path) })
            }
            scheme if STORES.contains(&scheme) => {
                let shown = format!("{}{}", &url[..url::Position::BeforePath], url.path());
                let (store, path) = object_store::parse_url_opts(&url, settings)
                    .map_err(|source| Error::ObjectStore { target: shown.clone(), source: source.into() })?;
                Ok(Self { place: Place::Store(Arc::from(store), path), shown })
            }
            _ => Err(Error::Address("its scheme is none that is known here")),
        }
    }

    /// The place in words.
    pub fn shown(&self) -> &str {
        &self.shown
    }

    /// Takes away a file, if it is there.
    pub(crate) async fn remove(&self, name: &str) -> Result<(), Error> {
        match &self.place {
            Place::Folder(folder) => match fs::remove_file(folder.join(name)) {
                Err(error) if error.kind() != ErrorKind::NotFound => Err(self.folder(error)),
                _ => Ok(()),
            },
            Place::Store(store, prefix) => match store.delete(&prefix.clone().join(name)).await {
                Err(error) if !matches!(error, object_store::Error::NotFound { .. }) => {
                    Err(self.store(error))
                }
                _ => Ok(()),
            },
        }
    }

    /// Begins a file.
    pub(crate) fn create(&self, name: &str) -> Result<Output<'_>, Error> {
        let sink = match &self.place {
            Place::Folder(folder) => {
                make(folder).map_err(|error| self.folder(error))?;
                Sink::File(PartFile::create(&folder.join(name)).map_err(|error| self.folder(error))?)
            }
            Place::Store(store, prefix) => {
                let path = prefix.clone().join(name);
                let writer = BufWriter::with_capacity(Arc::clone(store), path, PART).with_max_concurrency(2);
                Sink::Object(Box::new(writer))
            }
        };
        Ok(Output { target: self, sink })
    }

    fn folder(&self, source: std::io::Error) -> Error {
        Error::Folder { target: self.shown.clone(), source }
    }

    fn store(&self, source: impl std::error::Error + Send + Sync + 'static) -> Error {
        Error::ObjectStore { target: self.shown.clone(), source: Box::new(source) }
    }
}

/// Makes the folder, unless it is there; only its owner can look into one that is made.
fn make(folder: &std::path::Path) -> std::io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// A file on its way.
pub(crate) struct Output<'a> {
    target: &'a Target,
    sink: Sink,
}

enum Sink {
    File(PartFile),
    Object(Box<BufWriter>),
}

impl Output<'_> {
    pub(crate) async fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        match &mut self.sink {
            Sink::File(file) => file.write_all(bytes).map_err(|error| self.target.folder(error)),
            Sink::Object(writer) => writer.write_all(bytes).await.map_err(|error| self.target.store(error)),
        }
    }

    /// Puts the whole file in its place.
    pub(crate) async fn place(self) -> Result<(), Error> {
        match self.sink {
            Sink::File(file) => file.place().map_err(|error| self.target.folder(error)),
            Sink::Object(mut writer) => writer.shutdown().await.map_err(|error| self.target.store(error)),
        }
    }

    /// Gives it up: what was sent already is thrown away.
    pub(crate) async fn give_up(self) {
        if let Sink::Object(mut writer) = self.sink {
            // The error at hand is the one to tell of; the store's own rules throw away what stays.
            let _ = writer.abort().await;
        }
    }
}
