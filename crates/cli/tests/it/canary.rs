//! Data minimisation, seen from outside: one employee with a unique value in every known member, sent
//! completely by a server that ignores the list of fields. For each set of field groups, the database and
//! every output contain exactly the values of these groups.
//!
//! Each text in `fixtures/canary_user.json` names its group: `QZ-{group}-{fate}-{name}`. The fate is `model`
//! (stored and delivered), `stored` (with the organisation, not with employees), `raw` (kept only where
//! records are kept as Lucca sent them) or `never`. Dates and numbers are below.

use std::collections::BTreeSet;
use std::path::Path;

use axum::Json;
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Response};
#[cfg(feature = "parquet")]
use parquet::file::reader::{FileReader, SerializedFileReader};
use serde_json::{Value, json};
use test_database::rows_of_file;

use crate::asked::{Api, Process};
use crate::{Ran, command, emulator, run, run_with};

const USER: &str = include_str!("../fixtures/canary_user.json");

/// Values that are not texts, as stored: in the model, and as Lucca writes them.
const PLAIN: [(&str, &str, &str); 13] = [
    ("2021-01-01", "identity", "model"),
    ("2019-02-02", "work", "model"),
    ("2032-03-03", "work", "model"),
    ("2018-04-04", "contract", "model"),
    ("2033-05-05", "contract", "model"),
    ("2017-06-06", "contract", "model"),
    ("2020-07-07", "pay_and_reviews", "model"),
    ("2020-08-08", "pay_and_reviews", "model"),
    ("2020-09-09", "pay_and_reviews", "model"),
    ("1961-10-10", "birth", "model"),
    ("2016-11-11", "nothing", "never"),
    ("710011", "bank", "model"),
    ("710012", "bank", "model"),
];

const GROUPS: [&str; 11] = [
    "identity",
    "work",
    "contract",
    "custom_fields",
    "contact",
    "birth",
    "address",
    "identifiers",
    "bank",
    "pay_and_reviews",
    "leave_reason",
];

/// A value to search for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Canary {
    text: String,
    group: String,
    fate: String,
}

impl Canary {
    /// Whether a read with these groups includes it.
    fn is_in(&self, groups: &[&str]) -> bool {
        match self.group.as_str() {
            "second_manager" => groups.contains(&"custom_fields") && groups.contains(&"work"),
            group => groups.contains(&group),
        }
    }
}

/// Every value of the canary, once. Fails on a member without a known value.
fn canaries() -> BTreeSet<Canary> {
    let user: Value = serde_json::from_str(USER).unwrap();
    let mut all = BTreeSet::new();
    let mut open = vec![&user];
    while let Some(value) = open.pop() {
        match value {
            Value::Array(items) => open.extend(items),
            Value::Object(members) => {
                // Numeric ids of values, and of the person, belong to the member beside them.
                open.extend(
                    members.iter().filter(|(key, value)| *key != "id" || value.is_string()).map(|(_, v)| v),
                );
            }
            Value::Bool(_) | Value::Null => {}
            plain => {
                let text = plain.as_str().map_or_else(|| plain.to_string(), str::to_owned);
                let known = match text.strip_prefix("QZ-") {
                    Some(rest) => {
                        let parts: Vec<&str> = rest.splitn(3, '-').collect();
                        Canary { group: parts[0].to_owned(), fate: parts[1].to_owned(), text: text.clone() }
                    }
                    None => {
                        let known = PLAIN.iter().find(|(plain, ..)| text.starts_with(plain));
                        let (plain, group, fate) =
                            known.unwrap_or_else(|| panic!("{text} belongs to no group"));
                        Canary {
                            group: (*group).to_owned(),
                            fate: (*fate).to_owned(),
                            text: (*plain).to_owned(),
                        }
                    }
                };
                assert!(["model", "stored", "raw", "never"].contains(&known.fate.as_str()), "{}", known.text);
                assert_eq!(known.fate == "never", known.group == "nothing", "{}", known.text);
                all.insert(known);
            }
        }
    }
    all
}

/// A tenant with one employee, which ignores `fields` and has no other list.
async fn tenant() -> String {
    let answer = |uri: Uri| async move {
        if !uri.path().starts_with("/api/v3/users") {
            return StatusCode::NOT_FOUND.into_response();
        }
        let user: Value = serde_json::from_str(USER).unwrap();
        Json(json!({ "data": { "items": [user], "count": 1 } })).into_response() as Response
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(axum::serve(listener, axum::Router::new().fallback(answer)).into_future());
    url
}

/// All files of a folder, as text.
fn bytes_of(dir: &Path) -> String {
    let mut all = String::new();
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            all.push_str(&bytes_of(&path));
        } else {
            all.push_str(&String::from_utf8_lossy(&std::fs::read(path).unwrap()));
        }
    }
    all
}

/// The rows of the Parquet files in a folder, as text.
#[cfg(feature = "parquet")]
fn parquet_rows(dir: &Path) -> String {
    let mut all = String::new();
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            all.push_str(&parquet_rows(&path));
        } else if path.extension().is_some_and(|ending| ending == "parquet") {
            let file = SerializedFileReader::new(std::fs::File::open(path).unwrap()).unwrap();
            for row in file.get_row_iter(None).unwrap() {
                all.push_str(&row.unwrap().to_string());
            }
        }
    }
    all
}

/// Checks that an output contains the expected canaries and no others. `None` accepts either.
fn check(output: &str, text: &str, is_expected: impl Fn(&Canary) -> Option<bool>) {
    for canary in canaries() {
        let is_there = text.contains(&canary.text);
        if let Some(is_expected) = is_expected(&canary) {
            assert_eq!(is_there, is_expected, "{output}: {}", canary.text);
        }
    }
}

struct Linked {
    dir: tempfile::TempDir,
    synced: Ran,
}

async fn linked(groups: &[&str], keep_raw: bool) -> Linked {
    let url = tenant().await;
    let dir = tempfile::tempdir().unwrap();
    let groups = groups.join(",");
    let mut link = vec!["link", &url, "--key-stdin", "--allow-loopback", "--requests-per-minute", "0"];
    link.extend(["--fields", &groups]);
    link.extend(keep_raw.then_some("--keep-raw"));
    run_with(dir.path(), &link, "f3a1c0de-0000-4000-8000-000000000001\n").ok();
    run(dir.path(), &["accounts", "configure", "--exclude-custom-fields", "E_excluded"]).ok();
    let synced = run(dir.path(), &["sync", "--json"]);
    assert_eq!(synced.json()["streams"][0]["read"], 1, "{} {}", synced.out, synced.err);
    Linked { dir, synced }
}

#[tokio::test(flavor = "multi_thread")]
async fn database_holds_exactly_the_groups_asked_for() {
    let alone = GROUPS.iter().map(|group| vec![*group]).collect::<Vec<_>>();
    let together = vec![vec!["identity", "work", "contract"], vec!["custom_fields", "work"], GROUPS.to_vec()];
    for (sets, keep_raw) in [(alone, true), (together, false)] {
        for groups in sets {
            let Linked { dir, synced } = linked(&groups, keep_raw).await;
            let rows = rows_of_file(&dir.path().join("connector.db")).await;
            let text = format!("{}{rows}", bytes_of(dir.path()));
            check(&format!("{groups:?}, raw {keep_raw}"), &text, |canary| {
                Some(canary.is_in(&groups) && (keep_raw || canary.fate != "raw"))
            });
            check("log and report", &format!("{}{}", synced.out, synced.err), |_| Some(false));
            let unknown = &synced.json()["streams"][0]["unknown_members"];
            assert_eq!(unknown, &json!({ "unheardOf": 1 }), "{}", synced.out);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn outputs_hold_exactly_the_groups_asked_for() {
    for groups in [&["identity", "work", "contract"][..], &GROUPS] {
        let Linked { dir, .. } = linked(groups, false).await;
        // Some outputs also show the names of records that employees refer to.
        let is_delivered = |canary: &Canary| match canary.fate.as_str() {
            "stored" if canary.is_in(groups) => None,
            fate => Some(canary.is_in(groups) && fate == "model"),
        };
        let out = tempfile::tempdir().unwrap();
        type TextOf = fn(&Path) -> String;
        let formats = [
            ("csv", bytes_of as TextOf),
            ("jsonl", bytes_of as TextOf),
            #[cfg(feature = "parquet")]
            ("parquet", parquet_rows as TextOf),
        ];
        for (format, text_of) in formats {
            let to = out.path().join(format);
            run(dir.path(), &["export", "employees", "--format", format, "--to", to.to_str().unwrap()]).ok();
            check(format, &text_of(&to), is_delivered);
        }
        check("show", &run(dir.path(), &["employees", "show", "4711", "--json"]).out, is_delivered);
        let backup = out.path().join("backup.db");
        run(dir.path(), &["backup", backup.to_str().unwrap()]).ok();
        let stored = |canary: &Canary| Some(canary.is_in(groups) && canary.fate != "raw");
        let rows = rows_of_file(&backup).await;
        let bytes = std::fs::read(backup).unwrap();
        check("backup", &format!("{}{rows}", String::from_utf8_lossy(&bytes)), stored);

        let config = out.path().join("config.json");
        let from_store = json!({ "from_store": { "data_dir": dir.path() } });
        std::fs::write(&config, from_store.to_string()).unwrap();
        let config = config.to_str().unwrap();
        let catalog = out.path().join("catalog.json");
        let stream =
            json!({ "name": "employees", "json_schema": {}, "supported_sync_modes": ["full_refresh"] });
        let streams = json!({ "streams": [{
            "stream": stream, "sync_mode": "full_refresh", "destination_sync_mode": "overwrite",
        }] });
        std::fs::write(&catalog, streams.to_string()).unwrap();
        let catalog = catalog.to_str().unwrap();
        let airbyte = run(dir.path(), &["airbyte", "read", "--config", config, "--catalog", catalog]);
        check("airbyte", &airbyte.out, is_delivered);
        check("singer", &run(dir.path(), &["tap", "--config", config]).out, is_delivered);

        let (_serving, listening) =
            Process::start(command(dir.path(), &["serve", "--listen", "127.0.0.1:0"]));
        let address = listening.trim().strip_prefix("Listening on http://").unwrap().to_owned();
        let key = std::fs::read_to_string(dir.path().join("operator-token")).unwrap().trim().to_owned();
        let api = Api { address, key };
        let accounts = api.call("GET", "/v1/linked-accounts").1;
        let account = accounts["items"][0]["id"].as_str().unwrap();
        let person = api.call("GET", &format!("/v1/linked-accounts/{account}/employees/4711")).1;
        check("api", &person.to_string(), is_delivered);
        let changes = api.call("GET", &format!("/v1/linked-accounts/{account}/changes?kind=employees")).1;
        check("changes", &changes.to_string(), |_| Some(false));
    }
}

/// Fails on members that were recorded from Lucca, that the emulated tenant sends, or that employees have
/// here, and that have no canary: their way would be unchecked.
#[tokio::test(flavor = "multi_thread")]
async fn every_member_has_a_canary() {
    let user: Value = serde_json::from_str(USER).unwrap();
    let known = |name: &str| user.as_object().unwrap().keys().any(|key| key.eq_ignore_ascii_case(name));
    let tenant = emulator(5).await;
    let id = tenant.tenant().people(None, 1)[0].id;
    #[expect(clippy::disallowed_methods, reason = "the test asks the emulated tenant itself")]
    let client = reqwest::Client::new();
    let url = format!("{}/api/v3/users/{id}", tenant.url());
    let key = format!("lucca application={}", tenant.api_key());
    let sent = client.get(url).header("Authorization", key).send().await.unwrap().text().await.unwrap();
    let sent: Value = serde_json::from_str(&sent).unwrap();
    for member in sent["data"].as_object().unwrap().keys() {
        // The number of an axis differs between tenants.
        let name =
            if member.to_lowercase().starts_with("useraxisvalues_") { "userAxisValues_1" } else { member };
        assert!(known(name), "Lucca's {member} is sent by the emulated tenant and has no canary");
    }
    for member in sent["data"]["applicationData"].as_object().into_iter().flatten().map(|(key, _)| key) {
        let has =
            user["applicationData"].as_object().unwrap().keys().any(|key| key.eq_ignore_ascii_case(member));
        assert!(has || member.starts_with("profile_"), "applicationData.{member} has no canary");
    }

    let Linked { dir, .. } = linked(&GROUPS, false).await;
    let shown = run(dir.path(), &["employees", "show", "4711", "--json"]).ok_json();
    let fields = run(dir.path(), &["accounts", "fields", "--json"]).ok_json();
    for field in fields.as_array().unwrap().iter().filter(|field| field["stream"] == "employees") {
        let name = field["field"].as_str().unwrap();
        if name != "unread_fields" {
            assert!(!shown[name].is_null(), "{name} of employees has no canary");
        }
    }
}
