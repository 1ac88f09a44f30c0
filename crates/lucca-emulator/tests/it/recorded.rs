//! The emulator compared with answers written from recordings of a real tenant: same keys in the same casing,
//! same types, same formats of stamps, addresses and texts. The values in `recorded/` are invented.

use std::collections::{BTreeMap, BTreeSet};

use lucca_emulator::{Header, Unsorted, V3Departments};
use serde_json::Value;

use crate::client::Lab;

/// The recorded values at one path of an answer, over all records.
#[derive(Default)]
struct Shape {
    /// Names of types; `null` among them.
    types: BTreeSet<&'static str>,
    /// Formats of its texts.
    formats: BTreeSet<String>,
    /// Its members, and how many of its objects have each.
    members: BTreeMap<String, (usize, Shape)>,
    objects: usize,
    items: Option<Box<Shape>>,
}

impl Shape {
    fn learn(&mut self, place: &str, value: &Value) {
        self.types.insert(type_of(value));
        match value {
            Value::String(text) => {
                self.formats.insert(format_of(place, text));
            }
            Value::Array(items) => {
                let inner = self.items.get_or_insert_with(Box::default);
                items.iter().for_each(|item| inner.learn(&format!("{place}[]"), item));
            }
            Value::Object(members) => {
                self.objects += 1;
                for (name, member) in members {
                    let (seen, inner) = self.members.entry(plain(name)).or_default();
                    *seen += 1;
                    inner.learn(&format!("{place}.{name}"), member);
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    fn of(place: &str, records: &[Value]) -> Self {
        let mut shape = Self::default();
        records.iter().for_each(|record| shape.learn(place, record));
        shape
    }

    /// Whether only null was ever recorded: its type is unknown.
    fn is_unknown(&self) -> bool {
        self.types.iter().all(|name| *name == "null")
    }

    /// The differences between an answer and the recording.
    fn differences(&self, place: &str, answered: &Shape, found: &mut BTreeSet<String>) {
        if self.is_unknown() {
            return;
        }
        for name in answered.types.difference(&self.types) {
            found.insert(format!("{place}: type {name} was not recorded"));
        }
        for format in &answered.formats {
            // Fewer digits are trailing zeros that were trimmed.
            let finer: &[&str] = match format.as_str() {
                "whole stamp" => &["coarse stamp", "fine stamp"],
                "coarse stamp" => &["fine stamp"],
                _ => &[],
            };
            if !self.formats.contains(format) && !finer.iter().any(|one| self.formats.contains(*one)) {
                found.insert(format!("{place}: format {format} was not recorded"));
            }
        }
        // Tenants fill this freely.
        if matches!(place, ".extendedData" | ".attributes") {
            return;
        }
        for (name, (seen, inner)) in &self.members {
            let place = format!("{place}.{name}");
            match answered.members.get(name) {
                None if answered.objects > 0 => drop(found.insert(format!("{place}: missing"))),
                None => {}
                Some((times, _)) if *seen == self.objects && *times < answered.objects => {
                    found.insert(format!("{place}: missing in some records"));
                }
                Some((_, answer)) => inner.differences(&place, answer, found),
            }
        }
        for name in answered.members.keys().filter(|name| !self.members.contains_key(*name)) {
            found.insert(format!("{place}.{name}: was not recorded"));
        }
        if let (Some(recorded), Some(answered)) = (&self.items, &answered.items) {
            recorded.differences(&format!("{place}[]"), answered, found);
        }
    }
}

/// Tenants choose their axes freely.
fn plain(name: &str) -> String {
    let axis = name.strip_prefix("userAxisValues_").filter(|axis| axis.bytes().all(|b| b.is_ascii_digit()));
    if axis.is_some() { "userAxisValues_N".to_owned() } else { name.to_owned() }
}

fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "decimal",
        Value::Number(_) => "integer",
        Value::String(_) => "text",
        Value::Array(_) => "list",
        Value::Object(_) => "object",
    }
}

/// Whether a text matches a pattern: `9` is a digit, `a` and `A` are letters, and `x` is hexadecimal.
fn is_built(text: &str, form: &str) -> bool {
    let fits = |(a, b): (u8, u8)| match b {
        b'9' => a.is_ascii_digit(),
        b'a' => a.is_ascii_lowercase(),
        b'A' => a.is_ascii_uppercase(),
        b'x' => a.is_ascii_digit() || (b'a'..=b'f').contains(&a),
        _ => a == b,
    };
    text.len() == form.len() && text.bytes().zip(form.bytes()).all(fits)
}

/// The name of the pattern that a text must match at a path, if it does; otherwise the text itself.
fn formed(place: &str, text: &str) -> String {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let (form, has) = match place {
        ".applicationData.fullTimeEquivalent.value" => (
            "hours",
            text.split_once('.').is_some_and(|(whole, cents)| digits(whole) && is_built(cents, "99")),
        ),
        ".applicationData.theoreticalRemuneration.value" => {
            let mut thousands = text.strip_prefix(['€', '£']).unwrap_or("").split(',');
            let is_first = thousands.next().is_some_and(|first| digits(first) && first.len() < 4);
            ("pay", is_first && thousands.all(|group| is_built(group, "999")))
        }
        ".pictureId" | ".picture.id" => ("guid", is_built(text, "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx")),
        ".hierarchy" | ".parentId" => {
            let segments = text.strip_prefix('/').and_then(|rest| rest.strip_suffix('/').or(Some(rest)));
            (
                "path",
                text.ends_with('/')
                    && segments.is_some_and(|all| all.is_empty() || all.split('/').all(digits)),
            )
        }
        ".nationality.id" | ".nationalityId" => ("country", is_built(text, "AA")),
        ".nationality.currencyId" => ("currency", is_built(text, "AAA")),
        ".culture.code" => ("culture", is_built(text, "aa-AA")),
        ".personalAccount" => ("account", is_built(text, "999999")),
        "leave.id" | "leave.name" => {
            let half =
                text.strip_suffix("-AM").or(text.strip_suffix("-PM")).and_then(|rest| rest.split_once('-'));
            ("leave", half.is_some_and(|(period, day)| digits(period) && is_built(day, "99999999")))
        }
        _ => ("text", true),
    };
    if has { form.to_owned() } else { text.to_owned() }
}

/// The path of an address without its numbers, the digits of a stamp, the pattern of any other text.
fn format_of(place: &str, text: &str) -> String {
    if let Some((scheme, rest)) = text.split_once("://") {
        assert!(matches!(scheme, "http" | "https"), "{text}");
        let (_, path) = rest.split_once('/').unwrap_or((rest, ""));
        let word = |word: &str| {
            let id = word.strip_suffix("-AM").or(word.strip_suffix("-PM")).unwrap_or(word);
            if id.bytes().all(|b| b.is_ascii_digit() || b == b'-') { "N".to_owned() } else { word.to_owned() }
        };
        return format!("address /{}", path.split('/').map(word).collect::<Vec<_>>().join("/"));
    }
    match fraction_of(text) {
        None => formed(place, text),
        Some(0) => "whole stamp".to_owned(),
        Some(1..=3) => "coarse stamp".to_owned(),
        Some(_) => "fine stamp".to_owned(),
    }
}

/// Number of digits in the fraction of a stamp, if the text is one without a zone and without trailing zeros.
fn fraction_of(text: &str) -> Option<usize> {
    let (day, clock) = text.split_once('T')?;
    let (clock, fraction) = clock.split_once('.').unwrap_or((clock, ""));
    let fits = is_built(day, "9999-99-99")
        && is_built(clock, "99:99:99")
        && fraction.bytes().all(|b| b.is_ascii_digit());
    (fits && !fraction.ends_with('0') && !text.ends_with('.')).then_some(fraction.len())
}

fn read(text: &str) -> Value {
    serde_json::from_str(text).expect("the fixture is JSON")
}

fn list(text: &str) -> Vec<Value> {
    read(text).as_array().cloned().expect("the fixture is a list")
}

/// Compares recorded and returned records; `known` are the accepted differences, with a reason each.
fn compare(place: &str, recorded: &[Value], answered: &[Value], known: &[(&str, &str)]) {
    assert!(!answered.is_empty());
    let mut found = BTreeSet::new();
    Shape::of(place, recorded).differences(place, &Shape::of(place, answered), &mut found);
    let known: BTreeSet<String> = known.iter().map(|(difference, _)| (*difference).to_owned()).collect();
    let unexpected: Vec<&String> = found.difference(&known).collect();
    assert!(unexpected.is_empty(), "{unexpected:#?}");
    let settled: Vec<&String> = known.difference(&found).collect();
    assert!(settled.is_empty(), "no longer a difference: {settled:#?}");
}

/// An answer without its records.
fn around(answer: &Value) -> Value {
    let mut around = answer.clone();
    around["data"] = Value::Null;
    around
}

/// Properties without an example in the recorded tenant, known from other sources.
const USERS: &[(&str, &str)] = &[(
    ".mail: type null was not recorded",
    "people without an address are an oddity that clients must bear",
)];

#[tokio::test]
async fn users_by_id() {
    let lab = Lab::of(200).await;
    let recorded = list(include_str!("recorded/users-by-id.json"));
    let mut answers = Vec::new();
    for id in lab.get("/api/v3/users").await.ids() {
        answers.push(lab.get(&format!("/api/v3/users/{id}")).await.json());
    }
    let data = |answers: &[Value]| -> Vec<Value> { answers.iter().map(|one| one["data"].clone()).collect() };
    let frames = |answers: &[Value]| -> Vec<Value> { answers.iter().map(around).collect() };
    compare("", &data(&recorded), &data(&answers), USERS);
    compare("", &frames(&recorded), &frames(&answers), &[]);
}

#[tokio::test]
async fn users_in_a_list() {
    let lab = Lab::of(200).await;
    let recorded = read(include_str!("recorded/users-list.json"));
    let answer = lab.get("/api/v3/users/").await.json();
    compare("", &[recorded], std::slice::from_ref(&answer), &[]);
    let ids: Vec<i64> = answer["data"]["items"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|one| one["id"].as_i64())
        .collect();
    assert!(ids.is_sorted_by(|a, b| a < b), "by id, as recorded");
}

#[tokio::test]
async fn headers_of_2022() {
    let lab = Lab::of(5).await;
    let recorded = read(include_str!("recorded/headers-2022.json"));
    for (header, name) in [(Header::Core2022, "core"), (Header::Module2022, "module")] {
        lab.switch(|switches| switches.header = header);
        let answer = lab.get("/api/v3/users/1").await.json();
        compare("", &[around(&recorded[name])], &[around(&answer)], &[]);
    }
}

#[tokio::test]
async fn departments_of_the_third_generation() {
    let lab = Lab::of(200).await;
    lab.switch(|switches| switches.v3_departments = V3Departments::Alive);
    let fields = "id,name,code,hierarchy,parentID,level,sortOrder,headID,currentUsers.ID";
    let added = lab.emulator.tenant().add_department("Équipe ajoutée".to_owned(), None).expect("a root");
    let departments = lab.get(&format!("/api/v3/departments?fields={fields}")).await.items();
    compare("", &list(include_str!("recorded/departments-v3.json")), &departments, &[]);
    assert!(departments.iter().any(|one| one["id"] == added));
    for one in &departments {
        let path = one["hierarchy"].as_str().expect("a path");
        let segments: Vec<&str> = path.split('/').filter(|segment| !segment.is_empty()).collect();
        assert_eq!(one["level"].as_u64(), Some(segments.len() as u64), "{path}");
        assert_eq!(one["sortOrder"].to_string(), *segments.last().expect("a segment"), "{path}");
        let above = one["parentId"].as_str().expect("a path, never null");
        assert_eq!(format!("{above}{}/", segments[segments.len() - 1]), path);
    }
}

#[tokio::test]
async fn the_organisation() {
    let lab = Lab::of(200).await;
    let newer = "documented, or read by public clients, since the recording of 2022";
    let read_all = async |resource: &str| {
        lab.enumerate_v4(&format!("/organization/structure/api/{resource}?"), 100).await
    };
    let establishments = read_all("establishments").await;
    compare(
        "",
        &list(include_str!("recorded/establishments-v4.json")),
        &establishments,
        &[
            (".author: was not recorded", newer),
            (".lastModifiedAt: was not recorded", newer),
            (".lastModifiedAtOffset: was not recorded", newer),
            (".lastModifier: was not recorded", newer),
        ],
    );
    for key in ["address", "legalIdentificationNumber", "activityCode"] {
        assert!(establishments.iter().any(|one| one[key].is_null()), "{key} may be null");
    }
    let qualifications = read_all("job-qualifications").await;
    compare("", &list(include_str!("recorded/job-qualifications-v4.json")), &qualifications, &[]);
    let categories = read_all("occupation-categories").await;
    compare("", &list(include_str!("recorded/occupation-categories-v4.json")), &categories, &[]);
    assert!(categories.iter().any(|one| one["id"] == 0), "0 is a real category");
}

#[tokio::test]
async fn lists_without_sort_have_no_order() {
    let lab = Lab::of(200).await;
    let ids = async |query: &str| {
        lab.get(&format!("/organization/structure/api/departments?limit=100{query}")).await.ids()
    };
    let (first, second, sorted) = (ids("").await, ids("").await, ids("&sort=id").await);
    assert!(sorted.is_sorted() && !first.is_sorted());
    assert_eq!(first, second, "but the same from request to request");
    assert_eq!(first.iter().collect::<BTreeSet<_>>(), sorted.iter().collect());
    lab.switch(|switches| switches.unsorted = Unsorted::ChangesEveryTime);
    assert_ne!(ids("").await, ids("").await);
    lab.switch(|switches| switches.unsorted = Unsorted::ById);
    assert_eq!(ids("").await, sorted);
}

#[tokio::test]
async fn leaves_in_a_list() {
    let lab = Lab::of(60).await;
    let path = "/api/v3/leaves?date=between,2026-01-01,2026-12-31&leavePeriod.ownerId=greaterthan,0&paging=1";
    let leaves = lab.get(path).await.items();
    compare("leave", &list(include_str!("recorded/leaves-v3.json")), &leaves, &[]);
}

#[tokio::test]
async fn a_difference_is_noticed() {
    let recorded = list(include_str!("recorded/users-by-id.json"));
    let found = |change: &dyn Fn(&mut Value)| {
        let mut changed = recorded[0]["data"].clone();
        change(&mut changed);
        let mut found = BTreeSet::new();
        let data: Vec<Value> = recorded.iter().map(|one| one["data"].clone()).collect();
        Shape::of("", &data).differences("", &Shape::of("", &[changed]), &mut found);
        found.into_iter().collect::<Vec<_>>()
    };
    let empty: [&str; 0] = [];
    assert_eq!(found(&|_| {}), empty);
    assert_eq!(found(&|user| drop(user.as_object_mut().unwrap().remove("cspID"))), [".cspID: missing"]);
    assert_eq!(found(&|user| user["cspId"] = 1.into()), [".cspId: was not recorded"]);
    assert_eq!(
        found(&|user| user["id"] = "1".into()),
        [".id: format text was not recorded", ".id: type text was not recorded"]
    );
    assert_eq!(
        found(&|user| user["createdAt"] = "2018-01-09T08:31:07.1834".into()),
        [".createdAt: format fine stamp was not recorded"]
    );
    assert_eq!(found(&|user| user["createdAt"] = "2018-01-09T08:31:07.1".into()), empty);
    assert_eq!(
        found(&|user| user["createdAt"] = "2018-01-09T08:31:07.10".into()),
        [".createdAt: format text was not recorded"]
    );
    assert_eq!(
        found(&|user| user["csp"]["url"] = "https://x.example/api/v3/csps/1".into()),
        [".csp.url: format address /api/v3/csps/N was not recorded"]
    );
    assert_eq!(
        found(&|user| user["applicationData"]["theoreticalRemuneration"]["value"] = "31 407 €".into()),
        [".applicationData.theoreticalRemuneration.value: format 31 407 € was not recorded"]
    );
    assert_eq!(found(&|user| user["managerID"] = Value::Null), [".managerID: type null was not recorded"]);
}
