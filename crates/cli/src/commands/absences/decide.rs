//! `absences approve` and `absences deny`: approve or deny an absence request that waits for an approver.

use api_types::AbsenceDecision;
use std::process::ExitCode;

use absences::Changed;

use super::{AccountContext, periods, spinner, stop};
use crate::Global;
use crate::failure::Failure;
use crate::output::{clean, line};

#[derive(Debug, clap::Args)]
pub(super) struct Approve {
    /// Id of the absence submission (abr_…), as `absences request` prints it, or Lucca's id of its absence
    id: String,
    /// The linked account, by id or tenant [default: the only one]
    #[arg(long, value_name = "ACCOUNT")]
    account: Option<String>,
    /// Comment to the employee
    #[arg(long, value_name = "TEXT")]
    comment: Option<String>,
}

#[derive(Debug, clap::Args)]
pub(super) struct Deny {
    /// Id of the absence submission (abr_…), as `absences request` prints it, or Lucca's id of its absence
    id: String,
    /// The linked account, by id or tenant [default: the only one]
    #[arg(long, value_name = "ACCOUNT")]
    account: Option<String>,
    /// Reason, which the employee can read
    #[arg(long, value_name = "TEXT")]
    comment: String,
}

pub(super) async fn approve(global: &Global, args: &Approve) -> Result<ExitCode, Failure> {
    decide(global, args.account.as_deref(), &args.id, true, args.comment.as_deref()).await
}

pub(super) async fn deny(global: &Global, args: &Deny) -> Result<ExitCode, Failure> {
    decide(global, args.account.as_deref(), &args.id, false, Some(&args.comment)).await
}

async fn decide(
    global: &Global,
    account: Option<&str>,
    id: &str,
    approved: bool,
    comment: Option<&str>,
) -> Result<ExitCode, Failure> {
    let context = AccountContext::open(global, account).await?;
    let spinner = spinner(global, "sending to Lucca");
    let result = context.absences().decide(id.trim(), approved, comment).await;
    stop(spinner);
    show_change(global, &result?);
    Ok(ExitCode::SUCCESS)
}

/// Shows the state of an absence after a change.
pub(super) fn show_change(global: &Global, changed: &Changed) {
    if global.json {
        crate::output::json(&AbsenceDecision::from(changed.clone()));
        return;
    }
    let status = changed.status.name().replace('_', " ");
    let was = if changed.was_changed { "" } else { " already; no change made" };
    line(&format!("Absence {}: {status}{was}.", clean(changed.absence_id.as_str())));
    if !changed.half_days.is_empty() {
        line(&format!("  takes: {}", periods(changed.half_days.iter().copied())));
    }
}
