//! Exports synced data as files: CSV, JSON Lines and Parquet, in a folder or an object store, with a
//! manifest.
//!
//! Parquet (with Arrow) and the object stores take long to build, and each serves one option of one command.
//! Therefore they are features, `parquet` and `object-stores`, which released packages have
//! ([`Error::NotBuilt`] if they are missing). Not here: the streams' records (`delivery::catalog`) and the
//! source of credentials (the binary).

#[cfg_attr(not(feature = "object-stores"), path = "no_bucket.rs")]
mod bucket;
mod column;
mod csv;
mod error;
mod export;
mod manifest;
#[cfg_attr(not(feature = "parquet"), path = "no_parquet.rs")]
mod parquet;
mod part_file;
mod people;
mod table;
mod target;

pub use error::Error;
pub use export::{ExportOptions, Format, Progress, export, export_table};
pub use manifest::{Column, FileEntry, Manifest};
pub use part_file::PartFile;
pub use table::{PEOPLE, Table};
pub use target::Target;
