//! Faults on demand: the requests they affect, and their effects.
//!
//! Included: the description of faults and the selection for a request. Not included: changing answers
//! (`server`), which only needs the kind.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use crate::{changes::Change, dice::Dice};

/// A fault: a condition on requests, and its effect on matching ones.
///
/// Without `nth` and `probability` every matching request is affected.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// Start of the path, in any case; empty matches every path. A method and a space before it restrict it
    /// to that method: `DELETE /api/v3/leaveRequests`.
    #[serde(default)]
    pub path: String,
    /// Text that the query string must contain, percent-decoded, in any case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub query_contains: Option<String>,
    /// Only the matching request of that number, counted from 1 since the faults were set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nth: Option<u64>,
    /// Only this share of the matching requests, from 0.0 to 1.0, chosen by the tenant's seed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub probability: Option<f64>,
    /// The effect.
    pub kind: FaultKind,
}

/// The effect on a request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum FaultKind {
    /// This status and body instead of the answer.
    Status {
        /// HTTP status.
        code: u16,
        /// Body, labelled as JSON.
        #[serde(default)]
        body: String,
    },
    /// 200 without a body.
    Empty200,
    /// 200 with a page of HTML, as a proxy or a login page would.
    Html200,
    /// The answer, cut in the middle.
    TruncatedJson,
    /// No answer, ever.
    Hang,
    /// The connection is closed without an answer.
    ResetConnection,
    /// The answer in an unexpected envelope.
    WrongEnvelope,
    /// The record with that id has a number as its name and a text as dates.
    CorruptRecord {
        /// Id of the record.
        id: i64,
    },
    /// As if the count had not been requested.
    NoCount,
    /// 429.
    TooMany {
        /// Seconds of `Retry-After`; no such header if absent.
        #[serde(default)]
        retry_after_s: Option<u64>,
        /// That header as an HTTP date instead of seconds.
        #[serde(default)]
        http_date: bool,
    },
    /// The body is sent in pieces of `bytes`, with a wait before each.
    Drip {
        /// Bytes per piece.
        bytes: usize,
        /// Milliseconds before each piece.
        every_ms: u64,
    },
    /// The connection is closed in the middle of the body.
    ResetMidBody,
    /// The page before the requested one, again; the first page itself if that was requested.
    RepeatedPage,
    /// Half of the rows of the page, for any request.
    ShortPage,
    /// After the rows of the first page follow invented ones, with ids from a million on, on any number of
    /// pages. `paging` and its limit must be requested.
    Endless,
    /// This status for pages of more than `rows` rows; smaller ones are answered.
    PageAbove {
        /// Largest number of rows that is still answered.
        rows: u64,
        /// HTTP status of the others: 400, 408, 413, 500, 503…
        code: u16,
    },
    /// The request is executed correctly, and its answer is lost. Its changes take effect, which
    /// [`FaultKind::ResetConnection`], [`FaultKind::Hang`] and [`FaultKind::Status`] prevent.
    LoseAnswer {
        /// The effect on the answer.
        how: Loss,
    },
    /// The correct answer, and right after it a change in the tenant: with `nth`, between two pages of a
    /// list.
    Then {
        /// The change.
        change: Box<Change>,
    },
}

/// The client's view of a lost answer. In JSON `"reset"`, `"hang"`, `{"status":{"code":502}}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Loss {
    /// The connection is closed.
    Reset,
    /// No answer, ever.
    Hang,
    /// This status, without a body.
    Status {
        /// HTTP status: 500, 502, 504…
        code: u16,
    },
}

impl FaultKind {
    /// Whether a client has to wait for its own time-out: hangs and drips.
    pub fn takes_time(&self) -> bool {
        matches!(self, Self::Hang | Self::Drip { .. } | Self::LoseAnswer { how: Loss::Hang })
    }
}

/// Paths of random schedules of write faults: writes, and the reads by which a client finds the outcome of
/// one.
const WRITES: &[&str] = &[
    "POST /api/v3/leaverequestfactory",
    "POST /api/v3/leaverequestfactory",
    "POST /timmi-absences/",
    "POST /timmi-absences/",
    "DELETE /api/v3/leaverequests",
    "POST /api/v3/leaverequests",
    "DELETE /api/v3/leaves",
    "GET /api/v3/services",
    "GET /api/v3/leave",
];

/// Paths of random schedules of faults.
const PATHS: &[&str] = &[
    "",
    "",
    "",
    "/api/v3/users",
    "/api/v3/userlogs",
    "/api/v3/leaves",
    "/api/v3/leaverequests",
    "/api/v3/leaveaccounts",
    "/directory/api/4.0/work-contracts",
    "/organization/structure/api/departments",
    "/organization/structure/api/establishments",
];

impl Fault {
    /// A fault for one request: the n-th whose path begins so.
    pub fn once(path: &str, nth: u64, kind: FaultKind) -> Self {
        Self { path: path.to_owned(), query_contains: None, nth: Some(nth), probability: None, kind }
    }

    /// About `intensity` faults of all kinds, the same for the same seed. Each affects one of the first
    /// requests and never again, so that a client that retries succeeds in the end. Some make changes in the
    /// tenant. Not included: permanent faults, and unreadable records.
    pub fn random_schedule(seed: u64, intensity: u32) -> Vec<Self> {
        let mut dice = Dice::new(seed, 0xFA07);
        let wanted = usize::try_from(intensity).unwrap_or(usize::MAX);
        let mut faults = Vec::new();
        while faults.len() < wanted {
            let path = dice.word(PATHS);
            // Requests without a path of their own are many, those of one list few.
            let latest = if path.is_empty() { 60 + 2 * faults.len() } else { 8 };
            let first = u64::try_from(1 + dice.below(latest)).unwrap_or(1);
            let kind = FaultKind::random(&mut dice);
            let burst = if matches!(kind, FaultKind::Status { .. } | FaultKind::TooMany { .. }) {
                [1, 1, 1, 2, 3][dice.below(5)]
            } else {
                1
            };
            faults.extend((0..burst).map(|n| Self::once(path, first + n, kind.clone())));
        }
        faults
    }
}

impl Fault {
    /// About `intensity` faults of absence requests, the same for the same seed: lost before or after
    /// acceptance, or answered differently. Each affects one of the first hundred such requests and never
    /// again.
    pub fn random_write_schedule(seed: u64, intensity: u32) -> Vec<Self> {
        let mut dice = Dice::new(seed, 0xFA3E);
        let mut faults = Vec::new();
        for _ in 0..intensity {
            let path = dice.word(WRITES);
            let nth = u64::try_from(1 + dice.below(100)).unwrap_or(1);
            let status = |code| FaultKind::Status { code, body: String::new() };
            let lost = |how| FaultKind::LoseAnswer { how };
            let kind = match dice.below(14) {
                0 | 1 => lost(Loss::Reset),
                2 | 3 => lost(Loss::Hang),
                4 => lost(Loss::Status { code: 500 }),
                5 => lost(Loss::Status { code: 502 }),
                6 => lost(Loss::Status { code: 504 }),
                7 => FaultKind::ResetConnection,
                8 => FaultKind::Hang,
                9 => status(500),
                10 => status(503),
                11 => FaultKind::TooMany { retry_after_s: Some(1), http_date: false },
                12 => FaultKind::ResetMidBody,
                _ => FaultKind::TruncatedJson,
            };
            faults.push(Self::once(path, nth, kind));
        }
        faults
    }
}

impl FaultKind {
    fn random(dice: &mut Dice) -> Self {
        let status = |code, body: &str| Self::Status { code, body: body.to_owned() };
        match dice.below(22) {
            0 => Self::TooMany { retry_after_s: None, http_date: false },
            1 => Self::TooMany { retry_after_s: Some(dice.next() % 3), http_date: false },
            2 => Self::TooMany { retry_after_s: Some(dice.next() % 3), http_date: true },
            3 => status(401, r#"{"Status":401,"Message":"Unauthorized"}"#),
            4 => status(403, r#"{"Status":403,"Message":"Forbidden"}"#),
            5 => status(408, ""),
            6 => status(413, ""),
            7 => status(500, ""),
            8 => status(500, r#"{"Status":500,"Message":"An error has occurred."}"#),
            9 => status(503, "<html><body>Service Unavailable</body></html>"),
            10 => Self::Hang,
            11 => Self::Drip { bytes: 1, every_ms: 2_000 },
            12 => Self::ResetConnection,
            13 => Self::ResetMidBody,
            14 => Self::TruncatedJson,
            15 => Self::Html200,
            16 => Self::Empty200,
            17 => Self::WrongEnvelope,
            18 => Self::RepeatedPage,
            19 => Self::ShortPage,
            20 => Self::NoCount,
            _ => {
                let (seed, steps) = (dice.next(), 1 + dice.below(6));
                Self::Then { change: Box::new(Change::Live { seed, steps }) }
            }
        }
    }
}

/// Counts matching requests, so that the n-th of them can be affected.
#[derive(Debug, Default)]
pub(crate) struct FaultCounters {
    seen: HashMap<usize, u64>,
}

impl FaultCounters {
    pub(crate) fn reset(&mut self) {
        self.seen.clear();
    }

    /// The faults for this request; `verb`, `path` and `query` are in lower case.
    pub(crate) fn strike(
        &mut self,
        faults: &[Fault],
        (verb, path, query): (&str, &str, &str),
        seed: u64,
    ) -> Vec<FaultKind> {
        let mut struck = Vec::new();
        for (index, fault) in faults.iter().enumerate() {
            let wanted = fault.query_contains.as_ref().map(|text| text.to_lowercase());
            let place = fault.path.to_lowercase();
            let (only, start) = place.split_once(' ').unwrap_or((verb, &place));
            if only != verb || !path.starts_with(start) || wanted.is_some_and(|text| !query.contains(&text)) {
                continue;
            }
            let seen = self.seen.entry(index).or_default();
            *seen += 1;
            let now = match (fault.nth, fault.probability) {
                (Some(nth), _) => *seen == nth,
                (None, Some(share)) => {
                    let mut dice = Dice::new(seed, 0xFA17 ^ *seen);
                    let drawn = u32::try_from(dice.below(1_000_000)).map_or(0.0, f64::from);
                    drawn < share * 1_000_000.0
                }
                (None, None) => true,
            };
            if now {
                struck.push(fault.kind.clone());
            }
        }
        struck
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_read_as_documented_and_count() {
        let json = r#"[{"path":"/api/v3/users","nth":2,"kind":{"status":{"code":503}}},{"kind":"hang","probability":0.0}]"#;
        let faults: Vec<Fault> = serde_json::from_str(json).expect("reads");
        let mut counters = FaultCounters::default();
        assert_eq!(counters.strike(&faults, ("get", "/api/v3/users", ""), 1), []);
        assert_eq!(counters.strike(&faults, ("get", "/api/v3/roles", ""), 1), []);
        let second = counters.strike(&faults, ("get", "/api/v3/users", ""), 1);
        assert_eq!(second, [FaultKind::Status { code: 503, body: String::new() }]);
        assert_eq!(counters.strike(&faults, ("get", "/api/v3/users", ""), 1), []);
    }
}
