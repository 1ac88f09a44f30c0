//! Test binaries: Cargo builds them, and this module runs them one after the other, to measure each test.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::Value;

use crate::{TEST_DATABASE_URL, cargo_program, print_line};

/// A test binary.
pub(crate) struct Binary {
    /// The crate and its target, such as `store it`.
    name: String,
    /// The crate.
    pub(crate) package: String,
    program: PathBuf,
    /// The crate's folder, where its tests expect to run.
    dir: PathBuf,
}

/// A test and its duration.
pub(crate) struct TestTime {
    /// The binary and the test.
    pub(crate) name: String,
    pub(crate) took: Duration,
}

/// The result of a suite.
#[derive(Default)]
pub(crate) struct Outcome {
    pub(crate) failed: Vec<String>,
    pub(crate) times: Vec<TestTime>,
}

/// Slow binaries run first, so that the other lane fills the rest of the time.
const SLOW: [&str; 4] = ["server it", "lucca-connector it", "sync it", "absences it"];

/// What compiles the workspace's crates. Each has builds of its own under `target`.
#[derive(Clone, Copy)]
pub(crate) enum Compiler {
    /// The compiler alone, whose builds a developer's `cargo test` shares.
    Rustc,
    /// The compiler with Clippy's lints: one build shows the warnings and compiles the programs.
    Clippy,
}

impl Compiler {
    /// Cargo with these arguments.
    pub(crate) fn cargo(self, arguments: &[&str]) -> Command {
        let mut command = Command::new(cargo_program());
        command.args(arguments);
        if let Self::Clippy = self {
            command.env("RUSTC_WORKSPACE_WRAPPER", "clippy-driver");
        }
        command
    }
}

/// Builds the targets that `arguments` of Cargo select, with Clippy's lints. Returns the number of warnings; Cargo
/// repeats the warnings of crates that were built before.
pub(crate) fn build_with_lints(arguments: &[&str]) -> Result<usize, String> {
    let mut build = Compiler::Clippy.cargo(arguments);
    build.args(["--message-format", "json"]);
    let mut warnings = 0;
    read_messages(&mut build, |line| {
        let message: Value = serde_json::from_str(line).unwrap_or_default();
        let Some(shown) = message["message"]["rendered"].as_str() else { return };
        warnings += usize::from(message["message"]["level"] == "warning");
        print_line(shown);
    })?;
    Ok(warnings)
}

/// Builds the test binaries that `arguments` of `cargo test` select.
pub(crate) fn build(compiler: Compiler, arguments: &[&str]) -> Result<Vec<Binary>, String> {
    let mut build = compiler.cargo(&["test", "--no-run", "--message-format", "json-render-diagnostics"]);
    let mut binaries = Vec::new();
    read_messages(build.args(arguments), |line| binaries.extend(read(line)))?;
    binaries.sort_by_key(|binary| SLOW.iter().position(|slow| *slow == binary.name).unwrap_or(SLOW.len()));
    if binaries.is_empty() { Err("no test binary was selected".to_owned()) } else { Ok(binaries) }
}

/// Runs a build and passes each of Cargo's messages, a JSON object, to `read`.
fn read_messages(build: &mut Command, mut read: impl FnMut(&str)) -> Result<(), String> {
    let mut child = build.stdout(Stdio::piped()).spawn().map_err(|error| format!("cargo: {error}"))?;
    for line in BufReader::new(child.stdout.take().ok_or("no output")?).lines() {
        read(&line.map_err(|error| error.to_string())?);
    }
    let status = child.wait().map_err(|error| error.to_string())?;
    if status.success() { Ok(()) } else { Err("the build failed".to_owned()) }
}

/// Reads the test binary from a line of Cargo's messages.
fn read(line: &str) -> Option<Binary> {
    let message: Value = serde_json::from_str(line).ok()?;
    let program = message["executable"].as_str()?;
    if message["profile"]["test"] != true {
        return None;
    }
    let dir = Path::new(message["manifest_path"].as_str()?).parent()?.to_owned();
    let id = message["package_id"].as_str()?;
    // `path+file:///…/crates/store#0.1.0`, or `…/crates/cli#lucca-connector@0.1.0` where the folder has
    // another name.
    let (path, version) = id.rsplit_once('#')?;
    let package = match version.split_once('@') {
        Some((name, _)) => name.to_owned(),
        None => path.rsplit('/').next()?.to_owned(),
    };
    let target = message["target"]["name"].as_str()?;
    let name = if target == package { format!("{package} lib") } else { format!("{package} {target}") };
    Some(Binary { name, package, program: program.into(), dir })
}

/// Runs test binaries with these arguments, and returns each test's duration.
pub(crate) fn run(binaries: &[Binary], arguments: &[&str], database: Option<&str>) -> Outcome {
    let mut outcome = Outcome::default();
    for binary in binaries {
        print_line(&format!("== tests: {}", binary.name));
        if let Err(reason) = run_one(binary, arguments, database, &mut outcome) {
            print_line(&format!("{}: {reason}", binary.name));
            outcome.failed.push(binary.name.clone());
        }
    }
    outcome
}

fn run_one(
    binary: &Binary,
    arguments: &[&str],
    database: Option<&str>,
    outcome: &mut Outcome,
) -> Result<(), String> {
    let mut command = Command::new(&binary.program);
    command
        .args(["-Z", "unstable-options", "--report-time"])
        .args(arguments)
        // Only the option's form is unstable: with this variable, compilers of every channel accept it.
        .env("RUSTC_BOOTSTRAP", "1")
        .env("CARGO_MANIFEST_DIR", &binary.dir)
        .envs(database.map(|url| (TEST_DATABASE_URL, url)))
        .current_dir(&binary.dir)
        .stdout(Stdio::piped());
    let mut child = command.spawn().map_err(|error| error.to_string())?;
    for line in BufReader::new(child.stdout.take().ok_or("no output")?).lines() {
        let line = line.map_err(|error| error.to_string())?;
        if let Some((name, took)) = time(&line) {
            outcome.times.push(TestTime { name: format!("{} {name}", binary.name), took });
        }
        print_line(&line);
    }
    let status = child.wait().map_err(|error| error.to_string())?;
    if status.success() { Ok(()) } else { Err(format!("failed ({status})")) }
}

/// Reads the test and its duration from a line such as `test audit::it_is_chained ... ok <1.234s>`.
fn time(line: &str) -> Option<(&str, Duration)> {
    let (name, rest) = line.strip_prefix("test ")?.split_once(" ... ")?;
    let (_, seconds) = rest.strip_suffix("s>")?.rsplit_once('<')?;
    Some((name, Duration::try_from_secs_f64(seconds.parse().ok()?).ok()?))
}

/// The crates with uncommitted changes.
pub(crate) fn changed_crates(root: &Path) -> Result<BTreeSet<String>, String> {
    let output = Command::new("git")
        .args(["status", "--porcelain", "--untracked-files=all", "--no-renames"])
        .current_dir(root)
        .output()
        .map_err(|error| format!("git: {error}"))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let folders = text.lines().filter_map(|line| line.get(3..)?.strip_prefix("crates/")?.split('/').next());
    Ok(folders.map(|folder| if folder == "cli" { "lucca-connector" } else { folder }.to_owned()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_from_the_output_of_tests() {
        let seconds = |line| time(line).map(|(name, took)| (name, took.as_millis()));
        assert_eq!(seconds("test a::b ... ok <1.234s>"), Some(("a::b", 1234)));
        assert_eq!(seconds("test a::b ... FAILED <0.010s>"), Some(("a::b", 10)));
        assert_eq!(seconds("test a::b ... ignored, minutes"), None);
        assert_eq!(seconds("test result: ok. 1 passed"), None);
    }

    #[test]
    fn binaries_are_read_from_messages() {
        let message = |id: &str, target: &str| {
            serde_json::json!({
                "package_id": id,
                "manifest_path": "/x/crates/cli/Cargo.toml",
                "target": { "name": target },
                "profile": { "test": true },
                "executable": "/x/target/debug/deps/it-1",
            })
            .to_string()
        };
        let name = |id: &str, target: &str| read(&message(id, target)).map(|binary| binary.name);
        assert_eq!(name("path+file:///x/crates/store#0.1.0", "it").as_deref(), Some("store it"));
        let cli = "path+file:///x/crates/cli#lucca-connector@0.1.0";
        assert_eq!(name(cli, "lucca-connector").as_deref(), Some("lucca-connector lib"));
        assert!(read("{\"reason\":\"build-finished\"}").is_none());
    }
}
