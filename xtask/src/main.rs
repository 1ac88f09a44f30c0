//! The project's own commands: `cargo xtask test` runs everything that CI runs, `cargo xtask chaos` breaks
//! the sync engine on purpose, `cargo xtask bench` measures the cost of a sync.

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

  check   format, clippy, and the unit tests of the crates with changes that are not committed: after each edit
  test    format, clippy with warnings denied, all tests, a little chaos, the tests in a browser and those with other
          people's tools: what CI runs. --all: also the tests that take minutes, a small fleet, the version before beside
          this one, and the packages: before a release. browser: only those, or only the files named, such as `widget`.
          tools: only those that `test` runs, with --all those that `test --all` runs, or only the ones named, such as
          `singer`. upgrade: only that of the version before
  dist    packs what is shipped into target/dist, and starts what it packed as a user without rights. --profile dev:
          from what is built for tests, which only shows that it works
  fixture  makes the databases of the version before anew that the tests open, after that version moved
  instructions  how many instructions a first sync takes, by what they are for, beside the figures in docs/design; a rise of
          3 % fails. --write: replaces the figures
  bench   what a first sync costs, one in which nothing changed, and one that reads everything again
  chaos   --rounds: syncs are killed, paused and lied to, on SQLite and PostgreSQL in turn; then what is stored
          must be what the tenant holds. --histories: random histories of small tenants against a plain model.
          Tells the seed of what fails; --stop stops there. --database: a PostgreSQL server that may be used,
          instead of one of its own
  fleet   10,000 linked accounts and four workers on PostgreSQL for an hour of a clock of its own, workers killed and
          paused all the while: how late syncs begin, and that nothing was lost. --speed: simulated seconds in a real
          one. --calm: nobody is killed. --untimed: how late they begin is told and not judged. --beside: every
          second worker is of another version, whose program `chaos` is named. --backlog: how fast 1, 2 and 4
          workers are, every account due for the first time at once. --embedded: what memory and processor one
          `serve` on SQLite takes, in real time";

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

/// Starts a PostgreSQL server, unless one is given.
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

/// Breaks the sync engine on purpose, in an optimised build.
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

#[expect(clippy::disallowed_methods, reason = "a build tool that tells how long its steps took")]
fn cargo(name: &str, arguments: &[&str], database: Option<&str>) -> (bool, Duration) {
    print_line(&format!("== {name}: cargo {}", arguments.join(" ")));
    let began = Instant::now();
    let mut command = Command::new(cargo_program());
    command.args(arguments).envs(database.map(|url| (TEST_DATABASE_URL, url)));
    let passed = match command.status() {
        Ok(status) => status.success(),
        Err(error) => {
            print_line(&format!("cargo could not be started: {error}"));
            false
        }
    };
    (passed, began.elapsed())
}

#[expect(clippy::disallowed_methods, reason = "a build tool may be told things by its environment")]
fn env_var(variable: &str) -> Option<String> {
    std::env::var(variable).ok().filter(|value| !value.is_empty())
}

#[expect(clippy::print_stdout, reason = "a command-line tool")]
fn print_line(line: &str) {
    println!("{line}");
}
