//! ETags of lists, computed without reading a record, and a memory cache of finished pages. No entry can be
//! stale or belong to another caller, since everything that determines the response is part of the key.
//! The crate `api` renders the pages.

use std::time::Duration;

use axum::body::Bytes;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use jiff::civil::Date;
use sha2::{Digest, Sha256};
use store::LinkedAccount;

use crate::problem::Problem;

/// Maximum size of the cached pages, in bytes.
const MAX_BYTES: u64 = 16 * 1024 * 1024;
/// Maximum age of a cached page. Erased data is not returned from the cache, and leaves memory within this
/// time.
const MAX_AGE: Duration = Duration::from_mins(1);

/// A hash of everything that determines a response about an account's records. It changes whenever the
/// response may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RecordsTag([u8; 32]);

impl RecordsTag {
    /// The tag of a request for an account's records: `asked` is the list and the whole query.
    ///
    /// Everything else that determines how a record is shown must be part of it.
    pub fn new(account: &LinkedAccount, today: Date, asked: &[&str]) -> Self {
        let settings = serde_json::to_string(&account.settings).unwrap_or_default();
        let (id, today) = (account.id.to_string(), today.to_string());
        let current = if account.contracts_current { "current" } else { "stale" };
        // Another version may show more for the same request.
        let own = [env!("CARGO_PKG_VERSION"), &id, &account.records_mark, &settings, current, &today];
        let mut digest = Sha256::new();
        for part in own.iter().chain(asked) {
            // Length-prefixed, so that different lists of parts never form the same text.
            digest.update(part.len().to_le_bytes());
            digest.update(part.as_bytes());
        }
        Self(digest.finalize().into())
    }

    /// The value of the `ETag` header. Weak, since the same body may be sent compressed or not.
    fn header(self) -> String {
        format!("W/\"{}\"", hex::encode(&self.0[..16]))
    }

    /// A 304 response, if the caller has this version.
    pub fn not_modified(self, asked: &HeaderMap) -> Option<Response> {
        let known = asked.get(header::IF_NONE_MATCH)?.to_str().ok()?;
        let tag = self.header();
        let is_known = known.split(',').any(|one| one.trim() == tag || one.trim() == "*");
        is_known.then(|| self.on(StatusCode::NOT_MODIFIED.into_response()))
    }

    /// A response with this JSON.
    pub fn json(self, body: Bytes) -> Response {
        self.on(([(header::CONTENT_TYPE, "application/json")], body).into_response())
    }

    fn on(self, mut response: Response) -> Response {
        if let Ok(tag) = HeaderValue::from_str(&self.header()) {
            response.headers_mut().insert(header::ETAG, tag);
        }
        // Personal data: only the caller may store it, and has to revalidate it before each use.
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
        response
    }
}

/// Cache of recently rendered pages.
pub struct PageCache(moka::future::Cache<RecordsTag, Bytes>);

impl Default for PageCache {
    fn default() -> Self {
        let size = |_: &RecordsTag, page: &Bytes| u32::try_from(page.len()).unwrap_or(u32::MAX);
        Self(
            moka::future::Cache::builder()
                .max_capacity(MAX_BYTES)
                .weigher(size)
                .time_to_live(MAX_AGE)
                .build(),
        )
    }
}

impl PageCache {
    /// The page of a tag: from the cache, or the result of `read`, which concurrent callers share.
    ///
    /// # Errors
    ///
    /// The error of `read`, which is not cached.
    pub async fn get(
        &self,
        tag: RecordsTag,
        read: impl Future<Output = Result<Bytes, Problem>>,
    ) -> Result<Bytes, Problem> {
        self.0.try_get_with(tag, read).await.map_err(|problem| (*problem).clone())
    }
}
