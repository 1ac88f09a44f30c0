//! Operations: the audit log, backups, retention, new master keys, workers, health, and stored responses.

pub(crate) mod audit;
pub(crate) mod audit_chain;
pub(crate) mod audit_views;
pub(crate) mod backups;
pub(crate) mod idempotency;
pub(crate) mod receipts;
pub(crate) mod removals;
pub(crate) mod resealing;
pub(crate) mod restores;
pub(crate) mod retention;
pub(crate) mod vitals;
pub(crate) mod workers;
