//! `retention`: removes data older than the ages in the configuration file, and lists the receipts.

use std::path::PathBuf;
use std::process::ExitCode;

use jobs::{RetentionPlan, RetentionRound};
use serde_json::json;
use store::{Removed, RetentionReceipt};

use crate::Global;
use crate::commands::config;
use crate::data_dir::DataDir;
use crate::failure::{Exit, Failure};
use crate::output::{counted, grouped, line, table};
use crate::session;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Remove data older than its retention period now
    Run(RunArgs),
    /// List the receipts of removals, with their time and rules, oldest first
    Receipts,
}

#[derive(Debug, clap::Args)]
struct RunArgs {
    /// Only print the rows that would be removed
    #[arg(long)]
    dry_run: bool,
    /// Configuration file, as for `serve` [default: config.toml in the data directory, if it exists]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

pub(crate) async fn run(global: &Global, args: &Args) -> Result<ExitCode, Failure> {
    let data = DataDir::open(global).await?;
    match &args.action {
        Action::Receipts => receipts(global, &data).await,
        Action::Run(args) => {
            let ages = config::load(args.config.as_deref(), &data.path)?.retention;
            let services = session::services(&data, &session::clock());
            if args.dry_run {
                show_plan(global, &jobs::plan_retention(&services, &ages).await?);
                return Ok(ExitCode::SUCCESS);
            }
            let Some(round) = jobs::run_retention(&services, &ages).await? else {
                let mut failure = Failure::usage(
                    "retention.busy",
                    "another process is running the retention rules",
                    "Follow its progress with `lucca-connector retention receipts`. A killed process blocks others for an hour at most.",
                );
                failure.exit = Exit::Busy;
                return Err(failure);
            };
            show_round(global, &round);
            Ok(ExitCode::SUCCESS)
        }
    }
}

fn rows_of(removed: &[Removed]) -> comfy_table::Table {
    let mut rows = table(&["rule", "older than", "table", "rows"]);
    for removed in removed {
        for (table, count) in &removed.rows {
            rows.add_row([
                removed.rule.clone(),
                format!("{:.0}", removed.older_than),
                table.clone(),
                grouped(*count),
            ]);
        }
    }
    rows
}

fn show_plan(global: &Global, plan: &RetentionPlan) {
    let people = u64::try_from(plan.people).unwrap_or(u64::MAX);
    if global.json {
        crate::output::json(&json!({ "would_remove": plan.removed, "would_erase_people": people }));
        return;
    }
    if plan.removed.is_empty() && people == 0 {
        line("No data is older than its retention period.");
        return;
    }
    if !plan.removed.is_empty() {
        line(&rows_of(&plan.removed).to_string());
    }
    if people > 0 {
        line(&format!(
            "{} would be erased: they left longer ago than the retention period.",
            counted(people, "employee")
        ));
    }
}

fn show_round(global: &Global, round: &RetentionRound) {
    if global.json {
        crate::output::json(&json!({ "receipt": round.receipt, "erased": round.erased }));
        return;
    }
    match &round.receipt {
        None if round.erased.is_empty() => line("No data was older than its retention period."),
        None => {}
        Some(receipt) => {
            line(&rows_of(&receipt.removed).to_string());
            line(&format!("Receipt: {}.", receipt.id));
        }
    }
    if !round.erased.is_empty() {
        let people = counted(u64::try_from(round.erased.len()).unwrap_or(u64::MAX), "employee");
        line(&format!(
            "Erased {people} who left longer ago than the retention period: see `lucca-connector employees erasures`."
        ));
    }
}

async fn receipts(global: &Global, data: &DataDir) -> Result<ExitCode, Failure> {
    let receipts: Vec<RetentionReceipt> = data.store.retention_receipts().await?;
    if global.json {
        crate::output::json(&receipts);
    } else if receipts.is_empty() {
        line("No receipts. List the receipts of erased employees with `lucca-connector employees erasures`.");
    } else {
        let mut rows = table(&["receipt", "started", "finished", "rows", "audit log"]);
        for receipt in &receipts {
            let count: u64 = receipt.removed.iter().flat_map(|removed| removed.rows.values()).sum();
            rows.add_row([
                receipt.id.to_string(),
                format!("{:.0}", receipt.began_at),
                receipt.finished_at.map_or_else(|| "running".to_owned(), |at| format!("{at:.0}")),
                grouped(count),
                receipt.audit.map_or_else(|| "-".to_owned(), |head| head.seq.to_string()),
            ]);
        }
        line(&rows.to_string());
    }
    Ok(ExitCode::SUCCESS)
}
