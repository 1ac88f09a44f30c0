//! Replaces `bucket` in builds without the feature `object-stores`: opening a store fails.

use std::convert::Infallible;

use url::Url;

use crate::csv::Failed;

/// Whether this build has the `object-stores` feature.
pub(crate) const IS_BUILT: bool = false;

/// Cannot be created.
#[derive(Debug)]
pub(crate) struct Bucket(Infallible);

impl Bucket {
    pub(crate) fn open(_: &Url, _: impl IntoIterator<Item = (String, String)>) -> Result<Self, Failed> {
        Err("this build cannot write to object stores".into())
    }

    pub(crate) async fn remove(&self, _: &str) -> Result<(), Failed> {
        match self.0 {}
    }

    pub(crate) fn upload(&self, _: &str) -> Upload {
        match self.0 {}
    }
}

pub(crate) struct Upload(Infallible);

impl Upload {
    pub(crate) async fn write(&mut self, _: &[u8]) -> Result<(), Failed> {
        match self.0 {}
    }

    pub(crate) async fn finish(self) -> Result<(), Failed> {
        match self.0 {}
    }

    pub(crate) async fn abort(self) {
        match self.0 {}
    }
}
