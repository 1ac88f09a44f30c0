//! Linked accounts: their settings and sealed keys, what happened to them, unlinking; and the keys of the HTTP API.

pub(crate) mod account_events;
pub(crate) mod api_keys;
pub(crate) mod capabilities;
pub(crate) mod linked_accounts;
pub(crate) mod unlinking;
