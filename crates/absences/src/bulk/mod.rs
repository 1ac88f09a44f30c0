//! Absences by the file: read and checked row by row against what is stored (`file`), simulated as a whole and imported
//! once (`making`). Each row becomes a submission of its own, so that what the import does not tell is looked for.

mod columns;
mod file;
mod making;

use people::{PersonLabel, Plan};
use serde::Serialize;

use crate::ask::Ask;
use crate::import_format::{ImportFormat, ImportRow};
use crate::problem::{Error, Problem, ProblemCode};

/// A file of absences, checked.
#[derive(Clone, Debug, Serialize)]
pub struct Batch {
    /// Its rows, in the order of the file.
    pub rows: Vec<BulkRow>,
    /// The content's fingerprint: the same file is the same batch.
    pub fingerprint: String,
    /// The format that a simulation found.
    #[serde(skip)]
    format: Option<ImportFormat>,
}

/// A row of a file of absences.
#[derive(Clone, Debug, Serialize)]
pub struct BulkRow {
    /// Its line in the file, the header being line 1.
    pub line: u64,
    /// Whose absence it is, once the row's references lead to one person.
    pub person: Option<PersonLabel>,
    /// What it asks for, as far as it could be read.
    pub ask: Option<Ask>,
    /// The half-days it would take, by what the last sync heard.
    pub plan: Option<Plan>,
    /// What is wrong with it.
    pub problems: Vec<Problem>,
    #[serde(skip)]
    import: Option<ImportRow>,
}

impl Batch {
    /// Whether every row can be imported.
    pub fn is_good(&self) -> bool {
        !self.rows.is_empty() && self.rows.iter().all(|row| row.problems.is_empty())
    }

    /// What a row is called, so that the same file is imported once. A caller's own keys have no spaces.
    fn key_of(&self, row: &BulkRow) -> String {
        format!("import {} {}", self.fingerprint, row.line)
    }
}

/// How far the making of a batch is.
#[derive(Clone, Debug)]
pub enum Making {
    /// Lucca works on it, in percent.
    Importing(u8),
    /// Rows are looked for: so many of how many are settled.
    Looking(usize, usize),
}

/// A file that can't be read as a whole.
fn of_file(message: &str) -> Error {
    Error::Problems(vec![Problem::new(ProblemCode::NotImportable, message).on("file")])
}
