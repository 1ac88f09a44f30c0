//! Checks of a key that are going on: each is a task of its own, so that a page can show it and a closed browser
//! does not stop it. What came out is kept with the flow; this is only what goes on now.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use linking::{Probe, ProbeOutcome, Watcher};
use lucca::{ApiKey, TenantUrl};
use secrecy::ExposeSecret;
use store::{FlowId, LinkFlow};

use super::progress::{Checked, Progress, Step};
use super::visit::{Visit, update};
use crate::app::App;
use crate::problem::chain;

/// What is checked: the flow, and its [`checks_version`](Progress::checks_version).
type Subject = (FlowId, u64);

/// The checks that are going on. Of one flow several may, of other keys or tenants that were entered one after the other:
/// only what is found of the last counts.
#[derive(Default)]
pub(crate) struct Checkings(Mutex<HashMap<Subject, Arc<Checking>>>);

/// One check that is going on.
#[derive(Default)]
pub(crate) struct Checking(Mutex<Seen>);

/// How far a check is.
#[derive(Clone, Default)]
pub(crate) struct Seen {
    /// What is being looked at.
    pub(crate) running: Option<Probe>,
    /// What was found so far.
    pub(crate) done: Vec<ProbeOutcome>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // What is behind it is whole at any moment.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Checkings {
    /// How far the check of what a flow holds is; none if none is going on.
    pub(crate) fn seen(&self, visit: &Visit) -> Option<Seen> {
        let checking = lock(&self.0).get(&subject(visit)).cloned()?;
        let seen = lock(&checking.0).clone();
        Some(seen)
    }

    /// A new check; none if one is going on already.
    fn begin(&self, subject: Subject) -> Option<Arc<Checking>> {
        let mut all = lock(&self.0);
        if all.contains_key(&subject) {
            return None;
        }
        let checking = Arc::new(Checking::default());
        all.insert(subject, Arc::clone(&checking));
        Some(checking)
    }

    fn end(&self, subject: Subject) {
        lock(&self.0).remove(&subject);
    }
}

fn subject(visit: &Visit) -> Subject {
    (visit.flow.id, visit.progress.checks_version)
}

impl Watcher for Checking {
    fn started(&self, probe: Probe) {
        lock(&self.0).running = Some(probe);
    }

    fn finished(&self, outcome: &ProbeOutcome) {
        let mut seen = lock(&self.0);
        seen.running = None;
        seen.done.push(outcome.clone());
    }
}

/// Begins to check the key that the flow holds, unless that is going on. What is found is not kept where the key, the tenant
/// or the features have changed meanwhile.
pub(crate) fn begin(visit: &Visit) {
    let subject = subject(visit);
    let Some(checking) = visit.app.checkings.begin(subject) else { return };
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
        app.checkings.end(subject);
    });
}

/// Asks Lucca. Fails with the stable code of why it could not be asked.
async fn examine(
    app: &App,
    flow: &LinkFlow,
    features: &people::Features,
    checking: &Checking,
) -> Result<linking::Diagnosis, String> {
    let machinery = &app.machinery;
    let stored = |error: store::Error| {
        tracing::error!(flow = %flow.id, code = error.code(), error = %chain(&error), "a key could not be checked");
        error.code().to_owned()
    };
    let missing = || "link_flow.no_key".to_owned();
    let progress = Progress::read(&flow.state);
    let tenant = progress.tenant.ok_or_else(missing)?;
    let tenant = TenantUrl::parse(&tenant.origin, app.hosts).map_err(|error| error.code().to_owned())?;
    // Of the same read as the tenant.
    let key = flow.api_key(&machinery.vault).map_err(stored)?.ok_or_else(missing)?;
    let key = ApiKey::parse(key.expose_secret()).map_err(|error| error.code().to_owned())?;
    let pace = app.config.linking.requests_per_minute;
    let client =
        machinery.tenants.client(tenant, key, pace).await.map_err(|error| error.code().to_owned())?;
    let examined = linking::examine(&client, features, machinery.today(), checking).await;
    examined.map_err(|error| {
        tracing::info!(flow = %flow.id, code = error.code(), "a key was not accepted or a tenant not reached");
        error.code().to_owned()
    })
}
