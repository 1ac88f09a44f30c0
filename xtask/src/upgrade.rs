//! Runs the previous version beside this one: `packaging/previous-version` names its commit, which is built
//! under `target/previous`. Then both versions work on one database (`crates/cli/tests/it/upgrade.rs`), and
//! in a small fleet.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::debian::run;
use crate::steps::FULL;
use crate::{TEST_DATABASE_URL, cargo_program, print_line, root, target};

/// The programs of the previous version to build.
const PROGRAMS: [&str; 2] = ["lucca-connector", "chaos"];

/// A small fleet of a few minutes, in which every second worker runs the previous version.
const FLEET: &str = "fleet --tenants 20 --people 5 --workers 4 --minutes 5 --speed 15 --untimed --beside";

/// Runs the tests on the PostgreSQL server at `database`, or on the given one. Without the previous version's
/// commit, prints that they are skipped, and succeeds.
pub(crate) fn test(database: Option<&str>) -> Result<(), String> {
    let Some(previous) = previous_programs()? else {
        print_line("== upgrade: SKIPPED: the previous version's commit is not in this clone");
        return Ok(());
    };
    let (root, target) = (root()?, target()?);
    // The selection and features of every other step, so that nothing is built again.
    run(
        cargo(&root)
            .args(["test", "--locked", "--workspace", "--test", "it"])
            .args(FULL)
            .args(["upgrade::", "--", "--ignored"])
            .env("LUCCA_CONNECTOR_PREVIOUS", previous.join("lucca-connector"))
            .envs(database.map(|url| (TEST_DATABASE_URL, url))),
        "the upgrade tests",
    )?;
    run(
        Command::new(target.join("debug/chaos"))
            .args(FLEET.split(' '))
            .arg(previous.join("chaos"))
            .envs(database.map(|url| (TEST_DATABASE_URL, url))),
        "the fleet of both versions",
    )
}

/// The folder of the previous version's programs, which are built if missing. None if its commit is not in
/// this clone.
pub(crate) fn previous_programs() -> Result<Option<PathBuf>, String> {
    let root = root()?;
    let file = root.join("packaging/previous-version");
    let commit = fs::read_to_string(&file).map_err(|error| format!("{}: {error}", file.display()))?;
    let commit = commit.trim();
    let is_there = Command::new("git")
        .args(["cat-file", "-e", &format!("{commit}^{{commit}}")])
        .current_dir(&root)
        .stderr(Stdio::null())
        .status();
    if !is_there.is_ok_and(|status| status.success()) {
        return Ok(None);
    }
    build(&root, &target()?, commit).map(Some)
}

/// Builds the previous version if missing, and returns the folder of its programs.
fn build(root: &Path, target: &Path, commit: &str) -> Result<PathBuf, String> {
    let dir = target.join("previous");
    let (source, programs, built) = (dir.join("source"), dir.join("bin"), dir.join("built"));
    if fs::read_to_string(&built).is_ok_and(|built| built == commit) {
        return Ok(programs);
    }
    print_line(&format!("== upgrade: building the previous version, {commit}"));
    let failed = |error: std::io::Error| format!("{}: {error}", dir.display());
    if source.exists() {
        fs::remove_dir_all(&source).map_err(failed)?;
    }
    fs::create_dir_all(&source).and_then(|()| fs::create_dir_all(&programs)).map_err(failed)?;
    let archive = dir.join("source.tar");
    run(
        Command::new("git").args(["archive", "--output"]).arg(&archive).arg(commit).current_dir(root),
        "git archive",
    )?;
    // Cargo compares file times: with the commit's own times, an earlier build of another commit would count
    // as up to date.
    run(
        Command::new("tar")
            .args(["--extract", "--touch", "--file"])
            .arg(&archive)
            .arg("--directory")
            .arg(&source),
        "tar",
    )?;
    // Its dependencies are the same, and are shared. Its own crates have the same names as this version's,
    // also for Cargo, which would confuse them without another profile.
    let profile = ["--config", "profile.dev.debug=0", "--config", "profile.dev.package.'*'.debug=false"];
    let packages = PROGRAMS.map(|program| ["--package", program]);
    run(
        cargo(&source)
            .args(["build", "--locked"])
            .args(profile)
            .args(packages.as_flattened())
            .env("CARGO_TARGET_DIR", target)
            .env("CARGO_INCREMENTAL", "0"),
        "building the previous version",
    )?;
    // The next build of this version replaces them in the same folder.
    for program in PROGRAMS {
        fs::copy(target.join("debug").join(program), programs.join(program)).map_err(failed)?;
    }
    fs::write(&built, commit).map_err(failed)?;
    Ok(programs)
}

fn cargo(dir: &Path) -> Command {
    let mut cargo = Command::new(cargo_program());
    cargo.current_dir(dir);
    cargo
}
