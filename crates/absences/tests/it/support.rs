//! An emulated tenant, linked and synced, with helpers for requests.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use absences::{AbsenceDraft, Absences, Error, Report};
use jiff::civil::{Date, date};
use lucca::{ApiKey, Client, RequestBudget, TenantUrl};
use lucca_emulator::{AbsenceFacts, Config, Emulator, Fault, FaultKind, KeyConfig, Rights, Status, Switches};
use net::NetworkPolicy;
use net::clock::{Clock, TestClock};
use people::FieldGroups;
use people::{HalfDay, first_half_day, last_half_day};
use secrecy::SecretString;
use store::{
    AccountId, AccountSettings, Actor, LinkTarget, LinkedAccount, MasterKey, NewAccount, RunId, Submission,
    SubmissionId, Vault,
};
use sync::{Options, RunExtent, Silent, Sync};
use test_database::{Engine, TestDatabase};

pub(crate) const TODAY: Date = date(2026, 11, 23);

/// Leave accounts of the emulated tenant.
pub(crate) const REMOTE: i64 = 34;
pub(crate) const UNPAID: i64 = 5;
pub(crate) const CHILD: i64 = 8;
pub(crate) const RECOVERY: i64 = 41;

pub(crate) struct App {
    pub(crate) emulator: Emulator,
    pub(crate) database: TestDatabase,
    pub(crate) account: LinkedAccount,
    pub(crate) clock: Arc<TestClock>,
    pub(crate) client: Client,
    minted: AtomicU8,
}

/// A small tenant, linked with every feature and synced.
pub(crate) async fn app(switches: Switches) -> App {
    app_on(Engine::Sqlite, 40, switches).await
}

pub(crate) async fn app_on(engine: Engine, employees: u32, switches: Switches) -> App {
    let mut config = Config::new(employees, 7, TODAY);
    config.switches = Switches { rate_limit: None, ..switches };
    let emulator = Emulator::start(config).await.unwrap();
    let database = TestDatabase::new(engine).await;
    let clock = Arc::new(TestClock::new("2026-11-23T09:00:00Z".parse().unwrap()));
    let settings = AccountSettings {
        field_groups: FieldGroups::default().iter().map(|group| group.name().to_owned()).collect(),
        ..AccountSettings::default()
    };
    let account = NewAccount {
        target: LinkTarget::New(AccountId::mint(clock.now(), [1; 10])),
        tenant: &emulator.url(),
        origin: &emulator.url(),
        api_key: &SecretString::from(emulator.api_key()),
        settings: &settings,
        actor: Actor::Cli,
        at: clock.now(),
        nonce: [1; 12],
    };
    let vault = Vault::new(MasterKey::from_random([1; 32]), []);
    let account = database.store.link_account(&vault, account).await.unwrap();
    let client = client(&emulator, &clock, Duration::from_secs(2));
    let app = App { emulator, database, account, clock, client, minted: AtomicU8::new(0) };
    app.sync().await;
    app.emulator.tenant().clear_requests();
    app
}

pub(crate) fn client(emulator: &Emulator, clock: &Arc<TestClock>, timeout: Duration) -> Client {
    let tenant = TenantUrl::parse(&emulator.url(), NetworkPolicy::AllowLoopback).unwrap();
    Client::builder(tenant, ApiKey::parse(emulator.api_key()).unwrap())
        .clock(Arc::clone(clock) as Arc<dyn Clock>)
        .budget(Arc::new(RequestBudget::unlimited()))
        .request_timeout(timeout)
        .build()
        .unwrap()
}

impl App {
    pub(crate) fn absences(&self) -> Absences<'_> {
        Absences {
            client: &self.client,
            store: &self.database.store,
            account: &self.account,
            clock: Arc::clone(&self.clock) as Arc<dyn Clock>,
            actor: Actor::Cli,
        }
    }

    pub(crate) async fn sync(&self) {
        let sync = Sync {
            client: &self.client,
            store: &self.database.store,
            account: &self.account,
            clock: Arc::clone(&self.clock) as Arc<dyn Clock>,
            progress: &Silent,
            options: Options {
                today: self.emulator.tenant().now().date(),
                brake: None,
                extent: RunExtent::Full,
                holder: "test".to_owned(),
                dead_holder: None,
            },
        };
        Box::pin(sync.run(RunId::mint(self.clock.now(), self.random()))).await.unwrap();
    }

    fn random(&self) -> [u8; 10] {
        [self.minted.fetch_add(1, Ordering::Relaxed); 10]
    }

    pub(crate) fn mint(&self) -> SubmissionId {
        SubmissionId::mint(self.clock.now(), self.random())
    }

    /// Advances both clocks, ours and the tenant's.
    pub(crate) fn advance(&self, minutes: u32) {
        self.clock.advance(Duration::from_secs(60 * u64::from(minutes)));
        self.emulator.tenant().advance_minutes(i64::from(minutes));
    }

    pub(crate) fn set_rights(&self, change: impl FnOnce(&mut Rights)) {
        let mut rights = Rights::all();
        change(&mut rights);
        self.emulator.tenant().put_key(KeyConfig { rights, ..KeyConfig::full(7) });
    }

    /// A fault for the next request to a path.
    pub(crate) fn once(&self, path: &str, kind: FaultKind) {
        let path = path.to_owned();
        let fault = Fault { path, query_contains: None, nth: Some(1), probability: None, kind };
        self.emulator.tenant().set_faults(vec![fault]);
    }

    /// A full-time employee who works on every weekday, and has no absence in January and February.
    pub(crate) fn free_employee(&self) -> i64 {
        let tenant = self.emulator.tenant();
        let (from, to) = (date(2027, 1, 1), date(2027, 2, 28));
        let is_free = |id: &i64| {
            let busy = |facts: &AbsenceFacts| facts.ends_on >= from && facts.starts_on <= to;
            tenant.what_it_would_take(*id, from, true, to, false).len() == 80
                && !tenant.absences_of(*id).iter().any(busy)
        };
        let people = tenant.people(Some(Status::Active), usize::MAX);
        people.into_iter().map(|person| person.id).find(is_free).expect("a person who is free")
    }

    pub(crate) fn facts(&self, owner: i64) -> Vec<AbsenceFacts> {
        self.emulator.tenant().absences_of(owner)
    }

    /// Requests an absence and acknowledges all warnings.
    pub(crate) async fn request(&self, key: &str, ask: &AbsenceDraft) -> Result<Submission, Error> {
        let acknowledged = match self.absences().request(self.mint(), key, ask, &[]).await {
            Err(Error::ConfirmationNeeded(warnings)) => warnings.into_iter().map(|one| one.id).collect(),
            other => return other,
        };
        let acknowledged: Vec<String> = acknowledged;
        self.absences().request(self.mint(), key, ask, &acknowledged).await
    }

    /// Advances a submission until nothing is in doubt.
    pub(crate) async fn settled(&self, mut submission: Submission) -> Report {
        for _ in 0..50 {
            let report = Report::of(&submission).unwrap();
            if !report.status.is_on_its_way() {
                return report;
            }
            self.clock.advance(Duration::from_secs(30));
            let fresh = self.database.store.submission(submission.id).await.unwrap().unwrap();
            submission = match self.absences().advance(fresh).await {
                Ok(submission) => submission,
                Err(_) => self.database.store.submission(submission.id).await.unwrap().unwrap(),
            };
        }
        panic!("it stays in doubt");
    }
}

pub(crate) fn ask(owner: i64, account: i64, from: &str, to: &str) -> AbsenceDraft {
    AbsenceDraft {
        employee_id: owner.into(),
        leave_type_id: account.into(),
        first: first_half_day(from).unwrap(),
        last: last_half_day(to).unwrap(),
        minutes: None,
        comment: None,
    }
}

/// The half-days that are not cancelled, by the emulator.
pub(crate) fn active_halves(facts: &AbsenceFacts) -> Vec<HalfDay> {
    let active = facts.halves.iter().filter(|half| half.is_active);
    let half = |am| if am { people::Half::Am } else { people::Half::Pm };
    active.map(|one| HalfDay::new(one.date, half(one.am))).collect()
}
