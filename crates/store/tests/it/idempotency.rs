//! Named requests: run once, by one process at a time, answered again, and deleted after a day or with the
//! account.

use secrecy::{ExposeSecret, SecretString};
use store::{Actor, DataPolicy, Named, NamedRequest};

use crate::on_both_engines;
use crate::support::{Fixture, KEY, at};

on_both_engines!(
    named_requests_run_once,
    released_requests_may_run_again,
    slow_requests_lose_their_claim,
    answers_are_erased_with_the_account,
);

const REQUEST: NamedRequest<'_> =
    NamedRequest { caller: "operator", key: "k1", asked: b"POST /v1/api-keys", account: None };

fn claim(number: u8) -> [u8; 16] {
    [number; 16]
}

async fn begin(fixture: &Fixture, request: NamedRequest<'_>, number: u8, second: i64) -> Named {
    fixture.store.begin_named(&fixture.vault, request, claim(number), at(second)).await.unwrap()
}

async fn finish(fixture: &Fixture, request: NamedRequest<'_>, number: u8, answer: &str, second: i64) {
    let turn = (claim(number), [number; 12]);
    let answer = SecretString::from(answer);
    fixture.store.finish_named(&fixture.vault, request, turn, &answer, at(second)).await.unwrap();
}

fn answer(named: &Named) -> Option<&str> {
    match named {
        Named::Done(answer) => Some(answer.expose_secret()),
        _ => None,
    }
}

async fn named_requests_run_once(fixture: Fixture) {
    assert!(matches!(begin(&fixture, REQUEST, 1, 0).await, Named::New));
    assert!(matches!(begin(&fixture, REQUEST, 2, 1).await, Named::UnderWay));
    finish(&fixture, REQUEST, 1, "made", 2).await;
    assert_eq!(answer(&begin(&fixture, REQUEST, 3, 3).await), Some("made"));
    let other = NamedRequest { asked: b"POST /v1/link-tokens", ..REQUEST };
    assert!(matches!(begin(&fixture, other, 4, 4).await, Named::Other));
    let other_caller = NamedRequest { caller: "key_1", ..REQUEST };
    assert!(
        matches!(begin(&fixture, other_caller, 5, 5).await, Named::New),
        "each caller has keys of its own"
    );
    assert_eq!(answer(&begin(&fixture, REQUEST, 6, 24 * 3600).await), Some("made"));
    assert!(matches!(begin(&fixture, REQUEST, 7, 24 * 3600 + 3).await, Named::New), "kept for a day");
}

async fn released_requests_may_run_again(fixture: Fixture) {
    assert!(matches!(begin(&fixture, REQUEST, 1, 0).await, Named::New));
    fixture.store.give_up_named(REQUEST, claim(1)).await.unwrap();
    assert!(matches!(begin(&fixture, REQUEST, 2, 1).await, Named::New));
}

async fn slow_requests_lose_their_claim(fixture: Fixture) {
    assert!(matches!(begin(&fixture, REQUEST, 1, 0).await, Named::New));
    assert!(matches!(begin(&fixture, REQUEST, 2, 61).await, Named::New));
    finish(&fixture, REQUEST, 1, "late", 62).await;
    fixture.store.give_up_named(REQUEST, claim(1)).await.unwrap();
    assert!(matches!(begin(&fixture, REQUEST, 3, 63).await, Named::UnderWay));
    finish(&fixture, REQUEST, 2, "made", 64).await;
    assert_eq!(answer(&begin(&fixture, REQUEST, 4, 65).await), Some("made"));
}

async fn answers_are_erased_with_the_account(fixture: Fixture) {
    let account = fixture.link("https://acme.ilucca.net", KEY, 1).await;
    let of_account = NamedRequest { account: Some(account.id), ..REQUEST };
    assert!(matches!(begin(&fixture, of_account, 1, 0).await, Named::New));
    finish(&fixture, of_account, 1, "Canary-answer", 1).await;
    let others = NamedRequest { key: "k2", ..REQUEST };
    assert!(matches!(begin(&fixture, others, 2, 1).await, Named::New));
    finish(&fixture, others, 2, "other", 1).await;
    fixture.store.unlink(&account, DataPolicy::Erase, Actor::Cli, at(2)).await.unwrap();
    assert!(matches!(begin(&fixture, of_account, 3, 3).await, Named::New));
    assert_eq!(answer(&begin(&fixture, others, 4, 3).await), Some("other"));
}
