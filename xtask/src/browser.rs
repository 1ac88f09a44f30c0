//! The tests in a real browser (`tests/browser`): brings Chromium and Node, builds the binary, and runs them from a copy
//! under `target/browser`, so that nothing is installed into the source tree.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::debian::{self, run};
use crate::{cargo, given, say};

/// The oldest Node that the tests' packages run on (playwright-core 1.60).
const NODE_MAJOR: u32 = 18;

/// Runs the test files named, or all of them.
pub(crate) fn test(files: &[&str]) -> Result<(), String> {
    let chromium = chromium()?;
    find_node()?;
    let (built, _) = cargo("build", &["build", "--locked", "--package", "lucca-connector"], None);
    if !built {
        return Err("the binary to test was not built".to_owned());
    }
    let root = root()?;
    let target = target(&root);
    let browser = target.join("browser");
    let suite = copy_suite(&root.join("tests/browser"), &browser.join("suite"))?;
    let files = if files.is_empty() { test_files(&suite)? } else { named(&suite, files)? };
    say(&format!("== browser: node --test {}", files.join(" ")));
    run(
        Command::new("node")
            .args(["--test", "--test-reporter=spec"])
            .args(&files)
            .current_dir(&suite)
            .env("CHROMIUM", chromium)
            .env("LUCCA_CONNECTOR_BIN", target.join("debug/lucca-connector"))
            .env("LUCCA_CONNECTOR_ROOT", &root)
            .env("LUCCA_CONNECTOR_SCREENSHOTS", browser.join("screenshots")),
        "node --test",
    )
}

/// The repository.
fn root() -> Result<PathBuf, String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    root.canonicalize().map_err(|error| format!("{}: {error}", root.display()))
}

/// Where Cargo puts what it builds.
fn target(root: &Path) -> PathBuf {
    root.join(given("CARGO_TARGET_DIR").unwrap_or_else(|| "target".to_owned()))
}

/// The browser, installed first where there is none and we may.
fn chromium() -> Result<PathBuf, String> {
    if let Some(given) = given("CHROMIUM") {
        return Ok(given.into());
    }
    let usual = Path::new("/usr/bin/chromium");
    if !usual.exists() {
        // Headless, it needs a font for the pages to look like something.
        debian::install("Chromium", &["chromium", "fonts-dejavu-core"], "or name another in CHROMIUM")?;
    }
    Ok(usual.to_owned())
}

/// Sees to Node and npm.
fn find_node() -> Result<(), String> {
    let missing = |&(program, _): &(&str, &str)| version(program).is_none();
    let packages: Vec<&str> = [("node", "nodejs"), ("npm", "npm")]
        .into_iter()
        .filter(missing)
        .map(|(_, package)| package)
        .collect();
    if !packages.is_empty() {
        debian::install("Node.js", &packages, &format!("version {NODE_MAJOR} or later, with npm"))?;
    }
    let node = version("node").ok_or("there is still no `node`")?;
    let major = node.trim_start_matches('v').split('.').next().and_then(|major| major.parse().ok());
    match major {
        Some(major) if NODE_MAJOR <= major => Ok(()),
        _ => Err(format!("Node.js {NODE_MAJOR} or later is needed; this is {node}")),
    }
}

/// What a program says of its version, if it is there.
fn version(program: &str) -> Option<String> {
    let output = Command::new(program).arg("--version").stderr(Stdio::null()).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.trim().to_owned())
}

/// Copies the tests to where packages may be installed, and installs them unless these very ones are there.
fn copy_suite(from: &Path, to: &Path) -> Result<PathBuf, String> {
    let failed = |error: std::io::Error| format!("copying {}: {error}", from.display());
    fs::create_dir_all(to).map_err(failed)?;
    // What was copied before may have been deleted or renamed since.
    for file in files_in(to).map_err(failed)? {
        fs::remove_file(file).map_err(failed)?;
    }
    for file in files_in(from).map_err(failed)? {
        if let Some(name) = file.file_name() {
            fs::copy(&file, to.join(name)).map_err(failed)?;
        }
    }
    let lock = fs::read(to.join("package-lock.json")).map_err(failed)?;
    let installed = to.join("node_modules/.installed-lock");
    if fs::read(&installed).is_ok_and(|installed| installed == lock) {
        return Ok(to.to_owned());
    }
    say("== browser: npm ci");
    run(Command::new("npm").args(["ci", "--ignore-scripts"]).current_dir(to), "npm ci")?;
    fs::write(installed, lock).map_err(failed)?;
    Ok(to.to_owned())
}

fn files_in(dir: &Path) -> std::io::Result<Vec<PathBuf>> {
    let entries = fs::read_dir(dir)?.collect::<Result<Vec<_>, _>>()?;
    Ok(entries.into_iter().map(|entry| entry.path()).filter(|path| path.is_file()).collect())
}

/// The names of all test files: `*.test.mjs`.
fn test_files(suite: &Path) -> Result<Vec<String>, String> {
    let files = files_in(suite).map_err(|error| format!("{}: {error}", suite.display()))?;
    let names = files.iter().filter_map(|file| file.file_name()?.to_str());
    let mut names: Vec<String> =
        names.filter(|name| name.ends_with(".test.mjs")).map(str::to_owned).collect();
    names.sort();
    // Without a name Node would look for test files by itself, and call none a success.
    if names.is_empty() { Err("there is no browser test".to_owned()) } else { Ok(names) }
}

/// The test files of these names, which may lack `.test.mjs`.
fn named(suite: &Path, wanted: &[&str]) -> Result<Vec<String>, String> {
    let there = test_files(suite)?;
    let find = |name: &&str| {
        let file = format!("{}.test.mjs", name.trim_end_matches(".test.mjs"));
        if there.contains(&file) {
            return Ok(file);
        }
        Err(format!("there is no browser test {name}; there are {}", there.join(", ")))
    };
    wanted.iter().map(find).collect()
}
