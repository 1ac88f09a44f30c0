//! Starting a tenant with its API and its control surface, and stopping it. Not included: many tenants on one
//! port (`fleet`).

use std::net::{Ipv4Addr, SocketAddr};

use jiff::civil::Date;
use tokio::task::JoinHandle;

use crate::{
    clock::TenantClock,
    company, control, notification_sender,
    rights::{self, KeyConfig},
    server,
    switches::Switches,
    tenant::{LoggedRequest, Tenant},
    truth::Truth,
};

/// The tenant to start, and its addresses.
#[derive(Debug, Clone)]
pub struct Config {
    /// Number of user records: exactly that many, of all statuses together.
    pub employees: u32,
    /// The same seed, size and date give the same company.
    pub seed: u64,
    /// First day of the tenant's clock, at 09:00 Paris time if it stands still.
    pub today: Date,
    /// Address of the API; port 0 is any free one.
    pub listen: SocketAddr,
    /// Address of the control surface; port 0 is any free one.
    pub control: SocketAddr,
    /// Behaviours that are uncertain or differ between tenants, and faults.
    pub switches: Switches,
    /// API keys; [`Emulator::api_key`] returns the first.
    pub keys: Vec<KeyConfig>,
    /// Whether the tenant's clock follows real time, starting on `today` at the present time in Paris;
    /// otherwise it stands still.
    pub real_time: bool,
}

impl Config {
    /// A tenant on free loopback ports with one key that has every right.
    pub fn new(employees: u32, seed: u64, today: Date) -> Self {
        let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        Self {
            employees,
            seed,
            today,
            listen: any,
            control: any,
            switches: Switches::default(),
            keys: vec![KeyConfig::full(seed)],
            real_time: false,
        }
    }
}

/// A tenant could not be started.
#[derive(Debug, thiserror::Error)]
pub enum EmulatorError {
    /// The address is in use, or not one of this machine.
    #[error("can't listen on {address}")]
    Listen {
        /// The requested address.
        address: SocketAddr,
        /// The cause.
        source: std::io::Error,
    },
    /// A key is not a GUID.
    #[error("key {name:?} is no GUID")]
    Key {
        /// Name of the key.
        name: String,
    },
    /// Without a key no request could succeed.
    #[error("no API key is configured")]
    NoKey,
    /// Building the company was interrupted.
    #[error("building the company was interrupted")]
    Interrupted,
}

/// A running tenant; it ends when this is dropped.
#[derive(Debug)]
pub struct Emulator {
    tenant: Tenant,
    key: String,
    api: SocketAddr,
    control: SocketAddr,
    tasks: Vec<JoinHandle<()>>,
}

impl Emulator {
    /// Builds the company and starts listening.
    pub async fn start(config: Config) -> Result<Self, EmulatorError> {
        let key = config.keys.first().ok_or(EmulatorError::NoKey)?.key.clone();
        if let Some(bad) = config.keys.iter().find(|key| rights::digits_of(&key.key).is_none()) {
            return Err(EmulatorError::Key { name: bad.name.clone() });
        }
        let open = async |address| {
            server::listen(address).await.map_err(|source| EmulatorError::Listen { address, source })
        };
        let (api_listener, api) = open(config.listen).await?;
        let (control_listener, control) = open(config.control).await?;
        let (employees, seed, today) = (config.employees, config.seed, config.today);
        let company = tokio::task::spawn_blocking(move || company::build(employees, seed, today))
            .await
            .map_err(|_| EmulatorError::Interrupted)?;
        let clock = TenantClock::new(today, config.real_time);
        let tenant = Tenant::new(company, seed, clock, config.switches, config.keys);
        let tasks = vec![
            server::serve(api_listener, server::api(tenant.clone())),
            server::serve(control_listener, control::router(tenant.clone())),
            tokio::spawn(notification_sender::run_notifications(tenant.clone())),
        ];
        Ok(Self { tenant, key, api, control, tasks })
    }

    /// `http://127.0.0.1:PORT` of the API.
    pub fn url(&self) -> String {
        format!("http://{}", self.api)
    }

    /// `http://127.0.0.1:PORT` of the control surface.
    pub fn control_url(&self) -> String {
        format!("http://{}", self.control)
    }

    /// The first key.
    pub fn api_key(&self) -> &str {
        &self.key
    }

    /// Counts of the records visible to the first key.
    pub fn truth(&self) -> Truth {
        self.truth_for(&self.key).unwrap_or_default()
    }

    /// Counts of the records visible to a key; `None` if there is no such key.
    pub fn truth_for(&self, key: &str) -> Option<Truth> {
        self.tenant.truth_for(key)
    }

    /// Every request answered so far, oldest first.
    pub fn requests(&self) -> Vec<LoggedRequest> {
        self.tenant.requests()
    }

    /// The tenant, for reading and changing it.
    pub fn tenant(&self) -> Tenant {
        self.tenant.clone()
    }

    /// Closes every connection and both ports.
    pub async fn shutdown(mut self) {
        for task in std::mem::take(&mut self.tasks) {
            task.abort();
            // An aborted task ends with an error that says so.
            let _ = task.await;
        }
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}
