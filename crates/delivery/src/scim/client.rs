//! A SCIM client: requests, error responses, and retries that honour `Retry-After`.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use jiff::SignedDuration;
use net::NetworkPolicy;
use net::clock::Clock;
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue, RETRY_AFTER};
use reqwest::{Method, StatusCode};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

use super::report::{REFUSED, UNREACHABLE};
use super::resource::member;
use crate::USER_AGENT;
use crate::target::Target;

const TIMEOUT: Duration = Duration::from_secs(30);
const LARGEST_BODY: usize = 16 << 20;
/// The longest `Retry-After` that a push waits for; longer ones end the push.
const LONGEST_WAIT: Duration = Duration::from_secs(30);
const ATTEMPTS: u32 = 4;
const PAGE: usize = 100;
/// Maximum number of resources in a list, above any company's size: a longer list does not end.
const MOST_RESOURCES: usize = 200_000;
const MOST_PAGES: usize = 20_000;
/// Maximum size of all pages together, in bytes. Parsed JSON takes ten times as much memory.
const MOST_BYTES: u64 = 64 << 20;
const LONGEST_LIST: SignedDuration = SignedDuration::from_mins(30);

/// A failed request.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// The service refuses the token, so no other request will succeed.
    #[error("the SCIM service refused the token with status {0}")]
    Refused(u16),
    /// No response, or not one of a SCIM service.
    #[error("the SCIM service did not answer")]
    Unreachable,
    /// The service requests a longer wait than a push allows.
    #[error("the SCIM service requested a wait of {} s", .0.as_secs())]
    Busy(Duration),
    /// Any other error status.
    #[error("the SCIM service answered {status}")]
    Status {
        /// The HTTP status.
        status: u16,
        /// SCIM's `scimType`, such as `uniqueness`.
        kind: Option<String>,
    },
    /// Several resources match.
    #[error("the SCIM service has several resources that match")]
    Ambiguous,
    /// A list of resources exceeds its limits.
    #[error("the SCIM service's list of {0} does not end")]
    Endless(&'static str),
    /// The matching resource has another external id, so it belongs to another client.
    #[error("the SCIM service has another resource of that name")]
    Taken,
    /// The base URL is invalid or not allowed, or the settings can't be used; with the stable code.
    #[error("the SCIM service's address is invalid or not allowed")]
    Address(&'static str),
}

impl Failure {
    /// The stable code that API, CLI and docs share.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Refused(_) => REFUSED,
            Self::Unreachable | Self::Busy(_) => UNREACHABLE,
            Self::Status { .. } => "scim.not_taken",
            Self::Ambiguous => "scim.ambiguous",
            Self::Taken => "scim.taken",
            Self::Endless(_) => "scim.endless_list",
            Self::Address(code) => code,
        }
    }

    /// Whether the failure concerns one resource only, so that the push may continue with others.
    pub(super) fn is_of_one(&self) -> bool {
        matches!(self, Self::Status { .. } | Self::Ambiguous | Self::Taken)
    }

    fn status(&self) -> Option<u16> {
        match self {
            Self::Status { status, .. } => Some(*status),
            _ => None,
        }
    }

    pub(super) fn is_missing(&self) -> bool {
        matches!(self.status(), Some(404 | 410))
    }

    /// Whether the service does not support the method.
    pub(super) fn is_unknown_method(&self) -> bool {
        matches!(self.status(), Some(405 | 501))
    }

    pub(super) fn is_conflict(&self) -> bool {
        self.status() == Some(409)
    }
}

/// Optional features of a service.
#[derive(Clone, Copy, Debug)]
pub(super) struct Abilities {
    pub(super) patch: bool,
    pub(super) filter: bool,
}

pub(super) struct Client {
    http: reqwest::Client,
    base: String,
    clock: Arc<dyn Clock>,
    /// Bytes of all response bodies.
    received: AtomicU64,
}

impl Client {
    pub(super) fn new(
        base: &str,
        token: &SecretString,
        policy: NetworkPolicy,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, Failure> {
        let target = Target::parse(base, policy).map_err(|refused| Failure::Address(refused.code()))?;
        let mut bearer = HeaderValue::from_str(&format!("Bearer {}", token.expose_secret()))
            .map_err(|_| Failure::Refused(0))?;
        bearer.set_sensitive(true);
        let accepted = HeaderValue::from_static("application/scim+json, application/json;q=0.9");
        let headers = HeaderMap::from_iter([(AUTHORIZATION, bearer), (ACCEPT, accepted)]);
        let http = net::guarded_client(target.reach, USER_AGENT, headers, TIMEOUT)
            .map_err(|_| Failure::Unreachable)?;
        Ok(Self {
            http,
            base: target.as_str().trim_end_matches('/').to_owned(),
            clock,
            received: AtomicU64::new(0),
        })
    }

    pub(super) async fn abilities(&self) -> Result<Abilities, Failure> {
        let supported = |config: &Value, name| member(member(config, name), "supported").as_bool();
        match self.get("/ServiceProviderConfig").await {
            Ok(config) => Ok(Abilities {
                patch: supported(&config, "patch").unwrap_or(true),
                filter: supported(&config, "filter").unwrap_or(true),
            }),
            // Services without a configuration endpoint mostly support both.
            Err(Failure::Status { .. }) => Ok(Abilities { patch: true, filter: true }),
            Err(failure) => Err(failure),
        }
    }

    pub(super) async fn get(&self, path: &str) -> Result<Value, Failure> {
        self.send(Method::GET, path, None).await
    }

    pub(super) async fn post(&self, path: &str, body: &Value) -> Result<Value, Failure> {
        self.send(Method::POST, path, Some(body)).await
    }

    pub(super) async fn patch(&self, path: &str, body: &Value) -> Result<Value, Failure> {
        self.send(Method::PATCH, path, Some(body)).await
    }

    pub(super) async fn put(&self, path: &str, body: &Value) -> Result<Value, Failure> {
        self.send(Method::PUT, path, Some(body)).await
    }

    pub(super) async fn delete(&self, path: &str) -> Result<(), Failure> {
        match self.send(Method::DELETE, path, None).await {
            Err(failure) if failure.is_missing() => Ok(()),
            other => other.map(drop),
        }
    }

    /// The resources whose attribute has this value, by a server-side filter.
    pub(super) async fn find(&self, path: &str, attribute: &str, value: &str) -> Result<Vec<Value>, Failure> {
        // JSON's quoting is SCIM's. Source: RFC 7644 §3.4.2.2.
        let filter = format!("{attribute} eq {}", json!(value));
        let query: String = url::form_urlencoded::byte_serialize(filter.as_bytes()).collect();
        // Some servers take `+` literally.
        let found = self.get(&format!("{path}?filter={}", query.replace('+', "%20"))).await?;
        Ok(member(&found, "Resources").as_array().cloned().unwrap_or_default())
    }

    /// Every resource of an endpoint, page by page; [`Failure::Endless`] beyond the limits.
    pub(super) async fn all(&self, path: &'static str) -> Result<Vec<Value>, Failure> {
        let (before, began) = (self.received.load(Ordering::Relaxed), self.clock.now());
        let mut all = Vec::new();
        for _ in 0..MOST_PAGES {
            let page = self.get(&format!("{path}?startIndex={}&count={PAGE}", all.len() + 1)).await?;
            let total = member(&page, "totalResults").as_u64().unwrap_or(0);
            let resources = member(&page, "Resources").as_array().cloned().unwrap_or_default();
            let is_last = resources.is_empty();
            all.extend(resources);
            if is_last || all.len() as u64 >= total {
                return Ok(all);
            }
            if all.len() > MOST_RESOURCES
                || self.received.load(Ordering::Relaxed) - before > MOST_BYTES
                || self.clock.now().duration_since(began) > LONGEST_LIST
            {
                break;
            }
        }
        Err(Failure::Endless(path))
    }

    /// Sends a request and retries while the service requests a wait or is briefly unavailable. A POST is
    /// retried only if the service certainly did not process it; otherwise the next push looks the resource
    /// up first.
    async fn send(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Value, Failure> {
        let mut attempt = 1;
        loop {
            let (failure, wait) = match self.attempt(method.clone(), path, body).await {
                Ok(answer) => return Ok(answer),
                Err(failed) => failed,
            };
            // Without a response it is unknown whether a POST was processed; the next push looks the resource
            // up.
            let may_be_done = method == Method::POST && !matches!(failure, Failure::Busy(_));
            match wait {
                Some(wait) if attempt < ATTEMPTS && wait <= LONGEST_WAIT && !may_be_done => {
                    self.clock.sleep(wait).await;
                    attempt += 1;
                }
                _ => return Err(failure),
            }
        }
    }

    async fn attempt(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Value, (Failure, Option<Duration>)> {
        const SOON: Duration = Duration::from_secs(2);
        let mut request = self.http.request(method, format!("{}{path}", self.base));
        if let Some(body) = body {
            request = request.header(CONTENT_TYPE, "application/scim+json").body(body.to_string());
        }
        let unreachable = |_| (Failure::Unreachable, Some(SOON));
        let mut response = request.send().await.map_err(unreachable)?;
        let status = response.status();
        let header = net::header_text(&response, RETRY_AFTER);
        let retry_after = header.and_then(|header| net::retry_after(header, self.clock.now()));
        let mut read = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(unreachable)? {
            if read.len() + chunk.len() > LARGEST_BODY {
                return Err((Failure::Unreachable, None));
            }
            read.extend_from_slice(&chunk);
            self.received.fetch_add(chunk.len() as u64, Ordering::Relaxed);
        }
        let body: Option<Value> = serde_json::from_slice(&read).ok();
        match status {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                Err((Failure::Refused(status.as_u16()), None))
            }
            StatusCode::TOO_MANY_REQUESTS => {
                let wait = retry_after.unwrap_or(SOON);
                Err((Failure::Busy(wait), Some(wait)))
            }
            StatusCode::SERVICE_UNAVAILABLE => Err((Failure::Unreachable, Some(retry_after.unwrap_or(SOON)))),
            _ if status.is_success() => match body {
                Some(body) => Ok(body),
                None if read.is_empty() => Ok(Value::Null),
                // For instance, a login page.
                None => Err((Failure::Unreachable, None)),
            },
            _ => {
                let kind =
                    body.as_ref().and_then(|body| member(body, "scimType").as_str().map(str::to_owned));
                let wait = matches!(status.as_u16(), 500 | 502 | 504).then_some(SOON);
                Err((Failure::Status { status: status.as_u16(), kind }, wait))
            }
        }
    }
}
