//! What every request may use, made once when the service starts.

use std::sync::{Arc, Once};

use jobs::Machinery;
use net::NetworkPolicy;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use store::{AccountId, ApiKeyEntry, LinkedAccount};
use subtle::ConstantTimeEq;

use crate::api::records::fresh::Pages;
use crate::auth::Views;
use crate::config::Config;
use crate::flow::checking::Checkings;
use crate::limits::Limits;
use crate::problem::Problem;
use crate::shared_reads::SharedReads;

/// The vendor's logo: bytes and media type.
#[derive(Clone, Debug)]
pub struct Logo {
    /// The file's content.
    pub bytes: Vec<u8>,
    /// Its media type, such as `image/svg+xml`.
    pub media_type: &'static str,
}

/// What the service is started with.
pub struct Setup {
    /// The store, the vault, the clock and what makes clients.
    pub machinery: Machinery,
    /// The settings.
    pub config: Config,
    /// The vendor's logo, where there is one.
    pub logo: Option<Logo>,
    /// The operator's key, which opens everything under `/v1`.
    pub operator_token: SecretString,
    /// Where browsers find the service, without a trailing slash.
    pub public_url: String,
    /// Which hosts may be a tenant.
    pub hosts: NetworkPolicy,
}

/// The running service. Cheap to clone.
#[derive(Clone)]
pub(crate) struct App(Arc<Inner>);

/// What [`App`] shares.
pub(crate) struct Inner {
    pub(crate) machinery: Machinery,
    pub(crate) config: Config,
    pub(crate) logo: Option<Logo>,
    pub(crate) public_url: String,
    pub(crate) hosts: NetworkPolicy,
    pub(crate) limits: Limits,
    pub(crate) checkings: Checkings,
    pub(crate) pages: Pages,
    pub(crate) views: Views,
    /// Whether the operator was warned of forwarded headers that are passed over.
    pub(crate) warned_of_forwarded: Once,
    /// Keys for the API, by their digest.
    keys: SharedReads<[u8; 32], ApiKeyEntry>,
    accounts: SharedReads<AccountId, LinkedAccount>,
    operator: [u8; 32],
}

impl std::ops::Deref for App {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.0
    }
}

impl App {
    /// The service, ready to answer.
    pub(crate) fn new(setup: Setup) -> Self {
        let Setup { machinery, config, logo, operator_token, public_url, hosts } = setup;
        let limits = Limits::new(config.api.requests_per_minute);
        Self(Arc::new(Inner {
            machinery,
            config,
            logo,
            public_url,
            hosts,
            limits,
            checkings: Checkings::default(),
            pages: Pages::default(),
            views: Views::default(),
            warned_of_forwarded: Once::new(),
            keys: SharedReads::default(),
            accounts: SharedReads::default(),
            operator: digest(operator_token.expose_secret()),
        }))
    }
}

impl Inner {
    /// Whether a bearer token is the operator's. Takes as long for a wrong one as for the right one.
    pub(crate) fn is_operator(&self, token: &str) -> bool {
        digest(token).ct_eq(&self.operator).into()
    }

    /// The key for the API that is shown, revoked ones included.
    pub(crate) async fn api_key(&self, token: String) -> Result<Option<ApiKeyEntry>, Problem> {
        let (store, key) = (self.machinery.store.clone(), digest(&token));
        let token = SecretString::from(token);
        self.keys.get(key, || async move { store.api_key(&token).await.map_err(Problem::from) }).await
    }

    /// A linked account, for whoever reads of it.
    pub(crate) async fn account(&self, id: AccountId) -> Result<Option<LinkedAccount>, Problem> {
        let store = self.machinery.store.clone();
        self.accounts.get(id, || async move { store.account(id).await.map_err(Problem::from) }).await
    }
}

fn digest(text: &str) -> [u8; 32] {
    Sha256::digest(text.as_bytes()).into()
}
