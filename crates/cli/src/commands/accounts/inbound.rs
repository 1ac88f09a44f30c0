//! `accounts inbound`: enables or disables inbound webhooks from a customer's Lucca, rotates their key, and shows
//! their counts.

use std::path::PathBuf;
use std::process::ExitCode;

use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use store::{AccountStatus, Actor, InboundWebhook, InboundWebhookId, LinkedAccount};
use web::tokens::{INBOUND_KEY_OVERLAP, new_inbound_key};

use crate::Global;
use crate::commands::config;
use crate::data_dir::DataDir;
use crate::failure::Failure;
use crate::output::{line, stderr_line};
use crate::session;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The linked account, by id or tenant [default: the only one]
    #[arg(long, value_name = "ACCOUNT")]
    account: Option<String>,
    #[command(flatten)]
    change: Change,
    /// Configuration file of the service, whose public_url is the start of the printed URL [default: config.toml
    /// in the data directory, if it exists]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

/// The change to make; without one, the current state is shown.
#[derive(Debug, clap::Args)]
#[group(multiple = false)]
struct Change {
    /// Enable inbound webhooks and print their key, which is shown only once
    #[arg(long)]
    on: bool,
    /// Rotate the key and print the new one, which is shown only once; the previous key stays valid for seven
    /// days
    #[arg(long)]
    new_key: bool,
    /// Store the secret with which Lucca signs its newer kind of webhooks, from a file; an empty file removes
    /// the secret
    #[arg(long, value_name = "FILE")]
    signing_secret_file: Option<PathBuf>,
    /// Disable inbound webhooks: their URL and keys stop working
    #[arg(long)]
    off: bool,
}

pub(crate) async fn run(global: &Global, args: &Args) -> Result<ExitCode, Failure> {
    let data = DataDir::open(global).await?;
    let account = session::account(&data, args.account.as_deref()).await?;
    let clock = session::clock();
    let now = clock.now();
    if args.change.off {
        let was_on = data.store.remove_inbound_webhook(&account, Actor::Cli, now).await?;
        if global.json {
            crate::output::json(&json!({ "linked_account_id": account.id, "on": false, "was_on": was_on }));
        } else {
            line(if was_on {
                "Disabled inbound webhooks."
            } else {
                "Inbound webhooks are disabled already."
            });
        }
        return Ok(ExitCode::SUCCESS);
    }
    if account.status == AccountStatus::Unlinked {
        return Err(store::Error::Unlinked.into());
    }
    let key = change(&data, &account, &args.change, now).await?;
    let webhook = data.store.inbound_webhook_of(account.no).await?;
    let begins = config::load(args.config.as_deref(), &data.path)?.public_url;
    let Some(webhook) = webhook else {
        if global.json {
            crate::output::json(&json!({ "linked_account_id": account.id, "on": false }));
        } else {
            line("Inbound webhooks are disabled. Enable them with --on.");
        }
        return Ok(ExitCode::SUCCESS);
    };
    let begins = begins.as_ref().map(|url| url.as_str().trim_end_matches('/')).unwrap_or_default();
    let url = format!("{begins}/v1/inbound/{}", webhook.id);
    let waiting = data.store.count_notices(account.no).await?;
    let key = key.as_ref().map(|key| key.expose_secret());
    if global.json {
        crate::output::json(&json!({
            "linked_account_id": account.id,
            "on": true,
            "url": url,
            "key": key,
            "previous_key_until": webhook.previous_key_until,
            "signed": webhook.is_signed(),
            "received": webhook.received,
            "passed_over": webhook.passed_over,
            "malformed": webhook.malformed,
            "waiting": waiting,
            "last_received_at": webhook.last_received_at,
        }));
        return Ok(ExitCode::SUCCESS);
    }
    show(&webhook, &url, key, waiting);
    if begins.is_empty() {
        stderr_line(
            "note: the URL is relative to the address of the service; set public_url to print the full URL",
        );
    }
    Ok(ExitCode::SUCCESS)
}

/// Makes the change; returns the key if one was made.
async fn change(
    data: &DataDir,
    account: &LinkedAccount,
    change: &Change,
    now: Timestamp,
) -> Result<Option<SecretString>, Failure> {
    let until = now.checked_add(INBOUND_KEY_OVERLAP).unwrap_or(Timestamp::MAX);
    let store = &data.store;
    if change.on || change.new_key {
        let key = new_inbound_key(&crate::entropy::source())?;
        let is_made = if change.on {
            let id = InboundWebhookId::mint(now, crate::entropy::bytes()?);
            store.add_inbound_webhook(account, id, &key, Actor::Cli, now).await?
        } else {
            store.rotate_inbound_key(account, &key, Actor::Cli, (now, until)).await?
        };
        if !is_made && change.new_key {
            return Err(off());
        }
        return Ok(is_made.then_some(key));
    }
    if let Some(path) = &change.signing_secret_file {
        let text = std::fs::read_to_string(path).map_err(|error| Failure::file("reading", path, &error))?;
        let secret = Some(text.trim()).filter(|text| !text.is_empty()).map(SecretString::from);
        let webhook = store.inbound_webhook_of(account.no).await?.ok_or_else(off)?;
        let nonces = [crate::entropy::bytes()?, crate::entropy::bytes()?];
        let (vault, secret, times) = (&data.vault, secret.as_ref(), (now, until));
        if !store.set_inbound_signing_secret(vault, &webhook, secret, nonces, Actor::Cli, times).await? {
            return Err(off());
        }
    }
    Ok(None)
}

fn off() -> Failure {
    Failure::usage(
        "cli.inbound_off",
        "inbound webhooks of this account are disabled",
        "Enable them with --on.",
    )
}

fn show(webhook: &InboundWebhook, url: &str, key: Option<&str>, waiting: u64) {
    line(&format!("URL for Lucca: {url}"));
    if let Some(key) = key {
        line(&format!("Key for Lucca: {key}"));
        line("The key is not shown again. Enter both in Lucca: see docs/inbound-webhooks.md.");
    }
    if let Some(until) = webhook.previous_key_until {
        line(&format!("Previous key valid until {until:.0}"));
    }
    let InboundWebhook { received, passed_over, malformed, .. } = webhook;
    line(&format!(
        "Received: {received}, ignored: {passed_over}, not parsed: {malformed}, waiting: {waiting}"
    ));
    if let Some(at) = webhook.last_received_at {
        line(&format!("Last received: {at:.0}"));
    }
    line(if webhook.is_signed() { "Signing secret: stored." } else { "Signing secret: none." });
}
