//! Notices from Lucca are kept until they were read, and none is lost between two runs.

use jiff::civil::date;
use people::Kind;
use secrecy::SecretString;
use store::{Actor, Commit, InboundWebhookId, Notice, NoticeKind, Received};

use crate::on_both_engines;
use crate::support::{Fixture, KEY, at, run_id};

on_both_engines!(
    notices_are_kept_until_they_were_read,
    rotated_keys_and_secrets_overlap,
    counters_and_notices_end_with_the_address,
);

fn key(text: &str) -> SecretString {
    SecretString::from(text)
}

fn notice(owner: &str) -> Notice {
    Notice {
        event: NoticeKind::Changed,
        leave_id: Some("9-20270104-AM".into()),
        owner_id: Some(owner.into()),
        days: Some((date(2027, 1, 4), date(2027, 1, 4))),
    }
}

async fn with_webhook(fixture: &Fixture) -> (store::LinkedAccount, store::InboundWebhook) {
    let account = fixture.link("https://acme.ilucca.net", KEY, 1).await;
    let id = InboundWebhookId::mint(at(1), [3; 10]);
    let store = &fixture.store;
    assert!(store.add_inbound_webhook(&account, id, &key("one"), Actor::Vendor, at(1)).await.unwrap());
    let webhook = store.inbound_webhook(id).await.unwrap().unwrap();
    (account, webhook)
}

async fn notified(fixture: &Fixture, second: i64) -> usize {
    let (quiet, waiting) = (at(second - 1), at(second - 5));
    fixture.store.accounts_notified(at(second), quiet, waiting).await.unwrap().len()
}

async fn notices_are_kept_until_they_were_read(fixture: Fixture) {
    let (account, webhook) = with_webhook(&fixture).await;
    let store = &fixture.store;
    let note = async |owner: &str, second| {
        store.note_inbound(&webhook, Received::Noted(&[notice(owner)]), at(second)).await.unwrap();
    };
    note("7", 10).await;
    // More may follow within the second.
    assert_eq!(notified(&fixture, 10).await, 0);
    assert_eq!(notified(&fixture, 11).await, 1);
    note("8", 11).await;
    assert_eq!(notified(&fixture, 11).await, 0);
    // But no notice waits for ever.
    assert_eq!(notified(&fixture, 15).await, 1);

    let lease = store.take_lease(&account, run_id(20), "me", None, at(20)).await.unwrap().unwrap();
    store.start_run(&lease, at(20)).await.unwrap();
    let mut taken = store.take_notices(&lease, at(20)).await.unwrap();
    taken.sort_by(|a, b| a.owner_id.as_ref().unwrap().as_str().cmp(b.owner_id.as_ref().unwrap().as_str()));
    assert_eq!(taken, [notice("7"), notice("8")]);
    // A notice that arrives while the others are read is left to the next run.
    note("9", 21).await;
    let read = Commit { notices_read: true, ..Commit::default() };
    store.commit(&lease, Kind::Absence, &read, at(22)).await.unwrap();
    assert_eq!(store.count_notices(account.no).await.unwrap(), 1);
    store.release_lease(&lease).await.unwrap();

    // A run that is killed after it claimed notices leaves them to its successor.
    let killed = store.take_lease(&account, run_id(30), "me", None, at(30)).await.unwrap().unwrap();
    store.start_run(&killed, at(30)).await.unwrap();
    assert_eq!(store.take_notices(&killed, at(30)).await.unwrap(), [notice("9")]);
    let next = store.take_lease(&account, run_id(31), "other", Some("me"), at(31)).await.unwrap().unwrap();
    store.start_run(&next, at(31)).await.unwrap();
    assert!(store.commit(&killed, Kind::Absence, &read, at(32)).await.is_err());
    assert_eq!(store.take_notices(&next, at(32)).await.unwrap(), [notice("9")]);

    // A notice that cannot be read waits, and is given up when it is old.
    store.postpone_notices(account.no, at(100), at(0)).await.unwrap();
    assert_eq!((notified(&fixture, 99).await, notified(&fixture, 100).await), (0, 1));
    store.postpone_notices(account.no, at(200), at(22)).await.unwrap();
    assert_eq!(store.count_notices(account.no).await.unwrap(), 0);
}

async fn rotated_keys_and_secrets_overlap(fixture: Fixture) {
    let (account, webhook) = with_webhook(&fixture).await;
    let (store, vault) = (&fixture.store, &fixture.vault);
    let other = InboundWebhookId::mint(at(2), [4; 10]);
    assert!(!store.add_inbound_webhook(&account, other, &key("two"), Actor::Vendor, at(2)).await.unwrap());
    let first = webhook.key_hashes(at(2)).next().unwrap().to_vec();
    assert!(store.rotate_inbound_key(&account, &key("two"), Actor::Vendor, (at(3), at(10))).await.unwrap());
    let rotated = store.inbound_webhook_of(account.no).await.unwrap().unwrap();
    assert!(rotated.key_hashes(at(9)).any(|hash| hash == first) && rotated.key_hashes(at(9)).count() == 2);
    assert!(!rotated.key_hashes(at(10)).any(|hash| hash == first));

    let secrets = async |second| {
        use secrecy::ExposeSecret;
        let webhook = store.inbound_webhook_of(account.no).await.unwrap().unwrap();
        let secrets = webhook.signing_secrets(vault, at(second)).unwrap();
        secrets.iter().map(|secret| secret.expose_secret().to_owned()).collect::<Vec<_>>()
    };
    for (text, nonce) in [("a", 1), ("b", 3)] {
        let webhook = store.inbound_webhook_of(account.no).await.unwrap().unwrap();
        let nonces = [[nonce; 12], [nonce + 1; 12]];
        let secret = key(text);
        let times = (at(4), at(10));
        store
            .set_inbound_signing_secret(vault, &webhook, Some(&secret), nonces, Actor::Vendor, times)
            .await
            .unwrap();
    }
    assert_eq!(secrets(9).await, ["b", "a"]);
    assert_eq!(secrets(10).await, ["b"]);
    let webhook = store.inbound_webhook_of(account.no).await.unwrap().unwrap();
    let (nonces, times) = ([[5; 12], [6; 12]], (at(5), at(10)));
    assert!(
        store.set_inbound_signing_secret(vault, &webhook, None, nonces, Actor::Cli, times).await.unwrap()
    );
    assert!(secrets(6).await.is_empty());
    let log = store.audit_log(Some(account.id)).await.unwrap();
    let noted: Vec<_> =
        log.iter().filter_map(|entry| entry.action.strip_prefix("inbound_webhook.")).collect();
    let expected =
        ["created", "key_rotated", "signing_secret_set", "signing_secret_set", "signing_secret_forgotten"];
    assert_eq!(noted, expected);

    // A change after the webhooks were switched off is refused, and logs nothing.
    assert!(store.remove_inbound_webhook(&account, Actor::Vendor, at(6)).await.unwrap());
    assert!(
        !store.set_inbound_signing_secret(vault, &webhook, None, nonces, Actor::Cli, times).await.unwrap()
    );
    let last = store.audit_log(Some(account.id)).await.unwrap().pop().unwrap();
    assert_eq!(last.action, "inbound_webhook.removed");
}

async fn counters_and_notices_end_with_the_address(fixture: Fixture) {
    let (account, webhook) = with_webhook(&fixture).await;
    let store = &fixture.store;
    let notices = [notice("7")];
    for received in [Received::Noted(&notices), Received::PassedOver, Received::Malformed] {
        store.note_inbound(&webhook, received, at(5)).await.unwrap();
    }
    let seen = store.inbound_webhook_of(account.no).await.unwrap().unwrap();
    assert_eq!((seen.received, seen.passed_over, seen.malformed), (3, 1, 1));
    assert_eq!((seen.last_received_at, seen.last_malformed_at), (Some(at(5)), Some(at(5))));
    assert!(store.remove_inbound_webhook(&account, Actor::Operator, at(6)).await.unwrap());
    assert!(!store.remove_inbound_webhook(&account, Actor::Operator, at(6)).await.unwrap());
    assert!(store.inbound_webhook(webhook.id).await.unwrap().is_none());
    assert_eq!(store.count_notices(account.no).await.unwrap(), 0);
}
