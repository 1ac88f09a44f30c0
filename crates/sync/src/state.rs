//! What a stream remembers between runs, as JSON in the store: its cursor, when it was read, where an interrupted
//! read resumes, and how the server wants to be asked.

use std::collections::BTreeMap;

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use people::RemoteId;
use serde::{Deserialize, Serialize};

use crate::not_shown::NotShown;
use crate::plan::Mode;
use crate::report::Lesson;

const VERSION: u32 = 1;

/// What a stream remembers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct StreamState {
    pub(crate) version: u32,
    /// When the last full read began that came to its end.
    pub full_at: Option<Timestamp>,
    /// When the last read of any kind began that came to its end: whatever changed before that is stored. Never
    /// later than the beginning of the run that set it.
    pub read_at: Option<Timestamp>,
    /// When the server last said that it does not offer the stream to this key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unavailable_at: Option<Timestamp>,
    /// The last full read proved nothing because it was interrupted or the records kept moving: once more.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub sweep_again: bool,
    /// Where an interrupted read resumes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resume: Option<Resume>,
    /// How many rows the last full read had that came to its end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub usual_rows: Option<u64>,
    /// How the server wants to be asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub learned: Option<Lesson>,
    /// How far the server's clock was ahead of ours as `read_at` was set, in seconds; negative where it was behind.
    #[serde(skip_serializing_if = "is_zero")]
    pub server_ahead_s: i64,
    /// The server refused to be asked for what changed.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub changes_refused: bool,
    /// People who are stored and no longer shown; of the stream `users` only.
    #[serde(skip_serializing_if = "NotShown::is_empty")]
    pub(crate) not_shown: NotShown,
    /// The names of a list that is kept nowhere else.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub names: BTreeMap<RemoteId, String>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_zero(seconds: &i64) -> bool {
    *seconds == 0
}

impl Default for StreamState {
    fn default() -> Self {
        Self {
            version: VERSION,
            full_at: None,
            read_at: None,
            unavailable_at: None,
            sweep_again: false,
            resume: None,
            usual_rows: None,
            learned: None,
            server_ahead_s: 0,
            changes_refused: false,
            not_shown: NotShown::default(),
            names: BTreeMap::new(),
        }
    }
}

/// Where an interrupted read resumes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Resume {
    /// How the stream was being read.
    pub mode: Mode,
    /// When that began.
    pub began_at: Timestamp,
    /// Which part of the stream was being read, where it is read in parts: its first day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub part: Option<Date>,
    /// Where the last committed page ended; none where the part is read from its beginning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checkpoint: Option<lucca::Checkpoint>,
    /// Records done.
    pub done: u64,
}

/// More rows than this are never taken for a tenant's.
const MOST_ROWS: u64 = 2_000_000;
/// So many rows are taken however few there were before.
const FEW_ROWS: u64 = 50_000;
/// How many times as many rows as usual are taken: the rest waits for a person.
const GROWTH: u64 = 10;

/// How long an interrupted read is worth resuming.
const RESUME_WITHIN: SignedDuration = SignedDuration::from_hours(12);

impl StreamState {
    /// What was stored; what another version wrote, or is damaged, is the beginning.
    pub(crate) fn read(json: Option<&String>) -> Self {
        let state = json.and_then(|json| serde_json::from_str::<Self>(json).ok());
        state.filter(|state| state.version == VERSION).unwrap_or_default()
    }

    /// As if nothing had been read; how the server wants to be asked stays, and the names that are kept nowhere else.
    pub(crate) fn read_anew(self) -> Self {
        Self { learned: self.learned, names: self.names, usual_rows: self.usual_rows, ..Self::default() }
    }

    /// How many rows a read may have before it is held: a server may make them up without end.
    pub(crate) fn most_rows(&self) -> u64 {
        let many = |usual: u64| usual.saturating_mul(GROWTH).clamp(FEW_ROWS, MOST_ROWS);
        self.usual_rows.map_or(MOST_ROWS, many)
    }

    /// As it is stored.
    pub(crate) fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Where a read in `mode` resumes, if one was interrupted not too long ago.
    pub(crate) fn resume_of(&self, mode: Mode, now: Timestamp) -> Option<&Resume> {
        let is_fresh = |resume: &&Resume| now.duration_since(resume.began_at).abs() < RESUME_WITHIN;
        self.resume.as_ref().filter(|resume| resume.mode == mode).filter(is_fresh)
    }

    /// What was learned of the server, unless that is too long ago: what it refused then it may take now.
    pub(crate) fn lesson(&self, now: Timestamp) -> Option<&Lesson> {
        const LASTS: SignedDuration = SignedDuration::from_hours(24);
        self.learned.as_ref().filter(|lesson| now.duration_since(lesson.at) < LASTS)
    }

    /// From when on what changed is asked for, as a wall clock of the server: `overlap` before the last read began, moved by
    /// how far the server's clock was ahead of ours then.
    ///
    /// The wall clock is UTC's. In whichever zone Lucca reads it, the overlap covers the difference for zones up to
    /// that far behind UTC, and zones ahead of it only make the question wider.
    // unverified: the zone in which Lucca reads `since` (source: absences.md §1, wire-grammar.md §1.4).
    pub(crate) fn since(&self, overlap_minutes: u32) -> Option<DateTime> {
        let read_at = self.read_at?;
        let server_ahead = SignedDuration::from_secs(self.server_ahead_s);
        let since = read_at.saturating_add(server_ahead).unwrap_or(read_at)
            - SignedDuration::from_mins(i64::from(overlap_minutes));
        Some(since.to_zoned(TimeZone::UTC).datetime())
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn growth_beyond_tenfold_is_held() {
        let most = |usual_rows| StreamState { usual_rows, ..StreamState::default() }.most_rows();
        assert_eq!([None, Some(0), Some(300), Some(9000)].map(most), [2_000_000, 50_000, 50_000, 90_000]);
        assert_eq!(most(Some(1_000_000)), 2_000_000);
    }

    #[test]
    fn changes_are_asked_for_from_before_the_last_read() {
        let state = StreamState { read_at: Some(at("2026-06-01T01:30:00Z")), ..StreamState::default() };
        assert_eq!(state.since(180), Some(date(2026, 5, 31).at(22, 30, 0, 0)));
        let behind = StreamState { server_ahead_s: -7200, ..state };
        assert_eq!(behind.since(180), Some(date(2026, 5, 31).at(20, 30, 0, 0)));
        assert_eq!(StreamState::default().since(180), None);
    }

    #[test]
    fn json_round_trips_and_what_is_not_understood_is_the_beginning() {
        let state = StreamState {
            full_at: Some(at("2026-06-01T00:00:00Z")),
            read_at: Some(at("2026-06-01T00:15:00Z")),
            sweep_again: true,
            ..StreamState::default()
        };
        assert_eq!(StreamState::read(Some(&state.to_json())), state);
        for json in ["", "[]", r#"{"version":9,"sweep_again":true}"#] {
            assert_eq!(StreamState::read(Some(&json.to_owned())), StreamState::default(), "{json}");
        }
    }
}
