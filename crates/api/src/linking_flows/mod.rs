//! `/v1/linking-flows`: the progress of linking flows. One file per endpoint.

pub(crate) mod cancel;
pub(crate) mod list;
pub(crate) mod show;

use api_types::LinkingFlow;
use store::LinkFlow;
use web::app::App;
use web::flow_progress::Progress;
use web::problem::Problem;

use api_types::time;

fn linking_flow(flow: &LinkFlow) -> LinkingFlow {
    let progress = Progress::read(&flow.state);
    LinkingFlow {
        id: flow.id.to_string(),
        customer_id: flow.customer_id.clone(),
        status: flow.status.into(),
        step: progress.furthest.name(),
        handed_over: progress.handed_over,
        features: flow.features.clone(),
        declined_features: progress.declined.iter().map(|feature| feature.name().to_owned()).collect(),
        linked_account_id: flow.account_id.map(|id| id.to_string()),
        created_at: time(flow.created_at),
        updated_at: time(flow.updated_at),
        finished_at: flow.finished_at.map(time),
    }
}

async fn find(app: &App, id: &str) -> Result<LinkFlow, Problem> {
    let missing = || Problem::not_found("linking flow");
    let id = id.parse().map_err(|_| missing())?;
    app.services.store.link_flow(id).await?.ok_or_else(missing)
}
