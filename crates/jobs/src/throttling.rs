//! The issue about lasting 429 responses: another integration of the customer uses up the tenant's limit.

use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use store::{AccountStatus, IssueFilter, IssueId, LinkedAccount, NewIssue, RequestCounts};

use crate::Services;
use crate::issues::RATE_LIMITED;

/// Shorter periods of 429 responses open no issue: requests wait, slow down and are retried.
const REPORTED_AFTER: SignedDuration = SignedDuration::from_mins(10);

/// How long 429 responses have lasted, if they still do and have lasted long enough.
fn lasting_throttling(counts: &RequestCounts, now: Timestamp) -> Option<SignedDuration> {
    let (since, last) = (counts.throttled_since?, counts.throttled_last?);
    let lasted = last.duration_since(since);
    (lasted >= REPORTED_AFTER && now.duration_since(last) < REPORTED_AFTER).then_some(lasted)
}

/// Opens the issue, or resolves it after ten minutes without a 429.
pub(crate) async fn judge_throttling(
    services: &Services,
    account: &LinkedAccount,
) -> Result<(), store::Error> {
    let (store, at) = (&services.store, services.clock.now());
    let Some(lasted) = lasting_throttling(&store.request_counts(&account.origin).await?, at) else {
        let open = store.issues(Some(account.no), IssueFilter::Open).await?;
        if open.iter().any(|issue| issue.code == RATE_LIMITED) {
            store.resolve_issue(account.no, RATE_LIMITED, "", at).await?;
        }
        return Ok(());
    };
    let status = store.account(account.id).await?.map(|account| account.status);
    if status == Some(AccountStatus::Unlinked) {
        return Ok(());
    }
    let random = services
        .entropy
        .bytes()
        .map_err(|error| store::Error::Corrupt { what: "randomness", source: Box::new(error) })?;
    let (id, account_no) = (IssueId::mint(at, random), account.no);
    let detail = json!({ "minutes": lasted.as_mins() });
    store.open_issue(NewIssue { id, account_no, code: RATE_LIMITED, subject: "", detail: &detail, at }).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lasting_refusals_raise_an_issue() {
        let at = |minute: i64| Timestamp::from_second(minute * 60).unwrap();
        let lasted = |since, last, now| {
            let counts = RequestCounts {
                throttled_since: Some(at(since)),
                throttled_last: Some(at(last)),
                ..RequestCounts::default()
            };
            lasting_throttling(&counts, at(now)).map(|lasted| lasted.as_mins())
        };
        assert_eq!([lasted(100, 109, 109), lasted(100, 100, 111)], [None, None]);
        assert_eq!([lasted(100, 110, 110), lasted(100, 125, 134)], [Some(10), Some(25)]);
        assert_eq!(lasted(100, 125, 135), None);
        assert_eq!(lasting_throttling(&RequestCounts::default(), at(1)), None);
    }
}
