//! An emulated tenant linked to a test database, with queries of both.

use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::{Date, date};
use lucca::{ApiKey, Client, RequestBudget, TenantUrl};
use lucca_emulator::{Config, Emulator, Fault, FaultKind, Status, Switches};
use net::NetworkPolicy;
use net::clock::{Clock, TestClock};
use people::{Employee, EmployeeStatus, Employment, Kind, Model, RemoteId, status_on};
use people::{FieldGroup, FieldGroups};
use secrecy::SecretString;
use store::{
    AccountId, AccountSettings, Actor, LinkTarget, LinkedAccount, MasterKey, NewAccount, RecordState, RunId,
    Store, Vault,
};
use sync::{Brake, Options, RunExtent, RunReport, Silent, StreamReport, Sync};
use test_database::{Engine, TestDatabase};

pub(crate) const TODAY: Date = date(2026, 11, 23);

pub(crate) struct App {
    pub(crate) emulator: Emulator,
    pub(crate) store: Store,
    pub(crate) account: LinkedAccount,
    pub(crate) clock: Arc<TestClock>,
    pub(crate) database: TestDatabase,
}

/// An emulated tenant without a rate limit, linked to a test database.
pub(crate) async fn app(employees: u32, switches: Switches) -> App {
    app_with(employees, switches, with_custom_fields(), false).await
}

/// The default field groups and custom fields.
pub(crate) fn with_custom_fields() -> FieldGroups {
    FieldGroups::default().with(FieldGroup::CustomFields)
}

pub(crate) async fn app_with(employees: u32, switches: Switches, groups: FieldGroups, keep_raw: bool) -> App {
    app_on(Engine::Sqlite, employees, switches, groups, keep_raw).await
}

pub(crate) async fn app_on(
    engine: Engine,
    employees: u32,
    switches: Switches,
    groups: FieldGroups,
    keep_raw: bool,
) -> App {
    let mut config = Config::new(employees, 7, TODAY);
    config.switches = Switches { rate_limit: None, ..switches };
    let emulator = Emulator::start(config).await.unwrap();
    let database = TestDatabase::new(engine).await;
    let store = database.store.clone();
    let clock = Arc::new(TestClock::new("2026-11-23T09:00:00Z".parse().unwrap()));
    let settings = AccountSettings {
        field_groups: groups.iter().map(|group| group.name().to_owned()).collect(),
        keep_raw,
        ..AccountSettings::default()
    };
    let account = store
        .link_account(
            &Vault::new(MasterKey::from_random([1; 32]), []),
            NewAccount {
                target: LinkTarget::New(AccountId::mint(clock.now(), [1; 10])),
                tenant: &emulator.url(),
                origin: &emulator.url(),
                api_key: &SecretString::from(emulator.api_key()),
                settings: &settings,
                actor: Actor::Cli,
                at: clock.now(),
                nonce: [1; 12],
            },
        )
        .await
        .unwrap();
    App { emulator, store, account, clock, database }
}

impl App {
    /// A full read of every stream.
    pub(crate) async fn sync(&self) -> RunReport {
        self.sync_with(RunExtent::Full, Some(Brake::default())).await
    }

    /// An incremental read.
    pub(crate) async fn sync_changes(&self) -> RunReport {
        self.sync_with(RunExtent::Now, Some(Brake::default())).await
    }

    pub(crate) async fn sync_with(&self, extent: RunExtent, brake: Option<Brake>) -> RunReport {
        self.run(extent, brake).await.unwrap()
    }

    pub(crate) async fn try_sync(&self, extent: RunExtent) -> Result<RunReport, sync::Error> {
        self.run(extent, Some(Brake::default())).await
    }

    async fn run(&self, extent: RunExtent, brake: Option<Brake>) -> Result<RunReport, sync::Error> {
        let tenant = TenantUrl::parse(&self.account.origin, NetworkPolicy::AllowLoopback).unwrap();
        let key = ApiKey::parse(self.emulator.api_key()).unwrap();
        let client = Client::builder(tenant, key)
            .clock(Arc::clone(&self.clock) as Arc<dyn Clock>)
            .budget(Arc::new(RequestBudget::unlimited()))
            .build()
            .unwrap();
        self.clock.advance(std::time::Duration::from_secs(1));
        let now: Timestamp = self.clock.now();
        let sync = Sync {
            client: &client,
            store: &self.store,
            account: &self.account,
            clock: Arc::clone(&self.clock) as Arc<dyn Clock>,
            progress: &Silent,
            options: Options {
                today: self.emulator.tenant().now().date(),
                brake,
                extent,
                holder: "test".to_owned(),
                dead_holder: None,
            },
        };
        let random = u8::try_from(now.as_second() % 251).unwrap();
        sync.run(RunId::mint(now, [random; 10])).await
    }

    pub(crate) async fn all<T: Model>(&self) -> Vec<T> {
        self.store.all(self.account.no).await.unwrap()
    }

    pub(crate) async fn count(&self, kind: Kind, state: RecordState) -> u64 {
        let counts = self.store.count_records(self.account.no).await.unwrap();
        counts.get(&(kind, state)).copied().unwrap_or(0)
    }

    pub(crate) async fn present(&self, kind: Kind) -> u64 {
        self.count(kind, RecordState::Present).await
    }

    pub(crate) async fn state_of(&self, id: i64) -> RecordState {
        let id = RemoteId::from(id);
        self.store.record::<Employee>(self.account.no, &id).await.unwrap().unwrap().state
    }

    pub(crate) fn set_switches(&self, change: impl FnOnce(&mut Switches)) {
        let mut switches = self.emulator.tenant().switches();
        change(&mut switches);
        self.emulator.tenant().set_switches(switches);
    }

    /// Ids of employees with this status, taken from the end, where tests expect no managers.
    pub(crate) fn ids(&self, status: Status, count: usize) -> Vec<i64> {
        let mut people = self.emulator.tenant().people(Some(status), usize::MAX);
        people.reverse();
        people.into_iter().take(count).map(|person| person.id).collect()
    }

    pub(crate) async fn by_status(&self) -> [u64; 3] {
        let employments = self.all::<Employment>().await;
        let mut counts = [0; 3];
        for employee in self.all::<Employee>().await {
            let own = employments.iter().filter(|employment| employment.employee_id == employee.id);
            counts[match status_on(TODAY, employee.contract(), own.map(Employment::period)) {
                EmployeeStatus::Active => 0,
                EmployeeStatus::Future => 1,
                EmployeeStatus::Former => 2,
            }] += 1;
        }
        counts
    }

    /// Asserts that the store equals the tenant.
    pub(crate) async fn assert_matches_truth(&self) {
        let truth = self.emulator.truth();
        assert_eq!(self.present(Kind::Employee).await, truth.employees);
        assert_eq!(self.present(Kind::Employment).await, truth.employments);
        assert_eq!(self.present(Kind::Department).await, truth.departments);
        assert_eq!(self.present(Kind::Establishment).await, truth.establishments);
        assert_eq!(self.present(Kind::LegalUnit).await, truth.legal_units);
        assert_eq!(self.present(Kind::JobQualification).await, truth.job_qualifications);
        assert_eq!(self.present(Kind::OccupationCategory).await, truth.occupation_categories);
        assert_eq!(self.present(Kind::LeaveType).await, truth.leave_accounts);
        assert_eq!(self.present(Kind::CustomFieldDefinition).await, truth.custom_fields);
        let truth = truth.by_status;
        assert_eq!(self.by_status().await, [truth.active, truth.future, truth.former]);
    }
}

/// A fault for every request whose path has this prefix.
pub(crate) fn fault(path: &str, kind: FaultKind) -> Fault {
    Fault { path: path.to_owned(), query_contains: None, nth: None, probability: None, kind }
}

pub(crate) fn stream<'a>(report: &'a RunReport, name: &str) -> &'a StreamReport {
    report.streams.iter().find(|stream| stream.stream == name).unwrap()
}
