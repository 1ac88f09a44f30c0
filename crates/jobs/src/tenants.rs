//! Builds clients for tenants. All clients of a tenant share its request budget, in this process and in
//! others with the same store.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use async_recursion::async_recursion as boxed;
use lucca::{
    ApiKey, Client, Ledger, LedgerUnavailable, Observer, RequestBudget, RequestTally, TallyChange, TenantUrl,
    Throttling,
};
use net::NetworkPolicy;
use net::clock::Clock;
use secrecy::ExposeSecret;
use store::{LinkedAccount, RequestCounts, Store, Vault};
use tokio::sync::Mutex;

use crate::{Entropy, EntropyError};

/// The connector's share of the 50 requests a minute above which Lucca answers 429 (source: directory.md §10;
/// see `lucca::RequestBudget`). The customer's other integrations have the rest.
pub const REQUESTS_A_MINUTE: NonZeroU32 = NonZeroU32::new(40).unwrap();

/// Errors of building a client.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The store failed.
    #[error("could not read the linked account's API key")]
    Store(#[from] store::Error),
    /// The stored tenant URL is invalid.
    #[error("the stored tenant URL is invalid")]
    TenantUrl(#[from] lucca::TenantUrlError),
    /// The stored API key is invalid.
    #[error("the stored API key is invalid")]
    ApiKey(#[from] lucca::ApiKeyError),
    /// The HTTP client could not be built.
    #[error("could not create the client of the tenant")]
    Client(#[from] lucca::Error),
    /// An HTTP client for webhooks could not be set up.
    #[error(transparent)]
    Net(#[from] net::SetupError),
    /// Randomness failed.
    #[error(transparent)]
    Entropy(#[from] EntropyError),
}

impl Error {
    /// The stable code that API, CLI and docs share.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Store(error) => error.code(),
            Self::TenantUrl(error) => error.code(),
            Self::ApiKey(error) => error.code(),
            Self::Client(error) => error.code(),
            Self::Net(error) => error.code(),
            Self::Entropy(_) => "entropy",
        }
    }
}

/// The `User-Agent` header of requests to Lucca.
const USER_AGENT: &str = concat!("lucca-connector/", env!("CARGO_PKG_VERSION"));

/// Counts requests to Lucca for Prometheus.
#[derive(Debug)]
struct RequestMetrics;

impl Observer for RequestMetrics {
    fn request_ended(&self, status: Option<u16>) {
        let status = match status {
            None => "none",
            Some(429) => "429",
            Some(200..300) => "2xx",
            Some(300..400) => "3xx",
            Some(400..500) => "4xx",
            Some(_) => "5xx",
        };
        metrics::counter!("lucca_connector_requests_total", "status" => status).increment(1);
    }

    fn budget_waited(&self, wait: Duration) {
        metrics::histogram!("lucca_connector_budget_wait_seconds").record(wait.as_secs_f64());
    }
}

/// Builds clients.
#[derive(Clone)]
pub struct Tenants {
    store: Option<Store>,
    hosts: NetworkPolicy,
    clock: Arc<dyn Clock>,
    entropy: Entropy,
    budgets: Arc<Mutex<HashMap<String, Arc<RequestBudget>>>>,
}

impl Tenants {
    /// `store` counts the requests of all processes that share it; without a store only this process is
    /// counted. Stored URLs are checked against `hosts` at each use, because they may have been changed since
    /// the account was linked.
    pub fn new(store: Option<Store>, hosts: NetworkPolicy, clock: Arc<dyn Clock>, entropy: Entropy) -> Self {
        Self { store, hosts, clock, entropy, budgets: Arc::default() }
    }

    /// Builds a client for a tenant. `pace` is the connector's share of Lucca's 50 requests a minute, 0 for
    /// no limit and `None` for [`REQUESTS_A_MINUTE`]; the first client of a tenant sets it for the process.
    #[boxed]
    pub async fn client(&self, tenant: TenantUrl, key: ApiKey, pace: Option<u32>) -> Result<Client, Error> {
        let budget = self.budget(tenant.origin(), pace).await?;
        let client = Client::builder(tenant, key)
            .budget(budget)
            .clock(Arc::clone(&self.clock))
            .jitter_seed(u64::from_le_bytes(self.entropy.bytes()?))
            .user_agent(USER_AGENT)
            .observer(Arc::new(RequestMetrics))
            .build()?;
        Ok(client)
    }

    /// Builds a client for a linked account, at this pace or the one in its settings.
    #[boxed]
    pub async fn client_of(
        &self,
        account: &LinkedAccount,
        vault: &Vault,
        pace: Option<u32>,
    ) -> Result<Client, Error> {
        let tenant = TenantUrl::parse(&account.origin, self.hosts)?;
        let key = ApiKey::parse(account.api_key(vault)?.expose_secret())?;
        self.client(tenant, key, pace.or(account.settings.requests_per_minute)).await
    }

    async fn budget(&self, origin: &str, pace: Option<u32>) -> Result<Arc<RequestBudget>, Error> {
        let mut budgets = self.budgets.lock().await;
        if let Some(budget) = budgets.get(origin) {
            return Ok(Arc::clone(budget));
        }
        let limit = pace.map_or(Some(REQUESTS_A_MINUTE), NonZeroU32::new);
        let mut budget = limit.map_or_else(RequestBudget::unlimited, RequestBudget::per_minute);
        if let Some(store) = self.store.clone() {
            budget = budget.with_ledger(Arc::new(StoredTally { store, origin: origin.to_owned() }));
        }
        let budget = Arc::new(budget);
        budgets.insert(origin.to_owned(), Arc::clone(&budget));
        Ok(budget)
    }
}

/// A tenant's request counts in the store.
#[derive(Debug)]
struct StoredTally {
    store: Store,
    origin: String,
}

impl Ledger for StoredTally {
    fn update<'a>(
        &'a self,
        change: TallyChange<'a>,
    ) -> Pin<Box<dyn Future<Output = Result<(), LedgerUnavailable>> + Send + 'a>> {
        Box::pin(async move {
            let mut change_counts = |counts: &mut RequestCounts| {
                let mut tally = tally_of(counts);
                change(&mut tally);
                *counts = counts_of(tally);
            };
            self.store.update_request_counts(&self.origin, &mut change_counts).await.map_err(|error| {
                tracing::warn!(
                    code = error.code(), %error,
                    "could not count requests in the store; this process counts only its own"
                );
                LedgerUnavailable
            })
        })
    }
}

fn tally_of(counts: &RequestCounts) -> RequestTally {
    let RequestCounts { sent, held_until, slow_until, throttled_since, throttled_last } = counts.clone();
    let throttled = throttled_since.zip(throttled_last).map(|(since, last)| Throttling { since, last });
    RequestTally { sent, held_until, slow_until, throttled }
}

fn counts_of(tally: RequestTally) -> RequestCounts {
    let RequestTally { sent, held_until, slow_until, throttled } = tally;
    RequestCounts {
        sent,
        held_until,
        slow_until,
        throttled_since: throttled.map(|throttled| throttled.since),
        throttled_last: throttled.map(|throttled| throttled.last),
    }
}
