//! A SCIM client: requests, error responses, and retries that honour `Retry-After`.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use jiff::SignedDuration;
use net::NetworkPolicy;
use net::clock::Clock;
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue, LOCATION, RETRY_AFTER};
use reqwest::{Method, StatusCode};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

use super::report::{FORBIDDEN, REFUSED, UNREACHABLE};
use super::resource::{id_in, member};
use crate::USER_AGENT;
use crate::target::Target;

const TIMEOUT: Duration = Duration::from_secs(30);
const LARGEST_BODY: usize = 16 << 20;
/// The longest `Retry-After` that a push waits for; longer ones end the push.
const LONGEST_WAIT: Duration = Duration::from_secs(30);
const ATTEMPTS: u32 = 4;
const PAGE: usize = 100;
/// Many services answer it without a token, or to no client at all.
const CONFIG: &str = "/ServiceProviderConfig";
/// Maximum number of resources in a list, above any company's size: a longer list does not end.
const MOST_RESOURCES: usize = 200_000;
const MOST_PAGES: usize = 20_000;
/// Maximum size of all pages together, in bytes. Parsed JSON takes ten times as much memory.
const MOST_BYTES: u64 = 64 << 20;
const LONGEST_LIST: SignedDuration = SignedDuration::from_mins(30);

/// A failed request.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// The service refuses the token, so no other request will succeed: 401, or 403 to every request.
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
            Self::Status { status: 403, .. } => FORBIDDEN,
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

    /// Whether the service forbids a request that it may allow for other resources.
    pub(super) fn is_forbidden(&self) -> bool {
        self.status() == Some(403)
    }

    /// Whether the service refuses this request, which says nothing about others.
    pub(super) fn is_refusal(&self) -> bool {
        matches!(self, Self::Ambiguous | Self::Taken) || self.status().is_some_and(|status| status < 500)
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
    /// Whether the service has accepted the token for a resource.
    is_accepted: AtomicBool,
    /// Whether the service refuses SCIM's media type and is sent plain JSON.
    is_plain: AtomicBool,
}

/// Every resource of an endpoint, as far as the service lists them.
pub(super) struct Listing {
    pub(super) resources: Vec<Value>,
    /// False if the service says that there are more than it lists.
    pub(super) is_complete: bool,
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
            is_accepted: AtomicBool::new(false),
            is_plain: AtomicBool::new(false),
        })
    }

    /// Whether the service has accepted the token for any resource so far.
    pub(super) fn is_accepted(&self) -> bool {
        self.is_accepted.load(Ordering::Relaxed)
    }

    pub(super) async fn abilities(&self) -> Result<Abilities, Failure> {
        let supported = |config: &Value, name| member(member(config, name), "supported").as_bool();
        match self.get(CONFIG).await {
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

    /// Every resource of an endpoint, page by page; [`Failure::Endless`] beyond the limits. Services that fail on
    /// `count`, omit `totalResults`, return shorter pages or ignore `startIndex` are understood.
    pub(super) async fn all(&self, path: &'static str) -> Result<Listing, Failure> {
        let (before, began) = (self.received.load(Ordering::Relaxed), self.clock.now());
        let (mut resources, mut seen) = (Vec::new(), HashSet::new());
        let mut count = format!("&count={PAGE}");
        for _ in 0..MOST_PAGES {
            let page = match self.get(&format!("{path}?startIndex={}{count}", resources.len() + 1)).await {
                Err(Failure::Status { status: 400 | 500, .. })
                    if resources.is_empty() && !count.is_empty() =>
                {
                    count.clear();
                    continue;
                }
                page => page?,
            };
            let total = number(member(&page, "totalResults"));
            let known = resources.len();
            for resource in member(&page, "Resources").as_array().into_iter().flatten() {
                // The same resource again: the service ignores `startIndex`, or a resource moved between two pages.
                if seen.insert(id_in(member(resource, "id")).unwrap_or_else(|| resource.to_string())) {
                    resources.push(resource.clone());
                }
            }
            let is_complete = total.is_none_or(|total| resources.len() as u64 >= total);
            if resources.len() == known || (is_complete && total.is_some()) {
                return Ok(Listing { resources, is_complete });
            }
            if resources.len() > MOST_RESOURCES
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
                Err((Failure::Status { status: 415, .. }, _))
                    if !self.is_plain.swap(true, Ordering::Relaxed) =>
                {
                    continue;
                }
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
            let is_plain = self.is_plain.load(Ordering::Relaxed);
            let media_type = if is_plain { "application/json" } else { "application/scim+json" };
            request = request.header(CONTENT_TYPE, media_type).body(body.to_string());
        }
        let unreachable = |_| (Failure::Unreachable, Some(SOON));
        let mut response = request.send().await.map_err(unreachable)?;
        let status = response.status();
        let header = net::header_text(&response, RETRY_AFTER);
        let location = net::header_text(&response, LOCATION).map(str::to_owned);
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
        if path != CONFIG && ![StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN].contains(&status) {
            self.is_accepted.store(true, Ordering::Relaxed);
        }
        match status {
            StatusCode::UNAUTHORIZED => Err((Failure::Refused(status.as_u16()), None)),
            StatusCode::TOO_MANY_REQUESTS => {
                let wait = retry_after.unwrap_or(SOON);
                Err((Failure::Busy(wait), Some(wait)))
            }
            StatusCode::SERVICE_UNAVAILABLE => Err((Failure::Unreachable, Some(retry_after.unwrap_or(SOON)))),
            _ if status.is_success() => match body {
                Some(body) => Ok(body),
                // A service that returns no resource still names it.
                None if read.is_empty() => Ok(location.and_then(|place| named(&place)).unwrap_or_default()),
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

/// A resource with the id at the end of its address only.
fn named(place: &str) -> Option<Value> {
    let id = place.trim_end_matches('/').rsplit('/').next().filter(|id| !id.is_empty())?;
    // Parsed as the name of a query, which only undoes the escapes.
    let id = id.replace('+', "%2B");
    let (id, _) = url::form_urlencoded::parse(id.as_bytes()).next()?;
    Some(json!({ "id": id }))
}

/// A number, which some services send as text.
fn number(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_str()?.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resource_is_named_by_its_address() {
        let id = |place: &str| named(place).map(|one| one["id"].clone());
        assert_eq!(id("https://x.example/scim/v2/Users/a%2Fb+c"), Some(json!("a/b+c")));
        assert_eq!(id("/Users/7/"), Some(json!("7")));
        assert_eq!(id("/"), None);
    }
}
