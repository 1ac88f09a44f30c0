//! A stream is read from a kept position: it returns every change since, and none that happens after the
//! reader was created.

use std::collections::BTreeMap;

use delivery::catalog::{Error, Reader, Row, RowState, StreamPosition};
use jiff::Timestamp;
use people::{Kind, OccupationCategory, RemoteId};
use secrecy::SecretString;
use serde_json::json;
use store::{
    AccountId, AccountSettings, Actor, Commit, Lease, LinkTarget, LinkedAccount, MasterKey, NewAccount,
    NewChange, Operation, RecordState, RecordUpsert, RunId, Store, Vault,
};
use test_database::{Engine, TestDatabase};

const KIND: Kind = Kind::OccupationCategory;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + second).unwrap()
}

/// A linked account whose records the test writes.
struct Written {
    store: Store,
    account: LinkedAccount,
    lease: Lease,
    _database: TestDatabase,
}

impl Written {
    async fn new(engine: Engine) -> Self {
        let database = TestDatabase::new(engine).await;
        let store = database.store.clone();
        let new = NewAccount {
            target: LinkTarget::New(AccountId::mint(at(0), [1; 10])),
            tenant: "https://acme.ilucca.net",
            origin: "https://acme.ilucca.net",
            api_key: &SecretString::from("0f8fad5b-d9cb-469f-a165-70867728950e"),
            settings: &AccountSettings::default(),
            actor: Actor::Cli,
            at: at(0),
            nonce: [1; 12],
        };
        let vault = Vault::new(MasterKey::from_random([9; 32]), []);
        let account = store.link_account(&vault, new).await.unwrap();
        let run_id = RunId::mint(at(1), [2; 10]);
        let lease = store.take_lease(&account, run_id, "me", None, at(1)).await.unwrap().unwrap();
        store.start_run(&lease, at(1)).await.unwrap();
        Self { store, account, lease, _database: database }
    }

    async fn commit(&self, commit: Commit, second: i64) {
        self.store.commit(&self.lease, KIND, &commit, at(second)).await.unwrap();
    }

    /// Writes records, with a change of this operation each.
    async fn write(&self, ids: impl Iterator<Item = i64>, name: &str, operation: Operation, second: i64) {
        let upserts: Vec<RecordUpsert> = ids.map(|id| record(id, name)).collect();
        let changes = upserts.iter().map(|record| change(&record.id, operation)).collect();
        self.commit(Commit { upserts, changes, ..Commit::default() }, second).await;
    }

    /// Marks a record, with a change.
    async fn mark(&self, id: i64, state: RecordState, operation: Operation, second: i64) {
        let id = RemoteId::from(id);
        let changes = vec![change(&id, operation)];
        self.commit(Commit { marked: vec![(state, vec![id])], changes, ..Commit::default() }, second).await;
    }

    async fn reader(&self) -> Reader<'_> {
        Reader::new(&self.store, &self.account).await.unwrap()
    }
}

fn record(id: i64, name: &str) -> RecordUpsert {
    let id = RemoteId::from(id);
    let category = OccupationCategory { id, name: Some(name.to_owned()) };
    let body = serde_json::to_string(&category).unwrap();
    RecordUpsert::of(&category, body, None)
}

fn change(id: &RemoteId, operation: Operation) -> NewChange {
    NewChange { kind: KIND, id: id.clone(), operation, hash: None, fields: None }
}

/// Reads to the end; returns page sizes, rows and the last position.
async fn read(reader: &Reader<'_>, from: StreamPosition) -> (Vec<usize>, Vec<Row>, StreamPosition) {
    let (mut place, mut sizes, mut rows) = (from, Vec::new(), Vec::new());
    while let Some(page) = reader.page(KIND, &place).await.unwrap() {
        sizes.push(page.rows.len());
        rows.extend(page.rows);
        place = page.then;
    }
    (sizes, rows, place)
}

#[tokio::test]
async fn changed_records_have_their_current_state() {
    for engine in Engine::available() {
        let written = Written::new(engine).await;
        written.write(1..=8, "A", Operation::Created, 2).await;
        let (_, rows, place) = read(&written.reader().await, written.reader().await.start()).await;
        assert_eq!(rows.len(), 8);

        written.write(1..=1, "B", Operation::Updated, 3).await;
        written.mark(2, RecordState::Gone, Operation::Deleted, 4).await;
        written.mark(3, RecordState::Hidden, Operation::Hidden, 5).await;
        // Deleted, then restored.
        written.mark(4, RecordState::Gone, Operation::Deleted, 6).await;
        written.write(4..=4, "A", Operation::Restored, 7).await;
        // Updated, then deleted, then another change.
        written.write(5..=5, "C", Operation::Updated, 8).await;
        written.mark(5, RecordState::Gone, Operation::Deleted, 9).await;
        written
            .commit(Commit { changes: vec![change(&5.into(), Operation::Ended)], ..Commit::default() }, 10)
            .await;
        // Excluded. Record 7 was deleted before, and its exclusion is not emitted again.
        written.mark(7, RecordState::Gone, Operation::Deleted, 11).await;
        let ids = [RemoteId::from(6), RemoteId::from(7)];
        written.store.exclude(&written.lease, KIND, Some(&ids), at(12)).await.unwrap();

        let reader = written.reader().await;
        // Later changes are for the next reader.
        written.write(8..=9, "D", Operation::Updated, 13).await;
        let (_, rows, then) = read(&reader, place).await;
        let told: BTreeMap<&str, (RowState, Option<Timestamp>, bool)> = rows
            .iter()
            .map(|row| (row.id.as_str(), (row.state, row.deleted_at, row.body.is_some())))
            .collect();
        let expected = [
            ("1", (RowState::Present, None, true)),
            ("2", (RowState::Gone, Some(at(4)), true)),
            ("3", (RowState::Hidden, None, true)),
            ("4", (RowState::Present, None, true)),
            ("5", (RowState::Gone, Some(at(9)), true)),
            ("6", (RowState::Excluded, Some(at(12)), false)),
            ("7", (RowState::Gone, Some(at(11)), false)),
        ];
        assert_eq!(told, BTreeMap::from(expected));
        assert!(rows.is_sorted_by_key(|row| row.seq));
        let excluded = rows.iter().find(|row| row.state == RowState::Excluded).unwrap();
        let whole = format!(
            r#"{{"id":"6","_lucca_seq":{},"_lucca_state":"excluded","_lucca_deleted_at":"{}"}}"#,
            excluded.seq,
            at(12)
        );
        assert_eq!(excluded.json(KIND).unwrap(), whole);
        assert_eq!(rows[0].json_of(KIND, |name| name == "name").unwrap(), r#"{"name":"B"}"#);

        let (_, rows, _) = read(&written.reader().await, then).await;
        assert!(rows.iter().map(|row| row.id.as_str()).eq(["8", "9"]));
        // A first read returns hidden records, which may still exist, and no deleted ones.
        let (_, rows, _) = read(&written.reader().await, written.reader().await.start()).await;
        let told: BTreeMap<&str, RowState> = rows.iter().map(|row| (row.id.as_str(), row.state)).collect();
        let present = ["1", "4", "8", "9"].map(|id| (id, RowState::Present));
        assert_eq!(told, present.into_iter().chain([("3", RowState::Hidden)]).collect());
    }
}

#[tokio::test]
async fn many_changes_come_in_resumable_pages() {
    for engine in Engine::available() {
        let written = Written::new(engine).await;
        written.write(1..=1000, "A", Operation::Created, 2).await;
        let reader = written.reader().await;
        let (sizes, rows, place) = read(&reader, reader.start()).await;
        assert_eq!((sizes, rows.len()), (vec![500, 500, 0], 1000));
        // Every record once, then the first ones again.
        written.write(1..=1000, "B", Operation::Updated, 3).await;
        written.write(1..=100, "C", Operation::Updated, 4).await;
        let reader = written.reader().await;
        let (sizes, rows, last) = read(&reader, place.clone()).await;
        assert_eq!(sizes, [500, 500, 100]);
        let copy: BTreeMap<&str, &str> =
            rows.iter().map(|row| (row.id.as_str(), row.body.as_deref().unwrap())).collect();
        assert_eq!(copy.len(), 1000);
        assert_eq!(copy.values().filter(|body| body.contains("\"C\"")).count(), 100);
        // The position is kept as JSON.
        let kept = serde_json::to_value(&last).unwrap();
        assert_eq!(kept, json!({ "version": 1, "account": written.account.id.to_string(), "seq": 2100 }));
        assert_eq!(reader.resume(KIND, &kept).unwrap(), last);
        assert!(reader.page(KIND, &last).await.unwrap().is_none());

        let first = reader.page(KIND, &place).await.unwrap().unwrap();
        let (_, rest, _) = read(&reader, first.then).await;
        assert_eq!(rest.len(), 600);

        let mut ahead = kept;
        ahead["seq"] = json!(2101);
        assert!(matches!(reader.resume(KIND, &ahead), Err(Error::AheadOfStore(_))));
        ahead["account"] = json!("acct_another");
        assert!(matches!(reader.resume(KIND, &ahead), Err(Error::OtherAccount(_))));
    }
}
