//! The start of most commands: the clock, the selected linked account, and a client for its tenant within the
//! tenant's request budget.

use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use clap::builder::BoolishValueParser;
use indicatif::MultiProgress;
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use jobs::queue::{Queue, QueueError};
use jobs::{Holder, Services, Tenants};
use lucca::{ApiKey, Client, TenantUrl};
use net::NetworkPolicy;
use net::clock::{Clock, SystemClock};
use secrecy::SecretString;
use store::{AccountId, AccountSettings, AccountStatus, Actor, LinkTarget, LinkedAccount, NewAccount, Store};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::Global;
use crate::data_dir::DataDir;
use crate::failure::{Exit, Failure};

/// The machine's clock.
pub(crate) fn clock() -> Arc<dyn Clock> {
    Arc::new(SystemClock)
}

/// Parses a tenant URL as pasted by a user.
pub(crate) fn tenant_url(text: &str, hosts: Hosts) -> Result<TenantUrl, Failure> {
    TenantUrl::parse(text, hosts.policy()).map_err(|error| {
        Failure::usage(
            error.code(),
            error.to_string(),
            "Copy the address from the browser while you are signed in to Lucca.",
        )
    })
}

/// The clock of a process that works beside others: the database's, if it has one that differs from this
/// machine's. Due times, leases and roles are then the same moments on all machines.
pub(crate) async fn shared_clock(store: &Store, stop: &CancellationToken) -> Result<Arc<dyn Clock>, Failure> {
    let clock = Arc::new(SharedClock(AtomicI64::new(0)));
    let compare = async |clock: &SharedClock, store: &Store| {
        let Some(database) = store.database_time().await? else { return Ok(false) };
        clock.follow(database);
        Ok::<_, store::Error>(true)
    };
    if compare(&clock, store).await? {
        let (following, store, stop) = (Arc::clone(&clock), store.clone(), stop.clone());
        tokio::spawn(async move {
            while stop.run_until_cancelled(SystemClock.sleep(COMPARED_EVERY)).await.is_some() {
                if let Err(error) = compare(&following, &store).await {
                    tracing::warn!(code = error.code(), %error, "the database's clock can't be read");
                }
            }
        });
    }
    Ok(clock)
}

/// How often the machine's clock is compared with the database's.
const COMPARED_EVERY: Duration = Duration::from_secs(60);
/// Milliseconds of difference from which the database's clock counts: its answer takes time, too.
const APART: i64 = 2000;

/// This machine's clock, shifted by this many milliseconds.
#[derive(Debug)]
struct SharedClock(AtomicI64);

impl SharedClock {
    fn follow(&self, database: Timestamp) {
        let ahead = database.as_millisecond() - SystemClock.now().as_millisecond();
        let before = self.0.load(Ordering::Relaxed);
        if (ahead - before).abs() < APART {
            return;
        }
        let moved = if ahead.abs() < APART { 0 } else { ahead };
        if moved != 0 {
            tracing::warn!(
                ahead_ms = moved,
                "this machine's clock differs from the database's, which is used instead: set both by NTP"
            );
        }
        self.0.store(moved, Ordering::Relaxed);
    }
}

impl Clock for SharedClock {
    fn now(&self) -> Timestamp {
        SystemClock.now() + SignedDuration::from_millis(self.0.load(Ordering::Relaxed))
    }

    fn stopwatch(&self) -> Timestamp {
        SystemClock.now()
    }

    fn sleep<'a>(&'a self, duration: Duration) -> Pin<Box<dyn Future<Output = ()> + Send + 'a>> {
        SystemClock.sleep(duration)
    }
}

/// The machine's clock, which prints long waits: without a line, a wait of a minute looks like a hang. Lines
/// go between the progress bars, if there are any.
pub(crate) fn reporting_clock(global: &Global, bars: Option<MultiProgress>) -> Arc<dyn Clock> {
    if global.json { clock() } else { Arc::new(ReportingClock { bars, reported_at: Mutex::default() }) }
}

#[derive(Debug)]
struct ReportingClock {
    bars: Option<MultiProgress>,
    reported_at: Mutex<Option<Timestamp>>,
}

impl ReportingClock {
    /// Whether a wait gets a line: a long one, or the first within a minute. Requests of a sync are some
    /// seconds apart.
    fn is_reported(&self, wait: Duration) -> bool {
        const SHORT: Duration = Duration::from_secs(2);
        const LONG: Duration = Duration::from_secs(30);
        let now = self.now();
        let mut reported_at = self.reported_at.lock().unwrap_or_else(PoisonError::into_inner);
        let is_recent = reported_at.is_some_and(|at| now.duration_since(at) < SignedDuration::from_mins(1));
        let is_reported = wait > LONG || wait > SHORT && !is_recent;
        if is_reported {
            *reported_at = Some(now);
        }
        is_reported
    }
}

impl Clock for ReportingClock {
    fn now(&self) -> Timestamp {
        SystemClock.now()
    }

    fn sleep<'a>(&'a self, duration: Duration) -> Pin<Box<dyn Future<Output = ()> + Send + 'a>> {
        if self.is_reported(duration) {
            let text = format!(
                "waiting {} s before the next request, because of the rate limit or because Lucca requested it",
                duration.as_secs_f64().ceil()
            );
            match &self.bars {
                Some(bars) => bars.suspend(|| crate::output::stderr_line(&text)),
                None => crate::output::stderr_line(&text),
            }
        }
        SystemClock.sleep(duration)
    }
}

/// Waits for Ctrl-C, or for the signal with which services are stopped. Signals count from this call on, not
/// only once the future is polled.
pub(crate) fn shutdown_signal() -> impl Future<Output = Result<(), Failure>> {
    let failed = |error: std::io::Error| Failure::from_error(Exit::Internal, "cli.signal", &error);
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let (interrupt, terminate) = (signal(SignalKind::interrupt()), signal(SignalKind::terminate()));
        async move {
            let (mut interrupt, mut terminate) = (interrupt.map_err(failed)?, terminate.map_err(failed)?);
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
            Ok(())
        }
    }
    #[cfg(not(unix))]
    async move {
        tokio::signal::ctrl_c().await.map_err(failed)
    }
}

/// Cancels `stop` on a signal to end this process. If signals can't be handled, the process can only be
/// killed, which loses no data.
pub(crate) fn cancel_on_shutdown(stop: CancellationToken) -> impl Future<Output = ()> {
    let signal = shutdown_signal();
    async move {
        tokio::select! {
            signalled = signal => {
                if signalled.is_err() {
                    stop.cancelled().await;
                }
            }
            () = stop.cancelled() => {}
        }
        stop.cancel();
    }
}

/// Listens at an address.
pub(crate) async fn listen(address: SocketAddr) -> Result<TcpListener, Failure> {
    TcpListener::bind(address).await.map_err(|error| {
        Failure::usage(
            "cli.listen",
            format!("listening on {address} failed: {error}"),
            "Name a free address with --listen; port 0 selects a free port.",
        )
    })
}

/// The job queue that fits the database.
pub(crate) async fn queue(store: &Store) -> Result<Queue, Failure> {
    Queue::of(store).await.map_err(|error| match error {
        QueueError::NotBuilt => Failure::usage(
            "queue.not_built",
            error.to_string(),
            "Install a released package, build with `cargo build --release --features full`, or use SQLite.",
        ),
        error => Failure::from_error(Exit::Internal, "cli.queue", &error),
    })
}

/// The failure of a command that a signal interrupted.
pub(crate) fn interrupted(what: &str) -> Failure {
    Failure {
        exit: Exit::Interrupted,
        code: "cli.interrupted".to_owned(),
        message: what.to_owned(),
        advice: None,
        causes: Vec::new(),
        details: None,
    }
}

/// Today in the tenants' time zone.
pub(crate) fn today(clock: &dyn Clock) -> Date {
    clock.now().to_zoned(people::tenant_zone()).date()
}

/// The selected account: by id, by tenant, or the only one. An unlinked account is selected only by its id,
/// or if no linked one matches.
pub(crate) async fn account(data: &DataDir, wanted: Option<&str>) -> Result<LinkedAccount, Failure> {
    let accounts = data.store.accounts().await?;
    let tenant = wanted.and_then(|wanted| TenantUrl::parse(wanted, NetworkPolicy::AllowLoopback).ok());
    let matches = |account: &&LinkedAccount| {
        wanted.is_none_or(|wanted| {
            account.id.to_string() == wanted
                || account.tenant == wanted
                || tenant.as_ref().is_some_and(|tenant| tenant.origin() == account.tenant)
        })
    };
    let mut matching: Vec<&LinkedAccount> = accounts.iter().filter(matches).collect();
    if matching.iter().any(|account| account.status != AccountStatus::Unlinked) {
        matching.retain(|account| account.status != AccountStatus::Unlinked);
    }
    let names = |accounts: &mut dyn Iterator<Item = &LinkedAccount>| {
        let names: Vec<String> =
            accounts.map(|account| format!("{} ({})", account.tenant, account.id)).collect();
        names.join(", ")
    };
    match (&matching[..], wanted) {
        ([account], _) => Ok((*account).clone()),
        ([], _) if accounts.is_empty() => Err(no_account()),
        ([], _) => Err(Failure::usage(
            "cli.unknown_account",
            "no linked account has this id or tenant",
            format!("Linked accounts: {}.", names(&mut accounts.iter())),
        )),
        (several, None) => Err(Failure::usage(
            "cli.which_account",
            "several tenants are linked",
            format!("Select one with --account: {}.", names(&mut several.iter().copied())),
        )),
        (several, Some(_)) => Err(Failure::usage(
            "cli.which_account",
            "several accounts are linked to this tenant",
            format!("Select one by its id: {}.", names(&mut several.iter().copied())),
        )),
    }
}

/// Refuses an account that was never synced: an empty result would look like a tenant without records.
pub(crate) async fn refuse_never_synced(store: &Store, account: &LinkedAccount) -> Result<(), Failure> {
    if store.last_change(account.no).await? == 0 {
        return Err(Failure::usage(
            "cli.never_synced",
            format!("{} was never synced", account.tenant),
            "Sync it with `lucca-connector sync`.",
        ));
    }
    Ok(())
}

/// The failure when no tenant is linked.
pub(crate) fn no_account() -> Failure {
    Failure::usage(
        "cli.no_account",
        "no tenant is linked",
        "Link one with `lucca-connector link TENANT_URL`.",
    )
}

/// The rate limit of requests to a tenant, as an option of the commands that send requests.
#[derive(Clone, Copy, Debug, Default, clap::Args)]
pub(crate) struct Pace {
    /// Maximum requests per minute to the tenant; with 0, the connector sets no limit [default: 40]
    #[arg(long, value_name = "N")]
    pub(crate) requests_per_minute: Option<u32>,
}

impl Pace {
    /// No limit: requests as fast as the tenant answers.
    pub(crate) const UNLIMITED: Self = Self { requests_per_minute: Some(0) };
}

/// The hosts that may be called. Every command applies the option, also to tenants that are linked already.
#[derive(Clone, Copy, Debug, clap::Args)]
pub(crate) struct Hosts {
    /// Allow tenants and services on this machine: for development only
    #[arg(
        long,
        global = true,
        env = "LUCCA_CONNECTOR_ALLOW_LOOPBACK",
        hide_env_values = true,
        value_parser = BoolishValueParser::new()
    )]
    pub(crate) allow_loopback: bool,
}

impl Hosts {
    pub(crate) fn policy(self) -> NetworkPolicy {
        if self.allow_loopback { NetworkPolicy::AllowLoopback } else { NetworkPolicy::PublicOnly }
    }
}

/// Creates this process's clients of tenants, with this clock.
fn tenants(data: Option<&DataDir>, clock: &Arc<dyn Clock>) -> Tenants {
    let hosts = data.map_or(NetworkPolicy::PublicOnly, |data| data.hosts);
    Tenants::new(data.map(|data| data.store.clone()), hosts, Arc::clone(clock), crate::entropy::source())
}

/// A client for a tenant; its requests count for all processes that share the database.
pub(crate) async fn client(
    data: Option<&DataDir>,
    tenant: TenantUrl,
    key: ApiKey,
    pace: Pace,
    clock: &Arc<dyn Clock>,
) -> Result<Client, Failure> {
    Ok(tenants(data, clock).client(tenant, key, pace.requests_per_minute).await?)
}

/// A client for a linked account, at the given rate or the one it was linked with.
pub(crate) async fn account_client(
    data: &DataDir,
    account: &LinkedAccount,
    pace: Pace,
    clock: &Arc<dyn Clock>,
) -> Result<Client, Failure> {
    Ok(tenants(Some(data), clock).client_of(account, &data.vault, pace.requests_per_minute).await?)
}

/// The dependencies of syncs in every command.
pub(crate) fn services(data: &DataDir, clock: &Arc<dyn Clock>) -> Services {
    Services {
        store: data.store.clone(),
        vault: Arc::clone(&data.vault),
        clock: Arc::clone(clock),
        entropy: crate::entropy::source(),
        tenants: tenants(Some(data), clock),
        holder: Holder { name: crate::holder::this_process(), has_ended: crate::holder::has_ended },
    }
}

/// Stores a tenant and its key: links it, or relinks it under its present id.
pub(crate) async fn keep_link(
    data: &DataDir,
    (tenant, origin): (&str, &str),
    key: &ApiKey,
    settings: &AccountSettings,
    clock: &dyn Clock,
) -> Result<LinkedAccount, Failure> {
    let at = clock.now();
    let new = NewAccount {
        target: match data.store.account_by_tenant(tenant).await? {
            Some(account) => LinkTarget::Relink(account.id),
            None => LinkTarget::New(AccountId::mint(at, crate::entropy::bytes()?)),
        },
        tenant,
        origin,
        api_key: &SecretString::from(key.expose()),
        settings,
        actor: Actor::Cli,
        at,
        nonce: crate::entropy::bytes()?,
    };
    Ok(data.store.link_account(&data.vault, new).await?)
}
