//! The writes of absences that the API accepted, recorded so that a duplicate can't go unnoticed, and the
//! imports that clients poll.
//!
//! Not included: the requests that write (`absence_apis`).

use jiff::civil::DateTime;
use serde::{Deserialize, Serialize};

use crate::dice::Dice;

/// The kind of a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WriteKind {
    /// The factory created a request.
    Request,
    /// A line of a file was imported.
    Import,
    /// A request was cancelled, or its cancellation requested.
    Cancel,
    /// A half-day was deleted.
    DeleteLeave,
    /// A step of a request was approved.
    Approve,
    /// A request was denied.
    Deny,
}

/// A change of absences that the API accepted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AbsenceWrite {
    /// The kind.
    pub kind: WriteKind,
    /// Id of the absent person.
    pub owner_id: i64,
    /// Id of the leave period.
    pub leave_period_id: i64,
    /// Id of its request, if there is one.
    pub leave_request_id: Option<i64>,
    /// Name of the key.
    pub principal: String,
    /// Time, in Paris local time.
    pub at: DateTime,
}

/// An import as seen by its polls.
#[derive(Debug, Clone)]
pub(crate) struct ImportJob {
    id: String,
    failed: bool,
    /// Polls answered, and the number to answer before the end.
    polled: u32,
    polls: u32,
}

impl ImportJob {
    /// 0 not started, 1 to 99 in progress, 100 success, -1 error.
    pub(crate) fn poll(&mut self) -> i64 {
        let done = self.polled;
        self.polled = self.polled.saturating_add(1);
        if done < self.polls {
            i64::from(done) * 100 / i64::from(self.polls)
        } else if self.failed {
            -1
        } else {
            100
        }
    }
}

/// All writes and imports of the tenant.
#[derive(Debug, Default)]
pub(crate) struct AbsenceWrites {
    done: Vec<AbsenceWrite>,
    jobs: Vec<ImportJob>,
}

impl AbsenceWrites {
    pub(crate) fn done(&self) -> Vec<AbsenceWrite> {
        self.done.clone()
    }
    pub(crate) fn add(&mut self, write: AbsenceWrite) {
        self.done.push(write);
    }
    pub(crate) fn queue(&mut self, seed: u64, failed: bool, polls: u32) -> String {
        let purpose = 0x1A90_0000 + u64::try_from(self.jobs.len()).unwrap_or(0);
        let id = Dice::new(seed, purpose).guid();
        self.jobs.push(ImportJob { id: id.clone(), failed, polled: 0, polls });
        id
    }
    pub(crate) fn job(&mut self, id: &str) -> Option<&mut ImportJob> {
        self.jobs.iter_mut().find(|job| job.id.eq_ignore_ascii_case(id))
    }
}
