//! `serve`: runs the HTTP service and, unless `--no-workers` is given, a worker.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use tokio_util::sync::CancellationToken;
use web::app::{Logo, Setup};

use crate::Global;
use crate::commands::config;
use crate::commands::worker::worker;
use crate::data_dir::{DataDir, write_private};
use crate::failure::{Exit, Failure};
use crate::key_file::KeyFile;
use crate::output::{line, stderr_line};
use crate::session;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Address to listen on; port 0 selects a free port
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// Configuration file: the vendor's name, logo and colour, the public address, policies [default:
    /// config.toml in the data directory, if it exists]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Run no worker: separate `worker` processes run all jobs, which requires PostgreSQL
    #[arg(long)]
    no_workers: bool,
    /// Address of /healthz, /readyz and /metrics, without authentication [default: none]
    #[arg(long, value_name = "ADDR")]
    operations_listen: Option<SocketAddr>,
}

pub(crate) async fn run(global: &Global, args: &Args) -> Result<ExitCode, Failure> {
    let dir = global.data_dir();
    let data = DataDir::open_or_create(global, &dir).await?;
    if args.no_workers && data.store.postgres().is_none() {
        return Err(Failure::usage(
            "cli.worker_needs_postgres",
            "--no-workers requires separate workers and so PostgreSQL, and the database is a SQLite file",
            "Leave --no-workers out, or name a PostgreSQL database with --database.",
        ));
    }
    let config = config::load(args.config.as_deref(), &dir)?;
    let logo = config.vendor.logo.as_deref().map(|path| logo(path, &dir)).transpose()?;
    let (operator_token, token_file) = operator_token(&dir)?;
    let listener = session::listen(args.listen).await?;
    let failed = |error: std::io::Error| Failure::from_error(Exit::Internal, "cli.serve", &error);
    let listening = format!("http://{}", listener.local_addr().map_err(failed)?);
    let public_url = config.public_url.as_ref().map_or_else(|| listening.clone(), ToString::to_string);
    let public_url = public_url.trim_end_matches('/').to_owned();
    server::measure().map_err(|error| Failure::from_error(Exit::Internal, "cli.metrics", &error))?;
    let stop = CancellationToken::new();
    let services = session::services(&data, &session::shared_clock(&data.store, &stop).await?);
    let hosts = global.hosts.policy();
    let store = services.store.clone();
    let queue = session::queue(&store).await?;
    let worker = match args.no_workers {
        true => None,
        false => Some(worker(&services, queue, hosts, config.retention.clone())?),
    };
    let operations = match args.operations_listen {
        Some(address) => Some(session::listen(address).await?),
        None => None,
    };
    // Handles signals before it prints its address: a caller that reads the address may stop the process at
    // once.
    let shutdown = session::cancel_on_shutdown(stop.clone());
    KeyFile::warn_of_others(&dir);
    if global.hosts.allow_loopback {
        stderr_line("warning: --allow-loopback allows tenants on this machine: use it for development only");
    }
    if global.json {
        crate::output::json(&json!({
            "listening": listening,
            "public_url": public_url,
            "operator_token_file": token_file,
        }));
    } else {
        line(&format!("Listening on {listening}"));
        line(&format!("Operator key file: {}", token_file.display()));
        line(&format!("API description: {public_url}/openapi.json. Ctrl-C stops the service."));
        line("Next: create a link token for a customer, and open its link:");
        line(&format!(
            "  curl --json '{{\"customer_id\":\"my-first-customer\"}}' \\\n    -H \"Authorization: Bearer $(cat {})\" {public_url}/v1/link-tokens",
            token_file.display()
        ));
    }
    let operations_server = {
        let (services, stop) = (services.clone(), stop.clone());
        async move {
            if let Some(listener) = operations {
                server::serve_operations(services, listener, stop.cancelled_owned()).await;
            }
        }
    };
    let working = {
        let stop = stop.clone();
        async move {
            match worker {
                Some(worker) => worker.run(stop).await,
                None => Ok(()),
            }
        }
    };
    let setup = Setup { services, config, logo, operator_token, public_url, hosts };
    let serving = {
        let stop = stop.clone();
        async move {
            server::serve(setup, listener, stop.clone().cancelled_owned()).await;
            stop.cancel();
        }
    };
    let ((), worked, (), ()) = tokio::join!(serving, Box::pin(working), operations_server, shutdown);
    worked.map_err(|error| Failure::from_error(Exit::Internal, "cli.worker", &error))?;
    store.close().await;
    Ok(ExitCode::SUCCESS)
}

/// Maximum size of the logo, in bytes: a larger image would slow down the first page.
const LARGEST_LOGO: u64 = 256 * 1024;

/// Reads the vendor's logo; a relative path starts in the data directory.
fn logo(path: &Path, dir: &Path) -> Result<Logo, Failure> {
    let path = dir.join(path);
    let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    let media_type = match extension.to_ascii_lowercase().as_str() {
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "webp" => "image/webp",
        _ => {
            return Err(Failure::usage(
                "cli.logo",
                format!("{} is not an image format that browsers display", path.display()),
                "Use an .svg, .png, .jpg, .jpeg or .webp file.",
            ));
        }
    };
    let failed = |error: std::io::Error| Failure::file("reading", &path, &error);
    if fs::metadata(&path).map_err(failed)?.len() > LARGEST_LOGO {
        return Err(Failure::usage(
            "cli.logo",
            format!("{} is larger than 256 kB", path.display()),
            "Use a smaller image.",
        ));
    }
    Ok(Logo { bytes: fs::read(&path).map_err(failed)?, media_type })
}

/// The operator's key: read from the data directory, created there on the first run.
fn operator_token(dir: &Path) -> Result<(SecretString, PathBuf), Failure> {
    let path = dir.join("operator-token");
    match fs::read_to_string(&path) {
        Ok(text) if text.trim().len() >= 32 => Ok((SecretString::from(text.trim()), path)),
        Ok(_) => Err(Failure::usage(
            "cli.operator_token",
            format!("{} contains no key of at least 32 characters", path.display()),
            "Delete the file: the service creates a new key at its next start.",
        )),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let digits = hex::encode(crate::entropy::bytes::<32>()?);
            let token = SecretString::from(format!("op_{digits}"));
            write_private(&path, format!("{}\n", token.expose_secret()).as_bytes())?;
            Ok((token, path))
        }
        Err(error) => Err(Failure::file("reading", &path, &error)),
    }
}
