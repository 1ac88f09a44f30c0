//! Verifying the audit log detects every change made outside of the connector.

use secrecy::SecretString;
use serde_json::json;
use sqlx::{AssertSqlSafe, Connection, PgConnection, SqliteConnection};
use store::{
    AccountSettings, Actor, AuditFault, AuditHead, DestinationChange, DestinationId, DestinationKind,
    NewAuditEntry, NewDestination, SettingsChange,
};
use test_database::{DatabaseLocation, TestDatabase};

use crate::support::{Fixture, at};

/// A connection with the database's password, without the store.
enum Raw {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

impl Raw {
    async fn of(database: &TestDatabase) -> Self {
        match &database.place {
            DatabaseLocation::File(path) => {
                Self::Sqlite(SqliteConnection::connect(&path.display().to_string()).await.unwrap())
            }
            DatabaseLocation::Url(url) => Self::Postgres(PgConnection::connect(url).await.unwrap()),
        }
    }

    async fn run(&mut self, sql: &str) -> Result<(), sqlx::Error> {
        let sql = AssertSqlSafe(sql.to_owned());
        match self {
            Self::Sqlite(connection) => sqlx::raw_sql(sql).execute(connection).await.map(drop),
            Self::Postgres(connection) => sqlx::raw_sql(sql).execute(connection).await.map(drop),
        }
    }

    async fn unguard(&mut self) {
        let sql = match self {
            Self::Sqlite(_) => "DROP TRIGGER audit_chain_is_not_changed; DROP TRIGGER audit_chain_is_not_cut",
            Self::Postgres(_) => "DROP TRIGGER audit_chain_is_only_added_to ON audit_chain",
        };
        self.run(sql).await.unwrap();
    }

    fn bytes(&self, hex: &str) -> String {
        match self {
            Self::Sqlite(_) => format!("X'{hex}'"),
            Self::Postgres(_) => format!("'\\x{hex}'::bytea"),
        }
    }
}

async fn add(fixture: &Fixture, n: i64) {
    let entry = NewAuditEntry::new((Actor::Cli, at(n)), "thing.done", None, json!({ "n": n }));
    fixture.store.audit(entry).await.unwrap();
}

async fn verdict(fixture: &Fixture, expected: Option<AuditHead>) -> (AuditHead, Option<(AuditFault, i64)>) {
    let verdict = fixture.store.verify_audit_log(expected).await.unwrap();
    (verdict.head, verdict.fault)
}

async fn entries_are_only_added(fixture: Fixture) {
    assert_eq!(verdict(&fixture, None).await.0.seq, 0);
    fixture.link("https://acme.ilucca.net", crate::support::KEY, 1).await;
    add(&fixture, 2).await;
    let mut raw = Raw::of(&fixture.database).await;
    for sql in ["UPDATE audit_chain SET detail = '{}'", "DELETE FROM audit_chain"] {
        assert!(raw.run(sql).await.is_err(), "{sql}");
    }
    if matches!(fixture.database.place, DatabaseLocation::File(_)) {
        for sql in [
            "INSERT OR REPLACE INTO audit_chain SELECT seq, at_us, actor, 'x', NULL, NULL, detail, hash FROM audit_chain",
            "REPLACE INTO audit_chain SELECT * FROM audit_chain WHERE seq = 1",
        ] {
            assert!(raw.run(sql).await.is_err(), "{sql}");
        }
    }
    let (head, fault) = verdict(&fixture, None).await;
    assert_eq!((head.seq, fault), (2, None));
    let log = fixture.store.audit_log(None).await.unwrap();
    assert_eq!(log.last().map(|entry| (entry.seq, entry.hash)), Some((2, head.hash)));
}

async fn actions_that_cannot_be_logged_fail(fixture: Fixture) {
    let store = &fixture.store;
    let account = fixture.link("https://acme.ilucca.net", crate::support::KEY, 1).await;
    let id = DestinationId::mint(DestinationKind::Webhook, at(1), [1; 10]);
    let new = NewDestination {
        id,
        address: "https://example.com",
        account: Some(&account),
        settings: &json!({}),
        credential: &SecretString::from("whsec_1"),
        nonce: [1; 12],
        actor: Actor::Vendor,
        at: at(1),
    };
    store.add_destination(&fixture.vault, new).await.unwrap();
    let endpoint = async || store.destination(id).await.unwrap().unwrap();
    let settings = AccountSettings { requests_per_minute: Some(7), ..account.settings.clone() };
    let unconfirmed = SettingsChange { settings: &settings, gives_delivery: false };
    store.set_account_settings(&account, unconfirmed, (Actor::Cli, at(2))).await.unwrap();
    let log = store.audit_log(Some(account.id)).await.unwrap();
    let actions: Vec<_> = log.iter().map(|entry| (entry.action.as_str(), entry.actor)).collect();
    let expected = [
        ("account.linked", Actor::Cli),
        ("webhook_endpoint.created", Actor::Vendor),
        ("account.configured", Actor::Cli),
    ];
    assert_eq!(actions, expected);
    assert_eq!(log[2].detail, json!({ "changed": ["requests_per_minute"] }), "names, and no values");
    let as_it_is = store.account(account.id).await.unwrap().unwrap();
    store.set_account_settings(&as_it_is, unconfirmed, (Actor::Cli, at(3))).await.unwrap();
    assert_eq!(store.audit_log(Some(account.id)).await.unwrap().len(), 3, "nothing was changed");
    let again = SettingsChange { gives_delivery: true, ..unconfirmed };
    store.set_account_settings(&as_it_is, again, (Actor::Cli, at(3))).await.unwrap();
    let log = store.audit_log(Some(account.id)).await.unwrap();
    assert_eq!(log.last().map(|entry| entry.action.as_str()), Some("account.delivery_confirmed"));
    assert_eq!(log.len(), 4, "and nothing was configured");

    let mut raw = Raw::of(&fixture.database).await;
    raw.run("ALTER TABLE audit_chain RENAME TO elsewhere").await.unwrap();
    let by = (Actor::Vendor, at(3));
    let disable = async || {
        let change = DestinationChange { enabled: Some(false), ..DestinationChange::default() };
        store.change_destination(&fixture.vault, &endpoint().await, change, by).await
    };
    assert!(disable().await.is_err());
    assert!(store.remove_destination(&endpoint().await, by).await.is_err());
    let other = SettingsChange { settings: &AccountSettings::default(), gives_delivery: false };
    assert!(store.set_account_settings(&account, other, by).await.is_err());
    raw.run("ALTER TABLE elsewhere RENAME TO audit_chain").await.unwrap();
    assert!(endpoint().await.disabled.is_none());
    assert_eq!(store.account(account.id).await.unwrap().unwrap().settings, settings);
    assert!(disable().await.unwrap());
    assert!(endpoint().await.disabled.is_some());
}

async fn any_change_of_the_stored_log_is_detected(fixture: Fixture) {
    fixture.link("https://acme.ilucca.net", crate::support::KEY, 1).await;
    for n in 2..=5 {
        add(&fixture, n).await;
    }
    let (head, _) = verdict(&fixture, None).await;
    let mut raw = Raw::of(&fixture.database).await;
    raw.unguard().await;
    raw.run("CREATE TABLE log_kept AS SELECT * FROM audit_chain").await.unwrap();
    raw.run("CREATE TABLE head_kept AS SELECT * FROM audit_head").await.unwrap();
    let other = raw.bytes(&"07".repeat(32));
    let mut changes = Vec::new();
    for seq in 1..=5 {
        for set in [
            "at_us = at_us + 1",
            "actor = 'system'",
            "action = action || '.'",
            "account_id = coalesce(account_id || '.', '')",
            "flow_id = ''",
            "detail = detail || ' '",
            "seq = seq + 100",
            "seq = -seq",
            &format!("hash = {other}"),
        ] {
            changes.push(format!("UPDATE audit_chain SET {set} WHERE seq = {seq}"));
        }
        changes.push(format!("DELETE FROM audit_chain WHERE seq = {seq}"));
    }
    for seq in 1..=4 {
        let next = seq + 1;
        changes.push(format!(
            "UPDATE audit_chain SET seq = 99 WHERE seq = {seq}; UPDATE audit_chain SET seq = {seq} WHERE seq = {next}; \
             UPDATE audit_chain SET seq = {next} WHERE seq = 99"
        ));
    }
    for seq in [0, 6, 7] {
        changes.push(format!(
            "INSERT INTO audit_chain VALUES ({seq}, 1, 'cli', 'x', NULL, NULL, '{{}}', {other})"
        ));
    }
    changes.extend([
        "DELETE FROM audit_chain".to_owned(),
        "DELETE FROM audit_head".to_owned(),
        "UPDATE audit_head SET seq = seq - 1".to_owned(),
        "UPDATE audit_head SET seq = seq + 1".to_owned(),
        format!("UPDATE audit_head SET hash = {other}"),
    ]);
    for change in changes {
        raw.run(&change).await.unwrap();
        let (_, fault) = verdict(&fixture, None).await;
        assert!(fault.is_some(), "{change}");
        raw.run(
            "DELETE FROM audit_chain; INSERT INTO audit_chain SELECT * FROM log_kept; \
             DELETE FROM audit_head; INSERT INTO audit_head SELECT * FROM head_kept",
        )
        .await
        .unwrap();
        assert_eq!(verdict(&fixture, None).await, (head, None), "{change}");
    }
}

async fn cut_log_lacks_the_noted_head(fixture: Fixture) {
    for n in 1..=3 {
        add(&fixture, n).await;
    }
    let (third, _) = verdict(&fixture, None).await;
    add(&fixture, 4).await;
    let (fourth, _) = verdict(&fixture, None).await;
    assert_eq!(verdict(&fixture, Some(third)).await, (fourth, None));
    assert_eq!(verdict(&fixture, Some(fourth)).await, (fourth, None));

    let mut raw = Raw::of(&fixture.database).await;
    raw.unguard().await;
    raw.run("DELETE FROM audit_chain WHERE seq = 4").await.unwrap();
    assert_eq!(verdict(&fixture, None).await.1, Some((AuditFault::Cut, 4)));
    let hash = raw.bytes(&third.hash.to_string());
    raw.run(&format!("UPDATE audit_head SET seq = 3, hash = {hash}")).await.unwrap();
    assert_eq!(verdict(&fixture, None).await, (third, None));
    assert_eq!(verdict(&fixture, Some(third)).await, (third, None));
    assert_eq!(verdict(&fixture, Some(fourth)).await.1, Some((AuditFault::Rewritten, 4)));
    add(&fixture, 5).await;
    assert_eq!(verdict(&fixture, Some(fourth)).await.1, Some((AuditFault::Rewritten, 4)));
}

async fn concurrent_writers_make_one_chain(fixture: Fixture) {
    let others = [
        fixture.store.clone(),
        fixture.database.place.open().await.unwrap(),
        fixture.database.place.open().await.unwrap(),
    ];
    let tasks: Vec<_> = (0..60_usize)
        .map(|n| {
            let store = others[n % others.len()].clone();
            tokio::spawn(async move {
                let by = (Actor::System, at(1));
                let entry = NewAuditEntry::new(by, "thing.done", None, json!({ "n": n }));
                store.audit(entry).await.unwrap();
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    let (head, fault) = verdict(&fixture, None).await;
    assert_eq!((head.seq, fault), (60, None));
}

async fn entries_from_before_the_chain_are_chained(fixture: Fixture) {
    let mut raw = Raw::of(&fixture.database).await;
    raw.run(
        "INSERT INTO audit_log (at, actor, action, detail) VALUES \
         ('2026-01-02T03:04:05.123456Z', 'operator', 'a', '{\"n\":1}'), ('2026-01-02T03:04:06Z', 'cli', 'b', '{}')",
    )
    .await
    .unwrap();
    let (one, other) = tokio::join!(fixture.database.place.open(), fixture.database.place.open());
    let (store, other) = (one.unwrap(), other.unwrap());
    let log = store.audit_log(None).await.unwrap();
    let seen: Vec<_> = log.iter().map(|entry| (entry.seq, entry.action.as_str())).collect();
    assert_eq!(seen, [(1, "a"), (2, "b")]);
    assert_eq!(log[0].at.to_string(), "2026-01-02T03:04:05.123456Z");
    assert_eq!(verdict(&fixture, None).await.1, None);
    other.close().await;

    // An entry that a process of the previous version logs beside this one is appended once, at the end, with
    // any date.
    raw.run(
        "INSERT INTO audit_log (at, actor, action, detail) VALUES ('2025-01-01T00:00:00Z', 'cli', 'c', '{}')",
    )
    .await
    .unwrap();
    for _ in 0..2 {
        let again = fixture.database.place.open().await.unwrap();
        let log = again.audit_log(None).await.unwrap();
        assert_eq!((log.len(), log[2].seq, log[2].action.as_str()), (3, 3, "c"));
    }
    assert_eq!(verdict(&fixture, None).await.1, None);
}

crate::on_both_engines!(
    entries_are_only_added,
    actions_that_cannot_be_logged_fail,
    any_change_of_the_stored_log_is_detected,
    cut_log_lacks_the_noted_head,
    concurrent_writers_make_one_chain,
    entries_from_before_the_chain_are_chained,
);
