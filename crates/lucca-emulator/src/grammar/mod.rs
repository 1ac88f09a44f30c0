//! The query language of `/api/v3`: query strings, and their application to resources.
//!
//! Included: query keys, `fields`, filters, `orderBy`, `paging`, dates, and writing a selection as JSON. Not
//! included: the resources (`resources`), the routes (`routes`). Source of everything unless noted otherwise:
//! wire-grammar.md §1.

pub(crate) mod dates;
pub(crate) mod fields;
pub(crate) mod filter;
pub(crate) mod json;
pub(crate) mod node;
pub(crate) mod order;
pub(crate) mod paging;
pub(crate) mod query;
pub(crate) mod schema;
pub(crate) mod value;
