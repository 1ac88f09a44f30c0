//! Syncs: who may write, how far each stream is, what is due and what waits for a person; Lucca's notices; requests on their way to Lucca.

pub(crate) mod holds;
pub(crate) mod inbound_webhooks;
pub(crate) mod leases;
pub(crate) mod request_budgets;
pub(crate) mod runs;
pub(crate) mod schedule;
pub(crate) mod stream_states;
pub(crate) mod submissions;
