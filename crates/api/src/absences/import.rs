//! `POST /v1/linked-accounts/{account_id}/absence-requests/imports`: creates absences from a CSV file, after
//! a dry run.

use absences::{Batch, BulkRow};
use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use people::HalfDay;
use serde::{Deserialize, Serialize};
use store::SubmissionId;
use utoipa::{IntoParams, ToSchema};
use web::absence_problem::{AbsenceProblem, PersonView};
use web::app::App;
use web::auth::Vendor;
use web::problem::{More, Problem};

use super::AbsenceSession;
use super::views::{AbsenceRequestList, AbsenceRequestView, all};
use crate::answers::{
    Conflict, Forbidden, LuccaErrors, NotFound, TooLarge, Unauthorized, Unprocessable, Unsupported,
};
use crate::{Params, nul};

/// Twice the size of five thousand rows, the maximum of a file.
pub(crate) const LARGEST_FILE: usize = 1024 * 1024;

/// Options of an import.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ImportQuery {
    /// `true` (the default): a dry run, in which every row is checked and Lucca simulates the import.
    /// `false`: the absences are created.
    #[serde(default = "default_simulate")]
    simulate: bool,
}

const fn default_simulate() -> bool {
    true
}

/// A row of the file.
#[derive(Serialize, ToSchema)]
pub(crate) struct ImportRow {
    /// The row's line, the header being line 1.
    line: u64,
    /// The employee; null if the row does not identify exactly one.
    person: Option<PersonView>,
    /// Errors in the row.
    problems: Vec<AbsenceProblem>,
    /// The half-days it would take, as of the last sync.
    #[schema(value_type = Vec<String>)]
    half_days: Vec<HalfDay>,
}

impl From<BulkRow> for ImportRow {
    fn from(row: BulkRow) -> Self {
        let half_days = row.plan.map(|plan| plan.taken).unwrap_or_default();
        Self { line: row.line, person: row.person.map(Into::into), problems: all(row.problems), half_days }
    }
}

/// The result of a dry run.
#[derive(Serialize, ToSchema)]
pub(crate) struct Trial {
    /// The rows, in the order of the file.
    rows: Vec<ImportRow>,
    /// Whether Lucca simulated the import; it does not if a row has an error.
    simulated: bool,
    /// Whether Lucca would refuse the import. Lucca does not report which row is wrong.
    lucca_finds_fault: Option<bool>,
    /// Lucca's reasons for refusing it, as far as it reports them.
    problems: Vec<AbsenceProblem>,
    /// Whether the file can be imported as it is.
    ok: bool,
}

/// The result of an import.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum Imported {
    /// With `simulate=true`.
    Tried(Trial),
    /// With `simulate=false`.
    Made(AbsenceRequestList),
}

/// Imports absences from a CSV file, through Lucca's documented import.
///
/// The file is UTF-8, separated by commas or semicolons, with a header. Employees: one or several of the
/// columns `lucca_id`, `employee_number` (or `matricule`), `email` and `employee` (`id:12`, `number:00042`,
/// `email:…`, or a value that matches exactly one employee), which have to identify the same employee.
/// Absences: `leave_type` (id or name), `starts`, `ends`, and optionally `approved` (`true`, or `false`, the
/// default: approvers decide) and `hours` (`7.5`, for leave types in hours). Each row becomes an absence
/// request of its own. The same file is imported once.
#[utoipa::path(
    post, path = "/v1/linked-accounts/{account_id}/absence-requests/imports", tag = "absence requests",
    security(("key" = [])),
    params(("account_id" = String, Path, description = "the linked account's id"), ImportQuery),
    request_body(content = String, content_type = "text/csv",
        example = "lucca_id,leave_type,starts,ends\n12,34,2026-05-04 PM,2026-05-06\n"),
    responses(
        (status = 200, description = "It was tried, and nothing made; or, with `simulate=false`, it was made before.",
         body = Imported),
        (status = 201, description = "Every row is made, or refused: see each status.", body = AbsenceRequestList),
        (status = 202, description = "Some rows are on their way: look at them again.", body = AbsenceRequestList),
        Unauthorized,
        Forbidden,
        NotFound,
        Conflict,
        TooLarge,
        Unsupported,
        Unprocessable,
        LuccaErrors,
    )
)]
pub(crate) async fn import_absences(
    State(app): State<App>,
    vendor: Vendor,
    Path(account_id): Path<String>,
    Params(how): Params<ImportQuery>,
    headers: HeaderMap,
    file: Result<Bytes, BytesRejection>,
) -> Result<(StatusCode, Json<Imported>), Problem> {
    let session = AbsenceSession::of(&app, vendor, &account_id).await?;
    let file = csv(&headers, file)?;
    let services = app.services.clone();
    let (status, imported) = session
        .run(move |absences| {
            Box::pin(async move {
                let batch = absences.read_batch(&file).await?;
                if how.simulate {
                    let trial = trial(absences, batch).await?;
                    return Ok((StatusCode::OK, Imported::Tried(trial)));
                }
                refuse_wrong_rows(&batch)?;
                let minted = batch.rows.iter().map(|_| services.new_submission());
                let minted = minted.collect::<Result<Vec<SubmissionId>, _>>()?;
                let mut unused = minted.clone().into_iter();
                // There is one id per row, and each row takes at most one.
                let mint = |at| unused.next().unwrap_or_else(|| SubmissionId::mint(at, [0; 10]));
                let all = absences.make_batch(&batch, mint, |_| {}).await?;
                let is_new = all.iter().any(|submission| minted.contains(&submission.id));
                let list = AbsenceRequestList::of(&all)?;
                let status = match list.items.iter().any(AbsenceRequestView::is_on_its_way) {
                    true => StatusCode::ACCEPTED,
                    false if is_new => StatusCode::CREATED,
                    false => StatusCode::OK,
                };
                Ok((status, Imported::Made(list)))
            })
        })
        .await?;
    Ok((status, Json(imported)))
}

async fn trial(absences: &absences::Absences<'_>, mut batch: Batch) -> Result<Trial, Problem> {
    // A file without rows is refused as a whole; errors in rows are reported by row.
    let is_tried = batch.is_good() || batch.rows.is_empty();
    let problems = if is_tried { absences.simulate_batch(&mut batch).await? } else { Vec::new() };
    let lucca_finds_fault = is_tried.then_some(!problems.is_empty());
    Ok(Trial {
        rows: all(batch.rows),
        simulated: is_tried,
        lucca_finds_fault,
        problems: all(problems),
        ok: lucca_finds_fault == Some(false),
    })
}

/// Reports the lines with errors, since the engine's own error does not name lines.
fn refuse_wrong_rows(batch: &Batch) -> Result<(), Problem> {
    let of_row = |row: &BulkRow| {
        let line = row.line;
        row.problems.clone().into_iter().map(move |problem| AbsenceProblem::from(problem).at(line))
    };
    let problems: Vec<AbsenceProblem> = batch.rows.iter().flat_map(of_row).collect();
    if problems.is_empty() {
        return Ok(());
    }
    Err(Problem::new(
        StatusCode::UNPROCESSABLE_ENTITY,
        "absence.not_importable",
        "Some lines of the file are wrong, and nothing was sent to Lucca. Correct them and send it again.",
    )
    .with(More { problems, ..More::default() }))
}

fn csv(headers: &HeaderMap, file: Result<Bytes, BytesRejection>) -> Result<Bytes, Problem> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !kind.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case("text/csv")) {
        return Err(Problem::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "request.not_csv",
            "Send the file with Content-Type: text/csv.",
        ));
    }
    if file.as_ref().is_ok_and(|file| file.contains(&0)) {
        return Err(nul());
    }
    file.map_err(|rejection| match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => Problem::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "request.too_large",
            "The file is larger than 1 MiB. Split it.",
        ),
        _ => Problem::new(StatusCode::BAD_REQUEST, "request.invalid", "The file did not arrive whole."),
    })
}
