//! `/v1/linked-accounts/{account_id}/employees` and the other lists of what was synced: a page or all of it as NDJSON
//! (`list`), and one record (`show`). All kinds are read alike; what each is, is the people model's. What is asked for
//! by the address is in `query`, what is shown of a record in `view`.

pub(crate) mod changes;
pub(crate) mod list;
pub(crate) mod query;
pub(crate) mod show;
pub(crate) mod tree;
pub(crate) mod view;

use axum::http::HeaderMap;
use axum::response::Response;
use serde::Serialize;

use super::etag;

/// A JSON answer with its fingerprint; 304 without a body where the caller has the same already.
fn with_etag(asked: &HeaderMap, body: &impl Serialize) -> Response {
    // What is answered always has a JSON form.
    etag::answer(asked, "application/json", serde_json::to_string(body).unwrap_or_default())
}
