//! Compares a new diagnosis with the open permission issues, and lists the issues to open and to resolve.
//! Pure.

use serde::{Deserialize, Serialize};

use crate::diagnosis::{Evidence, Finding, Verdict};
use crate::summary::{DiagnosisSummary, KeptFinding};
use crate::{Need, Permission};

/// An issue about a permission.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DriftIssue {
    /// `permission.missing.<name>`, `permission.lost.<name>` or `permission.unconfirmed.<name>`, stable.
    pub code: String,
    /// The finding behind the issue; its texts say what to do.
    pub finding: Finding,
}

/// Issues to open and to resolve.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Drift {
    /// Issues to open, including those that are open already.
    pub open: Vec<DriftIssue>,
    /// Codes of open issues to resolve.
    pub resolve: Vec<String>,
}

/// Compares a diagnosis with the codes of the open issues. Codes that are not about permissions are ignored.
///
/// Issues are opened for permissions that are missing, for permissions that seem lost (`permission.lost.…`),
/// and for required ones that are neither proven nor confirmed (`permission.unconfirmed.…`). An undecided
/// optional permission raises no issue: the administrator was asked once, while linking. An issue is resolved
/// when the permission is granted, when a person confirmed it and no evidence contradicts that, or when no
/// feature needs it any more. Until then it stays open, even if its evidence has disappeared.
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
                Verdict::CannotTell if needs_confirmation(kept) || is_open(&unconfirmed) => &unconfirmed,
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

/// Whether the permission is required, was examined, and still needs a person's confirmation.
fn needs_confirmation(kept: &KeptFinding) -> bool {
    let was_looked_at = !matches!(
        kept.finding.evidence,
        Evidence::NotRead | Evidence::ListUnreadable { .. } | Evidence::PeopleRefused
    );
    kept.finding.need == Need::Required && was_looked_at
}
