//! Linking flows and their tokens: opened, found, saved, finished once, cancelled; and where their key is
//! stored.

use secrecy::{ExposeSecret, SecretString};
use sqlx::Connection;
use store::{
    AccountId, AccountSettings, AccountStatus, Actor, Commit, DiagnosisSource, FlowId, FlowStatus,
    LinkFlowEnd, LinkTarget, LinkedAccount, NewDiagnosis, NewLinkFlow, Store, TokenKind,
};
use test_database::DatabaseLocation;

use crate::on_both_engines;
use crate::support::{Fixture, KEY, at, category, run_id};

on_both_engines!(
    a_flow_is_opened_found_and_saved,
    outdated_saves_are_refused,
    only_an_open_flow_is_handed_over,
    expired_tokens_are_found_and_unknown_not,
    a_key_opens_only_in_its_own_flow,
    a_key_goes_when_its_flow_ends,
    keys_of_unreachable_flows_are_erased,
    one_of_two_finishes_wins,
    two_flows_at_once_link_one_account,
    a_flow_that_changed_is_not_finished,
    a_diagnosis_is_kept_with_the_key_it_is_of,
    relinking_flow_keeps_the_account_and_data,
    a_public_token_is_exchanged_once,
    a_public_token_needs_a_finished_flow,
    neither_tokens_nor_keys_are_kept_in_clear,
);

const TENANT: &str = "https://acme.ilucca.net";
const TOKEN: &str = "lnk_first-of-all-tokens-0123456789";
const PUBLIC: &str = "pub_proof-of-the-finished-flow-0123456789";

fn secret(text: &str) -> SecretString {
    SecretString::from(text)
}

fn flow_id(n: u8) -> FlowId {
    FlowId::mint(at(1), [n; 10])
}

fn account_id(n: u8) -> AccountId {
    AccountId::mint(at(1), [n; 10])
}

/// An open flow whose token expires at second 100.
async fn opened(store: &Store, n: u8, token: &str, relink: Option<AccountId>) -> FlowId {
    let flow = NewLinkFlow {
        id: flow_id(n),
        customer_id: "customer-7",
        organization: Some("Acme"),
        email: Some("admin@acme.example"),
        features: &["employees".to_owned(), "leaves".to_owned()],
        language: Some("fr"),
        allowed_origin: Some("https://app.example"),
        return_url: None,
        relink,
        state: r#"{"step":"welcome"}"#,
        actor: Actor::Operator,
        at: at(1),
    };
    store.create_link_flow(flow, &secret(token), TokenKind::Mailed, at(100)).await.unwrap();
    flow_id(n)
}

/// An open flow with a key.
async fn with_key(fixture: &Fixture, n: u8, token: &str, relink: Option<AccountId>) -> FlowId {
    let id = opened(&fixture.store, n, token, relink).await;
    assert!(set_key(fixture, id, KEY, n, 2).await);
    id
}

/// Enters a key in a flow at its current version; returns whether the flow takes it.
async fn set_key(fixture: &Fixture, id: FlowId, key: &str, nonce: u8, second: i64) -> bool {
    let (store, vault) = (&fixture.store, &fixture.vault);
    let flow = store.link_flow(id).await.unwrap().unwrap();
    let (at_version, key) = ((id, flow.version), (&secret(key), [nonce; 12]));
    store.set_link_flow_key(vault, at_version, key, &flow.state, at(second)).await.unwrap()
}

async fn key_of(fixture: &Fixture, id: FlowId) -> Option<String> {
    let key = fixture.store.link_flow_key(&fixture.vault, id).await.unwrap();
    key.map(|key| key.expose_secret().to_owned())
}

async fn finish(fixture: &Fixture, store: &Store, id: FlowId, target: LinkTarget) -> Option<LinkedAccount> {
    let settings = AccountSettings { field_groups: vec!["work".into()], ..AccountSettings::default() };
    let known: Vec<AccountId> =
        store.accounts_of_tenant(TENANT).await.unwrap().iter().map(|account| account.id).collect();
    finish_knowing(fixture, store, (id, version(store, id).await), target, &known, &settings).await
}

async fn version(store: &Store, id: FlowId) -> i64 {
    store.link_flow(id).await.unwrap().unwrap().version
}

async fn finish_knowing(
    fixture: &Fixture,
    store: &Store,
    (flow_id, version): (FlowId, i64),
    target: LinkTarget,
    known_accounts: &[AccountId],
    settings: &AccountSettings,
) -> Option<LinkedAccount> {
    let detail = serde_json::json!({ "readiness": "ready" });
    let diagnosis = NewDiagnosis { source: DiagnosisSource::Linking, summary: "{}", audit_detail: &detail };
    let end = LinkFlowEnd {
        flow_id,
        version,
        target,
        tenant: TENANT,
        known_accounts,
        settings,
        diagnosis,
        nonce: [77; 12],
    };
    store.finish_link_flow(&fixture.vault, end, at(5)).await.unwrap()
}

async fn a_flow_is_opened_found_and_saved(fixture: Fixture) {
    let store = &fixture.store;
    let id = opened(store, 1, TOKEN, None).await;
    let (flow, token) = store.link_flow_by_token(&secret(TOKEN)).await.unwrap().unwrap();
    assert_eq!((flow.id, flow.status, flow.account_id, flow.has_key), (id, FlowStatus::Open, None, false));
    assert_eq!((flow.customer_id.as_str(), flow.organization.as_deref()), ("customer-7", Some("Acme")));
    assert_eq!((flow.email.as_deref(), flow.language.as_deref()), (Some("admin@acme.example"), Some("fr")));
    assert_eq!((flow.allowed_origin.as_deref(), flow.return_url), (Some("https://app.example"), None));
    assert_eq!(flow.features, ["employees", "leaves"]);
    assert_eq!((flow.created_at, flow.updated_at, flow.finished_at), (at(1), at(1), None));
    assert_eq!((token.kind, token.expires_at), (TokenKind::Mailed, at(100)));

    assert!(store.save_link_flow(id, flow.version, r#"{"step":"key"}"#, at(3)).await.unwrap());
    let saved = store.link_flow(id).await.unwrap().unwrap();
    assert_eq!((saved.state.as_str(), saved.updated_at), (r#"{"step":"key"}"#, at(3)));
    assert!(saved.version > flow.version);

    // After a handover, another token leads to the same flow.
    assert!(store.add_link_token(id, &secret("lnk_2"), TokenKind::HandedOver, at(200), at(4)).await.unwrap());
    let (same, token) = store.link_flow_by_token(&secret("lnk_2")).await.unwrap().unwrap();
    assert_eq!((same.id, token.kind, token.expires_at), (id, TokenKind::HandedOver, at(200)));
    assert!(store.link_flow_by_token(&secret(TOKEN)).await.unwrap().is_some());
}

async fn only_an_open_flow_is_handed_over(fixture: Fixture) {
    let store = &fixture.store;
    let finished = with_key(&fixture, 1, TOKEN, None).await;
    finish(&fixture, store, finished, LinkTarget::New(account_id(1))).await.unwrap();
    let cancelled = opened(store, 2, "lnk_2", None).await;
    store.cancel_link_flow(cancelled, Actor::Operator, at(6)).await.unwrap();
    for id in [finished, cancelled, flow_id(9)] {
        let before = store.link_flow(id).await.unwrap().map(|flow| (flow.version, flow.updated_at));
        let token = secret("lnk_late");
        let added = store.add_link_token(id, &token, TokenKind::HandedOver, at(200), at(7)).await.unwrap();
        assert!(!added && store.link_flow_by_token(&token).await.unwrap().is_none());
        let after = store.link_flow(id).await.unwrap().map(|flow| (flow.version, flow.updated_at));
        assert_eq!(after, before);
    }
    let log = store.audit_log(None).await.unwrap();
    assert!(log.iter().all(|entry| entry.action != "link_token.handed_over"), "{log:?}");
}

async fn outdated_saves_are_refused(fixture: Fixture) {
    let id = opened(&fixture.store, 1, TOKEN, None).await;
    let seen = fixture.store.link_flow(id).await.unwrap().unwrap().version;
    let save = async |version, state| fixture.store.save_link_flow(id, version, state, at(3)).await.unwrap();
    assert!(save(seen, "\"one\"").await);
    assert!(!save(seen, "\"other\"").await);
    let flow = fixture.store.link_flow(id).await.unwrap().unwrap();
    assert_eq!(flow.state, "\"one\"");
    // Entering a key is a change too.
    assert!(set_key(&fixture, id, KEY, 1, 4).await);
    assert!(!save(flow.version, "\"other\"").await);
    // A key is not entered in a flow that has changed since its page was shown.
    let (old, key) = ((id, flow.version), (&secret("another"), [2; 12]));
    assert!(!fixture.store.set_link_flow_key(&fixture.vault, old, key, "\"other\"", at(5)).await.unwrap());
    assert_eq!(key_of(&fixture, id).await.as_deref(), Some(KEY));
    assert!(!fixture.store.save_link_flow(flow_id(9), 1, "\"none\"", at(3)).await.unwrap());
}

async fn expired_tokens_are_found_and_unknown_not(fixture: Fixture) {
    let id = opened(&fixture.store, 1, TOKEN, None).await;
    // The store returns the expiry and the caller compares: an expired link gets a page of its own.
    let (flow, token) = fixture.store.link_flow_by_token(&secret(TOKEN)).await.unwrap().unwrap();
    assert!(token.expires_at < at(101) && flow.id == id);
    for other in ["lnk_unknown", "", &TOKEN[..TOKEN.len() - 1], &TOKEN.to_uppercase()] {
        assert!(fixture.store.link_flow_by_token(&secret(other)).await.unwrap().is_none(), "{other}");
    }
    assert!(fixture.store.cancel_link_flow(id, Actor::Operator, at(3)).await.unwrap());
    let (flow, _) = fixture.store.link_flow_by_token(&secret(TOKEN)).await.unwrap().unwrap();
    assert_eq!(flow.status, FlowStatus::Cancelled);
}

/// Writes to the database without the store.
async fn execute(fixture: &Fixture, sql: &'static str) -> u64 {
    match &fixture.database.place {
        DatabaseLocation::File(path) => {
            let options = sqlx::sqlite::SqliteConnectOptions::new().filename(path);
            let mut connection = sqlx::SqliteConnection::connect_with(&options).await.unwrap();
            sqlx::query(sql).execute(&mut connection).await.unwrap().rows_affected()
        }
        DatabaseLocation::Url(url) => {
            let mut connection = sqlx::PgConnection::connect(url).await.unwrap();
            sqlx::query(sql).execute(&mut connection).await.unwrap().rows_affected()
        }
    }
}

async fn a_key_opens_only_in_its_own_flow(fixture: Fixture) {
    let one = with_key(&fixture, 1, TOKEN, None).await;
    let other = opened(&fixture.store, 2, "lnk_2", None).await;
    assert_eq!((key_of(&fixture, one).await.as_deref(), key_of(&fixture, other).await), (Some(KEY), None));
    let moved = "UPDATE link_flows SET api_key = (SELECT api_key FROM link_flows WHERE api_key IS NOT NULL) \
                 WHERE api_key IS NULL";
    assert_eq!(execute(&fixture, moved).await, 1);
    let stolen = fixture.store.link_flow_key(&fixture.vault, other).await.unwrap_err();
    assert_eq!(stolen.code(), "vault.damaged");
    assert_eq!(key_of(&fixture, one).await.as_deref(), Some(KEY));
}

async fn a_key_goes_when_its_flow_ends(fixture: Fixture) {
    let store = &fixture.store;
    let finished = with_key(&fixture, 1, TOKEN, None).await;
    assert!(store.link_flow(finished).await.unwrap().unwrap().has_key);
    let account = finish(&fixture, store, finished, LinkTarget::New(account_id(1))).await.unwrap();
    assert_eq!(account.api_key(&fixture.vault).unwrap().expose_secret(), KEY);
    let cancelled = with_key(&fixture, 2, "lnk_2", None).await;
    assert!(store.cancel_link_flow(cancelled, Actor::Administrator, at(6)).await.unwrap());
    assert!(!store.cancel_link_flow(cancelled, Actor::Administrator, at(7)).await.unwrap());
    assert!(!store.cancel_link_flow(finished, Actor::Administrator, at(7)).await.unwrap());

    for (id, status) in [(finished, FlowStatus::Finished), (cancelled, FlowStatus::Cancelled)] {
        let flow = store.link_flow(id).await.unwrap().unwrap();
        assert_eq!((flow.status, flow.has_key), (status, false));
        assert_eq!(key_of(&fixture, id).await, None);
        let late = set_key(&fixture, id, KEY, 9, 8).await;
        assert!(!late && key_of(&fixture, id).await.is_none(), "a flow that is over takes no key");
        assert!(finish(&fixture, store, id, LinkTarget::New(account_id(3))).await.is_none());
    }
    assert_eq!(store.accounts().await.unwrap().len(), 1);
}

async fn keys_of_unreachable_flows_are_erased(fixture: Fixture) {
    let store = &fixture.store;
    let abandoned = with_key(&fixture, 1, TOKEN, None).await;
    let handed_over = with_key(&fixture, 2, "lnk_2", None).await;
    let third = secret("lnk_3");
    assert!(store.add_link_token(handed_over, &third, TokenKind::HandedOver, at(200), at(50)).await.unwrap());
    let before = store.link_flow(abandoned).await.unwrap().unwrap().version;
    assert_eq!(store.erase_abandoned_keys(at(99)).await.unwrap(), 0);
    assert_eq!(store.erase_abandoned_keys(at(100)).await.unwrap(), 1);
    assert_eq!(
        (key_of(&fixture, abandoned).await, key_of(&fixture, handed_over).await.is_some()),
        (None, true)
    );
    let flow = store.link_flow(abandoned).await.unwrap().unwrap();
    assert_eq!((flow.status, flow.has_key), (FlowStatus::Open, false));
    assert!(flow.version > before, "a page that still shows it gets a conflict");
    assert!(
        finish(&fixture, store, abandoned, LinkTarget::New(account_id(1))).await.is_none(),
        "without a key"
    );
    assert_eq!(store.erase_abandoned_keys(at(200)).await.unwrap(), 1);
}

async fn one_of_two_finishes_wins(fixture: Fixture) {
    let second = fixture.database.place.open().await.unwrap();
    let settings = AccountSettings::default();
    let mut known = Vec::new();
    for round in 1..=5 {
        let id = with_key(&fixture, round, &format!("lnk_{round}"), None).await;
        let (one, other) = (LinkTarget::New(account_id(round)), LinkTarget::New(account_id(100 + round)));
        let flow = (id, version(&second, id).await);
        let both = tokio::join!(
            finish_knowing(&fixture, &fixture.store, flow, one, &known, &settings),
            finish_knowing(&fixture, &second, flow, other, &known, &settings),
        );
        let winner = match both {
            (Some(winner), None) | (None, Some(winner)) => winner,
            both => panic!("{both:?}"),
        };
        known.push(winner.id);
        let flow = second.link_flow(id).await.unwrap().unwrap();
        assert_eq!((flow.account_id, flow.finished_at), (Some(winner.id), Some(at(5))));
        let linked = second.audit_log(Some(winner.id)).await.unwrap();
        assert_eq!(
            (linked.len(), linked[0].action.as_str(), linked[0].flow_id),
            (1, "account.linked", Some(id))
        );
    }
    assert_eq!(second.accounts().await.unwrap().len(), 5, "the loser linked nothing");
    assert_eq!(second.accounts_of_customer("customer-7").await.unwrap().len(), 5);
    second.close().await;
}

async fn two_flows_at_once_link_one_account(fixture: Fixture) {
    let second = fixture.database.place.open().await.unwrap();
    let settings = AccountSettings::default();
    let one = with_key(&fixture, 1, "lnk_1", None).await;
    let one = (one, version(&second, one).await);
    let other = with_key(&fixture, 2, "lnk_2", None).await;
    let other = (other, version(&second, other).await);
    let (new, another) = (LinkTarget::New(account_id(1)), LinkTarget::New(account_id(2)));
    let both = tokio::join!(
        finish_knowing(&fixture, &fixture.store, one, new, &[], &settings),
        finish_knowing(&fixture, &second, other, another, &[], &settings),
    );
    let (winner, late) = match both {
        (Some(winner), None) => (winner, other),
        (None, Some(winner)) => (winner, one),
        both => panic!("{both:?}"),
    };
    let flow = second.link_flow(late.0).await.unwrap().unwrap();
    assert_eq!((flow.status, flow.has_key), (FlowStatus::Open, true), "it is decided anew");
    let target = LinkTarget::Relink(winner.id);
    let again = finish_knowing(&fixture, &second, late, target, &[winner.id], &settings).await.unwrap();
    assert_eq!((again.id, second.accounts().await.unwrap().len()), (winner.id, 1));
    let events = second.account_events(winner.no, (0, 100), 100).await.unwrap();
    let logged: Vec<_> =
        events.iter().map(|event| (event.event.as_str(), &event.detail["flow_id"])).collect();
    let flows = if late == one { [other.0, one.0] } else { [one.0, other.0] };
    assert_eq!(
        logged,
        [
            ("linked_account.linked", &serde_json::json!(flows[0])),
            ("linked_account.relinked", &serde_json::json!(flows[1])),
        ]
    );
    second.close().await;
}

async fn a_flow_that_changed_is_not_finished(fixture: Fixture) {
    let store = &fixture.store;
    let id = with_key(&fixture, 1, TOKEN, None).await;
    let seen = version(store, id).await;
    assert!(set_key(&fixture, id, "another", 3, 3).await);
    let settings = AccountSettings::default();
    let target = LinkTarget::New(account_id(1));
    assert!(finish_knowing(&fixture, store, (id, seen), target, &[], &settings).await.is_none());
    assert_eq!(store.link_flow(id).await.unwrap().unwrap().status, FlowStatus::Open);
    let account = finish(&fixture, store, id, target).await.unwrap();
    assert_eq!(account.api_key(&fixture.vault).unwrap().expose_secret(), "another");
}

async fn a_diagnosis_is_kept_with_the_key_it_is_of(fixture: Fixture) {
    let store = &fixture.store;
    let id = with_key(&fixture, 1, TOKEN, None).await;
    let account = finish(&fixture, store, id, LinkTarget::New(account_id(1))).await.unwrap();
    let kept = store.diagnosis(account.no).await.unwrap().unwrap();
    assert_eq!(
        (kept.source, kept.summary.as_str(), kept.checked_at),
        (DiagnosisSource::Linking, "{}", at(5))
    );
    let entry = store.audit_log(Some(account.id)).await.unwrap().remove(0);
    assert_eq!((entry.action.as_str(), &entry.detail["readiness"]), ("account.linked", &"ready".into()));

    let detail = serde_json::json!({ "readiness": "not_ready" });
    let checked = |source| NewDiagnosis { source, summary: "[1]", audit_detail: &detail };
    assert!(store.keep_diagnosis(&account, checked(DiagnosisSource::Sync), None, at(6)).await.unwrap());
    assert_eq!(store.diagnosis(account.no).await.unwrap().unwrap().summary, "[1]");
    assert_eq!(store.audit_log(Some(account.id)).await.unwrap().len(), 1);
    let by = Some(Actor::Cli);
    assert!(store.keep_diagnosis(&account, checked(DiagnosisSource::Check), by, at(7)).await.unwrap());
    assert_eq!(store.audit_log(Some(account.id)).await.unwrap()[1].action, "account.checked");

    // After a relink, a finding about the previous key is not stored.
    let again = fixture.link(TENANT, KEY, 20).await;
    assert_eq!(store.diagnosis(again.no).await.unwrap(), None);
    assert!(!store.keep_diagnosis(&account, checked(DiagnosisSource::Check), by, at(21)).await.unwrap());
    assert_eq!(store.diagnosis(again.no).await.unwrap(), None);
}

async fn relinking_flow_keeps_the_account_and_data(fixture: Fixture) {
    let store = &fixture.store;
    let first = with_key(&fixture, 1, TOKEN, None).await;
    let account = finish(&fixture, store, first, LinkTarget::New(account_id(1))).await.unwrap();
    assert_eq!(
        (account.customer_id.as_deref(), account.organization.as_deref()),
        (Some("customer-7"), Some("Acme"))
    );
    let lease = store.take_lease(&account, run_id(6), "me", None, at(6)).await.unwrap().unwrap();
    store.start_run(&lease, at(6)).await.unwrap();
    let commit = Commit { upserts: vec![category("1", "Cadre")], ..Commit::default() };
    store.commit(&lease, people::Kind::OccupationCategory, &commit, at(7)).await.unwrap();
    store.set_account_status(&account, AccountStatus::RelinkNeeded, at(8)).await.unwrap();

    let second = opened(store, 2, "lnk_2", Some(account.id)).await;
    assert_eq!(store.link_flow(second).await.unwrap().unwrap().account_id, Some(account.id));
    assert!(set_key(&fixture, second, "another", 2, 9).await);
    let again = finish(&fixture, store, second, LinkTarget::Relink(account.id)).await.unwrap();
    assert_eq!((again.id, again.no, again.created_at), (account.id, account.no, account.created_at));
    assert_eq!(again.status, AccountStatus::Linked);
    assert_eq!(again.api_key(&fixture.vault).unwrap().expose_secret(), "another");
    assert_eq!(store.count_present(again.no, people::Kind::OccupationCategory).await.unwrap(), 1);

    // A link from the command line names no customer: the account keeps its customer.
    let by_hand = fixture.link(TENANT, KEY, 20).await;
    assert_eq!((by_hand.id, by_hand.customer_id.as_deref()), (account.id, Some("customer-7")));
    assert_eq!(by_hand.organization.as_deref(), Some("Acme"));
    let log = store.audit_log(Some(account.id)).await.unwrap();
    let logged: Vec<_> = log.iter().map(|entry| (entry.action.as_str(), entry.actor)).collect();
    assert_eq!(
        logged,
        [
            ("account.linked", Actor::Administrator),
            ("link_token.created", Actor::Operator),
            ("account.relinked", Actor::Administrator),
            ("account.relinked", Actor::Cli),
        ]
    );
}

async fn a_public_token_is_exchanged_once(fixture: Fixture) {
    let store = &fixture.store;
    let id = with_key(&fixture, 1, TOKEN, None).await;
    let account = finish(&fixture, store, id, LinkTarget::New(account_id(1))).await.unwrap();
    let exchange =
        async |token, second| store.exchange_public_token(&secret(token), at(second)).await.unwrap();
    assert!(store.issue_public_token(id, &secret("pub_old"), at(50)).await.unwrap());
    assert_eq!(exchange("pub_old", 50).await, None, "expired");
    assert!(store.issue_public_token(id, &secret(PUBLIC), at(90)).await.unwrap());
    assert_eq!(exchange("pub_old", 10).await, None, "replaced");
    assert_eq!(exchange("pub_unknown", 10).await, None);

    let second = fixture.database.place.open().await.unwrap();
    let token = secret(PUBLIC);
    let both = tokio::join!(
        store.exchange_public_token(&token, at(60)),
        second.exchange_public_token(&token, at(60))
    );
    let mut both = [both.0.unwrap(), both.1.unwrap()];
    both.sort();
    assert_eq!(both, [None, Some((id, account.id))]);
    second.close().await;
    assert_eq!(exchange(PUBLIC, 61).await, None, "once");
    assert!(!store.issue_public_token(id, &secret("pub_new"), at(90)).await.unwrap());
    assert_eq!(exchange("pub_new", 62).await, None);
}

async fn a_public_token_needs_a_finished_flow(fixture: Fixture) {
    let store = &fixture.store;
    let open = opened(store, 1, TOKEN, None).await;
    let cancelled = opened(store, 2, "lnk_2", None).await;
    store.cancel_link_flow(cancelled, Actor::Operator, at(2)).await.unwrap();
    for (n, id) in [(1, open), (2, cancelled), (3, flow_id(9))] {
        let token = secret(&format!("pub_{n}"));
        assert!(!store.issue_public_token(id, &token, at(90)).await.unwrap());
        assert_eq!(store.exchange_public_token(&token, at(3)).await.unwrap(), None);
    }
}

async fn neither_tokens_nor_keys_are_kept_in_clear(fixture: Fixture) {
    let store = &fixture.store;
    let id = with_key(&fixture, 1, TOKEN, None).await;
    let is_in_clear = async || {
        let content = fixture.database.raw_content().await;
        assert!(content.contains("customer-7"), "what is to be found is found");
        let key = [KEY.to_owned(), KEY.replace('-', ""), KEY.to_uppercase()];
        [TOKEN, PUBLIC].into_iter().chain(key.iter().map(String::as_str)).any(|text| content.contains(text))
    };
    assert!(!is_in_clear().await, "while the flow is open");
    finish(&fixture, store, id, LinkTarget::New(account_id(1))).await.unwrap();
    assert!(store.issue_public_token(id, &secret(PUBLIC), at(90)).await.unwrap());
    assert!(!is_in_clear().await, "when it is finished");
    assert!(store.exchange_public_token(&secret(PUBLIC), at(60)).await.unwrap().is_some());
    store.clone().close().await;
    assert!(!is_in_clear().await, "when all is written out");
}
