//! Building the binary so that nothing of the machine is in it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::Dist;
use crate::debian::run;
use crate::steps::FULL;
use crate::{given, say};

/// Builds the binary and gives its path.
pub(super) fn binary(dist: &Dist) -> Result<PathBuf, String> {
    let mut cargo = Command::new(given("CARGO").unwrap_or_else(|| "cargo".to_owned()));
    cargo.current_dir(&dist.root);
    cargo.args(["build", "--locked", "--profile", &dist.profile]).args(FULL);
    let folder = if dist.is_optimised() {
        cargo.args(["--package", "lucca-connector"]);
        // Flags are for what is built for a named system only, and don't undo what else was built.
        cargo.args(["--target", &dist.triple]);
        let remapped = remapped(&dist.root)?;
        let rust = remapped.iter().map(|(from, to)| format!("--remap-path-prefix={}={to}", from.display()));
        cargo.env("CARGO_ENCODED_RUSTFLAGS", rust.collect::<Vec<_>>().join("\u{1f}"));
        let c = remapped.iter().map(|(from, to)| format!("-ffile-prefix-map={}={to}", from.display()));
        cargo.env("CFLAGS", c.collect::<Vec<_>>().join(" "));
        cargo.env("CARGO_INCREMENTAL", "0").env("SOURCE_DATE_EPOCH", dist.epoch.to_string());
        dist.target.join(&dist.triple).join(&dist.profile)
    } else {
        // Exactly as every other step builds it, so that nothing is built for this one.
        cargo.arg("--workspace");
        dist.target.join("debug")
    };
    say(&format!("== dist: cargo build --profile {}", dist.profile));
    run(&mut cargo, "the build")?;
    let binary = folder.join("lucca-connector");
    if dist.is_optimised() {
        is_from_nowhere(&binary, &remapped(&dist.root)?)?;
    }
    Ok(binary)
}

/// Folders of this machine, with what stands for them in the binary. Of several that fit, the last is taken.
fn remapped(root: &Path) -> Result<Vec<(PathBuf, String)>, String> {
    let home = given("HOME").unwrap_or_default();
    let cargo = given("CARGO_HOME").map_or_else(|| Path::new(&home).join(".cargo"), PathBuf::from);
    let version = rustc(&["-vV"])?;
    let commit = version.lines().find_map(|line| line.strip_prefix("commit-hash: ")).unwrap_or("unknown");
    // Where the standard library's sources are installed, the compiler names them there.
    let sources = Path::new(rustc(&["--print", "sysroot"])?.trim()).join("lib/rustlib/src/rust");
    Ok(vec![
        (root.to_owned(), "/lucca-connector".to_owned()),
        (cargo, "/cargo".to_owned()),
        (sources, format!("/rustc/{commit}")),
    ])
}

/// That none of these folders is named in the binary.
fn is_from_nowhere(binary: &Path, folders: &[(PathBuf, String)]) -> Result<(), String> {
    let bytes = fs::read(binary).map_err(|error| format!("{}: {error}", binary.display()))?;
    for (folder, _) in folders {
        let wanted = format!("{}/", folder.display());
        if bytes.windows(wanted.len()).any(|window| window == wanted.as_bytes()) {
            return Err(format!("{} names a folder of this machine: {wanted}", binary.display()));
        }
    }
    Ok(())
}

/// What the compiler says of itself.
pub(super) fn rustc(arguments: &[&str]) -> Result<String, String> {
    let rustc = given("RUSTC").unwrap_or_else(|| "rustc".to_owned());
    told(Command::new(rustc).args(arguments), "asking rustc about itself")
}

/// Git, in the repository, whoever owns it.
pub(super) fn git(root: &Path) -> Command {
    let mut git = Command::new("git");
    git.arg("-c").arg(format!("safe.directory={}", root.display())).arg("-C").arg(root);
    git
}

/// What a command prints, if it ends well.
pub(super) fn told(command: &mut Command, what: &str) -> Result<String, String> {
    let output = command.output().map_err(|error| format!("{what} failed: {error}"))?;
    if !output.status.success() {
        let errors = String::from_utf8_lossy(&output.stderr);
        return Err(format!("{what} failed: {}: {}", output.status, errors.trim()));
    }
    String::from_utf8(output.stdout).map_err(|error| format!("{what} failed: {error}"))
}
