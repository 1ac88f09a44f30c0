//! `worker`: runs due jobs beside other workers, on PostgreSQL.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use jobs::queue::Queue;
use jobs::{Retention, Services, Worker};
use net::NetworkPolicy;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::Global;
use crate::data_dir::DataDir;
use crate::failure::{Exit, Failure};
use crate::key_file::KeyFile;
use crate::output::line;
use crate::session;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Address of /healthz, /readyz and /metrics; port 0 selects a free port
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:9090")]
    listen: SocketAddr,
    /// Configuration file; a worker uses its retention settings [default: config.toml in the data directory, if
    /// it exists]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

pub(crate) async fn run(global: &Global, args: &Args) -> Result<ExitCode, Failure> {
    let mut data = DataDir::open(global).await?;
    if data.store.postgres().is_none() {
        return Err(Failure::usage(
            "cli.worker_needs_postgres",
            "`worker` requires PostgreSQL, and the database is a SQLite file",
            "Run `lucca-connector serve`, which contains a worker, or name a PostgreSQL database with --database.",
        ));
    }
    let config = super::config::load(args.config.as_deref(), &global.data_dir())?;
    data.store = data.store.for_worker().await;
    let failed = |error: std::io::Error| Failure::from_error(Exit::Internal, "cli.serve", &error);
    let listener = session::listen(args.listen).await?;
    let listening = format!("http://{}", listener.local_addr().map_err(failed)?);
    server::measure().map_err(|error| Failure::from_error(Exit::Internal, "cli.metrics", &error))?;
    let stop = CancellationToken::new();
    let services = session::services(&data, &session::shared_clock(&data.store, &stop).await?);
    let hosts = global.hosts.policy();
    let queue = session::queue(&services.store).await?;
    let worker = worker(&services, queue, hosts, config.retention)?;
    // Handles signals before it prints its address: a caller that reads the address may stop the process at
    // once.
    let shutdown = session::cancel_on_shutdown(stop.clone());
    KeyFile::warn_of_others(&global.data_dir());
    if global.json {
        crate::output::json(&json!({ "listening": listening }));
    } else {
        line(&format!("Worker started; health and metrics: {listening}/healthz, /readyz and /metrics"));
    }
    let working = worker.run(stop.clone());
    let operations_server = server::serve_operations(services.clone(), listener, stop.cancelled_owned());
    let (worked, (), ()) = tokio::join!(Box::pin(working), shutdown, operations_server);
    worked.map_err(|error| Failure::from_error(Exit::Internal, "cli.worker", &error))?;
    services.store.close().await;
    Ok(ExitCode::SUCCESS)
}

/// A worker with every duty.
pub(crate) fn worker(
    services: &Services,
    queue: Queue,
    hosts: NetworkPolicy,
    ages: Retention,
) -> Result<Worker, Failure> {
    Worker::with_all_duties(services, queue, hosts, ages, env!("CARGO_PKG_VERSION"))
        .map_err(|error| Failure::from_error(Exit::Internal, error.code(), &error))
}
