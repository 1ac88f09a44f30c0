//! The state of a stream between runs, as JSON in the store: its cursor, the times of its reads, the position
//! at which an interrupted read resumes, and the request form that the server accepts.

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

/// The state of a stream.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct StreamState {
    pub(crate) version: u32,
    /// When the last completed full read began.
    pub full_at: Option<Timestamp>,
    /// When the last completed read of any kind began: every earlier change is stored. Never later than the
    /// beginning of the run that set it.
    pub read_at: Option<Timestamp>,
    /// When the server last refused the stream to this key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unavailable_at: Option<Timestamp>,
    /// Whether to repeat the full read, because it was interrupted or records moved, so that its completeness
    /// is unproven.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub sweep_again: bool,
    /// The position at which an interrupted read resumes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resume: Option<Resume>,
    /// The number of rows of the last completed full read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub usual_rows: Option<u64>,
    /// The request form that the server accepts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub learned: Option<Lesson>,
    /// How many seconds the server's clock was ahead of the connector's when `read_at` was set; negative if
    /// behind.
    #[serde(skip_serializing_if = "is_zero")]
    pub server_ahead_s: i64,
    /// Whether the server refused to filter by change.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub changes_refused: bool,
    /// Employees that are stored and no longer returned; stream `users` only.
    #[serde(skip_serializing_if = "NotShown::is_empty")]
    pub(crate) not_shown: NotShown,
    /// The names of a list that is not stored as records.
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

/// The position at which an interrupted read resumes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Resume {
    /// How the stream was being read.
    pub mode: Mode,
    /// When that read began.
    pub began_at: Timestamp,
    /// The part of the stream that was being read, by its first day, if it is read in parts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub part: Option<Date>,
    /// The end of the last committed page; `None` to read the part from its beginning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checkpoint: Option<lucca::Checkpoint>,
    /// Records done.
    pub done: u64,
}

/// Maximum number of rows of any tenant.
const MOST_ROWS: u64 = 2_000_000;
/// Number of rows that is always accepted, even if the previous reads had fewer.
const FEW_ROWS: u64 = 50_000;
/// Accepted multiple of the usual rows; an operator must confirm more.
const GROWTH: u64 = 10;

/// How long an interrupted read can be resumed.
const RESUME_WITHIN: SignedDuration = SignedDuration::from_hours(12);

impl StreamState {
    /// Parses a stored state. One of another version, or a damaged one, is the initial state.
    pub(crate) fn read(json: Option<&String>) -> Self {
        let state = json.and_then(|json| serde_json::from_str::<Self>(json).ok());
        state.filter(|state| state.version == VERSION).unwrap_or_default()
    }

    /// Returns the initial state, with the server's request form and the names that are not stored elsewhere.
    pub(crate) fn read_anew(self) -> Self {
        Self { learned: self.learned, names: self.names, usual_rows: self.usual_rows, ..Self::default() }
    }

    /// Maximum number of rows of a read before it is held: a faulty server may return rows without end.
    pub(crate) fn most_rows(&self) -> u64 {
        let many = |usual: u64| usual.saturating_mul(GROWTH).clamp(FEW_ROWS, MOST_ROWS);
        self.usual_rows.map_or(MOST_ROWS, many)
    }

    /// The state for storage.
    pub(crate) fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// The position at which a read in `mode` resumes, if one was interrupted recently enough.
    pub(crate) fn resume_of(&self, mode: Mode, now: Timestamp) -> Option<&Resume> {
        let is_fresh = |resume: &&Resume| now.duration_since(resume.began_at).abs() < RESUME_WITHIN;
        self.resume.as_ref().filter(|resume| resume.mode == mode).filter(is_fresh)
    }

    /// The learned request form, unless it has expired: the server may accept other forms by now.
    pub(crate) fn lesson(&self, now: Timestamp) -> Option<&Lesson> {
        const LASTS: SignedDuration = SignedDuration::from_hours(24);
        self.learned.as_ref().filter(|lesson| now.duration_since(lesson.at) < LASTS)
    }

    /// The start of an incremental read, as a wall clock of the server: `overlap` before the last read began,
    /// corrected by the server's clock at that time.
    ///
    /// The wall clock is UTC's. If Lucca reads it in another zone, the overlap covers zones up to that far
    /// behind UTC, and zones ahead of it only widen the query.
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
    fn incremental_reads_overlap_the_last_read() {
        let state = StreamState { read_at: Some(at("2026-06-01T01:30:00Z")), ..StreamState::default() };
        assert_eq!(state.since(180), Some(date(2026, 5, 31).at(22, 30, 0, 0)));
        let behind = StreamState { server_ahead_s: -7200, ..state };
        assert_eq!(behind.since(180), Some(date(2026, 5, 31).at(20, 30, 0, 0)));
        assert_eq!(StreamState::default().since(180), None);
    }

    #[test]
    fn state_round_trips_and_unknown_json_resets_it() {
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
