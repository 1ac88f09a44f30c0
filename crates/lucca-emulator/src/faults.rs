//! What goes wrong on demand: which requests, and how.
//!
//! Lives here: the description of faults and the choice of the one that strikes. Not here: the
//! mangling of answers (`server`), which only needs the kind.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use crate::dice::Dice;

/// A fault: a condition on requests, and what happens to those that meet it.
///
/// Without `nth` and `probability` every matching request is struck.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// Start of the path, in any case; empty is every path.
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
    /// What happens.
    pub kind: FaultKind,
}

/// What happens to a request.
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
    /// The answer in an envelope nobody expects.
    WrongEnvelope,
    /// The record of that id comes with a number for a name and a text for dates.
    CorruptRecord {
        /// Id of the record.
        id: i64,
    },
    /// As if the total had not been asked for.
    NoCount,
}

/// Counts matching requests, so that the n-th of them can be struck.
#[derive(Debug, Default)]
pub(crate) struct FaultCounters {
    seen: HashMap<usize, u64>,
}

impl FaultCounters {
    pub(crate) fn reset(&mut self) {
        self.seen.clear();
    }

    /// The faults that strike this request; `path` and `query` are in lower case.
    pub(crate) fn strike(&mut self, faults: &[Fault], path: &str, query: &str, seed: u64) -> Vec<FaultKind> {
        let mut struck = Vec::new();
        for (index, fault) in faults.iter().enumerate() {
            let wanted = fault.query_contains.as_ref().map(|text| text.to_lowercase());
            if !path.starts_with(&fault.path.to_lowercase())
                || wanted.is_some_and(|text| !query.contains(&text))
            {
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
        assert_eq!(counters.strike(&faults, "/api/v3/users", "", 1), []);
        assert_eq!(counters.strike(&faults, "/api/v3/roles", "", 1), []);
        let second = counters.strike(&faults, "/api/v3/users", "", 1);
        assert_eq!(second, [FaultKind::Status { code: 503, body: String::new() }]);
        assert_eq!(counters.strike(&faults, "/api/v3/users", "", 1), []);
    }
}
