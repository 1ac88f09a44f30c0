//! The project's own commands: `cargo xtask test` runs every step of CI, `cargo xtask chaos` injects faults
//! into the sync engine, `cargo xtask bench` measures the cost of a sync.

mod bench;
mod browser;
mod debian;
mod dist;
mod fixture;
mod instructions;
mod node;
mod postgres;
mod steps;
mod suite;
mod tools;
mod upgrade;

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

use tools::Selection;

const USAGE: &str = "usage: cargo xtask check
       cargo xtask test [--all]
       cargo xtask test browser [FILE]...
       cargo xtask test tools [--all | TOOL...]
       cargo xtask test upgrade
       cargo xtask dist [--profile NAME]
       cargo xtask instructions [--write]
       cargo xtask fixture
       cargo xtask bench [--employees N]
       cargo xtask fleet [--tenants N] [--people N] [--workers N] [--minutes N] [--speed X] [--seed S] [--calm]
                         [--untimed] [--beside CHAOS] [--database URL]
       cargo xtask fleet --backlog [--tenants N] [--people N] [--seed S] [--database URL]
       cargo xtask fleet --embedded [--tenants N] [--people N] [--minutes N] [--seed S]
       cargo xtask chaos [--rounds N] [--histories N] [--seed S] [--stop] [--database URL]

  check   Run format, clippy, and the unit tests of the crates with uncommitted changes: after each edit
  test    Run every step of CI: format, clippy without a warning, all tests, a short chaos test, the browser tests and
          the tests with third-party tools. --all: also run the tests that take minutes, a small fleet, the previous
          version beside this one, and the packages: before a release. browser: run only the browser tests, or only the
          named files, such as `widget`. tools: run only the tests with third-party tools that `test` runs, with --all
          those that `test --all` runs, or only the named ones, such as `singer`. upgrade: run only the tests of the previous version
  dist    Pack the release packages into target/dist, and start the packed binary as an unprivileged user. --profile dev:
          pack the binary that was built for tests, which only checks that packing works
  fixture  Regenerate the databases of the previous version that the tests open, after that version has changed
  instructions  Count the instructions of a first sync by their purpose, and compare them with the figures in docs/design; a
          rise of more than 3 % fails. --write: replace the figures
  bench   Measure a first sync, a sync without changes, and a full sync
  chaos   --rounds: kill and pause syncs and send them wrong answers, on SQLite and PostgreSQL in turn; then compare the
          stored records with the tenant's. --histories: compare random histories of small tenants with a plain model.
          Prints the seed of each failure; --stop stops at the first one. --database: use this PostgreSQL server instead
          of starting one
  fleet   Run 10,000 linked accounts and four workers on PostgreSQL for an hour of a simulated clock, and kill and pause
          workers meanwhile; report how late syncs begin, and check that no data was lost. --speed: simulated seconds per
          real second. --calm: kill no worker. --untimed: report how late syncs begin, without a limit. --beside: run every
          second worker with another version, by the path of its program `chaos`. --backlog: measure how fast 1, 2 and 4
          workers are if every account is due for the first time at once. --embedded: measure memory and processor time of
          one `serve` on SQLite, in real time";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["check"] => steps::check(),
        ["test"] => steps::test(false),
        ["test", "--all"] => steps::test(true),
        ["test", "browser", ref files @ ..] => exit(browser(files)),
        ["test", "tools"] => exit(tools(Selection::Change)),
        ["test", "tools", "--all"] => exit(tools(Selection::Release)),
        ["test", "tools", ref names @ ..] => exit(tools(Selection::Named(names))),
        ["test", "upgrade"] => upgrade(),
        ["dist"] => exit(dist::run(dist::SHIPPED)),
        ["dist", "--profile", profile @ ("dev" | "release" | dist::SHIPPED)] => exit(dist::run(profile)),
        ["fixture"] => exit(fixture::make()),
        ["instructions"] => exit(instructions::guard(false)),
        ["instructions", "--write"] => exit(instructions::guard(true)),
        ["bench"] => bench("20000"),
        ["bench", "--employees", employees] => bench(employees),
        ["chaos", ref arguments @ ..] if !arguments.is_empty() => chaos(arguments),
        ["fleet", "--embedded", ref arguments @ ..] => embedded(arguments),
        ["fleet", ref arguments @ ..] => chaos(&[&["fleet"], arguments].concat()),
        _ => {
            print_line(USAGE);
            ExitCode::from(2)
        }
    }
}

/// Names a PostgreSQL server whose databases tests may create and drop. Without it, a server is started.
const TEST_DATABASE_URL: &str = "TEST_DATABASE_URL";

/// Starts a PostgreSQL server, unless `TEST_DATABASE_URL` names one.
fn open_postgres() -> Result<Option<postgres::Postgres>, ExitCode> {
    if env_var(TEST_DATABASE_URL).is_some() {
        return Ok(None);
    }
    postgres::Postgres::start().map(Some).map_err(|reason| {
        print_line(&reason);
        ExitCode::FAILURE
    })
}

/// Runs the tests of the previous version beside this one.
fn upgrade() -> ExitCode {
    let postgres = match open_postgres() {
        Ok(postgres) => postgres,
        Err(code) => return code,
    };
    let url = postgres.as_ref().map(postgres::Postgres::url);
    exit(steps::build().and_then(|()| upgrade::test(url.as_deref())))
}

/// Measures syncs, in an optimised build.
fn bench(employees: &str) -> ExitCode {
    let Ok(employees) = employees.parse() else {
        print_line(USAGE);
        return ExitCode::from(2);
    };
    let (built, _) =
        cargo("build", &["build", "--release", "--locked", "--package", "lucca-connector"], None);
    if !built {
        return ExitCode::FAILURE;
    }
    // Without PostgreSQL, only SQLite is measured.
    let postgres = postgres::Postgres::start().ok();
    let target = env_var("CARGO_TARGET_DIR").unwrap_or_else(|| "target".to_owned());
    let binary = Path::new(&target).join("release/lucca-connector");
    match bench::run(&binary, employees, postgres.as_ref()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            print_line(&reason);
            ExitCode::FAILURE
        }
    }
}

/// Injects faults into the sync engine, in an optimised build.
fn chaos(arguments: &[&str]) -> ExitCode {
    let (mut forwarded, mut database) = (Vec::new(), None);
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        match *argument {
            "--database" => database = arguments.next().map(|url| (*url).to_owned()),
            argument => forwarded.push(argument),
        }
    }
    let own = match &database {
        Some(_) => None,
        None => match open_postgres() {
            Ok(own) => own,
            Err(code) => return code,
        },
    };
    let url = database.or_else(|| own.as_ref().map(postgres::Postgres::url));
    let arguments = [&["run", "--release", "--locked", "--package", "chaos", "--"], &forwarded[..]].concat();
    let (passed, took) = cargo("chaos", &arguments, url.as_deref());
    print_line(&format!("{} s", took.as_secs()));
    if passed { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Measures the resources of one process that serves many linked accounts.
fn embedded(arguments: &[&str]) -> ExitCode {
    let target = env_var("CARGO_TARGET_DIR").unwrap_or_else(|| "target".to_owned());
    let binary = format!("{target}/release/lucca-connector");
    let build = ["build", "--release", "--locked", "--package", "lucca-connector"];
    let run = ["run", "--release", "--locked", "--package", "chaos", "--", "fleet", "--embedded", &binary];
    let passed = cargo("fleet", &build, None).0 && cargo("fleet", &[&run, arguments].concat(), None).0;
    if passed { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Runs only the browser tests.
fn browser(files: &[&str]) -> Result<(), String> {
    let prepared = browser::prepare()?;
    steps::build()?;
    browser::run_tests(prepared, files)
}

/// Runs only the tests with third-party tools.
fn tools(selection: Selection<'_>) -> Result<(), String> {
    let ready = tools::prepare(selection)?;
    steps::build()?;
    tools::run_tests(ready)
}

/// The repository's root.
fn root() -> Result<PathBuf, String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    root.canonicalize().map_err(|error| format!("{}: {error}", root.display()))
}

/// Cargo's target folder.
fn target() -> Result<PathBuf, String> {
    Ok(root()?.join(env_var("CARGO_TARGET_DIR").unwrap_or_else(|| "target".to_owned())))
}

fn cargo_program() -> String {
    env_var("CARGO").unwrap_or_else(|| "cargo".to_owned())
}

fn exit(outcome: Result<(), String>) -> ExitCode {
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            print_line(&reason);
            ExitCode::FAILURE
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "a build tool that reports how long its steps took")]
fn cargo(name: &str, arguments: &[&str], database: Option<&str>) -> (bool, Duration) {
    print_line(&format!("== {name}: cargo {}", arguments.join(" ")));
    let began = Instant::now();
    let mut command = Command::new(cargo_program());
    command.args(arguments).envs(database.map(|url| (TEST_DATABASE_URL, url)));
    let passed = match command.status() {
        Ok(status) => status.success(),
        Err(error) => {
            print_line(&format!("starting cargo failed: {error}"));
            false
        }
    };
    (passed, began.elapsed())
}

#[expect(clippy::disallowed_methods, reason = "the environment configures a build tool")]
fn env_var(variable: &str) -> Option<String> {
    std::env::var(variable).ok().filter(|value| !value.is_empty())
}

#[expect(clippy::print_stdout, reason = "a command-line tool")]
fn print_line(line: &str) {
    println!("{line}");
}
