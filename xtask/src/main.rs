//! The project's own commands: `cargo xtask test` runs everything that CI runs.

use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

const USAGE: &str = "usage: cargo xtask test

  test    format, clippy with warnings denied, and all tests: what CI runs";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["test"] => test(),
        _ => {
            say(USAGE);
            ExitCode::from(2)
        }
    }
}

/// Runs every step even if one fails, so that one round shows everything there is to mend.
fn test() -> ExitCode {
    let steps: [(&str, &[&str]); 3] = [
        ("format", &["fmt", "--all", "--check"]),
        ("clippy", &["clippy", "--locked", "--workspace", "--all-targets", "--", "--deny", "warnings"]),
        ("tests", &["test", "--locked", "--workspace", "--no-fail-fast"]),
    ];
    let outcomes = steps.map(|(name, arguments)| (name, cargo(name, arguments)));
    say("");
    for (name, (passed, took)) in outcomes {
        let word = if passed { "passed" } else { "FAILED" };
        say(&format!("{word}  {name} ({} s)", took.as_secs()));
    }
    let failed = outcomes.iter().filter(|(_, (passed, _))| !passed).count();
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

#[expect(clippy::disallowed_methods, reason = "a build tool that tells how long its steps took")]
fn cargo(name: &str, arguments: &[&str]) -> (bool, Duration) {
    say(&format!("== {name}: cargo {}", arguments.join(" ")));
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let began = Instant::now();
    let passed = match Command::new(cargo).args(arguments).status() {
        Ok(status) => status.success(),
        Err(error) => {
            say(&format!("cargo could not be started: {error}"));
            false
        }
    };
    (passed, began.elapsed())
}

#[expect(clippy::print_stdout, reason = "a command-line tool")]
fn say(line: &str) {
    println!("{line}");
}
