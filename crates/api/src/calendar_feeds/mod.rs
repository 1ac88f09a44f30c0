//! `/v1/linked-accounts/{linked_account_id}/calendar-feeds`: opt-in calendar feeds of a team's absences, and the
//! feeds themselves, each under a secret address. One file per endpoint.

pub(crate) mod create;
pub(crate) mod list;
pub(crate) mod open;
pub(crate) mod remove;
