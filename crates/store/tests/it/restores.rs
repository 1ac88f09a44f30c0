//! Backups made while others write, and restored to an empty place: they are consistent, usable, and give out
//! no number twice. PostgreSQL's are made by its own programs, where they are installed.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

use people::Kind;
use serde_json::json;
use sqlx::{AssertSqlSafe, Connection, PgConnection, SqliteConnection};
use store::{Actor, ChangeFilter, Commit, Error, Lease, NewAuditEntry, NewChange, Operation, Store};
use test_database::{DatabaseLocation, Engine, TestDatabase};

use crate::support::{Fixture, at, category, run_id};

const KIND: Kind = Kind::OccupationCategory;

async fn write(store: &Store, lease: &Lease, n: i64) -> Result<(), Error> {
    let id = n.to_string();
    let change = NewChange {
        kind: KIND,
        id: id.as_str().into(),
        operation: Operation::Created,
        hash: Some(1),
        fields: None,
    };
    let commit = Commit { upserts: vec![category(&id, "Name")], changes: vec![change], ..Commit::default() };
    store.commit(lease, KIND, &commit, at(3)).await?;
    let entry = NewAuditEntry::new((Actor::System, at(3)), "thing.done", None, json!({ "n": n }));
    store.audit(entry).await
}

async fn raw(place: &DatabaseLocation, sql: &str) {
    let sql = AssertSqlSafe(sql.to_owned());
    match place {
        DatabaseLocation::File(path) => {
            let mut connection = SqliteConnection::connect(&path.display().to_string()).await.unwrap();
            sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
        }
        DatabaseLocation::Url(url) => {
            let mut connection = PgConnection::connect(url).await.unwrap();
            sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
        }
    }
}

/// The newest version of a PostgreSQL program: an older one does not read a newer server.
fn program(name: &str) -> Option<PathBuf> {
    let mut found: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .ok()?
        .filter_map(|entry| Some(entry.ok()?.path().join("bin").join(name)))
        .filter(|path| path.exists())
        .collect();
    found.sort();
    found.pop()
}

fn run(program: &Path, arguments: &[&str]) {
    let output = Command::new(program).args(arguments).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// Backs a database up as docs/backup.md describes, and restores it to an empty place. None where that is not
/// possible here.
async fn restored(fixture: &Fixture, dir: &Path, backup: Backup) -> Option<(DatabaseLocation, TestDatabase)> {
    let target = TestDatabase::new(match fixture.database.place {
        DatabaseLocation::File(_) => Engine::Sqlite,
        DatabaseLocation::Url(_) => Engine::Postgres,
    })
    .await;
    let file = dir.join("backup");
    match (&fixture.database.place, &target.place) {
        (DatabaseLocation::File(_), _) => {
            if backup == Backup::New {
                fixture.store.back_up(&file).await.unwrap();
            }
            let place = dir.join(format!("restored-{}.db", backup == Backup::New));
            std::fs::copy(&file, &place).unwrap();
            Some((DatabaseLocation::File(place), target))
        }
        (DatabaseLocation::Url(url), DatabaseLocation::Url(empty)) => {
            let (dump, restore) = (program("pg_dump")?, program("pg_restore")?);
            let file = file.display().to_string();
            if backup == Backup::New {
                run(&dump, &["--format=custom", "--no-owner", &format!("--file={file}"), url]);
            }
            target.store.clone().close().await;
            raw(&target.place, "DROP SCHEMA public CASCADE; CREATE SCHEMA public").await;
            run(
                &restore,
                &[
                    "--no-owner",
                    "--exit-on-error",
                    "--single-transaction",
                    &format!("--dbname={empty}"),
                    &file,
                ],
            );
            Some((target.place.clone(), target))
        }
        _ => unreachable!("both are of one engine"),
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Backup {
    New,
    TheSame,
}

async fn restored_backup_gives_out_no_number_twice(fixture: Fixture) {
    let dir = tempfile::tempdir().unwrap();
    let (account, lease) = fixture.leased().await;
    let (store, no) = (fixture.store.clone(), account.no);
    assert_eq!(store.settle_restore(at(1)).await.unwrap(), None);
    assert_eq!(store.settle_restore(at(1)).await.unwrap(), None, "it is where it was");
    raw(
        &fixture.database.place,
        &format!(
            "INSERT INTO submissions (id, account_no, idempotency_key, employee_id, ask, state, detail, version, created_at, \
             updated_at) VALUES ('abr_1', {no}, 'k', '1', '{{}}', 'queued', '{{}}', 1, '2026-01-01T00:00:00Z', '2026-01-01T00:00:00Z')"
        ),
    )
    .await;
    for n in 1..=20 {
        write(&store, &lease, n).await.unwrap();
    }
    let noted = store.verify_audit_log(None).await.unwrap().head;

    let (ended, written) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicI64::new(20)));
    let writer = {
        let (store, ended, written) = (store.clone(), Arc::clone(&ended), Arc::clone(&written));
        tokio::spawn(async move {
            while !ended.load(Ordering::SeqCst) {
                write(&store, &lease, written.load(Ordering::SeqCst) + 1).await.unwrap();
                written.fetch_add(1, Ordering::SeqCst);
            }
        })
    };
    while written.load(Ordering::SeqCst) < 25 {
        tokio::task::yield_now().await;
    }
    let copy = restored(&fixture, dir.path(), Backup::New).await;
    let after_backup = written.load(Ordering::SeqCst);
    while written.load(Ordering::SeqCst) < after_backup + 5 {
        tokio::task::yield_now().await;
    }
    ended.store(true, Ordering::SeqCst);
    writer.await.unwrap();
    let Some((place, _target)) = copy else { return };
    let lost = store.last_change(no).await.unwrap();
    let lost_head = store.verify_audit_log(None).await.unwrap().head;

    // A snapshot of one moment: as many records as changes, without a gap.
    let again = place.open().await.unwrap();
    let last = again.last_change(no).await.unwrap();
    assert!((20..lost).contains(&last), "{last} of {lost}");
    let changes = again.changes(no, ChangeFilter::default(), 100_000).await.unwrap();
    assert!(changes.iter().map(|change| change.seq).eq(1..=last));
    assert_eq!(again.count_present(no, KIND).await.unwrap(), u64::try_from(last).unwrap());
    assert_eq!(again.verify_audit_log(Some(noted)).await.unwrap().fault, None);
    assert!(again.verify_audit_log(Some(lost_head)).await.unwrap().fault.is_some());

    let meant = again.settle_restore(at(100)).await.unwrap().unwrap();
    assert_eq!((meant.accounts, meant.in_doubt), (1, 1));
    assert_eq!(again.settle_restore(at(101)).await.unwrap(), None, "once");
    let log = again.audit_log(None).await.unwrap();
    assert_eq!(log.last().unwrap().action, "database.restored");
    assert_eq!(again.verify_audit_log(Some(noted)).await.unwrap().fault, None);

    // The lease from before the restore writes no more; a new one does.
    assert!(matches!(write(&again, &lease, 900).await, Err(Error::LeaseLost)));
    let account = again.account(account.id).await.unwrap().unwrap();
    let lease = again.take_lease(&account, run_id(50), "me", None, at(102)).await.unwrap().unwrap();
    again.start_run(&lease, at(102)).await.unwrap();
    write(&again, &lease, 901).await.unwrap();
    let first = again.last_change(no).await.unwrap();
    assert_eq!(first, at(100).as_microsecond() + 1);
    let read = async |after| {
        let filter = ChangeFilter { after, ..ChangeFilter::default() };
        let changes = again.changes(no, filter, 2).await?;
        Ok::<_, Error>(changes.iter().map(|change| change.seq).collect::<Vec<_>>())
    };
    // A client no further than the backup misses nothing; one beyond it gets an error.
    assert_eq!(read(last - 1).await.unwrap(), [last, first]);
    assert_eq!(read(last).await.unwrap(), [first]);
    assert_eq!(read(first - 1).await.unwrap(), [first]);
    assert_eq!(read(first).await.unwrap(), [0; 0]);
    for after in [last + 1, lost, first - 2] {
        assert!(matches!(read(after).await, Err(Error::PlaceGone { .. })), "{after}");
    }
    again.close().await;

    // The same backup restored once more gives out other numbers than the first restore.
    let Some((place, _target)) = restored(&fixture, dir.path(), Backup::TheSame).await else { return };
    let third = place.open().await.unwrap();
    assert!(third.settle_restore(at(200)).await.unwrap().is_some());
    let refused =
        third.changes(no, ChangeFilter { after: first, ..ChangeFilter::default() }, 1).await.unwrap_err();
    assert!(matches!(refused, Error::PlaceGone { .. }));
    assert!(third.last_change(no).await.unwrap() > first);
    third.close().await;
}

async fn restores_can_be_reported(fixture: Fixture) {
    let (account, _) = fixture.leased().await;
    let restored = fixture.store.was_restored(at(100)).await.unwrap();
    assert_eq!((restored.accounts, restored.in_doubt), (1, 0));
    assert_eq!(fixture.store.last_change(account.no).await.unwrap(), at(100).as_microsecond());
    // A clock that was set back gives out no number twice either.
    fixture.store.was_restored(at(50)).await.unwrap();
    assert_eq!(fixture.store.last_change(account.no).await.unwrap(), at(100).as_microsecond() + 1);
    assert_eq!(fixture.store.settle_restore(at(101)).await.unwrap(), None);
}

crate::on_both_engines!(restored_backup_gives_out_no_number_twice, restores_can_be_reported);
