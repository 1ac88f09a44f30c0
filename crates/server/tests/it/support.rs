//! A running service with a tenant to link.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use jiff::civil::{Date, date};
use jiff::tz::TimeZone;
use jobs::{Entropy, Holder, Services, Tenants};
use lucca_emulator::{Config as Company, Emulator, KeyConfig, Rights};
use net::NetworkPolicy;
use net::clock::TestClock;
use people::{FieldGroup, FieldGroups};
use secrecy::SecretString;
use serde_json::{Value, json};
use store::{AccountId, AccountSettings, Actor, LinkTarget, LinkedAccount, MasterKey, NewAccount, Vault};
use test_database::{Engine, TestDatabase};
use web::app::Setup;
use web::config::Config;

pub(crate) const OPERATOR: &str = "op_test_0123456789abcdef0123456789abcdef";
pub(crate) const TODAY: Date = date(2026, 11, 25);

/// A running service.
pub(crate) struct Service {
    pub(crate) url: String,
    pub(crate) database: TestDatabase,
    pub(crate) clock: Arc<TestClock>,
    pub(crate) http: reqwest::Client,
    pub(crate) services: Services,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Service {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Random enough for a test, and the same in every run.
fn entropy() -> Entropy {
    let state = Mutex::new(0x9E37_79B9_7F4A_7C15_u64);
    Entropy::new(move |bytes| {
        let mut state = state.lock().unwrap();
        for byte in bytes {
            *state ^= *state << 13;
            *state ^= *state >> 7;
            *state ^= *state << 17;
            *byte = u8::try_from(*state >> 56).unwrap();
        }
        Ok(())
    })
}

impl Service {
    pub(crate) async fn start(config: &str) -> Self {
        Self::on(Engine::Sqlite, config).await
    }

    /// Runs the due jobs of a duty, as workers do.
    pub(crate) async fn do_due(&self, duty: &dyn jobs::Duty) {
        for subject in duty.due(self.services.clock.now()).await.unwrap() {
            duty.run(&subject.id).await;
        }
    }

    #[expect(clippy::disallowed_methods, reason = "a browser of the test's own")]
    pub(crate) async fn on(engine: Engine, config: &str) -> Self {
        let database = TestDatabase::new(engine).await;
        let clock =
            Arc::new(TestClock::new(TODAY.at(10, 0, 0, 0).to_zoned(TimeZone::UTC).unwrap().timestamp()));
        let listener = tokio::net::TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let services = Services {
            store: database.store.clone(),
            vault: Arc::new(Vault::new(MasterKey::from_random([7; 32]), [])),
            clock: clock.clone(),
            entropy: entropy(),
            tenants: Tenants::new(
                Some(database.store.clone()),
                NetworkPolicy::AllowLoopback,
                clock.clone(),
                entropy(),
            ),
            holder: Holder { name: "a test".to_owned(), has_ended: |_| false },
        };
        let setup = Setup {
            services: services.clone(),
            config: Config::parse(config).unwrap(),
            logo: None,
            operator_token: SecretString::from(OPERATOR),
            public_url: url.clone(),
            hosts: NetworkPolicy::AllowLoopback,
        };
        let task = tokio::spawn(async move {
            server::serve(setup, listener, std::future::pending()).await;
        });
        let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        Self { url, database, clock, http, services, task }
    }

    /// Calls the API as the operator.
    pub(crate) async fn api(&self, method: reqwest::Method, path: &str, body: Option<Value>) -> (u16, Value) {
        let mut request = self.http.request(method, format!("{}{path}", self.url)).bearer_auth(OPERATOR);
        if let Some(body) = body {
            request = request.json(&body);
        }
        let answer = request.send().await.unwrap();
        let status = answer.status().as_u16();
        let text = answer.text().await.unwrap();
        (status, serde_json::from_str(&text).unwrap_or(Value::Null))
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> (u16, Value) {
        self.api(reqwest::Method::POST, path, Some(body)).await
    }

    pub(crate) async fn get(&self, path: &str) -> (u16, Value) {
        self.api(reqwest::Method::GET, path, None).await
    }

    /// Creates a link token; returns it with the id of its flow.
    pub(crate) async fn link_token(&self, with: Value) -> (String, String) {
        let mut wanted = json!({ "customer_id": "cust_1", "organization": "Acme", "language": "en" });
        wanted.as_object_mut().unwrap().extend(with.as_object().unwrap().clone());
        let (status, made) = self.post("/v1/link-tokens", wanted).await;
        assert_eq!(status, 201, "{made}");
        (made["token"].as_str().unwrap().to_owned(), made["flow_id"].as_str().unwrap().to_owned())
    }
}

impl Service {
    /// Links a tenant, without the declined features and without a request limit.
    pub(crate) async fn linked(&self, emulator: &Emulator, declined: &[&str]) -> LinkedAccount {
        let now = self.services.clock.now();
        let settings = AccountSettings {
            field_groups: FieldGroups::default()
                .with(FieldGroup::CustomFields)
                .iter()
                .map(|group| group.name().to_owned())
                .collect(),
            declined_features: declined.iter().map(|&name| name.to_owned()).collect(),
            requests_per_minute: Some(0),
            ..AccountSettings::default()
        };
        let new = NewAccount {
            target: LinkTarget::New(AccountId::mint(now, [1; 10])),
            tenant: &emulator.url(),
            origin: &emulator.url(),
            api_key: &SecretString::from(emulator.api_key()),
            settings: &settings,
            actor: Actor::Cli,
            at: now,
            nonce: [1; 12],
        };
        self.services.store.link_account(&self.services.vault, new).await.unwrap()
    }

    /// Syncs all data of a linked account.
    pub(crate) async fn sync(&self, account: &LinkedAccount) {
        let client = self.services.tenants.client_of(account, &self.services.vault, None).await.unwrap();
        let run = self.services.new_run().unwrap();
        let how = (sync::RunExtent::Full, None);
        self.services.sync(account, &client, run, how, &sync::Silent).await.unwrap();
    }
}

/// An emulated tenant whose first key has `rights`.
pub(crate) async fn tenant(employees: u32, rights: Rights) -> Emulator {
    let mut company = Company::new(employees, 7, TODAY);
    company.switches.rate_limit = None;
    company.keys = vec![KeyConfig { rights, ..KeyConfig::full(7) }];
    Emulator::start(company).await.unwrap()
}

impl Service {
    /// The CSRF token of the flow's forms, from its first page.
    pub(crate) async fn csrf(&self, token: &str) -> String {
        let page = self.http.get(format!("{}/link/{token}/welcome", self.url)).send().await.unwrap();
        let page = page.text().await.unwrap();
        let at = page.find("name=\"csrf\"").expect("a form on the first page");
        let value = page[at..].split_once("value=\"").expect("its proof").1;
        value.split_once('"').unwrap().0.to_owned()
    }

    /// Opens the flow in a browser without JavaScript.
    pub(crate) async fn browser(&self, token: &str) -> Browser<'_> {
        Browser { service: self, token: token.to_owned(), csrf: self.csrf(token).await }
    }
}

/// A browser without JavaScript, with one flow.
pub(crate) struct Browser<'a> {
    service: &'a Service,
    pub(crate) token: String,
    csrf: String,
}

/// A page, or a redirect.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) status: u16,
    pub(crate) html: String,
    pub(crate) leads_to: Option<String>,
}

impl Page {
    async fn of(answer: reqwest::Response) -> Self {
        let leads_to = answer.headers().get("location").map(|to| to.to_str().unwrap().to_owned());
        Self { status: answer.status().as_u16(), leads_to, html: answer.text().await.unwrap() }
    }

    /// The step to which it redirects.
    pub(crate) fn step(&self) -> &str {
        self.leads_to.as_deref().and_then(|to| to.rsplit('/').next()).unwrap_or_default()
    }
}

impl Browser<'_> {
    /// Gets a page of the flow; `""` is the link itself.
    pub(crate) async fn get(&self, step: &str) -> Page {
        let url = format!("{}/link/{}/{step}", self.service.url, self.token);
        let url = url.trim_end_matches('/');
        Page::of(self.service.http.get(url).send().await.unwrap()).await
    }

    pub(crate) async fn post(&self, action: &str, fields: &[(&str, &str)]) -> Page {
        let url = format!("{}/link/{}/{action}", self.service.url, self.token);
        let form: Vec<(&str, &str)> = fields.iter().copied().chain([("csrf", self.csrf.as_str())]).collect();
        Page::of(self.service.http.post(url).form(&form).send().await.unwrap()).await
    }

    /// Goes to the step that requests the key.
    pub(crate) async fn up_to_key(&self, tenant: &str) {
        // All features stay ticked; browsers send the ticked boxes.
        let all = ["leaves", "jobs", "managers", "qualifications"].map(|feature| ("features", feature));
        assert_eq!(self.post("welcome", &all).await.step(), "access");
        assert_eq!(self.post("access", &[("can", "yes")]).await.step(), "tenant");
        let named = self.post("tenant", &[("tenant", tenant)]).await;
        assert_eq!(named.step(), "key", "{}", named.html);
        assert_eq!(self.post("key", &[]).await.step(), "role");
        assert_eq!(self.post("role", &[]).await.step(), "enter-key");
    }

    pub(crate) async fn give_key(&self, key: &str) {
        assert_eq!(self.post("enter-key", &[("key", key)]).await.step(), "checks");
    }

    /// Waits until a page no longer polls.
    #[expect(clippy::disallowed_methods, reason = "what it waits for runs in real time")]
    pub(crate) async fn settled(&self, step: &str) -> Page {
        for _ in 0..5_000 {
            let page = self.get(step).await;
            if !page.html.contains("http-equiv=\"refresh\"") {
                return page;
            }
            // Not at once: what it waits for shares the processor.
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
        panic!("{step} does not end");
    }

    /// Lets a worker run the first sync, and waits for the page that reports it.
    pub(crate) async fn synced(&self) -> Page {
        self.service.do_due(&jobs::SyncDuty(self.service.services.clone())).await;
        self.settled("sync").await
    }

    pub(crate) async fn checks_done(&self) -> Page {
        self.settled("checks").await
    }
}

impl Service {
    /// The service's current time.
    pub(crate) fn now(&self) -> jiff::Timestamp {
        self.services.clock.now()
    }
}
