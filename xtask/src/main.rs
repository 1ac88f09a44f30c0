//! The project's own commands: `cargo xtask test` runs everything that CI runs, `cargo xtask chaos` breaks the sync
//! engine on purpose for as long as one likes, `cargo xtask bench` measures what a sync costs.

mod bench;
mod browser;
mod debian;
mod dist;
mod node;
mod postgres;
mod tools;
mod upgrade;

use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

const USAGE: &str = "usage: cargo xtask test
       cargo xtask test browser [FILE]...
       cargo xtask test tools [TOOL]...
       cargo xtask test upgrade
       cargo xtask dist [--profile NAME]
       cargo xtask bench [--employees N]
       cargo xtask fleet [--tenants N] [--people N] [--workers N] [--minutes N] [--speed X] [--seed S] [--calm]
                         [--untimed] [--beside CHAOS] [--database URL]
       cargo xtask fleet --backlog [--tenants N] [--people N] [--seed S] [--database URL]
       cargo xtask fleet --embedded [--tenants N] [--people N] [--minutes N] [--seed S]
       cargo xtask chaos [--rounds N] [--histories N] [--seed S] [--stop] [--database URL]

  test    format, clippy with warnings denied, all tests, a little chaos, the version before beside this one, the
          packages, the tests in a browser and those with other people's tools: what CI runs. browser: only those, or only
          the files named, such as `widget`. tools: only those, or only the ones named, such as `singer`. upgrade: only
          that of the version before
  dist    packs what is shipped into target/dist, and starts what it packed as a user without rights. --profile dev:
          from what is built for tests, which only shows that it works
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
        ["test"] => test(),
        ["test", "browser", ref files @ ..] => {
            if browser_step(files).0 {
                ExitCode::SUCCESS
            } else {
                ExitCode::FAILURE
            }
        }
        ["test", "tools", ref names @ ..] => {
            if tools_step(names).0 {
                ExitCode::SUCCESS
            } else {
                ExitCode::FAILURE
            }
        }
        ["test", "upgrade"] => upgrade(),
        ["dist"] => dist(dist::SHIPPED),
        ["dist", "--profile", profile @ ("dev" | "release" | dist::SHIPPED)] => dist(profile),
        ["bench"] => bench("20000"),
        ["bench", "--employees", employees] => bench(employees),
        ["chaos", ref arguments @ ..] if !arguments.is_empty() => chaos(arguments),
        ["fleet", "--embedded", ref arguments @ ..] => embedded(arguments),
        ["fleet", ref arguments @ ..] => chaos(&[&["fleet"], arguments].concat()),
        _ => {
            say(USAGE);
            ExitCode::from(2)
        }
    }
}

/// Names a PostgreSQL server whose databases tests may create and drop. Without it one is started.
const TEST_DATABASE_URL: &str = "TEST_DATABASE_URL";

/// A PostgreSQL server of our own, unless one is given.
fn postgres() -> Result<Option<postgres::Postgres>, ExitCode> {
    if given(TEST_DATABASE_URL).is_some() {
        return Ok(None);
    }
    postgres::Postgres::start().map(Some).map_err(|reason| {
        say(&reason);
        ExitCode::FAILURE
    })
}

/// Runs the version before beside this one.
fn upgrade() -> ExitCode {
    let postgres = match postgres() {
        Ok(postgres) => postgres,
        Err(code) => return code,
    };
    let url = postgres.as_ref().map(postgres::Postgres::url);
    let (passed, took) = upgrade_step(url.as_deref());
    say(&format!("{} s", took.as_secs()));
    if passed { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Packs what is shipped.
fn dist(profile: &str) -> ExitCode {
    if dist_step(profile).0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Measures syncs, in an optimised build.
fn bench(employees: &str) -> ExitCode {
    let Ok(employees) = employees.parse() else {
        say(USAGE);
        return ExitCode::from(2);
    };
    let (built, _) =
        cargo("build", &["build", "--release", "--locked", "--package", "lucca-connector"], None);
    if !built {
        return ExitCode::FAILURE;
    }
    // Without a PostgreSQL only SQLite is measured.
    let postgres = postgres::Postgres::start().ok();
    let target = given("CARGO_TARGET_DIR").unwrap_or_else(|| "target".to_owned());
    let binary = std::path::Path::new(&target).join("release/lucca-connector");
    match bench::run(&binary, employees, postgres.as_ref()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            say(&reason);
            ExitCode::FAILURE
        }
    }
}

/// Breaks the sync engine on purpose, in an optimised build.
fn chaos(arguments: &[&str]) -> ExitCode {
    let (mut passed_on, mut database) = (Vec::new(), None);
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        match *argument {
            "--database" => database = arguments.next().map(|url| (*url).to_owned()),
            argument => passed_on.push(argument),
        }
    }
    let own = match &database {
        Some(_) => None,
        None => match postgres() {
            Ok(own) => own,
            Err(code) => return code,
        },
    };
    let url = database.or_else(|| own.as_ref().map(postgres::Postgres::url));
    let arguments = [&["run", "--release", "--locked", "--package", "chaos", "--"], &passed_on[..]].concat();
    let (passed, took) = cargo("chaos", &arguments, url.as_deref());
    say(&format!("{} s", took.as_secs()));
    if passed { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// What one process takes that serves many linked accounts.
fn embedded(arguments: &[&str]) -> ExitCode {
    let target = given("CARGO_TARGET_DIR").unwrap_or_else(|| "target".to_owned());
    let binary = format!("{target}/release/lucca-connector");
    let build = ["build", "--release", "--locked", "--package", "lucca-connector"];
    let run = ["run", "--release", "--locked", "--package", "chaos", "--", "fleet", "--embedded", &binary];
    let passed = cargo("fleet", &build, None).0 && cargo("fleet", &[&run, arguments].concat(), None).0;
    if passed { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// A fleet that is small enough for every day: minutes of it in a minute and a half.
const SMALL_FLEET: [&str; 17] = [
    "run",
    "--locked",
    "--package",
    "chaos",
    "--",
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

/// Runs every step even if one fails, so that one round shows everything there is to mend.
fn test() -> ExitCode {
    let postgres = match postgres() {
        Ok(postgres) => postgres,
        Err(code) => return code,
    };
    let url = postgres.as_ref().map(postgres::Postgres::url);
    let steps: [(&str, &[&str]); 5] = [
        ("format", &["fmt", "--all", "--check"]),
        ("clippy", &["clippy", "--locked", "--workspace", "--all-targets", "--", "--deny", "warnings"]),
        ("tests", &["test", "--locked", "--workspace", "--no-fail-fast"]),
        ("chaos", &["test", "--locked", "--workspace", "--test", "rounds", "--", "--ignored"]),
        ("fleet", &SMALL_FLEET),
    ];
    let mut outcomes: Vec<(&str, (bool, Duration))> =
        steps.iter().map(|&(name, arguments)| (name, cargo(name, arguments, url.as_deref()))).collect();
    outcomes.push(("upgrade", upgrade_step(url.as_deref())));
    outcomes.push(("dist", dist_step("dev")));
    outcomes.push(("browser", browser_step(&[])));
    outcomes.push(("tools", tools_step(&[])));
    say("");
    for &(name, (passed, took)) in &outcomes {
        let word = if passed { "passed" } else { "FAILED" };
        say(&format!("{word}  {name} ({} s)", took.as_secs()));
    }
    let failed = outcomes.iter().filter(|(_, (passed, _))| !passed).count();
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// The version before beside this one.
#[expect(clippy::disallowed_methods, reason = "a build tool that tells how long its steps took")]
fn upgrade_step(database: Option<&str>) -> (bool, Duration) {
    let began = Instant::now();
    let outcome = upgrade::test(database);
    if let Err(reason) = &outcome {
        say(reason);
    }
    (outcome.is_ok(), began.elapsed())
}

/// The packages, and a start from them.
#[expect(clippy::disallowed_methods, reason = "a build tool that tells how long its steps took")]
fn dist_step(profile: &str) -> (bool, Duration) {
    let began = Instant::now();
    let outcome = dist::run(profile);
    if let Err(reason) = &outcome {
        say(reason);
    }
    (outcome.is_ok(), began.elapsed())
}

/// The tests in a browser.
#[expect(clippy::disallowed_methods, reason = "a build tool that tells how long its steps took")]
fn browser_step(files: &[&str]) -> (bool, Duration) {
    let began = Instant::now();
    let outcome = browser::test(files);
    if let Err(reason) = &outcome {
        say(reason);
    }
    (outcome.is_ok(), began.elapsed())
}

/// The tests with other people's tools. Where they cannot be had, that is said, and is no failure.
#[expect(clippy::disallowed_methods, reason = "a build tool that tells how long its steps took")]
fn tools_step(names: &[&str]) -> (bool, Duration) {
    let began = Instant::now();
    let outcome = tools::test(names);
    match &outcome {
        Ok(tools::Outcome::Passed) => {}
        Ok(tools::Outcome::Skipped) => {
            say("the tests with other people's tools were SKIPPED: PyPI is needed");
        }
        Err(reason) => say(reason),
    }
    (outcome.is_ok(), began.elapsed())
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
