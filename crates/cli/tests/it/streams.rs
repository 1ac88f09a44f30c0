//! Shared by the tests of `airbyte` and `tap`: a tenant synced into a store, the stored records, and a
//! validator of records against their stream's schema.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use jiff::civil::{Date, DateTime};
use lucca_emulator::{Emulator, PersonPatch, Status};
use people::{Kind, RemoteId};
use serde_json::{Map, Value, json};
use store::{LinkedAccount, RecordState, Store};
use tempfile::TempDir;
use test_database::{DatabaseLocation, Engine, TestDatabase};

use crate::{Ran, command, emulator, ended};

/// The streams, by the names that tools use.
pub(crate) const STREAMS: [&str; 11] = [
    "employees",
    "employments",
    "departments",
    "establishments",
    "legal_units",
    "job_qualifications",
    "occupation_categories",
    "leave_types",
    "absences",
    "absence_requests",
    "custom_field_definitions",
];

/// Records by stream and id.
pub(crate) type Records = BTreeMap<(String, String), Map<String, Value>>;

/// A tenant whose streams are all synced.
pub(crate) struct Synced {
    pub(crate) emulator: Emulator,
    place: DatabaseLocation,
    _database: TestDatabase,
    pub(crate) dir: TempDir,
}

pub(crate) const EVERY_FIELD: &str =
    "identity,work,contract,custom_fields,contact,birth,address,identifiers,bank,leave_reason";

impl Synced {
    pub(crate) async fn new(engine: Engine, employees: u32) -> Self {
        let database = TestDatabase::new(engine).await;
        let place = match &database.place {
            // The command creates the database with its key: only the folder is used here.
            DatabaseLocation::File(path) => DatabaseLocation::File(path.with_file_name("linked.db")),
            url @ DatabaseLocation::Url(_) => url.clone(),
        };
        let dir = tempfile::tempdir().unwrap();
        let synced = Self { emulator: emulator(employees).await, place, _database: database, dir };
        let tenant = synced.emulator.url();
        let link = ["link", &tenant, "--key-stdin", "--allow-loopback", "--requests-per-minute", "0"];
        let linked =
            synced.run_with(&[&link[..], &["--fields", EVERY_FIELD]].concat(), synced.emulator.api_key());
        assert_eq!(linked.code, 0, "{}", linked.err);
        synced.sync();
        let from_store = json!({ "data_dir": synced.data(), "database": synced.database() });
        synced.write("config.json", &json!({ "from_store": from_store }));
        synced
    }

    fn data(&self) -> PathBuf {
        self.dir.path().join("data")
    }

    fn database(&self) -> String {
        match &self.place {
            DatabaseLocation::File(path) => format!("sqlite:{}", path.display()),
            DatabaseLocation::Url(url) => url.clone(),
        }
    }

    /// Runs a command on the store.
    pub(crate) fn run_with(&self, arguments: &[&str], input: &str) -> Ran {
        use std::io::Write;
        let mut child =
            command(&self.data(), arguments).env("DATABASE_URL", self.database()).spawn().unwrap();
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        ended(child)
    }

    /// Runs a command that must find the store by its configuration alone.
    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        ended(command(&self.dir.path().join("nothing"), arguments).spawn().unwrap())
    }

    /// Runs a full sync that accepts missing records.
    pub(crate) fn sync(&self) {
        let ran = self.run_with(&["sync", "--full", "--accept-missing", "--json"], "");
        assert_eq!(ran.code, 0, "{} {}", ran.out, ran.err);
    }

    /// Writes a JSON file and returns its path.
    pub(crate) fn write(&self, name: &str, content: &Value) -> String {
        let path = self.dir.path().join(name);
        fs::write(&path, content.to_string()).unwrap();
        path.display().to_string()
    }

    pub(crate) fn config(&self) -> String {
        self.dir.path().join("config.json").display().to_string()
    }

    pub(crate) async fn account(&self) -> (Store, LinkedAccount) {
        let store = self.place.open().await.unwrap();
        let account = store.accounts().await.unwrap().remove(0);
        (store, account)
    }

    /// The stored records of every stream, with their states.
    pub(crate) async fn stored(&self) -> BTreeMap<(String, String), (Map<String, Value>, RecordState)> {
        let (store, account) = self.account().await;
        let mut all = BTreeMap::new();
        for stream in STREAMS {
            let kind: Kind = stream.parse().unwrap();
            for kept in store.kept(account.no, kind, None, 100_000).await.unwrap() {
                let body = serde_json::from_str(&kept.body).unwrap();
                all.insert((stream.to_owned(), kept.id.to_string()), (body, kept.state));
            }
        }
        all
    }

    /// Removes one person from the tenant, changes another's job and adds a third; returns the ids of the
    /// first two.
    pub(crate) fn change(&self) -> (RemoteId, RemoteId) {
        let tenant = self.emulator.tenant();
        let active = tenant.people(Some(Status::Active), 9);
        let (moved, removed) = (active[7].id, active[8].id);
        let patch = PersonPatch { job_title: Some(Some("Cheffe".into())), ..PersonPatch::default() };
        tenant.change(moved, patch).unwrap();
        assert!(tenant.remove(removed));
        (RemoteId::from(moved), RemoteId::from(removed))
    }
}

/// Applies a record to a destination's copy: the newest by its cursor wins.
pub(crate) fn apply(copy: &mut Records, stream: &str, record: &Map<String, Value>) {
    let key = (stream.to_owned(), record["id"].as_str().unwrap().to_owned());
    let seq = |record: &Map<String, Value>| record["_lucca_seq"].as_i64().unwrap();
    if copy.get(&key).is_none_or(|known| seq(known) <= seq(record)) {
        copy.insert(key, record.clone());
    }
}

/// A record's members of the model, and its state.
pub(crate) fn split(record: &Map<String, Value>) -> (Map<String, Value>, String, bool) {
    let mut model = record.clone();
    model.remove("_lucca_seq").unwrap();
    let state = model.remove("_lucca_state").unwrap().as_str().unwrap().to_owned();
    let is_deleted = model.remove("_lucca_deleted_at").unwrap() != Value::Null;
    (model, state, is_deleted)
}

/// Compares a copy with the store: present records are equal, and gone records are gone.
pub(crate) async fn assert_same(copy: &Records, synced: &Synced) {
    let stored = synced.stored().await;
    for (key, (body, state)) in &stored {
        let Some(record) = copy.get(key) else {
            // A record that was gone before the first read was never delivered.
            assert_eq!(*state, RecordState::Gone, "{key:?} is missing");
            continue;
        };
        let (model, stated, is_deleted) = split(record);
        assert_eq!((&model, stated.as_str()), (body, state.name()), "{key:?}");
        assert_eq!(is_deleted, *state == RecordState::Gone, "{key:?}");
    }
    for (key, record) in copy {
        let (model, state, is_deleted) = split(record);
        if !stored.contains_key(key) {
            assert!(is_deleted && state == "erased" && model.len() == 1, "{key:?} is too many");
        }
    }
}

/// Validates a value against a schema, for the keywords that ours use. A member that the schema lacks is an
/// error, too.
pub(crate) fn check(value: &Value, schema: &Value, at: &str) {
    let allowed: Vec<&str> = match &schema["type"] {
        Value::Null => return,
        Value::String(one) => vec![one],
        several => several.as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect(),
    };
    let type_ = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_i64() && !allowed.contains(&"number") => "integer",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    assert!(allowed.contains(&type_), "{at} is a {type_}, and not one of {allowed:?}");
    match value {
        Value::String(text) => match schema["format"].as_str() {
            None => {}
            Some("date") => drop(text.parse::<Date>().unwrap_or_else(|_| panic!("{at} is no date"))),
            Some("date-time") => {
                text.trim_end_matches('Z').parse::<DateTime>().unwrap_or_else(|_| panic!("{at} is no time"));
            }
            Some(other) => panic!("{at} has the format {other}"),
        },
        Value::Array(items) => items.iter().for_each(|item| check(item, &schema["items"], at)),
        Value::Object(members) => {
            for required in schema["required"].as_array().into_iter().flatten() {
                assert!(members.contains_key(required.as_str().unwrap()), "{at} lacks {required}");
            }
            for (name, member) in members {
                let known = schema["properties"].get(name);
                let known = known.or_else(|| {
                    Some(&schema["additionalProperties"]).filter(|_| schema.get("properties").is_none())
                });
                let known = known.unwrap_or_else(|| panic!("{at}.{name} is not in the schema"));
                check(member, known, &format!("{at}.{name}"));
            }
        }
        _ => {}
    }
}

/// The lines of an output, each a JSON object.
pub(crate) fn lines(ran: &Ran) -> Vec<Value> {
    ran.out.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}"))).collect()
}

/// Whether a folder is empty.
pub(crate) fn is_empty(dir: &Path) -> bool {
    fs::read_dir(dir).unwrap().next().is_none()
}
