//! The small deployment: `lucca-connector serve` itself, one process on SQLite, linked to hundreds of tenants
//! with few changes, in real time. Reads memory and processor time from the kernel, so other load on the
//! machine hardly matters.

use std::fmt;
use std::io::Write as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use lucca_emulator::Fleet;
use net::clock::Clock;
use serde::Serialize;
use sqlx::SqlitePool;
use sqlx::sqlite::SqliteConnectOptions;
use store::Store;

use super::FleetOptions;
use super::clock::{FleetClock, real_now};

/// Interval between two measurements.
const EVERY: Duration = Duration::from_secs(5);

/// The resources that one process used.
#[derive(Clone, Debug, Serialize)]
pub struct ResourceUse {
    /// Seconds from the first measurement until every account had been read once.
    pub first_syncs_s: f64,
    /// Peak resident memory during the first syncs, in bytes.
    pub first_most_bytes: u64,
    /// Peak resident memory afterwards, in bytes.
    pub idle_most_bytes: u64,
    /// Processor time afterwards, in percent of one core.
    pub idle_core_percent: f64,
    /// Number of syncs afterwards.
    pub idle_syncs: i64,
    /// Minutes measured afterwards.
    pub minutes: f64,
}

impl fmt::Display for ResourceUse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mebibytes = |bytes: u64| bytes as f64 / f64::from(1 << 20);
        writeln!(
            f,
            "every account was read once after {:.0} s, with at most {:.0} MiB",
            self.first_syncs_s,
            mebibytes(self.first_most_bytes)
        )?;
        write!(
            f,
            "then, in {:.1} minutes: {} syncs, at most {:.0} MiB, {:.1} % of a core",
            self.minutes,
            self.idle_syncs,
            mebibytes(self.idle_most_bytes),
            self.idle_core_percent
        )
    }
}

/// Links `wanted.tenants` accounts with the program `binary`, serves them, and measures the process for
/// `wanted.minutes` once every account was read.
///
/// # Errors
///
/// The reason why it could not be measured.
pub async fn embedded(
    wanted: &FleetOptions,
    binary: &Path,
    log_line: &dyn Fn(&str),
) -> Result<ResourceUse, String> {
    let text = |error: &dyn fmt::Display| error.to_string();
    let clock = FleetClock::set(real_now(), 1.0);
    let today = clock.now().to_zoned(people::tenant_zone()).date();
    let fleet = Fleet::start(wanted.tenants, wanted.people, wanted.seed, today);
    let fleet = fleet.await.map_err(|error| text(&error))?;
    log_line(&format!("{} tenants of {} employees each", fleet.len(), wanted.people));
    let dir = tempfile::tempdir().map_err(|error| text(&error))?;
    for n in (0..u16::MAX).take(fleet.len()) {
        // Linking sends requests to the tenants, which this process serves.
        tokio::task::block_in_place(|| link(binary, dir.path(), &fleet.url(n), fleet.api_key()))?;
        if n % 100 == 99 {
            log_line(&format!("{} tenants are linked", n + 1));
        }
    }
    let mut serve = Serve::start(binary, dir.path())?;
    let file = dir.path().join("connector.db");
    let store = Store::open(&file).await.map_err(|error| text(&error))?;
    let options = SqliteConnectOptions::new().filename(&file).read_only(true);
    let tables = SqlitePool::connect_with(options).await.map_err(|error| text(&error))?;
    let began = clock.now();
    let mut first_most_bytes = 0;
    loop {
        clock.sleep(EVERY).await;
        first_most_bytes = first_most_bytes.max(serve.usage()?.resident_bytes);
        let vitals = store.vitals(clock.now()).await.map_err(|error| text(&error))?;
        if vitals.never_read == 0 && vitals.waiting.accounts == 0 {
            break;
        }
    }
    let first_syncs_s = clock.now().duration_since(began).as_secs_f64();
    log_line(&format!("every account was read once after {first_syncs_s:.0} s"));
    let (since, before, runs) = (clock.now(), serve.usage()?, runs(&tables).await?);
    let mut idle_most_bytes = 0;
    let mut passed = Duration::ZERO;
    while passed < wanted.lasts() {
        clock.sleep(EVERY).await;
        idle_most_bytes = idle_most_bytes.max(serve.usage()?.resident_bytes);
        passed = clock.now().duration_since(since).unsigned_abs();
    }
    let used = serve.usage()?.processor.saturating_sub(before.processor);
    Ok(ResourceUse {
        first_syncs_s,
        first_most_bytes,
        idle_most_bytes,
        idle_core_percent: used.as_secs_f64() * 100.0 / passed.as_secs_f64(),
        idle_syncs: self::runs(&tables).await? - runs,
        minutes: passed.as_secs_f64() / 60.0,
    })
}

async fn runs(tables: &SqlitePool) -> Result<i64, String> {
    sqlx::query_scalar("SELECT count(*) FROM runs").fetch_one(tables).await.map_err(|error| error.to_string())
}

fn link(binary: &Path, dir: &Path, url: &str, key: &str) -> Result<(), String> {
    let failed = |error: std::io::Error| format!("{}: {error}", binary.display());
    let mut child = Command::new(binary)
        .args(["link", url, "--key-stdin", "--allow-loopback", "--data-dir"])
        .arg(dir)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .map_err(failed)?;
    if let Some(stdin) = &mut child.stdin {
        writeln!(stdin, "{key}").map_err(failed)?;
    }
    let status = child.wait().map_err(failed)?;
    if status.success() { Ok(()) } else { Err(format!("could not link a tenant: {status}")) }
}

/// The running service; dropping it kills the process.
struct Serve(Child);

/// The resources that a process has used so far.
struct Usage {
    processor: Duration,
    resident_bytes: u64,
}

impl Serve {
    fn start(binary: &Path, dir: &Path) -> Result<Self, String> {
        let started = Command::new(binary)
            .args(["serve", "--allow-loopback", "--listen", "127.0.0.1:0", "--data-dir"])
            .arg(dir)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn();
        started.map(Self).map_err(|error| format!("{}: {error}", binary.display()))
    }

    fn usage(&mut self) -> Result<Usage, String> {
        if let Some(status) = self.0.try_wait().map_err(|error| error.to_string())? {
            return Err(format!("the service exited: {status}"));
        }
        let file = format!("/proc/{}/stat", self.0.id());
        let stat = std::fs::read_to_string(&file).map_err(|error| format!("{file}: {error}"))?;
        // The second field, the name, may contain anything; after it the processor times are the 12th and
        // 13th, memory the 22nd: proc_pid_stat(5).
        let fields: Vec<&str> = stat.rsplit(") ").next().unwrap_or_default().split(' ').collect();
        let number = |at: usize| fields.get(at).and_then(|field| field.parse::<u64>().ok());
        let (user, system, pages) = number(11)
            .zip(number(12))
            .zip(number(21))
            .map(|((user, system), pages)| (user, system, pages))
            .ok_or_else(|| format!("could not parse {file}: its format is not the documented one"))?;
        Ok(Usage {
            processor: Duration::from_secs_f64(
                (user + system) as f64 / rustix::param::clock_ticks_per_second() as f64,
            ),
            resident_bytes: pages * rustix::param::page_size() as u64,
        })
    }
}

impl Drop for Serve {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
