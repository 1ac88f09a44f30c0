//! Actions on absences: cancel, approve and deny. Each is two operations: on a submission, by its id, and on any absence,
//! by its id in Lucca.

use absences::ProblemCode;
use api_types::AbsenceDecision;
use axum::Json;
use axum::extract::{Path, State};
use people::HalfDay;
use serde::Deserialize;
use utoipa::ToSchema;
use web::app::App;
use web::auth::Vendor;
use web::problem::Problem;

use super::{change, of_lucca, of_submission, wrong};
use crate::Body;
use crate::answers::{Conflict, Forbidden, LuccaErrors, NotFound, Unauthorized, Unprocessable};

/// The part of the absence to cancel.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AbsenceCancellationCreate {
    /// Only these half-days; by default the whole absence.
    #[schema(example = json!(["2026-05-04 PM"]))]
    half_days: Option<Vec<String>>,
}

impl AbsenceCancellationCreate {
    fn half_days(&self) -> Result<Option<Vec<HalfDay>>, Problem> {
        let Some(texts) = &self.half_days else { return Ok(None) };
        let read: Result<Vec<HalfDay>, _> = texts.iter().map(|text| text.parse()).collect();
        read.map(Some).map_err(|_| {
            let message = "a half-day is written as 2026-05-04 AM or 2026-05-04 PM";
            absences::Error::Problems(vec![wrong(ProblemCode::InvalidPeriod, "half_days", message)]).into()
        })
    }
}

/// A comment on the approval.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AbsenceApprovalCreate {
    /// The comment, which the employee sees.
    comment: Option<String>,
}

/// The reason of the denial.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AbsenceDenialCreate {
    /// The reason, which the employee sees. Required.
    #[schema(min_length = 1, example = "Two of the team are away already.")]
    comment: String,
}

/// Declares the two operations of an action: the last part of their paths, the body, the handlers with their
/// documentation, and the call.
macro_rules! action {
    ($verb:literal($body:ty) {
        $(#[doc = $submission_doc:literal])+
        $of_submission:ident,
        $(#[doc = $absence_doc:literal])+
        $of_absence:ident,
    } |$absences:ident, $id:ident, $asked:ident| $call:expr) => {
        $(#[doc = $submission_doc])+
        #[utoipa::path(
            post, path = concat!("/v1/linked-accounts/{linked_account_id}/absence-submissions/{id}/", $verb),
            tag = "Absence submissions", security(("key" = [])), request_body = $body,
            params(
                ("linked_account_id" = String, Path, description = "The linked account's id."),
                ("id" = String, Path, description = "The submission's id, `abr_…`."),
            ),
            responses(
                (status = 200, body = AbsenceDecision),
                Unauthorized,
                Forbidden,
                NotFound,
                Conflict,
                Unprocessable,
                LuccaErrors,
            )
        )]
        pub(crate) async fn $of_submission(
            State(app): State<App>,
            vendor: Vendor,
            Path(absence): Path<(String, String)>,
            Body($asked): Body<$body>,
        ) -> Result<Json<AbsenceDecision>, Problem> {
            let absence = of_submission(absence)?;
            change(&app, vendor, absence, move |$absences, $id| Box::pin(async move { Ok($call.await?) })).await
        }

        $(#[doc = $absence_doc])+
        #[utoipa::path(
            post, path = concat!("/v1/linked-accounts/{linked_account_id}/absences/{id}/", $verb),
            tag = "Absences", security(("key" = [])), request_body = $body,
            params(
                ("linked_account_id" = String, Path, description = "The linked account's id."),
                ("id" = String, Path, description = "The absence's id in Lucca."),
            ),
            responses(
                (status = 200, body = AbsenceDecision),
                Unauthorized,
                Forbidden,
                NotFound,
                Conflict,
                Unprocessable,
                LuccaErrors,
            )
        )]
        pub(crate) async fn $of_absence(
            State(app): State<App>,
            vendor: Vendor,
            Path(absence): Path<(String, String)>,
            Body($asked): Body<$body>,
        ) -> Result<Json<AbsenceDecision>, Problem> {
            let absence = of_lucca(absence)?;
            change(&app, vendor, absence, move |$absences, $id| Box::pin(async move { Ok($call.await?) })).await
        }
    };
}

action! {
    "cancel"(AbsenceCancellationCreate) {
        /// Cancels an absence or half-days of it.
        ///
        /// A pending absence is cancelled at once. For an approved one, Lucca may require an approval of the
        /// cancellation. Repeating the call is safe.
        cancel_absence_submission,
        /// Cancels an absence or half-days of it, also one that was not made through the connector.
        ///
        /// A pending absence is cancelled at once. For an approved one, Lucca may require an approval of the
        /// cancellation. Repeating the call is safe.
        cancel_absence,
    } |absences, id, asked| absences.cancel(&id, asked.half_days()?.as_deref())
}

action! {
    "approve"(AbsenceApprovalCreate) {
        /// Approves the pending step of an absence request.
        approve_absence_submission,
        /// Approves the pending step of an absence request, also one that was not made through the connector.
        approve_absence,
    } |absences, id, asked| absences.decide(&id, true, asked.comment.as_deref())
}

action! {
    "deny"(AbsenceDenialCreate) {
        /// Denies a pending absence request.
        deny_absence_submission,
        /// Denies a pending absence request, also one that was not made through the connector.
        deny_absence,
    } |absences, id, asked| absences.decide(&id, false, Some(&asked.comment))
}
