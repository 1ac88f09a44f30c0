//! Runs the browser tests (`tests/browser`): installs Chromium and Node, and runs the tests with the built
//! binary from a copy under `target/browser`, so that nothing is installed into the source tree.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::debian::{self, run};
use crate::{env_var, node, print_line, root, target};

/// Prerequisites of the tests that are not built here.
pub(crate) struct Prepared {
    chromium: PathBuf,
    /// The copy of the tests, with their packages.
    suite: PathBuf,
}

/// Installs the prerequisites that are missing.
pub(crate) fn prepare() -> Result<Prepared, String> {
    let chromium = chromium()?;
    node::find()?;
    let suite = node::copy(&root()?.join("tests/browser"), &target()?.join("browser/suite"))?;
    Ok(Prepared { chromium, suite })
}

/// Runs the named test files, or all of them, with the built binary.
pub(crate) fn run_tests(Prepared { chromium, suite }: Prepared, files: &[&str]) -> Result<(), String> {
    let (root, target) = (root()?, target()?);
    let files = if files.is_empty() { test_files(&suite)? } else { select(&suite, files)? };
    print_line(&format!("== browser: node --test {}", files.join(" ")));
    run(
        Command::new("node")
            .args(["--test", "--test-reporter=spec"])
            .args(&files)
            .current_dir(&suite)
            .env("CHROMIUM", chromium)
            .env("LUCCA_CONNECTOR_BIN", target.join("debug/lucca-connector"))
            .env("LUCCA_CONNECTOR_ALLOW_LOOPBACK", "true")
            .env("LUCCA_CONNECTOR_ROOT", &root)
            .env("LUCCA_CONNECTOR_SCREENSHOTS", target.join("browser/screenshots")),
        "node --test",
    )
}

/// Finds Chromium, and installs it if it is missing and permissions allow.
fn chromium() -> Result<PathBuf, String> {
    if let Some(path) = env_var("CHROMIUM") {
        return Ok(path.into());
    }
    let usual = Path::new("/usr/bin/chromium");
    if !usual.exists() {
        // Headless Chromium needs a font to render the pages.
        debian::install("Chromium", &["chromium", "fonts-dejavu-core"], "or name another in CHROMIUM")?;
    }
    Ok(usual.to_owned())
}

/// The names of all test files: `*.test.mjs`.
fn test_files(suite: &Path) -> Result<Vec<String>, String> {
    let files = node::files_in(suite).map_err(|error| format!("{}: {error}", suite.display()))?;
    let names = files.iter().filter_map(|file| file.file_name()?.to_str());
    let mut names: Vec<String> =
        names.filter(|name| name.ends_with(".test.mjs")).map(str::to_owned).collect();
    names.sort();
    // Without a name, Node would search for test files by itself and report success for none.
    if names.is_empty() { Err(format!("{} contains no browser test", suite.display())) } else { Ok(names) }
}

/// The test files with these names; the names may omit `.test.mjs`.
fn select(suite: &Path, names: &[&str]) -> Result<Vec<String>, String> {
    let available = test_files(suite)?;
    let find = |name: &&str| {
        let file = format!("{}.test.mjs", name.trim_end_matches(".test.mjs"));
        if available.contains(&file) {
            return Ok(file);
        }
        Err(format!("no browser test has the name {name}; tests: {}", available.join(", ")))
    };
    names.iter().map(find).collect()
}
