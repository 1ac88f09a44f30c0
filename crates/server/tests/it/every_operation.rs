//! Every operation of the API's description, called with every role's key: for another account, and with
//! arbitrary parameters and bodies.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures::StreamExt as _;
use lucca_emulator::{Emulator, Rights};
use reqwest::Method;
use serde_json::{Value, json};
use store::{AccountId, LinkedAccount};
use test_database::Engine;

use crate::conventions::{description, operations, resolve};
use crate::support::{OPERATOR, Service, tenant};

/// Operations that require an operator's key.
const FOR_OPERATORS: [&str; 4] = ["list_api_keys", "create_api_key", "revoke_api_key", "update_passthrough"];

/// Operations that a read-only key may call for its account; all others of `/v1` require the vendor's server
/// key.
const FOR_READERS: [&str; 32] = [
    "get_absence",
    "get_absence_request",
    "list_absence_requests",
    "list_absences",
    "get_delivery_settings",
    "list_linked_account_fields",
    "list_linked_account_issues",
    "list_changes",
    "get_custom_field_definition",
    "list_custom_field_definitions",
    "get_department",
    "get_department_tree",
    "list_departments",
    "get_employee",
    "list_employee_positions",
    "list_employees",
    "get_employment",
    "list_employments",
    "get_establishment",
    "list_establishments",
    "get_leave_type",
    "list_leave_types",
    "get_legal_unit",
    "list_legal_units",
    "get_linked_account",
    "list_occupation_categories",
    "get_occupation_category",
    "list_positions",
    "get_job_qualification",
    "list_job_qualifications",
    "get_run",
    "list_runs",
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shown {
    None,
    Unknown,
    Reader,
    Vendor,
    Operator,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Opens {
    Anyone,
    Readers,
    Vendors,
    Operators,
}

struct Operation {
    method: Method,
    path: String,
    id: String,
    opens: Opens,
    /// Query parameters.
    query: Vec<String>,
    /// A body that the description allows.
    body: Option<Value>,
}

/// A value that a schema allows: its declared example, or one put together from its members.
fn example(description: &Value, schema: &Value) -> Value {
    let schema = resolve(description, schema);
    let declared = schema["examples"].get(0).or_else(|| schema["enum"].get(0)).or(schema.get("const"));
    if let Some(declared) = declared {
        return declared.clone();
    }
    if let Some(choice) = schema["oneOf"].get(0) {
        return example(description, choice);
    }
    let of_member = |(name, member): (&String, &Value)| (name.clone(), example(description, member));
    let kind = schema["type"].as_str().or(schema["type"][0].as_str());
    match kind.unwrap_or("object") {
        "string" => json!("7"),
        "integer" | "number" => json!(1),
        "boolean" => json!(true),
        "array" => json!([example(description, &schema["items"])]),
        _ => Value::Object(schema["properties"].as_object().into_iter().flatten().map(of_member).collect()),
    }
}

fn all_operations() -> Vec<Operation> {
    let description = description();
    let read = |(method, path, operation): (Method, String, Value)| {
        let id = operation["operationId"].as_str().unwrap().to_owned();
        let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
        let query = parameters
            .iter()
            .map(|parameter| resolve(&description, parameter))
            .filter(|parameter| parameter["in"] == "query")
            .map(|parameter| parameter["name"].as_str().unwrap().to_owned())
            .collect();
        let is_open = operation["security"].as_array().is_none_or(Vec::is_empty);
        let opens = match id.as_str() {
            _ if is_open => Opens::Anyone,
            id if FOR_OPERATORS.contains(&id) => Opens::Operators,
            id if FOR_READERS.contains(&id) => Opens::Readers,
            _ => Opens::Vendors,
        };
        let body = operation["requestBody"]["content"].get("application/json").map(|media| {
            media.get("example").cloned().unwrap_or_else(|| example(&description, &media["schema"]))
        });
        Operation { method, path, id, opens, query, body }
    };
    operations(&description).into_iter().map(read).collect()
}

/// Two linked accounts and a key of each role; the read-only key belongs to the first account.
struct Scene {
    service: Service,
    own: LinkedAccount,
    other: LinkedAccount,
    reader: String,
    vendor: String,
    /// Objects of the other account, by the name of their parameter.
    of_other: BTreeMap<&'static str, String>,
    /// A text that only the other account's data contains.
    mark: String,
    _tenants: [Emulator; 2],
}

impl Scene {
    async fn new(engine: Engine) -> Self {
        let config = "trust_forwarded_for = true\n[api]\nrequests_per_minute = 0";
        let service = Service::on(engine, config).await;
        let tenants = [tenant(12, Rights::all()).await, tenant(12, Rights::all()).await];
        let own = service.linked(&tenants[0], &[]).await;
        // The clock advances, because account ids derive from it in these tests.
        service.clock.advance(std::time::Duration::from_secs(1));
        let other = service.linked(&tenants[1], &[]).await;
        for account in [&own, &other] {
            service.sync(account).await;
        }
        let key = async |with: Value| {
            let (status, made) = service.post("/v1/api-keys", with).await;
            assert_eq!(status, 201, "{made}");
            made["key"].as_str().unwrap().to_owned()
        };
        let reader =
            json!({ "name": "reader", "role": "read_only", "linked_account_id": own.id.to_string() });
        let reader = key(reader).await;
        let vendor = key(json!({ "name": "vendor", "role": "vendor" })).await;
        let (_, flow) = service.link_token(json!({})).await;
        let base = format!("/v1/linked-accounts/{}", other.id);
        let (_, runs) = service.get(&format!("{base}/runs")).await;
        let (_, employees) = service.get(&format!("{base}/employees?limit=1")).await;
        let text = |value: &Value| value.as_str().expect("an id").to_owned();
        let feed = json!({ "name": "Absences", "team": { "employee_ids": [employees["items"][0]["id"]] } });
        let (_, feed) = service.post(&format!("{base}/calendar-feeds"), feed).await;
        let of_other = BTreeMap::from([
            ("linked_account_id", other.id.to_string()),
            ("run_id", text(&runs["items"][0]["id"])),
            ("feed_id", text(&feed["id"])),
            ("flow_id", flow),
            ("id", text(&employees["items"][0]["id"])),
        ]);
        let mark = other.id.to_string();
        Self { service, own, other, reader, vendor, of_other, mark, _tenants: tenants }
    }

    fn key(&self, shown: Shown) -> Option<&str> {
        match shown {
            Shown::None => None,
            Shown::Unknown => Some("key_0193a5b0c2d47b3e9f1a2b3c4d5e6f70"),
            Shown::Reader => Some(&self.reader),
            Shown::Vendor => Some(&self.vendor),
            Shown::Operator => Some(OPERATOR),
        }
    }

    async fn send(&self, request: reqwest::RequestBuilder, shown: Shown) -> Option<(u16, String)> {
        // Each request comes from another address, so that rate limits don't interfere.
        static SENT: AtomicUsize = AtomicUsize::new(0);
        let n = SENT.fetch_add(1, Ordering::Relaxed);
        let request =
            request.header("x-forwarded-for", format!("10.{}.{}.{}", n / 62_500, n / 250 % 250, n % 250));
        let request = match self.key(shown) {
            Some(key) => request.bearer_auth(key),
            None => request,
        };
        // Requests that no client can build are skipped: some addresses are found too long only when they are sent.
        let answer = match self.service.http.execute(request.build().ok()?).await {
            Err(error) if error.is_builder() => return None,
            answer => answer.unwrap(),
        };
        let status = answer.status().as_u16();
        Some((status, String::from_utf8_lossy(&answer.bytes().await.unwrap()).into_owned()))
    }
}

/// The path with its parameters replaced.
fn filled(path: &str, mut value: impl FnMut(&str) -> String) -> String {
    let mut filled = String::new();
    let mut rest = path;
    while let Some((before, after)) = rest.split_once('{') {
        let (name, after) = after.split_once('}').unwrap();
        filled += before;
        filled.extend(url::form_urlencoded::byte_serialize(value(name).as_bytes()));
        rest = after;
    }
    filled + rest
}

#[tokio::test]
async fn no_role_reaches_beyond_its_account() {
    let operations = all_operations();
    let named = |id: &&str| operations.iter().any(|operation| operation.id == **id);
    assert!(FOR_OPERATORS.iter().chain(&FOR_READERS).all(named), "an operation has another name");
    for engine in Engine::available() {
        let scene = Scene::new(engine).await;
        for operation in &operations {
            let Operation { method, path, id, opens, body, .. } = operation;
            let of_other =
                |name: &str| scene.of_other.get(name).cloned().unwrap_or_else(|| "none".to_owned());
            let across = |name: &str| match name {
                "linked_account_id" => scene.own.id.to_string(),
                name => of_other(name),
            };
            // The other account by its id, and its objects under the id of the own account.
            for address in [filled(path, of_other), filled(path, across)] {
                let ask = || {
                    let request =
                        scene.service.http.request(method.clone(), format!("{}{address}", scene.service.url));
                    match body {
                        Some(body) => request.json(body),
                        None => request,
                    }
                };
                let is_own = address.contains(&scene.own.id.to_string());
                for shown in [Shown::None, Shown::Unknown, Shown::Reader] {
                    let (status, text) = scene.send(ask(), shown).await.unwrap();
                    let place = format!("{method} {address} ({id}) with {shown:?}: {status} {text}");
                    let wanted: &[u16] = match (opens, shown) {
                        (Opens::Anyone, _) => continue,
                        (_, Shown::None | Shown::Unknown) => &[401],
                        (Opens::Readers, _) if is_own => &[200, 304, 404],
                        (Opens::Readers, _) => &[404],
                        _ => &[403, 404],
                    };
                    assert!(wanted.contains(&status), "{place}");
                    assert!(is_own || !text.contains(&scene.other.tenant), "{place}");
                    // Objects with an id of their own are found only under their account.
                    if is_own && ["run", "cancel_run", "remove_calendar_feed"].contains(&id.as_str()) {
                        assert_ne!(status, 200, "{place}");
                    }
                }
                if *opens == Opens::Operators {
                    let (status, text) = scene.send(ask(), Shown::Vendor).await.unwrap();
                    assert_eq!(status, 403, "{method} {address}: {text}");
                }
            }
        }
        // A vendor's key may access both accounts, but finds each object only under its own account.
        for (path, method) in [("runs", Method::GET), ("calendar-feeds", Method::DELETE)] {
            let name = if path == "runs" { "run_id" } else { "feed_id" };
            let address = |account: AccountId| {
                format!("{}/v1/linked-accounts/{account}/{path}/{}", scene.service.url, scene.of_other[name])
            };
            let ask = async |account| {
                scene
                    .send(scene.service.http.request(method.clone(), address(account)), Shown::Vendor)
                    .await
                    .unwrap()
                    .0
            };
            assert_eq!(ask(scene.own.id).await, 404, "{path}");
            assert!([200, 204].contains(&ask(scene.other.id).await), "{path}");
        }
    }
}

/// A random generator with the same numbers in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        // SplitMix64.
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        let number = (mixed ^ (mixed >> 31)) % u64::try_from(end).unwrap();
        usize::try_from(number).unwrap()
    }

    fn one_in(&mut self, of: usize) -> bool {
        self.below(of) == 0
    }

    fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }

    /// A text of a kind that often breaks services.
    fn text(&mut self) -> String {
        const TEXTS: [&str; 32] = [
            "",
            " ",
            "0",
            "-1",
            "1",
            "5",
            "9223372036854775808",
            "1e309",
            "NaN",
            "true",
            "null",
            "2026-02-29",
            "2026-11-25",
            "9999-12-31T23:59:59Z",
            "-009999-01-01",
            "active",
            "employee",
            "manager,department",
            "id,last_name",
            "en",
            "' OR 1=1 --",
            "%",
            "_",
            "\\",
            "\"",
            "a\0b",
            "\u{feff}",
            "\u{202e}",
            "é",
            "🦀",
            "../..",
            "acct_0193a5b0c2d47b3e9f1a2b3c4d5e6f70",
        ];
        match self.below(8) {
            0 => (0..self.below(40))
                .map(|_| char::from_u32(u32::try_from(self.below(0x2_FFFF)).unwrap()).unwrap_or('\u{fffd}'))
                .collect(),
            1 => self.pick(&["x", "é", "[", "{\"a\":"]).repeat(self.below(3_000)),
            _ => (*self.pick(&TEXTS)).to_owned(),
        }
    }

    fn value(&mut self, depth: usize) -> Value {
        match self.below(if depth == 0 { 6 } else { 8 }) {
            0 => Value::Null,
            1 => json!(self.one_in(2)),
            2 => json!(i64::try_from(self.below(100)).unwrap() - 50),
            3 => json!([i64::MIN, i64::MAX, 0, 1][self.below(4)]),
            4 | 5 => json!(self.text()),
            6 => (0..self.below(4)).map(|_| self.value(depth - 1)).collect(),
            _ => Value::Object((0..self.below(4)).map(|_| (self.text(), self.value(depth - 1))).collect()),
        }
    }

    /// Changes, removes or adds some of the value's members.
    fn mutate(&mut self, value: &mut Value) {
        match value {
            Value::Object(members) if !members.is_empty() && !self.one_in(8) => {
                let names: Vec<String> = members.keys().cloned().collect();
                let name = self.pick(&names).clone();
                match self.below(4) {
                    0 => drop(members.remove(&name)),
                    1 => drop(members.insert(self.text(), self.value(2))),
                    _ => self.mutate(&mut members[&name]),
                }
            }
            Value::Array(items) if !items.is_empty() && !self.one_in(4) => {
                let at = self.below(items.len());
                self.mutate(&mut items[at]);
            }
            value => *value = self.value(3),
        }
    }
}

/// A request, and the key that it carries.
struct Fuzzed {
    operation: usize,
    shown: Shown,
    address: String,
    body: Option<Vec<u8>>,
    account: Option<String>,
}

fn fuzzed(dice: &mut Dice, operations: &[Operation], scene: &Scene) -> Fuzzed {
    let at = dice.below(operations.len());
    let operation = &operations[at];
    let shown = *dice.pick(&[Shown::None, Shown::Unknown, Shown::Reader, Shown::Vendor, Shown::Operator]);
    let may_end = operation.id == "unlink_account";
    let mut account = None;
    let path = filled(&operation.path, |name| match (name, dice.below(6)) {
        // An unlinked account no longer answers, so only keys without that right try to unlink one.
        ("linked_account_id", 0..=4)
            if !may_end || matches!(shown, Shown::None | Shown::Unknown | Shown::Reader) =>
        {
            let id = if dice.one_in(3) { scene.other.id } else { scene.own.id }.to_string();
            account = Some(id.clone());
            id
        }
        ("id" | "run_id", 0..=2) => scene.of_other[name].clone(),
        _ => dice.text(),
    });
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    for name in &operation.query {
        if dice.one_in(3) {
            query.append_pair(name, &dice.text());
        }
    }
    if dice.one_in(20) {
        query.append_pair(&dice.text(), &dice.text());
    }
    let body = operation.body.clone().filter(|_| !dice.one_in(10)).map(|mut body| {
        for _ in 0..dice.below(4) {
            dice.mutate(&mut body);
        }
        let mut bytes = body.to_string().into_bytes();
        if dice.one_in(10) && !bytes.is_empty() {
            let at = dice.below(bytes.len());
            bytes[at] = u8::try_from(dice.below(256)).unwrap();
            bytes.truncate(dice.below(bytes.len()) + 1);
        }
        bytes
    });
    let query = query.finish();
    let address = if query.is_empty() { path } else { format!("{path}?{query}") };
    Fuzzed { operation: at, shown, address, body, account }
}

#[tokio::test]
async fn arbitrary_requests_are_harmless() {
    assert_requests_are_harmless(1_000).await;
}

#[tokio::test]
#[ignore = "a minute and a half"]
async fn ten_thousand_arbitrary_requests() {
    assert_requests_are_harmless(10_000).await;
}

async fn assert_requests_are_harmless(count: usize) {
    let operations = all_operations();
    for engine in Engine::available() {
        let scene = Scene::new(engine).await;
        let mut dice = Dice(20);
        let requests: Vec<Fuzzed> = (0..count).map(|_| fuzzed(&mut dice, &operations, &scene)).collect();
        let (scene, operations) = (&scene, &operations);
        let outcomes = futures::stream::iter(requests.into_iter().map(|fuzzed| async move {
            let operation = &operations[fuzzed.operation];
            let url = format!("{}{}", scene.service.url, fuzzed.address);
            let mut request = scene.service.http.request(operation.method.clone(), url);
            if let Some(body) = fuzzed.body.clone() {
                request = request.header("content-type", "application/json").body(body);
            }
            let answer = scene.send(request, fuzzed.shown).await;
            (fuzzed, answer)
        }));
        let mut outcomes = outcomes.buffer_unordered(8);
        let mut statuses: BTreeMap<u16, usize> = BTreeMap::new();
        while let Some((fuzzed, answer)) = outcomes.next().await {
            let Some((status, text)) = answer else { continue };
            *statuses.entry(status).or_default() += 1;
            let Operation { method, id, opens, .. } = &operations[fuzzed.operation];
            let Fuzzed { shown, address, body, account, .. } = &fuzzed;
            let body = body.as_deref().map(String::from_utf8_lossy);
            let place = || format!("{method} {address} ({id}) with {shown:?}, {body:?}: {status} {text}");
            assert!(status < 500, "{engine:?} {}", place());
            let is_open = match (opens, shown) {
                (Opens::Anyone, _) | (_, Shown::Operator) => true,
                (_, Shown::None | Shown::Unknown) => false,
                (Opens::Readers, Shown::Reader) => *account == Some(scene.own.id.to_string()),
                (Opens::Readers | Opens::Vendors, Shown::Vendor) => true,
                (Opens::Vendors | Opens::Operators, Shown::Reader) | (Opens::Operators, Shown::Vendor) => {
                    false
                }
            };
            assert!(is_open || status >= 400, "{engine:?} {}", place());
            if *shown == Shown::Reader {
                assert!(
                    !text.contains(&scene.mark) && !text.contains(&scene.other.tenant),
                    "{engine:?} {}",
                    place()
                );
            }
        }
        // Not all requests are refused early.
        assert!(statuses[&200] > count / 20 && statuses[&401] > count / 4, "{statuses:?}");
        assert!(statuses[&422] > count / 20, "{statuses:?}");
    }
}
