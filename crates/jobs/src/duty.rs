//! Duties: kinds of recurring work. Each has its own tables, which list its due subjects.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use crate::queue::{Handler, Job, Lane};

/// The due subjects.
pub type Due<'a> = Pin<Box<dyn Future<Output = Result<Vec<Subject>, store::Error>> + Send + 'a>>;

/// A subject that a duty works on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    /// The subject's id.
    pub id: String,
    /// The lane in which it waits.
    pub lane: Lane,
    /// Whether it precedes other jobs of its lane, because a user waits for its result.
    pub is_urgent: bool,
}

impl Subject {
    /// A subject without urgency.
    pub fn new(id: String, lane: Lane) -> Self {
        Self { id, lane, is_urgent: false }
    }
}

/// A kind of recurring work.
pub trait Duty: Send + Sync {
    /// The duty's name, in jobs and logs.
    fn name(&self) -> &'static str;

    /// The interval of scheduling.
    fn every(&self) -> Duration;

    /// Lists the due subjects, the most urgent first.
    fn due(&self, now: Timestamp) -> Due<'_>;

    /// Works on a subject. It may not be due any more, and another worker may be working on it. Failures are
    /// logged, and the duty's own tables hold the next due time.
    ///
    /// The future need not be `Send`: it runs on a thread of its own, because the compiler can't yet prove
    /// that a sync's borrows are `Send` (rust-lang/rust#100013).
    fn run<'a>(&'a self, subject: &'a str) -> Pin<Box<dyn Future<Output = ()> + 'a>>;
}

/// All duties of a process.
#[derive(Clone)]
pub struct Duties(pub Arc<[Arc<dyn Duty>]>);

impl Handler for Duties {
    fn handle(&self, job: Job) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        let Some(duty) = self.0.iter().find(|duty| duty.name() == job.duty).map(Arc::clone) else {
            // A job of a newer version: its scheduler will enqueue the subject again.
            tracing::warn!(duty = job.duty, "skipped a job of a duty that this version does not know");
            return Box::pin(async {});
        };
        Box::pin(async move {
            let runtime = tokio::runtime::Handle::current();
            let name = duty.name();
            let done = tokio::task::spawn_blocking(move || runtime.block_on(duty.run(&job.subject))).await;
            if done.is_err() {
                tracing::error!(duty = name, "a job panicked");
            }
        })
    }
}
