//! Formats of Lucca's import rows, where Lucca's pages contradict each other. Detects the format that a
//! tenant accepts by simulations, which create nothing.

use std::collections::BTreeSet;

use lucca::{Client, LeaveImport, LeaveImportRow};
use people::{Establishment, RemoteId};

use crate::Absences;
use crate::problem::{Error, Problem, ProblemCode};

/// The capability that stores the tenant's accepted establishment column.
const CAPABILITY: &str = "absence_requests.import_establishment";

/// Maximum number of leave types to simulate one by one.
const MOST_LEAVE_TYPES: usize = 8;

/// The content of the import's column `legalEntity`. The API documentation specifies the name (source:
/// absences.md §5.2), the help page the code (source: recorded-more.md, help page 360029242671).
// unverified: which of the two a tenant accepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EstablishmentColumn {
    Name,
    Code,
}

people::names! { EstablishmentColumn: "establishment column" { Name = "name", Code = "code" } }

impl EstablishmentColumn {
    fn of(self, establishment: &Establishment) -> Option<&str> {
        let text = match self {
            Self::Name => &establishment.name,
            Self::Code => &establishment.code,
        };
        text.as_deref().filter(|text| !text.trim().is_empty())
    }
}

/// A format that a tenant accepts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ImportFormat {
    establishment: EstablishmentColumn,
    /// Leave types without approval, for which the column `isApproved` is blank.
    without_approval: BTreeSet<RemoteId>,
}

impl Default for ImportFormat {
    /// The format of the API documentation.
    fn default() -> Self {
        Self { establishment: EstablishmentColumn::Name, without_approval: BTreeSet::new() }
    }
}

/// A row in no particular format yet.
#[derive(Clone, Debug)]
pub(crate) struct ImportRow {
    pub(crate) establishment: Establishment,
    /// Every other column; the establishment is filled in per format.
    pub(crate) row: LeaveImportRow,
}

impl ImportRow {
    /// The row in a format; `None` if its establishment lacks that text.
    pub(crate) fn written(&self, format: &ImportFormat) -> Option<LeaveImportRow> {
        let is_blank = format.without_approval.contains(&self.row.account_id);
        Some(LeaveImportRow {
            establishment: format.establishment.of(&self.establishment)?.to_owned(),
            is_approved: self.row.is_approved.filter(|_| !is_blank),
            ..self.row.clone()
        })
    }
}

/// The rows in a format; `None` if one of them can't be written in it.
pub(crate) fn written(rows: &[ImportRow], format: &ImportFormat) -> Option<Vec<LeaveImportRow>> {
    rows.iter().map(|row| row.written(format)).collect()
}

/// The result of simulating rows.
pub(crate) enum Simulated {
    /// The tenant accepts the rows in this format.
    Accepted(ImportFormat),
    /// The tenant accepts them in no format.
    Refused(Vec<Problem>),
}

fn has_distinct_columns(establishment: &Establishment) -> bool {
    EstablishmentColumn::Name.of(establishment) != EstablishmentColumn::Code.of(establishment)
}

/// Whether Lucca's import could confuse two establishments, because names and codes share a column.
pub(crate) fn is_same_in_import(one: &Establishment, other: &Establishment) -> bool {
    let texts = |establishment| {
        let texts = EstablishmentColumn::ALL.into_iter().filter_map(move |column| column.of(establishment));
        texts.map(|text| text.trim().to_lowercase()).collect::<BTreeSet<_>>()
    };
    one.id == other.id || !texts(one).is_disjoint(&texts(other))
}

/// Simulates rows in one format after the other, beginning with the remembered one. Creates nothing.
///
/// # Errors
///
/// If a request fails. A refusal by Lucca is no error.
pub(crate) async fn simulate(
    client: &Client,
    rows: &[ImportRow],
    remembered: Option<EstablishmentColumn>,
) -> Result<Simulated, lucca::Error> {
    let simulation = Simulation { client, rows };
    let mut columns = EstablishmentColumn::ALL.to_vec();
    columns.sort_by_key(|column| Some(*column) != remembered);
    if !rows.iter().any(|row| has_distinct_columns(&row.establishment)) {
        columns.truncate(1);
    }
    let leave_types: BTreeSet<RemoteId> = rows.iter().map(|row| row.row.account_id.clone()).collect();
    let mut refusal = None;
    for without_approval in [BTreeSet::new(), leave_types.clone()] {
        for establishment in &columns {
            let format =
                ImportFormat { establishment: *establishment, without_approval: without_approval.clone() };
            match simulation.of(&format, None).await? {
                Outcome::Taken => return Ok(Simulated::Accepted(format)),
                Outcome::Refused(error) => refusal = refusal.or(error),
                Outcome::Unwritable => {}
            }
        }
    }
    if !(2..=MOST_LEAVE_TYPES).contains(&leave_types.len()) {
        return Ok(Simulated::Refused(vec![refusal.unwrap_or_else(unexplained_refusal)]));
    }
    simulation.by_leave_type(columns, leave_types).await
}

struct Simulation<'a> {
    client: &'a Client,
    rows: &'a [ImportRow],
}

enum Outcome {
    Taken,
    /// With Lucca's reason, if any.
    Refused(Option<Problem>),
    /// An establishment lacks the format's text.
    Unwritable,
}

impl Simulation<'_> {
    /// Simulates all rows, or those of one leave type.
    async fn of(
        &self,
        format: &ImportFormat,
        leave_type: Option<&RemoteId>,
    ) -> Result<Outcome, lucca::Error> {
        let is_meant = |row: &&ImportRow| leave_type.is_none_or(|id| row.row.account_id == *id);
        let rows: Option<Vec<LeaveImportRow>> =
            self.rows.iter().filter(is_meant).map(|row| row.written(format)).collect();
        let Some(rows) = rows else { return Ok(Outcome::Unwritable) };
        match self.client.import_leaves(&rows, LeaveImport { create: false, is_async: false }).await {
            Ok(summary) if summary.has_error => Ok(Outcome::Refused(None)),
            Ok(_) => Ok(Outcome::Taken),
            Err(error) if error.code() == "lucca.bad_request" => {
                Ok(Outcome::Refused(Some(Problem::of_refusal(&error))))
            }
            Err(error) => Err(error),
        }
    }

    /// Some leave types need an approval and others don't, or the rows of one type are wrong.
    async fn by_leave_type(
        &self,
        mut columns: Vec<EstablishmentColumn>,
        leave_types: BTreeSet<RemoteId>,
    ) -> Result<Simulated, lucca::Error> {
        let mut without_approval = BTreeSet::new();
        for leave_type in leave_types {
            let mut taken = None;
            'formats: for blank in [BTreeSet::new(), BTreeSet::from([leave_type.clone()])] {
                for establishment in &columns {
                    let format =
                        ImportFormat { establishment: *establishment, without_approval: blank.clone() };
                    if matches!(self.of(&format, Some(&leave_type)).await?, Outcome::Taken) {
                        taken = Some(format);
                        break 'formats;
                    }
                }
            }
            let Some(taken) = taken else {
                let message = format!(
                    "Lucca's import refuses the rows of leave type {leave_type} without a reason; check that \
                     the leave type belongs to these employees and that their balances suffice"
                );
                return Ok(Simulated::Refused(vec![Problem::new(ProblemCode::Refused, message)]));
            };
            columns = vec![taken.establishment];
            without_approval.extend(taken.without_approval);
        }
        let Some(establishment) = columns.first() else {
            return Ok(Simulated::Refused(vec![unexplained_refusal()]));
        };
        let format = ImportFormat { establishment: *establishment, without_approval };
        match self.of(&format, None).await? {
            Outcome::Taken => Ok(Simulated::Accepted(format)),
            Outcome::Refused(reason) => {
                Ok(Simulated::Refused(vec![reason.unwrap_or_else(unexplained_refusal)]))
            }
            Outcome::Unwritable => Ok(Simulated::Refused(vec![unexplained_refusal()])),
        }
    }
}

/// The problem of a refusal without a reason.
pub(crate) fn unexplained_refusal() -> Problem {
    Problem::new(
        ProblemCode::Refused,
        "Lucca's import refuses the absence without a reason; check that the leave type belongs to the \
         employee and that the balance suffices",
    )
}

impl Absences<'_> {
    /// The column that the tenant accepted before.
    pub(crate) async fn remembered_column(&self) -> Result<Option<EstablishmentColumn>, Error> {
        let known = self.store.capabilities(self.account.no).await?;
        let state = known.get(CAPABILITY).map(|found| found.state.as_str());
        Ok(EstablishmentColumn::ALL.into_iter().find(|column| Some(column.name()) == state))
    }

    /// Remembers the accepted column, if the rows' names and codes differ.
    pub(crate) async fn remember_column(
        &self,
        format: &ImportFormat,
        establishments: impl IntoIterator<Item = &Establishment>,
    ) -> Result<(), Error> {
        let column = format.establishment;
        if !establishments.into_iter().any(has_distinct_columns)
            || self.remembered_column().await? == Some(column)
        {
            return Ok(());
        }
        Ok(self.store.set_capability(self.account.no, CAPABILITY, column.name(), self.clock.now()).await?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn name_equal_to_a_code_is_confusable() {
        let establishment = |id: i64, name: &str, code: &str| {
            let json =
                serde_json::json!({ "id": id.to_string(), "name": name, "code": code, "is_archived": false });
            serde_json::from_value::<Establishment>(json).unwrap()
        };
        let lyon = establishment(1, "Lyon", "E1");
        assert!(is_same_in_import(&lyon, &lyon));
        assert!(is_same_in_import(&lyon, &establishment(2, "Paris", "lyon")));
        assert!(is_same_in_import(&lyon, &establishment(2, "e1 ", "E2")));
        assert!(!is_same_in_import(&lyon, &establishment(2, "Paris", "E2")));
        assert!(!is_same_in_import(&establishment(1, "", ""), &establishment(2, "", "")));
    }
}
