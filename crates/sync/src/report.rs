//! The report of a run, stored with the run and shown by the CLI.

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
    /// The outcome.
    pub outcome: Outcome,
    /// Every stream that was due, in reading order.
    pub streams: Vec<StreamReport>,
    /// Requests sent, by stream.
    pub requests: BTreeMap<String, u64>,
    /// Requests that Lucca answered with 429.
    pub throttled: u64,
    /// How many seconds Lucca's clock is ahead of the connector's (negative: behind); null below two minutes.
    /// Incremental reads use Lucca's clock.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server_ahead_s: Option<i64>,
    /// Employees whose contract began or ended since the previous run, without any other change.
    pub turned: u64,
    /// The changes to the delivered employees.
    #[serde(skip_serializing_if = "AudienceReport::is_nothing")]
    pub audience: AudienceReport,
}

impl RunReport {
    /// The number of requests sent.
    pub fn total_requests(&self) -> u64 {
        self.requests.values().sum()
    }

    /// The number of unreadable records in all streams.
    pub fn quarantined(&self) -> u64 {
        self.streams.iter().map(|stream| stream.quarantined).sum()
    }

    /// The number of records created, updated, marked gone or hidden.
    pub fn written(&self) -> u64 {
        self.streams.iter().map(|stream| stream.created + stream.updated + stream.gone + stream.hidden).sum()
    }

    /// Whether contracts could be read; `None` if they were not due.
    pub(crate) fn are_contracts_current(&self) -> Option<bool> {
        let contracts = self.streams.iter().find(|s| s.stream == lucca::Stream::WorkContracts.name())?;
        Some(contracts.error.is_none())
    }

    /// Why employees could not be read, if so.
    pub fn people_error(&self) -> Option<&StreamError> {
        self.streams.iter().find(|s| s.stream == lucca::Stream::Users.name())?.error.as_ref()
    }
}

/// The report of one stream.
#[derive(Clone, Debug, Serialize)]
pub struct StreamReport {
    /// The stream's name, as Lucca's resource.
    pub stream: String,
    /// How it was read.
    pub mode: Mode,
    /// Records read, each counted once.
    pub read: u64,
    /// Half-days from which absences were grouped; absences only.
    #[serde(skip_serializing_if = "is_zero")]
    pub leaves: u64,
    /// Records stored for the first time.
    pub created: u64,
    /// Records stored again because they changed or were restored.
    pub updated: u64,
    /// Unchanged records, which were not written.
    pub unchanged: u64,
    /// Unreadable records. They are in quarantine and never count as missing.
    pub quarantined: u64,
    /// Records of erased employees: returned by Lucca, and not stored.
    #[serde(skip_serializing_if = "is_zero")]
    pub erased: u64,
    /// Stored records that neither a provably complete enumeration nor a lookup returned.
    pub gone: u64,
    /// Stored records that the key no longer sees, according to evidence of a lost permission.
    pub hidden: u64,
    /// Missing records that were left unchanged, for the reason in `held_because`.
    pub held: u64,
    /// Hidden employees by reason, including those hidden before.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub hidden_because: BTreeMap<HiddenBecause, u64>,
    /// Employees for whose absence the evidence allows both deletion and hiding. They count as `held`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub undecided: Vec<Undecided>,
    /// Why missing records were left unchanged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub held_because: Option<String>,
    /// Fields that whole pages of employees lack although stored employees had them: the key may have lost a
    /// permission. The stored values stay.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub hidden_fields: Vec<String>,
    /// Unlisted members of employees' `applicationData` by name, with the number of employees. Their values
    /// were dropped. At most 50 names.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub unknown_members: BTreeMap<String, u64>,
    /// Stored records that were not reached because the read failed: they may be out of date.
    pub stale: u64,
    /// Whether the enumeration was provably complete.
    pub complete: bool,
    /// The reason for an incomplete proof.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unproven_because: Option<String>,
    /// How requests were adapted to this server, and hints at settings to consider.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// Why the stream could not be read, or only in part.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<StreamError>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_zero(count: &u64) -> bool {
    *count == 0
}

impl StreamReport {
    /// Whether everything was read and not one record was readable.
    pub fn is_all_unreadable(&self) -> bool {
        self.mode == Mode::Full && self.read == 0 && self.quarantined > 0
    }

    /// The empty report of a stream.
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

/// The form in which a server accepts a stream's requests, and when the connector learned it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Lesson {
    /// When it was first learned. It expires after a day: the server may accept now a form that it refused
    /// during an incident, or before an application was installed.
    pub at: Timestamp,
    /// The learned request form.
    pub form: lucca::Learned,
}

/// Why a stream could not be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StreamError {
    /// A stable code.
    pub code: String,
    /// The failure.
    pub message: String,
    /// The next step.
    pub advice: String,
    /// Whether the tenant or the key does not offer this stream, which is not an error.
    pub not_offered: bool,
}

impl From<&lucca::Error> for StreamError {
    fn from(error: &lucca::Error) -> Self {
        // Employees are read first, so a 401 for a later list does not mean a bad key: Lucca's older
        // framework answers 401 if a right is missing (source: wire-grammar.md §1.7).
        if error.status() == Some(401) && error.stream() != Some(lucca::Stream::Users) {
            return Self {
                code: "lucca.permission_missing".to_owned(),
                message: error.to_string(),
                advice:
                    "The key can read employees but not this list. Grant the permission in the role that \
                         carries the key's name, or continue without the list."
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
