//! Unlinking with the data kept or erased, beside a running sync; issues; the audit log.

use people::{Kind, RemoteId};
use secrecy::ExposeSecret;
use serde_json::json;
use store::{
    AccountStatus, Actor, ChangeFilter, Commit, DataPolicy, Error, Issue, IssueFilter, IssueId, Lease,
    LinkedAccount, NewAuditEntry, NewChange, NewIssue, Operation, Outcome, Quarantined, RecordUpsert,
    StreamProgress, content_hash,
};

use crate::on_both_engines;
use crate::support::{Fixture, KEY, at, run_id};

on_both_engines!(
    unlinked_account_keeps_its_data,
    erased_data_is_in_no_table_and_no_file,
    running_sync_cannot_write_after_unlinking,
    unlinking_excludes_a_run_that_begins,
    relinked_tenant_keeps_its_account,
    an_issue_is_open_once_until_it_is_resolved,
    the_audit_log_is_in_order,
);

const CANARY: &str = "Canary-Dupont";

/// A person with data in every table.
async fn populate(fixture: &Fixture, lease: &Lease) {
    let body = json!({ "id": "7", "name": CANARY }).to_string();
    let raw = Some(json!({ "id": 7, "displayName": CANARY }).to_string());
    let fields = Some(json!({ "name": { "before": CANARY, "after": "Other" } }).to_string());
    let change = NewChange {
        kind: Kind::Employee,
        id: "7".into(),
        operation: Operation::Updated,
        hash: Some(content_hash(&body)),
        fields,
    };
    let quarantined = Quarantined {
        id: Some("8".into()),
        owner_id: None,
        field: "dtContractStart".into(),
        reason: "not a date".into(),
        raw: json!({ "name": CANARY }).to_string(),
    };
    let progress = StreamProgress {
        stream: "users".into(),
        mode: "full".into(),
        done: 1,
        total: Some(1),
        finished: true,
        started_at: None,
        updated_at: None,
    };
    let commit = Commit {
        upserts: vec![RecordUpsert::of_json(Kind::Employee, "7".into(), body, raw)],
        changes: vec![change],
        quarantined: vec![quarantined],
        state: Some(("users", "{}".into())),
        progress: Some(progress),
        hold: Some(("too many".into(), vec!["7".into()])),
        ..Commit::default()
    };
    fixture.store.commit(lease, Kind::Employee, &commit, at(3)).await.unwrap();
    open_issue(fixture, lease.account_no, 1, "permission.missing", "view_contracts", 4).await;
}

async fn open_issue(fixture: &Fixture, account_no: i64, n: u8, code: &str, subject: &str, second: i64) {
    let detail = &json!({ "seen": n });
    let id = IssueId::mint(at(second), [n; 10]);
    let issue = NewIssue { id, account_no, code, subject, detail, at: at(second) };
    fixture.store.open_issue(issue).await.unwrap();
}

async fn issues(fixture: &Fixture, account: &LinkedAccount, filter: IssueFilter) -> Vec<Issue> {
    fixture.store.issues(Some(account.no), filter).await.unwrap()
}

async fn unlinked(fixture: &Fixture, account: &LinkedAccount) -> LinkedAccount {
    let account = fixture.store.account(account.id).await.unwrap().unwrap();
    assert_eq!(account.status, AccountStatus::Unlinked);
    assert!(matches!(account.api_key(&fixture.vault), Err(Error::Unlinked)));
    account
}

async fn unlinked_account_keeps_its_data(fixture: Fixture) {
    let store = &fixture.store;
    let (account, lease) = fixture.leased().await;
    populate(&fixture, &lease).await;
    store.finish_run(&lease, Outcome::Succeeded, 7, Some("{}"), at(5)).await.unwrap();
    store.release_lease(&lease).await.unwrap();

    let receipt = store.unlink(&account, DataPolicy::Keep, Actor::Cli, at(10)).await.unwrap();
    assert_eq!((receipt.records.len(), receipt.changes, receipt.runs), (0, 0, 0));
    let now = unlinked(&fixture, &account).await;
    assert_eq!((now.updated_at, now.tenant.as_str()), (at(10), "https://acme.ilucca.net"));
    assert_eq!(store.count_present(account.no, Kind::Employee).await.unwrap(), 1);
    assert_eq!(store.last_change(account.no).await.unwrap(), 1);
    assert_eq!(store.runs(Some(account.no), None, 10).await.unwrap().len(), 1);
    assert_eq!(store.count_open_issues(account.no).await.unwrap(), 0, "no person can act on it");
    assert_eq!(issues(&fixture, &account, IssueFilter::All).await[0].resolved_at, Some(at(10)));

    // No sync begins, and what a late reader learns about its key changes nothing.
    for known in [&account, &now] {
        let begun = store.take_lease(known, run_id(11), "me", None, at(11)).await;
        assert!(matches!(begun, Err(Error::Unlinked)), "{begun:?}");
    }
    store.set_account_status(&account, AccountStatus::RelinkNeeded, at(12)).await.unwrap();
    unlinked(&fixture, &account).await;
}

async fn erased_data_is_in_no_table_and_no_file(fixture: Fixture) {
    let store = &fixture.store;
    let (account, lease) = fixture.leased().await;
    populate(&fixture, &lease).await;
    // Data of another customer, which stays.
    let other = fixture.link("https://other.ilucca.net", KEY, 5).await;
    let lease = store.take_lease(&other, run_id(6), "me", None, at(6)).await.unwrap().unwrap();
    let body = json!({ "id": "7", "name": "Bystander" }).to_string();
    let upserts = vec![RecordUpsert::of_json(Kind::Employee, "7".into(), body, None)];
    store.commit(&lease, Kind::Employee, &Commit { upserts, ..Commit::default() }, at(6)).await.unwrap();
    assert!(fixture.database.raw_content().await.contains(CANARY));

    let receipt = store.unlink(&account, DataPolicy::Erase, Actor::Operator, at(10)).await.unwrap();
    assert!(receipt.files_overwritten);
    assert_eq!(receipt.records, [("employees".to_owned(), 1)].into());
    assert_eq!((receipt.changes, receipt.runs), (1, 1));
    let content = fixture.database.raw_content().await;
    assert!(!content.contains(CANARY));
    assert!(content.contains("Bystander"));

    unlinked(&fixture, &account).await;
    assert!(store.count_records(account.no).await.unwrap().is_empty());
    let gone = store.changes(account.no, ChangeFilter::default(), 10).await;
    assert!(matches!(gone, Err(Error::PlaceGone { first: 1, last: 1 })), "{gone:?}");
    let after = store.first_place(account.no).await.unwrap();
    let none =
        store.changes(account.no, ChangeFilter { after, ..ChangeFilter::default() }, 10).await.unwrap();
    assert!(none.is_empty());
    assert!(store.runs(Some(account.no), None, 10).await.unwrap().is_empty());
    assert!(store.run_progress(run_id(2)).await.unwrap().is_empty());
    assert!(store.stream_states(account.no).await.unwrap().is_empty());
    assert!(store.holds(account.no).await.unwrap().is_empty());
    assert!(store.quarantined_ids(account.no, Kind::Employee).await.unwrap().is_empty());
    assert!(issues(&fixture, &account, IssueFilter::All).await.is_empty());
    assert_eq!(store.count_present(other.no, Kind::Employee).await.unwrap(), 1);

    // The receipt is in the audit log, which stays, as do the numbers of the change log.
    let log = store.audit_log(Some(account.id)).await.unwrap();
    let last = log.last().unwrap();
    assert_eq!((last.action.as_str(), last.actor, last.at), ("account.unlinked", Actor::Operator, at(10)));
    assert_eq!(
        last.detail,
        json!({ "data": "erase", "records": { "employees": 1 }, "changes": 1, "runs": 1 })
    );
    assert_eq!(store.last_change(account.no).await.unwrap(), 1);
}

async fn running_sync_cannot_write_after_unlinking(fixture: Fixture) {
    let store = &fixture.store;
    let (account, lease) = fixture.leased().await;
    populate(&fixture, &lease).await;
    store.unlink(&account, DataPolicy::Erase, Actor::Cli, at(10)).await.unwrap();
    let body = json!({ "id": "9", "name": CANARY }).to_string();
    let upserts = vec![RecordUpsert::of_json(Kind::Employee, "9".into(), body, None)];
    let commit = Commit { upserts, ..Commit::default() };
    let written = store.commit(&lease, Kind::Employee, &commit, at(11)).await;
    assert!(matches!(written, Err(Error::LeaseLost)), "{written:?}");
    let finished = store.finish_run(&lease, Outcome::Succeeded, 1, Some("{}"), at(12)).await;
    assert!(matches!(finished, Err(Error::LeaseLost)), "{finished:?}");
    store.release_lease(&lease).await.unwrap();
    assert!(store.count_records(account.no).await.unwrap().is_empty());
    let ids = [RemoteId::from("9")];
    assert!(store.bodies(account.no, Kind::Employee, &ids).await.unwrap().is_empty());

    // Nor after the account is linked again: the old run is not the one running then.
    fixture.link("https://acme.ilucca.net", KEY, 13).await;
    let written = store.commit(&lease, Kind::Employee, &commit, at(14)).await;
    assert!(matches!(written, Err(Error::LeaseLost)), "{written:?}");
}

async fn unlinking_excludes_a_run_that_begins(fixture: Fixture) {
    let second = fixture.database.place.open().await.unwrap();
    for round in 0..8 {
        let tenant = format!("https://tenant-{round}.ilucca.net");
        let account = fixture.link(&tenant, KEY, 20 + round).await;
        let run = async {
            let lease = second.take_lease(&account, run_id(round), "me", None, at(30)).await?;
            let lease = lease.unwrap();
            second.start_run(&lease, at(30)).await?;
            let body = json!({ "id": "7" }).to_string();
            let upserts = vec![RecordUpsert::of_json(Kind::Employee, "7".into(), body, None)];
            second.commit(&lease, Kind::Employee, &Commit { upserts, ..Commit::default() }, at(30)).await
        };
        let unlinking = fixture.store.unlink(&account, DataPolicy::Erase, Actor::Cli, at(30));
        let (run, unlinking) = tokio::join!(run, unlinking);
        unlinking.unwrap();
        assert!(matches!(run, Ok(()) | Err(Error::Unlinked | Error::LeaseLost)), "{run:?}");
        assert!(second.count_records(account.no).await.unwrap().is_empty(), "{run:?}");
        assert!(second.runs(Some(account.no), None, 9).await.unwrap().is_empty(), "{run:?}");
    }
    second.close().await;
}

async fn relinked_tenant_keeps_its_account(fixture: Fixture) {
    let store = &fixture.store;
    let (account, lease) = fixture.leased().await;
    populate(&fixture, &lease).await;
    store.unlink(&account, DataPolicy::Keep, Actor::Cli, at(10)).await.unwrap();
    let again = fixture.link("https://acme.ilucca.net", "another", 20).await;
    assert_eq!((again.id, again.no, again.status), (account.id, account.no, AccountStatus::Linked));
    assert_eq!(again.api_key(&fixture.vault).unwrap().expose_secret(), "another");
    assert_eq!(store.count_present(again.no, Kind::Employee).await.unwrap(), 1);
    let lease = store.take_lease(&again, run_id(21), "me", None, at(21)).await.unwrap().unwrap();
    store.start_run(&lease, at(21)).await.unwrap();
}

async fn an_issue_is_open_once_until_it_is_resolved(fixture: Fixture) {
    let store = &fixture.store;
    let account = fixture.link("https://acme.ilucca.net", KEY, 1).await;
    let other = fixture.link("https://other.ilucca.net", KEY, 2).await;
    open_issue(&fixture, account.no, 1, "permission.missing", "view_contracts", 3).await;
    open_issue(&fixture, account.no, 2, "permission.missing", "view_contracts", 4).await;
    open_issue(&fixture, account.no, 3, "permission.missing", "view_jobs", 5).await;
    open_issue(&fixture, other.no, 4, "permission.missing", "view_contracts", 6).await;
    let open = issues(&fixture, &account, IssueFilter::Open).await;
    let [first, jobs] = &open[..] else { panic!("{open:?}") };
    assert_eq!((first.id, first.opened_at, first.updated_at), (IssueId::mint(at(3), [1; 10]), at(3), at(4)));
    assert_eq!((&first.detail, jobs.subject.as_str()), (&json!({ "seen": 2 }), "view_jobs"));
    assert_eq!(store.count_open_issues(account.no).await.unwrap(), 2);
    assert_eq!(store.issues(None, IssueFilter::Open).await.unwrap().len(), 3);

    let resolve = async |second| {
        store.resolve_issue(account.no, &first.code, &first.subject, at(second)).await.unwrap()
    };
    assert!(resolve(7).await);
    assert!(!resolve(8).await, "there is none any more");
    open_issue(&fixture, account.no, 5, "permission.missing", "view_contracts", 9).await;
    let all = issues(&fixture, &account, IssueFilter::All).await;
    let seen: Vec<_> = all.iter().map(|issue| (issue.opened_at, issue.resolved_at)).collect();
    assert_eq!(seen, [(at(3), Some(at(7))), (at(5), None), (at(9), None)]);
    assert_eq!(store.count_open_issues(other.no).await.unwrap(), 1);
}

async fn the_audit_log_is_in_order(fixture: Fixture) {
    let store = &fixture.store;
    let account = fixture.link("https://acme.ilucca.net", KEY, 1).await;
    let other = fixture.link("https://other.ilucca.net", KEY, 2).await;
    let actors = [Actor::System, Actor::Operator, Actor::Administrator, Actor::Cli];
    for (n, actor) in actors.into_iter().enumerate() {
        // A clock that was set back does not change the order.
        let by = (actor, at(100 - i64::try_from(n).unwrap()));
        let entry = NewAuditEntry::new(by, "data.viewed", Some(account.id), json!({ "n": n }));
        store.audit(entry).await.unwrap();
    }
    store.unlink(&account, DataPolicy::Keep, Actor::Cli, at(200)).await.unwrap();
    let log = store.audit_log(Some(account.id)).await.unwrap();
    let logged: Vec<_> = log.iter().map(|entry| (entry.action.as_str(), entry.actor)).collect();
    let viewed = actors.map(|actor| ("data.viewed", actor));
    assert_eq!(logged[0], ("account.linked", Actor::Cli));
    assert_eq!(logged[1..5], viewed);
    assert_eq!(logged[5..], [("account.unlinked", Actor::Cli)]);
    assert!(log.is_sorted_by(|one, next| one.seq < next.seq));
    assert_eq!((log[1].at, &log[3].detail), (at(100), &json!({ "n": 2 })));
    let all = store.audit_log(None).await.unwrap();
    assert_eq!((all.len(), all[1].account_id), (7, Some(other.id)));
}
