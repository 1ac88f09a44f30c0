//! Linked accounts: their settings, sealed keys and events, unlinking; and the keys of the HTTP API.

pub(crate) mod account_events;
pub(crate) mod api_keys;
pub(crate) mod capabilities;
pub(crate) mod linked_accounts;
pub(crate) mod unlinking;
