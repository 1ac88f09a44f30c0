//! State shared by all requests, created once when the service starts.

use std::sync::{Arc, Once};

use jobs::Services;
use net::NetworkPolicy;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::config::Config;
use crate::limits::Limits;
use crate::noted_views::NotedViews;
use crate::page_cache::PageCache;
use crate::running_checks::RunningChecks;

/// The vendor's logo: bytes and media type.
#[derive(Clone, Debug)]
pub struct Logo {
    /// The file's content.
    pub bytes: Vec<u8>,
    /// Its media type, such as `image/svg+xml`.
    pub media_type: &'static str,
}

/// The parts that the service is started with.
pub struct Setup {
    /// The store, the vault, the clock and the factory of Lucca clients.
    pub services: Services,
    /// The settings.
    pub config: Config,
    /// The vendor's logo, if one is configured.
    pub logo: Option<Logo>,
    /// The operator's key, which has access to everything under `/v1`.
    pub operator_token: SecretString,
    /// The service's address for browsers, without a trailing slash.
    pub public_url: String,
    /// The network policy for tenants' hosts.
    pub hosts: NetworkPolicy,
}

/// The running service. Cheap to clone.
#[derive(Clone)]
pub struct App(Arc<Inner>);

/// The state behind [`App`].
pub struct Inner {
    /// The store, the vault, the clock and the factory of Lucca clients.
    pub services: Services,
    /// The settings.
    pub config: Config,
    /// The vendor's logo, if one is configured.
    pub logo: Option<Logo>,
    /// The service's address for browsers, without a trailing slash.
    pub public_url: String,
    /// The network policy for tenants' hosts.
    pub hosts: NetworkPolicy,
    /// Rate limits of this process.
    pub limits: Limits,
    /// Checks of API keys that linking flows have started in this process.
    pub running_checks: RunningChecks,
    /// Recently rendered pages of the API.
    pub page_cache: PageCache,
    pub(crate) noted_views: NotedViews,
    /// Set once the service has logged that it ignores forwarded headers.
    pub(crate) warned_of_forwarded: Once,
    /// SHA-256 of the operator's key.
    operator: [u8; 32],
}

impl std::ops::Deref for App {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.0
    }
}

impl App {
    /// Creates the service's state.
    pub fn new(setup: Setup) -> Self {
        let Setup { services, config, logo, operator_token, public_url, hosts } = setup;
        let limits = Limits::new(config.api.requests_per_minute);
        Self(Arc::new(Inner {
            services,
            config,
            logo,
            public_url,
            hosts,
            limits,
            running_checks: RunningChecks::default(),
            page_cache: PageCache::default(),
            noted_views: NotedViews::default(),
            warned_of_forwarded: Once::new(),
            operator: digest(operator_token.expose_secret()),
        }))
    }
}

impl Inner {
    /// Whether a bearer token is the operator's. Compares in constant time.
    pub(crate) fn is_operator(&self, token: &str) -> bool {
        digest(token).ct_eq(&self.operator).into()
    }
}

fn digest(text: &str) -> [u8; 32] {
    Sha256::digest(text.as_bytes()).into()
}
