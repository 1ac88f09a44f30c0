//! A PostgreSQL server for tests and trials: Debian's, started on a free loopback port with a temporary data
//! directory.

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::debian::{self, run};

/// A running server. Dropping it stops the server and deletes its files.
pub(crate) struct Postgres {
    server: Child,
    dir: PathBuf,
    port: u16,
}

impl Postgres {
    /// Starts a server; first installs Debian's package if it is missing and permissions allow.
    pub(crate) fn start() -> Result<Self, String> {
        let bin = match programs() {
            Some(bin) => bin,
            None => {
                debian::install(
                    "PostgreSQL",
                    &["postgresql"],
                    "or name a server that may create databases in TEST_DATABASE_URL",
                )?;
                programs().ok_or("the package `postgresql` contains no server")?
            }
        };
        let port = free_port().map_err(|error| format!("no free port: {error}"))?;
        let dir = std::env::temp_dir().join(format!("lucca-connector-postgres-{}", std::process::id()));
        fs::create_dir_all(&dir).map_err(|error| format!("{}: {error}", dir.display()))?;
        let run_as = if debian::is_root() { Some("postgres") } else { None };
        if let Some(user) = run_as {
            // The server refuses to run as root, and must own its directory.
            run(Command::new("chown").arg(user).arg(&dir), "giving the directory to the server's user")?;
        }
        let data = dir.join("data");
        run(
            command(run_as, &bin.join("initdb"))
                .args(["--auth=trust", "--username=postgres", "--encoding=UTF8", "--locale=C", "-D"])
                .arg(&data)
                .stdout(Stdio::null()),
            "making a database cluster",
        )?;
        let server = command(run_as, &bin.join("postgres"))
            .arg("-D")
            .arg(&data)
            .args(["-h", "127.0.0.1", "-p", &port.to_string(), "-k"])
            .arg(&dir)
            // A crash of the machine loses the directory anyway, so durability is switched off.
            .args(["-c", "fsync=off", "-c", "full_page_writes=off", "-c", "max_connections=400"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| format!("starting the PostgreSQL server failed: {error}"))?;
        let postgres = Self { server, dir, port };
        postgres.wait_until_ready(&bin)?;
        Ok(postgres)
    }

    /// The URL of its maintenance database, from which other databases can be created.
    pub(crate) fn url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}/postgres", self.port)
    }

    #[expect(clippy::disallowed_methods, reason = "a build tool waits for another program")]
    fn wait_until_ready(&self, bin: &Path) -> Result<(), String> {
        let began = Instant::now();
        while began.elapsed() < Duration::from_secs(30) {
            let ready = Command::new(bin.join("pg_isready"))
                .args(["-q", "-h", "127.0.0.1", "-p", &self.port.to_string()])
                .status();
            if ready.is_ok_and(|status| status.success()) {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        Err("the PostgreSQL server did not answer within 30 seconds".to_owned())
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // SIGINT is PostgreSQL's fast shutdown; the temporary directory needs no clean one.
        let pid = fs::read_to_string(self.dir.join("data/postmaster.pid")).unwrap_or_default();
        let pid = pid.lines().next().unwrap_or_default().to_owned();
        let _ = Command::new("kill").args(["-INT", &pid]).stderr(Stdio::null()).status();
        let _ = self.server.wait();
        let _ = fs::remove_dir_all(&self.dir);
    }
}

/// The folder of the newest server's programs.
fn programs() -> Option<PathBuf> {
    let mut versions: Vec<PathBuf> = fs::read_dir("/usr/lib/postgresql")
        .ok()?
        .filter_map(|entry| Some(entry.ok()?.path().join("bin")))
        .filter(|bin| bin.join("initdb").exists() && bin.join("postgres").exists())
        .collect();
    versions.sort();
    versions.pop()
}

fn command(run_as: Option<&str>, program: &Path) -> Command {
    match run_as {
        None => Command::new(program),
        Some(user) => {
            let mut command = Command::new("runuser");
            command.args(["-u", user, "--"]).arg(program);
            // The server's user may lack access to the caller's directory.
            command.current_dir("/");
            command
        }
    }
}

fn free_port() -> std::io::Result<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}
