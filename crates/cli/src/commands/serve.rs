//! `serve`: the HTTP service, with the round that keeps linked accounts in sync beside it.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use delivery::scim::{Pusher, keep_pushing};
use delivery::webhooks::{Courier, keep_delivering};
use lucca::HostPolicy;
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use server::{Logo, Setup};
use tokio::net::TcpListener;

use crate::Global;
use crate::commands::config;
use crate::data_dir::{DataDir, write_private};
use crate::failure::{Exit, Failure};
use crate::output::{complain, line};
use crate::session;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The address to listen on; port 0 takes a free one
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// Settings: the vendor's name, logo and colour, the public address, policies [default: config.toml in the data
    /// directory, where there is one]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// For development: allow a tenant on loopback
    #[arg(long, env = "LUCCA_CONNECTOR_ALLOW_LOOPBACK", hide_env_values = true)]
    allow_loopback: bool,
}

pub(crate) async fn run(global: &Global, args: &Args) -> Result<ExitCode, Failure> {
    let dir = global.data_dir();
    let data = DataDir::open_or_create(global, &dir).await?;
    let config = config::load(args.config.as_deref(), &dir)?;
    let logo = config.vendor.logo.as_deref().map(|path| logo(path, &dir)).transpose()?;
    let (operator_token, token_file) = operator_token(&dir)?;
    let listener = TcpListener::bind(args.listen).await.map_err(|error| {
        Failure::usage(
            "cli.listen",
            format!("listening on {} failed: {error}", args.listen),
            "Name a free address with --listen; port 0 takes any free port.",
        )
    })?;
    let failed = |error: std::io::Error| Failure::from_error(Exit::Internal, "cli.serve", &error);
    let listening = format!("http://{}", listener.local_addr().map_err(failed)?);
    let public_url = config.public_url.as_ref().map_or_else(|| listening.clone(), ToString::to_string);
    let public_url = public_url.trim_end_matches('/').to_owned();
    let machinery = session::machinery(&data, &session::clock());
    if args.allow_loopback {
        complain("warning: tenants on this machine are allowed, which is for development only");
    }
    if global.json {
        crate::output::json(&json!({
            "listening": listening,
            "public_url": public_url,
            "operator_token_file": token_file,
        }));
    } else {
        line(&format!("Listening on {listening}"));
        line(&format!("The operator's key is in {}", token_file.display()));
        line(&format!("The API's reference is at {public_url}/reference; Ctrl-C ends it."));
        line("Next: make a link for a customer and open it:");
        line(&format!(
            "  curl --json '{{\"customer_id\":\"my-first-customer\"}}' \\\n    -H \"Authorization: Bearer $(cat {})\" {public_url}/v1/link-tokens",
            token_file.display()
        ));
    }
    let hosts = if args.allow_loopback { HostPolicy::AllowLoopback } else { HostPolicy::LuccaOnly };
    let store = machinery.store.clone();
    let round = jobs::keep_in_sync(machinery.clone());
    let seed = u64::from_le_bytes(crate::entropy::bytes()?);
    let (vault, clock) = (machinery.vault.clone(), machinery.clock.clone());
    let courier = Courier::new(store.clone(), vault, clock, hosts, (&machinery.holder.name, seed))
        .map_err(|error| Failure::from_error(Exit::Internal, error.code(), &error))?;
    let (vault, clock) = (machinery.vault.clone(), machinery.clock.clone());
    let pusher = Pusher::new(store.clone(), vault, clock, hosts, (&machinery.holder.name, seed));
    let days = machinery.clone();
    let setup = Setup { machinery, config, logo, operator_token, public_url, hosts };
    let told = async {
        // Where signals can't be heard, the process can only be killed, which loses nothing.
        if session::told_to_end().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    tokio::select! {
        served = server::serve(setup, listener, told) => served.map_err(failed)?,
        () = Box::pin(round) => {}
        () = keep_delivering(&courier) => {}
        () = Box::pin(keep_pushing(&pusher, || days.today())) => {}
    }
    store.close().await;
    Ok(ExitCode::SUCCESS)
}

/// Larger pictures make the first page slow for no gain.
const LARGEST_LOGO: u64 = 256 * 1024;

/// Reads the vendor's logo; a relative path is one in the data directory.
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
                format!("{} is no picture that browsers show", path.display()),
                "Give the logo as .svg, .png, .jpg or .webp.",
            ));
        }
    };
    let failed = |error: std::io::Error| Failure::file("reading", &path, &error);
    if fs::metadata(&path).map_err(failed)?.len() > LARGEST_LOGO {
        return Err(Failure::usage(
            "cli.logo",
            format!("{} is larger than 256 kB", path.display()),
            "Give a smaller picture.",
        ));
    }
    Ok(Logo { bytes: fs::read(&path).map_err(failed)?, media_type })
}

/// The operator's key: read from the data directory, made there on the first run.
fn operator_token(dir: &Path) -> Result<(SecretString, PathBuf), Failure> {
    let path = dir.join("operator-token");
    match fs::read_to_string(&path) {
        Ok(text) if text.trim().len() >= 32 => Ok((SecretString::from(text.trim()), path)),
        Ok(_) => Err(Failure::usage(
            "cli.operator_token",
            format!("{} holds no key of at least 32 characters", path.display()),
            "Delete the file: the next start makes a new key.",
        )),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let digits: String =
                crate::entropy::bytes::<32>()?.iter().map(|byte| format!("{byte:02x}")).collect();
            let token = SecretString::from(format!("op_{digits}"));
            write_private(&path, format!("{}\n", token.expose_secret()).as_bytes())?;
            Ok((token, path))
        }
        Err(error) => Err(Failure::file("reading", &path, &error)),
    }
}
