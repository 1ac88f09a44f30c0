//! Checks the packages: packing again gives the same bytes, and the binary starts, serves and stops for an
//! unprivileged user.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::build::output_of;
use super::{Dist, pack, recreate};
use crate::debian::{is_root, run};
use crate::print_line;

/// Packs a copy of the tree, made in another order and at another time, and compares the archives.
pub(super) fn check_reproducible(dist: &Dist, stage: &Path, archive: &Path) -> Result<(), String> {
    let copies = dist.out().join("stage/again");
    recreate(&copies)?;
    let copy = copies.join(dist.name());
    run(Command::new("cp").arg("-RT").arg(stage).arg(&copy), "cp")?;
    let again = copies.join("again.tar.gz");
    pack::pack(dist, &copy, &again)?;
    run(Command::new("cmp").arg(archive).arg(&again), "packing the same tree twice to the same bytes")?;
    fs::remove_dir_all(&copies).map_err(|error| format!("{}: {error}", copies.display()))
}

/// Unpacks the archive where every user may read it, and starts the binary as an unprivileged user.
pub(super) fn check_starts(dist: &Dist, archive: &Path) -> Result<(), String> {
    print_line("== dist: starting the packed binary");
    let dir = std::env::temp_dir().join(format!("lucca-connector-dist-{}", std::process::id()));
    recreate(&dir)?;
    let tried = check_in(dist, archive, &dir);
    let removed = fs::remove_dir_all(&dir).map_err(|error| format!("{}: {error}", dir.display()));
    tried.and(removed)
}

fn check_in(dist: &Dist, archive: &Path, dir: &Path) -> Result<(), String> {
    run(Command::new("chmod").arg("755").arg(dir), "chmod")?;
    run(Command::new("tar").arg("--extract").arg("--file").arg(archive).arg("--directory").arg(dir), "tar")?;
    let prefix = dir.join(dist.name());
    let binary = prefix.join("bin/lucca-connector");
    let data = dir.join("data");
    fs::create_dir(&data).map_err(|error| format!("{}: {error}", data.display()))?;
    if is_root() {
        run(Command::new("chown").arg("nobody:nogroup").arg(&data), "chown")?;
    }
    let version = output_of(command(&binary).arg("--version"), "lucca-connector --version")?;
    if version.trim() != format!("lucca-connector {}", dist.version) {
        return Err(format!("the packed binary reports the wrong version: {version}"));
    }
    check_units(&prefix, dir)?;
    check_serves(&binary, &data)
}

/// The binary, run by the current user, or by an unprivileged one if that is root.
fn command(binary: &Path) -> Command {
    let mut command = if is_root() {
        let mut command = Command::new("setpriv");
        command.args(["--reuid=nobody", "--regid=nogroup", "--clear-groups", "--no-new-privs"]).arg(binary);
        command
    } else {
        Command::new(binary)
    };
    command.current_dir("/").env_remove("DATABASE_URL").env_remove("LUCCA_CONNECTOR_DATA_DIR");
    command
}

/// A running `serve`; dropping it kills the process.
struct Served(Child);

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Checks that `serve` answers on a free port and stops cleanly on request.
fn check_serves(binary: &Path, data: &Path) -> Result<(), String> {
    let mut command = command(binary);
    command.arg("--data-dir").arg(data).args(["--json", "serve", "--listen", "127.0.0.1:0"]);
    let started = command.stdout(Stdio::piped()).spawn();
    let mut served = Served(started.map_err(|error| format!("starting serve failed: {error}"))?);
    let mut line = String::new();
    if let Some(out) = served.0.stdout.take() {
        BufReader::new(out).read_line(&mut line).map_err(|error| format!("serve: {error}"))?;
    }
    let started: serde_json::Value =
        serde_json::from_str(&line).map_err(|error| format!("serve printed {line:?}: {error}"))?;
    let address = started["listening"].as_str().unwrap_or_default().trim_start_matches("http://").to_owned();
    for path in ["/readyz", "/openapi.json"] {
        let answer = get(&address, path).map_err(|error| format!("GET {path}: {error}"))?;
        if !answer.starts_with("HTTP/1.1 200 ") {
            return Err(format!("GET {path}: {}", answer.lines().next().unwrap_or("no answer")));
        }
    }
    run(Command::new("kill").arg("-TERM").arg(served.0.id().to_string()), "kill")?;
    wait_for_clean_exit(&mut served.0)
}

fn get(address: &str, path: &str) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(Duration::from_secs(30)))?;
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n")?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

#[expect(clippy::disallowed_methods, reason = "a build tool waits for another program")]
fn wait_for_clean_exit(child: &mut Child) -> Result<(), String> {
    let began = Instant::now();
    while began.elapsed() < Duration::from_secs(30) {
        match child.try_wait() {
            Ok(Some(status)) if status.success() => return Ok(()),
            Ok(Some(status)) => return Err(format!("serve ended with {status} after SIGTERM")),
            Ok(None) => std::thread::sleep(Duration::from_millis(50)),
            Err(error) => return Err(format!("serve: {error}")),
        }
    }
    Err("serve was still running 30 seconds after SIGTERM".to_owned())
}

/// The highest exposure that `systemd-analyze security` may report, in tenths of its scale of 0 to 10 (10: no
/// protection).
const EXPOSURE: &str = "20";

/// Checks that systemd accepts the units and rates them well protected, where systemd is installed.
fn check_units(prefix: &Path, dir: &Path) -> Result<(), String> {
    let analyze = Path::new("/usr/bin/systemd-analyze");
    if !analyze.exists() {
        print_line("systemd units not checked: systemd-analyze is missing");
        return Ok(());
    }
    let folder = prefix.join("lib/systemd/system");
    let entries = fs::read_dir(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let checked = dir.join("units");
    fs::create_dir(&checked).map_err(|error| format!("{}: {error}", checked.display()))?;
    let mut files: Vec<PathBuf> = Vec::new();
    for entry in entries.filter_map(Result::ok) {
        let text = fs::read_to_string(entry.path()).map_err(|error| format!("a unit: {error}"))?;
        // systemd-analyze checks that the program exists, which is not yet at its final path. A template is
        // checked as one of its instances.
        let name = entry.file_name().to_string_lossy().replace('@', "@1");
        let file = checked.join(name);
        let here = format!("{}/bin/", prefix.display());
        fs::write(&file, text.replace("/usr/bin/", &here)).map_err(|error| format!("a unit: {error}"))?;
        files.push(file);
    }
    files.sort();
    run(
        Command::new(analyze).args(["verify", "--man=no", "--recursive-errors=no"]).args(&files),
        "systemd-analyze verify",
    )?;
    run(
        Command::new(analyze)
            .args(["security", "--offline=true", "--no-pager", "--threshold", EXPOSURE])
            .args(&files)
            .stdout(Stdio::null()),
        "systemd-analyze security",
    )
}
