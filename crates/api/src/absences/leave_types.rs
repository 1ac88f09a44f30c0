//! `GET /v1/linked-accounts/{linked_account_id}/employees/{id}/leave-types`: the leave types that an employee may
//! use.

use api_types::{EmployeeLeaveTypeList, all};
use axum::Json;
use axum::extract::{Path, State};
use people::{Half, HalfDay};
use serde::Deserialize;
use utoipa::IntoParams;
use web::app::App;
use web::auth::Vendor;
use web::problem::Problem;

use super::{AbsenceSession, period};
use crate::Params;
use crate::answers::{Conflict, Forbidden, LuccaErrors, NotFound, Unauthorized, Unprocessable};

/// The period of the absence.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct LeaveTypesQuery {
    /// The first day of the absence, `2026-05-04` or `2026-05-04 PM`; today by default.
    #[param(example = "2026-05-04")]
    starts_on: Option<String>,
    /// The last day of the absence; the first by default.
    #[param(example = "2026-05-06")]
    ends_on: Option<String>,
}

/// Lists the leave types that an employee may use, with their balances, as Lucca reports them now.
#[utoipa::path(
    get, path = "/v1/linked-accounts/{linked_account_id}/employees/{id}/leave-types", tag = "Absence submissions",
    security(("key" = [])),
    params(
        ("linked_account_id" = String, Path, description = "The linked account's id."),
        ("id" = String, Path, description = "The employee: `id:12`, `number:00042` or `email:jo@acme.example`; a value \
         without a prefix is accepted if it matches one employee.", example = "id:12"),
        LeaveTypesQuery,
    ),
    responses(
        (status = 200, body = EmployeeLeaveTypeList),
        Unauthorized,
        Forbidden,
        NotFound,
        Conflict,
        Unprocessable,
        LuccaErrors,
    )
)]
pub(crate) async fn list_employee_leave_types(
    State(app): State<App>,
    vendor: Vendor,
    Path((linked_account_id, employee_id)): Path<(String, String)>,
    Params(wanted): Params<LeaveTypesQuery>,
) -> Result<Json<EmployeeLeaveTypeList>, Problem> {
    let (first, last) = if wanted.starts_on.is_none() && wanted.ends_on.is_none() {
        let today = app.services.today();
        (HalfDay::new(today, Half::Am), HalfDay::new(today, Half::Pm))
    } else {
        period(wanted.starts_on.as_deref(), wanted.ends_on.as_deref())?
    };
    let session = AbsenceSession::of(&app, vendor, &linked_account_id).await?;
    let person = session.person(&employee_id).await?;
    let employee_id = person.id.clone();
    let found = session
        .run(move |absences| {
            Box::pin(async move { Ok(absences.leave_types(&employee_id, first, last).await?) })
        })
        .await?;
    Ok(Json(EmployeeLeaveTypeList {
        employee: person.into(),
        items: all(found.leave_types),
        is_offered: found.is_offered,
    }))
}
