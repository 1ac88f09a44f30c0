//! Duties: kinds of work that come up again and again, each with its own tables that say what is due.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use crate::queue::{Handler, Job, Lane};

/// What is due, once it is known.
pub type Due<'a> = Pin<Box<dyn Future<Output = Result<Vec<Subject>, store::Error>> + Send + 'a>>;

/// What a duty is to see to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    /// Its id.
    pub id: String,
    /// Which others it waits for.
    pub lane: Lane,
    /// Whether it comes before those of its lane that are not: somebody waits for it.
    pub is_urgent: bool,
}

impl Subject {
    /// One that takes its turn.
    pub fn new(id: String, lane: Lane) -> Self {
        Self { id, lane, is_urgent: false }
    }
}

/// A kind of work.
pub trait Duty: Send + Sync {
    /// Its name, in jobs and logs.
    fn name(&self) -> &'static str;

    /// How often it is looked what is due.
    fn every(&self) -> Duration;

    /// What is due now: its subjects, the most urgent first.
    fn due(&self, now: Timestamp) -> Due<'_>;

    /// Sees to a subject. It may not be due any more, and another worker may be at it. What fails is logged, and when it is
    /// due again is in the duty's own tables.
    ///
    /// The future need not be `Send`: it is driven on a thread of its own, because what a sync borrows can't yet be proven
    /// to be (rust-lang/rust#100013).
    fn see_to<'a>(&'a self, subject: &'a str) -> Pin<Box<dyn Future<Output = ()> + 'a>>;
}

/// All duties of a process, by name.
#[derive(Clone)]
pub struct Duties(pub Arc<[Arc<dyn Duty>]>);

impl Handler for Duties {
    fn handle(&self, job: Job) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        let Some(duty) = self.0.iter().find(|duty| duty.name() == job.duty).map(Arc::clone) else {
            // A newer version's. Its scheduler finds the subject due again.
            tracing::warn!(duty = job.duty, "a job of a duty that this version doesn't know was left");
            return Box::pin(async {});
        };
        Box::pin(async move {
            let runtime = tokio::runtime::Handle::current();
            let name = duty.name();
            let done = tokio::task::spawn_blocking(move || runtime.block_on(duty.see_to(&job.subject))).await;
            if done.is_err() {
                tracing::error!(duty = name, "a job ended by a panic");
            }
        })
    }
}
