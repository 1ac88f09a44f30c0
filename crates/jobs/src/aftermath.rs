//! What follows a sync: the doctor looks at what the key shows now, and issues are opened and resolved by it.

use std::collections::BTreeSet;

use jiff::civil::Date;
use linking::Permission;
use people::{Feature, Features};
use serde_json::{Value, json};
use store::{AccountStatus, IssueFilter, IssueId, LinkedAccount, NewIssue, Store};
use sync::{Mode, RunReport};

use crate::Machinery;
use crate::issues::{HELD, KEY_REFUSED, PERMISSION, is_of_a_sync};

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
    for hold in store.holds(account.no).await?.into_iter().filter(|hold| !hold.is_rejected) {
        let detail = json!({ "records": hold.ids.len() });
        found.push(Found { code: HELD.to_owned(), subject: hold.kind.name().to_owned(), detail });
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
