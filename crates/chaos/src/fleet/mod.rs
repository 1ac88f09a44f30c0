//! A fleet: thousands of linked accounts, workers that are killed and paused all the while, and what must be true
//! nevertheless. Every sync begins within a minute of when it is due; no account has two writers; nothing is lost; no
//! tenant is asked more often than Lucca allows, by the tenants' own count.
//!
//! Time runs by a clock of its own, at a pace that the machine can keep up with. Only PostgreSQL: the other engine has one
//! process, of which is looked at what it takes ([`embedded`]).

mod clock;
mod conductor;
mod embedded;
mod measure;
mod worker;

use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

pub use conductor::{backlog, simulate};
pub use embedded::{Taken, embedded};
pub use measure::Measured;

/// What is simulated.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Wanted {
    /// How many linked accounts, each with a tenant of its own.
    pub tenants: u16,
    /// People a tenant.
    pub people: u32,
    /// Worker processes.
    pub workers: u32,
    /// Simulated minutes, after everything was read once.
    pub minutes: u64,
    /// How many simulated seconds pass in a real one.
    pub speed: f64,
    /// Whether workers are killed and paused.
    pub chaos: bool,
    /// Whether it counts how late syncs begin, and not only whether all is right: that depends on the machine.
    pub timed: bool,
    /// Chooses who is killed and what changes.
    pub seed: u64,
    /// This program of another version, which every second worker is a process of.
    pub beside: Option<PathBuf>,
}

impl Default for Wanted {
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

impl Wanted {
    fn lasts(&self) -> Duration {
        Duration::from_mins(self.minutes)
    }
}

/// Carries out the order of a worker process.
///
/// # Errors
///
/// Why it could not work.
pub async fn work(order: &str) -> Result<(), String> {
    let order: worker::Order = serde_json::from_str(order).map_err(|error| error.to_string())?;
    order.carry_out().await
}
