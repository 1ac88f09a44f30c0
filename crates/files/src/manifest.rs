//! The manifest: what an export holds, so that whoever loads it can check it and go on from it. Written last.

use jiff::Timestamp;
use serde::Serialize;

/// The manifest's own version: it grows when a member changes its meaning.
pub(crate) const VERSION: u32 = 1;

/// What an export holds.
#[derive(Debug, Serialize)]
pub struct Manifest {
    /// Of this shape.
    pub version: u32,
    /// The linked account's id.
    pub account_id: String,
    /// Its tenant.
    pub tenant: String,
    /// When the export began, UTC.
    pub created_at: Timestamp,
    /// `csv`, `jsonl` or `parquet`.
    pub format: &'static str,
    /// Behind which number of the change log it begins; null where it is everything.
    pub from_seq: Option<i64>,
    /// How far the change log was: where the next export goes on.
    pub to_seq: i64,
    /// Whether CSV begins with a byte-order mark.
    pub bom: bool,
    /// Whether text cells of CSV that a spreadsheet would take for a formula have an apostrophe in front.
    pub escaped_formulas: bool,
    /// The files.
    pub files: Vec<FileEntry>,
}

/// A file of an export.
#[derive(Debug, Serialize)]
pub struct FileEntry {
    /// The table that it holds: a stream, or `people`.
    pub stream: &'static str,
    /// Its name, beside the manifest.
    pub path: String,
    /// Whether it holds everything, or only what changed behind `from_seq`.
    pub is_full: bool,
    /// How many records, header not counted.
    pub rows: u64,
    /// Its size.
    pub bytes: u64,
    /// The SHA-256 of its bytes, in hexadecimal.
    pub sha256: String,
    /// Its columns in order. Lines of JSON may have further members, and lack those that are null.
    pub columns: Vec<Column>,
}

/// A column.
#[derive(Debug, Serialize)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// `text`, `boolean`, `integer`, `number`, `date`, `timestamp`, `timestamp with time zone`, `list`, `object` or
    /// `json`.
    #[serde(rename = "type")]
    pub type_: &'static str,
    /// Whether it may be null.
    pub nullable: bool,
}
