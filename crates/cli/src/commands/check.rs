//! `check`: is the tenant reachable, is the key good, what can it see. Keeps nothing.

use std::process::ExitCode;

use linking::{Check, Verdict};
use lucca::TenantUrl;
use serde_json::json;

use crate::Global;
use crate::commands::link::tenant_url;
use crate::data_dir::DataDir;
use crate::failure::Failure;
use crate::key_input::KeySource;
use crate::output::{counted, line};
use crate::session::{self, Pace};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// A tenant URL, to check with a key that is given; without it, a linked account is checked
    tenant: Option<String>,
    #[command(flatten)]
    key: KeySource,
    /// The linked account, by id or tenant, where there are several
    #[arg(long, value_name = "ACCOUNT", conflicts_with = "tenant")]
    account: Option<String>,
    #[command(flatten)]
    pace: Pace,
    /// For development: allow a tenant on loopback
    #[arg(long, env = "LUCCA_CONNECTOR_ALLOW_LOOPBACK", hide_env_values = true)]
    allow_loopback: bool,
}

pub(crate) async fn run(global: &Global, args: &Args) -> Result<ExitCode, Failure> {
    let clock = session::telling_clock(global, None);
    let today = session::today(&*clock);
    let (tenant, checked) = match &args.tenant {
        Some(text) => {
            let tenant = tenant_url(text, args.allow_loopback)?;
            let key = args.key.read()?;
            // The tenant may be one that is linked here: then they share its budget.
            let data = DataDir::open(global).await.ok();
            let client = session::client(data.as_ref(), tenant.clone(), key, args.pace, &clock).await?;
            let checked = linking::check(&client, today).await;
            if let Some(data) = &data {
                session::note_requests(data, tenant.origin(), &client, &*clock).await?;
            }
            (tenant, checked?)
        }
        None if args.key.is_given() => {
            return Err(Failure::usage(
                "cli.no_tenant",
                "an API key was given without a tenant URL",
                "Name the tenant too: lucca-connector check TENANT_URL --key-file FILE.",
            ));
        }
        None => {
            let data = DataDir::open(global).await?;
            let account = session::account(&data, args.account.as_deref()).await?;
            let client = session::account_client(&data, &account, args.pace, &clock).await?;
            let checked = linking::check(&client, today).await;
            session::note_requests(&data, &account.origin, &client, &*clock).await?;
            (tenant_url(&account.origin, true)?, checked?)
        }
    };
    let is_proven = checked.required_not_proven().next().is_none();
    if global.json {
        crate::output::json(&json!({
            "tenant": tenant.origin(),
            "environment": tenant.environment().name(),
            "required_proven": is_proven,
            "check": checked,
        }));
    } else {
        show(&tenant, &checked);
    }
    // That nobody of a kind was seen may also mean that there is nobody: no reason to fail a script.
    Ok(ExitCode::SUCCESS)
}

/// Shows a check to a person.
pub(crate) fn show(tenant: &TenantUrl, check: &Check) {
    line(&format!("{} ({})", tenant.origin(), tenant.environment().name()));
    line("✓ reachable, and the API key is accepted");
    if let Some(people) = check.people {
        line(&format!("✓ {} visible to the key", counted(people, "person")));
    }
    for finding in &check.findings {
        let permission = finding.permission;
        let need = if permission.is_required() { "required" } else { "optional" };
        let mark = match (finding.verdict, permission.is_required()) {
            (Verdict::Proven, _) => "✓",
            (_, true) => "✗",
            (_, false) => "-",
        };
        line(&format!("{mark} {} ({need}): {}", permission.label_en(), finding.evidence));
        if finding.verdict != Verdict::Proven && permission.is_required() {
            line(&format!("    tick «{}» (FR «{}»)", permission.label_en(), permission.label_fr()));
            line(&format!("    {}; unless there are no such people", permission.place()));
        }
    }
    if !check.readable.is_empty() {
        line(&format!("✓ lists this key can read: {}", check.readable.join(", ")));
    }
    for (stream, reason) in &check.unreadable {
        line(&format!("- {stream}: {reason}"));
    }
}
