//! The project's own commands: `cargo xtask test` runs everything that CI runs.

mod postgres;

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

/// Names a PostgreSQL server whose databases tests may create and drop. Without it one is started.
const TEST_DATABASE_URL: &str = "TEST_DATABASE_URL";

/// Runs every step even if one fails, so that one round shows everything there is to mend.
fn test() -> ExitCode {
    let postgres = match given(TEST_DATABASE_URL) {
        Some(_) => None,
        None => match postgres::Postgres::start() {
            Ok(postgres) => Some(postgres),
            Err(reason) => {
                say(&reason);
                return ExitCode::FAILURE;
            }
        },
    };
    let url = postgres.as_ref().map(postgres::Postgres::url);
    let steps: [(&str, &[&str]); 3] = [
        ("format", &["fmt", "--all", "--check"]),
        ("clippy", &["clippy", "--locked", "--workspace", "--all-targets", "--", "--deny", "warnings"]),
        ("tests", &["test", "--locked", "--workspace", "--no-fail-fast"]),
    ];
    let outcomes = steps.map(|(name, arguments)| (name, cargo(name, arguments, url.as_deref())));
    say("");
    for (name, (passed, took)) in outcomes {
        let word = if passed { "passed" } else { "FAILED" };
        say(&format!("{word}  {name} ({} s)", took.as_secs()));
    }
    let failed = outcomes.iter().filter(|(_, (passed, _))| !passed).count();
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

#[expect(clippy::disallowed_methods, reason = "a build tool that tells how long its steps took")]
fn cargo(name: &str, arguments: &[&str], database: Option<&str>) -> (bool, Duration) {
    say(&format!("== {name}: cargo {}", arguments.join(" ")));
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let began = Instant::now();
    let mut command = Command::new(cargo);
    command.args(arguments).envs(database.map(|url| (TEST_DATABASE_URL, url)));
    let passed = match command.status() {
        Ok(status) => status.success(),
        Err(error) => {
            say(&format!("cargo could not be started: {error}"));
            false
        }
    };
    (passed, began.elapsed())
}

#[expect(clippy::disallowed_methods, reason = "a build tool may be told things by its environment")]
fn given(variable: &str) -> Option<String> {
    std::env::var(variable).ok().filter(|value| !value.is_empty())
}

#[expect(clippy::print_stdout, reason = "a command-line tool")]
fn say(line: &str) {
    println!("{line}");
}
