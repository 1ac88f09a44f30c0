//! The binary from outside: its arguments, output and exit codes, against the emulated tenant over loopback.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod bad_input;
mod demo;
mod floors;
mod help;
mod journey;
mod secrecy;

use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

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
        assert_eq!(self.code, 0, "{} {}", self.out, self.err);
        self.json()
    }
}

/// Runs the binary with a data directory, something on its standard input, and tracing at its loudest.
pub(crate) fn run_with(data_dir: &Path, arguments: &[&str], input: &str) -> Ran {
    let mut child = Command::new(env!("CARGO_BIN_EXE_lucca-connector"))
        .arg("--data-dir")
        .arg(data_dir)
        .args(arguments)
        .env("LUCCA_CONNECTOR_LOG", "trace")
        .env_remove("LUCCA_CONNECTOR_ALLOW_LOOPBACK")
        .env_remove("DATABASE_URL")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A command that reads no input may be gone already.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let Output { status, stdout, stderr } = child.wait_with_output().unwrap();
    Ran {
        code: status.code().unwrap(),
        out: String::from_utf8(stdout).unwrap(),
        err: String::from_utf8(stderr).unwrap(),
    }
}

/// Runs the binary with nothing on its standard input.
pub(crate) fn run(data_dir: &Path, arguments: &[&str]) -> Ran {
    run_with(data_dir, arguments, "")
}
