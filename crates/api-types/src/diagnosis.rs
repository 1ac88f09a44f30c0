//! The diagnosis of a linked account's API key.

use linking::{DiagnosisSummary, Finding};
use people::Language;
use serde::Serialize;
use store::{KeptDiagnosis, LinkedAccount, Store};
use utoipa::ToSchema;

use crate::{DiagnosisSource, PermissionName, Readiness, Verdict, time};

/// The last diagnosis of the account's API key: made while linking, by a check, or after a sync. The
/// headline, the open issues and the audit log agree with it.
#[derive(Serialize, ToSchema)]
pub struct KeyDiagnosis {
    /// The result in a word.
    readiness: Readiness,
    /// The readiness in a sentence, in English.
    #[schema(example = "Ready, but 1 of your choices is missing: “View employee managers”.")]
    headline: String,
    /// The permissions behind this readiness: missing, or neither proven nor confirmed.
    missing: Vec<PermissionName>,
    /// Set if the key seems narrowed to a part of the company; null otherwise.
    narrowed: Option<NarrowedRole>,
    /// The verdict on each permission that the account's features need.
    permissions: Vec<PermissionCheck>,
    /// How it was made: `linking` or `check`, by requests to Lucca, or `sync`, from stored data.
    source: DiagnosisSource,
    /// When, UTC.
    #[schema(example = "2026-11-25T12:30:00Z")]
    checked_at: String,
}

/// Evidence that the key's role is narrowed to a part of the company: at least 5 references, and at least 5 %
/// of all, lead to people who are not shown.
#[derive(Serialize, ToSchema)]
pub struct NarrowedRole {
    /// References (managers, heads of departments, contracts, absences) to people who are not shown.
    #[schema(example = 31)]
    unseen: u64,
    /// All references that were followed.
    #[schema(example = 34)]
    of: u64,
}

/// The verdict on a permission.
#[derive(Serialize, ToSchema)]
pub struct PermissionCheck {
    /// The permission's name, as in the codes of issues.
    permission: PermissionName,
    /// Whether people would be missing without it.
    required: bool,
    /// `granted`, `missing` or `cannot_tell`.
    verdict: Verdict,
    /// Whether the permission needs no action: it is there, a person confirmed it, or nothing is lost without
    /// it.
    #[schema(example = false)]
    settled: bool,
}

/// A permission that the API key lacks, or that no request can prove.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct UnsettledPermission {
    /// The permission's name.
    permission: PermissionName,
    /// `missing` or `cannot_tell`.
    verdict: Verdict,
    /// The evidence, in English.
    message: String,
    /// What to do in Lucca, in English.
    remedy: Option<String>,
}

impl From<&Finding> for UnsettledPermission {
    fn from(finding: &Finding) -> Self {
        Self {
            permission: finding.permission.into(),
            verdict: finding.verdict.into(),
            message: finding.evidence_text(Language::English),
            remedy: finding.remedy_text(Language::English),
        }
    }
}

impl KeyDiagnosis {
    /// The stored diagnosis; `None` if there is none yet, or if another version wrote it.
    pub(crate) async fn of(store: &Store, account: &LinkedAccount) -> Result<Option<Self>, store::Error> {
        let kept = store.diagnosis(account.no).await?;
        Ok(kept.and_then(|kept| Self::read(&kept)))
    }

    fn read(kept: &KeptDiagnosis) -> Option<Self> {
        let summary: DiagnosisSummary = serde_json::from_str(&kept.summary).ok()?;
        let permissions = summary.findings.iter().map(|kept| PermissionCheck {
            permission: kept.finding.permission.into(),
            required: kept.finding.need == linking::Need::Required,
            verdict: kept.finding.verdict.into(),
            settled: kept.is_settled,
        });
        Some(Self {
            readiness: summary.headline.readiness.into(),
            headline: summary.headline.text(Language::English),
            missing: summary.headline.missing.iter().map(|permission| PermissionName(*permission)).collect(),
            narrowed: summary
                .narrowed
                .map(|narrowed| NarrowedRole { unseen: narrowed.unseen, of: narrowed.of }),
            permissions: permissions.collect(),
            source: kept.source.into(),
            checked_at: time(kept.checked_at),
        })
    }
}
