//! `airbyte`: the messages that a platform receives when it runs the binary as a source.

use std::collections::BTreeMap;
use std::io::Read;
use std::process::Stdio;

use serde_json::{Map, Value, json};
use test_database::Engine;

use crate::streams::{
    EVERY_FIELD, Records, STREAMS, Synced, apply, assert_same, check, is_empty, lines, split,
};
use crate::{Ran, command, emulator, ended};

/// The contents of the messages of a type.
fn of(messages: &[Value], type_: &str, member: &str) -> Vec<Value> {
    messages
        .iter()
        .filter(|message| message["type"] == type_)
        .map(|message| message[member].clone())
        .collect()
}

/// The last state of each stream, as a platform passes it back.
fn states(messages: &[Value]) -> Value {
    let mut last = BTreeMap::new();
    for state in of(messages, "STATE", "state") {
        assert_eq!(state["type"], "STREAM");
        last.insert(state["stream"]["stream_descriptor"]["name"].to_string(), state);
    }
    last.into_values().collect()
}

fn records(messages: &[Value]) -> Vec<(String, Map<String, Value>)> {
    let parts = |record: Value| {
        assert!(record["emitted_at"].as_i64().unwrap() > 1_700_000_000_000);
        (record["stream"].as_str().unwrap().to_owned(), record["data"].as_object().unwrap().clone())
    };
    of(messages, "RECORD", "record").into_iter().map(parts).collect()
}

fn statuses(messages: &[Value], stream: &str) -> Vec<String> {
    let statuses =
        of(messages, "TRACE", "trace").into_iter().filter(|trace| trace["type"] == "STREAM_STATUS");
    statuses
        .map(|trace| trace["stream_status"].clone())
        .filter(|status| status["stream_descriptor"]["name"] == stream)
        .map(|status| status["status"].as_str().unwrap().to_owned())
        .collect()
}

fn errors(ran: &Ran) -> Vec<Value> {
    of(&lines(ran), "TRACE", "trace").into_iter().filter(|trace| trace["type"] == "ERROR").collect()
}

impl Synced {
    /// A configured catalog of these streams.
    fn configured(&self, streams: &[&str], mode: &str) -> String {
        let streams: Vec<Value> = streams
            .iter()
            .map(|name| {
                json!({
                    "stream": { "name": name, "json_schema": {}, "supported_sync_modes": [mode] },
                    "sync_mode": mode,
                    "cursor_field": ["_lucca_seq"],
                    "destination_sync_mode": "append",
                })
            })
            .collect();
        self.write("catalog.json", &json!({ "streams": streams }))
    }

    fn read(&self, catalog: &str, state: Option<&Value>) -> Ran {
        let config = self.config();
        let mut arguments = vec!["airbyte", "read", "--config", &config, "--catalog", catalog];
        let state = state.map(|state| self.write("state.json", state));
        arguments.extend(state.iter().flat_map(|state| ["--state", state]));
        self.run(&arguments)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn incremental_copy_equals_the_store() {
    for engine in Engine::available() {
        let synced = Synced::new(engine, 60).await;
        let config = synced.config();
        let checked = synced.run(&["airbyte", "check", "--config", &config]).ok_json();
        assert_eq!(checked["connectionStatus"], json!({ "status": "SUCCEEDED" }));
        let without = synced.run_with(&["airbyte", "check", "--from-store"], "").ok_json();
        assert_eq!(without, checked);
        let discovered = synced.run(&["airbyte", "discover", "--config", &config]).ok_json();
        let discovered = discovered["catalog"]["streams"].as_array().unwrap().clone();
        assert!(discovered.iter().map(|stream| stream["name"].as_str().unwrap()).eq(STREAMS));
        let schemas: BTreeMap<&str, &Value> = discovered
            .iter()
            .map(|stream| (stream["name"].as_str().unwrap(), &stream["json_schema"]))
            .collect();

        let catalog = synced.configured(&STREAMS, "incremental");
        let first = synced.read(&catalog, None);
        assert_eq!(first.code, 0, "{}", first.out);
        let messages = lines(&first);
        let mut copy = Records::new();
        for (stream, record) in records(&messages) {
            check(&Value::Object(record.clone()), schemas[stream.as_str()], &stream);
            apply(&mut copy, &stream, &record);
        }
        assert!(STREAMS.iter().all(|stream| copy.keys().any(|(of, _)| of == stream)));
        assert_same(&copy, &synced).await;
        for stream in STREAMS {
            assert_eq!(statuses(&messages, stream), ["STARTED", "RUNNING", "COMPLETE"]);
        }
        let counted: f64 = of(&messages, "STATE", "state")
            .iter()
            .map(|state| state["sourceStats"]["recordCount"].as_f64().unwrap())
            .sum();
        assert!((counted - copy.len() as f64).abs() < 0.5);
        let estimated: u64 = of(&messages, "TRACE", "trace")
            .iter()
            .filter_map(|trace| trace["estimate"]["row_estimate"].as_u64())
            .sum();
        assert_eq!(estimated, copy.len() as u64);

        // Nothing changed since: no records, and the state stays.
        let idle = lines(&synced.read(&catalog, Some(&states(&messages))));
        assert!(records(&idle).is_empty());
        assert_eq!(states(&idle).as_array().unwrap().len(), STREAMS.len());
        assert_eq!(statuses(&idle, "employees"), ["STARTED", "COMPLETE"]);

        let (moved, removed) = synced.change();
        synced.sync();
        let news = lines(&synced.read(&catalog, Some(&states(&idle))));
        let people: Vec<Map<String, Value>> = records(&news)
            .into_iter()
            .filter(|(stream, _)| stream == "employees")
            .map(|(_, record)| record)
            .collect();
        let records_of = |id: &str| people.iter().filter(|record| record["id"] == id).collect::<Vec<_>>();
        assert_eq!(records_of(moved.as_str()).len(), 1);
        assert_eq!(records_of(moved.as_str())[0]["job_title"], "Cheffe");
        assert_eq!(records_of(removed.as_str())[0]["_lucca_state"], "gone");
        assert!(people.len() < 20, "{}", people.len());
        for (stream, record) in records(&news) {
            check(&Value::Object(record.clone()), schemas[stream.as_str()], &stream);
            apply(&mut copy, &stream, &record);
        }
        assert_same(&copy, &synced).await;

        // Of an erased employee only the id is delivered.
        let erased = synced.run_with(&["employees", "erase", moved.as_str(), "--yes", "--json"], "");
        assert_eq!(erased.code, 0, "{}", erased.err);
        let last = records(&lines(&synced.read(&catalog, Some(&states(&news)))));
        let [(stream, record)] = &last[..] else { panic!("{last:?}") };
        let (model, state, is_deleted) = split(record);
        assert_eq!((stream.as_str(), state.as_str(), is_deleted), ("employees", "erased", true));
        assert_eq!(Value::Object(model), json!({ "id": moved.as_str() }));
        check(&Value::Object(record.clone()), schemas["employees"], "employees");

        // A full read contains neither deleted nor erased employees.
        let full = synced.configured(&["employees"], "full_refresh");
        let full = records(&lines(&synced.read(&full, Some(&states(&news)))));
        assert_eq!(full.len(), 58);
        assert!(full.iter().all(|(_, record)| record["_lucca_state"] == "present"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn interrupted_read_resumes_then_sends_changes() {
    let synced = Synced::new(Engine::Sqlite, 1200).await;
    for mode in ["incremental", "full_refresh"] {
        let catalog = synced.configured(&["employees"], mode);
        let whole = lines(&synced.read(&catalog, None));
        let interrupted = whole.iter().position(|message| message["type"] == "STATE").unwrap();
        let (before, _) = whole.split_at(interrupted + 1);
        assert_eq!(records(before).len(), 500);
        let mut copy = Records::new();
        records(before).iter().for_each(|(stream, record)| apply(&mut copy, stream, record));

        let rest = lines(&synced.read(&catalog, Some(&states(before))));
        assert_eq!(records(&rest).len(), records(&whole).len() - 500);
        records(&rest).iter().for_each(|(stream, record)| apply(&mut copy, stream, record));
        assert_eq!(copy.len(), records(&whole).len());

        // A change during the read, before or behind the position, comes afterwards.
        let first = records(before)[0].1["id"].as_str().unwrap().parse().unwrap();
        let patch = lucca_emulator::PersonPatch {
            job_title: Some(Some(mode.to_owned())),
            ..lucca_emulator::PersonPatch::default()
        };
        synced.emulator.tenant().change(first, patch).unwrap();
        synced.sync();
        let rest = lines(&synced.read(&catalog, Some(&states(before))));
        let (_, last) = records(&rest).pop().unwrap();
        assert_eq!((&last["id"], &last["job_title"]), (&json!(first.to_string()), &json!(mode)));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn unusable_input_gives_an_error_message() {
    let synced = Synced::new(Engine::Sqlite, 20).await;
    let catalog = synced.configured(&["employees"], "incremental");
    let state = states(&lines(&synced.read(&catalog, None)));
    let mut foreign = state.clone();
    foreign[0]["stream"]["stream_state"]["account"] = json!("acct_another");
    let mut ahead = state.clone();
    ahead[0]["stream"]["stream_state"]["seq"] = json!(1_000_000);
    let mut newer = state;
    newer[0]["stream"]["stream_state"]["version"] = json!(2);
    let global = json!([{ "type": "GLOBAL", "global": { "stream_states": [] } }]);
    for refused in [foreign, ahead, newer, global, json!({ "employees": 7 })] {
        let ran = synced.read(&catalog, Some(&refused));
        let errors = errors(&ran);
        assert_eq!((ran.code, errors.len()), (1, 1), "{}", ran.out);
        assert_eq!(errors[0]["error"]["failure_type"], "config_error");
        assert!(records(&lines(&ran)).is_empty());
    }
    let unknown = synced.configured(&["salaries"], "full_refresh");
    let ran = synced.read(&unknown, None);
    assert!(ran.code == 1 && errors(&ran)[0]["error"]["message"].as_str().unwrap().contains("salaries"));

    // A configuration may hold a key: errors never repeat it.
    let key = synced.emulator.api_key();
    for (config, code) in [
        (json!({ "tenant_url": [key], "api_key": key }), "cli.source_config"),
        (json!({ "tenant_url": "https://example.com", "api_key": key }), "tenant_url"),
        (json!({ "api_key": key }), "cli.source_config"),
        (json!({ "from_store": { "data_dir": "/nonexistent" } }), "cli.no_data"),
    ] {
        let path = synced.write("bad.json", &config);
        let ran = synced.run(&["airbyte", "discover", "--config", &path]);
        if code != "cli.no_data" {
            let errors = errors(&ran);
            assert_eq!(
                (ran.code, &errors[0]["error"]["failure_type"]),
                (1, &json!("config_error")),
                "{}",
                ran.out
            );
            assert!(
                errors[0]["error"]["internal_message"].as_str().unwrap().starts_with(code),
                "{}",
                ran.out
            );
        }
        let checked = synced.run(&["airbyte", "check", "--config", &path]);
        assert_eq!(checked.ok_json()["connectionStatus"]["status"], "FAILED");
        for ran in [ran, checked] {
            assert!(!ran.out.contains(key) && !ran.err.contains(key));
        }
    }
    let missing = synced.run(&["airbyte", "read", "--config", "nowhere.json", "--catalog", &unknown]);
    assert!(missing.code == 1 && errors(&missing).len() == 1);

    // The platform may close the pipe once it has read enough.
    let config = synced.config();
    let read =
        ["airbyte", "read", "--config", &config, "--catalog", &synced.configured(&STREAMS, "full_refresh")];
    let mut child = command(synced.dir.path(), &read).stderr(Stdio::piped()).spawn().unwrap();
    let mut out = child.stdout.take().unwrap();
    out.read_exact(&mut [0; 10]).unwrap();
    drop(out);
    let ran = ended(child);
    assert!(ran.code == 0 && !ran.err.contains("panicked"), "{}", ran.err);
}

#[tokio::test(flavor = "multi_thread")]
async fn direct_read_is_full_and_leaves_no_files() {
    let emulator = emulator(60).await;
    let (dir, temporary) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let write = |name: &str, content: &Value| {
        let path = dir.path().join(name);
        std::fs::write(&path, content.to_string()).unwrap();
        path.display().to_string()
    };
    let config = write(
        "config.json",
        &json!({
            "tenant_url": emulator.url(),
            "api_key": emulator.api_key(),
            "fields": EVERY_FIELD.split(',').collect::<Vec<_>>(),
            "allow_loopback": true,
            "requests_per_minute": 0,
        }),
    );
    let run = |arguments: &[&str]| {
        let ran = ended(command(dir.path(), arguments).env("TMPDIR", temporary.path()).spawn().unwrap());
        assert!(!ran.out.contains(emulator.api_key()) && !ran.err.contains(emulator.api_key()));
        assert!(is_empty(temporary.path()));
        ran
    };
    let checked = run(&["airbyte", "check", "--config", &config]).ok_json();
    assert_eq!(checked["connectionStatus"]["status"], "SUCCEEDED");
    let discovered = run(&["airbyte", "discover", "--config", &config]).ok_json();
    let configured = |streams: &[&str], mode: &str| {
        let wanted = |stream: &&Value| streams.contains(&stream["name"].as_str().unwrap());
        let streams: Vec<Value> = discovered["catalog"]["streams"]
            .as_array()
            .unwrap()
            .iter()
            .filter(wanted)
            .map(|stream| {
                assert_eq!(stream["supported_sync_modes"], json!(["full_refresh"]));
                json!({ "stream": stream, "sync_mode": mode, "destination_sync_mode": "overwrite" })
            })
            .collect();
        write("catalog.json", &json!({ "streams": streams }))
    };
    let read = |catalog: &str| run(&["airbyte", "read", "--config", &config, "--catalog", catalog]);

    let refused = read(&configured(&["employees"], "incremental"));
    assert!(refused.code == 1 && errors(&refused)[0]["error"]["failure_type"] == "config_error");

    let ran = read(&configured(&STREAMS, "full_refresh"));
    assert_eq!(ran.code, 0, "{}", ran.out);
    let mut copy = Records::new();
    records(&lines(&ran)).iter().for_each(|(stream, record)| apply(&mut copy, stream, record));
    let truth = emulator.truth();
    let count = |stream: &str| copy.keys().filter(|(of, _)| of == stream).count() as u64;
    assert_eq!((count("employees"), count("employments")), (truth.employees, truth.employments));
    assert_eq!((count("departments"), count("absence_requests")), (truth.departments, truth.leave_requests));
    for state in states(&lines(&ran)).as_array().unwrap() {
        assert_eq!(state["stream"]["stream_state"], json!({ "__ab_no_cursor_state_message": true }));
    }

    // Only the selected streams are requested.
    emulator.tenant().clear_requests();
    assert_eq!(read(&configured(&["employees", "departments"], "full_refresh")).code, 0);
    let requests = emulator.requests();
    assert!(
        !requests.is_empty() && requests.iter().all(|request| !request.path.contains("leave")),
        "{requests:#?}"
    );

    // A list that the key may not read must not look empty.
    let key = emulator.tenant().keys().into_iter().find(|key| key.key == emulator.api_key()).unwrap();
    let rights = lucca_emulator::Rights { view_contracts: false, ..key.rights };
    assert!(emulator.tenant().set_rights(emulator.api_key(), rights));
    let ran = read(&configured(&["employees", "employments"], "full_refresh"));
    let errors = errors(&ran);
    assert_eq!((ran.code, errors.len()), (1, 1), "{}", ran.out);
    assert_eq!(errors[0]["error"]["stream_descriptor"]["name"], "employments", "{errors:?}");
    assert_eq!(errors[0]["error"]["failure_type"], "config_error");
    assert_eq!(statuses(&lines(&ran), "employments").last().unwrap(), "INCOMPLETE");
    assert_eq!(statuses(&lines(&ran), "employees").last().unwrap(), "COMPLETE");
}

#[test]
fn specification_marks_secrets() {
    let dir = tempfile::tempdir().unwrap();
    let spec = crate::run(dir.path(), &["airbyte", "spec"]).ok_json();
    let properties = &spec["spec"]["connectionSpecification"]["properties"];
    assert_eq!(properties["api_key"]["airbyte_secret"], true);
    assert_eq!(properties["from_store"]["properties"]["database"]["airbyte_secret"], true);
    assert_eq!(properties["tenant_url"]["airbyte_secret"], Value::Null);
}
