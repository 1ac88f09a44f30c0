//! The part of a diagnosis that is stored with a linked account, and its headline. Computed once, so that the
//! pages, the API, the issues and the audit log agree. Pure.
//!
//! Stored data proves less than an examination does. Proven permissions therefore stay proven until there is
//! evidence against them.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::diagnosis::{Diagnosis, Evidence, Finding, Likelier, Narrowed, Verdict};
use crate::{Need, PeopleSeen, Permission};

/// Whether a key has the permissions that the chosen features need.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Readiness {
    /// No finding needs action, and the key is not narrowed.
    Ready,
    /// An optional permission is missing or unconfirmed, or the key sees only a part of the company.
    #[serde(alias = "ready_but")]
    Limited,
    /// A required permission is missing or unconfirmed.
    NotReady,
}

people::names! {
    Readiness: "readiness" {
        Ready = "ready",
        Limited = "limited",
        NotReady = "not_ready",
    }
}

/// The headline of a diagnosis.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Headline {
    /// Whether the key has the permissions that the chosen features need.
    pub readiness: Readiness,
    /// The permissions behind this readiness: missing, or neither proven nor confirmed.
    pub missing: Vec<Permission>,
    /// Whether all of these are proven to be missing.
    pub is_certain: bool,
    /// Whether the key seems narrowed to a part of the company.
    pub is_narrowed: bool,
}

impl Headline {
    fn of<'a>(unsettled: impl Iterator<Item = &'a Finding> + Clone, narrowed: Option<Narrowed>) -> Self {
        let is_required = |finding: &&Finding| finding.need == Need::Required;
        let is_blocked = unsettled.clone().any(|finding| is_required(&finding));
        let meant: Vec<&Finding> = unsettled.filter(|finding| !is_blocked || is_required(finding)).collect();
        let readiness = match (is_blocked, meant.is_empty() && narrowed.is_none()) {
            (true, _) => Readiness::NotReady,
            (false, false) => Readiness::Limited,
            (false, true) => Readiness::Ready,
        };
        Self {
            readiness,
            missing: meant.iter().map(|finding| finding.permission).collect(),
            is_certain: meant.iter().all(|finding| finding.verdict == Verdict::Missing),
            is_narrowed: narrowed.is_some(),
        }
    }
}

impl Diagnosis {
    /// The headline, given the permissions that a person confirmed.
    pub fn headline(&self, confirmed: &[Permission]) -> Headline {
        Headline::of(self.findings.iter().filter(|finding| !finding.is_settled(confirmed)), self.narrowed)
    }
}

/// A finding as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptFinding {
    /// What was found.
    #[serde(flatten)]
    pub finding: Finding,
    /// Whether no action is needed: the key has the permission, a person confirmed it, or nothing is lost
    /// without it.
    pub is_settled: bool,
    /// Whether this key had the permission earlier and seems to have lost it.
    pub is_lost: bool,
}

/// The stored part of a diagnosis: counts only.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DiagnosisSummary {
    /// The day of the diagnosis.
    pub today: Date,
    /// What is said first of it.
    pub headline: Headline,
    /// One finding per permission that the features need, in the order of [`Permission::ALL`].
    pub findings: Vec<KeptFinding>,
    /// Whether the key seems narrowed to a part of the company.
    pub narrowed: Option<Narrowed>,
    /// How many people the key shows.
    pub people: PeopleSeen,
    /// Permissions that this key was once proven to have.
    pub proven: Vec<Permission>,
}

impl DiagnosisSummary {
    /// Summarises `now`, given the previous summary for the same key, if any, and the permissions that a
    /// person confirmed.
    pub fn new(before: Option<&Self>, now: &Diagnosis, confirmed: &[Permission]) -> Self {
        let was_proven = before.map(|before| &before.proven[..]).unwrap_or_default();
        let keep = |now: &Finding| {
            let before = before.and_then(|before| before.finding(now.permission));
            let better = before.filter(|before| is_better(&before.finding, now, confirmed));
            let finding = better.map_or(now, |before| &before.finding);
            let was_lost = before.is_some_and(|before| before.is_lost);
            keep(finding, was_lost, was_proven.contains(&now.permission), confirmed)
        };
        let findings: Vec<KeptFinding> = now.findings.iter().map(keep).collect();
        let verdict = |permission| {
            findings
                .iter()
                .find(|kept| kept.finding.permission == permission)
                .map(|kept| kept.finding.verdict)
        };
        let proven = Permission::ALL.into_iter().filter(|permission| match verdict(*permission) {
            Some(Verdict::Granted) => true,
            Some(Verdict::Missing) => false,
            Some(Verdict::CannotTell) | None => was_proven.contains(permission),
        });
        let proven = proven.collect();
        let unsettled = findings.iter().filter(|kept| !kept.is_settled).map(|kept| &kept.finding);
        Self {
            today: now.today,
            headline: Headline::of(unsettled, now.narrowed),
            findings,
            narrowed: now.narrowed,
            people: now.people,
            proven,
        }
    }

    /// The finding on a permission; `None` if no feature needs it.
    pub fn finding(&self, permission: Permission) -> Option<&KeptFinding> {
        self.findings.iter().find(|kept| kept.finding.permission == permission)
    }

    /// The details for the audit log.
    pub fn audit_detail(&self) -> Value {
        let unsettled = |verdict: Verdict| {
            let is_it = |kept: &&KeptFinding| !kept.is_settled && kept.finding.verdict == verdict;
            self.findings.iter().filter(is_it).map(|kept| kept.finding.permission).collect::<Vec<_>>()
        };
        json!({
            "readiness": self.headline.readiness,
            "missing": unsettled(Verdict::Missing),
            "unconfirmed": unsettled(Verdict::CannotTell),
            "narrowed": self.narrowed,
        })
    }
}

/// Whether the earlier finding stays: the permission was not examined now, or was proven to be missing and
/// nothing contradicts that.
fn is_better(before: &Finding, now: &Finding, confirmed: &[Permission]) -> bool {
    let was_looked_at = !matches!(now.evidence, Evidence::NotRead | Evidence::ListUnreadable { .. });
    match now.verdict {
        Verdict::CannotTell if now.is_settled(confirmed) => false,
        Verdict::CannotTell => !was_looked_at || before.verdict == Verdict::Missing,
        Verdict::Granted | Verdict::Missing => false,
    }
}

fn keep(finding: &Finding, was_lost: bool, is_proven: bool, confirmed: &[Permission]) -> KeptFinding {
    let was_shown = matches!(finding.evidence, Evidence::WereShown { .. } | Evidence::FieldLost { .. });
    let seems_gone = is_proven && finding.likelier == Some(Likelier::Missing);
    let is_open = finding.verdict == Verdict::CannotTell && !finding.is_settled(confirmed);
    let is_lost = is_open && (was_shown || seems_gone || was_lost);
    let is_settled = finding.is_settled(confirmed) || (is_open && is_proven && !is_lost);
    KeptFinding { finding: finding.clone(), is_settled, is_lost }
}
