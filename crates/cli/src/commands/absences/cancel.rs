//! `absences cancel`: cancels an absence, or some half-days of it.

use std::process::ExitCode;

use people::{Absence, HalfDay, RemoteId};

use super::{AccountContext, decide, half_day, period, periods, spinner, status, stop};
use crate::Global;
use crate::confirm;
use crate::failure::Failure;
use crate::output::{line, stderr_line};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Id of the absence submission (abr_…), as `absences request` prints it, or Lucca's id of the absence
    id: String,
    /// The linked account, by id or tenant [default: the only one]
    #[arg(long, value_name = "ACCOUNT")]
    account: Option<String>,
    /// Cancel only this half-day, such as "2026-05-04 AM"; repeat the option for several half-days
    #[arg(long = "half-day", value_name = "HALF-DAY", value_parser = half_day)]
    half_days: Vec<HalfDay>,
    /// Skip the confirmation prompt
    #[arg(long, short)]
    yes: bool,
}

pub(super) async fn run(global: &Global, args: &Args) -> Result<ExitCode, Failure> {
    if !args.yes && (global.json || !confirm::is_interactive()) {
        return Err(Failure::usage(
            "cli.not_confirmed",
            "the cancellation is not confirmed, and no prompt is possible with --json or without a terminal",
            "Confirm with --yes.",
        ));
    }
    let context = AccountContext::open(global, args.account.as_deref()).await?;
    let id = args.id.trim();
    if !args.yes && !is_confirmed(&context, id, &args.half_days).await? {
        stderr_line("No changes made.");
        return Ok(ExitCode::SUCCESS);
    }
    let half_days = (!args.half_days.is_empty()).then_some(args.half_days.as_slice());
    let spinner = spinner(global, "sending to Lucca");
    let result = context.absences().cancel(id, half_days).await;
    stop(spinner);
    decide::show_change(global, &result?);
    Ok(ExitCode::SUCCESS)
}

async fn is_confirmed(context: &AccountContext, id: &str, half_days: &[HalfDay]) -> Result<bool, Failure> {
    if let Some(submission) = status::find(&context.data, &context.account, id).await? {
        let report = absences::Report::of(&submission)?;
        status::show(&context.data, &context.account, &context.people, &report).await?;
    } else {
        let found = context.data.store.record::<Absence>(context.account.no, &RemoteId::from(id)).await?;
        let absence = found.ok_or(absences::Error::UnknownAbsence)?.record;
        let who =
            absence.employee_id.as_ref().map_or_else(|| "unknown employee".to_owned(), |id| context.name(id));
        line(&format!("{who}: {}", period(absence.first, absence.last)));
    }
    if half_days.is_empty() {
        return confirm::prompt("Cancel this absence?");
    }
    confirm::prompt(&format!("Cancel {} of this absence?", periods(half_days.iter().copied())))
}
