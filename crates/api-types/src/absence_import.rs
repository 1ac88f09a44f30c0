//! Imports of absences from a file.

use absences::BulkRow;
use people::HalfDay;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{AbsenceProblem, AbsenceSubmission, EmployeeSummary, all};

/// A row of the file.
#[derive(Serialize, ToSchema)]
pub struct ImportRow {
    /// The row's line, the header being line 1.
    pub line: u64,
    /// The employee; null if the row does not identify exactly one.
    pub employee: Option<EmployeeSummary>,
    /// Errors in the row.
    pub problems: Vec<AbsenceProblem>,
    /// The half-days it would take, as of the last sync.
    #[schema(value_type = Vec<String>)]
    pub half_days: Vec<HalfDay>,
}

impl From<BulkRow> for ImportRow {
    fn from(row: BulkRow) -> Self {
        let half_days = row.plan.map(|plan| plan.taken).unwrap_or_default();
        Self { line: row.line, employee: row.person.map(Into::into), problems: all(row.problems), half_days }
    }
}

/// The result of an import, or of its dry run.
#[derive(Serialize, ToSchema)]
pub struct AbsenceImport {
    /// Whether it was a dry run, which creates nothing.
    pub dry_run: bool,
    /// The rows, in the order of the file; empty unless it was a dry run.
    pub rows: Vec<ImportRow>,
    /// Whether the file can be imported as it is; null unless it was a dry run.
    pub importable: Option<bool>,
    /// Whether Lucca simulated the import; it does not if a row has an error.
    pub simulated: bool,
    /// Lucca's reasons for refusing the import, as far as it reports them. Lucca does not report which row is wrong.
    pub problems: Vec<AbsenceProblem>,
    /// The absence submissions, one per row; empty after a dry run.
    pub submissions: Vec<AbsenceSubmission>,
}

impl AbsenceImport {
    /// The result of a dry run: the rows, and Lucca's reasons for refusing them; none if Lucca did not simulate it.
    pub fn dry_run(rows: Vec<BulkRow>, refusals: Option<Vec<absences::Problem>>) -> Self {
        Self {
            dry_run: true,
            rows: all(rows),
            importable: Some(refusals.as_ref().is_some_and(Vec::is_empty)),
            simulated: refusals.is_some(),
            problems: all(refusals.unwrap_or_default()),
            submissions: Vec::new(),
        }
    }

    /// The result of an import.
    pub fn of(submissions: Vec<AbsenceSubmission>) -> Self {
        Self {
            dry_run: false,
            rows: Vec::new(),
            importable: None,
            simulated: false,
            problems: Vec::new(),
            submissions,
        }
    }
}
