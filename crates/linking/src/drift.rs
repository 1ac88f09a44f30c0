//! What changed of a linked account's permissions since they were last looked at: issues to open and to resolve. Pure.

use serde::{Deserialize, Serialize};

use crate::{Diagnosis, Finding, Permission, Verdict};

/// An issue about a permission.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DriftIssue {
    /// `permission.missing.<name>` or `permission.lost.<name>`, stable.
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

/// Compares a diagnosis with the one before and with the issues that are open (their codes; others than those about
/// permissions are passed over).
///
/// An issue is opened for a permission that is missing, and for one that was granted and is no longer shown
/// (`permission.lost.…`). That it never could be told is none: a person is asked once, while linking. An issue is
/// settled when the permission is granted, or a person confirmed it and nothing proves the contrary, or no feature
/// wants it any more; until then it stays open, even if its proof has gone.
pub fn drift(
    before: Option<&Diagnosis>,
    open: &[String],
    now: &Diagnosis,
    confirmed: &[Permission],
) -> Drift {
    let mut drift = Drift::default();
    for permission in Permission::ALL {
        let (missing, lost) = (code("missing", permission), code("lost", permission));
        let finding = now.finding(permission);
        let is_open = |code: &String| open.contains(code);
        let issue = finding.and_then(|finding| match finding.verdict {
            Verdict::Granted => None,
            Verdict::Missing => Some((missing.clone(), finding)),
            Verdict::CannotTell if finding.is_settled(confirmed) => None,
            Verdict::CannotTell => {
                let was_granted =
                    before.and_then(|before| before.verdict(permission)) == Some(Verdict::Granted);
                if is_open(&missing) {
                    Some((missing.clone(), finding))
                } else if was_granted || was_shown(finding) || is_open(&lost) {
                    Some((lost.clone(), finding))
                } else {
                    None
                }
            }
        });
        let kept = issue.as_ref().map(|(code, _)| code.clone());
        drift.open.extend(issue.map(|(code, finding)| DriftIssue { code, finding: finding.clone() }));
        drift
            .resolve
            .extend([missing, lost].into_iter().filter(|code| is_open(code) && Some(code) != kept.as_ref()));
    }
    drift
}

/// Whether what is stored says by itself that the permission was there.
fn was_shown(finding: &Finding) -> bool {
    use crate::Evidence::{FieldLost, WereShown};
    matches!(finding.evidence, WereShown { .. } | FieldLost { .. })
}

fn code(what: &str, permission: Permission) -> String {
    format!("permission.{what}.{}", permission.name())
}
