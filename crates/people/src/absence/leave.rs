//! A leave is one half-day; an absence is the continuous period of its leaves.
//!
//! An absence computes its extent from its leaves, so that the two never differ.

use std::collections::HashSet;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{Half, HalfDay};
use crate::catalog::model;
use crate::{RemoteId, SourceTime};

model! {
    /// One half-day of one absence, on one leave type (Lucca: leave).
    ///
    /// Its JSON is short, since there are millions: absent values are left out, and so is `is_active` when true.
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    pub struct Leave {
        /// Lucca's id, such as `78287-20180424-PM`.
        id: RemoteId = lucca(&[wire("id")]);
        /// The day.
        date: Date = lucca(&[wire("date")]);
        /// The half of the day.
        half: Half = lucca(&[wire("isAM")]);
        /// The leave type. Absent if the API key may not see it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        leave_type_id: Option<RemoteId> = lucca(&[wire("leaveAccount"), wire("leaveAccountId")]);
        /// Length in minutes, for leaves counted in hours.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        minutes: Option<i64> = made("computed from value, if it is a duration");
        /// The length as a bare number, if Lucca sent one.
        // unverified: its unit. The documentation has a duration in hours here, not a number.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        value: Option<f64> = lucca(&[wire("value")]);
        /// False if the absence was cancelled or denied, or this half-day removed from it.
        /// The absence's `is_confirmed` holds the approval.
        #[serde(default = "yes", skip_serializing_if = "is_true")]
        is_active: bool = lucca(&[wire("isActive")]);
        /// Creation time in Lucca.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        created_at: Option<SourceTime> = lucca(&[wire("creationDate")]);
        /// Cancellation time.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        cancelled_at: Option<SourceTime> = lucca(&[wire("cancellationDate")]);
        /// The employee who cancelled it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        cancelled_by: Option<RemoteId> = lucca(&[wire("cancellationUser"), wire("cancellationUserId")]);
        /// The employee's comment (field group `leave_reason`).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        comment: Option<String> = lucca(&[wire("comment")]).of(LEAVE_REASON);
    }
}

fn yes() -> bool {
    true
}

fn is_true(flag: &bool) -> bool {
    *flag
}

impl Leave {
    /// The half-day it takes.
    pub fn at(&self) -> HalfDay {
        HalfDay::new(self.date, self.half)
    }
}

/// Whether and when an absence received its final approval.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Confirmation {
    /// True once approved, false while pending.
    pub is_confirmed: Option<bool>,
    /// Time of the approval.
    pub confirmed_at: Option<SourceTime>,
}

model! {
    /// A continuous period away, to the half-day (Lucca: leave period). A period of remote work is also an
    /// absence, on a leave type marked as remote work.
    ///
    /// [`from_leaves`](Self::from_leaves) builds it: every field except id, employee and confirmation follows
    /// from its leaves. Half-days on which the employee does not work have no leave.
    // unverified: whether leaves exist for working half-days only. The connector does not rely on it.
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    pub struct Absence {
        /// Lucca's leave period id.
        id: RemoteId = lucca(&[wire("leavePeriodId")]);
        /// The employee who is away.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        employee_id: Option<RemoteId> = lucca(&[wire("owner"), wire("ownerId")]).column(Column::EmployeeId);
        /// True once approved, false while pending.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        is_confirmed: Option<bool> = lucca(&[wire("isConfirmed").within("leavePeriod")]);
        /// Time of the approval.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        confirmed_at: Option<SourceTime> = lucca(&[wire("confirmationDate").within("leavePeriod")]);
        /// The first half-day away: of the active leaves, or of all if none is active.
        first: HalfDay = made("computed: the first of its half-days").column(Column::StartsOn);
        /// The last half-day away: of the active leaves, or of all if none is active.
        last: HalfDay = made("computed: the last of its half-days").column(Column::EndsOn);
        /// The leave types of the active leaves, or of all if none is active: each once, in order of first
        /// use.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        leave_type_ids: Vec<RemoteId> =
            made("computed from leaveAccount, or leaveAccountId, of its half-days");
        /// The number of active leaves.
        half_days: u32 = made("computed: the number of active half-days");
        /// The sum of the active leaves that are counted in hours, in minutes. Absent if no leave is.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        minutes: Option<i64> = made("computed from its half-days");
        /// Whether any leave is active.
        is_active: bool = made("computed from isActive of its half-days");
        /// Its half-days in order of time, including inactive ones.
        leaves: Vec<Leave> =
            made("each half-day: id, date, isAM, leaveAccount, value, isActive, creationDate, cancellationDate, cancellationUser, comment");
    }
}

impl Absence {
    /// Builds the absence of these leaves, in any order; of two with the same id the later one counts. `None`
    /// without leaves.
    pub fn from_leaves(
        id: RemoteId,
        employee_id: Option<RemoteId>,
        confirmation: Confirmation,
        leaves: impl IntoIterator<Item = Leave>,
    ) -> Option<Self> {
        let leaves = in_order(leaves.into_iter().collect());
        let is_active = leaves.iter().any(|leave| leave.is_active);
        let counted = || leaves.iter().filter(|leave| leave.is_active == is_active);
        let first = counted().next()?.at();
        let last = counted().next_back()?.at();
        let mut leave_type_ids: Vec<RemoteId> = Vec::new();
        for leave_type in counted().filter_map(|leave| leave.leave_type_id.as_ref()) {
            if !leave_type_ids.contains(leave_type) {
                leave_type_ids.push(leave_type.clone());
            }
        }
        let active = || leaves.iter().filter(|leave| leave.is_active);
        let half_days = u32::try_from(active().count()).unwrap_or(u32::MAX);
        let minutes = active().filter_map(|leave| leave.minutes).reduce(i64::saturating_add);
        Some(Self {
            id,
            employee_id,
            is_confirmed: confirmation.is_confirmed,
            confirmed_at: confirmation.confirmed_at,
            first,
            last,
            leave_type_ids,
            half_days,
            minutes,
            is_active,
            leaves,
        })
    }

    /// Adds more leaves to the absence: a leave with a known id replaces the earlier one, the others are
    /// added. An empty confirmation keeps the known one.
    #[must_use]
    pub fn merge(mut self, leaves: impl IntoIterator<Item = Leave>, confirmation: Confirmation) -> Self {
        let confirmation =
            if confirmation == Confirmation::default() { self.confirmation() } else { confirmation };
        let leaves: Vec<Leave> = std::mem::take(&mut self.leaves).into_iter().chain(leaves).collect();
        match Self::from_leaves(self.id.clone(), self.employee_id.clone(), confirmation, leaves) {
            Some(merged) => merged,
            // Only an absence constructed by hand has no leaves to begin with.
            None => Self {
                is_confirmed: confirmation.is_confirmed,
                confirmed_at: confirmation.confirmed_at,
                ..self
            },
        }
    }

    /// The same absence without the leaves that have these ids. `None` if none is left.
    pub fn without<'a>(self, ids: impl IntoIterator<Item = &'a RemoteId>) -> Option<Self> {
        let ids: HashSet<&RemoteId> = ids.into_iter().collect();
        let confirmation = self.confirmation();
        let left = self.leaves.into_iter().filter(|leave| !ids.contains(&leave.id));
        Self::from_leaves(self.id, self.employee_id, confirmation, left)
    }

    /// Whether and when it received its final approval.
    pub fn confirmation(&self) -> Confirmation {
        Confirmation { is_confirmed: self.is_confirmed, confirmed_at: self.confirmed_at }
    }

    /// Length in half-days: its active leaves, or all leaves if none is active.
    pub fn duration(&self) -> usize {
        self.leaves.iter().filter(|leave| leave.is_active == self.is_active).count()
    }

    /// Whether an active leave takes this half-day.
    pub fn covers(&self, at: HalfDay) -> bool {
        self.leaves_at(at).any(|leave| leave.is_active)
    }

    /// Whether active leaves of both take the same half-day.
    pub fn overlaps(&self, other: &Self) -> bool {
        self.leaves.iter().any(|leave| leave.is_active && other.covers(leave.at()))
    }

    /// The leaves on a half-day; Lucca allows one that is active.
    fn leaves_at(&self, at: HalfDay) -> impl Iterator<Item = &Leave> {
        let from = self.leaves.partition_point(|leave| leave.at() < at);
        self.leaves[from..].iter().take_while(move |leave| leave.at() == at)
    }
}

/// In order of time, each id once: the last given.
fn in_order(mut leaves: Vec<Leave>) -> Vec<Leave> {
    let mut seen = HashSet::with_capacity(leaves.len());
    let is_last: Vec<bool> = leaves.iter().rev().map(|leave| seen.insert(&leave.id)).collect();
    if seen.len() < leaves.len() {
        let mut is_last = is_last.into_iter().rev();
        leaves.retain(|_| is_last.next().unwrap_or(true));
    }
    leaves.sort_by(|a, b| (a.at(), &a.id).cmp(&(b.at(), &b.id)));
    leaves
}

#[cfg(test)]
mod tests;
