//! Linking flows with their tokens, the last diagnosis of each key, and issues.

pub(crate) mod diagnoses;
pub(crate) mod issues;
pub(crate) mod link_flows;
pub(crate) mod public_tokens;
