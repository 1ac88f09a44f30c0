//! What was synced, as files: CSV, JSON lines and Parquet, in a folder or an object store, with a manifest.
//!
//! A crate of its own, because Arrow, Parquet and the object stores take long to build and nothing else needs them. Not
//! here: what a stream's records are (`delivery::catalog`), and where credentials come from: the binary.

mod csv;
mod error;
mod export;
mod manifest;
mod parquet;
mod part_file;
mod people;
mod table;
mod target;

pub use csv::is_formula;
pub use error::Error;
pub use export::{Format, Progress, Wanted, export};
pub use manifest::{Column, FileEntry, Manifest};
pub use part_file::PartFile;
pub use table::{PEOPLE, Table};
pub use target::Target;
