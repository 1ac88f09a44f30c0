//! Rotation of master keys under running processes: every secret opens before, during and after it.

use aes_gcm_siv::Aes256GcmSiv;
use aes_gcm_siv::aead::{self, Aead as _, KeyInit as _};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use store::{
    Actor, DestinationId, DestinationKind, FlowId, KeyFingerprint, MasterKey, Named, NamedRequest,
    NewDestination, NewLinkFlow, Reseal, ResealPlace, Store, TokenKind, Vault,
};

use test_database::DatabaseLocation;

use crate::support::{Fixture, KEY, at};

fn key(byte: u8) -> MasterKey {
    MasterKey::from_random([byte; 32])
}

fn secret(text: &str) -> SecretString {
    SecretString::from(text)
}

/// One secret in every column that holds some, and two webhook endpoints.
async fn fill(fixture: &Fixture) -> FlowId {
    let (store, vault) = (&fixture.store, &fixture.vault);
    let account = fixture.link("https://acme.ilucca.net", KEY, 1).await;
    let flow = FlowId::mint(at(1), [1; 10]);
    let new = NewLinkFlow {
        id: flow,
        customer_id: "c",
        organization: None,
        email: None,
        features: &[],
        language: None,
        allowed_origin: None,
        return_url: None,
        relink: None,
        state: "{}",
        actor: Actor::Vendor,
        at: at(1),
    };
    store.create_link_flow(new, &secret("lnk_1"), TokenKind::Embedded, at(100)).await.unwrap();
    let version = store.link_flow(flow).await.unwrap().unwrap().version;
    let key = (&secret("flow key"), [2; 12]);
    assert!(store.set_link_flow_key(vault, (flow, version), key, "{}", at(1)).await.unwrap());
    for n in [3, 4] {
        let new = NewDestination {
            id: DestinationId::mint(DestinationKind::Webhook, at(1), [n; 10]),
            address: "https://example.com",
            account: None,
            settings: &json!({}),
            credential: &secret("whsec_1"),
            nonce: [n; 12],
            actor: Actor::Vendor,
            at: at(1),
        };
        store.add_destination(vault, new).await.unwrap();
    }
    let endpoint = store.destinations(DestinationKind::Webhook).await.unwrap().remove(0);
    let by = (Actor::Vendor, at(2));
    let new = secret("whsec_2");
    let nonces = [[5; 12], [6; 12]];
    assert!(store.rotate_credential(vault, &endpoint, &new, nonces, at(1000), by).await.unwrap());
    let new = NewDestination {
        id: DestinationId::mint(DestinationKind::Scim, at(1), [7; 10]),
        account: Some(&account),
        address: "https://example.com/scim",
        credential: &secret("token"),
        settings: &json!({}),
        nonce: [7; 12],
        actor: Actor::Vendor,
        at: at(1),
    };
    store.add_destination(vault, new).await.unwrap();
    assert!(matches!(store.begin_named(vault, NAMED, [8; 16], at(1)).await.unwrap(), Named::New));
    store.finish_named(vault, NAMED, ([8; 16], [9; 12]), &secret("answer"), at(1)).await.unwrap();
    flow
}

const NAMED: NamedRequest<'_> = NamedRequest { caller: "c", key: "k", asked: b"a", account: None };

/// Every secret opens to its original value.
async fn check(store: &Store, vault: &Vault, flow: FlowId) {
    let account = store.accounts().await.unwrap().remove(0);
    assert_eq!(account.api_key(vault).unwrap().expose_secret(), KEY);
    let flow_key = store.link_flow_key(vault, flow).await.unwrap().unwrap();
    assert_eq!(flow_key.expose_secret(), "flow key");
    let endpoint = store.destinations(DestinationKind::Webhook).await.unwrap().remove(0);
    assert_eq!(endpoint.credential(vault).unwrap().expose_secret(), "whsec_2");
    let previous = endpoint.previous_credential(vault, at(3)).unwrap().unwrap();
    assert_eq!(previous.expose_secret(), "whsec_1");
    let target = store.destinations(DestinationKind::Scim).await.unwrap().remove(0);
    assert_eq!(target.credential(vault).unwrap().expose_secret(), "token");
    match store.begin_named(vault, NAMED, [1; 16], at(3)).await.unwrap() {
        Named::Done(answer) => assert_eq!(answer.expose_secret(), "answer"),
        other => panic!("{other:?}"),
    }
}

async fn counts(store: &Store) -> Vec<(KeyFingerprint, String, u64)> {
    let counts = store.sealed_counts().await.unwrap();
    counts.into_iter().map(|n| (n.key, format!("{}.{}", n.table, n.column), n.secrets)).collect()
}

async fn rotation_completes_despite_kills(fixture: Fixture) {
    let flow = fill(&fixture).await;
    let store = &fixture.store;
    let before = counts(store).await;
    let columns: Vec<&str> = before.iter().map(|(_, column, _)| column.as_str()).collect();
    assert_eq!(
        columns,
        [
            "linked_accounts.api_key",
            "link_flows.api_key",
            "destinations.credential",
            "destinations.previous_credential",
            "idempotency_keys.answer",
        ],
        "a column of sealed values that is new is to be filled here too"
    );
    let total: u64 = before.iter().map(|(.., secrets)| secrets).sum();
    assert_eq!(total, 7);

    let rotated = Vault::new(key(10), [key(9)]);
    let mut resealed = 0;
    // Each time, the process reseals one secret further and then starts at the beginning.
    'killed: for n in 0..=7_u8 {
        check(store, &rotated, flow).await;
        let mut place = ResealPlace::default();
        loop {
            let step = store.reseal(&rotated, Reseal::All, place, &[[n + 100; 12]]).await.unwrap();
            assert_eq!(step.unopened, 0);
            resealed += step.resealed;
            match step.next {
                Some(_) if step.resealed > 0 => continue 'killed,
                Some(next) => place = next,
                None => break,
            }
        }
    }
    assert_eq!(resealed, 7);
    check(store, &rotated, flow).await;
    // No secret needs the old key any more.
    check(store, &Vault::new(key(10), []), flow).await;
    let after: Vec<_> = before.into_iter().map(|(_, column, n)| (key(10).fingerprint(), column, n)).collect();
    assert_eq!(counts(store).await, after);
}

async fn unopenable_secrets_are_counted_and_left(fixture: Fixture) {
    fill(&fixture).await;
    let store = &fixture.store;
    let before = counts(store).await;
    let strange = Vault::new(key(10), [key(11)]);
    let (mut place, mut unopened) = (ResealPlace::default(), 0);
    loop {
        let step = store.reseal(&strange, Reseal::All, place, &[[1; 12], [2; 12]]).await.unwrap();
        assert_eq!(step.resealed, 0);
        unopened += step.unopened;
        match step.next {
            Some(next) => place = next,
            None => break,
        }
    }
    assert_eq!(unopened, 7);
    assert_eq!(counts(store).await, before);
}

/// An API key as sealed by previous versions, bound to its table, column and row only. Hexadecimal digits.
fn sealed_before(account: &str, of: u8) -> String {
    let cipher = Aes256GcmSiv::new(&[of; 32].into());
    let id = u32::from_str_radix(&key(of).fingerprint().to_string(), 16).unwrap().to_be_bytes();
    let mut aad = Vec::new();
    for part in [b"linked_accounts", &b"api_key"[..], account.as_bytes(), &id] {
        aad.extend_from_slice(&u32::try_from(part.len()).unwrap().to_be_bytes());
        aad.extend_from_slice(part);
    }
    let sealed = cipher.encrypt(&[4; 12].into(), aead::Payload { msg: KEY.as_bytes(), aad: &aad }).unwrap();
    let bytes = [&[1][..], &id, &[4; 12], &sealed].concat();
    hex::encode(bytes)
}

/// Bytes given as hexadecimal digits, in SQL.
fn bytes(place: &DatabaseLocation, digits: &str) -> String {
    match place {
        DatabaseLocation::File(_) => format!("X'{digits}'"),
        DatabaseLocation::Url(_) => format!("'\\x{digits}'::bytea"),
    }
}

async fn keys_of_the_old_format_are_resealed(fixture: Fixture) {
    let (store, place) = (&fixture.store, &fixture.database.place);
    for n in 1..=3 {
        let account = fixture.link(&format!("https://acme{n}.ilucca.net"), KEY, n).await;
        let id = account.id.to_string();
        let sealed = bytes(place, &sealed_before(&id, 9));
        place
            .execute(&format!("UPDATE linked_accounts SET api_key = {sealed} WHERE id = '{id}'"))
            .await
            .unwrap();
    }
    let open = async || {
        let accounts = store.accounts().await.unwrap();
        let opened = accounts.iter().map(|account| account.api_key(&fixture.vault));
        opened.map(|key| key.map(|key| key.expose_secret().to_owned()).ok()).collect::<Vec<_>>()
    };
    let all = vec![Some(KEY.to_owned()); 3];
    assert_eq!(open().await, all, "before");
    // Each time, the process reseals one key further and then starts at the beginning.
    for n in 0..3 {
        let step = store.reseal(&fixture.vault, Reseal::OldFormat, ResealPlace::default(), &[[n; 12]]).await;
        assert_eq!(step.unwrap().resealed, 1);
        assert_eq!(open().await, all, "on the way");
    }
    let step = store.reseal(&fixture.vault, Reseal::OldFormat, ResealPlace::default(), &[[9; 12]]).await;
    assert_eq!(step.unwrap().resealed, 0);
    place.execute("UPDATE linked_accounts SET origin = 'https://acme9.ilucca.net'").await.unwrap();
    assert_eq!(open().await, vec![None; 3], "a key is sent to the host it was sealed for");
}

crate::on_both_engines!(
    keys_of_the_old_format_are_resealed,
    rotation_completes_despite_kills,
    unopenable_secrets_are_counted_and_left,
);
