//! `/v1/api-keys`: API keys, managed by an operator. One file per endpoint.

pub(crate) mod create;
pub(crate) mod list;
pub(crate) mod revoke;
