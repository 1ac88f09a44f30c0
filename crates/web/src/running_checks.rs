//! The running checks of API keys in linking flows, with their progress, in memory. The crate `linking-flow` runs
//! a check and stores its result with the flow.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use linking::{Probe, ProbeOutcome, Watcher};
use store::FlowId;

/// The subject of a check: the flow, and its `checks_version`.
pub type CheckSubject = (FlowId, u64);

/// The running checks. A flow may have several, for keys or tenants entered one after the other; only the
/// result of the last one counts.
#[derive(Default)]
pub struct RunningChecks(Mutex<HashMap<CheckSubject, Arc<RunningCheck>>>);

/// One running check.
#[derive(Default)]
pub struct RunningCheck(Mutex<CheckProgress>);

/// The progress of a check.
#[derive(Clone, Default)]
pub struct CheckProgress {
    /// The step that is running.
    pub running: Option<Probe>,
    /// The results of finished steps.
    pub done: Vec<ProbeOutcome>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // A panic can't leave the value behind the lock inconsistent.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl RunningChecks {
    /// The progress of a check; `None` if it is not running.
    pub fn progress(&self, subject: CheckSubject) -> Option<CheckProgress> {
        let checking = lock(&self.0).get(&subject).cloned()?;
        let seen = lock(&checking.0).clone();
        Some(seen)
    }

    /// Registers a check; `None` if one is running already.
    pub fn begin(&self, subject: CheckSubject) -> Option<Arc<RunningCheck>> {
        let mut all = lock(&self.0);
        if all.contains_key(&subject) {
            return None;
        }
        let checking = Arc::new(RunningCheck::default());
        all.insert(subject, Arc::clone(&checking));
        Some(checking)
    }

    /// Removes a check that has ended.
    pub fn end(&self, subject: CheckSubject) {
        lock(&self.0).remove(&subject);
    }
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
