//! What a run says of itself when it is done: stored with the run, shown by the CLI.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use store::{Outcome, RunId};

use crate::audience::AudienceReport;
use crate::not_shown::Undecided;
use crate::plan::Mode;
use crate::reconcile::HiddenBecause;

/// The report of a run.
#[derive(Clone, Debug, Serialize)]
pub struct RunReport {
    /// The run.
    pub run_id: RunId,
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended.
    pub finished_at: Timestamp,
    /// How it ended.
    pub outcome: Outcome,
    /// Every stream that was due, in the order read.
    pub streams: Vec<StreamReport>,
    /// Requests sent, by stream.
    pub requests: BTreeMap<String, u64>,
    /// How many of them Lucca answered with 429.
    pub throttled: u64,
    /// How far Lucca's clock is ahead of ours, in seconds (negative: behind), where they are two minutes apart or more.
    /// What changed is asked for by Lucca's clock all the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server_ahead_s: Option<i64>,
    /// How many employees' contracts began or ended by the calendar alone since the run before.
    pub turned: u64,
    /// What became of who is delivered.
    #[serde(skip_serializing_if = "AudienceReport::is_nothing")]
    pub audience: AudienceReport,
}

impl RunReport {
    /// Requests sent in all.
    pub fn total_requests(&self) -> u64 {
        self.requests.values().sum()
    }

    /// Records that could not be read, in all streams.
    pub fn quarantined(&self) -> u64 {
        self.streams.iter().map(|stream| stream.quarantined).sum()
    }

    /// Records written: created, updated, marked gone or hidden.
    pub fn written(&self) -> u64 {
        self.streams.iter().map(|stream| stream.created + stream.updated + stream.gone + stream.hidden).sum()
    }

    /// Whether contracts could be read, where they were due.
    pub(crate) fn are_contracts_current(&self) -> Option<bool> {
        let contracts = self.streams.iter().find(|s| s.stream == lucca::Stream::WorkContracts.name())?;
        Some(contracts.error.is_none())
    }

    /// The error that people could not be read for, if so.
    pub fn people_error(&self) -> Option<&StreamError> {
        self.streams.iter().find(|s| s.stream == lucca::Stream::Users.name())?.error.as_ref()
    }
}

/// What happened to one stream.
#[derive(Clone, Debug, Serialize)]
pub struct StreamReport {
    /// The stream's name, as Lucca's resource.
    pub stream: String,
    /// How it was read.
    pub mode: Mode,
    /// Records read, each counted once.
    pub read: u64,
    /// Half-days that the records read were put together from; absences only.
    #[serde(skip_serializing_if = "is_zero")]
    pub leaves: u64,
    /// Records stored for the first time.
    pub created: u64,
    /// Records stored again because they changed or came back.
    pub updated: u64,
    /// Records that were as stored; nothing was written for them.
    pub unchanged: u64,
    /// Records that could not be read. They are in quarantine and never counted as missing.
    pub quarantined: u64,
    /// Records of people who were erased: seen, and not stored.
    #[serde(skip_serializing_if = "is_zero")]
    pub erased: u64,
    /// Stored records that a provably complete enumeration did not have, and a second look neither.
    pub gone: u64,
    /// Stored records that are no longer shown, on the evidence that the key lost a permission.
    pub hidden: u64,
    /// Stored records that were missing and were left as they are, for the reason in `held_because`.
    pub held: u64,
    /// Stored people who are hidden, by why: those included who were hidden before.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub hidden_because: BTreeMap<HiddenBecause, u64>,
    /// The undecided people: the evidence does not say whether they were deleted or are hidden. They count as `held`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub undecided: Vec<Undecided>,
    /// Why missing records were left as they are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub held_because: Option<String>,
    /// Fields that whole pages of people no longer have and stored people had: the key seems to have lost a
    /// permission. The stored values were kept.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub hidden_fields: Vec<String>,
    /// Members of people's `applicationData` that are on no list, by name, with how many people had them. Their values
    /// were dropped. At most 50 names.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub unknown_members: BTreeMap<String, u64>,
    /// Stored records that were not reached because the stream could not be read: they may be out of date.
    pub stale: u64,
    /// Whether the enumeration was provably complete.
    pub complete: bool,
    /// What a proof lacks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unproven_because: Option<String>,
    /// What had to be done differently for this server, and hints at what its configuration leaves open.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// Why the stream could not be read, or not to its end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<StreamError>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_zero(count: &u64) -> bool {
    *count == 0
}

impl StreamReport {
    /// Whether everything was read anew and not one record could be understood.
    pub fn is_all_unreadable(&self) -> bool {
        self.mode == Mode::Full && self.read == 0 && self.quarantined > 0
    }

    /// The report of a stream about to be read.
    pub(crate) fn new(stream: lucca::Stream, mode: Mode) -> Self {
        Self {
            stream: stream.name().to_owned(),
            mode,
            read: 0,
            leaves: 0,
            created: 0,
            updated: 0,
            unchanged: 0,
            quarantined: 0,
            erased: 0,
            gone: 0,
            hidden: 0,
            held: 0,
            hidden_because: BTreeMap::new(),
            undecided: Vec::new(),
            held_because: None,
            hidden_fields: Vec::new(),
            unknown_members: BTreeMap::new(),
            stale: 0,
            complete: false,
            unproven_because: None,
            notes: Vec::new(),
            error: None,
        }
    }
}

/// What was learned of how a server wants to be asked for a stream, and when.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Lesson {
    /// When it was first learned. Lessons are forgotten after a day: what a server refused in a bad hour, or
    /// before an application was installed, it may take now.
    pub at: Timestamp,
    /// What was learned.
    pub form: lucca::Learned,
}

/// Why a stream could not be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StreamError {
    /// A stable code.
    pub code: String,
    /// What happened.
    pub message: String,
    /// What to do next.
    pub advice: String,
    /// Whether the tenant or the key simply does not offer this stream, which is no fault.
    pub not_offered: bool,
}

impl From<&lucca::Error> for StreamError {
    fn from(error: &lucca::Error) -> Self {
        // People are read first, so a key that is refused for another list is no bad key: Lucca's older
        // framework answers 401 where a right is missing (source: wire-grammar.md §1.7).
        if error.status() == Some(401) && error.stream() != Some(lucca::Stream::Users) {
            return Self {
                code: "lucca.permission_missing".to_owned(),
                message: error.to_string(),
                advice: "The key is good for people but not for this list: grant the permission in the role \
                         that carries the key's name, or go on without."
                    .to_owned(),
                not_offered: true,
            };
        }
        Self {
            code: error.code().to_owned(),
            message: error.to_string(),
            advice: error.advice(),
            not_offered: error.action() == lucca::Action::MissingPermission
                || matches!(error.status(), Some(403 | 404 | 405 | 410)),
        }
    }
}
