//! Selects the due streams and how to read each. Pure: no clock, no database.
//!
//! Streams that Lucca can filter by change are read incrementally at a short interval and in full at a long
//! one; the others are read in full at an interval in between. Every full read also proves which stored
//! records are missing.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use lucca::Stream;
use people::{Kind, Kinds};
use serde::{Deserialize, Serialize};

use crate::state::StreamState;

/// How a stream is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// A full read: stored records that it does not return are judged.
    Full,
    /// Only changes since the stream's cursor: records that are not returned are not judged.
    Incremental,
    /// Only the records that Lucca's notices named: the cursor does not move.
    Notified,
}

people::names! { Mode: "mode" { Full = "full", Incremental = "incremental", Notified = "notified" } }

/// The extent of a run, as its caller requests it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RunExtent {
    /// Only streams that are due.
    Due,
    /// Changes of employees and absences even if not due, and every other due stream.
    #[default]
    Now,
    /// A full read of every stream.
    Full,
    /// Only the records that Lucca's notices named.
    Notified,
    /// A full read of the streams of these kinds, due or not, and of no other.
    Streams(Kinds),
}

/// Whether a stream is read for one of these kinds.
fn is_of(kinds: Kinds, stream: Stream) -> bool {
    // The names that contracts refer to are lists of their own.
    let is_lookup =
        matches!(stream, Stream::HiringTypes | Stream::TerminationReasons | Stream::TemporaryContractGrounds);
    kinds.iter().any(|kind| Stream::of(kind) == stream || is_lookup && kind == Kind::Employment)
}

/// Read intervals, in minutes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rhythms {
    /// Changes of employees.
    pub people: u32,
    /// Departments, establishments, legal units, job qualifications and the user log.
    pub organisation: u32,
    /// All contracts; changed employees' contracts are read with the employees.
    pub contracts: u32,
    /// The small lists, working days and public holidays.
    pub lists: u32,
    /// Changes of absences and their requests.
    pub absences: u32,
    /// Full reads of employees and absences, to prove deletions.
    pub sweep: u32,
    /// How far incremental reads reach back before the cursor, because the time zones of Lucca's times are
    /// unknown.
    pub overlap: u32,
}

impl Default for Rhythms {
    fn default() -> Self {
        Self {
            people: 15,
            organisation: 60,
            contracts: 6 * 60,
            lists: 24 * 60,
            absences: 15,
            sweep: 24 * 60,
            overlap: 3 * 60,
        }
    }
}

/// The text is not the name of an interval.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown interval {0:?}; known intervals are {list}", list = Rhythms::NAMES.join(", "))]
pub struct UnknownRhythm(pub String);

impl Rhythms {
    /// The intervals' names in a linked account's settings.
    pub const NAMES: [&str; 7] =
        ["people", "organisation", "contracts", "lists", "absences", "sweep", "overlap"];

    /// The defaults, overridden by `minutes`, by name.
    ///
    /// # Errors
    ///
    /// An unknown name.
    pub fn with(minutes: &BTreeMap<String, u32>) -> Result<Self, UnknownRhythm> {
        let mut rhythms = Self::default();
        for (name, minutes) in minutes {
            let place = match name.as_str() {
                "people" => &mut rhythms.people,
                "organisation" => &mut rhythms.organisation,
                "contracts" => &mut rhythms.contracts,
                "lists" => &mut rhythms.lists,
                "absences" => &mut rhythms.absences,
                "sweep" => &mut rhythms.sweep,
                "overlap" => &mut rhythms.overlap,
                _ => return Err(UnknownRhythm(name.clone())),
            };
            *place = *minutes;
        }
        Ok(rhythms)
    }

    /// The intervals of a stream's incremental reads, if it has any, and of its full reads.
    fn of(&self, stream: Stream) -> (Option<u32>, u32) {
        match stream {
            Stream::Users => (Some(self.people), self.sweep),
            Stream::Leaves | Stream::LeaveRequests => (Some(self.absences), self.sweep),
            // The log is append-only, so full reads can be rare.
            Stream::UserLogs => (Some(self.organisation), self.sweep.saturating_mul(7)),
            Stream::Departments | Stream::Establishments | Stream::LegalUnits | Stream::JobQualifications => {
                (None, self.organisation)
            }
            Stream::WorkContracts => (None, self.contracts),
            Stream::OccupationCategories
            | Stream::HiringTypes
            | Stream::TerminationReasons
            | Stream::TemporaryContractGrounds
            | Stream::LeaveAccounts
            | Stream::CustomFieldDefinitions
            | Stream::UserDates => (None, self.lists),
        }
    }

    /// When `stream` is due next, by its state; the earliest timestamp if it was never read.
    pub fn due_at(&self, stream: Stream, state: &StreamState) -> Timestamp {
        let after = |at: Timestamp, minutes: u32| at + SignedDuration::from_mins(i64::from(minutes));
        let (changes_every, all_every) = self.of(stream);
        let Some(full_at) = state.full_at else {
            return state.unavailable_at.map_or(Timestamp::UNIX_EPOCH, |at| after(at, self.organisation));
        };
        let all = after(full_at, all_every);
        changes_every.map_or(all, |every| all.min(after(state.read_at.unwrap_or(full_at), every)))
    }

    /// How to read `stream` now; `None` if it is not due.
    pub fn plan(
        &self,
        stream: Stream,
        state: &StreamState,
        extent: RunExtent,
        now: Timestamp,
    ) -> Option<Mode> {
        let (changes_every, all_every) = self.of(stream);
        if extent == RunExtent::Notified {
            // A stream that was never read waits for a regular sync, which reads it in full.
            let is_notifiable = matches!(stream, Stream::Leaves | Stream::LeaveRequests);
            return (is_notifiable && state.full_at.is_some()).then_some(Mode::Incremental);
        }
        if let RunExtent::Streams(kinds) = extent {
            return is_of(kinds, stream).then_some(Mode::Full);
        }
        let Some(full_at) = state.full_at else {
            // A list that the tenant does not offer is requested again at this interval: a permission may
            // have been granted.
            let is_offered = state.unavailable_at.is_none_or(|at| is_due(at, self.organisation, now));
            return (is_offered || extent == RunExtent::Full).then_some(Mode::Full);
        };
        if extent == RunExtent::Full || is_due(full_at, all_every, now) || state.sweep_again {
            return Some(Mode::Full);
        }
        let changes_every = changes_every?;
        let read_at = state.read_at.unwrap_or(full_at);
        let is_wanted = extent == RunExtent::Now && changes_every <= self.people.max(self.absences);
        if is_wanted || is_due(read_at, changes_every, now) { Some(Mode::Incremental) } else { None }
    }
}

/// Whether the interval has passed. A timer that fires a few seconds early counts as on time.
fn is_due(last: Timestamp, minutes: u32, now: Timestamp) -> bool {
    const EARLY: SignedDuration = SignedDuration::from_secs(30);
    // A time in the future means that the clock was set back: read now rather than never.
    last > now || now.duration_since(last) + EARLY >= SignedDuration::from_mins(i64::from(minutes))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + minute * 60).unwrap()
    }

    fn read(full: i64, changes: i64) -> StreamState {
        StreamState { full_at: Some(at(full)), read_at: Some(at(changes)), ..StreamState::default() }
    }

    #[test]
    fn unread_streams_are_read_in_full() {
        let rhythms = Rhythms::default();
        for stream in Stream::ALL {
            let plan = rhythms.plan(stream, &StreamState::default(), RunExtent::Due, at(0));
            assert_eq!(plan, Some(Mode::Full), "{stream}");
        }
        let refused = StreamState { unavailable_at: Some(at(0)), ..StreamState::default() };
        assert_eq!(rhythms.plan(Stream::Leaves, &refused, RunExtent::Now, at(59)), None);
        assert_eq!(rhythms.plan(Stream::Leaves, &refused, RunExtent::Now, at(60)), Some(Mode::Full));
        assert_eq!(rhythms.plan(Stream::Leaves, &refused, RunExtent::Full, at(1)), Some(Mode::Full));
    }

    #[test]
    fn changes_are_read_often_and_everything_daily() {
        let rhythms = Rhythms::default();
        let plan = |stream, minute, extent| rhythms.plan(stream, &read(0, 0), extent, at(minute));
        assert_eq!(plan(Stream::Users, 14, RunExtent::Due), None);
        assert_eq!(plan(Stream::Users, 14, RunExtent::Now), Some(Mode::Incremental));
        assert_eq!(plan(Stream::Users, 15, RunExtent::Due), Some(Mode::Incremental));
        assert_eq!(plan(Stream::Users, 24 * 60, RunExtent::Due), Some(Mode::Full));
        assert_eq!(plan(Stream::Users, 1, RunExtent::Full), Some(Mode::Full));
        assert_eq!(plan(Stream::Departments, 59, RunExtent::Now), None);
        assert_eq!(plan(Stream::Departments, 60, RunExtent::Due), Some(Mode::Full));
        assert_eq!(plan(Stream::UserLogs, 59, RunExtent::Now), None);
        assert_eq!(plan(Stream::UserLogs, 60, RunExtent::Due), Some(Mode::Incremental));
    }

    #[test]
    fn chosen_streams_are_read_in_full() {
        let extent = RunExtent::Streams([Kind::Department, Kind::Employment].into_iter().collect());
        let plan = |stream| Rhythms::default().plan(stream, &read(0, 0), extent, at(1));
        let chosen: Vec<Stream> = Stream::ALL.into_iter().filter(|stream| plan(*stream).is_some()).collect();
        let expected = [
            Stream::Departments,
            Stream::HiringTypes,
            Stream::TerminationReasons,
            Stream::TemporaryContractGrounds,
            Stream::WorkContracts,
        ];
        assert_eq!(chosen, expected);
        assert_eq!(plan(Stream::Departments), Some(Mode::Full));
    }

    #[test]
    fn due_time_matches_the_plan() {
        let rhythms = Rhythms::default();
        let refused = StreamState { unavailable_at: Some(at(0)), ..StreamState::default() };
        let states = [StreamState::default(), refused, read(0, 0), read(0, 45), read(0, 24 * 60 - 5)];
        for stream in Stream::ALL {
            for state in &states {
                let due = rhythms.due_at(stream, state);
                let plan = |at| rhythms.plan(stream, state, RunExtent::Due, at);
                assert!(plan(due.max(at(0))).is_some(), "{stream} {state:?}");
                if due > at(1) {
                    assert_eq!(plan(due - SignedDuration::from_secs(31)), None, "{stream} {state:?}");
                }
            }
        }
    }

    #[test]
    fn unproven_sweep_is_repeated() {
        let again = StreamState { sweep_again: true, ..read(0, 0) };
        assert_eq!(Rhythms::default().plan(Stream::Users, &again, RunExtent::Due, at(1)), Some(Mode::Full));
    }

    #[test]
    fn clock_set_back_delays_no_read() {
        let plan = Rhythms::default().plan(Stream::Users, &read(500, 500), RunExtent::Due, at(0));
        assert_eq!(plan, Some(Mode::Full));
    }

    #[test]
    fn rhythms_are_set_by_name() {
        let set = |name: &str| Rhythms::with(&BTreeMap::from([(name.to_owned(), 7)]));
        assert_eq!(set("people").unwrap().people, 7);
        assert_eq!(Rhythms::NAMES.map(|name| set(name).is_ok()), [true; 7]);
        assert!(set("never").is_err());
    }
}
