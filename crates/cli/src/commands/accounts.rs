//! `accounts`: the linked accounts, what is stored for each, and when it was last synced.

use std::process::ExitCode;

use people::Kind;
use serde_json::json;
use store::RecordState;

use crate::Global;
use crate::data_dir::DataDir;
use crate::failure::Failure;
use crate::output::{grouped, line, table};

pub(crate) async fn run(global: &Global) -> Result<ExitCode, Failure> {
    let data = DataDir::open(global).await?;
    let mut shown = table(&["account", "tenant", "status", "employees", "last sync", "outcome"]);
    let mut list = Vec::new();
    for account in data.store.accounts().await? {
        let counts = data.store.count_records(account.no).await?;
        let employees = counts.get(&(Kind::Employee, RecordState::Present)).copied().unwrap_or(0);
        let run = data.store.last_run(account.no).await?;
        let synced_at = run.as_ref().and_then(|run| run.finished_at);
        let outcome = run.as_ref().and_then(|run| run.outcome).map(|outcome| outcome.name());
        shown.add_row([
            account.id.to_string(),
            account.tenant.clone(),
            account.status.name().replace('_', " "),
            grouped(employees),
            synced_at.map_or_else(|| "never".to_owned(), |at| format!("{at:.0}")),
            outcome.unwrap_or("-").to_owned(),
        ]);
        list.push(json!({
            "account_id": account.id,
            "tenant": account.tenant,
            "status": account.status,
            "employees": employees,
            "quarantined": data.store.count_quarantined(account.no).await?,
            "field_groups": account.settings.field_groups,
            "keep_raw": account.settings.keep_raw,
            "linked_at": account.created_at,
            "updated_at": account.updated_at,
            "last_sync_at": synced_at,
            "last_outcome": outcome,
        }));
    }
    if global.json {
        crate::output::json(&list);
    } else if list.is_empty() {
        line("No tenant is linked yet. Link one with `lucca-connector link TENANT_URL`.");
    } else {
        line(&shown.to_string());
    }
    Ok(ExitCode::SUCCESS)
}
