//! The query language of `/api/v3`: what a query string may say, and how it is applied to resources.
//!
//! Lives here: query keys, `fields`, filters, `orderBy`, `paging`, dates, and the writing of a
//! selection as JSON. Not here: which resources exist (`resources`), and which routes (`routes`).
//! Source of everything unless said otherwise: wire-grammar.md §1.

pub(crate) mod dates;
pub(crate) mod fields;
pub(crate) mod filter;
pub(crate) mod order;
pub(crate) mod paging;
pub(crate) mod query;
pub(crate) mod schema;
pub(crate) mod value;
