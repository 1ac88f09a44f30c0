//! A worker process of the fleet: runs the duties of `lucca-connector worker`, by the simulation's clock.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use jobs::queue::{Capacity, Queue, Scaled, Timing};
use jobs::{Duty, Entropy, Holder, RequestsDuty, Services, SyncDuty, Tenants, UpkeepDuty, Worker};
use net::NetworkPolicy;
use net::clock::Clock;
use serde::{Deserialize, Serialize};
use store::{MasterKey, Store, Vault};
use tokio_util::sync::CancellationToken;

use super::clock::FleetClock;

/// The order to a worker process. The previous version must be able to read this one's order, and this
/// version the previous one's.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Order {
    pub(crate) database: String,
    pub(crate) clock: FleetClock,
    pub(crate) name: String,
    pub(crate) seed: u64,
}

/// Seals keys in a simulation, where they protect no data.
pub(crate) fn vault() -> Vault {
    Vault::new(MasterKey::from_random([1; 32]), [])
}

impl Order {
    /// Works until the process is killed.
    pub(crate) async fn carry_out(self) -> Result<(), String> {
        let store = Store::connect(&self.database).await.map_err(|error| error.to_string())?;
        let store = store.for_worker().await;
        let clock: Arc<dyn Clock> = Arc::new(self.clock);
        let entropy = entropy(self.seed);
        let services = Services {
            tenants: Tenants::new(
                Some(store.clone()),
                NetworkPolicy::AllowLoopback,
                Arc::clone(&clock),
                entropy.clone(),
            ),
            store,
            vault: Arc::new(vault()),
            clock,
            entropy,
            holder: Holder { name: self.name, has_ended: |_| false },
        };
        let pool = services.store.postgres().ok_or("a fleet simulation needs PostgreSQL")?.clone();
        // The queue waits in real time.
        let timing = Timing::default().scaled(|span| self.clock.real(span));
        let queue = Queue::Scaled(Scaled::open(pool, timing).await.map_err(|error| error.to_string())?);
        let duties: Vec<Arc<dyn Duty>> = vec![
            Arc::new(RequestsDuty(services.clone())),
            Arc::new(SyncDuty(services.clone())),
            Arc::new(UpkeepDuty(services.clone())),
        ];
        let grace = Duration::from_secs(5);
        let (capacity, version) = (Capacity::default(), "fleet");
        let worker = Worker { services, queue, duties, capacity, version, grace };
        worker.run(CancellationToken::new()).await.map_err(|error| format!("{error:?}"))
    }
}

/// Seeded randomness, one stream per process.
fn entropy(seed: u64) -> Entropy {
    let drawn = AtomicU64::new(0);
    Entropy::new(move |bytes| {
        let mut dice = crate::dice::Dice::new(seed, drawn.fetch_add(1, Ordering::Relaxed));
        for chunk in bytes.chunks_mut(8) {
            let drawn = dice.draw().to_le_bytes();
            chunk.copy_from_slice(&drawn[..chunk.len()]);
        }
        Ok(())
    })
}
