//! Installs the packages that a step needs, if permissions allow: as root on Debian.

use std::path::Path;
use std::process::{Command, Stdio};

use crate::print_line;

/// Installs `packages`, which provide `what`. `otherwise` completes the error text for users without the
/// right to install.
pub(crate) fn install(what: &str, packages: &[&str], otherwise: &str) -> Result<(), String> {
    let names = packages.join(" ");
    if !is_root() || !Path::new("/usr/bin/apt-get").exists() {
        return Err(format!("{what} is missing: install it (Debian: `apt install {names}`), {otherwise}"));
    }
    print_line(&format!("== installing Debian's {what}"));
    run(Command::new("apt-get").args(["update", "-qq"]), "apt-get update")?;
    run(
        Command::new("apt-get")
            .args(["install", "-y", "-qq", "--no-install-recommends"])
            .args(packages)
            .env("DEBIAN_FRONTEND", "noninteractive")
            .stdout(Stdio::null()),
        &format!("apt-get install {names}"),
    )
}

/// Runs a command to its end. The error names `what`.
pub(crate) fn run(command: &mut Command, what: &str) -> Result<(), String> {
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("{what} failed: {status}")),
        Err(error) => Err(format!("{what} failed: {error}")),
    }
}

/// Whether this process runs as root.
pub(crate) fn is_root() -> bool {
    let output = Command::new("id").arg("-u").output();
    output.is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}
