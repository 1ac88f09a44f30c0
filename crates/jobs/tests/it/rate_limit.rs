//! Syncs behind Lucca's rate limit, beside another integration, on a simulated clock.

use std::pin::Pin;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use jiff::civil::{Date, date};
use jiff::{SignedDuration, Timestamp};
use jobs::{Entropy, Holder, Services, Tenants};
use lucca::{ApiKey, Client, TenantUrl, UserQuery};
use lucca_emulator::{Config, Emulator, RateFacts, Switches};
use net::NetworkPolicy;
use net::clock::Clock;
use people::FieldGroups;
use secrecy::SecretString;
use store::{
    AccountId, AccountSettings, Actor, IssueFilter, LinkTarget, LinkedAccount, MasterKey, NewAccount,
    Outcome, Vault,
};
use sync::{RunExtent, RunReport};
use test_database::{Engine, TestDatabase};

const TODAY: Date = date(2026, 11, 23);
const START: &str = "2026-11-23T09:00:00Z";

/// A clock whose waits pass at once, but only after the tenant has answered all sent requests: so requests
/// arrive when they are sent, as over a network that is fast compared with a minute.
#[derive(Debug)]
struct SimulatedClock {
    now: Mutex<Timestamp>,
    waited: Mutex<Duration>,
    sending: OnceLock<(Client, lucca_emulator::Tenant)>,
    /// When the other integration stops.
    others_end: Mutex<Option<Timestamp>>,
}

impl SimulatedClock {
    fn new() -> Arc<Self> {
        Arc::new(Self {
            now: Mutex::new(START.parse().unwrap()),
            waited: Mutex::default(),
            sending: OnceLock::new(),
            others_end: Mutex::default(),
        })
    }

    fn advance(&self, duration: Duration) {
        let mut now = self.now.lock().unwrap_or_else(PoisonError::into_inner);
        *now += SignedDuration::try_from(duration).unwrap();
    }
}

impl Clock for SimulatedClock {
    fn now(&self) -> Timestamp {
        *self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Responses take no time.
    fn stopwatch(&self) -> Timestamp {
        Timestamp::UNIX_EPOCH
    }

    fn sleep<'a>(&'a self, duration: Duration) -> Pin<Box<dyn Future<Output = ()> + Send + 'a>> {
        Box::pin(async move {
            if let Some((client, tenant)) = self.sending.get() {
                while client.stats().requests() > tenant.requests().len() as u64 {
                    tokio::task::yield_now().await;
                }
                let mut end = self.others_end.lock().unwrap();
                if end.is_some_and(|end| end <= self.now()) {
                    *end = None;
                    tenant.set_switches(Switches { other_requests_per_minute: 0, ..tenant.switches() });
                }
            }
            *self.waited.lock().unwrap() += duration;
            self.advance(duration);
        })
    }
}

/// A deterministic random number generator.
pub(crate) fn entropy() -> Entropy {
    let state = Mutex::new(0x9E37_79B9_7F4A_7C15_u64);
    Entropy::new(move |bytes| {
        let mut state = state.lock().unwrap();
        for byte in bytes {
            *state ^= *state << 13;
            *state ^= *state >> 7;
            *state ^= *state << 17;
            *byte = u8::try_from(*state >> 56).unwrap();
        }
        Ok(())
    })
}

/// A tenant behind the rate limit, linked to a test database.
struct Lab {
    emulator: Emulator,
    database: TestDatabase,
    account: LinkedAccount,
    clock: Arc<SimulatedClock>,
}

/// The result of a sync.
struct Synced {
    report: RunReport,
    requests: usize,
    refused: usize,
    seconds: f64,
}

impl Lab {
    async fn new(employees: u32, switches: Switches) -> Self {
        let emulator =
            Emulator::start(Config { switches, ..Config::new(employees, 7, TODAY) }).await.unwrap();
        let database = TestDatabase::new(Engine::Sqlite).await;
        let clock = SimulatedClock::new();
        let settings = AccountSettings {
            field_groups: FieldGroups::default().iter().map(|group| group.name().to_owned()).collect(),
            ..AccountSettings::default()
        };
        let new = NewAccount {
            target: LinkTarget::New(AccountId::mint(clock.now(), [1; 10])),
            tenant: &emulator.url(),
            origin: &emulator.url(),
            api_key: &SecretString::from(emulator.api_key()),
            settings: &settings,
            actor: Actor::Cli,
            at: clock.now(),
            nonce: [1; 12],
        };
        let account = database.store.link_account(&vault(), new).await.unwrap();
        Self { emulator, database, account, clock }
    }

    /// Runs a full sync in its own process, which counts other processes' requests through the database.
    async fn sync(&mut self) -> Synced {
        let began = self.clock.now();
        // A clock that waits for this process's requests.
        let clock = SimulatedClock::new();
        *clock.now.lock().unwrap() = began;
        *clock.others_end.lock().unwrap() = self.clock.others_end.lock().unwrap().take();
        self.clock = Arc::clone(&clock);
        let since = Arc::clone(&clock);
        self.emulator.tenant().set_rate_clock(move || {
            Duration::try_from(since.now().duration_since(Timestamp::UNIX_EPOCH)).unwrap()
        });
        self.emulator.tenant().clear_requests();
        let services = Services {
            store: self.database.store.clone(),
            vault: Arc::new(vault()),
            clock: clock.clone(),
            entropy: entropy(),
            tenants: Tenants::new(
                Some(self.database.store.clone()),
                NetworkPolicy::AllowLoopback,
                clock.clone(),
                entropy(),
            ),
            holder: Holder { name: "a test".to_owned(), has_ended: |_| false },
        };
        let client = services.tenants.client_of(&self.account, &services.vault, None).await.unwrap();
        clock.sending.set((client.clone(), self.emulator.tenant())).unwrap();
        let run = services.new_run().unwrap();
        let report =
            services.sync(&self.account, &client, run, (RunExtent::Full, None), &sync::Silent).await.unwrap();
        let requests = self.emulator.requests();
        Synced {
            report,
            refused: requests.iter().filter(|request| request.status == 429).count(),
            requests: requests.len(),
            seconds: self.clock.now().duration_since(began).as_secs_f64(),
        }
    }

    fn facts(&self) -> RateFacts {
        self.emulator.tenant().rate_facts()
    }

    async fn open_issues(&self) -> Vec<String> {
        let issues = self.database.store.issues(Some(self.account.no), IssueFilter::Open).await.unwrap();
        issues.into_iter().map(|issue| issue.code).collect()
    }
}

fn vault() -> Vault {
    Vault::new(MasterKey::from_random([7; 32]), [])
}

/// Rate windows that began this long before the first request, with the other integration's requests.
fn beside_another(rate_anchor_ms: u64, other_requests_per_minute: u32) -> Switches {
    Switches { rate_anchor_ms, other_requests_per_minute, ..Switches::default() }
}

fn small_pages(switches: Switches) -> Switches {
    Switches {
        page_max: Some(10),
        page_default: Some(10),
        leaves_page_max: Some(10),
        v4_limit_max_contracts: 10,
        v4_limit_max_organization: 10,
        ..switches
    }
}

#[tokio::test]
async fn no_429_beside_another_integration() {
    for anchor_ms in [0, 29_999, 59_999] {
        let mut lab = Lab::new(120, small_pages(beside_another(anchor_ms, 10))).await;
        let synced = lab.sync().await;
        assert!(synced.requests > 80, "{}", synced.requests);
        assert_eq!((synced.refused, lab.facts().others_refused), (0, 0), "{anchor_ms}");
        assert_eq!(synced.report.outcome, Outcome::Succeeded);
        assert!((40.0..=50.0).contains(&lab.facts().highest_estimate), "{:?}", lab.facts());
    }
}

#[tokio::test]
async fn long_sync_alone_sends_38_requests_a_minute() {
    let mut lab = Lab::new(250, small_pages(Switches::default())).await;
    let synced = lab.sync().await;
    let per_minute = synced.requests as f64 * 60.0 / synced.seconds;
    assert!(synced.requests > 150 && (38.0..40.0).contains(&per_minute), "{}: {per_minute}", synced.requests);
    assert_eq!((synced.refused, lab.facts().highest_estimate.ceil()), (0, 39.0));
}

/// A process that starts right after another one's burst has to wait, on either database engine.
#[tokio::test]
async fn requests_count_across_processes() {
    for engine in Engine::available() {
        let emulator = Emulator::start(Config::new(5, 7, TODAY)).await.unwrap();
        let (database, clock) = (TestDatabase::new(engine).await, SimulatedClock::new());
        let waited = || *clock.waited.lock().unwrap();
        let process = async || {
            let tenants = Tenants::new(
                Some(database.store.clone()),
                NetworkPolicy::AllowLoopback,
                clock.clone(),
                entropy(),
            );
            let tenant = TenantUrl::parse(&emulator.url(), NetworkPolicy::AllowLoopback).unwrap();
            tenants.client(tenant, ApiKey::parse(emulator.api_key()).unwrap(), None).await.unwrap()
        };
        let check = process().await;
        for _ in 0..20 {
            check.count_users(&UserQuery::default()).await.unwrap();
        }
        assert_eq!(waited(), Duration::ZERO);
        process().await.count_users(&UserQuery::default()).await.unwrap();
        assert_eq!(waited(), Duration::from_millis(3_158));
    }
}

#[tokio::test]
async fn nine_minutes_of_refusals_open_no_issue() {
    let mut lab = Lab::new(20, beside_another(0, 100)).await;
    let end = lab.clock.now() + SignedDuration::from_mins(9);
    *lab.clock.others_end.lock().unwrap() = Some(end);
    let synced = lab.sync().await;
    assert!((9..=20).contains(&synced.refused), "{}", synced.refused);
    assert_eq!(synced.report.outcome, Outcome::Succeeded);
    assert_eq!(lab.open_issues().await, [""; 0]);
}

#[tokio::test]
async fn longer_refusals_open_an_issue_until_they_end() {
    let mut lab = Lab::new(20, beside_another(59_000, 100)).await;
    let synced = lab.sync().await;
    assert_eq!(
        (synced.report.outcome, lab.open_issues().await),
        (Outcome::Failed, vec!["account.rate_limited".to_owned()])
    );
    let tenant = lab.emulator.tenant();
    tenant.set_switches(Switches { other_requests_per_minute: 0, ..tenant.switches() });
    lab.clock.advance(Duration::from_secs(15 * 60));
    let synced = lab.sync().await;
    assert_eq!((synced.refused, synced.report.outcome), (0, Outcome::Succeeded));
    assert_eq!(lab.open_issues().await, [""; 0]);
}

#[tokio::test]
#[ignore = "minutes of computing: run it where the pace or the limiter changes, with --ignored --nocapture"]
async fn ten_syncs_of_5000_people() {
    for (anchor_ms, others) in [(0, 10), (59_999, 10), (0, 0)] {
        let mut lab = Lab::new(5_000, beside_another(anchor_ms, others)).await;
        for n in 0..10 {
            let Synced { requests, refused, seconds, report } = lab.sync().await;
            let per_minute = requests as f64 * 60.0 / seconds;
            println!(
                "{anchor_ms} ms, {others} beside, sync {n}: {requests} requests, {refused} refused, {per_minute:.2} a minute"
            );
            assert_eq!((refused, report.outcome), (0, Outcome::Succeeded));
        }
        println!("{:?}", lab.facts());
        assert_eq!(lab.facts().others_refused, 0);
    }
}
