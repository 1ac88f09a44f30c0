//! Runs the tests with third-party tools (`tests/tools`). Each folder lists its packages from PyPI, and from npm
//! if it has a `package.json`, gets an environment of its own under `target/tools`, and contains a script that
//! runs the binary. A folder with a file `only-with-all` is a test of `cargo xtask test --all` only.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::debian::{self, run};
use crate::{node, print_line, root, target};

/// A test and the Python of its environment.
pub(crate) type PreparedTest = (PathBuf, PathBuf);

/// The tests to run.
#[derive(Clone, Copy)]
pub(crate) enum Selection<'a> {
    /// The tests that guard a change.
    Change,
    /// Also the tests that guard a release.
    Release,
    Named(&'a [&'a str]),
}

/// Creates the environments of the selected tests. A named test must get its environment; otherwise all tests are
/// skipped with a message if PyPI can't be reached.
pub(crate) fn prepare(selection: Selection<'_>) -> Result<Vec<PreparedTest>, String> {
    let root = root()?;
    let mut selected = tests(&root.join("tests/tools"))?;
    match selection {
        Selection::Change => selected.retain(|test| !test.join("only-with-all").exists()),
        Selection::Release => {}
        Selection::Named(names) => selected = select(&selected, names)?,
    }
    find_python()?;
    let environments = target()?.join("tools");
    let mut ready = Vec::new();
    for test in selected {
        match environment(&test, &environments) {
            Ok(python) => ready.push((test, python)),
            Err(reason) if !matches!(selection, Selection::Named(_)) => {
                print_line(&format!("== tools: SKIPPED: {reason}"));
                return Ok(Vec::new());
            }
            Err(reason) => return Err(reason),
        }
    }
    Ok(ready)
}

/// Runs tests with the built binary.
pub(crate) fn run_tests(ready: Vec<PreparedTest>) -> Result<(), String> {
    let (root, target) = (root()?, target()?);
    for (test, python) in ready {
        let name = name(&test);
        print_line(&format!("== tools: {name}"));
        run(
            Command::new(python)
                .arg(test.join("test.py"))
                .env("LUCCA_CONNECTOR_BIN", target.join("debug/lucca-connector"))
                .env("LUCCA_CONNECTOR_ALLOW_LOOPBACK", "true")
                .env("PYTHONPATH", root.join("tests/tools"))
                .env("PYTHONDONTWRITEBYTECODE", "1")
                .env("LUCCA_CONNECTOR_NODE", node_dir(&target.join("tools"), &name))
                .env_remove("DATABASE_URL")
                .env_remove("LUCCA_CONNECTOR_DATA_DIR"),
            &format!("the test {name}"),
        )?;
    }
    Ok(())
}

/// The folders that contain a test.
fn tests(dir: &Path) -> Result<Vec<PathBuf>, String> {
    let entries = fs::read_dir(dir).map_err(|error| format!("{}: {error}", dir.display()))?;
    let folders = entries.filter_map(Result::ok).map(|entry| entry.path());
    let mut tests: Vec<PathBuf> = folders.filter(|path| path.join("test.py").is_file()).collect();
    tests.sort();
    if tests.is_empty() { Err(format!("{} contains no test", dir.display())) } else { Ok(tests) }
}

fn name(test: &Path) -> String {
    test.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn select(available: &[PathBuf], names: &[&str]) -> Result<Vec<PathBuf>, String> {
    let find = |tool: &&str| {
        available.iter().find(|test| name(test) == *tool).cloned().ok_or_else(|| {
            let all: Vec<String> = available.iter().map(|test| name(test)).collect();
            format!("no test has the name {tool}; tests: {}", all.join(", "))
        })
    };
    names.iter().map(find).collect()
}

/// Finds a Python that can make environments, and installs it where it is missing and permissions allow.
fn find_python() -> Result<(), String> {
    let has_venv = || {
        let tried = Command::new("python3")
            .args(["-c", "import venv, ensurepip"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        tried.is_ok_and(|status| status.success())
    };
    if !has_venv() {
        debian::install("Python", &["python3", "python3-venv"], "version 3.10 or later, with venv")?;
    }
    if has_venv() { Ok(()) } else { Err("`python3` with venv is still missing".to_owned()) }
}

/// The folder with a test's JavaScript and its packages.
fn node_dir(environments: &Path, test: &str) -> PathBuf {
    environments.join(format!("{test}-node"))
}

/// Returns the Python of a test's environment, and creates the environment unless it exists with exactly these
/// requirements.
fn environment(test: &Path, environments: &Path) -> Result<PathBuf, String> {
    let name = name(test);
    let dir = environments.join(&name);
    let requirements = test.join("requirements.txt");
    let required = fs::read(&requirements).map_err(|error| format!("{}: {error}", requirements.display()))?;
    if test.join("package.json").is_file() {
        node::find()?;
        node::copy(test, &node_dir(environments, &name))?;
    }
    let (python, installed) = (dir.join("bin/python"), dir.join("installed.txt"));
    if fs::read(&installed).is_ok_and(|installed| installed == required) {
        return Ok(python);
    }
    print_line(&format!("== tools: installing the packages of the test {name}"));
    run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&dir), "python3 -m venv")?;
    run(
        Command::new(&python)
            .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--retries", "1"])
            .arg("--requirement")
            .arg(&requirements),
        "pip install",
    )?;
    fs::write(&installed, required).map_err(|error| format!("{}: {error}", installed.display()))?;
    Ok(python)
}
