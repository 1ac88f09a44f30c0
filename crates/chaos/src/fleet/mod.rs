//! A fleet: thousands of linked accounts, workers that are killed and paused all the time, and the
//! expectations that must hold nevertheless. Every sync begins within a minute of its due time; no account
//! has two writers; no change is lost; no tenant receives more requests than Lucca allows, by the tenants'
//! own count.
//!
//! Simulated time runs at a speed that the machine can sustain. PostgreSQL only: SQLite serves one process,
//! whose resources [`embedded`] measures.

mod clock;
mod conductor;
mod embedded;
mod measure;
mod worker;

use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

pub use conductor::{backlog, simulate};
pub use embedded::{ResourceUse, embedded};
pub use measure::Measured;

/// The parameters of a simulation.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct FleetOptions {
    /// Number of linked accounts, each with a tenant of its own.
    pub tenants: u16,
    /// Employees per tenant.
    pub people: u32,
    /// Worker processes.
    pub workers: u32,
    /// Simulated minutes to measure, after every account was read once.
    pub minutes: u64,
    /// Simulated seconds per real second.
    pub speed: f64,
    /// Whether workers are killed and paused.
    pub chaos: bool,
    /// Whether the delay of syncs counts as a failure: it depends on the machine.
    pub timed: bool,
    /// Seeds the kills and the changes.
    pub seed: u64,
    /// This program in another version, which every second worker runs.
    pub beside: Option<PathBuf>,
}

impl Default for FleetOptions {
    fn default() -> Self {
        Self {
            tenants: 10_000,
            people: 20,
            workers: 4,
            minutes: 60,
            speed: 1.0,
            chaos: true,
            timed: true,
            seed: 1,
            beside: None,
        }
    }
}

impl FleetOptions {
    fn lasts(&self) -> Duration {
        Duration::from_mins(self.minutes)
    }
}

/// Runs a worker process by its order.
///
/// # Errors
///
/// The reason why it could not work.
pub async fn work(order: &str) -> Result<(), String> {
    let order: worker::Order = serde_json::from_str(order).map_err(|error| error.to_string())?;
    order.carry_out().await
}
