//! Running examinations of keys: each is a task of its own, so that a page can show its progress and closing
//! the browser does not stop it. Only the running ones are here; results are stored with the flow.

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

/// The subject of a check: the flow, and its [`checks_version`](Progress::checks_version).
type Subject = (FlowId, u64);

/// The running checks. A flow may have several, for keys or tenants entered one after the other; only the
/// result of the last one counts.
#[derive(Default)]
pub(crate) struct RunningChecks(Mutex<HashMap<Subject, Arc<RunningCheck>>>);

/// One running check.
#[derive(Default)]
pub(crate) struct RunningCheck(Mutex<CheckProgress>);

/// The progress of a check.
#[derive(Clone, Default)]
pub(crate) struct CheckProgress {
    /// The step that is running.
    pub(crate) running: Option<Probe>,
    /// The results of finished steps.
    pub(crate) done: Vec<ProbeOutcome>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // No panic can leave the value behind the lock inconsistent.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl RunningChecks {
    /// The progress of the check of the flow's current key; `None` if none is running.
    pub(crate) fn progress(&self, visit: &Visit) -> Option<CheckProgress> {
        let checking = lock(&self.0).get(&subject(visit)).cloned()?;
        let seen = lock(&checking.0).clone();
        Some(seen)
    }

    /// Registers a check; `None` if one is running already.
    fn begin(&self, subject: Subject) -> Option<Arc<RunningCheck>> {
        let mut all = lock(&self.0);
        if all.contains_key(&subject) {
            return None;
        }
        let checking = Arc::new(RunningCheck::default());
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

impl Watcher for RunningCheck {
    fn started(&self, probe: Probe) {
        lock(&self.0).running = Some(probe);
    }

    fn finished(&self, outcome: &ProbeOutcome) {
        let mut seen = lock(&self.0);
        seen.running = None;
        seen.done.push(outcome.clone());
    }
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
    let machinery = &app.machinery;
    let stored = |error: store::Error| {
        tracing::error!(flow = %flow.id, code = error.code(), error = %chain(&error), "a key could not be checked");
        error.code().to_owned()
    };
    let missing = || "link_flow.no_key".to_owned();
    let progress = Progress::read(&flow.state);
    let tenant = progress.tenant.ok_or_else(missing)?;
    let tenant = TenantUrl::parse(&tenant.origin, app.hosts).map_err(|error| error.code().to_owned())?;
    // From the same version of the flow as the tenant.
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
