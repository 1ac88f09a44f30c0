//! `POST /v1/linked-accounts/{linked_account_id}/absence-submissions/imports`: creates absences from a CSV file, after
//! a dry run.

use absences::{Batch, BulkRow};
use api_types::{AbsenceImport, AbsenceProblem, AbsenceSubmission};
use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use serde::Deserialize;
use store::SubmissionId;
use utoipa::IntoParams;
use web::app::App;
use web::auth::Vendor;
use web::problem::{More, Problem};

use super::AbsenceSession;
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
    /// `true` (the default): checks every row and lets Lucca simulate the import. `false`: creates the absences.
    #[serde(default = "default_dry_run")]
    #[param(value_type = Option<bool>)]
    dry_run: bool,
}

const fn default_dry_run() -> bool {
    true
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
    post, path = "/v1/linked-accounts/{linked_account_id}/absence-submissions/imports", tag = "Absence submissions",
    security(("key" = [])),
    params(("linked_account_id" = String, Path, description = "The linked account's id."), ImportQuery),
    request_body(content = String, content_type = "text/csv",
        example = "lucca_id,leave_type,starts,ends\n12,34,2026-05-04 PM,2026-05-06\n"),
    responses(
        (status = 200, description = "The dry run; or, with `dry_run=false`, the submissions of an earlier import of the same file.",
         body = AbsenceImport),
        (status = 201, description = "Lucca created or refused every row: see `status` of each submission.", body = AbsenceImport),
        (status = 202, description = "Some rows are still being sent. Poll their submissions.", body = AbsenceImport),
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
pub(crate) async fn import_absence_submissions(
    State(app): State<App>,
    vendor: Vendor,
    Path(linked_account_id): Path<String>,
    Params(how): Params<ImportQuery>,
    headers: HeaderMap,
    file: Result<Bytes, BytesRejection>,
) -> Result<(StatusCode, Json<AbsenceImport>), Problem> {
    let session = AbsenceSession::of(&app, vendor, &linked_account_id).await?;
    let file = csv(&headers, file)?;
    let services = app.services.clone();
    let (status, imported) = session
        .run(move |absences| {
            Box::pin(async move {
                let batch = absences.read_batch(&file).await?;
                if how.dry_run {
                    return Ok((StatusCode::OK, dry_run(absences, batch).await?));
                }
                refuse_wrong_rows(&batch)?;
                let minted = batch.rows.iter().map(|_| services.new_submission());
                let minted = minted.collect::<Result<Vec<SubmissionId>, _>>()?;
                let mut unused = minted.clone().into_iter();
                // There is one id per row, and each row takes at most one.
                let mint = |at| unused.next().unwrap_or_else(|| SubmissionId::mint(at, [0; 10]));
                let all = absences.make_batch(&batch, mint, |_| {}).await?;
                let is_new = all.iter().any(|submission| minted.contains(&submission.id));
                let submissions = all.iter().map(AbsenceSubmission::of).collect::<Result<Vec<_>, _>>()?;
                let status = match submissions.iter().any(AbsenceSubmission::is_on_its_way) {
                    true => StatusCode::ACCEPTED,
                    false if is_new => StatusCode::CREATED,
                    false => StatusCode::OK,
                };
                Ok((status, AbsenceImport::of(submissions)))
            })
        })
        .await?;
    Ok((status, Json(imported)))
}

async fn dry_run(absences: &absences::Absences<'_>, mut batch: Batch) -> Result<AbsenceImport, Problem> {
    // A file without rows is refused as a whole; errors in rows are reported by row.
    let refusals = match batch.is_good() || batch.rows.is_empty() {
        true => Some(absences.simulate_batch(&mut batch).await?),
        false => None,
    };
    Ok(AbsenceImport::dry_run(batch.rows, refusals))
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
        _ => Problem::new(StatusCode::BAD_REQUEST, "request.invalid", "The file is incomplete."),
    })
}
