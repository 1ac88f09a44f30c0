//! `GET /v1/linked-accounts/{account_id}/absence-requests/{id}`: how one stands.

use axum::Json;
use axum::extract::{Path, State};
use serde::Deserialize;
use utoipa::IntoParams;

use super::views::AbsenceRequestView;
use super::{Desk, submission};
use crate::api::Params;
use crate::api::answers::{Forbidden, LuccaFails, NotFound, NotNow, Unauthorized};
use crate::api::linked_accounts::find;
use crate::app::App;
use crate::auth::Vendor;
use crate::problem::Problem;

/// How fresh.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct HowFresh {
    /// Whether Lucca is asked first; by default it is shown as it was last heard of, which for a young one is minutes
    /// ago.
    #[serde(default)]
    refresh: bool,
}

/// Shows how an absence request made through the connector stands.
#[utoipa::path(
    get, path = "/v1/linked-accounts/{account_id}/absence-requests/{id}", tag = "absence requests",
    security(("key" = [])),
    params(
        ("account_id" = String, Path, description = "the linked account's id"),
        ("id" = String, Path, description = "the absence request's id, `abr_…`"),
        HowFresh,
    ),
    responses(
        (status = 200, body = AbsenceRequestView),
        Unauthorized,
        Forbidden,
        NotFound,
        NotNow,
        LuccaFails,
    )
)]
pub(crate) async fn absence_request(
    State(app): State<App>,
    vendor: Vendor,
    Path((account_id, id)): Path<(String, String)>,
    Params(how): Params<HowFresh>,
) -> Result<Json<AbsenceRequestView>, Problem> {
    let account = find(&app, &account_id).await?;
    let mut found = submission(&app, &account, &id).await?;
    if how.refresh {
        let desk = Desk::of(&app, vendor, &account_id).await?;
        found = desk.act(move |absences| Box::pin(async move { Ok(absences.advance(found).await?) })).await?;
    }
    Ok(Json(AbsenceRequestView::of(&found)?))
}
