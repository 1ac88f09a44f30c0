//! What the answers to a check prove. Lucca hides what a key may not see instead of refusing it, so most
//! permissions can be proven by what is seen, and never disproven by what is not.

use jiff::civil::Date;
use lucca::resources::User;
use serde::Serialize;

use crate::Permission;

/// Whether a key has a permission.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// What it opens was seen.
    Proven,
    /// Nothing it opens was seen: the permission is missing, or the tenant has nothing of the kind.
    NotSeen,
    /// Lucca refused.
    Missing,
}

/// What is known of one permission.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The permission.
    pub permission: Permission,
    /// Whether the key has it.
    pub verdict: Verdict,
    /// What the verdict rests on. Counts only, never names.
    pub evidence: String,
}

/// Judges what a page of users shows. `former` and `future` are pages asked for with such a filter; a server
/// may ignore it, so only people who match count.
pub(crate) fn people_findings(all: &[User], former: &[User], future: &[User], today: Date) -> Vec<Finding> {
    let has_left = |user: &&User| user.contract_end.is_some_and(|end| end < today);
    let is_to_come = |user: &&User| user.contract_start.is_some_and(|start| start > today);
    let finding = |permission, count: usize, what: &str| Finding {
        permission,
        verdict: if count > 0 { Verdict::Proven } else { Verdict::NotSeen },
        evidence: format!("{count} {what} seen"),
    };
    let seen = all.len();
    vec![
        Finding {
            permission: Permission::ViewUsers,
            verdict: if seen > 0 { Verdict::Proven } else { Verdict::NotSeen },
            evidence: format!("{seen} people on the first page"),
        },
        finding(
            Permission::SeeFutureEmployees,
            future.iter().chain(all).filter(is_to_come).count(),
            "future employees",
        ),
        finding(
            Permission::SeeFormerEmployees,
            former.iter().chain(all).filter(has_left).count(),
            "former employees",
        ),
        finding(Permission::ViewJobs, all.iter().filter(|u| u.job_title.is_some()).count(), "job titles"),
        finding(Permission::ViewManagers, all.iter().filter(|u| u.manager.is_some()).count(), "managers"),
        finding(
            Permission::ViewQualifications,
            all.iter().filter(|user| user.job_qualification.is_some()).count(),
            "qualifications",
        ),
    ]
}
