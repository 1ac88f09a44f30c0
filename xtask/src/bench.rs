//! Measures a first sync, a sync without changes and a full sync of an emulated tenant, on SQLite and on
//! PostgreSQL. Prints figures for people to compare; asserts nothing.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::postgres::Postgres;
use crate::print_line;

/// The cost of one command.
struct Cost {
    wall: Duration,
    /// User and system time.
    cpu: Duration,
    /// Largest resident set.
    peak_kib: u64,
    requests: u64,
    records: u64,
}

/// Runs the benchmark with a tenant of `employees` employees.
pub(crate) fn run(binary: &Path, employees: u32, postgres: Option<&Postgres>) -> Result<(), String> {
    let tenant = Tenant::start(binary, employees)?;
    print_line(&format!(
        "{employees} employees and their absences, emulated on this machine, without a rate limit\n"
    ));
    print_line(
        "| database | sync | requests | records read | wall s | CPU s | CPU of the first | peak MiB |",
    );
    print_line("|---|---|---|---|---|---|---|---|");
    let databases = [("SQLite", None), ("PostgreSQL", postgres.map(Postgres::url))];
    for (database, url) in databases {
        if database != "SQLite" && url.is_none() {
            continue;
        }
        let dir = TempDir::new(database)?;
        let connector = Connector { binary, data: &dir.0, database: url.as_deref() };
        connector.link(&tenant)?;
        let mut first = None;
        for (name, arguments) in
            [("first", &["sync"][..]), ("no changes", &["sync"]), ("full", &["sync", "--full"])]
        {
            let cost = connector.measure(arguments)?;
            let cpu = cost.cpu.as_secs_f64();
            let share = 100.0 * cpu / *first.get_or_insert(cpu);
            print_line(&format!(
                "| {database} | {name} | {} | {} | {:.2} | {cpu:.2} | {share:.1} % | {} |",
                cost.requests,
                cost.records,
                cost.wall.as_secs_f64(),
                cost.peak_kib / 1024
            ));
        }
    }
    Ok(())
}

/// An emulated tenant in a process of its own. Dropping it ends the process.
pub(crate) struct Tenant {
    process: Child,
    url: String,
    key: String,
}

impl Tenant {
    pub(crate) fn start(binary: &Path, employees: u32) -> Result<Self, String> {
        let mut process = Command::new(binary)
            .args(["emulator", "--json", "--seed", "7", "--rate-limit", "0"])
            .args(["--listen", "127.0.0.1:0", "--control", "127.0.0.1:0"])
            .args(["--employees", &employees.to_string()])
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("starting the emulated tenant failed: {error}"))?;
        let mut line = String::new();
        let stdout = process.stdout.take().ok_or("the emulated tenant printed no output")?;
        BufReader::new(stdout).read_line(&mut line).map_err(|error| error.to_string())?;
        let started: Value = serde_json::from_str(&line).map_err(|error| error.to_string())?;
        let text = |name: &str| started[name].as_str().unwrap_or_default().to_owned();
        Ok(Self { process, url: text("url"), key: text("api_key") })
    }
}

impl Drop for Tenant {
    fn drop(&mut self) {
        // The process may have exited already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The connector with its data directory and database.
pub(crate) struct Connector<'a> {
    pub(crate) binary: &'a Path,
    pub(crate) data: &'a Path,
    pub(crate) database: Option<&'a str>,
}

impl Connector<'_> {
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(self.binary);
        command.arg("--data-dir").arg(self.data).args(arguments).arg("--json").stdout(Stdio::piped());
        command.env("LUCCA_CONNECTOR_ALLOW_LOOPBACK", "true");
        command.envs(self.database.map(|url| ("DATABASE_URL", url)));
        command
    }

    pub(crate) fn link(&self, tenant: &Tenant) -> Result<(), String> {
        let arguments =
            ["link", &tenant.url, "--allow-loopback", "--key-stdin", "--requests-per-minute", "0"];
        let mut process =
            self.command(&arguments).stdin(Stdio::piped()).spawn().map_err(|error| error.to_string())?;
        if let Some(mut stdin) = process.stdin.take() {
            stdin.write_all(tenant.key.as_bytes()).map_err(|error| error.to_string())?;
        }
        let output = process.wait_with_output().map_err(|error| error.to_string())?;
        if output.status.success() { Ok(()) } else { Err("linking the emulated tenant failed".to_owned()) }
    }

    #[expect(clippy::disallowed_methods, reason = "a benchmark measures time")]
    fn measure(&self, arguments: &[&str]) -> Result<Cost, String> {
        let (began, cpu_before) = (Instant::now(), children_cpu());
        let process = self.command(arguments).spawn().map_err(|error| error.to_string())?;
        let status = PathBuf::from(format!("/proc/{}/status", process.id()));
        let watched = std::thread::spawn(move || peak_of(&status));
        let output = process.wait_with_output().map_err(|error| error.to_string())?;
        let wall = began.elapsed();
        let cpu = children_cpu().saturating_sub(cpu_before);
        let peak_kib = watched.join().unwrap_or(0);
        if !output.status.success() {
            return Err(format!("{} failed", arguments.join(" ")));
        }
        let report: Value = serde_json::from_slice(&output.stdout).map_err(|error| error.to_string())?;
        let requests = sum(report.get("requests"), &|count| count.as_u64());
        let records = records_read(&report);
        Ok(Cost { wall, cpu, peak_kib, requests, records })
    }
}

/// The number of records that a sync read, from its report.
pub(crate) fn records_read(report: &Value) -> u64 {
    sum(report.get("streams"), &|stream| stream["read"].as_u64())
}

fn sum(values: Option<&Value>, of: &dyn Fn(&Value) -> Option<u64>) -> u64 {
    let each = |value: &Value| of(value).unwrap_or(0);
    match values {
        Some(Value::Array(list)) => list.iter().map(each).sum(),
        Some(Value::Object(map)) => map.values().map(each).sum(),
        _ => 0,
    }
}

/// User and system time of all children that have been waited for.
fn children_cpu() -> Duration {
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // The second field is the program's name in parentheses; the sixteenth and seventeenth are the children's
    // times.
    let fields = stat.rsplit_once(')').map(|(_, rest)| rest.split_ascii_whitespace()).into_iter().flatten();
    let ticks: u64 = fields.skip(13).take(2).filter_map(|field| field.parse::<u64>().ok()).sum();
    // A tick is a hundredth of a second on every Linux that matters here.
    Duration::from_millis(ticks * 10)
}

/// The largest resident set of a process, in KiB, polled until it exits.
#[expect(clippy::disallowed_methods, reason = "a benchmark watches another program")]
fn peak_of(status: &Path) -> u64 {
    let mut peak = 0;
    while let Ok(text) = fs::read_to_string(status) {
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let Some(kib) = line.and_then(|line| line.split_ascii_whitespace().next()?.parse::<u64>().ok())
        else {
            break;
        };
        peak = peak.max(kib);
        std::thread::sleep(Duration::from_millis(10));
    }
    peak
}

/// A temporary folder; dropping it deletes it.
pub(crate) struct TempDir(PathBuf);

impl TempDir {
    pub(crate) fn new(name: &str) -> Result<Self, String> {
        let path = std::env::temp_dir().join(format!("lucca-connector-bench-{name}-{}", std::process::id()));
        fs::create_dir_all(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        Ok(Self(path))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for TempDir {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
