//! Webhook endpoints and SCIM targets, each in a table of its own until migration 25 (SQLite) and 23 (PostgreSQL),
//! become destinations: their secrets still open, and their progress is kept.

use std::path::Path;

use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use sqlx::migrate::Migrator;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{Connection, PgConnection};
use store::{
    Actor, Cursor, DestinationId, DestinationKind, DisabledReason, NewDestination, ScimResource, Store,
};
use test_database::{DatabaseLocation, Engine, empty_on_postgres};

use crate::support::{Fixture, KEY, at, fixture};

const AT: &str = "'2026-01-02T03:04:05Z'";
const ACCOUNT: &str = "acct_01890a5d000070008000000000000001";

/// A database whose last migration is the one before destinations.
async fn before_destinations(engine: Engine, dir: &Path) -> DatabaseLocation {
    let folder = format!("migrations/{}", if engine == Engine::Sqlite { "sqlite" } else { "postgres" });
    let all = Migrator::new(Path::new(&folder)).await.unwrap();
    let last = if engine == Engine::Sqlite { 24 } else { 22 };
    let earlier = all.iter().filter(|migration| migration.version <= last).cloned().collect();
    let migrator = Migrator::with_migrations(earlier);
    match engine {
        Engine::Sqlite => {
            let path = dir.join("old.db");
            let options = SqliteConnectOptions::new().filename(&path).create_if_missing(true);
            migrator.run(&mut SqliteConnection::connect_with(&options).await.unwrap()).await.unwrap();
            DatabaseLocation::File(path)
        }
        Engine::Postgres => {
            let url = empty_on_postgres().await;
            migrator.run(&mut PgConnection::connect(&url).await.unwrap()).await.unwrap();
            DatabaseLocation::Url(url)
        }
    }
}

/// Adds a destination of each kind, gives the endpoint a second secret, and returns the sealed ones: the endpoint's,
/// its previous one, the token.
async fn sealed(fixture: &Fixture) -> (DestinationId, DestinationId, [String; 3]) {
    let (store, vault) = (&fixture.store, &fixture.vault);
    let account = fixture.link("https://acme.ilucca.net", KEY, 1).await;
    let ids = DestinationKind::ALL.map(|kind| DestinationId::mint(kind, at(1), [1; 10]));
    for id in ids {
        let new = NewDestination {
            id,
            account: (id.kind() == DestinationKind::Scim).then_some(&account),
            address: "https://app.example",
            settings: &json!({}),
            credential: &SecretString::from(format!("{} 1", id.kind())),
            nonce: [1; 12],
            actor: Actor::Vendor,
            at: at(1),
        };
        store.add_destination(vault, new).await.unwrap();
    }
    let endpoint = store.destination(ids[0]).await.unwrap().unwrap();
    let (new, nonces, by) = (SecretString::from("webhook 2"), [[2; 12], [3; 12]], (Actor::Vendor, at(2)));
    assert!(store.rotate_credential(vault, &endpoint, &new, nonces, at(1000), by).await.unwrap());
    let read = async |column: &str, id: DestinationId| {
        let hex = match fixture.database.place {
            DatabaseLocation::File(_) => format!("hex({column})"),
            DatabaseLocation::Url(_) => format!("encode({column}, 'hex')"),
        };
        let sql = format!("SELECT {hex} FROM destinations WHERE id = '{id}'");
        fixture.database.place.texts(&sql).await.unwrap().remove(0)
    };
    let secrets = [
        read("credential", ids[0]).await,
        read("previous_credential", ids[0]).await,
        read("credential", ids[1]).await,
    ];
    (ids[0], ids[1], secrets)
}

#[tokio::test]
async fn endpoints_and_targets_become_destinations() {
    for engine in Engine::available() {
        let fixture = fixture(engine).await;
        let (endpoint, target, secrets) = sealed(&fixture).await;
        let [secret, previous, token] = match engine {
            Engine::Sqlite => secrets.map(|digits| format!("X'{digits}'")),
            Engine::Postgres => secrets.map(|digits| format!("'\\x{digits}'")),
        };
        let dir = tempfile::tempdir().unwrap();
        let old = before_destinations(engine, dir.path()).await;
        let until = at(1000).as_millisecond();
        for sql in [
            format!(
                "INSERT INTO linked_accounts (id, tenant, origin, api_key, settings, status, created_at, updated_at) \
                 VALUES ('{ACCOUNT}', 'https://a.ilucca.net', 'https://a.ilucca.net', {secret}, '{{}}', 'linked', {AT}, {AT})"
            ),
            format!(
                "INSERT INTO webhook_endpoints (id, url, types, payload, description, secret, previous_secret, \
                 previous_until_ms, enabled, disabled_reason, attempts, created_at, updated_at) VALUES ('{endpoint}', \
                 'https://app.example/hooks', '[\"employee.*\"]', 'full', 'L''app', {secret}, {previous}, {until}, false, \
                 'gone', 3, {AT}, {AT})"
            ),
            format!(
                "INSERT INTO webhook_cursors SELECT '{endpoint}', no, 'changes', 7, 2 FROM linked_accounts"
            ),
            format!(
                "INSERT INTO webhook_deliveries (endpoint_id, webhook_id, type, delivered, attempts, took_ms, first_ms, \
                 last_ms) VALUES ('{endpoint}', 'msg_1', 'webhook.test', true, 2, 5, 1, 2)"
            ),
            format!(
                "INSERT INTO scim_targets (id, account_no, base_url, token, settings, pushed_seq, created_at, updated_at) \
                 SELECT '{target}', no, 'https://id.example', {token}, '{{\"delete\":true}}', 9, {AT}, {AT} FROM \
                 linked_accounts"
            ),
            format!("INSERT INTO scim_links VALUES ('{target}', 'user', '12', 'u-12', {token}, true)"),
        ] {
            old.execute(&sql).await.unwrap();
        }

        let store = old.open().await.unwrap();
        let vault = &fixture.vault;
        let found = store.destination(endpoint).await.unwrap().unwrap();
        assert_eq!((found.account_no, found.attempts), (None, 3));
        assert_eq!((found.disabled, found.pushed_seq), (Some(DisabledReason::Gone), None));
        let settings = json!({ "event_types": ["employee.*"], "payload": "full", "description": "L'app" });
        assert_eq!((found.address.as_str(), &found.settings), ("https://app.example/hooks", &settings));
        assert_eq!(found.credential(vault).unwrap().expose_secret(), "webhook 2");
        let previous = found.previous_credential(vault, at(3)).unwrap().unwrap();
        assert_eq!(previous.expose_secret(), "webhook 1");
        let backlog = store.webhook_backlog(&found).await.unwrap();
        assert_eq!(
            backlog.iter().map(|entry| entry.changes).collect::<Vec<_>>(),
            [Cursor { seq: 7, slot: 2 }]
        );
        assert_eq!(store.webhook_deliveries(endpoint, None, 10).await.unwrap()[0].attempts, 2);

        let found = store.destination(target).await.unwrap().unwrap();
        assert_eq!(found.account_id.map(|id| id.to_string()).as_deref(), Some(ACCOUNT));
        assert_eq!((found.disabled, found.pushed_seq), (None, Some(9)));
        assert_eq!(
            (found.address.as_str(), &found.settings),
            ("https://id.example", &json!({ "delete": true }))
        );
        assert_eq!(found.credential(vault).unwrap().expose_secret(), "scim 1");
        let links = store.scim_links(target, ScimResource::User).await.unwrap();
        assert_eq!(links.values().map(|link| link.remote_id.as_str()).collect::<Vec<_>>(), ["u-12"]);
        removed_with_everything(&store, &old).await;
        store.close().await;
        fixture.database.remove().await;
    }
}

/// What belongs to a destination goes with it: the references were moved as well.
async fn removed_with_everything(store: &Store, place: &DatabaseLocation) {
    for kind in DestinationKind::ALL {
        for destination in store.destinations(kind).await.unwrap() {
            assert!(store.remove_destination(&destination, (Actor::Vendor, at(9))).await.unwrap());
        }
    }
    let left = "SELECT endpoint_id FROM webhook_cursors UNION ALL SELECT endpoint_id FROM webhook_deliveries \
                UNION ALL SELECT target_id FROM scim_links";
    assert_eq!(place.texts(left).await.unwrap(), Vec::<String>::new());
}
