//! The steps of `cargo xtask test` and `cargo xtask check`. A failed step does not stop the others, so that one
//! run shows every failure.

use std::process::{Command, ExitCode};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::debian::run;
use crate::suite::{self, Compiler, TestTime};
use crate::tools::{self, Selection};
use crate::{
    TEST_DATABASE_URL, browser, cargo, dist, instructions, open_postgres, postgres, print_line, root, target,
    upgrade,
};

/// All features that are shipped: tests run with them, so that each crate is built once.
pub(crate) const FULL: [&str; 2] = ["--features", "lucca-connector/full"];

/// A fleet that is small enough for every day: it simulates minutes in a minute and a half.
const SMALL_FLEET: [&str; 12] = [
    "fleet",
    "--tenants",
    "40",
    "--people",
    "5",
    "--workers",
    "2",
    "--minutes",
    "4",
    "--speed",
    "15",
    "--untimed",
];

/// How many of the slowest tests are listed.
const SLOWEST: usize = 10;

struct Step {
    name: &'static str,
    passed: bool,
    took: Duration,
}

/// The steps that ran, and the tests among them.
#[derive(Default)]
struct Report {
    steps: Mutex<Vec<Step>>,
    tests: Mutex<Vec<TestTime>>,
}

impl Report {
    #[expect(clippy::disallowed_methods, reason = "a build tool reports how long its steps took")]
    fn step(&self, name: &'static str, step: impl FnOnce() -> Result<(), String>) -> bool {
        let began = Instant::now();
        let outcome = step();
        if let Err(reason) = &outcome {
            print_line(&format!("{name}: {reason}"));
        }
        let (passed, took) = (outcome.is_ok(), began.elapsed());
        print_line(&format!("== {name}: {} in {} s", word(passed), took.as_secs()));
        lock(&self.steps).push(Step { name, passed, took });
        passed
    }

    fn show(self) -> ExitCode {
        let (mut steps, mut tests) = (lock(&self.steps), lock(&self.tests));
        tests.sort_by_key(|test| std::cmp::Reverse(test.took));
        print_line("\nslowest tests");
        for TestTime { name, took } in tests.iter().take(SLOWEST) {
            print_line(&format!("{:>7.1} s  {name}", took.as_secs_f64()));
        }
        print_line("\nsteps, slowest first");
        steps.sort_by_key(|step| std::cmp::Reverse(step.took));
        for Step { name, passed, took } in steps.iter() {
            print_line(&format!("{:>7} s  {}  {name}", took.as_secs(), word(*passed)));
        }
        if steps.iter().all(|step| step.passed) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }
}

/// A panic of another lane does not invalidate the results it recorded.
fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

fn word(passed: bool) -> &'static str {
    if passed { "passed" } else { "FAILED" }
}

fn run_cargo(name: &str, arguments: &[&str], database: Option<&str>) -> Result<(), String> {
    if cargo(name, arguments, database).0 { Ok(()) } else { Err("cargo failed".to_owned()) }
}

fn format() -> Result<(), String> {
    run_cargo("format", &["fmt", "--all", "--check"], None)
}

fn clippy() -> Result<(), String> {
    let all = ["clippy", "--locked", "--workspace", "--all-targets"];
    run_cargo("clippy", &[&all[..], &FULL, &["--", "--deny", "warnings"]].concat(), None)
}

/// Every program and test once, with the shipped features: another selection of crates would be built again.
const EVERYTHING: [&str; 3] = ["--locked", "--workspace", "--all-targets"];

pub(crate) fn build() -> Result<(), String> {
    run_cargo("build", &[&["build"][..], &EVERYTHING, &FULL].concat(), None)
}

/// Builds every program and test with Clippy as the compiler, so that each crate is compiled once for its lints
/// and for its tests. Returns the number of warnings.
fn build_with_lints() -> Result<usize, String> {
    suite::build_with_lints(&[&["build"][..], &EVERYTHING, &FULL].concat())
}

/// Runs the tests that guard a change; with `runs_all` also those that guard a release.
pub(crate) fn test(runs_all: bool) -> ExitCode {
    let postgres = match open_postgres() {
        Ok(postgres) => postgres,
        Err(code) => return code,
    };
    let url = postgres.as_ref().map(postgres::Postgres::url);
    let url = url.as_deref();
    let selection = if runs_all { Selection::Release } else { Selection::Change };
    let report = Report::default();
    report.step("format", format);
    let is_built = std::thread::scope(|scope| {
        // Downloads run while the compiler works.
        let prepared = scope.spawn(|| (browser::prepare(), tools::prepare(selection)));
        let mut warnings = 0;
        let is_built = report.step("build", || build_with_lints().map(|found| warnings = found));
        report.step("clippy", || match warnings {
            0 => Ok(()),
            found => Err(format!("{found} warnings, printed above")),
        });
        let (for_browser, for_tools) = prepared.join().unwrap_or_else(|_| {
            let reason = || "the preparation failed".to_owned();
            (Err(reason()), Err(reason()))
        });
        is_built.then_some((for_browser, for_tools))
    });
    if let Some((for_browser, for_tools)) = is_built {
        // Two lanes: neither keeps two cores busy alone.
        std::thread::scope(|scope| {
            let report = &report;
            scope.spawn(move || {
                report.step("browser", || browser::run_tests(for_browser?, &[]));
                report.step("tools", || tools::run_tests(for_tools?));
            });
            report.step("tests", || run_tests(&[], &[], url, &report.tests));
            let documentation = ["test", "--locked", "--workspace", "--doc"];
            report.step("documentation", || {
                run(Compiler::Clippy.cargo(&documentation).args(FULL), "cargo test --doc")
            });
            report.step("chaos", || run_tests(&["--test", "rounds"], &["--ignored"], url, &report.tests));
        });
        if runs_all {
            let long = ["--ignored", "--skip", "upgrade::", "--skip", "rounds"];
            report.step("long tests", || run_tests(&[], &long, url, &report.tests));
            report.step("fleet", || fleet(url));
            report.step("upgrade", || upgrade::test(url));
            report.step("dist", || dist::run("dev"));
            report.step("instructions", || instructions::guard(false));
        }
    }
    report.show()
}

fn run_tests(
    selection: &[&str],
    arguments: &[&str],
    database: Option<&str>,
    times: &Mutex<Vec<TestTime>>,
) -> Result<(), String> {
    let selection = [&["--locked", "--workspace"][..], &FULL, selection].concat();
    run_binaries(&suite::build(Compiler::Clippy, &selection)?, arguments, database, times)
}

fn run_binaries(
    binaries: &[suite::Binary],
    arguments: &[&str],
    database: Option<&str>,
    times: &Mutex<Vec<TestTime>>,
) -> Result<(), String> {
    let suite::Outcome { failed, times: took } = suite::run(binaries, arguments, database);
    lock(times).extend(took);
    if failed.is_empty() { Ok(()) } else { Err(failed.join(", ")) }
}

/// Runs a small fleet of the built programs.
fn fleet(database: Option<&str>) -> Result<(), String> {
    run(
        Command::new(target()?.join("debug/chaos"))
            .args(SMALL_FLEET)
            .envs(database.map(|url| (TEST_DATABASE_URL, url))),
        "the fleet",
    )
}

/// Runs format, clippy, and the unit tests of the changed crates: for after each edit.
pub(crate) fn check() -> ExitCode {
    let report = Report::default();
    report.step("format", format);
    report.step("clippy", clippy);
    report.step("unit tests", || {
        let changed = suite::changed_crates(&root()?)?;
        let mut binaries = suite::build(
            Compiler::Rustc,
            &[&["--locked", "--workspace", "--lib", "--bins"][..], &FULL].concat(),
        )?;
        binaries.retain(|binary| changed.contains(&binary.package));
        run_binaries(&binaries, &[], None, &report.tests)
    });
    report.show()
}
