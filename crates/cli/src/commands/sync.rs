//! `sync`: reads everything a linked account's key shows into the database.

use std::process::ExitCode;
use std::sync::Arc;

use lucca::Client;
use lucca::clock::Clock;
use serde_json::json;
use store::{LinkedAccount, Outcome, RunId};
use sync::{Brake, Options, Progress, RunReport, Silent, Sync, Wish};

use crate::Global;
use crate::data_dir::DataDir;
use crate::failure::{Exit, Failure};
use crate::output::{counted, grouped, is_terminal, line};
use crate::progress::Bars;
use crate::session::{self, Pace};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The linked account, by id or tenant, where there are several
    #[arg(long, value_name = "ACCOUNT")]
    account: Option<String>,
    /// Sync every linked account in turn; with --json, prints a list of reports
    #[arg(long, conflicts_with = "account")]
    all: bool,
    #[command(flatten)]
    pace: Pace,
    /// Read only what is due by its rhythm: for timers
    #[arg(long, conflicts_with = "full")]
    due: bool,
    /// Read everything again, whatever changed
    #[arg(long)]
    full: bool,
    /// Believe it, this once, when more than 20 % of a list or 50 records have vanished
    #[arg(long)]
    accept_missing: bool,
}

pub(crate) async fn run(global: &Global, args: &Args) -> Result<ExitCode, Failure> {
    let data = DataDir::open(global).await?;
    if !args.all {
        let account = session::account(&data, args.account.as_deref()).await?;
        let report = sync_account(global, args, &data, &account).await?;
        if global.json {
            crate::output::json(&report);
        }
        return Ok(ExitCode::from(exit_code(global, &report)));
    }
    let accounts = data.store.accounts().await?;
    if accounts.is_empty() {
        return Err(session::no_account());
    }
    let mut reports = Vec::new();
    let mut worst = 0;
    for account in accounts {
        // One account's trouble is no reason to leave the others stale.
        match sync_account(global, args, &data, &account).await {
            Ok(report) => {
                worst = worst.max(exit_code(global, &report));
                reports.push(json!({ "account_id": account.id, "tenant": account.tenant, "report": report }));
            }
            Err(failure) => {
                worst = worst.max(failure.exit as u8);
                if !global.json {
                    failure.report(false);
                }
                reports.push(
                    json!({ "account_id": account.id, "tenant": account.tenant, "error": failure.to_json() }),
                );
            }
        }
    }
    if global.json {
        crate::output::json(&reports);
    }
    Ok(ExitCode::from(worst))
}

async fn sync_account(
    global: &Global,
    args: &Args,
    data: &DataDir,
    account: &LinkedAccount,
) -> Result<RunReport, Failure> {
    let clock = session::telling_clock(global);
    let client = session::account_client(data, account, args.pace, &clock).await?;
    let brake = if args.accept_missing { None } else { Some(Brake::default()) };
    let bars: Box<dyn Progress> =
        if is_terminal() && !global.json { Box::new(Bars::new()) } else { Box::new(Silent) };
    let wish = if args.full {
        Wish::Full
    } else if args.due {
        Wish::Due
    } else {
        Wish::Now
    };
    let report = sync_with(data, account, &client, &clock, (wish, brake), &*bars).await?;
    if !global.json {
        show(account, &report);
    }
    Ok(report)
}

/// A run that could not read all people fails the command, with the reason told to a person.
fn exit_code(global: &Global, report: &RunReport) -> u8 {
    let Some(error) = report.people_error() else { return 0 };
    let mut failure = Failure::usage(&error.code, error.message.clone(), error.advice.clone());
    failure.exit = match error.code.as_str() {
        "lucca.key_refused" => Exit::KeyRefused,
        "lucca.permission_missing" => Exit::PermissionMissing,
        _ => Exit::Unreachable,
    };
    if !global.json {
        failure.report(false);
    }
    failure.exit as u8
}

/// Runs a sync of a linked account.
pub(crate) async fn sync_with(
    data: &DataDir,
    account: &LinkedAccount,
    client: &Client,
    clock: &Arc<dyn Clock>,
    (wish, brake): (Wish, Option<Brake>),
    progress: &dyn Progress,
) -> Result<RunReport, Failure> {
    let holder = crate::holder::this_process();
    let other = data.store.lease_holder(account.no, clock.now()).await?;
    let dead_holder = other.map(|other| other.holder).filter(|other| crate::holder::has_ended(other));
    let sync = Sync {
        client,
        store: &data.store,
        account,
        clock: Arc::clone(clock),
        progress,
        options: Options { today: session::today(&**clock), brake, wish, holder, dead_holder },
    };
    let run_id = RunId::mint(clock.now(), crate::entropy::bytes()?);
    Ok(sync.run(run_id).await?)
}

/// Shows a run to a person: what changed, what could not be read or proven, what to do.
fn show(account: &LinkedAccount, report: &RunReport) {
    if report.outcome == Outcome::Failed {
        line(&format!("{}: nobody could be read; what is stored stays as it was.", account.tenant));
        return;
    }
    let read: u64 = report.streams.iter().map(|stream| stream.read).sum();
    let written = match report.written() {
        0 => "nothing had changed".to_owned(),
        written => format!("{} written", grouped(written)),
    };
    line(&format!(
        "{}: {} read, {written}, in {} ({:.1} s).",
        account.tenant,
        counted(read, "record"),
        counted(report.total_requests(), "request"),
        report.finished_at.duration_since(report.started_at).as_secs_f64(),
    ));
    show_remarks(report);
}

/// What a person should know of a run beside its figures.
pub(crate) fn show_remarks(report: &RunReport) {
    for stream in &report.streams {
        let name = &stream.stream;
        for note in &stream.notes {
            line(&format!("  {name}: {note}"));
        }
        match &stream.error {
            Some(error) if !error.not_offered => {
                line(&format!("  {name}: could not be read: {}", error.message));
                line(&format!("    next: {}", error.advice));
            }
            Some(_) => {}
            None => {
                if let Some(why) = &stream.unproven_because {
                    line(&format!("  {name}: not proven complete, so nothing was deleted: {why}"));
                }
            }
        }
        if stream.stale > 0 {
            line(&format!("  {name}: {} stored earlier may be out of date", counted(stream.stale, "record")));
        }
        if stream.quarantined > 0 {
            line(&format!(
                "  {name}: {} could not be read; kept aside in the table `quarantine`",
                counted(stream.quarantined, "record")
            ));
        }
        if stream.gone > 0 {
            line(&format!("  {name}: {} no longer in Lucca", counted(stream.gone, "record")));
        }
        if stream.hidden > 0 {
            let hidden = counted(stream.hidden, "record");
            line(&format!("  {name}: {hidden} hidden: the key seems to have lost a permission"));
        }
        if !stream.hidden_fields.is_empty() {
            let fields = stream.hidden_fields.join(", ");
            line(&format!(
                "  {name}: nobody shows {fields} any more: the key seems to have lost a permission;"
            ));
            line("    the stored values were kept");
        }
        if stream.hidden > 0 || !stream.hidden_fields.is_empty() {
            line("    next: lucca-connector check");
        }
        if let Some(why) = &stream.held_because {
            line(&format!("  {name}: {} missing, left as they are: {why}", counted(stream.held, "record")));
        }
    }
    let not_offered: Vec<&str> = report
        .streams
        .iter()
        .filter(|stream| stream.error.as_ref().is_some_and(|error| error.not_offered))
        .map(|stream| stream.stream.as_str())
        .collect();
    if !not_offered.is_empty() {
        line(&format!("  not offered to this key: {}", not_offered.join(", ")));
        line("    next: grant the key the permission in Lucca, or go on without.");
    }
}
