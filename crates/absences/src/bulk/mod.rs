//! Absence files: reads and checks rows against the store (`file`), simulates the file as a whole and imports
//! it once (`making`). Each row becomes its own submission, because Lucca's import does not report rows: they
//! are looked up.

mod columns;
mod file;
mod making;

use people::{PersonLabel, Plan};
use serde::Serialize;

use crate::draft::AbsenceDraft;
use crate::import_format::{ImportFormat, ImportRow};
use crate::problem::{Error, Problem, ProblemCode};

/// A checked absence file.
#[derive(Clone, Debug, Serialize)]
pub struct Batch {
    /// The rows, in file order.
    pub rows: Vec<BulkRow>,
    /// The hash of the content, which identifies the file.
    pub fingerprint: String,
    /// The format that a simulation found.
    #[serde(skip)]
    format: Option<ImportFormat>,
}

/// A row of an absence file.
#[derive(Clone, Debug, Serialize)]
pub struct BulkRow {
    /// The line in the file; the header is line 1.
    pub line: u64,
    /// The employee, if the row's references lead to one.
    pub person: Option<PersonLabel>,
    /// The requested absence, if it could be read.
    pub ask: Option<AbsenceDraft>,
    /// The half-days it would take, by the stored working days.
    pub plan: Option<Plan>,
    /// The row's problems.
    pub problems: Vec<Problem>,
    #[serde(skip)]
    import: Option<ImportRow>,
}

impl Batch {
    /// Whether every row can be imported.
    pub fn is_good(&self) -> bool {
        !self.rows.is_empty() && self.rows.iter().all(|row| row.problems.is_empty())
    }

    /// The idempotency key of a row, so that a file is imported once. Keys of API clients have no spaces, so
    /// the two never collide.
    fn key_of(&self, row: &BulkRow) -> String {
        format!("import {} {}", self.fingerprint, row.line)
    }
}

/// The progress of an import.
#[derive(Clone, Debug)]
pub enum BulkProgress {
    /// Lucca is importing; percent.
    Importing(u8),
    /// Rows are being looked up: completed and total.
    Looking(usize, usize),
}

/// Returns the problem of a file that can't be read as a whole.
fn file_error(message: &str) -> Error {
    Error::Problems(vec![Problem::new(ProblemCode::NotImportable, message).on("file")])
}
