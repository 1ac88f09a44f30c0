//! Breaks the sync engine on purpose, and says whether anything was lost. Not part of the product: nothing depends on
//! it.
//!
//! `round` lets an emulated tenant live while processes that sync it (`child`, `process`) are killed and paused over
//! faults of the network, and then compares what is stored with what the tenant holds. `history` does without kills,
//! in one process, and holds every entry of the change log against a plain model. `facts` is what both compare, `log`
//! the change log replayed from empty, `tenant` the emulated tenant, `sight` what its key sees, `reports` and `tally` tell how it went.

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
