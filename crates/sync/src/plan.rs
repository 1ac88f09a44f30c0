//! What is due of a stream, and how it is to be read. Pure: no clock, no database.
//!
//! A stream that Lucca can filter by what changed is read so on a short rhythm and in full on a long one; the others
//! are read in full on a rhythm between. Every full read is also the sweep that proves what is absent.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use lucca::Stream;
use serde::{Deserialize, Serialize};

use crate::state::StreamState;

/// How a stream is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// All of it. What is stored and not met is judged.
    Full,
    /// What changed since the stream's cursor. What is not met says nothing.
    Incremental,
    /// What Lucca told of, and nothing else: the cursor stays where it is.
    Notified,
}

impl Mode {
    /// The mode's name, as JSON and the database write it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Incremental => "incremental",
            Self::Notified => "notified",
        }
    }
}

/// What a caller wants of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Wish {
    /// What is due by its rhythm, and no request more.
    Due,
    /// What changed of people and absences even if it is not due, and what else is due.
    #[default]
    Now,
    /// Everything, in full.
    Full,
    /// What Lucca told of by itself, and no request more.
    Notified,
}

/// How often what is read. All in minutes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rhythms {
    /// What changed of people.
    pub people: u32,
    /// Departments, establishments, legal units, job qualifications; what was logged of people.
    pub organisation: u32,
    /// All contracts; those of people who changed are read with them.
    pub contracts: u32,
    /// The small lists, working days and public holidays.
    pub lists: u32,
    /// What changed of absences and of their requests.
    pub absences: u32,
    /// Everything of people and absences, to prove what is gone.
    pub sweep: u32,
    /// How far what changed is asked for from before the cursor: the zones of Lucca's times are not known.
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

/// The text names no rhythm.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a rhythm; rhythms are {list}", list = Rhythms::NAMES.join(", "))]
pub struct UnknownRhythm(pub String);

impl Rhythms {
    /// Their names, as the linked account's settings have them.
    pub const NAMES: [&str; 7] =
        ["people", "organisation", "contracts", "lists", "absences", "sweep", "overlap"];

    /// The defaults, but for what `minutes` says by name.
    ///
    /// # Errors
    ///
    /// A name that is none.
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

    /// How often changes of a stream are read, where Lucca can tell them, and how often all of it.
    fn of(&self, stream: Stream) -> (Option<u32>, u32) {
        match stream {
            Stream::Users => (Some(self.people), self.sweep),
            Stream::Leaves | Stream::LeaveRequests => (Some(self.absences), self.sweep),
            // A log is only appended to: nothing vanishes from it.
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

    /// When something of `stream` is due next, as far as is remembered of it: the beginning of time where it was never
    /// read.
    pub fn due_at(&self, stream: Stream, state: &StreamState) -> Timestamp {
        let after = |at: Timestamp, minutes: u32| at + SignedDuration::from_mins(i64::from(minutes));
        let (changes_every, all_every) = self.of(stream);
        let Some(full_at) = state.full_at else {
            return state.unavailable_at.map_or(Timestamp::UNIX_EPOCH, |at| after(at, self.organisation));
        };
        let all = after(full_at, all_every);
        changes_every.map_or(all, |every| all.min(after(state.read_at.unwrap_or(full_at), every)))
    }

    /// How `stream` is to be read now; `None` if it is not due.
    pub fn plan(&self, stream: Stream, state: &StreamState, wish: Wish, now: Timestamp) -> Option<Mode> {
        let (changes_every, all_every) = self.of(stream);
        if wish == Wish::Notified {
            // What was never read is read in full by the syncs that come by themselves, and this with it.
            let is_told_of = matches!(stream, Stream::Leaves | Stream::LeaveRequests);
            return (is_told_of && state.full_at.is_some()).then_some(Mode::Incremental);
        }
        let Some(full_at) = state.full_at else {
            // A list that is not offered is asked for again now and then: a permission may have been granted.
            let is_offered = state.unavailable_at.is_none_or(|at| is_due(at, self.organisation, now));
            return (is_offered || wish == Wish::Full).then_some(Mode::Full);
        };
        if wish == Wish::Full || is_due(full_at, all_every, now) || state.sweep_again {
            return Some(Mode::Full);
        }
        let changes_every = changes_every?;
        let read_at = state.read_at.unwrap_or(full_at);
        let is_wanted = wish == Wish::Now && changes_every <= self.people.max(self.absences);
        if is_wanted || is_due(read_at, changes_every, now) { Some(Mode::Incremental) } else { None }
    }
}

/// Whether so many minutes have passed. A timer that fires a few seconds early is on time.
fn is_due(last: Timestamp, minutes: u32, now: Timestamp) -> bool {
    const EARLY: SignedDuration = SignedDuration::from_secs(30);
    // A time to come is a clock that was set back: better read too often than never.
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
    fn what_was_never_read_is_read_in_full() {
        let rhythms = Rhythms::default();
        for stream in Stream::ALL {
            let plan = rhythms.plan(stream, &StreamState::default(), Wish::Due, at(0));
            assert_eq!(plan, Some(Mode::Full), "{stream}");
        }
        let refused = StreamState { unavailable_at: Some(at(0)), ..StreamState::default() };
        assert_eq!(rhythms.plan(Stream::Leaves, &refused, Wish::Now, at(59)), None);
        assert_eq!(rhythms.plan(Stream::Leaves, &refused, Wish::Now, at(60)), Some(Mode::Full));
        assert_eq!(rhythms.plan(Stream::Leaves, &refused, Wish::Full, at(1)), Some(Mode::Full));
    }

    #[test]
    fn changes_are_read_often_and_everything_daily() {
        let rhythms = Rhythms::default();
        let plan = |stream, minute, wish| rhythms.plan(stream, &read(0, 0), wish, at(minute));
        assert_eq!(plan(Stream::Users, 14, Wish::Due), None);
        assert_eq!(plan(Stream::Users, 14, Wish::Now), Some(Mode::Incremental));
        assert_eq!(plan(Stream::Users, 15, Wish::Due), Some(Mode::Incremental));
        assert_eq!(plan(Stream::Users, 24 * 60, Wish::Due), Some(Mode::Full));
        assert_eq!(plan(Stream::Users, 1, Wish::Full), Some(Mode::Full));
        assert_eq!(plan(Stream::Departments, 59, Wish::Now), None);
        assert_eq!(plan(Stream::Departments, 60, Wish::Due), Some(Mode::Full));
        assert_eq!(plan(Stream::UserLogs, 59, Wish::Now), None);
        assert_eq!(plan(Stream::UserLogs, 60, Wish::Due), Some(Mode::Incremental));
    }

    #[test]
    fn what_is_due_next_is_what_would_be_read_then() {
        let rhythms = Rhythms::default();
        let refused = StreamState { unavailable_at: Some(at(0)), ..StreamState::default() };
        let states = [StreamState::default(), refused, read(0, 0), read(0, 45), read(0, 24 * 60 - 5)];
        for stream in Stream::ALL {
            for state in &states {
                let due = rhythms.due_at(stream, state);
                let plan = |at| rhythms.plan(stream, state, Wish::Due, at);
                assert!(plan(due.max(at(0))).is_some(), "{stream} {state:?}");
                if due > at(1) {
                    assert_eq!(plan(due - SignedDuration::from_secs(31)), None, "{stream} {state:?}");
                }
            }
        }
    }

    #[test]
    fn a_sweep_that_proved_nothing_for_a_reason_of_ours_is_done_again() {
        let again = StreamState { sweep_again: true, ..read(0, 0) };
        assert_eq!(Rhythms::default().plan(Stream::Users, &again, Wish::Due, at(1)), Some(Mode::Full));
    }

    #[test]
    fn a_clock_that_was_set_back_stops_nothing() {
        let plan = Rhythms::default().plan(Stream::Users, &read(500, 500), Wish::Due, at(0));
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
