//! What every backend of the store must do. One database a test.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

use jiff::Timestamp;
use people::{Kind, OccupationCategory, RemoteId};
use secrecy::{ExposeSecret, SecretString};
use store::{
    AccountId, AccountSettings, AccountStatus, Commit, LinkedAccount, MasterKey, NewAccount, Outcome,
    Quarantined, RecordState, RecordUpsert, RunId, Store, Vault, content_hash,
};

const KEY: &str = "0f8fad5b-d9cb-469f-a165-70867728950e";

struct Fixture {
    store: Store,
    vault: Vault,
    dir: tempfile::TempDir,
}

async fn fixture() -> Fixture {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(&dir.path().join("test.db")).await.unwrap();
    Fixture { store, vault: Vault::new(MasterKey::from_random([9; 32]), []), dir }
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + second).unwrap()
}

impl Fixture {
    async fn link(&self, tenant: &str, key: &str, second: i64) -> LinkedAccount {
        let settings = AccountSettings {
            field_groups: vec!["identity".into()],
            keep_raw: false,
            requests_per_minute: None,
        };
        let random = u8::try_from(second % 250).unwrap();
        self.store
            .link_account(
                &self.vault,
                NewAccount {
                    id: AccountId::mint(at(second), [random; 10]),
                    tenant,
                    origin: tenant,
                    api_key: &SecretString::from(key),
                    settings: &settings,
                    at: at(second),
                    nonce: [random; 12],
                },
            )
            .await
            .unwrap()
    }
}

fn category(id: &str, name: &str) -> RecordUpsert {
    let body = serde_json::to_string(&OccupationCategory { id: id.into(), name: Some(name.into()) }).unwrap();
    RecordUpsert { id: id.into(), hash: content_hash(&body), body, raw: None }
}

#[tokio::test]
async fn relinking_keeps_the_account_and_changes_the_key() {
    let fixture = fixture().await;
    let first = fixture.link("https://acme.ilucca.net", KEY, 1).await;
    fixture.store.set_account_status(&first, AccountStatus::RelinkNeeded, at(2)).await.unwrap();
    let again = fixture.link("https://acme.ilucca.net", "another", 3).await;
    assert_eq!((again.no, again.id, again.created_at), (first.no, first.id, first.created_at));
    assert_eq!(again.status, AccountStatus::Linked);
    assert_eq!(again.api_key(&fixture.vault).unwrap().expose_secret(), "another");
    let other = fixture.link("https://other.ilucca.ch", KEY, 4).await;
    assert_eq!(fixture.store.accounts().await.unwrap().len(), 2);
    assert_ne!(other.id, first.id);
}

#[tokio::test]
async fn the_key_is_nowhere_in_the_files_in_clear() {
    let fixture = fixture().await;
    fixture.link("https://acme.ilucca.net", KEY, 1).await;
    fixture.store.clone().close().await;
    let mut files = 0;
    for file in std::fs::read_dir(fixture.dir.path()).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        files += 1;
        for needle in [KEY.to_owned(), KEY.replace('-', ""), KEY.to_uppercase()] {
            assert!(!bytes.windows(needle.len()).any(|window| window == needle.as_bytes()));
        }
    }
    assert!(files > 0);
}

#[tokio::test]
async fn a_page_is_written_compared_and_read_back() {
    let fixture = fixture().await;
    let account = fixture.link("https://acme.ilucca.net", KEY, 1).await;
    let kind = Kind::OccupationCategory;
    // More rows than one statement takes.
    let upserts: Vec<_> = (0..1203).map(|id| category(&id.to_string(), "Cadre")).collect();
    let commit = Commit { upserts: upserts.clone(), ..Commit::default() };
    fixture.store.commit(account.no, kind, &commit, at(5)).await.unwrap();

    let ids: Vec<RemoteId> = ["0", "1202", "9999"].map(RemoteId::from).to_vec();
    let hashes = fixture.store.hashes(account.no, kind, &ids).await.unwrap();
    assert_eq!(hashes.len(), 2);
    assert_eq!(hashes[&ids[0]].hash, upserts[0].hash);
    assert_eq!(fixture.store.all::<OccupationCategory>(account.no).await.unwrap().len(), 1203);

    fixture.store.set_state(account.no, kind, &ids[..1], RecordState::Gone, at(6)).await.unwrap();
    assert_eq!(fixture.store.count_present(account.no, kind).await.unwrap(), 1202);
    let counts = fixture.store.count_records(account.no).await.unwrap();
    assert_eq!(counts[&(kind, RecordState::Gone)], 1);
    let gone = fixture.store.record::<OccupationCategory>(account.no, &ids[0]).await.unwrap().unwrap();
    assert_eq!((gone.state, gone.updated_at), (RecordState::Gone, at(6)));

    // Back again, under a new name.
    let commit = Commit { upserts: vec![category("0", "Ouvrier")], ..Commit::default() };
    fixture.store.commit(account.no, kind, &commit, at(7)).await.unwrap();
    let back = fixture.store.record::<OccupationCategory>(account.no, &ids[0]).await.unwrap().unwrap();
    assert_eq!(back.record.name.as_deref(), Some("Ouvrier"));
    assert_eq!(back.state, RecordState::Present);
}

#[tokio::test]
async fn accounts_do_not_see_each_other() {
    let fixture = fixture().await;
    let one = fixture.link("https://one.ilucca.net", KEY, 1).await;
    let two = fixture.link("https://two.ilucca.net", KEY, 2).await;
    let commit = Commit { upserts: vec![category("1", "A")], ..Commit::default() };
    fixture.store.commit(one.no, Kind::OccupationCategory, &commit, at(3)).await.unwrap();
    assert!(fixture.store.present_ids(two.no, Kind::OccupationCategory, |_| true).await.unwrap().is_empty());
    let ids = [RemoteId::from("1")];
    assert!(fixture.store.hashes(two.no, Kind::OccupationCategory, &ids).await.unwrap().is_empty());
}

#[tokio::test]
async fn quarantine_keeps_a_record_once_and_lets_it_go() {
    let fixture = fixture().await;
    let account = fixture.link("https://acme.ilucca.net", KEY, 1).await;
    let kind = Kind::Employee;
    let broken = |id: Option<&str>| Quarantined {
        id: id.map(RemoteId::from),
        field: "dtContractStart".into(),
        reason: "not a date".into(),
        raw: "{}".into(),
    };
    let commit =
        Commit { quarantined: vec![broken(Some("7")), broken(None), broken(None)], ..Commit::default() };
    for _ in 0..2 {
        fixture.store.commit(account.no, kind, &commit, at(2)).await.unwrap();
        assert_eq!(fixture.store.quarantined_ids(account.no, kind).await.unwrap().len(), 2);
    }
    let commit = Commit { recovered: vec!["7".into()], ..Commit::default() };
    fixture.store.commit(account.no, kind, &commit, at(3)).await.unwrap();
    fixture.store.forget_unidentified(account.no, kind).await.unwrap();
    assert!(fixture.store.quarantined_ids(account.no, kind).await.unwrap().is_empty());
}

#[tokio::test]
async fn runs_tell_the_last_report() {
    let fixture = fixture().await;
    let account = fixture.link("https://acme.ilucca.net", KEY, 1).await;
    assert!(fixture.store.last_run(account.no).await.unwrap().is_none());
    for (n, second) in [(1, 10), (2, 100), (3, 130)] {
        let id = RunId::mint(at(second), [n; 10]);
        fixture.store.start_run(account.no, id, at(second)).await.unwrap();
        if n < 3 {
            let requests = u64::from(n);
            fixture.store.finish_run(id, Outcome::Succeeded, requests, "{}", at(second + 1)).await.unwrap();
        }
    }
    let last = fixture.store.last_run(account.no).await.unwrap().unwrap();
    assert_eq!((last.requests, last.outcome), (2, Some(Outcome::Succeeded)));
}

#[tokio::test]
async fn requests_of_the_last_minute_are_remembered_by_tenant() {
    let fixture = fixture().await;
    for (second, requests) in [(0, 7), (30, 9), (50, 0)] {
        fixture.store.note_requests("https://acme.ilucca.net", requests, at(second)).await.unwrap();
    }
    let recent = async |tenant, second| fixture.store.recent_requests(tenant, at(second)).await.unwrap();
    assert_eq!(recent("https://acme.ilucca.net", 59).await, [(at(0), 7), (at(30), 9)]);
    assert_eq!(recent("https://acme.ilucca.net", 60).await, [(at(30), 9)]);
    assert_eq!(recent("https://other.ilucca.net", 31).await, []);
}
