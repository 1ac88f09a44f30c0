//! What follows a sync: the doctor looks at what the key shows now, and issues are opened and resolved by it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use linking::Permission;
use people::{Feature, Features, Kind, RemoteId};
use serde_json::{Value, json};
use store::{AccountStatus, IssueFilter, IssueId, LinkedAccount, NewIssue, Store};
use sync::{HiddenBecause, Mode, NotShown, RunReport, Undecided};

use crate::Machinery;
use crate::issues::{AUDIENCE_HELD, HELD, KEY_REFUSED, PERMISSION, SCOPE_NARROWED, UNDECIDED, is_of_a_sync};

/// So many people an issue names.
const IDS_TOLD: usize = 50;

/// What an issue is about.
struct Found {
    code: String,
    subject: String,
    detail: Value,
}

/// The features that are wanted of a linked account: all that were not declined.
pub(crate) fn features(account: &LinkedAccount) -> Features {
    let declined = &account.settings.declined_features;
    Feature::ALL.into_iter().filter(|feature| !declined.iter().any(|name| name == feature.name())).collect()
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
    let not_shown = NotShown::of(store.stream_states(account.no).await?.get(lucca::Stream::Users.name()));
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
        let codes: Vec<String> = open.iter().map(|issue| issue.code.clone()).collect();
        found.extend(permissions(store, account, machinery.today(), &codes).await?);
    } else {
        let still = open.iter().filter(|issue| issue.code.starts_with(PERMISSION));
        found.extend(still.map(|issue| Found {
            code: issue.code.clone(),
            subject: issue.subject.clone(),
            detail: issue.detail.clone(),
        }));
    }
    let at = machinery.clock.now();
    let standing: BTreeSet<(&str, &str)> =
        found.iter().map(|found| (found.code.as_str(), found.subject.as_str())).collect();
    for issue in open.iter().filter(|issue| is_of_a_sync(&issue.code)) {
        if !standing.contains(&(issue.code.as_str(), issue.subject.as_str())) {
            store.resolve_issue(account.no, &issue.code, &issue.subject, at).await?;
        }
    }
    for Found { code, subject, detail } in &found {
        let random = machinery
            .entropy
            .bytes()
            .map_err(|error| store::Error::Corrupt { what: "randomness", source: Box::new(error) })?;
        let id = IssueId::mint(at, random);
        store.open_issue(NewIssue { id, account_no: account.no, code, subject, detail, at }).await?;
    }
    Ok(())
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

/// What the doctor says of the key, by what is stored.
async fn permissions(
    store: &Store,
    account: &LinkedAccount,
    today: Date,
    open: &[String],
) -> Result<Vec<Found>, store::Error> {
    let diagnosis = linking::examine_stored(store, account, &features(account), today).await?;
    let confirmed: Vec<Permission> =
        account.settings.confirmed_permissions.iter().filter_map(|name| name.parse().ok()).collect();
    let drift = linking::drift(None, open, &diagnosis, &confirmed);
    let issue = |issue: linking::DriftIssue| Found {
        code: issue.code,
        subject: String::new(),
        detail: json!({ "permission": issue.finding.permission.name(), "evidence": issue.finding.evidence }),
    };
    Ok(drift.open.into_iter().map(issue).collect())
}
