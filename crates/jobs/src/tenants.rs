//! Clients for tenants. All clients of one tenant share its request budget, in this process and in others that share the
//! store.

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

/// Our share of the 50 requests a minute above which Lucca answers 429 (source: directory.md §10; see
/// `lucca::RequestBudget`). The customer's other integrations have the rest.
pub const REQUESTS_A_MINUTE: NonZeroU32 = NonZeroU32::new(40).unwrap();

/// A client could not be made.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The store failed.
    #[error("the linked account's key could not be read")]
    Store(#[from] store::Error),
    /// What is stored of the linked account is no tenant URL.
    #[error("the stored tenant URL cannot be used")]
    TenantUrl(#[from] lucca::TenantUrlError),
    /// What is stored of the linked account is no API key.
    #[error("the stored API key cannot be used")]
    ApiKey(#[from] lucca::ApiKeyError),
    /// The client could not be set up.
    #[error("no client could be set up")]
    Client(#[from] lucca::Error),
    /// There is no randomness.
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

/// Makes clients.
#[derive(Clone)]
pub struct Tenants {
    store: Option<Store>,
    hosts: NetworkPolicy,
    clock: Arc<dyn Clock>,
    entropy: Entropy,
    budgets: Arc<Mutex<HashMap<String, Arc<RequestBudget>>>>,
}

impl Tenants {
    /// Makes clients whose requests `store` counts, together with those of all others who share it. Without a store only
    /// this process is known. What is stored of linked accounts is held to `hosts` at each use: it could have been changed
    /// since they were linked.
    pub fn new(store: Option<Store>, hosts: NetworkPolicy, clock: Arc<dyn Clock>, entropy: Entropy) -> Self {
        Self { store, hosts, clock, entropy, budgets: Arc::default() }
    }

    /// A client for a tenant. `pace` is our share of Lucca's 50 requests a minute, 0 for no limit of ours and
    /// none for [`REQUESTS_A_MINUTE`]; the first client of a tenant decides for the process.
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

    /// A client for a linked account, at the pace given or the one it was linked with.
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

/// The tally of a tenant's requests in the store.
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
                tracing::warn!(code = error.code(), %error, "requests can't be counted together with other processes");
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
