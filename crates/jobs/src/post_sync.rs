//! After a sync: diagnoses the key's permissions from the stored data, and opens and resolves issues.

use std::collections::{BTreeMap, BTreeSet};

use linking::{DiagnosisSummary, Permission};
use lucca::Stream;
use people::{Kind, RemoteId};
use serde_json::{Value, json};
use store::{
    AccountStatus, DiagnosisSource, Issue, IssueFilter, IssueId, LinkedAccount, NewDiagnosis, NewIssue,
};
use sync::{HiddenBecause, Mode, NotShown, RunReport, Undecided};

use crate::Services;
use crate::issues::{
    AUDIENCE_HELD, HELD, KEY_REFUSED, SCOPE_NARROWED, SCOPE_PARTIAL, UNDECIDED, is_of_a_check, is_of_a_sync,
};

/// Maximum number of employee ids that an issue lists.
const MOST_IDS: usize = 50;

/// An issue that should be open.
struct FoundIssue {
    code: String,
    subject: String,
    detail: Value,
}

/// Whether a run may have changed the diagnosis. Most runs read no new data and can't.
fn may_change_diagnosis(report: &RunReport) -> bool {
    report.written() > 0
        || !report.audience.is_nothing()
        || report.streams.iter().any(|stream| {
            stream.mode == Mode::Full || stream.error.is_some() || !stream.hidden_fields.is_empty()
        })
}

/// Opens and resolves a linked account's issues after a run.
pub(crate) async fn update_issues(
    services: &Services,
    account: &LinkedAccount,
    report: &RunReport,
) -> Result<(), store::Error> {
    if !may_change_diagnosis(report) {
        return Ok(());
    }
    let store = &services.store;
    let open = store.issues(Some(account.no), IssueFilter::Open).await?;
    let mut found = Vec::new();
    let now = store.account(account.id).await?.map(|account| account.status);
    if now == Some(AccountStatus::Unlinked) {
        return Ok(());
    }
    if now == Some(AccountStatus::RelinkNeeded) {
        found.push(FoundIssue { code: KEY_REFUSED.to_owned(), subject: String::new(), detail: json!({}) });
    }
    let not_shown = NotShown::of(store.stream_states(account.no).await?.get(Stream::Users.name()));
    let holds = store.holds(account.no).await?;
    let kept = holds.iter().find(|hold| hold.kind == Kind::Employee && hold.is_rejected);
    found.extend(not_shown_people(&not_shown, kept.map(|hold| hold.ids.as_slice()).unwrap_or_default()));
    for hold in holds.iter().filter(|hold| !hold.is_rejected) {
        // Undecided employees have their own issue, with the reason.
        let is_undecided = |id: &RemoteId| not_shown.undecided.iter().any(|one| one.id == *id);
        if hold.kind == Kind::Employee && hold.ids.iter().all(is_undecided) {
            continue;
        }
        let detail = json!({ "records": hold.ids.len() });
        found.push(FoundIssue { code: HELD.to_owned(), subject: hold.kind.name().to_owned(), detail });
    }
    if report.audience.held > 0 {
        let detail = json!({ "people": report.audience.held });
        found.push(FoundIssue { code: AUDIENCE_HELD.to_owned(), subject: String::new(), detail });
    }
    // A refused key proves nothing about permissions.
    if now == Some(AccountStatus::Linked) {
        found.extend(key_issues(&diagnose(services, account, report).await?, &open));
    } else {
        let still = open.iter().filter(|issue| is_of_a_check(&issue.code));
        found.extend(still.map(|issue| FoundIssue {
            code: issue.code.clone(),
            subject: issue.subject.clone(),
            detail: issue.detail.clone(),
        }));
    }
    apply_issues(services, account, &open, &found, is_of_a_sync).await
}

/// Returns issues about employees that are stored and not returned, if an operator has to decide. `kept`
/// lists employees that an operator decided to keep.
fn not_shown_people(not_shown: &NotShown, kept: &[RemoteId]) -> Vec<FoundIssue> {
    let mut found = Vec::new();
    let narrowed = not_shown.hidden_because(HiddenBecause::ScopeNarrowed);
    if narrowed > 0 {
        let detail = json!({ "people": narrowed, "of": not_shown.stored });
        found.push(FoundIssue { code: SCOPE_NARROWED.to_owned(), subject: String::new(), detail });
    }
    let asking: Vec<&Undecided> =
        not_shown.undecided.iter().filter(|one| one.asks_a_person() && !kept.contains(&one.id)).collect();
    if !asking.is_empty() {
        let mut reasons: BTreeMap<&str, u64> = BTreeMap::new();
        for one in &asking {
            *reasons.entry(one.reason.name()).or_default() += 1;
        }
        let ids: Vec<&RemoteId> = asking.iter().take(MOST_IDS).map(|one| &one.id).collect();
        let detail = json!({ "people": asking.len(), "reasons": reasons, "ids": ids });
        found.push(FoundIssue { code: UNDECIDED.to_owned(), subject: String::new(), detail });
    }
    found
}

/// Diagnoses the key from the stored data and the previous diagnosis; stores the result with the account.
async fn diagnose(
    services: &Services,
    account: &LinkedAccount,
    report: &RunReport,
) -> Result<DiagnosisSummary, store::Error> {
    let store = &services.store;
    let kept = store.diagnosis(account.no).await?;
    // A diagnosis of another version that can't be parsed is ignored.
    let before = kept.as_ref().and_then(|kept| serde_json::from_str::<DiagnosisSummary>(&kept.summary).ok());
    let was_asked = kept.is_some_and(|kept| kept.source != DiagnosisSource::Sync);
    let are_people_read = report.streams.iter().any(|stream| {
        stream.stream == Stream::Users.name() && stream.mode == Mode::Full && stream.error.is_none()
    });
    match before {
        // The previous diagnosis came from Lucca itself; the stored data may be of another key, or of other
        // permissions of this key.
        Some(before) if was_asked && !are_people_read => Ok(before),
        before => {
            let features = linking::account_features(&account.settings);
            let now = linking::examine_stored(store, account, &features, services.today()).await?;
            let summary = DiagnosisSummary::new(before.as_ref(), &now, &confirmed(account));
            let json = serde_json::to_string(&summary).unwrap_or_default();
            let new = NewDiagnosis {
                source: DiagnosisSource::Sync,
                summary: &json,
                audit_detail: &summary.audit_detail(),
            };
            store.keep_diagnosis(account, new, None, services.clock.now()).await?;
            Ok(summary)
        }
    }
}

/// Permissions that an administrator confirmed because Lucca can't prove them.
pub(crate) fn confirmed(account: &LinkedAccount) -> Vec<Permission> {
    account.settings.confirmed_permissions.iter().filter_map(|name| name.parse().ok()).collect()
}

/// Returns the key's issues that an administrator must resolve.
fn key_issues(summary: &DiagnosisSummary, open: &[Issue]) -> Vec<FoundIssue> {
    let codes: Vec<String> = open.iter().map(|issue| issue.code.clone()).collect();
    let permission = |issue: linking::DriftIssue| FoundIssue {
        code: issue.code,
        subject: String::new(),
        detail: json!({ "permission": issue.finding.permission.name(), "evidence": issue.finding.evidence }),
    };
    let narrowed = summary.narrowed.map(|narrowed| FoundIssue {
        code: SCOPE_PARTIAL.to_owned(),
        subject: String::new(),
        detail: json!(narrowed),
    });
    linking::drift(summary, &codes).open.into_iter().map(permission).chain(narrowed).collect()
}

/// Opens and resolves the issues about a linked account's key after a check of the key.
pub(crate) async fn note_check(
    services: &Services,
    account: &LinkedAccount,
    summary: &DiagnosisSummary,
) -> Result<(), store::Error> {
    let open = services.store.issues(Some(account.no), IssueFilter::Open).await?;
    let found = key_issues(summary, &open);
    apply_issues(services, account, &open, &found, is_of_a_check).await
}

/// Opens the found issues, and resolves open ones that were not found, among those that `is_judged`.
async fn apply_issues(
    services: &Services,
    account: &LinkedAccount,
    open: &[Issue],
    found: &[FoundIssue],
    is_judged: impl Fn(&str) -> bool,
) -> Result<(), store::Error> {
    let store = &services.store;
    let at = services.clock.now();
    let standing: BTreeSet<(&str, &str)> =
        found.iter().map(|found| (found.code.as_str(), found.subject.as_str())).collect();
    for issue in open.iter().filter(|issue| is_judged(&issue.code)) {
        if !standing.contains(&(issue.code.as_str(), issue.subject.as_str())) {
            store.resolve_issue(account.no, &issue.code, &issue.subject, at).await?;
        }
    }
    for FoundIssue { code, subject, detail } in found {
        let random = services
            .entropy
            .bytes()
            .map_err(|error| store::Error::Corrupt { what: "randomness", source: Box::new(error) })?;
        let id = IssueId::mint(at, random);
        store.open_issue(NewIssue { id, account_no: account.no, code, subject, detail, at }).await?;
    }
    Ok(())
}
