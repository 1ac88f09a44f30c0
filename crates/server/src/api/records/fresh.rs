//! What a list is as long as nothing changes: its tag, known without reading a record, and its finished pages, kept in
//! memory for whoever asks for the same. Nothing is kept that could be out of date or another's: everything that bears
//! on what is shown is in the key.

use std::fmt::Write as _;
use std::time::Duration;

use axum::body::Bytes;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use jiff::civil::Date;
use sha2::{Digest, Sha256};
use store::LinkedAccount;

use crate::problem::Problem;

/// So many bytes of pages are kept.
const MOST: u64 = 16 * 1024 * 1024;
/// So long at most: what was erased is shown at once no more, and is out of memory then.
const LONGEST: Duration = Duration::from_mins(1);

/// What an answer of a linked account's records follows from: the same as long as nothing changes that it shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Tag([u8; 32]);

impl Tag {
    /// The tag of what is asked for of an account: `asked` is the list and the whole query.
    ///
    /// Whatever else decides what is shown of a record belongs in here.
    pub(crate) fn new(account: &LinkedAccount, today: Date, asked: &[&str]) -> Self {
        let settings = serde_json::to_string(&account.settings).unwrap_or_default();
        let (id, today) = (account.id.to_string(), today.to_string());
        let current = if account.contracts_current { "current" } else { "stale" };
        // Another version may show more of the same.
        let own = [env!("CARGO_PKG_VERSION"), &id, &account.records_mark, &settings, current, &today];
        let mut digest = Sha256::new();
        for part in own.iter().chain(asked) {
            // With its length, so that no two lists of parts are the same text.
            digest.update(part.len().to_le_bytes());
            digest.update(part.as_bytes());
        }
        Self(digest.finalize().into())
    }

    /// As a header. Weak: the same may be sent compressed or not.
    fn header(self) -> String {
        let mut text = "W/\"".to_owned();
        for byte in &self.0[..16] {
            // Writing to a string does not fail.
            let _ = write!(text, "{byte:02x}");
        }
        text.push('"');
        text
    }

    /// The answer without a body, where the caller has the same already.
    pub(crate) fn not_modified(self, asked: &HeaderMap) -> Option<Response> {
        let known = asked.get(header::IF_NONE_MATCH)?.to_str().ok()?;
        let tag = self.header();
        let is_known = known.split(',').any(|one| one.trim() == tag || one.trim() == "*");
        is_known.then(|| self.on(StatusCode::NOT_MODIFIED.into_response()))
    }

    /// The answer with this JSON.
    pub(crate) fn json(self, body: Bytes) -> Response {
        self.on(([(header::CONTENT_TYPE, "application/json")], body).into_response())
    }

    fn on(self, mut response: Response) -> Response {
        if let Ok(tag) = HeaderValue::from_str(&self.header()) {
            response.headers_mut().insert(header::ETAG, tag);
        }
        // Personal data: only whoever asked may keep it, and asks again whether it still holds.
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
        response
    }
}

/// Pages that were finished a moment ago.
pub(crate) struct Pages(moka::future::Cache<Tag, Bytes>);

impl Default for Pages {
    fn default() -> Self {
        let size = |_: &Tag, page: &Bytes| u32::try_from(page.len()).unwrap_or(u32::MAX);
        Self(moka::future::Cache::builder().max_capacity(MOST).weigher(size).time_to_live(LONGEST).build())
    }
}

impl Pages {
    /// The page of a tag: as it is kept, or as `read` makes it, once for all who ask for it meanwhile.
    ///
    /// # Errors
    ///
    /// What `read` fails with; that is not kept.
    pub(crate) async fn get(
        &self,
        tag: Tag,
        read: impl Future<Output = Result<Bytes, Problem>>,
    ) -> Result<Bytes, Problem> {
        self.0.try_get_with(tag, read).await.map_err(|problem| (*problem).clone())
    }
}
