//! A worker runs a sync requested over the API: beside the service, or inside it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command};

use serde_json::Value;
use test_database::{DatabaseLocation, Engine, TestDatabase};

use crate::{command, emulator, ended};

/// A process that runs until the test ends.
pub(crate) struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Process {
    /// Starts it, and returns its first line.
    pub(crate) fn start(mut command: Command) -> (Self, String) {
        // The test does not read the log while the process runs, and a full pipe would block it.
        let mut child = command.env("LUCCA_CONNECTOR_LOG", "off").spawn().unwrap();
        let mut first = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut first).unwrap();
        (Self(child), first)
    }
}

/// A service, called with the operator's key.
pub(crate) struct Api {
    pub(crate) address: String,
    pub(crate) key: String,
}

impl Api {
    pub(crate) fn call(&self, method: &str, path: &str) -> (u16, Value) {
        let Self { address, key } = self;
        let mut connection = TcpStream::connect(address).unwrap();
        write!(
            connection,
            "{method} {path} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {key}\r\nContent-Length: 0\r\n\
             Connection: close\r\n\r\n"
        )
        .unwrap();
        let mut answer = String::new();
        connection.read_to_string(&mut answer).unwrap();
        let status = answer.split(' ').nth(1).unwrap().parse().unwrap();
        let (_, body) = answer.split_once("\r\n\r\n").unwrap();
        (status, serde_json::from_str(body).unwrap_or(Value::Null))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn failed_start_reports_only_an_error() {
    for engine in Engine::available() {
        let database = TestDatabase::new(engine).await;
        let dir = tempfile::tempdir().unwrap();
        let refused = |arguments: &[&str]| {
            let arguments = [arguments, &["--listen", "127.0.0.1:0", "--json"]].concat();
            let mut command = command(dir.path(), &arguments);
            if let DatabaseLocation::Url(url) = &database.place {
                command.env("DATABASE_URL", url);
            }
            // Standard output is exactly one document.
            ended(command.spawn().unwrap()).json()["error"]["code"].clone()
        };
        let taken = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = taken.local_addr().unwrap().to_string();
        assert_eq!(refused(&["serve", "--operations-listen", &address]), "cli.listen");
        if engine == Engine::Postgres {
            std::fs::write(dir.path().join("config.toml"), "[retention]\nruns_days = -1\n").unwrap();
            assert_eq!(refused(&["worker"]), "cli.config");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn requested_sync_is_run_by_a_worker() {
    for engine in Engine::available() {
        let is_split = engine == Engine::Postgres;
        let database = TestDatabase::new(engine).await;
        let (emulator, dir) = (emulator(20).await, tempfile::tempdir().unwrap());
        let data: &Path = dir.path();
        let binary = |arguments: &[&str]| {
            let mut command = command(data, arguments);
            // A SQLite file needs no address: it is in the data directory.
            if let DatabaseLocation::Url(url) = &database.place {
                command.env("DATABASE_URL", url);
            }
            command
        };
        let run = |arguments: &[&str]| {
            let mut child = binary(arguments).spawn().unwrap();
            let _ = child.stdin.take().unwrap().write_all(emulator.api_key().as_bytes());
            ended(child)
        };
        let tenant = emulator.url();
        let link =
            ["link", &tenant, "--key-stdin", "--allow-loopback", "--requests-per-minute", "0", "--json"];
        run(&link).ok_json();
        // After this sync, nothing is due.
        run(&["sync", "--json"]).ok_json();

        let mut serve = vec!["serve", "--listen", "127.0.0.1:0"];
        serve.extend(is_split.then_some("--no-workers"));
        let (_serving, listening) = Process::start(binary(&serve));
        let address = listening.trim().strip_prefix("Listening on http://").unwrap().to_owned();
        let key = std::fs::read_to_string(data.join("operator-token")).unwrap().trim().to_owned();
        let api = Api { address, key };
        let accounts = api.call("GET", "/v1/linked-accounts").1;
        let runs = format!("/v1/linked-accounts/{}/runs", accounts["items"][0]["id"].as_str().unwrap());
        let request_run = || {
            let (status, requested) = api.call("POST", &runs);
            assert_eq!(status, 202, "{requested}");
            requested
        };
        let mut requested = request_run();
        if is_split {
            // No run is in progress, so the queued one is cancelled.
            let cancelled = run(&["runs", "cancel", "--json"]).ok_json();
            assert_eq!((&cancelled["id"], &cancelled["status"]), (&requested["id"], &"cancelled".into()));
            requested = request_run();
        }
        let id = requested["id"].as_str().unwrap();
        let state = || api.call("GET", &format!("{runs}/{id}")).1["status"].clone();

        let mut working = None;
        if is_split {
            let before = emulator.tenant().requests().len();
            for _ in 0..20 {
                assert_eq!(state(), "queued", "the service only answers");
            }
            assert_eq!(emulator.tenant().requests().len(), before);
            let listed = run(&["runs", "list", "--json"]).ok_json();
            assert_eq!((&listed[0]["id"], &listed[0]["status"]), (&id.into(), &"queued".into()));
            let shown = run(&["runs", "show", id]).out;
            assert!(shown.contains("queued; a worker starts it"), "{shown}");
            let report = run(&["doctor"]).out;
            assert!(report.contains("no worker is alive to start it"), "{report}");
            working = Some(Process::start(binary(&["worker", "--listen", "127.0.0.1:0"])));
        }
        let shown = || run(&["runs", "show", id, "--json"]).ok_json();
        while matches!(shown()["status"].as_str(), Some("queued" | "running")) {}
        assert_eq!(state(), "succeeded");
        let done = api.call("GET", &runs).1;
        assert_eq!(done["items"].as_array().unwrap().len(), 2 + usize::from(is_split), "{done}");
        drop(working);
    }
}
