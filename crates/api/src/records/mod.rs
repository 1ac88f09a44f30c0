//! `/v1/linked-accounts/{linked_account_id}/employees` and the other lists of synced records: a page, or the whole
//! list as NDJSON (`list`), and one record (`show`). All kinds are read alike, and `routes` has a row for each; the
//! people model defines them. `query` parses parameters, `view` renders records, and `related` adds the records that
//! they refer to. `web::page_cache` computes tags and keeps rendered pages.

pub(crate) mod as_of;
pub(crate) mod changes;
pub(crate) mod list;
pub(crate) mod positions;
pub(crate) mod query;
pub(crate) mod related;
pub(crate) mod routes;
pub(crate) mod show;
pub(crate) mod tree;
pub(crate) mod view;
