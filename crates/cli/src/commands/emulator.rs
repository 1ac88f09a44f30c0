//! `emulator`: runs an emulated Lucca tenant on loopback for development and tests.

use std::net::SocketAddr;
use std::process::ExitCode;

use lucca_emulator::{Config, Emulator, Fault};
use serde_json::json;

use crate::Global;
use crate::failure::{Exit, Failure};
use crate::output::line;
use crate::session;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Number of employees of the tenant, former and future ones included
    #[arg(long, default_value_t = 250)]
    employees: u32,
    /// Seed of the company: the same seed, number of employees and day generate the same company
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Address of the API; loopback only
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8180")]
    listen: SocketAddr,
    /// Address of the control API, loopback only: truth, changes, clock, faults
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8181")]
    control: SocketAddr,
    /// The tenant's date [default: today]
    #[arg(long, value_name = "DATE")]
    today: Option<jiff::civil::Date>,
    /// Maximum page size of the tenant, in records; it refuses larger pages
    #[arg(long, value_name = "ROWS")]
    page_size: Option<u64>,
    /// Requests per minute before the tenant answers 429; 0 for no limit
    #[arg(long, value_name = "N", default_value_t = 50)]
    rate_limit: u32,
    /// Approximate number of requests that fail, each once and in its own way: errors, hangs, truncated
    /// answers, changes between two pages
    #[arg(long, value_name = "N", default_value_t = 0)]
    faults: u32,
    /// Seed of the faults: the same seed generates the same faults [default: --seed]
    #[arg(long, value_name = "SEED", requires = "faults")]
    faults_seed: Option<u64>,
    /// Delay of every answer, in milliseconds
    #[arg(long, value_name = "MS")]
    latency: Option<u64>,
    /// JSON file of switches: the behaviours of Lucca that are not known for certain
    #[arg(long, value_name = "FILE")]
    switches: Option<std::path::PathBuf>,
}

impl Args {
    fn config(&self) -> Result<Config, Failure> {
        let today = self.today.unwrap_or_else(lucca_emulator::today);
        let mut config = Config::new(self.employees, self.seed, today);
        config.listen = self.listen;
        config.control = self.control;
        config.real_time = true;
        if let Some(path) = &self.switches {
            let text =
                std::fs::read_to_string(path).map_err(|error| Failure::file("reading", path, &error))?;
            config.switches = serde_json::from_str(&text).map_err(|error| {
                Failure::usage(
                    "cli.switches",
                    format!("{} is not a valid switches file: {error}", path.display()),
                    "List every switch with its value: GET /switches on the control address.",
                )
            })?;
        }
        if let Some(rows) = self.page_size {
            limit_pages(&mut config, rows);
        }
        config.switches.rate_limit = Some(self.rate_limit).filter(|&limit| limit > 0);
        if let Some(latency) = self.latency {
            config.switches.latency_ms = latency;
        }
        if self.faults > 0 {
            let seed = self.faults_seed.unwrap_or(self.seed);
            config.switches.faults.extend(Fault::random_schedule(seed, self.faults));
        }
        Ok(config)
    }
}

/// Makes the tenant refuse pages of more than `rows`, on every endpoint.
pub(crate) fn limit_pages(config: &mut Config, rows: u64) {
    let switches = &mut config.switches;
    switches.page_default = Some(rows);
    switches.page_max = Some(rows);
    switches.v4_limit_max_organization = rows;
    switches.v4_limit_max_contracts = rows;
}

/// Starts an emulated tenant.
pub(crate) async fn start(config: Config) -> Result<Emulator, Failure> {
    Emulator::start(config).await.map_err(|error| {
        let mut failure = Failure::from_error(Exit::Usage, "cli.emulator", &error);
        failure.advice =
            Some("Name other addresses with --listen and --control; port 0 selects a free port.".to_owned());
        failure
    })
}

pub(crate) async fn run(global: &Global, args: &Args) -> Result<ExitCode, Failure> {
    for (name, address) in [("--listen", args.listen), ("--control", args.control)] {
        if !address.ip().is_loopback() {
            return Err(Failure::usage(
                "cli.not_loopback",
                format!("{name} {address} is not a loopback address"),
                "The emulator serves this machine only: use 127.0.0.1 or [::1].",
            ));
        }
    }
    let emulator = start(args.config()?).await?;
    if global.json {
        crate::output::json(&json!({
            "url": emulator.url(),
            "control_url": emulator.control_url(),
            "api_key": emulator.api_key(),
            "truth": emulator.truth(),
        }));
    } else {
        line(&format!("An emulated Lucca tenant runs at {}", emulator.url()));
        line(&format!("  API key  {}", emulator.api_key()));
        line(&format!("  control  {} (truth, people, clock, switches, faults)", emulator.control_url()));
        line("Try:");
        line(&format!(
            "  curl -H 'Authorization: lucca application={}' '{}/api/v3/users?paging=0,3'",
            emulator.api_key(),
            emulator.url()
        ));
        line(&format!(
            "  echo {} | lucca-connector link {} --key-stdin --allow-loopback",
            emulator.api_key(),
            emulator.url()
        ));
        line("Ctrl-C stops it.");
    }
    session::shutdown_signal().await?;
    emulator.shutdown().await;
    Ok(ExitCode::SUCCESS)
}
