//! `accounts`: lists the linked accounts with their stored records, last sync and open decisions. `release`
//! decides on missing records, `configure` changes settings, `unlink` unlinks, `audit` prints the audit log,
//! `inbound` configures webhooks from Lucca.

mod audit;
mod configure;
mod fields;
mod inbound;
mod release;
mod unlink;

use crate::output::extended;
use std::process::ExitCode;

use people::Kind;
use serde_json::json;
use store::RecordState;

use crate::Global;
use crate::data_dir::DataDir;
use crate::failure::Failure;
use crate::output::{clean, counted, grouped, line, table};
use crate::report_view::counted_records;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Option<Action>,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// List linked accounts
    List,
    /// Review and decide on records missing in Lucca, if too many are missing to remove them without a decision
    Release(release::Args),
    /// Configure how often and how far back syncs read a linked account; without options, show the settings
    Configure(Box<configure::Args>),
    /// List the delivered fields of each record, their names, and their source in Lucca
    Fields(fields::Args),
    /// Configure inbound webhooks from Lucca about absences; without options, show their state
    Inbound(inbound::Args),
    /// Unlink a linked account: erase its API key, stop its syncs and, with --data erase, erase its data
    Unlink(unlink::Args),
    /// List audit log entries of linked accounts: linked, relinked, viewed, unlinked; oldest first
    Audit(audit::Args),
}

pub(crate) async fn run(global: &Global, args: &Args) -> Result<ExitCode, Failure> {
    match &args.action {
        None | Some(Action::List) => list(global).await,
        Some(Action::Release(args)) => release::run(global, args).await,
        Some(Action::Configure(args)) => configure::run(global, args).await,
        Some(Action::Fields(args)) => fields::run(global, args).await,
        Some(Action::Inbound(args)) => inbound::run(global, args).await,
        Some(Action::Unlink(args)) => unlink::run(global, args).await,
        Some(Action::Audit(args)) => audit::run(global, args).await,
    }
}

async fn list(global: &Global) -> Result<ExitCode, Failure> {
    let data = DataDir::open(global).await?;
    let mut shown = table(&[
        "account",
        "tenant",
        "customer",
        "organisation",
        "status",
        "issues",
        "employees",
        "last sync",
        "outcome",
    ]);
    let mut open = 0;
    let mut list = Vec::new();
    let mut waiting = Vec::new();
    for account in data.store.accounts().await? {
        let counts = data.store.count_records(account.no).await?;
        let employees = counts.get(&(Kind::Employee, RecordState::Present)).copied().unwrap_or(0);
        let run = data.store.last_run(account.no).await?;
        let synced_at = run.as_ref().and_then(|run| run.finished_at);
        let outcome = run.as_ref().and_then(|run| run.outcome).map(|outcome| outcome.name());
        let mut holds = data.store.holds(account.no).await?;
        holds.retain(|hold| !hold.is_rejected);
        let issues = data.store.count_open_issues(account.no).await?;
        open += issues;
        let named = |name: &Option<String>| name.as_deref().map_or_else(|| "-".to_owned(), clean);
        shown.add_row([
            account.id.to_string(),
            account.tenant.clone(),
            named(&account.customer_id),
            named(&account.organization),
            account.status.name().replace('_', " "),
            grouped(issues),
            grouped(employees),
            synced_at.map_or_else(|| "never".to_owned(), |at| format!("{at:.0}")),
            outcome.unwrap_or("-").to_owned(),
        ]);
        let held = holds.iter().map(|hold| {
            json!({
                "kind": hold.kind.name(),
                "missing": hold.ids.len(),
                "reason": hold.reason,
                "opened_at": hold.opened_at,
            })
        });
        let more = json!({
            "employees": employees,
            "quarantined": data.store.count_quarantined(account.no).await?,
            "keep_raw": account.settings.keep_raw,
            "last_change": data.store.last_change(account.no).await?,
            "holds": held.collect::<Vec<_>>(),
        });
        list.push(extended(api_types::LinkedAccount::of(&data.store, &account).await?, more));
        for hold in holds {
            let missing = counted_records(u64::try_from(hold.ids.len()).unwrap_or(u64::MAX), hold.kind);
            waiting.push(format!(
                "{}: {missing} missing in Lucca since {:.0}: decide with `lucca-connector accounts release {}`.",
                account.tenant, hold.opened_at, account.id
            ));
        }
    }
    if global.json {
        crate::output::json(&list);
    } else if list.is_empty() {
        line("No linked accounts. Link a tenant with `lucca-connector link TENANT_URL`.");
    } else {
        line(&shown.to_string());
        if open > 0 {
            line(&format!("{}: list them with `lucca-connector issues list`.", counted(open, "open issue")));
        }
        for text in waiting {
            line(&text);
        }
    }
    Ok(ExitCode::SUCCESS)
}
