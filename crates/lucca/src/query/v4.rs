//! The query grammar of v4: `page`, `limit`, `fields.root`, and each endpoint's documented parameters.
//!
//! Source: directory.md §5, wire-grammar.md §1.6.

use std::num::{NonZeroU32, NonZeroU64};

use people::RemoteId;

use super::push_pair;

/// A query for a collection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    /// Page number, from 1.
    pub page: NonZeroU64,
    /// Maximum number of records of a page.
    pub limit: NonZeroU32,
    /// Whether the server also counts the whole set (`fields.root=count`).
    pub count: bool,
    /// Archived records in addition to the others (`isArchived=true,false`), if the endpoint documents it.
    pub archived_too: bool,
    /// Sort order: dotted paths joined by commas, each with a leading `-` for descending.
    pub sort: Option<&'static str>,
    /// Only records of these users (`ownerId`), if the endpoint documents it; empty means of all.
    pub owners: Vec<RemoteId>,
}

impl Query {
    /// The query as it follows the `?` of a URL.
    pub fn render(&self) -> String {
        let mut query = String::new();
        push_pair(&mut query, "page", &self.page.to_string());
        push_pair(&mut query, "limit", &self.limit.to_string());
        if self.count {
            push_pair(&mut query, "fields.root", "count");
        }
        if self.archived_too {
            push_pair(&mut query, "isArchived", "true,false");
        }
        if let Some(sort) = self.sort {
            push_pair(&mut query, "sort", sort);
        }
        if !self.owners.is_empty() {
            let owners: Vec<&str> = self.owners.iter().map(RemoteId::as_str).collect();
            push_pair(&mut query, "ownerId", &owners.join(","));
        }
        query
    }
}
