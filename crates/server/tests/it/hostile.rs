//! Three hundred hostile inputs to every form and endpoint: nothing breaks, nothing leaves this machine, and
//! no secret appears anywhere.

use std::io::Write;
use std::sync::{Arc, Mutex};

use futures::StreamExt as _;
use lucca_emulator::Rights;
use serde_json::json;
use tracing_subscriber::fmt::MakeWriter;

use crate::support::{Service, tenant};

/// A valid API key that no tenant has, so that it is stored, sent and refused.
const CANARY: &str = "c0ffee00-dead-4bad-8bad-0123456789ab";

/// The inputs for every field.
fn hostile() -> Vec<String> {
    let mut inputs: Vec<String> = [
        "",
        " ",
        "\0",
        "a\0b",
        "\r\nSet-Cookie: a=b",
        "%0d%0aLocation:%20https://evil.example",
        "' OR 1=1 --",
        "\"; DROP TABLE linked_accounts; --",
        "1); SELECT pg_sleep(10); --",
        "<script>alert(1)</script>",
        "\"><img src=x onerror=alert(1)>",
        "'><svg/onload=alert(1)>",
        "javascript:alert(1)",
        "data:text/html,<script>alert(1)</script>",
        "{{7*7}}",
        "${jndi:ldap://127.0.0.1/a}",
        "{% include \"/etc/passwd\" %}",
        "../../../../etc/passwd",
        "..%2f..%2fetc%2fpasswd",
        "file:///etc/passwd",
        "gopher://127.0.0.1:6379/_",
        "\u{202e}moc.elpmaxe",
        "\u{feff}acme",
        "🦀🦀🦀",
        "null",
        "undefined",
        "NaN",
        "-1",
        "1e309",
        "999999999999999999999999",
        "true",
        "[]",
        "{}",
        "%",
        "%zz",
        "a=b&c=d",
        "\u{0}\u{1}\u{2}\u{7f}",
        "A\u{301}\u{301}\u{301}\u{301}",
        // Tenant URLs that must not be contacted.
        "https://acme.ilucca.net@evil.example",
        "https://evil.example#.ilucca.net",
        "https://evil.example/.ilucca.net",
        "https://evil.example\\.ilucca.net",
        "https://acme.ilucca.net.evil.example",
        "https://acmeilucca.net",
        "https://ilucca.net",
        "https://acme.ilucca.net:22",
        "https://acme.ilucca.net:99999",
        "https://169.254.169.254/latest/meta-data",
        "https://[::ffff:169.254.169.254]",
        "https://[fd00::1]",
        "https://[::1%25lo]",
        "https://2130706433",
        "https://0x7f000001",
        "https://0177.0.0.1",
        "https://127.1",
        "https://10.0.0.1",
        "https://192.168.0.1",
        "https://acme.ilucca.net..",
        "https://.ilucca.net",
        "https://-acme.ilucca.net",
        "https://xn--acm-bma.ilucca.net",
        "https://аcme.ilucca.net",
        "https://acme.іlucca.net",
        "https://acme。ilucca。net",
        "https://acme.ilucca.net\u{200b}.evil.example",
        "http:/acme.ilucca.net",
        "https:acme.ilucca.net",
        "ftp://acme.ilucca.net",
        "//evil.example",
        "https://acme.ilucca.xyz",
        "https://metadata.google.internal",
        "https://localhost.evil.example",
        "acme.ilucca.net/../../x",
        // Invalid keys.
        "00000000-0000-0000-0000-000000000000",
        "c0ffee00-dead-4bad-8bad-0123456789a",
        "Bearer c0ffee00",
        "lucca application=",
        "lucca application=<script>",
    ]
    .map(str::to_owned)
    .to_vec();
    inputs.push("x".repeat(10_000));
    inputs.push("https://".to_owned() + &"a".repeat(5_000) + ".ilucca.net");
    inputs.push("é".repeat(3_000));
    inputs
}

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Log {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

/// All responses and stored data, to be searched for secrets and markup.
#[derive(Default)]
struct Everything(Vec<(String, String)>);

impl Everything {
    async fn add(&mut self, what: String, answer: reqwest::Response) -> u16 {
        let status = answer.status().as_u16();
        assert!(status < 500, "{what}: {status}");
        let headers = format!("{:?}", answer.headers());
        assert!(!answer.headers().contains_key("set-cookie"), "{what}");
        if let Some(location) = answer.headers().get("location") {
            assert!(location.to_str().unwrap().starts_with("/link/"), "{what} leads to {location:?}");
        }
        let body = answer.text().await.unwrap();
        self.0.push((what, headers + &body));
        status
    }
}

/// A client address for each request.
fn from(request: usize) -> String {
    format!("10.0.{}.{}", request / 250, request % 250)
}

#[tokio::test]
async fn three_hundred_hostile_inputs() {
    let log = Log::default();
    let subscriber =
        tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_writer(log.clone()).finish();
    // For the whole process: other tests' logs must not contain secrets either.
    tracing::subscriber::set_global_default(subscriber).unwrap();
    // Each request comes from another address, so that rate limits don't interfere.
    let service = Service::start("trust_forwarded_for = true").await;
    let emulator = tenant(5, Rights::all()).await;
    let mut everything = Everything::default();
    let mut sent = 0;

    // The API: every member of every body, every parameter of every path.
    for input in hostile() {
        for member in [
            "customer_id",
            "organization",
            "email",
            "language",
            "allowed_origin",
            "return_url",
            "linked_account_id",
        ] {
            let mut body = json!({ "customer_id": "c" });
            body[member] = json!(input);
            let request = service
                .http
                .post(format!("{}/v1/link-tokens", service.url))
                .bearer_auth(crate::support::OPERATOR)
                .header("x-forwarded-for", from(sent));
            everything.add(format!("{member} {input:?}"), request.json(&body).send().await.unwrap()).await;
            sent += 1;
        }
        let escaped: String = url::form_urlencoded::byte_serialize(input.as_bytes()).collect();
        for path in [
            format!("/v1/linked-accounts/{escaped}"),
            format!("/v1/linked-accounts?customer_id={escaped}"),
            format!("/v1/linking-flows/{escaped}"),
            format!("/link/{escaped}/welcome"),
            format!("/link/{escaped}"),
            format!("/assets/{escaped}"),
            format!("/widget/{escaped}"),
        ] {
            // Requests that no client can build are skipped.
            let Ok(request) = service
                .http
                .get(format!("{}{path}", service.url))
                .bearer_auth(crate::support::OPERATOR)
                .header("x-forwarded-for", from(sent))
                .build()
            else {
                continue;
            };
            everything.add(path, service.http.execute(request).await.unwrap()).await;
            sent += 1;
        }
    }

    // Absences: every member, every header, every id, and whole files.
    let account = service.linked(&emulator, &[]).await;
    service.sync(&account).await;
    let known = emulator.tenant().people(None, 1).remove(0).id.to_string();
    let base = format!("{}/v1/linked-accounts/{}", service.url, account.id);
    let post =
        |path: String| service.http.post(format!("{base}/{path}")).bearer_auth(crate::support::OPERATOR);
    for input in hostile() {
        let day = "2027-01-05";
        let body = json!({ "employee_id": known, "leave_type_id": "34", "starts_on": day, "ends_on": day });
        let mut requests = Vec::new();
        for member in ["employee_id", "leave_type_id", "starts_on", "ends_on", "minutes", "comment"] {
            let mut body = body.clone();
            body[member] = json!(input);
            requests.push(post("absence-submissions/preview".to_owned()).json(&body));
        }
        let unknown_employee =
            json!({ "employee_id": "0", "leave_type_id": "34", "starts_on": day, "ends_on": day });
        requests.push(
            post("absence-submissions".to_owned())
                .json(&unknown_employee)
                .header("idempotency-key", input.as_bytes()),
        );
        let escaped: String = url::form_urlencoded::byte_serialize(input.as_bytes()).collect();
        for (what, body) in [
            ("cancel", json!({})),
            ("cancel", json!({ "half_days": [input] })),
            ("approve", json!({ "comment": input })),
            ("deny", json!({ "comment": input })),
        ] {
            requests.push(post(format!("absence-submissions/{escaped}/{what}")).json(&body));
        }
        for member in ["name", "role", "linked_account_id"] {
            let mut body =
                json!({ "name": "x", "role": "read_only", "linked_account_id": account.id.to_string() });
            body[member] = json!(input);
            let url = format!("{}/v1/api-keys", service.url);
            requests.push(service.http.post(url).bearer_auth(crate::support::OPERATOR).json(&body));
        }
        let shown = service.http.get(format!("{base}/employees"));
        requests.push(shown.header("authorization", format!("Bearer {input}").into_bytes()));
        for query in [
            "leave-types?limit",
            "absence-requests?employee_id",
            "absence-submissions?employee_id",
            "absence-submissions?limit",
            "employees?limit",
            "employees?cursor",
            "employees?modified_after",
            "employees?include_deleted",
            "employees?fields",
            "employees?include",
            "employees?status",
            "employees?department_id",
            "employments?employee_id",
            "changes?after",
            "changes?kind",
        ] {
            let url = format!("{base}/{query}={escaped}");
            requests.push(service.http.get(url).bearer_auth(crate::support::OPERATOR));
        }
        let url = format!("{base}/employees/{known}/leave-types?starts_on={escaped}&ends_on={escaped}");
        requests.push(service.http.get(url).bearer_auth(crate::support::OPERATOR));
        for query in [
            "issues?status",
            "issues?cursor",
            "issues?language",
            "linking-flows?customer_id",
            "linking-flows?cursor",
        ] {
            let url = format!("{}/v1/{query}={escaped}", service.url);
            requests.push(service.http.get(url).bearer_auth(crate::support::OPERATOR));
        }
        for list in ["employees", "departments", "absences"] {
            let url = format!("{base}/{list}/{escaped}");
            requests.push(service.http.get(url).bearer_auth(crate::support::OPERATOR));
        }
        for file in [input.clone(), format!("employee,leave_type,starts,ends\n{input},34,{day},{input}\n")] {
            let request = post(format!("absence-submissions/imports?dry_run={}", sent % 2 == 0));
            requests.push(request.header("content-type", "text/csv").body(file));
        }
        for request in requests {
            // Requests that no client can build are skipped.
            let Ok(request) = request.header("x-forwarded-for", from(sent)).build() else { continue };
            let what = format!("{} {input:?}", request.url().path());
            everything.add(what, service.http.execute(request).await.unwrap()).await;
            sent += 1;
        }
    }
    assert!(emulator.tenant().writes().is_empty(), "something hostile was asked for");

    // The flow: every field of every form.
    for input in hostile() {
        let (token, _) = service.link_token(json!({})).await;
        let csrf = service.csrf(&token).await;
        for (action, field) in [
            ("welcome", "declined"),
            ("language", "language"),
            ("access", "can"),
            ("tenant", "tenant"),
            ("tenant/preview", "tenant"),
            ("enter-key", "key"),
            ("checks/confirm", "permission"),
            ("hand-over", "email"),
        ] {
            let form = [("csrf", csrf.as_str()), (field, input.as_str())];
            let request = service
                .http
                .post(format!("{}/link/{token}/{action}", service.url))
                .header("x-forwarded-for", from(sent))
                .form(&form);
            everything.add(format!("{action} {field} {input:?}"), request.send().await.unwrap()).await;
            sent += 1;
        }
        let forged = [("csrf", input.as_str()), ("tenant", &emulator.url())];
        let request = service
            .http
            .post(format!("{}/link/{token}/tenant", service.url))
            .header("x-forwarded-for", from(sent))
            .form(&forged);
        let status = everything.add(format!("forged {input:?}"), request.send().await.unwrap()).await;
        assert_eq!(status, 403, "a form without its proof: {input:?}");
        sent += 1;
    }

    // A key that Lucca refuses: it is stored and sent, and appears nowhere.
    let (token, _) = service.link_token(json!({})).await;
    let browser = service.browser(&token).await;
    browser.up_to_key(&emulator.url()).await;
    browser.give_key(CANARY).await;
    browser.checks_done().await;
    for step in ["welcome", "access", "tenant", "key", "role", "enter-key", "checks"] {
        let page = service.http.get(format!("{}/link/{token}/{step}", service.url)).send().await.unwrap();
        everything.add(step.to_owned(), page).await;
    }

    assert!(sent >= 300, "{sent}");
    // Pages may repeat their input, but not as markup, and never a key.
    let logged = String::from_utf8_lossy(&log.0.lock().unwrap()).into_owned();
    let files = service.database.raw_content().await;
    let plain = CANARY.replace('-', "");
    for (what, text) in everything
        .0
        .iter()
        .map(|(what, text)| (what.as_str(), text.as_str()))
        .chain([("the log", logged.as_str()), ("the database", files.as_str())])
    {
        for secret in [CANARY, plain.as_str(), crate::support::OPERATOR] {
            assert!(!text.to_ascii_lowercase().contains(secret), "a secret in {what}");
        }
    }
    // The database stores names unchanged; pages escape them. JSON responses are declared as data and may
    // repeat them.
    let is_data =
        |text: &str| text.contains("\"content-type\": \"application/json\"") && text.contains("\"nosniff\"");
    for (what, text) in everything.0.iter().filter(|(_, text)| !is_data(text)) {
        assert!(!text.contains("<script>alert") && !text.contains("<img src=x"), "markup in {what}");
    }
    assert!(!logged.contains("lnk_"), "a link token in the log");
    assert!(!files.contains("lnk_"), "a link token in the database");
    assert!(logged.contains("answered"), "nothing was logged");
    // An input that was accepted as a tenant would have been contacted: none was.
    assert!(!logged.contains("a tenant was not reached"), "something left this machine");
}

#[tokio::test]
async fn stranger_cannot_lock_customers_out() {
    let service = Service::start("").await;
    let (token, _) = service.link_token(json!({})).await;
    let get = async |path: &str| {
        let answer = service.http.get(format!("{}{path}", service.url)).send().await.unwrap();
        answer.status().as_u16()
    };
    // All come from one address, as behind a proxy whose headers are not trusted, and at the same time,
    // because limits recover.
    let statuses = async |path: &str, many: usize| {
        let all = futures::stream::iter((0..many).map(|_| get(path))).buffer_unordered(50);
        all.collect::<Vec<u16>>().await.into_iter().collect::<std::collections::BTreeSet<u16>>()
    };
    assert_eq!(Vec::from_iter(statuses("/healthz", 1500).await), [200]);
    assert!(statuses("/", 3000).await.contains(&429), "a stranger's requests are limited");
    for path in ["/healthz", "/readyz", &format!("/link/{token}/welcome"), "/assets/brand.css"] {
        assert_eq!(get(path).await, 200, "{path}");
    }
    assert!(
        statuses(&format!("/link/{token}/welcome"), 1500).await.contains(&429),
        "one link is limited, too"
    );
    let (other, _) = service.link_token(json!({})).await;
    assert_eq!(get(&format!("/link/{other}/welcome")).await, 200);
}

#[tokio::test]
#[ignore = "waits a minute and a quarter"]
async fn a_silent_connection_is_closed() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let service = Service::start("").await;
    let address = service.url.trim_start_matches("http://").to_owned();
    let silent = async |sent: &str| {
        let mut stream = tokio::net::TcpStream::connect(&address).await.unwrap();
        stream.write_all(sent.as_bytes()).await.unwrap();
        let mut read = Vec::new();
        // It ends when the service closes the connection.
        let _ = stream.read_to_end(&mut read).await;
    };
    let all = async {
        tokio::join!(
            silent(""),
            silent("GET /healthz HTTP/1.1\r\nhost: x\r\n"),
            silent("GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n")
        )
    };
    tokio::time::timeout(std::time::Duration::from_secs(150), all).await.unwrap();
}
