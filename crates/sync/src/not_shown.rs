//! Employees that are stored and no longer returned, with the reasons of the last full read. Stored in the
//! state of the stream `users`, for the next read, the permission doctor and the issues.

use std::collections::BTreeMap;

use jiff::Timestamp;
use people::RemoteId;
use serde::{Deserialize, Serialize};

use crate::reconcile::{HeldBecause, HiddenBecause};
use crate::state::StreamState;

/// Number of consecutive full reads without a decision before an issue asks the operator.
pub const READS_BEFORE_ASKING: u32 = 3;

/// Employees that are stored and no longer returned.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct NotShown {
    /// The number of hidden employees by reason.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub hidden: BTreeMap<HiddenBecause, u64>,
    /// The number of stored employees at the judgement, including hidden ones.
    #[serde(skip_serializing_if = "is_zero")]
    pub stored: u64,
    /// The undecided employees.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub undecided: Vec<Undecided>,
}

/// An employee who is no longer returned, and for whom the evidence does not decide between deleted and
/// hidden.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Undecided {
    /// Lucca's id of the employee.
    pub id: RemoteId,
    /// The reason for the doubt.
    pub reason: HeldBecause,
    /// The number of consecutive full reads without a decision.
    pub reads: u32,
    /// The time of the first of these reads, UTC.
    pub since: Timestamp,
}

impl Undecided {
    /// Whether an operator has to decide.
    pub fn asks_a_person(&self) -> bool {
        self.reads >= READS_BEFORE_ASKING
    }
}

impl NotShown {
    /// Reads a linked account's missing employees from the state of its stream `users`.
    pub fn of(users: Option<&String>) -> Self {
        StreamState::read(users).not_shown
    }

    /// Whether every stored employee is returned.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The number of employees hidden for a reason.
    pub fn hidden_because(&self, because: HiddenBecause) -> u64 {
        self.hidden.get(&because).copied().unwrap_or(0)
    }

    /// The reason why the previous read could not decide about an employee.
    pub(crate) fn undecided_because(&self, id: &RemoteId) -> Option<HeldBecause> {
        self.undecided.iter().find(|one| one.id == *id).map(|one| one.reason)
    }

    /// This read's undecided employees, with the number of reads since they became undecided.
    pub(crate) fn continued(
        &self,
        now: impl IntoIterator<Item = (RemoteId, HeldBecause)>,
        at: Timestamp,
    ) -> Vec<Undecided> {
        let continued = |(id, reason): (RemoteId, HeldBecause)| {
            let before = self.undecided.iter().find(|one| one.id == id);
            Undecided {
                reason,
                reads: before.map_or(1, |before| before.reads.saturating_add(1)),
                since: before.map_or(at, |before| before.since),
                id,
            }
        };
        let mut undecided: Vec<Undecided> = now.into_iter().map(continued).collect();
        undecided.sort_by(|a, b| a.id.sort_key().cmp(&b.id.sort_key()));
        undecided
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_zero(count: &u64) -> bool {
    *count == 0
}
