//! Replaces `parquet` in builds without the feature `parquet`.

use std::convert::Infallible;

use crate::column::Column;
use crate::csv::Failed;

/// Whether this build has the `parquet` feature.
pub(crate) const IS_BUILT: bool = false;

/// Cannot be created.
pub(crate) struct Parquet(Infallible);

impl Parquet {
    pub(crate) fn new(_: &[Column]) -> Result<Self, Failed> {
        Err("this build cannot write Parquet".into())
    }

    pub(crate) fn page(&mut self, _: &[String]) -> Result<Vec<u8>, Failed> {
        match self.0 {}
    }

    pub(crate) fn finish(self) -> Result<Vec<u8>, Failed> {
        match self.0 {}
    }
}
