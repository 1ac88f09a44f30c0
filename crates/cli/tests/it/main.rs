//! The binary from outside: its arguments, output and exit codes, against the emulated tenant over loopback.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod absences;
mod airbyte;
mod asked;
mod bad_input;
mod canary;
mod changes;
mod database;
mod demo;
mod doctor;
mod export;
mod floors;
mod hardening;
mod help;
mod history;
mod holds;
mod journey;
mod least_data;
mod lucca_citations;
mod manual;
mod operations;
mod persons;
mod previous_database;
mod removal;
mod runs;
mod secrecy;
mod singer;
mod streams;
mod unlinking;
mod upgrade;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use jiff::civil::Date;
use lucca_emulator::{Config, Emulator};
use serde_json::Value;

/// A run of the binary.
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ran {
    /// The one JSON document on standard output.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error} in {:?}", self.out))
    }

    /// The same, after checking that all went well.
    pub(crate) fn ok_json(&self) -> Value {
        self.ok();
        self.json()
    }

    /// Checks that all went well.
    pub(crate) fn ok(&self) {
        assert_eq!(self.code, 0, "{} {}", self.out, self.err);
    }
}

/// The binary to test.
pub(crate) fn this_version() -> PathBuf {
    PathBuf::from(env!("CARGO_BIN_EXE_lucca-connector"))
}

/// The binary, about to run with a data directory, and tracing at its loudest.
pub(crate) fn command(data_dir: &Path, arguments: &[&str]) -> Command {
    command_of(&this_version(), data_dir, arguments)
}

/// A binary of some version, about to run so.
pub(crate) fn command_of(version: &Path, data_dir: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(version);
    command
        .arg("--data-dir")
        .arg(data_dir)
        .args(arguments)
        .env("LUCCA_CONNECTOR_LOG", "trace")
        .env("LUCCA_CONNECTOR_ALLOW_LOOPBACK", "true")
        .env_remove("DATABASE_URL")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// Waits for the binary to end.
pub(crate) fn ended(child: Child) -> Ran {
    let Output { status, stdout, stderr } = child.wait_with_output().unwrap();
    Ran {
        code: status.code().unwrap(),
        out: String::from_utf8(stdout).unwrap(),
        err: String::from_utf8(stderr).unwrap(),
    }
}

/// Runs the binary with a data directory and something on its standard input.
pub(crate) fn run_with(data_dir: &Path, arguments: &[&str], input: &str) -> Ran {
    let mut child = command(data_dir, arguments).spawn().unwrap();
    // A command that reads no input may be gone already.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    ended(child)
}

/// Runs the binary with nothing on its standard input.
pub(crate) fn run(data_dir: &Path, arguments: &[&str]) -> Ran {
    run_with(data_dir, arguments, "")
}

/// The tenant's day on which the binary runs.
#[expect(
    clippy::disallowed_methods,
    reason = "the binary reads the machine's clock, and the tenant must not differ"
)]
pub(crate) fn today() -> Date {
    jiff::Timestamp::now().to_zoned(people::tenant_zone()).date()
}

/// A tenant without a limit of requests, whose clock stands still this morning.
pub(crate) async fn emulator(employees: u32) -> Emulator {
    let mut config = Config::new(employees, 5, today());
    config.switches.rate_limit = None;
    Emulator::start(config).await.unwrap()
}

/// Links a tenant, without a limit of ours either.
pub(crate) fn link(dir: &Path, emulator: &Emulator, more: &[&str]) -> Ran {
    let url = emulator.url();
    let mut arguments =
        vec!["link", &url, "--key-stdin", "--allow-loopback", "--requests-per-minute", "0", "--json"];
    arguments.extend(more);
    run_with(dir, &arguments, &format!("{}\n", emulator.api_key()))
}
