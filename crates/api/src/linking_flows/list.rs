//! `GET /v1/linking-flows`: lists linking flows and their progress.

use api_types::List;
use axum::extract::State;
use serde::Deserialize;
use store::{FlowId, FlowStatus};
use utoipa::{IntoParams, ToSchema};
use web::app::App;
use web::auth::Vendor;
use web::problem::Problem;

use super::linking_flow;
use crate::Params;
use crate::answers::{Forbidden, Unauthorized, Unprocessable};
use crate::paging::{Page, page_size};

const DEFAULT_LIMIT: u32 = 100;
const MAX_LIMIT: u32 = 500;

/// The state of a flow.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum FlowStanding {
    /// The flow can be continued.
    Open,
    /// An account was linked.
    Finished,
    /// The flow was cancelled.
    Cancelled,
}

impl From<FlowStanding> for FlowStatus {
    fn from(standing: FlowStanding) -> Self {
        match standing {
            FlowStanding::Open => Self::Open,
            FlowStanding::Finished => Self::Finished,
            FlowStanding::Cancelled => Self::Cancelled,
        }
    }
}

/// Filters of the list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct LinkingFlowsQuery {
    /// Only flows of this customer: the vendor's id.
    #[param(example = "cust_42")]
    customer_id: Option<String>,
    /// Only flows in this state: `open`, `finished` or `cancelled`.
    #[param(inline)]
    status: Option<FlowStanding>,
    /// Maximum number of flows; 100 by default.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<u32>,
    /// The `next_cursor` of the previous page.
    cursor: Option<String>,
}

/// Lists linking flows and their progress. Link tokens are not shown again, since only their hashes are
/// stored.
#[utoipa::path(
    get, path = "/v1/linking-flows", tag = "Linking", security(("key" = [])), params(LinkingFlowsQuery),
    responses(
        (status = 200, body = List<api_types::LinkingFlow>),
        Unauthorized,
        Forbidden,
        Unprocessable,
    )
)]
pub(crate) async fn list_linking_flows(
    State(app): State<App>,
    _: Vendor,
    Params(which): Params<LinkingFlowsQuery>,
) -> Result<Page<api_types::LinkingFlow>, Problem> {
    let limit = page_size(which.limit, DEFAULT_LIMIT, MAX_LIMIT)?;
    let before: Option<FlowId> = which.cursor.map(|cursor| cursor.parse()).transpose().map_err(|_| {
        Problem::field(
            "cursor",
            "request.invalid",
            "`cursor` must be the `next_cursor` of a page of this list. Start again without it.",
        )
    })?;
    let store = &app.services.store;
    let status = which.status.map(FlowStatus::from);
    let mut found = store.link_flows(which.customer_id.as_deref(), status, before, limit + 1).await?;
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let has_more = found.len() > limit;
    found.truncate(limit);
    let next_cursor = found.last().filter(|_| has_more).map(|flow| flow.id.to_string());
    Ok(Page(List { items: found.iter().map(linking_flow).collect(), next_cursor }))
}
