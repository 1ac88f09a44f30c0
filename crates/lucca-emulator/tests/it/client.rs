//! A tenant and a client for it, the setup of every test here.

use jiff::civil::{Date, date};
use lucca_emulator::{Config, Emulator, Switches};
use serde_json::Value;

pub(crate) const TODAY: Date = date(2026, 11, 23);

pub(crate) struct Lab {
    pub(crate) emulator: Emulator,
    http: reqwest::Client,
    pub(crate) key: String,
}

pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("no JSON: {}", self.text))
    }
    pub(crate) fn items(&self) -> Vec<Value> {
        let json = self.json();
        let items = json.pointer("/data/items").or(json.pointer("/items"));
        items.and_then(Value::as_array).cloned().unwrap_or_else(|| panic!("no items: {}", self.text))
    }
    pub(crate) fn count(&self) -> u64 {
        let json = self.json();
        let count = json.pointer("/data/count").or(json.pointer("/count"));
        count.and_then(Value::as_u64).unwrap_or_else(|| panic!("no count: {}", self.text))
    }
    pub(crate) fn ids(&self) -> Vec<i64> {
        self.items().iter().filter_map(|item| item["id"].as_i64()).collect()
    }
}

#[expect(clippy::disallowed_methods, reason = "the tests of the emulator need an HTTP client of their own")]
fn http() -> reqwest::Client {
    reqwest::Client::builder().pool_max_idle_per_host(4).build().expect("a plain client builds")
}

impl Lab {
    /// A tenant of that size without a rate limit.
    pub(crate) async fn of(employees: u32) -> Self {
        Self::with(employees, |_| {}).await
    }

    pub(crate) async fn with(employees: u32, change: impl FnOnce(&mut Config)) -> Self {
        let mut config = Config::new(employees, 7, TODAY);
        config.switches = Switches { rate_limit: None, ..Switches::default() };
        change(&mut config);
        let emulator = Emulator::start(config).await.expect("starts on free ports");
        let key = emulator.api_key().to_owned();
        Self { emulator, http: http(), key }
    }

    pub(crate) fn switch(&self, change: impl FnOnce(&mut Switches)) {
        let mut switches = self.emulator.tenant().switches();
        change(&mut switches);
        self.emulator.tenant().set_switches(switches);
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send("GET", path, &format!("lucca application={}", self.key)).await
    }

    pub(crate) async fn send(&self, method: &str, path: &str, authorization: &str) -> Answer {
        self.try_send(method, path, authorization).await.expect("answered")
    }

    pub(crate) async fn try_send(
        &self,
        method: &str,
        path: &str,
        authorization: &str,
    ) -> Result<Answer, reqwest::Error> {
        let method = reqwest::Method::from_bytes(method.as_bytes()).expect("a verb");
        let url = format!("{}{path}", self.emulator.url());
        // A fixed host keeps the answers free of the port, which differs from run to run.
        let request = self
            .http
            .request(method, url)
            .header("host", "tenant.example")
            .header("authorization", authorization);
        let response = request.send().await?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Ok(Answer { status, headers, text: response.text().await? })
    }

    /// Sends a JSON body to the API.
    pub(crate) async fn write(&self, method: &str, path: &str, body: &Value) -> Answer {
        self.write_as(method, path, "application/json", body.to_string()).await
    }

    pub(crate) async fn write_as(&self, method: &str, path: &str, label: &str, body: String) -> Answer {
        let response = self.writing(method, path, label, body).send().await.expect("answered");
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Answer { status, headers, text: response.text().await.expect("a body") }
    }

    /// Sends a JSON body that may get no answer; returns the status if it does.
    pub(crate) async fn try_write_as(
        &self,
        method: &str,
        path: &str,
        body: &Value,
    ) -> Result<u16, reqwest::Error> {
        let response = self.writing(method, path, "application/json", body.to_string()).send().await?;
        Ok(response.status().as_u16())
    }

    fn writing(&self, method: &str, path: &str, label: &str, body: String) -> reqwest::RequestBuilder {
        let method = reqwest::Method::from_bytes(method.as_bytes()).expect("a verb");
        self.http
            .request(method, format!("{}{path}", self.emulator.url()))
            .header("host", "tenant.example")
            .header("authorization", format!("lucca application={}", self.key))
            .header("content-type", label)
            .body(body)
    }

    pub(crate) async fn control(&self, method: &str, path: &str, body: Option<Value>) -> Answer {
        let method = reqwest::Method::from_bytes(method.as_bytes()).expect("a verb");
        let mut request = self.http.request(method, format!("{}{path}", self.emulator.control_url()));
        if let Some(body) = body {
            request = request.header("content-type", "application/json").body(body.to_string());
        }
        let response = request.send().await.expect("answered");
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Answer { status, headers, text: response.text().await.expect("a body") }
    }

    /// Every id of a v3 collection, page by page.
    pub(crate) async fn enumerate(&self, path: &str, size: usize) -> Vec<i64> {
        let mut ids = Vec::new();
        loop {
            let page = self.get(&format!("{path}orderBy=id,asc&paging={},{size}", ids.len())).await.ids();
            if page.is_empty() {
                return ids;
            }
            ids.extend(page);
        }
    }

    /// Every item of a v4 collection, page by page.
    pub(crate) async fn enumerate_v4(&self, path: &str, limit: usize) -> Vec<Value> {
        let mut items = Vec::new();
        for page in 1.. {
            let more = self.get(&format!("{path}page={page}&limit={limit}")).await.items();
            if more.is_empty() {
                break;
            }
            items.extend(more);
        }
        items
    }
}
