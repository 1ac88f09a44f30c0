//! Checks of this machine without the database: folders, files, disk, configuration, port.

use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;

use store::MasterKey;
use web::config::{Config, Reading};

use super::Check;
use crate::commands::config;

/// Bytes of free disk below which a warning is due: a first sync of a large tenant writes as much.
const LITTLE: u64 = 1 << 30;
/// Bytes of free disk below which the database may stop working.
const TOO_LITTLE: u64 = 100 << 20;

pub(super) fn checks(dir: &Path, configuration: Option<&Path>, listen: SocketAddr) -> Vec<Check> {
    let mut checks = Vec::new();
    if !dir.is_dir() {
        checks.push(Check::fail(
            "data_directory",
            format!("the directory {} does not exist", dir.display()),
            "Name another with --data-dir, or create it with `lucca-connector link TENANT_URL` or `lucca-connector serve`.",
        ));
        return checks;
    }
    checks.push(private("data_directory", dir));
    checks.push(master_key(dir));
    let token = dir.join("operator-token");
    if token.is_file() {
        checks.push(operator_token(&token));
    }
    checks.push(disk(dir));
    checks.extend(configured(configuration, dir));
    checks.push(port(listen));
    checks
}

fn master_key(dir: &Path) -> Check {
    let path = dir.join("master.key");
    let advice = "Restore the file that this data directory was created with. Each line contains 64 hexadecimal digits.";
    let text = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) => {
            let message = format!("{} can't be read: {error}", path.display());
            return Check::fail("master_key", message, advice);
        }
    };
    let keys: Vec<_> = text.lines().filter(|line| !line.trim().is_empty()).map(MasterKey::from_hex).collect();
    if keys.is_empty() || keys.iter().any(Result::is_err) {
        let message = format!("{} contains text that is no master key", path.display());
        return Check::fail("master_key", message, advice);
    }
    let check = private("master_key", &path);
    Check { message: format!("{} contains {}", check.message, counted_keys(keys.len())), ..check }
}

fn counted_keys(count: usize) -> String {
    if count == 1 { "one key".to_owned() } else { format!("{count} keys; the first one seals") }
}

fn operator_token(path: &Path) -> Check {
    match fs::read_to_string(path) {
        Ok(text) if text.trim().len() >= 32 => private("operator_token", path),
        Ok(_) => Check::fail(
            "operator_token",
            format!("{} contains no key of at least 32 characters", path.display()),
            "Delete the file: the service creates a new key at its next start.",
        ),
        Err(error) => Check::fail(
            "operator_token",
            format!("{} can't be read: {error}", path.display()),
            "Make the user that runs the service its owner.",
        ),
    }
}

/// Checks that only its owner can read the file.
#[cfg(unix)]
pub(super) fn private(check: &'static str, path: &Path) -> Check {
    use std::os::unix::fs::PermissionsExt;
    match fs::metadata(path) {
        Ok(found) if found.permissions().mode() & 0o077 != 0 => {
            let wanted = if found.is_dir() { "700" } else { "600" };
            Check::warn(
                check,
                format!("other users can open {}", path.display()),
                format!("Restrict its permissions: `chmod {wanted} {}`.", path.display()),
            )
        }
        Ok(_) => Check::ok(check, path.display().to_string()),
        Err(error) => Check::fail(
            check,
            format!("{} can't be opened: {error}", path.display()),
            "Make the user that runs the service its owner.",
        ),
    }
}

#[cfg(not(unix))]
pub(super) fn private(check: &'static str, path: &Path) -> Check {
    Check::ok(check, path.display().to_string())
}

#[cfg(unix)]
fn disk(dir: &Path) -> Check {
    let Ok(volume) = rustix::fs::statvfs(dir) else {
        return Check::warn("disk", "the free space can't be determined", "Check it with `df`.");
    };
    let free = volume.f_bavail.saturating_mul(volume.f_frsize);
    let message = format!("{} MB free", free >> 20);
    let advice =
        "Free disk space: the database grows with each sync, and stops working when the disk is full.";
    if free < TOO_LITTLE {
        Check::fail("disk", message, advice)
    } else if free < LITTLE {
        Check::warn("disk", message, advice)
    } else {
        Check::ok("disk", message)
    }
}

#[cfg(not(unix))]
fn disk(_: &Path) -> Check {
    Check::warn("disk", "the free space can't be determined on this system", "Check it manually.")
}

fn configured(named: Option<&Path>, dir: &Path) -> Vec<Check> {
    const CHECK: &str = "config";
    let path = named.map_or_else(|| config::in_dir(dir), Path::to_owned);
    let text = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && named.is_none() => {
            return vec![Check::ok(CHECK, "no configuration file exists: the defaults apply")];
        }
        Err(error) => {
            let message = format!("{} can't be read: {error}", path.display());
            return vec![Check::fail(CHECK, message, "Name another with --config.")];
        }
    };
    let Reading { errors, warnings, .. } = Config::read(&text);
    let advice = "List the settings with `lucca-connector config default`.";
    let located = |finding: &dyn std::fmt::Display| format!("{}: {finding}", path.display());
    let wrong = errors.iter().map(|finding| Check::fail(CHECK, located(finding), advice));
    let odd = warnings.iter().map(|finding| Check::warn(CHECK, located(finding), advice));
    let checks: Vec<Check> = wrong.chain(odd).collect();
    if checks.is_empty() { vec![Check::ok(CHECK, path.display().to_string())] } else { checks }
}

fn port(listen: SocketAddr) -> Check {
    match TcpListener::bind(listen) {
        Ok(_) => Check::ok("port", format!("{listen} is free")),
        Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => Check::warn(
            "port",
            format!("{listen} is in use"),
            "If the service runs, it uses this port. Otherwise another program does: name a free address with --listen.",
        ),
        Err(error) => Check::fail(
            "port",
            format!("listening on {listen} failed: {error}"),
            "Name an address of this machine with --listen, and a port above 1023 unless the service may use lower ports.",
        ),
    }
}
