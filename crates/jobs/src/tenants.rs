//! Clients for tenants. All clients of one tenant in this process share its request budget, which is charged with
//! what other processes sent lately.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::Arc;

use lucca::clock::Clock;
use lucca::{ApiKey, Client, HostPolicy, RequestBudget, TenantUrl};
use secrecy::ExposeSecret;
use store::{LinkedAccount, Store, Vault};
use tokio::sync::Mutex;

use crate::{Entropy, EntropyError};

/// Lucca answers 429 above 50 requests a minute and tenant (source: directory.md §10; see `lucca::RequestBudget`);
/// other integrations of the customer share them.
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

/// Makes clients.
#[derive(Clone)]
pub struct Tenants {
    store: Option<Store>,
    clock: Arc<dyn Clock>,
    entropy: Entropy,
    budgets: Arc<Mutex<HashMap<String, Arc<RequestBudget>>>>,
}

impl Tenants {
    /// Makes clients whose requests are charged to what `store` knows of each tenant. Without a store only this
    /// process is known.
    pub fn new(store: Option<Store>, clock: Arc<dyn Clock>, entropy: Entropy) -> Self {
        Self { store, clock, entropy, budgets: Arc::default() }
    }

    /// A client for a tenant. `pace` is the most requests a minute, 0 for no limit of ours and none for
    /// [`REQUESTS_A_MINUTE`]; the first client of a tenant decides for the process.
    pub async fn client(&self, tenant: TenantUrl, key: ApiKey, pace: Option<u32>) -> Result<Client, Error> {
        let budget = self.budget(tenant.origin(), pace).await?;
        let client = Client::builder(tenant, key)
            .budget(budget)
            .clock(Arc::clone(&self.clock))
            .jitter_seed(u64::from_le_bytes(self.entropy.bytes()?))
            .build()?;
        Ok(client)
    }

    /// A client for a linked account, at the pace given or the one it was linked with.
    pub async fn client_of(
        &self,
        account: &LinkedAccount,
        vault: &Vault,
        pace: Option<u32>,
    ) -> Result<Client, Error> {
        // What is stored was accepted when it was linked; a tenant on loopback only under the development switch.
        let tenant = TenantUrl::parse(&account.origin, HostPolicy::AllowLoopback)?;
        let key = ApiKey::parse(account.api_key(vault)?.expose_secret())?;
        self.client(tenant, key, pace.or(account.settings.requests_per_minute)).await
    }

    async fn budget(&self, origin: &str, pace: Option<u32>) -> Result<Arc<RequestBudget>, Error> {
        let mut budgets = self.budgets.lock().await;
        if let Some(budget) = budgets.get(origin) {
            return Ok(Arc::clone(budget));
        }
        let budget = match pace.map(NonZeroU32::new) {
            None => RequestBudget::per_minute(REQUESTS_A_MINUTE),
            Some(Some(limit)) => RequestBudget::per_minute(limit),
            Some(None) => RequestBudget::unlimited(),
        };
        if let Some(store) = &self.store {
            for (at, requests) in store.recent_requests(origin, self.clock.now()).await? {
                // A bound only against a damaged database: no process sends more in a minute.
                budget.record_past(at, u32::try_from(requests).unwrap_or(u32::MAX).min(100_000));
            }
        }
        let budget = Arc::new(budget);
        budgets.insert(origin.to_owned(), Arc::clone(&budget));
        Ok(budget)
    }

    /// Notes what a client has sent since it was made, so that other processes keep within the tenant's budget too.
    pub async fn note(&self, client: &Client) -> Result<(), store::Error> {
        self.note_requests(client, client.stats().requests()).await
    }

    /// Notes so many requests of a client that are not in its stats.
    pub async fn note_requests(&self, client: &Client, sent: u64) -> Result<(), store::Error> {
        let Some(store) = &self.store else { return Ok(()) };
        store.note_requests(client.tenant().origin(), sent, self.clock.now()).await
    }
}
