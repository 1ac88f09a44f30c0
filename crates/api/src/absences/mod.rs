//! `/v1/linked-accounts/{linked_account_id}/absence-submissions` and leave types, one file per endpoint, except that
//! `actions` has six. This file parses requests and runs them against `absences`; `api_types` has the responses,
//! `web::absence_refusals` the errors.

pub(crate) mod actions;
pub(crate) mod import;
pub(crate) mod leave_types;
pub(crate) mod list;
pub(crate) mod preview;
pub(crate) mod request;
pub(crate) mod show;

use api_types::AbsenceDecision;
use std::pin::Pin;

use absences::{AbsenceDraft, Absences, ProblemCode};
use axum::Json;
use jobs::Services;
use lucca::Client;
use people::{HalfDay, PersonLabel, RemoteId, first_half_day, last_half_day};
use serde::Deserialize;
use store::{Actor, LinkedAccount, Submission, SubmissionId};
use utoipa::ToSchema;
use web::app::App;
use web::auth::Vendor;
use web::problem::Problem;

use crate::detached::{run_detached, still_running};
use crate::linked_accounts;

/// Longer texts are no ids of Lucca's.
const LONGEST_ID: usize = 100;

/// Longer texts identify no employee: an e-mail address has at most 254 characters.
const LONGEST_REFERENCE: usize = 300;

/// An absence to preview or to request. Both calls have the same body.
#[derive(Deserialize, ToSchema)]
#[schema(example = json!({
    "employee_id": "id:12",
    "leave_type_id": "34",
    "starts_on": "2026-05-04 PM",
    "ends_on": "2026-05-06",
    "comment": "Back on Thursday.",
}))]
#[serde(deny_unknown_fields)]
pub(crate) struct AbsenceSubmissionCreate {
    /// The employee: `id:12` (Lucca's id), `number:00042` (the employee number) or `email:jo@acme.example`. A
    /// value without a prefix is accepted if exactly one employee has it as id, number or e-mail address;
    /// otherwise the request is refused with `absence.ambiguous_employee`.
    #[schema(example = "id:12", max_length = 300)]
    employee_id: String,
    /// The id of a leave type that the employee may use.
    #[schema(example = "34")]
    leave_type_id: String,
    /// The first day. Add `AM` or `PM` for a half-day; without it, the absence begins in the morning.
    #[schema(example = "2026-05-04 PM", pattern = "^[0-9]{4}-[0-9]{2}-[0-9]{2}( (AM|PM))?$")]
    starts_on: String,
    /// The last day, inclusive. Without `AM` or `PM`, the absence ends in the afternoon.
    #[schema(example = "2026-05-06", pattern = "^[0-9]{4}-[0-9]{2}-[0-9]{2}( (AM|PM))?$")]
    ends_on: String,
    /// Duration in minutes, within one day, if the leave type is counted in hours.
    #[schema(example = 150, minimum = 1, maximum = 1440)]
    minutes: Option<u32>,
    /// The employee's comment to the approvers.
    #[schema(max_length = 2000)]
    comment: Option<String>,
    /// The ids of the warnings that the employee has confirmed, from a preview or from a response with the
    /// code `absence.confirmation_needed`. A preview needs none.
    #[serde(default)]
    acknowledged_warnings: Vec<String>,
}

impl AbsenceSubmissionCreate {
    /// Parses the absence and its acknowledged warnings.
    async fn read(self, session: &AbsenceSession) -> Result<(AbsenceDraft, Vec<String>), Problem> {
        let (first, last) = period(Some(&self.starts_on), Some(&self.ends_on))?;
        let Some(leave_type_id) = id_of(&self.leave_type_id) else {
            let message = "there is no leave type with this id";
            return Err(absences::Error::Problems(vec![wrong(
                ProblemCode::TypeNotOffered,
                "leave_type_id",
                message,
            )])
            .into());
        };
        let ask = AbsenceDraft {
            employee_id: session.person(&self.employee_id).await?.id,
            leave_type_id,
            first,
            last,
            minutes: self.minutes,
            comment: self.comment,
        };
        Ok((ask, self.acknowledged_warnings))
    }
}

/// An id of Lucca's; `None` if the text can't be one.
fn id_of(text: &str) -> Option<RemoteId> {
    let is_one = !text.is_empty() && text.len() <= LONGEST_ID && !text.chars().any(char::is_control);
    is_one.then(|| RemoteId::from(text))
}

/// The first and last half-day of two dates; a missing date is replaced by the other one's day.
fn period(starts_on: Option<&str>, ends_on: Option<&str>) -> Result<(HalfDay, HalfDay), Problem> {
    let first = starts_on.or(ends_on.and_then(|text| text.get(..10))).and_then(first_half_day);
    let last = ends_on.or(starts_on.and_then(|text| text.get(..10))).and_then(last_half_day);
    match (first, last) {
        (Some(first), Some(last)) => Ok((first, last)),
        (first, last) => {
            let message = "not a date such as 2026-05-04, with or without AM or PM behind it";
            let wrong = [(first, starts_on, "starts_on"), (last, ends_on, "ends_on")]
                .into_iter()
                .filter(|(read, given, _)| read.is_none() && given.is_some())
                .map(|(_, _, field)| wrong(ProblemCode::InvalidPeriod, field, message));
            Err(absences::Error::Problems(wrong.collect()).into())
        }
    }
}

fn wrong(code: ProblemCode, field: &str, message: &str) -> absences::Problem {
    absences::Problem {
        code,
        field: Some(field.to_owned()),
        message: message.to_owned(),
        lucca: None,
        half_days: Vec::new(),
        candidates: Box::default(),
    }
}

/// An operation on a linked account's absences.
pub(crate) type AbsenceTask<'a, T> = Pin<Box<dyn Future<Output = Result<T, Problem>> + Send + 'a>>;

/// A linked account, and the client for its tenant.
pub(crate) struct AbsenceSession {
    services: Services,
    account: LinkedAccount,
    client: Client,
    actor: Actor,
}

impl AbsenceSession {
    /// Finds the linked account in the path. Refused if it has no key, or if Lucca refuses the key.
    pub(crate) async fn of(app: &App, vendor: Vendor, account_id: &str) -> Result<Self, Problem> {
        let account = linked_accounts::find(app, account_id).await?;
        let client = linked_accounts::client(app, &account).await?;
        let services = app.services.clone();
        Ok(Self { services, account, client, actor: vendor.actor() })
    }

    /// Finds the one employee that a reference identifies.
    async fn person(&self, reference: &str) -> Result<PersonLabel, Problem> {
        if reference.len() > LONGEST_REFERENCE || reference.chars().any(char::is_control) {
            return Err(absences::Error::UnknownEmployee.into());
        }
        let absences = self.services.absences(&self.account, &self.client, self.actor);
        Ok(absences.find_person(reference).await?)
    }

    /// Runs an operation on the account's absences. The operation runs to its end even if the caller
    /// disconnects or the response times out, so that everything sent to Lucca is recorded with its outcome.
    pub(crate) async fn run<T: Send + 'static>(
        self,
        operation: impl for<'a> FnOnce(&'a Absences<'a>) -> AbsenceTask<'a, T> + Send + 'static,
    ) -> Result<T, Problem> {
        self.run_with_timeout(operation).await?.ok_or_else(still_running)
    }

    /// Like `run`, but returns `None` if the operation is still running after the timeout.
    pub(crate) async fn run_with_timeout<T: Send + 'static>(
        self,
        operation: impl for<'a> FnOnce(&'a Absences<'a>) -> AbsenceTask<'a, T> + Send + 'static,
    ) -> Result<Option<T>, Problem> {
        run_detached(async move {
            let absences = self.services.absences(&self.account, &self.client, self.actor);
            operation(&absences).await
        })
        .await
    }
}

/// The path of a submission.
fn of_submission(path: (String, String)) -> Result<(String, String), Problem> {
    match path.1.parse::<SubmissionId>() {
        Ok(_) => Ok(path),
        Err(_) => Err(absences::Error::UnknownAbsence.into()),
    }
}

/// The path of an absence by its id in Lucca.
fn of_lucca(path: (String, String)) -> Result<(String, String), Problem> {
    match path.1.parse::<SubmissionId>() {
        Ok(_) => Err(absences::Error::UnknownAbsence.into()),
        Err(_) => Ok(path),
    }
}

/// Changes the absence that the path names, as [`AbsenceSession::run`] does.
async fn change(
    app: &App,
    vendor: Vendor,
    (account_id, id): (String, String),
    operation: impl for<'a> FnOnce(&'a Absences<'a>, String) -> AbsenceTask<'a, absences::Changed>
    + Send
    + 'static,
) -> Result<Json<AbsenceDecision>, Problem> {
    let session = AbsenceSession::of(app, vendor, &account_id).await?;
    id_of(&id).ok_or(absences::Error::UnknownAbsence)?;
    Ok(Json(session.run(move |absences| operation(absences, id)).await?.into()))
}

/// Finds a request that was made through the connector for this account.
async fn submission(app: &App, account: &LinkedAccount, id: &str) -> Result<Submission, Problem> {
    let missing = || Problem::not_found("absence submission");
    let id = id.parse().map_err(|_| missing())?;
    let found = app.services.store.submission(id).await?;
    found.filter(|submission| submission.account_no == account.no).ok_or_else(missing)
}
