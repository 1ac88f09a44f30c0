//! What follows a sync: the doctor looks at what the key shows now, and issues are opened and resolved by it.

use std::collections::{BTreeMap, BTreeSet};

use linking::{DiagnosisSummary, Permission};
use lucca::Stream;
use people::{Kind, RemoteId};
use serde_json::{Value, json};
use store::{
    AccountStatus, DiagnosisSource, Issue, IssueFilter, IssueId, LinkedAccount, NewDiagnosis, NewIssue,
};
use sync::{HiddenBecause, Mode, NotShown, RunReport, Undecided};

use crate::Machinery;
use crate::issues::{
    AUDIENCE_HELD, HELD, KEY_REFUSED, SCOPE_NARROWED, SCOPE_PARTIAL, UNDECIDED, is_of_a_check, is_of_a_sync,
};

/// So many people an issue names.
const IDS_TOLD: usize = 50;

/// What an issue is about.
struct Found {
    code: String,
    subject: String,
    detail: Value,
}

/// Whether a run may have changed what the doctor says. One that found nothing new has not, and those are most.
fn is_telling(report: &RunReport) -> bool {
    report.written() > 0
        || !report.audience.is_nothing()
        || report.streams.iter().any(|stream| {
            stream.mode == Mode::Full || stream.error.is_some() || !stream.hidden_fields.is_empty()
        })
}

/// Opens and resolves the issues of a linked account, after a run.
pub(crate) async fn look(
    machinery: &Machinery,
    account: &LinkedAccount,
    report: &RunReport,
) -> Result<(), store::Error> {
    if !is_telling(report) {
        return Ok(());
    }
    let store = &machinery.store;
    let open = store.issues(Some(account.no), IssueFilter::Open).await?;
    let mut found = Vec::new();
    let now = store.account(account.id).await?.map(|account| account.status);
    if now == Some(AccountStatus::Unlinked) {
        return Ok(());
    }
    if now == Some(AccountStatus::RelinkNeeded) {
        found.push(Found { code: KEY_REFUSED.to_owned(), subject: String::new(), detail: json!({}) });
    }
    let not_shown = NotShown::of(store.stream_states(account.no).await?.get(Stream::Users.name()));
    let holds = store.holds(account.no).await?;
    let kept = holds.iter().find(|hold| hold.kind == Kind::Employee && hold.is_rejected);
    found.extend(not_shown_people(&not_shown, kept.map(|hold| hold.ids.as_slice()).unwrap_or_default()));
    for hold in holds.iter().filter(|hold| !hold.is_rejected) {
        // Undecided people have an issue of their own, which says why.
        let is_undecided = |id: &RemoteId| not_shown.undecided.iter().any(|one| one.id == *id);
        if hold.kind == Kind::Employee && hold.ids.iter().all(is_undecided) {
            continue;
        }
        let detail = json!({ "records": hold.ids.len() });
        found.push(Found { code: HELD.to_owned(), subject: hold.kind.name().to_owned(), detail });
    }
    if report.audience.held > 0 {
        let detail = json!({ "people": report.audience.held });
        found.push(Found { code: AUDIENCE_HELD.to_owned(), subject: String::new(), detail });
    }
    // A key that opens nothing says nothing of its permissions.
    if now == Some(AccountStatus::Linked) {
        found.extend(of_the_key(&judged(machinery, account, report).await?, &open));
    } else {
        let still = open.iter().filter(|issue| is_of_a_check(&issue.code));
        found.extend(still.map(|issue| Found {
            code: issue.code.clone(),
            subject: issue.subject.clone(),
            detail: issue.detail.clone(),
        }));
    }
    settle(machinery, account, &open, &found, is_of_a_sync).await
}

/// People who are stored and not shown, where an operator has to look. People in `kept` were decided on before.
fn not_shown_people(not_shown: &NotShown, kept: &[RemoteId]) -> Vec<Found> {
    let mut found = Vec::new();
    let narrowed = not_shown.hidden_because(HiddenBecause::ScopeNarrowed);
    if narrowed > 0 {
        let detail = json!({ "people": narrowed, "of": not_shown.stored });
        found.push(Found { code: SCOPE_NARROWED.to_owned(), subject: String::new(), detail });
    }
    let asking: Vec<&Undecided> =
        not_shown.undecided.iter().filter(|one| one.asks_a_person() && !kept.contains(&one.id)).collect();
    if !asking.is_empty() {
        let mut reasons: BTreeMap<&str, u64> = BTreeMap::new();
        for one in &asking {
            *reasons.entry(one.reason.name()).or_default() += 1;
        }
        let ids: Vec<&RemoteId> = asking.iter().take(IDS_TOLD).map(|one| &one.id).collect();
        let detail = json!({ "people": asking.len(), "reasons": reasons, "ids": ids });
        found.push(Found { code: UNDECIDED.to_owned(), subject: String::new(), detail });
    }
    found
}

/// What the doctor says of the key, by what is stored, and after what it said before. It is kept with the account.
async fn judged(
    machinery: &Machinery,
    account: &LinkedAccount,
    report: &RunReport,
) -> Result<DiagnosisSummary, store::Error> {
    let store = &machinery.store;
    let kept = store.diagnosis(account.no).await?;
    // What another version wrote and this one can't read says nothing.
    let before = kept.as_ref().and_then(|kept| serde_json::from_str::<DiagnosisSummary>(&kept.summary).ok());
    let was_asked = kept.is_some_and(|kept| kept.source != DiagnosisSource::Sync);
    let are_people_read = report.streams.iter().any(|stream| {
        stream.stream == Stream::Users.name() && stream.mode == Mode::Full && stream.error.is_none()
    });
    match before {
        // Lucca itself was asked, and what is stored may be of another key, or of other rights of this one.
        Some(before) if was_asked && !are_people_read => Ok(before),
        before => {
            let features = linking::account_features(&account.settings);
            let now = linking::examine_stored(store, account, &features, machinery.today()).await?;
            let summary = DiagnosisSummary::new(before.as_ref(), &now, &confirmed(account));
            let json = serde_json::to_string(&summary).unwrap_or_default();
            let new = NewDiagnosis {
                source: DiagnosisSource::Sync,
                summary: &json,
                audit_detail: &summary.audit_detail(),
            };
            store.keep_diagnosis(account, new, None, machinery.clock.now()).await?;
            Ok(summary)
        }
    }
}

/// What a person said is granted where Lucca can't tell.
pub(crate) fn confirmed(account: &LinkedAccount) -> Vec<Permission> {
    account.settings.confirmed_permissions.iter().filter_map(|name| name.parse().ok()).collect()
}

/// What a person must do about the key.
fn of_the_key(summary: &DiagnosisSummary, open: &[Issue]) -> Vec<Found> {
    let codes: Vec<String> = open.iter().map(|issue| issue.code.clone()).collect();
    let permission = |issue: linking::DriftIssue| Found {
        code: issue.code,
        subject: String::new(),
        detail: json!({ "permission": issue.finding.permission.name(), "evidence": issue.finding.evidence }),
    };
    let narrowed = summary.narrowed.map(|narrowed| Found {
        code: SCOPE_PARTIAL.to_owned(),
        subject: String::new(),
        detail: json!(narrowed),
    });
    linking::drift(summary, &codes).open.into_iter().map(permission).chain(narrowed).collect()
}

/// Opens and resolves the issues about the key of a linked account, which was just checked.
pub(crate) async fn note_check(
    machinery: &Machinery,
    account: &LinkedAccount,
    summary: &DiagnosisSummary,
) -> Result<(), store::Error> {
    let open = machinery.store.issues(Some(account.no), IssueFilter::Open).await?;
    let found = of_the_key(summary, &open);
    settle(machinery, account, &open, &found, is_of_a_check).await
}

/// Opens what was found, and resolves what is open and was not found, of the issues that `is_judged`.
async fn settle(
    machinery: &Machinery,
    account: &LinkedAccount,
    open: &[Issue],
    found: &[Found],
    is_judged: impl Fn(&str) -> bool,
) -> Result<(), store::Error> {
    let store = &machinery.store;
    let at = machinery.clock.now();
    let standing: BTreeSet<(&str, &str)> =
        found.iter().map(|found| (found.code.as_str(), found.subject.as_str())).collect();
    for issue in open.iter().filter(|issue| is_judged(&issue.code)) {
        if !standing.contains(&(issue.code.as_str(), issue.subject.as_str())) {
            store.resolve_issue(account.no, &issue.code, &issue.subject, at).await?;
        }
    }
    for Found { code, subject, detail } in found {
        let random = machinery
            .entropy
            .bytes()
            .map_err(|error| store::Error::Corrupt { what: "randomness", source: Box::new(error) })?;
        let id = IssueId::mint(at, random);
        store.open_issue(NewIssue { id, account_no: account.no, code, subject, detail, at }).await?;
    }
    Ok(())
}
