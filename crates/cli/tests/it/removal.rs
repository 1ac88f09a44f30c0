//! The data that an upgrade removes: pay and reviews stored by an earlier version, while upgrades are killed
//! at random. The databases in `fixtures/before_pay_and_reviews` are from that version, filled by two syncs
//! of a tenant with pay: one account linked with its default field groups, and one that named its groups and
//! was unlinked with its data.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use test_database::{DatabaseLocation, Engine};

use crate::{command, ended};

const SQLITE: &str = include_str!("../fixtures/before_pay_and_reviews/sqlite.sql");
const POSTGRES: &str = include_str!("../fixtures/before_pay_and_reviews/postgres.sql");

/// Copies each employee a hundred times, so that a removal takes long enough to be killed.
const MULTIPLY: &str = "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 100) \
    INSERT INTO records (account_no, kind, remote_id, hash, body, raw, state, created_at, updated_at, touched_us) \
    SELECT account_no, kind, remote_id || '-' || n, hash, body, raw, state, created_at, updated_at, touched_us \
    FROM records, n WHERE kind = 'employees'";

/// Texts that must be gone everywhere: names and values of pay, and their neighbours.
const FORBIDDEN: [&str; 7] = [
    "theoreticalRemuneration",
    "fullTimeEquivalent",
    "lastAnnualReviewDate",
    "bonusTarget",
    ",PAYCANARY",
    "PAYCANARY-bonus",
    "Go to PAYCANARY",
];

fn dump(engine: Engine) -> &'static str {
    match engine {
        Engine::Sqlite => SQLITE,
        Engine::Postgres => POSTGRES,
    }
}

fn migrate(dir: &Path, place: &DatabaseLocation) -> Command {
    let mut command = command(dir, &["migrate"]);
    if let DatabaseLocation::Url(url) = place {
        command.env("DATABASE_URL", url);
    }
    command.env("LUCCA_CONNECTOR_LOG", "warn");
    command
}

/// A folder with a key, in which an old database is opened.
fn folder() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("master.key"), format!("{}\n", "5a".repeat(32))).unwrap();
    dir
}

/// A pseudo-random sequence, the same each time, from 0 to 999: when to kill.
fn dice() -> impl FnMut() -> u64 {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % 1000
    }
}

#[expect(clippy::disallowed_methods, reason = "how long the binary takes is measured by the machine's clock")]
fn now() -> Instant {
    Instant::now()
}

#[expect(clippy::disallowed_methods, reason = "a process of its own is killed after some real time")]
fn wait(duration: Duration) {
    std::thread::sleep(duration);
}

#[tokio::test(flavor = "multi_thread")]
async fn pay_is_removed_by_upgrades_that_are_killed() {
    kill_upgrades(6).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes a minute or two; before a release"]
async fn pay_is_removed_by_upgrades_killed_20_times() {
    kill_upgrades(20).await;
}

/// Kills `most` upgrades, rounded up to a multiple of three, on each engine: three per database, before a
/// last one finishes.
async fn kill_upgrades(most: u32) {
    for engine in Engine::available() {
        let origin = folder();
        let before = DatabaseLocation::of_sql(engine, origin.path(), dump(engine)).await;
        let people: Vec<String> = before.texts(PEOPLE).await.unwrap();
        before.execute(MULTIPLY).await.unwrap();
        let content = before.raw_content().await;
        assert!(
            FORBIDDEN.iter().all(|word| content.contains(word)),
            "the fixture holds what is to be removed"
        );

        let undisturbed = folder();
        let place = before.copy(undisturbed.path()).await;
        let began = now();
        let ran = ended(migrate(undisturbed.path(), &place).spawn().unwrap());
        let takes = began.elapsed();
        ran.ok();
        assert!(ran.err.contains("Removed from 2 linked accounts"), "{}", ran.err);
        check(&place, &people).await;

        let (mut kills, mut dice) = (0, dice());
        while kills < most {
            let dir = folder();
            let place = before.copy(dir.path()).await;
            for _ in 0..3 {
                let mut child = migrate(dir.path(), &place).spawn().unwrap();
                wait(takes.mul_f64(f64::from(u32::try_from(dice()).unwrap()) / 1000.0));
                child.kill().unwrap();
                kills += 1;
                let _ = child.wait();
            }
            ended(migrate(dir.path(), &place).spawn().unwrap()).ok();
            check(&place, &people).await;
        }
    }
}

const PEOPLE: &str =
    "SELECT remote_id FROM records WHERE account_no = 1 AND kind = 'employees' AND state = 'present'";

/// The state after the removal, however often it was started.
async fn check(place: &DatabaseLocation, people: &[String]) {
    let texts = async |sql: &str| place.texts(sql).await.unwrap();
    let content = place.raw_content().await;
    for word in FORBIDDEN {
        assert!(!content.contains(word), "{word} is left");
    }
    // The first account was linked without naming custom fields, the second one named them.
    let owned = texts("SELECT body FROM records WHERE body LIKE '%PAYCANARY-own%'").await;
    assert!(!owned.is_empty());
    let own_first =
        texts("SELECT remote_id FROM records WHERE account_no = 1 AND body LIKE '%PAYCANARY%'").await;
    assert_eq!(own_first, [""; 0]);
    let profiles =
        texts("SELECT body FROM records WHERE account_no = 2 AND body LIKE '%profile_figgo%'").await;
    assert!(!profiles.is_empty(), "what is on the list of application data stays where it was requested");

    let changed = texts(
        "SELECT remote_id FROM changes WHERE account_no = 1 AND kind = 'employees' AND op = 'updated' \
         AND run_id IS NULL ORDER BY seq",
    )
    .await;
    for person in people {
        assert_eq!(changed.iter().filter(|id| *id == person).count(), 1, "one change for each person");
    }
    let fields = texts(
        "SELECT DISTINCT fields FROM changes WHERE run_id IS NULL AND op = 'updated' AND account_no = 1",
    )
    .await;
    for fields in fields {
        let fields: Value = serde_json::from_str(&fields).unwrap();
        assert_eq!(fields["application_data"], Value::Null);
        assert!(fields.as_object().unwrap().contains_key("application_data"), "{fields}");
        assert!(fields.as_object().unwrap().values().all(Value::is_null), "{fields}");
    }
    let settings = texts("SELECT settings FROM linked_accounts ORDER BY no").await;
    let groups =
        |index: usize| serde_json::from_str::<Value>(&settings[index]).unwrap()["field_groups"].clone();
    assert_eq!(groups(0), json!(["identity", "work", "contract"]));
    assert_eq!(groups(1), json!(["identity", "work", "contract", "custom_fields", "birth"]));
    assert_eq!(texts("SELECT status FROM linked_accounts ORDER BY no").await, ["linked", "unlinked"]);

    let audited =
        texts("SELECT detail FROM audit_chain WHERE action = 'account.data_removed' ORDER BY account_id")
            .await;
    assert_eq!(audited.len(), 2, "one entry for each account");
    assert!(audited.iter().all(|detail| detail.contains("\"records\"")), "{audited:?}");
    assert_eq!(texts("SELECT 'pending' FROM removals").await, [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn earlier_versions_get_no_lease() {
    for engine in Engine::available() {
        let dir = folder();
        let place = DatabaseLocation::of_sql(engine, dir.path(), dump(engine)).await;
        // As the previous version writes it, for an account with a lease and one without.
        let lease = "INSERT INTO leases (account_no, epoch, holder, run_id, expires_ms) VALUES (1, 1, 'old', '', 0) \
                     ON CONFLICT (account_no) DO UPDATE SET epoch = leases.epoch + 1";
        place.execute(lease).await.unwrap();
        let epoch = "SELECT CAST(epoch AS TEXT) FROM leases WHERE account_no = 1";
        let before = place.texts(epoch).await.unwrap();
        ended(migrate(dir.path(), &place).spawn().unwrap()).ok();
        assert_ne!(place.texts(epoch).await.unwrap(), before, "a run under way has lost its lease");
        for statement in [lease.to_owned(), format!("DELETE FROM leases; {lease}")] {
            let refused = place.execute(&statement).await.unwrap_err().to_string();
            assert!(refused.contains("restart this process"), "{refused}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_upgrades_at_once_end_as_one() {
    for engine in Engine::available() {
        let dir = folder();
        let place = DatabaseLocation::of_sql(engine, dir.path(), dump(engine)).await;
        let people: Vec<String> = place.texts(PEOPLE).await.unwrap();
        place.execute(MULTIPLY).await.unwrap();
        let both = [0, 1].map(|_| migrate(dir.path(), &place).spawn().unwrap());
        let ran = both.map(ended);
        // On SQLite one may find the database busy for too long; the next start continues.
        assert!(ran.iter().any(|ran| ran.code == 0), "{} {}", ran[0].err, ran[1].err);
        ended(migrate(dir.path(), &place).spawn().unwrap()).ok();
        check(&place, &people).await;
    }
}
