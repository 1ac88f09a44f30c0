//! What changed of a linked account's permissions since they were last looked at: issues to open and to resolve. Pure.

use serde::{Deserialize, Serialize};

use crate::diagnosis::{Evidence, Finding, Verdict};
use crate::summary::{DiagnosisSummary, KeptFinding};
use crate::{Need, Permission};

/// An issue about a permission.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DriftIssue {
    /// `permission.missing.<name>`, `permission.lost.<name>` or `permission.unconfirmed.<name>`, stable.
    pub code: String,
    /// What was found: its texts say what to do.
    pub finding: Finding,
}

/// What to do about issues.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Drift {
    /// Issues to open; those that are open already are among them.
    pub open: Vec<DriftIssue>,
    /// Codes of open issues that are settled.
    pub resolve: Vec<String>,
}

/// Compares a diagnosis with the issues that are open (their codes; others than those about permissions are passed over).
///
/// An issue is opened for a permission that is missing, for one that was there and seems to have gone
/// (`permission.lost.…`), and for a required one that is neither proven nor confirmed (`permission.unconfirmed.…`). That an
/// optional one can't be told is none: a person is asked once, while linking. An issue is settled when the permission is
/// granted, or a person confirmed it and nothing proves the contrary, or no feature wants it any more; until then it stays
/// open, even if its proof has gone.
pub fn drift(now: &DiagnosisSummary, open: &[String]) -> Drift {
    let mut drift = Drift::default();
    for permission in Permission::ALL {
        let [missing, lost, unconfirmed] =
            ["missing", "lost", "unconfirmed"].map(|what| format!("permission.{what}.{}", permission.name()));
        let is_open = |code: &String| open.contains(code);
        let issue = now.finding(permission).filter(|kept| !kept.is_settled).and_then(|kept| {
            let code = match kept.finding.verdict {
                Verdict::Granted => return None,
                Verdict::Missing => &missing,
                Verdict::CannotTell if is_open(&missing) => &missing,
                Verdict::CannotTell if kept.is_lost || is_open(&lost) => &lost,
                Verdict::CannotTell if wants_a_word(kept) || is_open(&unconfirmed) => &unconfirmed,
                Verdict::CannotTell => return None,
            };
            Some(DriftIssue { code: code.clone(), finding: kept.finding.clone() })
        });
        let kept = issue.as_ref().map(|issue| issue.code.clone());
        drift.open.extend(issue);
        let settled = [missing, lost, unconfirmed].into_iter();
        drift.resolve.extend(settled.filter(|code| is_open(code) && Some(code) != kept.as_ref()));
    }
    drift
}

/// Whether people would be missing without a permission that no person has confirmed, though it was looked at.
fn wants_a_word(kept: &KeptFinding) -> bool {
    let was_looked_at = !matches!(
        kept.finding.evidence,
        Evidence::NotRead | Evidence::ListUnreadable { .. } | Evidence::PeopleRefused
    );
    kept.finding.need == Need::Required && was_looked_at
}
