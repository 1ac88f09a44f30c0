//! Builds the binary without paths of this machine in it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::Dist;
use crate::debian::run;
use crate::steps::FULL;
use crate::{env_var, print_line};

/// Builds the binary and returns its path.
pub(super) fn binary(dist: &Dist) -> Result<PathBuf, String> {
    let mut cargo = Command::new(env_var("CARGO").unwrap_or_else(|| "cargo".to_owned()));
    cargo.current_dir(&dist.root);
    cargo.args(["build", "--locked", "--profile", &dist.profile]).args(FULL);
    let folder = if dist.is_optimised() {
        cargo.args(["--package", "lucca-connector"]);
        // With `--target`, the flags apply to this build only and do not invalidate other builds.
        cargo.args(["--target", &dist.triple]);
        let remapped = remapped(&dist.root)?;
        let rust = remapped.iter().map(|(from, to)| format!("--remap-path-prefix={}={to}", from.display()));
        cargo.env("CARGO_ENCODED_RUSTFLAGS", rust.collect::<Vec<_>>().join("\u{1f}"));
        let c = remapped.iter().map(|(from, to)| format!("-ffile-prefix-map={}={to}", from.display()));
        cargo.env("CFLAGS", c.collect::<Vec<_>>().join(" "));
        cargo.env("CARGO_INCREMENTAL", "0").env("SOURCE_DATE_EPOCH", dist.epoch.to_string());
        dist.target.join(&dist.triple).join(&dist.profile)
    } else {
        // The same command as in every other step, so that nothing is built twice.
        cargo.arg("--workspace");
        dist.target.join("debug")
    };
    print_line(&format!("== dist: cargo build --profile {}", dist.profile));
    run(&mut cargo, "the build")?;
    let binary = folder.join("lucca-connector");
    if dist.is_optimised() {
        check_no_machine_paths(&binary, &remapped(&dist.root)?)?;
    }
    Ok(binary)
}

/// Folders of this machine, with their replacements in the binary. If several match, rustc takes the last.
fn remapped(root: &Path) -> Result<Vec<(PathBuf, String)>, String> {
    let home = env_var("HOME").unwrap_or_default();
    let cargo = env_var("CARGO_HOME").map_or_else(|| Path::new(&home).join(".cargo"), PathBuf::from);
    let version = rustc(&["-vV"])?;
    let commit = version.lines().find_map(|line| line.strip_prefix("commit-hash: ")).unwrap_or("unknown");
    // The compiler names the standard library's sources by their installed path.
    let sources = Path::new(rustc(&["--print", "sysroot"])?.trim()).join("lib/rustlib/src/rust");
    Ok(vec![
        (root.to_owned(), "/lucca-connector".to_owned()),
        (cargo, "/cargo".to_owned()),
        (sources, format!("/rustc/{commit}")),
    ])
}

/// Fails if the binary contains the path of one of these folders.
fn check_no_machine_paths(binary: &Path, folders: &[(PathBuf, String)]) -> Result<(), String> {
    let bytes = fs::read(binary).map_err(|error| format!("{}: {error}", binary.display()))?;
    for (folder, _) in folders {
        let path = format!("{}/", folder.display());
        if bytes.windows(path.len()).any(|window| window == path.as_bytes()) {
            return Err(format!("{} contains a path of this machine: {path}", binary.display()));
        }
    }
    Ok(())
}

/// Runs rustc and returns its output.
pub(super) fn rustc(arguments: &[&str]) -> Result<String, String> {
    let rustc = env_var("RUSTC").unwrap_or_else(|| "rustc".to_owned());
    output_of(Command::new(rustc).args(arguments), "running rustc")
}

/// Git in the repository, also when another user owns it.
pub(super) fn git(root: &Path) -> Command {
    let mut git = Command::new("git");
    git.arg("-c").arg(format!("safe.directory={}", root.display())).arg("-C").arg(root);
    git
}

/// Runs a command and returns its standard output, or an error if it fails.
pub(super) fn output_of(command: &mut Command, what: &str) -> Result<String, String> {
    let output = command.output().map_err(|error| format!("{what} failed: {error}"))?;
    if !output.status.success() {
        let errors = String::from_utf8_lossy(&output.stderr);
        return Err(format!("{what} failed: {}: {}", output.status, errors.trim()));
    }
    String::from_utf8(output.stdout).map_err(|error| format!("{what} failed: {error}"))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use crate::root;

    /// The packages that a profile optimises less than a released package.
    fn less_optimised(manifest: &str, profile: &str) -> BTreeSet<String> {
        let heading = format!("[profile.{profile}.package]");
        let table = manifest.lines().skip_while(|line| *line != heading).skip(1);
        let settings =
            table.take_while(|line| !line.is_empty()).filter_map(|line| line.split_once(".opt-level = "));
        settings.filter(|(_, level)| *level != "3").map(|(package, _)| package.to_owned()).collect()
    }

    #[test]
    fn released_packages_are_fully_optimised() {
        let manifest = std::fs::read_to_string(root().unwrap().join("Cargo.toml")).unwrap();
        let in_dev = less_optimised(&manifest, "dev");
        assert!(in_dev.contains("tokio"), "{in_dev:?}");
        assert!(less_optimised(&manifest, "dist").is_empty());
        // `dist` inherits each setting of `dev` that it does not replace.
        let is_missing = |name: &&String| !manifest.contains(&format!("\n{name}.opt-level = 3\n"));
        assert_eq!(in_dev.iter().find(is_missing), None, "it is not in [profile.dist.package]");
    }
}
