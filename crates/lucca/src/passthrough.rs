//! Passthrough requests: the caller defines the request, and the client sends it once within the tenant's
//! budget and returns Lucca's response unchanged.
//!
//! This module checks the path; `shared_scope` checks the records and fields that a request may reach.

use std::fmt;
use std::time::Duration;

use async_recursion::async_recursion as boxed;
use serde_json::Value;

use crate::api_key::ApiKey;
use crate::client::Client;
use crate::error::Error;
use crate::transport::Verb;

const LONGEST_PATH: usize = 8192;

/// An HTTP method.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Reads; the only method without side effects.
    Get,
    /// Creates.
    Post,
    /// Replaces.
    Put,
    /// Changes.
    Patch,
    /// Deletes.
    Delete,
}

people::names! {
    Method: "method" {
        Get = "GET",
        Post = "POST",
        Put = "PUT",
        Patch = "PATCH",
        Delete = "DELETE",
    }
}

/// A path of one of Lucca's APIs, with its query: `/api/v3/users?fields=id`,
/// `/directory/api/4.0/work-contracts`. It can't lead to any other host than the tenant's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiPath(String);

/// Error: the text is not a path of Lucca's API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "not a path of Lucca's API, such as /api/v3/users?fields=id: it must begin with a slash, contain a \
     folder `api`, and contain no host, spaces, fragment or parent segments"
)]
pub struct ApiPathError;

impl ApiPath {
    /// Parses a path with its query, both percent-encoded as necessary.
    ///
    /// # Errors
    ///
    /// If the path does not lead to an API of the tenant.
    pub fn parse(text: &str) -> Result<Self, ApiPathError> {
        let (path, query) = text.split_once('?').unwrap_or((text, ""));
        let is_printable = text.len() <= LONGEST_PATH && text.bytes().all(|byte| byte.is_ascii_graphic());
        let has_other = path.contains("//") || path.contains('\\') || text.contains('#');
        // A server may decode the path before it looks for parent segments.
        let plain = path.to_ascii_lowercase().replace("%2e", ".");
        let is_upwards = plain.split('/').any(|part| part == "." || part == "..");
        let is_hidden = ["%2f", "%5c", "%00"].iter().any(|code| plain.contains(code));
        // Source: directory.md and absences.md; in every known API it is the first, second or third segment.
        let is_api = path.starts_with('/') && plain.split('/').skip(1).take(3).any(|part| part == "api");
        if is_printable && is_api && !has_other && !is_upwards && !is_hidden {
            let mark = if query.is_empty() { "" } else { "?" };
            Ok(Self(format!("{path}{mark}{query}")))
        } else {
            Err(ApiPathError)
        }
    }

    /// The path without its query, which may hold personal data.
    pub fn without_query(&self) -> &str {
        self.0.split('?').next().unwrap_or_default()
    }

    pub(crate) fn query(&self) -> &str {
        self.0.split_once('?').map_or("", |(_, query)| query)
    }
}

/// Lucca's response, unchanged.
pub struct PassthroughResponse {
    /// The HTTP status.
    pub status: u16,
    /// The body's media type, if the response has one.
    pub content_type: Option<String>,
    /// The wait that Lucca requests, if any.
    pub retry_after: Option<Duration>,
    /// The body; the API key is redacted if a tenant echoes it.
    pub body: Body,
}

/// The body of Lucca's response.
pub enum Body {
    /// No body.
    Empty,
    /// JSON.
    Json(Value),
    /// Any other body; bytes that are not UTF-8 are replaced.
    Text(String),
}

impl Body {
    pub(crate) fn read(bytes: &[u8], key: &ApiKey) -> Self {
        match serde_json::from_slice::<Value>(bytes) {
            _ if bytes.is_empty() => Self::Empty,
            Ok(mut value) => {
                redact(&mut value, key);
                Self::Json(value)
            }
            Err(_) => Self::Text(key.scrub(&String::from_utf8_lossy(bytes))),
        }
    }
}

/// Redacts the key in names and values of the parsed JSON, because escapes could hide it from a search of the
/// bytes.
fn redact(value: &mut Value, key: &ApiKey) {
    match value {
        Value::String(text) => *text = key.scrub(text),
        Value::Array(items) => items.iter_mut().for_each(|item| redact(item, key)),
        Value::Object(members) => {
            *members = std::mem::take(members)
                .into_iter()
                .map(|(name, mut value)| {
                    redact(&mut value, key);
                    (key.scrub(&name), value)
                })
                .collect();
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

impl fmt::Debug for PassthroughResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The body may hold personal data.
        f.debug_struct("PassthroughResponse").field("status", &self.status).finish_non_exhaustive()
    }
}

impl Client {
    /// Sends one request unchanged, once, when the tenant's budget allows it, with an optional JSON body.
    /// [`Client::stats`] does not count it.
    ///
    /// # Errors
    ///
    /// When no whole answer arrived: [`Error::may_have_happened`] returns whether Lucca may have executed the
    /// request. A refusal by Lucca is a response, not an error.
    #[boxed]
    pub async fn pass_on(
        &self,
        method: Method,
        to: &ApiPath,
        body: Option<&[u8]>,
    ) -> Result<PassthroughResponse, Error> {
        let (path, query) = to.0.split_once('?').unwrap_or((&to.0, ""));
        let body = body.unwrap_or_default();
        let verb = match method {
            Method::Get => Verb::Get,
            Method::Delete => Verb::Delete,
            Method::Post => Verb::Post { content_type: JSON, body },
            Method::Put => Verb::Put { content_type: JSON, body },
            Method::Patch => Verb::Patch { content_type: JSON, body },
        };
        self.transport().pass_on(verb, path, query).await
    }
}

const JSON: &str = "application/json";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn api_paths_stay_on_the_tenant() {
        for path in [
            "/api/v3/users?fields=id,name&paging=0,10",
            "/organization/structure/api/departments",
            "/directory/api/4.0/work-contracts?page=1",
            "/api/v3/users?mail=a%40b.example",
        ] {
            assert_eq!(ApiPath::parse(path).unwrap().0, path);
        }
        for path in [
            "",
            "api/v3/users",
            "/",
            "/home",
            "//evil.example/api/v3/users",
            "https://evil.example/api/",
            "@evil.example/api/v3",
            "/api/../identity/api2",
            "/api/%2e%2E/x",
            "/api/..%2fx",
            "/api\\..\\x",
            "/api/v3/users#x",
            "/api/v3/users?name=a b",
            "/api/v3/users\r\nHost: x",
            "/a/b/c/d/api/x",
            "/api/v3/é",
        ] {
            assert_eq!(ApiPath::parse(path), Err(ApiPathError), "{path}");
        }
        assert_eq!(ApiPath::parse("/api/v3/users?mail=x").unwrap().without_query(), "/api/v3/users");
    }
}
