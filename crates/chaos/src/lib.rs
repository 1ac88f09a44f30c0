//! Breaks the sync engine on purpose and reports whether data was lost. Not part of the product: no crate
//! depends on it.
//!
//! `round` changes an emulated tenant while its sync processes (`child`, `process`) are killed and paused
//! over network faults, then compares the store with the tenant. `history` runs without kills, in one
//! process, and checks every entry of the change log against a plain model. Both compare `facts`. `log`
//! replays the change log from empty, `tenant` is the emulated tenant, `sight` is the linked key's view of
//! it, `reports` and `tally` summarise runs and rounds.

pub mod child;
pub mod dice;
pub mod facts;
pub mod fleet;
pub mod history;
pub mod log;
mod process;
mod reports;
pub mod round;
mod sight;
pub mod tally;
pub mod tenant;
