//! People who are stored and no longer shown: what the last full read said of why. Kept with the state of the stream
//! `users`, for the next read, the doctor and the issues.

use std::collections::BTreeMap;

use jiff::Timestamp;
use people::RemoteId;
use serde::{Deserialize, Serialize};

use crate::reconcile::{HeldBecause, HiddenBecause};
use crate::state::StreamState;

/// So many full reads without a decision, and a person is asked.
pub const READS_BEFORE_ASKING: u32 = 3;

/// People who are stored and no longer shown.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct NotShown {
    /// How many are hidden, by why.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub hidden: BTreeMap<HiddenBecause, u64>,
    /// How many were stored when they were judged, those who are hidden included.
    #[serde(skip_serializing_if = "is_zero")]
    pub stored: u64,
    /// The undecided people.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub undecided: Vec<Undecided>,
}

/// A person who is no longer shown: the evidence does not decide between deleted and hidden.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Undecided {
    /// The person: Lucca's id.
    pub id: RemoteId,
    /// What leaves it open.
    pub reason: HeldBecause,
    /// How many full reads in a row have left it open.
    pub reads: u32,
    /// When the first of them judged, UTC.
    pub since: Timestamp,
}

impl Undecided {
    /// Whether a person has to look.
    pub fn asks_a_person(&self) -> bool {
        self.reads >= READS_BEFORE_ASKING
    }
}

impl NotShown {
    /// What is remembered of a linked account, from the state of its stream `users`.
    pub fn of(users: Option<&String>) -> Self {
        StreamState::read(users).not_shown
    }

    /// Whether everybody who is stored is shown.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// How many people are hidden for a reason.
    pub fn hidden_because(&self, because: HiddenBecause) -> u64 {
        self.hidden.get(&because).copied().unwrap_or(0)
    }

    /// Why the read before could not decide about a person.
    pub(crate) fn undecided_because(&self, id: &RemoteId) -> Option<HeldBecause> {
        self.undecided.iter().find(|one| one.id == *id).map(|one| one.reason)
    }

    /// The undecided people of this read, each with how many reads have left it open.
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
