//! A fresh store with a vault, and helpers to link accounts, take leases and make records.

use jiff::Timestamp;
use people::OccupationCategory;
use secrecy::SecretString;
use store::{
    AccountId, AccountSettings, Actor, Lease, LinkTarget, LinkedAccount, MasterKey, NewAccount, RecordUpsert,
    RunId, Store, Vault,
};
use test_database::{Engine, TestDatabase};

pub(crate) const KEY: &str = "0f8fad5b-d9cb-469f-a165-70867728950e";

pub(crate) struct Fixture {
    pub(crate) store: Store,
    pub(crate) vault: Vault,
    pub(crate) database: TestDatabase,
}

pub(crate) async fn fixture(engine: Engine) -> Fixture {
    let database = TestDatabase::new(engine).await;
    Fixture {
        store: database.store.clone(),
        vault: Vault::new(MasterKey::from_random([9; 32]), []),
        database,
    }
}

pub(crate) fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + second).unwrap()
}

pub(crate) fn run_id(second: i64) -> RunId {
    RunId::mint(at(second), [u8::try_from(second % 250).unwrap(); 10])
}

impl Fixture {
    pub(crate) async fn link(&self, tenant: &str, key: &str, second: i64) -> LinkedAccount {
        let settings =
            AccountSettings { field_groups: vec!["identity".into()], ..AccountSettings::default() };
        let random = u8::try_from(second % 250).unwrap();
        let new = NewAccount {
            target: match self.store.account_by_tenant(tenant).await.unwrap() {
                Some(account) => LinkTarget::Relink(account.id),
                None => LinkTarget::New(AccountId::mint(at(second), [random; 10])),
            },
            tenant,
            origin: tenant,
            api_key: &SecretString::from(key),
            settings: &settings,
            actor: Actor::Cli,
            at: at(second),
            nonce: [random; 12],
        };
        self.store.link_account(&self.vault, new).await.unwrap()
    }

    /// A linked account, and a run that holds its lease.
    pub(crate) async fn leased(&self) -> (LinkedAccount, Lease) {
        let account = self.link("https://acme.ilucca.net", KEY, 1).await;
        let lease = self.store.take_lease(&account, run_id(2), "me", None, at(2)).await.unwrap().unwrap();
        self.store.start_run(&lease, at(2)).await.unwrap();
        (account, lease)
    }
}

pub(crate) fn category(id: &str, name: &str) -> RecordUpsert {
    let category = OccupationCategory { id: id.into(), name: Some(name.into()) };
    let body = serde_json::to_string(&category).unwrap();
    RecordUpsert::of(&category, body, None)
}
