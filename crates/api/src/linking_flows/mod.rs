//! `/v1/linking-flows`: the progress of linking flows. One file per endpoint.

pub(crate) mod cancel;
pub(crate) mod list;
pub(crate) mod show;

use serde::Serialize;
use store::LinkFlow;
use utoipa::ToSchema;
use web::app::App;
use web::flow_progress::Progress;
use web::problem::Problem;

use super::time;

/// A linking flow: a customer's steps from the welcome page to a linked account.
#[derive(Serialize, ToSchema)]
pub(crate) struct LinkingFlowView {
    /// The flow's id.
    #[schema(example = "flow_0193a5b0c2d47b3e9f1a2b3c4d5e6f70")]
    id: String,
    /// The vendor's id of the customer.
    customer_id: String,
    /// `open`, `finished` or `cancelled`.
    #[schema(example = "open")]
    status: &'static str,
    /// The furthest step reached: `welcome`, `access`, `tenant`, `key`, `role`, `enter-key`, `checks`,
    /// `sync`, `summary` or `done`.
    #[schema(example = "tenant")]
    step: &'static str,
    /// Whether the link was handed over to another person.
    handed_over: bool,
    /// The features that the app requested.
    features: Vec<String>,
    /// The features that the customer declined.
    declined_features: Vec<String>,
    /// The linked account, once it exists.
    account_id: Option<String>,
    /// When the flow was created, UTC.
    created_at: String,
    /// When its state last changed, UTC.
    updated_at: String,
    /// When the account was linked, UTC.
    finished_at: Option<String>,
}

impl LinkingFlowView {
    fn of(flow: &LinkFlow) -> Self {
        let progress = Progress::read(&flow.state);
        Self {
            id: flow.id.to_string(),
            customer_id: flow.customer_id.clone(),
            status: flow.status.name(),
            step: progress.furthest.name(),
            handed_over: progress.handed_over,
            features: flow.features.clone(),
            declined_features: progress.declined.iter().map(|feature| feature.name().to_owned()).collect(),
            account_id: flow.account_id.map(|id| id.to_string()),
            created_at: time(flow.created_at),
            updated_at: time(flow.updated_at),
            finished_at: flow.finished_at.map(time),
        }
    }
}

async fn find(app: &App, id: &str) -> Result<LinkFlow, Problem> {
    let missing = || Problem::not_found("linking flow");
    let id = id.parse().map_err(|_| missing())?;
    app.services.store.link_flow(id).await?.ok_or_else(missing)
}
