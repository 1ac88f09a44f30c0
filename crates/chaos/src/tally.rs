//! What many rounds met, counted.

use std::collections::BTreeSet;

/// What many rounds met, added up.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// Rounds done.
    pub rounds: u64,
    /// Syncs begun.
    pub runs: u64,
    /// Syncs that went on where another was interrupted.
    pub resumed: u64,
    /// Processes that killed themselves right before a commit.
    pub killed_before_commit: u64,
    /// Processes that killed themselves right after a page was committed.
    pub killed_after_page: u64,
    /// Processes killed at a random instant.
    pub killed_at_random: u64,
    /// Processes that were paused, replaced, and then refused.
    pub fenced: u64,
    /// Requests that a fault struck, or that were answered with an error.
    pub failed_requests: u64,
    /// Requests answered in all.
    pub requests: u64,
    /// Changes in the change logs.
    pub changes: u64,
    /// Things that happened in the tenants.
    pub events: u64,
    /// Holds that a person released.
    pub released: u64,
    /// The points of a first sync at which a process was killed, by engine.
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
        self.points.extend(other.points);
    }

    /// Kills of every type.
    pub fn kills(&self) -> u64 {
        self.killed_before_commit + self.killed_after_page + self.killed_at_random
    }
}
