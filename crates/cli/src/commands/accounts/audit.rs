//! `accounts audit`: shows audit entries of linked accounts: linked, relinked, viewed, unlinked, with actor
//! and time.

use std::process::ExitCode;

use serde_json::Value;

use crate::Global;
use crate::data_dir::DataDir;
use crate::failure::Failure;
use crate::output::{clean, line, table};
use crate::session;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Only this linked account, by id or tenant
    #[arg(long, value_name = "ACCOUNT")]
    account: Option<String>,
}

pub(crate) async fn run(global: &Global, args: &Args) -> Result<ExitCode, Failure> {
    let data = DataDir::open(global).await?;
    let only = match &args.account {
        Some(wanted) => Some(session::account(&data, Some(wanted)).await?.id),
        None => None,
    };
    let log = data.store.audit_log(only).await?;
    if global.json {
        crate::output::json(&log.into_iter().map(api_types::AuditEntry::from).collect::<Vec<_>>());
    } else if log.is_empty() {
        line("The audit log is empty.");
    } else {
        let mut shown = table(&["time", "actor", "action", "account", "flow", "detail"]);
        for entry in &log {
            shown.add_row([
                format!("{:.0}", entry.at),
                entry.actor.name().to_owned(),
                clean(&entry.action),
                entry.account_id.map_or_else(|| "-".to_owned(), |id| id.to_string()),
                entry.flow_id.map_or_else(|| "-".to_owned(), |id| id.to_string()),
                in_words(&entry.detail),
            ]);
        }
        line(&shown.to_string());
    }
    Ok(ExitCode::SUCCESS)
}

/// The detail of an entry as text: `data erase, runs 3`.
fn in_words(detail: &Value) -> String {
    let Some(members) = detail.as_object() else { return String::new() };
    let word = |(name, value): (&String, &Value)| match value {
        Value::Object(inner) if inner.is_empty() => None,
        Value::Object(_) => Some(format!("{name} ({})", in_words(value))),
        Value::String(text) => Some(format!("{name} {}", clean(text))),
        _ => Some(format!("{name} {value}")),
    };
    members.iter().filter_map(word).collect::<Vec<_>>().join(", ")
}
