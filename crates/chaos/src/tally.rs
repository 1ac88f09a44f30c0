//! Counts over many rounds.

use std::collections::BTreeSet;

/// Counts added up over many rounds.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// Rounds done.
    pub rounds: u64,
    /// Syncs begun.
    pub runs: u64,
    /// Syncs that resumed an interrupted one.
    pub resumed: u64,
    /// Processes that killed themselves right before a commit.
    pub killed_before_commit: u64,
    /// Processes that killed themselves right after a page was committed.
    pub killed_after_page: u64,
    /// Processes killed at a random instant.
    pub killed_at_random: u64,
    /// Processes that were paused, replaced, and then refused.
    pub fenced: u64,
    /// Requests that a fault hit, or that were answered with an error.
    pub failed_requests: u64,
    /// Requests answered in total.
    pub requests: u64,
    /// Changes in the change logs.
    pub changes: u64,
    /// Events in the tenants.
    pub events: u64,
    /// Holds that the administrator released.
    pub released: u64,
    /// Records logged as deleted that only left the key's view by moving: the key can't distinguish the two.
    pub left: u64,
    /// The commits of a first sync before which a process was killed, by engine.
    pub points: BTreeSet<(bool, u64)>,
}

impl Tally {
    /// Adds another tally.
    pub fn add(&mut self, other: Self) {
        self.rounds += other.rounds;
        self.runs += other.runs;
        self.resumed += other.resumed;
        self.killed_before_commit += other.killed_before_commit;
        self.killed_after_page += other.killed_after_page;
        self.killed_at_random += other.killed_at_random;
        self.fenced += other.fenced;
        self.failed_requests += other.failed_requests;
        self.requests += other.requests;
        self.changes += other.changes;
        self.events += other.events;
        self.released += other.released;
        self.left += other.left;
        self.points.extend(other.points);
    }

    /// Kills of every type.
    pub fn kills(&self) -> u64 {
        self.killed_before_commit + self.killed_after_page + self.killed_at_random
    }
}
