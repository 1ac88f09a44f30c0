//! A read request, as every route takes it. Not included: its path (`routes`), keys and limits (`server`).

use crate::{grammar::query::Query, list_cache::ListCache, view::View};

/// A request of a known key to read.
pub(crate) struct ReadRequest<'a> {
    pub(crate) view: &'a View<'a>,
    pub(crate) query: &'a Query,
    pub(crate) list_cache: &'a ListCache,
}
