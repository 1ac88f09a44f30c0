//! Absence requests on their way to Lucca: stored once, saved by one writer at a time, erased with their
//! person.

use people::{AbsenceRequest, RemoteId};
use serde_json::json;
use store::{
    Actor, DataPolicy, Erasure, ErasureId, LinkedAccount, NewSubmission, Submission, SubmissionFilter,
    SubmissionId, SubmissionState,
};

use crate::on_both_engines;
use crate::support::{Fixture, KEY, at};

on_both_engines!(
    one_key_is_one_request,
    one_of_two_writers_wins,
    submissions_are_listed_when_due,
    erasure_includes_requests_and_comments,
    capabilities_are_of_the_key,
);

const COMMENT: &str = "Canary-because";

async fn add(fixture: &Fixture, account: &LinkedAccount, key: &str, employee: i64) -> Submission {
    let random = u8::try_from(employee).unwrap();
    let new = NewSubmission {
        id: SubmissionId::mint(at(key.len().try_into().unwrap()), [random; 10]),
        account_no: account.no,
        idempotency_key: key,
        employee_id: &employee.into(),
        ask: r#"{"days":1}"#,
        detail: "{}",
        due_at: at(60),
        at: at(0),
    };
    fixture.store.add_submission(new).await.unwrap()
}

async fn one_key_is_one_request(fixture: Fixture) {
    let account = fixture.link("https://acme.ilucca.net", KEY, 1).await;
    let other = fixture.link("https://other.ilucca.net", KEY, 2).await;
    let first = add(&fixture, &account, "k", 1).await;
    let again = add(&fixture, &account, "k", 2).await;
    assert_eq!((first.id, &again.employee_id), (again.id, &RemoteId::from(1)));
    assert_ne!(add(&fixture, &other, "k", 2).await.id, first.id, "a key is an account's own");
    assert_eq!(first.state, SubmissionState::Queued);
    let listed = fixture.store.submissions(&SubmissionFilter::default(), 10).await.unwrap();
    assert_eq!(listed.len(), 2);
    let theirs = SubmissionFilter { account_no: Some(account.no), ..SubmissionFilter::default() };
    assert_eq!(fixture.store.submissions(&theirs, 10).await.unwrap()[0].id, first.id);
    assert!(fixture.store.submission_by_key(account.no, "unknown").await.unwrap().is_none());
}

async fn one_of_two_writers_wins(fixture: Fixture) {
    let account = fixture.link("https://acme.ilucca.net", KEY, 1).await;
    let mut mine = add(&fixture, &account, "k", 1).await;
    let mut theirs = mine.clone();
    mine.state = SubmissionState::Sending;
    mine.sent_at = Some(at(5));
    assert!(fixture.store.save_submission(&mut mine, at(5)).await.unwrap());
    theirs.state = SubmissionState::Refused;
    assert!(!fixture.store.save_submission(&mut theirs, at(6)).await.unwrap());
    let kept = fixture.store.submission(mine.id).await.unwrap().unwrap();
    assert_eq!(
        (kept.state, kept.version, kept.sent_at),
        (SubmissionState::Sending, mine.version, Some(at(5)))
    );
    for state in SubmissionState::ALL {
        mine.state = state;
        assert!(fixture.store.save_submission(&mut mine, at(7)).await.unwrap());
        assert_eq!(fixture.store.submission(mine.id).await.unwrap().unwrap().state, state);
    }
}

async fn submissions_are_listed_when_due(fixture: Fixture) {
    let account = fixture.link("https://acme.ilucca.net", KEY, 1).await;
    let mut submission = add(&fixture, &account, "k", 1).await;
    let due = async |millis: i64| {
        let by = jiff::Timestamp::from_millisecond(at(0).as_millisecond() + millis).unwrap();
        let filter = SubmissionFilter { due_by: Some(by), ..SubmissionFilter::default() };
        fixture.store.submissions(&filter, 10).await.unwrap().len()
    };
    // Times with and without fractions are compared as times.
    let half_past = jiff::Timestamp::from_millisecond(at(100).as_millisecond() + 500).unwrap();
    for (due_at, before, from) in
        [(at(60), 59_999, 60_000), (half_past, 99_999, 101_000), (at(200), 199_900, 200_001)]
    {
        submission.due_at = Some(due_at);
        assert!(fixture.store.save_submission(&mut submission, at(1)).await.unwrap());
        assert_eq!((due(before).await, due(from).await), (0, 1), "{due_at}");
    }
    submission.due_at = None;
    assert!(fixture.store.save_submission(&mut submission, at(1)).await.unwrap());
    assert_eq!(due(1_000_000_000).await, 0);
}

async fn erasure_includes_requests_and_comments(fixture: Fixture) {
    let account = fixture.link("https://acme.ilucca.net", KEY, 1).await;
    let theirs = add(&fixture, &account, "theirs", 7).await;
    let mut other = add(&fixture, &account, "other", 8).await;
    let approval = json!({ "id": "1", "approver_id": "7", "approved": false, "comment": COMMENT });
    let request = json!({ "id": "3", "status": "denied", "is_active": false, "approvals": [approval] });
    other.request = Some(serde_json::from_value::<AbsenceRequest>(request).unwrap());
    assert!(fixture.store.save_submission(&mut other, at(2)).await.unwrap());
    let erasure =
        Erasure { id: ErasureId::mint(at(3), [3; 10]), remote_id: &7.into(), actor: Actor::Cli, at: at(3) };
    let receipt = fixture.store.erase_person(&account, erasure).await.unwrap();
    assert_eq!(receipt.counts["submissions"], 2);
    assert!(fixture.store.submission(theirs.id).await.unwrap().is_none());
    let kept = fixture.store.submission(other.id).await.unwrap().unwrap();
    let approval = &kept.request.unwrap().approvals[0];
    assert_eq!((&approval.approver_id, &approval.comment), (&Some(7.into()), &None));
    // The writer that read it before the erasure cannot write it back.
    assert!(!fixture.store.save_submission(&mut other, at(4)).await.unwrap());
    fixture.store.unlink(&account, DataPolicy::Erase, Actor::Cli, at(5)).await.unwrap();
    assert!(fixture.store.submission(kept.id).await.unwrap().is_none());
}

async fn capabilities_are_of_the_key(fixture: Fixture) {
    let account = fixture.link("https://acme.ilucca.net", KEY, 1).await;
    let store = &fixture.store;
    store.set_capability(account.no, "a.lucca_api", "refused", at(1)).await.unwrap();
    store.set_capability(account.no, "a.lucca_api", "offered", at(2)).await.unwrap();
    let known = store.capabilities(account.no).await.unwrap();
    assert_eq!((known["a.lucca_api"].state.as_str(), known["a.lucca_api"].at), ("offered", at(2)));
    fixture.link("https://acme.ilucca.net", KEY, 3).await;
    assert!(store.capabilities(account.no).await.unwrap().is_empty(), "a new key has proven nothing");
}
