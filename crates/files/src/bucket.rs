//! Object stores: multipart uploads of files, each visible whole or not at all.

use std::sync::Arc;

use object_store::buffered::BufWriter;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};
use tokio::io::AsyncWriteExt;
use url::Url;

use crate::csv::Failed;

/// Whether this build has the `object-stores` feature.
pub(crate) const IS_BUILT: bool = true;

/// The part size of uploads in bytes: buffered in memory, and large enough for every store's minimum.
const PART: usize = 8 << 20;

/// A bucket and a prefix in it.
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

    /// Deletes a file if it exists.
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

/// A running upload.
pub(crate) struct Upload(Box<BufWriter>);

impl Upload {
    pub(crate) async fn write(&mut self, bytes: &[u8]) -> Result<(), Failed> {
        Ok(self.0.write_all(bytes).await?)
    }

    pub(crate) async fn finish(mut self) -> Result<(), Failed> {
        Ok(self.0.shutdown().await?)
    }

    /// Discards the uploaded parts.
    pub(crate) async fn abort(mut self) {
        // The original error is reported; the bucket's lifecycle rules remove leftover parts.
        let _ = self.0.abort().await;
    }
}
