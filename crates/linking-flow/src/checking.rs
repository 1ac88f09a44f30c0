//! Checks of keys: each is a task of its own, so that a page can show its progress and closing the browser does
//! not stop it. Results are stored with the flow; `web::running_checks` has the progress.

use lucca::{ApiKey, TenantUrl};
use secrecy::ExposeSecret;
use store::LinkFlow;
use web::app::App;
use web::flow_progress::{Checked, Progress, Step};
use web::problem::chain;
use web::running_checks::{CheckSubject, RunningCheck};

use super::visit::{Visit, update};

/// The subject of a check of the flow's current key.
pub(crate) fn subject(visit: &Visit) -> CheckSubject {
    (visit.flow.id, visit.progress.checks_version)
}

/// Starts a check of the flow's key, unless one is running. The result is discarded if the key, the tenant or
/// the features have changed meanwhile.
pub(crate) fn begin(visit: &Visit) {
    let subject = subject(visit);
    let Some(checking) = visit.app.running_checks.begin(subject) else { return };
    let (app, flow, features) = (visit.app.clone(), visit.flow.clone(), visit.features());
    tokio::spawn(async move {
        let checked = match examine(&app, &flow, &features, &checking).await {
            Ok(diagnosis) => Checked::Done { diagnosis: Box::new(diagnosis) },
            Err(code) => Checked::Failed { code },
        };
        let (_, version) = subject;
        let mut keep = |progress: &mut Progress| {
            if progress.checks_version == version {
                progress.checked = checked.clone();
                progress.reach(Step::Checks);
            }
        };
        if let Err(error) = update(&app, &flow, &mut keep).await {
            tracing::error!(flow = %flow.id, code = error.code(), error = %chain(&error), "a check was not kept");
        }
        app.running_checks.end(subject);
    });
}

/// Examines the key. Fails with the stable code of the error.
async fn examine(
    app: &App,
    flow: &LinkFlow,
    features: &people::Features,
    checking: &RunningCheck,
) -> Result<linking::Diagnosis, String> {
    let services = &app.services;
    let stored = |error: store::Error| {
        tracing::error!(flow = %flow.id, code = error.code(), error = %chain(&error), "a key could not be checked");
        error.code().to_owned()
    };
    let missing = || "link_flow.no_key".to_owned();
    let progress = Progress::read(&flow.state);
    let tenant = progress.tenant.ok_or_else(missing)?;
    let tenant = TenantUrl::parse(&tenant.origin, app.hosts).map_err(|error| error.code().to_owned())?;
    // From the same version of the flow as the tenant.
    let key = flow.api_key(&services.vault).map_err(stored)?.ok_or_else(missing)?;
    let key = ApiKey::parse(key.expose_secret()).map_err(|error| error.code().to_owned())?;
    let pace = app.config.linking.requests_per_minute;
    let client = services.tenants.client(tenant, key, pace).await.map_err(|error| error.code().to_owned())?;
    let examined = linking::examine(&client, features, services.today(), checking).await;
    examined.map_err(|error| {
        tracing::info!(flow = %flow.id, code = error.code(), "a key was not accepted or a tenant not reached");
        error.code().to_owned()
    })
}
