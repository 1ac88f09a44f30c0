//! `/v1/linked-accounts/{linked_account_id}/runs`: starts, lists, shows and cancels syncs. One file per endpoint.

pub(crate) mod cancel;
pub(crate) mod list;
pub(crate) mod show;
pub(crate) mod start;
