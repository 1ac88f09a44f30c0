//! `sync`: reads everything that a linked account's key can see into the database.

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::sync::Arc;

use delivery::catalog::stream;
use jiff::{SignedDuration, Timestamp};
use lucca::{Client, Stream};
use net::clock::Clock;
use people::Kind;
use serde_json::json;
use store::{AccountStatus, LinkedAccount};
use sync::{Brake, Progress, Rhythms, RunExtent, RunReport, Silent, StreamState};
use tokio_util::sync::CancellationToken;

use crate::Global;
use crate::commands::watch;
use crate::data_dir::DataDir;
use crate::failure::{Exit, Failure};
use crate::output::{is_terminal, line};
use crate::progress::{Bars, title};
use crate::report_view::ReportView;
use crate::session::{self, Pace};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The linked account, by id or tenant [default: the only one]
    #[arg(long, value_name = "ACCOUNT")]
    account: Option<String>,
    /// Sync every linked account, one after the other; with --json, print a list of reports
    #[arg(long, conflicts_with = "account")]
    all: bool,
    #[command(flatten)]
    pace: Pace,
    /// Read only the streams that are due by their interval: for timers
    #[arg(long, conflicts_with = "full")]
    due: bool,
    /// Read all records again, not only changes
    #[arg(long)]
    full: bool,
    /// Read only these streams, in full and due or not, separated by commas: such as departments,employees
    #[arg(long, value_delimiter = ',', value_name = "STREAMS", conflicts_with_all = ["full", "due"], value_parser = stream)]
    streams: Vec<Kind>,
    /// Follow the running sync of any process; if none is running, start one
    #[arg(long, conflicts_with = "all")]
    watch: bool,
    /// Accept in this run that more than 20 % of a list or 50 records are missing, or that a list has grown
    /// more than tenfold
    #[arg(long)]
    accept_missing: bool,
}

pub(crate) async fn run(global: &Global, args: &Args) -> Result<ExitCode, Failure> {
    let data = DataDir::open(global).await?;
    if !args.all {
        let account = session::account(&data, args.account.as_deref()).await?;
        if args.watch
            && let Some(run_id) = watch::running(&data, &account, session::clock().now()).await?
        {
            return watch::follow(global, &data, &account, run_id).await;
        }
        let report = sync_account(global, args, &data, &account).await?;
        if global.json {
            crate::output::json(&report);
        }
        return Ok(ExitCode::from(exit_code(global, &report)?));
    }
    let mut accounts = data.store.accounts().await?;
    accounts.retain(|account| account.status != AccountStatus::Unlinked);
    if accounts.is_empty() {
        return Err(session::no_account());
    }
    let mut reports = Vec::new();
    let mut worst = 0;
    for account in accounts {
        // A failure of one account must not leave the others stale.
        match sync_account(global, args, &data, &account).await {
            Ok(report) => {
                worst = worst.max(exit_code(global, &report)?);
                reports.push(
                    json!({ "linked_account_id": account.id, "tenant": account.tenant, "report": report }),
                );
            }
            Err(failure) if failure.exit == Exit::Interrupted => return Err(failure),
            Err(failure) => {
                worst = worst.max(failure.exit as u8);
                if !global.json {
                    failure.report(false);
                }
                reports.push(
                    json!({ "linked_account_id": account.id, "tenant": account.tenant, "error": failure.to_json() }),
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
    let bars = (is_terminal() && !global.json).then(Bars::new);
    let clock = session::reporting_clock(global, bars.as_ref().map(Bars::drawn));
    let client = session::account_client(data, account, args.pace, &clock).await?;
    let brake = if args.accept_missing { None } else { Some(Brake::default()) };
    let progress: &dyn Progress = bars.as_ref().map_or(&Silent, |bars| bars);
    let extent = if !args.streams.is_empty() {
        RunExtent::Streams(args.streams.iter().copied().collect())
    } else if args.full {
        RunExtent::Full
    } else if args.due {
        RunExtent::Due
    } else {
        RunExtent::Now
    };
    let changes_before = data.store.last_change(account.no).await?;
    let synced = sync_with(data, account, &client, &clock, (extent, brake), progress).await;
    if let Some(bars) = &bars {
        bars.clear();
    }
    let report = synced?;
    if global.json {
        return Ok(report);
    }
    let holds = data.store.holds(account.no).await?;
    let changes = data.store.count_changes(account.no, report.run_id, changes_before).await?;
    if report.streams.is_empty() {
        line(&format!("{}: {}", account.tenant, nothing_due(data, account, clock.now()).await?));
        // Employments also begin and end by the calendar, without a request.
        if report.turned > 0 {
            view(&report)?.show_remarks(&holds);
        }
    } else {
        view(&report)?.show(&account.tenant, &changes, &holds);
    }
    Ok(report)
}

/// The report as it is shown.
pub(crate) fn view(report: &RunReport) -> Result<ReportView, Failure> {
    ReportView::read(&serde_json::to_string(report).unwrap_or_default())
}

/// When the next stream is due, as text.
async fn nothing_due(data: &DataDir, account: &LinkedAccount, now: Timestamp) -> Result<String, Failure> {
    let rhythms = Rhythms::with(&account.settings.rhythms).map_err(sync::Error::from)?;
    let states = data.store.stream_states(account.no).await?;
    let states: BTreeMap<&str, StreamState> = states
        .iter()
        .filter_map(|(stream, state)| Some((stream.as_str(), serde_json::from_str(state).ok()?)))
        .collect();
    // A stream that is due now and was still not read was left out for another reason: it is skipped here.
    let next = |stream: Stream| {
        let state = states.get(stream.name())?;
        let at = |minute: i64| now + SignedDuration::from_mins(minute);
        let is_due = |minute: &i64| rhythms.plan(stream, state, RunExtent::Due, at(*minute)).is_some();
        (1..=7 * 24 * 60).find(is_due).filter(|_| !is_due(&0))
    };
    let first = Stream::ALL.into_iter().filter_map(|stream| Some((next(stream)?, stream))).min();
    Ok(match first {
        Some((minutes, stream)) => format!(
            "No stream is due; next: {} in {minutes} min. To read changes now: `lucca-connector sync`.",
            title(stream.name()).to_lowercase()
        ),
        None => "No stream is due.".to_owned(),
    })
}

/// A run that could not read the employees fails the command, which prints the reason.
fn exit_code(global: &Global, report: &RunReport) -> Result<u8, Failure> {
    Ok(match view(report)?.failure() {
        None => 0,
        Some(failure) => {
            if !global.json {
                failure.report(false);
            }
            failure.exit as u8
        }
    })
}

/// Syncs a linked account, until the run is done or this process receives a signal to stop.
pub(crate) async fn sync_with(
    data: &DataDir,
    account: &LinkedAccount,
    client: &Client,
    clock: &Arc<dyn Clock>,
    how: (RunExtent, Option<Brake>),
    progress: &dyn Progress,
) -> Result<RunReport, Failure> {
    let services = session::services(data, clock);
    let run_id = services.new_run()?;
    // With its beats, other processes take the account over as soon as this one is silent, such as when
    // paused, and need not wait until the lease expires.
    let ended = CancellationToken::new();
    let beating = ended.clone().drop_guard();
    tokio::spawn(jobs::beat(services.clone(), env!("CARGO_PKG_VERSION"), ended));
    let synced = tokio::select! {
        report = Box::pin(services.sync(account, client, run_id, how, progress)) => Ok(report?),
        signalled = session::shutdown_signal() => {
            signalled?;
            Err(Failure {
                exit: Exit::Interrupted,
                code: "sync.interrupted".to_owned(),
                message: "the sync was interrupted; the records that it had read are stored".to_owned(),
                advice: Some("The next `lucca-connector sync` continues where this one stopped.".to_owned()),
                causes: Vec::new(),
                details: None,
            })
        }
    };
    drop(beating);
    services.store.end_worker(&services.holder.name, clock.now()).await?;
    synced
}
