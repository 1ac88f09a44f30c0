//! Syncs: leases, stream states, due times and holds; notices from Lucca's webhooks; absence submissions.

pub(crate) mod holds;
pub(crate) mod inbound_webhooks;
pub(crate) mod leases;
pub(crate) mod request_budgets;
pub(crate) mod runs;
pub(crate) mod schedule;
pub(crate) mod stream_states;
pub(crate) mod submissions;
