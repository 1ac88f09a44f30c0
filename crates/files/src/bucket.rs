//! A place in an object store, and files on their way to it: in parts, and there whole or not at all.

use std::sync::Arc;

use object_store::buffered::BufWriter;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};
use tokio::io::AsyncWriteExt;
use url::Url;

use crate::csv::Failed;

/// Whether object stores can be written to by this build.
pub(crate) const IS_BUILT: bool = true;

/// What is kept of a file until it is sent, and the least that object stores take as a part of one.
const PART: usize = 8 << 20;

/// A folder of a bucket.
#[derive(Debug)]
pub(crate) struct Bucket {
    store: Arc<dyn ObjectStore>,
    prefix: Path,
}

impl Bucket {
    pub(crate) fn open(
        url: &Url,
        settings: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, Failed> {
        let (store, prefix) = object_store::parse_url_opts(url, settings)?;
        Ok(Self { store: Arc::from(store), prefix })
    }

    /// Deletes a file, if it is there.
    pub(crate) async fn remove(&self, name: &str) -> Result<(), Failed> {
        match self.store.delete(&self.prefix.clone().join(name)).await {
            Err(error) if !matches!(error, object_store::Error::NotFound { .. }) => Err(error.into()),
            _ => Ok(()),
        }
    }

    pub(crate) fn upload(&self, name: &str) -> Upload {
        let path = self.prefix.clone().join(name);
        let writer = BufWriter::with_capacity(Arc::clone(&self.store), path, PART).with_max_concurrency(2);
        Upload(Box::new(writer))
    }
}

/// A file that is being uploaded.
pub(crate) struct Upload(Box<BufWriter>);

impl Upload {
    pub(crate) async fn write(&mut self, bytes: &[u8]) -> Result<(), Failed> {
        Ok(self.0.write_all(bytes).await?)
    }

    pub(crate) async fn finish(mut self) -> Result<(), Failed> {
        Ok(self.0.shutdown().await?)
    }

    /// Discards what was sent.
    pub(crate) async fn abort(mut self) {
        // The error that led here is reported; the store's own rules discard what stays.
        let _ = self.0.abort().await;
    }
}
