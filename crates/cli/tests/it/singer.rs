//! `tap`: the messages that a Singer target receives.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use test_database::Engine;

use crate::streams::{Records, STREAMS, Synced, apply, assert_same, check, is_empty, lines};
use crate::{Ran, command, emulator, ended};

/// The state of a target: the schema of each stream, and the last state.
struct Target {
    schemas: BTreeMap<String, Value>,
    copy: Records,
    state: Option<Value>,
    records: usize,
}

impl Target {
    fn new() -> Self {
        Self { schemas: BTreeMap::new(), copy: Records::new(), state: None, records: 0 }
    }

    /// Loads a tap's output as the specification requires.
    fn load(&mut self, messages: &[Value]) {
        self.records = 0;
        for message in messages {
            let stream = message["stream"].as_str().unwrap_or_default().to_owned();
            match message["type"].as_str().unwrap() {
                "SCHEMA" => {
                    assert_eq!(message["key_properties"], json!(["id"]));
                    self.schemas.insert(stream, message["schema"].clone());
                }
                "RECORD" => {
                    check(&message["record"], &self.schemas[&stream], &stream);
                    assert!(message["time_extracted"].as_str().unwrap().ends_with('Z'));
                    apply(&mut self.copy, &stream, message["record"].as_object().unwrap());
                    self.records += 1;
                }
                "STATE" => self.state = Some(message["value"].clone()),
                other => panic!("{other}"),
            }
        }
    }
}

impl Synced {
    fn tap(&self, catalog: Option<&Value>, state: Option<&Value>) -> Ran {
        let (config, mut arguments) = (self.config(), Vec::new());
        let catalog = catalog.map(|catalog| self.write("catalog.json", catalog));
        let state = state.map(|state| self.write("state.json", state));
        arguments.extend(["tap", "--config", &config]);
        arguments.extend(catalog.iter().flat_map(|path| ["--catalog", path]));
        arguments.extend(state.iter().flat_map(|path| ["--state", path]));
        self.run(&arguments)
    }

    fn discover(&self) -> Value {
        self.run(&["tap", "--config", &self.config(), "--discover"]).ok_json()
    }
}

/// Changes the metadata of a stream or of one of its fields.
fn mark(catalog: &mut Value, stream: &str, breadcrumb: &[&str], name: &str, value: Value) {
    let entry = catalog["streams"].as_array_mut().unwrap().iter_mut().find(|entry| entry["stream"] == stream);
    let metadata = entry.unwrap()["metadata"].as_array_mut().unwrap();
    let entry = metadata.iter_mut().find(|entry| entry["breadcrumb"] == json!(breadcrumb)).unwrap();
    entry["metadata"][name] = value;
}

#[tokio::test(flavor = "multi_thread")]
async fn target_that_keeps_state_equals_the_store() {
    for engine in Engine::available() {
        let synced = Synced::new(engine, 60).await;
        let catalog = synced.discover();
        let mut target = Target::new();
        target.load(&lines(&synced.tap(Some(&catalog), None)));
        assert!(target.schemas.keys().map(String::as_str).eq({
            let mut streams = STREAMS;
            streams.sort_unstable();
            streams
        }));
        assert_eq!(target.records, target.copy.len());
        assert_same(&target.copy, &synced).await;

        let (moved, removed) = synced.change();
        synced.sync();
        let state = target.state.clone();
        target.load(&lines(&synced.tap(Some(&catalog), state.as_ref())));
        assert!((2..60).contains(&target.records), "{}", target.records);
        let person = |id: &str| &target.copy[&("employees".to_owned(), id.to_owned())];
        assert_eq!(person(moved.as_str())["job_title"], "Cheffe");
        assert_eq!(person(removed.as_str())["_lucca_state"], "gone");
        assert_same(&target.copy, &synced).await;

        let state = target.state.clone();
        target.load(&lines(&synced.tap(Some(&catalog), state.as_ref())));
        assert_eq!((target.records, &target.state), (0, &state));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_selected_streams_are_sent() {
    let synced = Synced::new(Engine::Sqlite, 30).await;
    let mut catalog = synced.discover();
    for stream in STREAMS.into_iter().filter(|stream| !["employees", "departments"].contains(stream)) {
        mark(&mut catalog, stream, &[], "selected", json!(false));
    }
    mark(&mut catalog, "employees", &[], "selected", json!(true));
    mark(&mut catalog, "employees", &["properties", "birth"], "selected", json!(false));
    mark(&mut catalog, "employees", &["properties", "id"], "selected", json!(false));
    mark(&mut catalog, "departments", &[], "replication-method", json!("FULL_TABLE"));
    let messages = lines(&synced.tap(Some(&catalog), None));
    let mut target = Target::new();
    target.load(&messages);
    assert!(target.schemas.keys().eq(["departments", "employees"]));
    let is_left_out =
        |members: &Map<String, Value>| !members.contains_key("birth") && members.contains_key("id");
    assert!(is_left_out(target.schemas["employees"]["properties"].as_object().unwrap()));
    let people = || target.copy.iter().filter(|((stream, _), _)| stream == "employees");
    assert_eq!(people().count(), 30);
    assert!(people().all(|(_, record)| is_left_out(record) && record.contains_key("work_email")));
    let departments = target.copy.len() - 30;

    // Streams with full replication are sent in full again, and the bookmarks of the others stay.
    let state = target.state.clone().unwrap();
    assert!(state["bookmarks"]["employees"]["seq"].as_i64().unwrap() > 0);
    assert_eq!(state["bookmarks"]["departments"], Value::Null);
    mark(&mut catalog, "employees", &[], "selected", json!(false));
    target.load(&lines(&synced.tap(Some(&catalog), Some(&state))));
    assert_eq!((target.records, target.state.as_ref()), (departments, Some(&state)));

    for (name, value, code) in [
        ("replication-method", "LOG_BASED", "delivery.malformed"),
        ("replication-key", "modified_at", "delivery.other_cursor"),
    ] {
        let mut refused = synced.discover();
        mark(&mut refused, "employees", &[], name, json!(value));
        let ran = synced.tap(Some(&refused), None);
        assert_eq!((ran.code, ran.out.as_str()), (2, ""));
        assert!(ran.err.contains(code), "{}", ran.err);
    }
    // Errors never go to the output that a target reads, with any arguments.
    let ran = synced.run(&["tap", "--config", "nowhere.json", "--json"]);
    assert!(ran.code == 2 && ran.out.is_empty() && ran.err.contains("cli.file"), "{}", ran.err);
}

#[tokio::test(flavor = "multi_thread")]
async fn interrupted_tap_resumes() {
    let synced = Synced::new(Engine::Sqlite, 1200).await;
    let mut catalog = synced.discover();
    for stream in STREAMS.into_iter().filter(|stream| *stream != "employees") {
        mark(&mut catalog, stream, &[], "selected", json!(false));
    }
    for method in ["INCREMENTAL", "FULL_TABLE"] {
        mark(&mut catalog, "employees", &[], "replication-method", json!(method));
        let whole = lines(&synced.tap(Some(&catalog), None));
        let at = whole.iter().position(|message| message["type"] == "STATE").unwrap();
        let mut target = Target::new();
        target.load(&whole[..=at]);
        assert_eq!(
            (target.records, &target.state.as_ref().unwrap()["currently_syncing"]),
            (500, &json!("employees"))
        );
        let state = target.state.clone();
        target.load(&lines(&synced.tap(Some(&catalog), state.as_ref())));
        assert_eq!((target.records, target.copy.len()), (700, 1200));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn direct_tap_leaves_no_files() {
    let emulator = emulator(40).await;
    let (dir, temporary) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let config = dir.path().join("config.json");
    let content = json!({
        "tenant_url": emulator.url(),
        "api_key": emulator.api_key(),
        "allow_loopback": true,
        "requests_per_minute": 0,
    });
    std::fs::write(&config, content.to_string()).unwrap();
    let config = config.display().to_string();
    let mut tap = command(dir.path(), &["tap", "--config", &config]);
    let ran = ended(tap.env("TMPDIR", temporary.path()).spawn().unwrap());
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(!ran.out.contains(emulator.api_key()) && !ran.err.contains(emulator.api_key()));
    assert!(is_empty(temporary.path()));
    let mut target = Target::new();
    target.load(&lines(&ran));
    let people = target.copy.keys().filter(|(stream, _)| stream == "employees").count();
    assert_eq!((people as u64, target.state), (emulator.truth().employees, Some(json!({ "bookmarks": {} }))));
}
