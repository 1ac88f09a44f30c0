//! The previous version beside this one, as in a rolling upgrade: its database, its processes, its data
//! directory. The guarantees are in docs/operations.md. `cargo xtask test upgrade` builds that version and
//! runs these tests.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::http::{HeaderMap, StatusCode};
use lucca_emulator::{Config, Emulator, PersonPatch, Status};
use reqwest::Method;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{Ran, command_of, ended, this_version};

/// Names the binary of the previous version.
const PREVIOUS: &str = "LUCCA_CONNECTOR_PREVIOUS";

#[expect(clippy::disallowed_methods, reason = "the step that builds the version before tells where it is")]
fn previous_version() -> PathBuf {
    PathBuf::from(std::env::var(PREVIOUS).unwrap())
}

/// Listed people, by Lucca id.
type People = BTreeMap<String, Value>;

/// A data directory and a database, on which either version may run.
struct Installation {
    dir: TempDir,
    database: Option<String>,
}

impl Installation {
    fn on(database: Option<String>) -> Self {
        Self { dir: tempfile::tempdir().unwrap(), database }
    }

    fn data(&self) -> PathBuf {
        self.dir.path().join("data")
    }

    fn command(&self, version: &Path, arguments: &[&str]) -> std::process::Command {
        let mut command = command_of(version, &self.data(), arguments);
        command
            .envs(self.database.iter().map(|url| ("DATABASE_URL", url)))
            .env("LUCCA_CONNECTOR_LOG", "info")
            .env("LUCCA_CONNECTOR_LOG_FORMAT", "json");
        command
    }

    fn run_with(&self, version: &Path, arguments: &[&str], input: &str) -> Ran {
        let mut child = self.command(version, arguments).spawn().unwrap();
        // A command that reads no input may have exited already.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        ended(child)
    }

    fn run(&self, version: &Path, arguments: &[&str]) -> Ran {
        self.run_with(version, arguments, "")
    }

    /// Links a tenant without our request limit; returns the account's id.
    fn link(&self, version: &Path, tenant: &Emulator) -> String {
        let url = tenant.url();
        let link = ["link", &url, "--key-stdin", "--allow-loopback", "--requests-per-minute", "0", "--json"];
        let linked = self.run_with(version, &link, tenant.api_key()).ok_json();
        linked["linked_account_id"].as_str().unwrap().to_owned()
    }

    /// All people of an account.
    fn people(&self, version: &Path, account: &str) -> People {
        let list = self.run(version, &["employees", "list", "--account", account, "--json"]).ok_json();
        let by_id = |person: &Value| (person["id"].as_str().unwrap().to_owned(), person.clone());
        list.as_array().unwrap().iter().map(by_id).collect()
    }

    /// The schema version after that version's `migrate`.
    fn migrate(&self, version: &Path) -> i64 {
        self.run(version, &["migrate", "--json"]).ok_json()["schema_version"].as_i64().unwrap()
    }

    /// Starts a process that keeps running, and waits until it answers at the address it prints.
    async fn start(&self, version: &Path, name: &str, arguments: &[&str]) -> Process {
        let log = self.dir.path().join(format!("{name}.log"));
        let mut child = self
            .command(
                version,
                &[arguments, &["--listen", "127.0.0.1:0", "--allow-loopback", "--json"]].concat(),
            )
            .stderr(File::create(&log).unwrap())
            .stdin(Stdio::null())
            .spawn()
            .unwrap();
        let mut first_line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut first_line).unwrap();
        let mut process = Process { child, log, url: String::new() };
        let started: Value = serde_json::from_str(&first_line)
            .unwrap_or_else(|_| panic!("{name} did not start: {first_line} {}", process.log()));
        process.url = started["listening"].as_str().unwrap().to_owned();
        let answer = reqwest::get(format!("{}/readyz", process.url)).await.unwrap();
        assert!(answer.status().is_success(), "{name}: {}", process.log());
        process
    }

    async fn worker(&self, version: &Path, name: &str) -> Process {
        self.start(version, name, &["worker"]).await
    }

    #[expect(clippy::disallowed_methods, reason = "an app asks the service, which is no tenant")]
    async fn service(&self, version: &Path, name: &str) -> Service {
        let process = self.start(version, name, &["serve", "--no-workers"]).await;
        let operator = fs::read_to_string(self.data().join("operator-token")).unwrap();
        Service { process, operator: operator.trim().to_owned(), http: reqwest::Client::new() }
    }
}

/// A process that runs until it is stopped.
struct Process {
    child: Child,
    log: PathBuf,
    url: String,
}

impl Process {
    fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap()
    }

    /// How many syncs it has done, by its own log.
    fn syncs(&self) -> usize {
        self.log().lines().filter(|line| line.contains(r#""message":"synced""#)).count()
    }

    /// Stops it; its log must contain no errors.
    fn stop(mut self) {
        let pid = Pid::from_child(&self.child);
        kill_process(pid, Signal::TERM).unwrap();
        let status = self.child.wait().unwrap();
        let log = self.log();
        assert!(status.success(), "{status}: {log}");
        let errors: Vec<&str> = log.lines().filter(|line| line.contains(r#""level":"ERROR""#)).collect();
        assert!(errors.is_empty(), "{}: {errors:#?}", self.log.display());
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A service without workers.
struct Service {
    process: Process,
    operator: String,
    http: reqwest::Client,
}

impl Service {
    async fn request(&self, method: Method, path: &str, key: &str, body: Option<Value>) -> (u16, Value) {
        let mut request = self.http.request(method, format!("{}{path}", self.process.url)).bearer_auth(key);
        if let Some(body) = body {
            request = request.header("Content-Type", "application/json").body(body.to_string());
        }
        let answer = request.send().await.unwrap();
        let (status, text) = (answer.status().as_u16(), answer.text().await.unwrap());
        (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
    }

    async fn make(&self, path: &str, body: Value) -> Value {
        let (status, made) = self.request(Method::POST, path, &self.operator, Some(body)).await;
        assert!((200..300).contains(&status), "{path}: {status} {made}");
        made
    }

    /// An API key.
    async fn key(&self) -> String {
        let made = self.make("/v1/api-keys", json!({ "name": "an app", "role": "vendor" })).await;
        made["key"].as_str().unwrap().to_owned()
    }

    /// Checks that a key opens it, and shows these accounts.
    async fn shows(&self, key: &str, accounts: &[&String]) {
        let (status, list) = self.request(Method::GET, "/v1/linked-accounts", key, None).await;
        assert_eq!(status, 200, "{list}");
        assert!(accounts.iter().all(|account| list.to_string().contains(account.as_str())), "{list}");
    }

    /// The path of a customer's link.
    async fn link(&self) -> String {
        let made = self.make("/v1/link-tokens", json!({ "customer_id": "cust_1", "language": "fr" })).await;
        format!("/link/{}", made["token"].as_str().unwrap())
    }

    /// Opens the page behind a link.
    async fn opens(&self, link: &str) {
        let answer = self.http.get(format!("{}{link}", self.process.url)).send().await.unwrap();
        let (status, page) = (answer.status(), answer.text().await.unwrap());
        assert!(status.is_success() && page.contains("name=\"csrf\""), "{status} {page}");
    }

    /// Syncs an account at once, in this process.
    async fn sync(&self, account: &str) {
        let path = format!("/v1/linked-accounts/{account}/runs");
        for _ in 0..300 {
            let (status, answer) = self.request(Method::POST, &path, &self.operator, None).await;
            match status {
                202 => return,
                // A worker is syncing it.
                409 => pause(Duration::from_millis(200)).await,
                _ => panic!("{status} {answer}"),
            }
        }
        panic!("{path}: never free");
    }

    /// Checks that it returns this job for all active employees.
    async fn gives(&self, account: &str, job: &str) {
        let path = format!("/v1/linked-accounts/{account}/employees?status=active&limit=100");
        let (status, list) = self.request(Method::GET, &path, &self.operator, None).await;
        let people = list["items"].as_array().unwrap_or_else(|| panic!("{status} {list}"));
        assert!(!people.is_empty() && people.iter().all(|one| one["job_title"] == job), "{list}");
    }
}

/// A tenant on real time: incremental reads find changes by their time.
async fn tenant(seed: u64) -> Emulator {
    let mut config = Config::new(25, seed, lucca_emulator::today());
    config.switches.rate_limit = None;
    config.real_time = true;
    Emulator::start(config).await.unwrap()
}

/// A customer's tenant with its linked account.
struct Customer {
    tenant: Emulator,
    account: String,
}

impl Customer {
    async fn new(installation: &Installation, version: &Path, seed: u64) -> Self {
        let tenant = tenant(seed).await;
        let account = installation.link(version, &tenant);
        // As often as possible.
        let often = ["accounts", "configure", &account, "--people", "1", "--absences", "1", "--json"];
        installation.run(version, &often).ok_json();
        Self { tenant, account }
    }

    /// Gives all active employees another job.
    fn live(&self, job: &str) {
        let tenant = self.tenant.tenant();
        for person in tenant.people(Some(Status::Active), usize::MAX) {
            let patch = PersonPatch { job_title: Some(Some(job.to_owned())), ..PersonPatch::default() };
            tenant.change(person.id, patch).unwrap();
        }
    }

    /// Whether all active employees are stored with that job.
    fn is_stored(&self, installation: &Installation, version: &Path, job: &str) -> bool {
        let stored = installation.people(version, &self.account);
        let active = self.tenant.tenant().people(Some(Status::Active), usize::MAX);
        active.iter().all(|one| stored.get(&one.id.to_string()).is_some_and(|one| one["job_title"] == job))
    }

    /// Compares the store with a fresh link of the tenant.
    fn check(&self, installation: &Installation, version: &Path) {
        let fresh = Installation::on(None);
        let account = fresh.link(version, &self.tenant);
        fresh.run(version, &["sync", "--json"]).ok_json();
        let stored = installation.people(version, &self.account);
        assert_eq!(stored.len() as u64, self.tenant.truth().employees);
        assert_eq!(stored, fresh.people(version, &account));
        let absences = |of: &Installation, account: &str| {
            let list = ["absences", "list", "--account", account, "--from", "2025-01-01", "--json"];
            of.run(version, &list).ok_json()
        };
        assert_eq!(absences(installation, &self.account), absences(&fresh, &account));
    }
}

/// An app that receives webhooks: the id and the body of each, in order of arrival.
struct Receiver {
    url: String,
    taken: Arc<Mutex<Vec<(String, Value)>>>,
}

impl Receiver {
    async fn start() -> Self {
        let taken = Arc::<Mutex<Vec<(String, Value)>>>::default();
        let inbox = Arc::clone(&taken);
        let take = async move |headers: HeaderMap, body: String| {
            let id = headers["webhook-id"].to_str().unwrap().to_owned();
            inbox.lock().unwrap().push((id, serde_json::from_str(&body).unwrap()));
            StatusCode::NO_CONTENT
        };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        tokio::spawn(axum::serve(listener, axum::Router::new().fallback(take)).into_future());
        Self { url, taken }
    }

    /// The sequence numbers of an account's change log that it received. A webhook received twice has the
    /// same body, and changes of one person arrive in order.
    fn sequences(&self, account: &str) -> BTreeSet<u64> {
        let (mut by_id, mut last) = (BTreeMap::new(), BTreeMap::new());
        for (id, body) in &*self.taken.lock().unwrap() {
            if body["linked_account_id"] != account {
                continue;
            }
            if let Some(first) = by_id.insert(id.clone(), body.clone()) {
                assert_eq!(first, *body, "{id}");
                continue;
            }
            let before = last.insert(body["data"]["id"].to_string(), body["sequence"].as_u64());
            assert!(before.is_none_or(|before| before < body["sequence"].as_u64()), "{before:?}: {body}");
        }
        by_id.values().filter_map(|body| body["sequence"].as_u64()).collect()
    }

    /// Checks that it received each change of the account's employees, and no others.
    async fn check(&self, installation: &Installation, version: &Path, account: &str) {
        let list =
            ["changes", "--account", account, "--kind", "employees", "--operation", "updated", "--json"];
        let listed = installation.run(version, &list).out;
        let lines = listed.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        let expected: BTreeSet<u64> = lines.map(|line| line["seq"].as_u64().unwrap()).collect();
        assert!(!expected.is_empty());
        until("webhooks", || self.sequences(account).is_superset(&expected)).await;
        assert_eq!(self.sequences(account), expected);
    }
}

/// Checks that this version shows people as the previous version did; it may show more.
fn check_shown(before: &People, after: &People) {
    assert!(before.keys().eq(after.keys()));
    for (id, person) in before {
        for (member, value) in person.as_object().unwrap() {
            assert_eq!(&after[id][member], value, "{member}");
        }
    }
}

/// Changes all jobs, and waits until the workers have found that out, and `also` holds.
async fn live_until(
    job: &str,
    customers: &[&Customer],
    (installation, version): (&Installation, &Path),
    also: impl Fn() -> bool,
) {
    customers.iter().for_each(|customer| customer.live(job));
    for minutes in 1..60 {
        if also() && customers.iter().all(|one| one.is_stored(installation, version, job)) {
            return;
        }
        // A reconfigured account is due at once, and is read half a minute after the last read.
        for customer in customers {
            let overlap = (180 + minutes).to_string();
            let due = ["accounts", "configure", &customer.account, "--overlap", &overlap, "--json"];
            installation.run(version, &due).ok_json();
        }
        pause(Duration::from_secs(2)).await;
    }
    panic!("{job}: not everything was read");
}

/// Waits until other processes have done something.
async fn until(what: &str, is_so: impl Fn() -> bool) {
    for _ in 0..300 {
        if is_so() {
            return;
        }
        pause(Duration::from_millis(200)).await;
    }
    panic!("{what}: not in time");
}

#[expect(clippy::disallowed_methods, reason = "waits for other processes, which work by the machine's clock")]
async fn pause(duration: Duration) {
    tokio::time::sleep(duration).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the version before: cargo xtask test upgrade"]
async fn both_versions_share_a_postgresql_database() {
    let (old, new) = (&*previous_version(), &*this_version());
    let installation = Installation::on(Some(test_database::empty_on_postgres().await));
    let at = (&installation, new);
    let old_schema = installation.migrate(old);
    let mut customers = Vec::new();
    for seed in 1..=2 {
        customers.push(Customer::new(&installation, old, seed).await);
    }
    let old_service = installation.service(old, "old-serve").await;
    let old_worker = installation.worker(old, "old-worker").await;
    let old_key = old_service.key().await;
    let old_link = old_service.link().await;
    until("the first syncs", || old_worker.syncs() >= 2).await;
    let receiver = Receiver::start().await;
    let wanted = json!({ "url": receiver.url, "event_types": ["employee.updated"] });
    old_service.make("/v1/webhook-endpoints", wanted).await;

    // The schema is the new version's, and only the previous version works: also for an account that it did
    // not link.
    let new_schema = installation.migrate(new);
    customers.push(Customer::new(&installation, new, 3).await);
    let all: Vec<&Customer> = customers.iter().collect();
    live_until("First", &all, at, || true).await;

    // Both versions.
    let new_service = installation.service(new, "new-serve").await;
    let new_worker = installation.worker(new, "new-worker").await;
    let new_key = new_service.key().await;
    let new_link = new_service.link().await;
    let accounts: Vec<&String> = customers.iter().map(|one| &one.account).collect();
    for service in [&old_service, &new_service] {
        for (key, link) in [(&old_key, &old_link), (&new_key, &new_link)] {
            service.shows(key, &accounts).await;
            service.opens(link).await;
        }
    }
    let before = (old_worker.syncs(), new_worker.syncs());
    live_until("Second", &all, at, || old_worker.syncs() > before.0 && new_worker.syncs() > before.1).await;
    for service in [&old_service, &new_service] {
        for account in &accounts {
            service.gives(account, "Second").await;
        }
    }
    for (service, customer) in [(&old_service, all[0]), (&new_service, all[1])] {
        customer.live("Asked for");
        service.sync(&customer.account).await;
        until("a sync that was asked for", || customer.is_stored(&installation, new, "Asked for")).await;
    }

    // The new version alone.
    old_worker.stop();
    old_service.process.stop();
    live_until("Third", &all, at, || true).await;
    new_service.shows(&old_key, &accounts).await;

    // The previous version is restarted: it starts only on a schema that it knows.
    if new_schema > old_schema {
        let refused = installation.run(old, &["worker", "--listen", "127.0.0.1:0", "--json"]);
        assert_eq!(refused.json()["error"]["code"], "store.migration", "{}", refused.out);
    } else {
        let worker = installation.worker(old, "old-worker-again").await;
        installation.run(old, &["audit", "verify"]).ok();
        worker.stop();
    }
    for customer in &customers {
        receiver.check(&installation, new, &customer.account).await;
    }
    new_worker.stop();
    new_service.process.stop();

    for customer in &customers {
        customer.check(&installation, new);
    }
    let runs = installation.run(new, &["runs", "list", "--limit", "1000", "--json"]).ok_json();
    let failed: Vec<&Value> =
        runs.as_array().unwrap().iter().filter(|run| run["status"] != "succeeded").collect();
    assert!(failed.is_empty(), "{failed:#?}");
    installation.run(new, &["audit", "verify"]).ok();
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the version before: cargo xtask test upgrade"]
async fn previous_data_directory_opens_unchanged() {
    let (old, new) = (&*previous_version(), &*this_version());
    let installation = Installation::on(None);
    let tenant = tenant(4).await;
    let account = installation.link(old, &tenant);
    installation.run(old, &["sync", "--json"]).ok_json();
    let people = installation.people(old, &account);
    assert_eq!(people.len() as u64, tenant.truth().employees);

    check_shown(&people, &installation.people(new, &account));
    for sync in [&["sync", "--json"][..], &["sync", "--full", "--json"]] {
        let report = installation.run(new, sync).ok_json();
        assert_eq!(report["outcome"], "succeeded", "{report}");
        let written = ["created", "updated", "gone", "hidden"];
        let streams = report["streams"].as_array().unwrap();
        assert!(!streams.is_empty());
        for stream in streams {
            assert!(written.iter().all(|count| stream[count] == 0), "{stream}");
        }
    }
    check_shown(&people, &installation.people(new, &account));
    installation.run(new, &["audit", "verify"]).ok();
    let checked = installation.run(new, &["doctor", "--listen", "127.0.0.1:0", "--json"]).ok_json();
    assert_eq!(checked["state"], "ok", "{checked:#}");
}
