//! Node and npm for the JavaScript tests: finds them, or installs them if permissions allow. Packages go into
//! copies under `target`, never into the source tree.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::debian::{self, run};
use crate::print_line;

/// The oldest Node that the tests' packages run on (playwright-core 1.60).
const NODE_MAJOR: u32 = 18;

/// Finds Node and npm, and installs them if they are missing and permissions allow.
pub(crate) fn find() -> Result<(), String> {
    let missing = |&(program, _): &(&str, &str)| version(program).is_none();
    let packages: Vec<&str> = [("node", "nodejs"), ("npm", "npm")]
        .into_iter()
        .filter(missing)
        .map(|(_, package)| package)
        .collect();
    if !packages.is_empty() {
        debian::install("Node.js", &packages, &format!("version {NODE_MAJOR} or later, with npm"))?;
    }
    let node = version("node").ok_or("`node` is still missing")?;
    let major = node.trim_start_matches('v').split('.').next().and_then(|major| major.parse().ok());
    match major {
        Some(major) if NODE_MAJOR <= major => Ok(()),
        _ => Err(format!("Node.js {node} is too old: install version {NODE_MAJOR} or later")),
    }
}

/// The version that a program reports; none if it is missing.
fn version(program: &str) -> Option<String> {
    let output = Command::new(program).arg("--version").stderr(Stdio::null()).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.trim().to_owned())
}

/// Copies a folder's files to `to`, and installs their packages there unless the same ones are installed.
pub(crate) fn copy(from: &Path, to: &Path) -> Result<PathBuf, String> {
    let failed = |error: std::io::Error| format!("copying {}: {error}", from.display());
    fs::create_dir_all(to).map_err(failed)?;
    // Files copied before may have been deleted or renamed since.
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
    print_line("== npm ci");
    run(Command::new("npm").args(["ci", "--ignore-scripts"]).current_dir(to), "npm ci")?;
    fs::write(installed, lock).map_err(failed)?;
    Ok(to.to_owned())
}

pub(crate) fn files_in(dir: &Path) -> std::io::Result<Vec<PathBuf>> {
    let entries = fs::read_dir(dir)?.collect::<Result<Vec<_>, _>>()?;
    Ok(entries.into_iter().map(|entry| entry.path()).filter(|path| path.is_file()).collect())
}
