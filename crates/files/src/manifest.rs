//! The manifest of an export, written last. Loaders use it to check the files and to continue with the next
//! export.

use jiff::Timestamp;
use serde::Serialize;

/// The manifest's version, incremented when a member changes its meaning.
pub(crate) const VERSION: u32 = 1;

/// The contents of an export.
#[derive(Debug, Serialize)]
pub struct Manifest {
    /// The version of the manifest's format.
    pub version: u32,
    /// The linked account's id.
    pub linked_account_id: String,
    /// The tenant's host.
    pub tenant: String,
    /// When the export began, UTC.
    pub created_at: Timestamp,
    /// `csv`, `jsonl` or `parquet`.
    pub format: &'static str,
    /// Records that changed after this sequence number of the change log; null for a full export.
    pub from_seq: Option<i64>,
    /// The change log's sequence number that the export reached: the next export continues here.
    pub to_seq: i64,
    /// Whether CSV files begin with a byte-order mark.
    pub bom: bool,
    /// Whether CSV text that a spreadsheet would interpret as a formula has a leading apostrophe.
    pub escaped_formulas: bool,
    /// The files.
    pub files: Vec<FileEntry>,
}

/// A file of an export.
#[derive(Debug, Serialize)]
pub struct FileEntry {
    /// The table: a stream, or `people`.
    pub stream: &'static str,
    /// The file's name, in the manifest's folder.
    pub path: String,
    /// Whether it has every record, or only those changed after `from_seq`.
    pub is_full: bool,
    /// The number of records, without the header.
    pub rows: u64,
    /// The size in bytes.
    pub bytes: u64,
    /// The SHA-256 of the file, in hexadecimal.
    pub sha256: String,
    /// The columns in order. JSON Lines may have further members and omit null ones.
    pub columns: Vec<Column>,
}

/// A column.
#[derive(Debug, Serialize)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// One of `text`, `boolean`, `integer`, `number`, `date`, `timestamp`, `timestamp with time zone`,
    /// `list`, `object` and `json`.
    #[serde(rename = "type")]
    pub type_: &'static str,
    /// Whether it may be null.
    pub nullable: bool,
}
