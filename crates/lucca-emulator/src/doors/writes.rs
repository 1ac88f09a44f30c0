//! What was done about absences through the API: kept so that nothing done twice can hide.

use jiff::civil::DateTime;
use serde::{Deserialize, Serialize};

use super::Job;
use crate::dice::Dice;

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WriteKind {
    /// A request was made by the factory.
    Request,
    /// A line of a file was imported.
    Import,
    /// A request was cancelled, or its cancellation asked for.
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
    /// What was done.
    pub kind: WriteKind,
    /// Id of the absent person.
    pub owner_id: i64,
    /// Id of the leave period.
    pub leave_period_id: i64,
    /// Id of its request, if there is one.
    pub leave_request_id: Option<i64>,
    /// Name of the key.
    pub principal: String,
    /// When, in Paris local time.
    pub at: DateTime,
}

/// Writes and imports of the tenant's life.
#[derive(Debug, Default)]
pub(crate) struct Writes {
    done: Vec<AbsenceWrite>,
    jobs: Vec<Job>,
}

impl Writes {
    pub(crate) fn done(&self) -> Vec<AbsenceWrite> {
        self.done.clone()
    }
    pub(crate) fn add(&mut self, write: AbsenceWrite) {
        self.done.push(write);
    }
    pub(crate) fn queue(&mut self, seed: u64, failed: bool, polls: u32) -> String {
        let purpose = 0x1A90_0000 + u64::try_from(self.jobs.len()).unwrap_or(0);
        let id = Dice::new(seed, purpose).guid();
        self.jobs.push(Job { id: id.clone(), failed, polled: 0, polls });
        id
    }
    pub(crate) fn job(&mut self, id: &str) -> Option<&mut Job> {
        self.jobs.iter_mut().find(|job| job.id.eq_ignore_ascii_case(id))
    }
}
