//! `runs list`, `runs show` and `runs cancel`: lists runs, shows the progress of one, and cancels a running
//! or queued one.

use std::collections::HashMap;
use std::process::ExitCode;

use api_types::RunStatus;
use jiff::Timestamp;
use serde_json::{Value, json};
use store::{Actor, Cancelling, LinkedAccount, Outcome, Run, RunId, StreamProgress};

use crate::Global;
use crate::data_dir::DataDir;
use crate::failure::Failure;
use crate::output::{counted, extended, grouped, line, table};
use crate::report_view::{ReportView, in_words};
use crate::{commands::watch, session};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// List runs, latest first
    List {
        /// Only runs of this linked account, by id or tenant
        #[arg(long, value_name = "ACCOUNT")]
        account: Option<String>,
        /// Maximum number of runs to print
        #[arg(long, value_name = "N", default_value_t = 20)]
        limit: u32,
    },
    /// Show the progress and result of a run, stream by stream
    Show {
        /// The run's id (run_…) [default: the running one, else the last one]
        run: Option<String>,
        /// Only runs of this linked account, by id or tenant
        #[arg(long, value_name = "ACCOUNT", conflicts_with = "run")]
        account: Option<String>,
    },
    /// Cancel a run at its next commit; the next sync continues where it stopped
    Cancel {
        /// The run's id (run_…) [default: the running one, else the queued one]
        run: Option<String>,
        /// Only the run of this linked account, by id or tenant
        #[arg(long, value_name = "ACCOUNT", conflicts_with = "run")]
        account: Option<String>,
    },
}

/// The state of a run. `running` is the run that holds the account's lease in a process that has not ended.
fn status_of(run: &Run, running: Option<RunId>) -> RunStatus {
    match RunStatus::of(run) {
        RunStatus::Running if running != Some(run.id) => RunStatus::Interrupted,
        status => status,
    }
}

/// A run with its account and state.
struct RunView<'a> {
    run: Run,
    account: &'a LinkedAccount,
    state: RunStatus,
}

impl RunView<'_> {
    /// The duration so far or in total, in seconds; unknown for an interrupted run.
    fn seconds(&self, now: Timestamp) -> Option<f64> {
        let end = match self.state {
            RunStatus::Running => Some(now),
            RunStatus::Interrupted => None,
            _ => self.run.finished_at,
        };
        Some(end?.duration_since(self.run.started_at?).as_secs_f64().max(0.0))
    }

    fn to_json(&self, now: Timestamp, progress: Option<Vec<StreamProgress>>) -> Value {
        let run = api_types::Run::new(self.run.clone(), self.account.id);
        let run = match progress {
            Some(progress) => run.with_progress(progress),
            None => run,
        };
        // A run whose process ended without finishing it is known here, and not to the database.
        let more = json!({
            "tenant": self.account.tenant,
            "status": self.state,
            "finished_at": self.run.finished_at.filter(|_| self.state != RunStatus::Interrupted),
            "seconds": self.seconds(now),
        });
        extended(run, more)
    }
}

pub(crate) async fn run(global: &Global, args: &Args) -> Result<ExitCode, Failure> {
    let data = DataDir::open(global).await?;
    let now = session::clock().now();
    let (Action::List { account, .. } | Action::Show { account, .. } | Action::Cancel { account, .. }) =
        &args.action;
    let accounts = match account {
        Some(wanted) => vec![session::account(&data, Some(wanted)).await?],
        None => data.store.accounts().await?,
    };
    let only = account.as_ref().and_then(|_| accounts.first()).map(|account| account.no);
    match &args.action {
        Action::List { limit, .. } => {
            let runs = data.store.runs(only, None, *limit).await?;
            let runs = run_views(&data, &accounts, runs, now).await?;
            list(global, &runs, now);
        }
        Action::Show { run, .. } => {
            let run = match run {
                Some(id) => match id.parse() {
                    Ok(id) => data.store.run(id).await?,
                    Err(_) => None,
                },
                None => default_run(&data, &accounts, only, now).await?,
            };
            let found = run_views(&data, &accounts, run.into_iter().collect(), now).await?;
            let Some(found) = found.first() else {
                return Err(Failure::usage(
                    "cli.unknown_run",
                    "no run has this id, or no run exists yet",
                    "List runs with `lucca-connector runs list`, or start one with `lucca-connector sync`.",
                ));
            };
            show(global, &data, found, now).await?;
        }
        Action::Cancel { run, .. } => cancel(global, &data, &accounts, only, run.as_deref(), now).await?,
    }
    Ok(ExitCode::SUCCESS)
}

async fn cancel(
    global: &Global,
    data: &DataDir,
    accounts: &[LinkedAccount],
    only: Option<i64>,
    wanted: Option<&str>,
    now: Timestamp,
) -> Result<(), Failure> {
    let run = match wanted.map(str::parse) {
        Some(Ok(id)) => data.store.run(id).await?,
        Some(Err(_)) => None,
        None => match running_run(data, accounts, now).await? {
            Some(run) => Some(run),
            None => data.store.queued_run(only).await?,
        },
    };
    let account = run.as_ref().and_then(|run| accounts.iter().find(|account| account.no == run.account_no));
    let Some((run, account)) = run.as_ref().zip(account) else {
        let message = if wanted.is_some() { "no run has this id" } else { "no run is running or queued" };
        return Err(Failure::usage(
            "cli.unknown_run",
            message,
            "List runs with `lucca-connector runs list`.",
        ));
    };
    match data.store.cancel_run(account, run.id, Actor::Cli, now).await? {
        Some(Cancelling::Ended(outcome)) if outcome != Outcome::Cancelled => {
            return Err(Failure::usage(
                "run.ended",
                format!("this run has already ended: {}", outcome.name()),
                "Only a running or queued run can be cancelled. List runs with `lucca-connector runs list`.",
            ));
        }
        _ => {}
    }
    if global.json {
        let views =
            run_views(data, accounts, data.store.run(run.id).await?.into_iter().collect(), now).await?;
        crate::output::json(&views.first().map(|view| view.to_json(now, None)));
    } else {
        line(&format!(
            "Cancelled {} of {}: it ends at its next commit, unless it has already ended. The next sync continues there.",
            run.id, account.tenant
        ));
    }
    Ok(())
}

/// The run in progress, else the last one.
async fn default_run(
    data: &DataDir,
    accounts: &[LinkedAccount],
    only: Option<i64>,
    now: Timestamp,
) -> Result<Option<Run>, Failure> {
    match running_run(data, accounts, now).await? {
        Some(run) => Ok(Some(run)),
        None => Ok(data.store.runs(only, None, 1).await?.pop()),
    }
}

/// The run in progress of the first account that has one.
async fn running_run(
    data: &DataDir,
    accounts: &[LinkedAccount],
    now: Timestamp,
) -> Result<Option<Run>, Failure> {
    for account in accounts {
        if let Some(run_id) = watch::running(data, account, now).await?
            && let Some(run) = data.store.run(run_id).await?
        {
            return Ok(Some(run));
        }
    }
    Ok(None)
}

async fn run_views<'a>(
    data: &DataDir,
    accounts: &'a [LinkedAccount],
    runs: Vec<Run>,
    now: Timestamp,
) -> Result<Vec<RunView<'a>>, Failure> {
    let mut running = HashMap::new();
    for account in accounts {
        running.insert(account.no, (account, watch::running(data, account, now).await?));
    }
    Ok(runs
        .into_iter()
        .filter_map(|run| {
            let (account, running) = running.get(&run.account_no).copied()?;
            Some(RunView { state: status_of(&run, running), account, run })
        })
        .collect())
}

fn list(global: &Global, runs: &[RunView<'_>], now: Timestamp) {
    if global.json {
        crate::output::json(&runs.iter().map(|run| run.to_json(now, None)).collect::<Vec<_>>());
        return;
    }
    if runs.is_empty() {
        line("No runs. Start one with `lucca-connector sync`.");
        return;
    }
    let mut shown = table(&["run", "tenant", "status", "started", "duration", "requests"]);
    for seen in runs {
        shown.add_row([
            seen.run.id.to_string(),
            seen.account.tenant.clone(),
            seen.state.name().to_owned(),
            seen.run.started_at.map_or_else(|| "-".to_owned(), |at| format!("{at:.0}")),
            seen.seconds(now).map_or_else(|| "-".to_owned(), duration),
            grouped(seen.run.requests),
        ]);
    }
    line(&shown.to_string());
}

/// A duration as text: `4.2 s`, `12 min`.
fn duration(seconds: f64) -> String {
    if seconds < 120.0 { format!("{seconds:.1} s") } else { format!("{:.0} min", seconds / 60.0) }
}

/// A stream's records per second, and the estimated remaining time.
struct Pace {
    a_second: Option<f64>,
    seconds_left: Option<f64>,
}

impl Pace {
    /// Measures from the first page to the last; returns none if that time is too short.
    fn of(stream: &StreamProgress) -> Self {
        let took = stream.updated_at.zip(stream.started_at).map(|(last, first)| last.duration_since(first));
        let took = took.map_or(0.0, |took| took.as_secs_f64());
        #[expect(clippy::cast_precision_loss, reason = "an estimate")]
        let (done, left) =
            (stream.done as f64, stream.total.map(|total| total.saturating_sub(stream.done) as f64));
        let a_second = (took >= 0.2 && done > 0.0).then(|| done / took);
        let seconds_left =
            left.zip(a_second).map(|(left, a_second)| left / a_second).filter(|_| !stream.finished);
        Self { a_second, seconds_left }
    }
}

async fn show(global: &Global, data: &DataDir, seen: &RunView<'_>, now: Timestamp) -> Result<(), Failure> {
    let run = &seen.run;
    let progress = data.store.run_progress(run.id).await?;
    let report = run.report.as_deref().filter(|report| !report.is_empty());
    let view = report.map(ReportView::read).transpose()?;
    let is_running = seen.state == RunStatus::Running;
    let outcome = |stream: &StreamProgress| {
        let reported =
            view.iter().flat_map(|view| &view.streams).find(|reported| reported.stream == stream.stream);
        match reported {
            Some(reported) => reported.outcome(),
            None if stream.finished => "done".to_owned(),
            None if is_running => "reading".to_owned(),
            None => "interrupted; the next sync continues here".to_owned(),
        }
    };
    if global.json {
        let mut value = seen.to_json(now, Some(progress.clone()));
        for (stream, shown) in progress.iter().zip(value["progress"].as_array_mut().into_iter().flatten()) {
            let pace = Pace::of(stream);
            shown["records_a_second"] = json!(pace.a_second);
            shown["seconds_left"] = json!(pace.seconds_left.filter(|_| is_running));
            shown["outcome"] = json!(outcome(stream));
        }
        crate::output::json(&value);
        return Ok(());
    }
    let Some(began) = run.started_at else {
        line(&format!("{} of {}: queued; a worker starts it.", run.id, seen.account.tenant));
        return Ok(());
    };
    line(&format!(
        "{} of {}: {}, started {began:.0}{}, {}",
        run.id,
        seen.account.tenant,
        seen.state.name(),
        seen.seconds(now).map_or_else(String::new, |seconds| format!(", {}", duration(seconds))),
        counted(run.requests, "request"),
    ));
    let changes = data.store.count_changes(seen.account.no, run.id, 0).await?;
    line(&format!("  {}", in_words(&changes)));
    if !progress.is_empty() {
        let mut shown = table(&["stream", "mode", "done", "total", "per second", "time left", "outcome"]);
        let dash = || "-".to_owned();
        for stream in &progress {
            let pace = Pace::of(stream);
            let total = stream.total.filter(|&total| total >= stream.done);
            shown.add_row([
                stream.stream.clone(),
                stream.mode.clone(),
                grouped(stream.done),
                total.map_or_else(dash, grouped),
                pace.a_second.map_or_else(dash, |rate| format!("{rate:.0}")),
                pace.seconds_left.filter(|_| is_running).map_or_else(dash, duration),
                outcome(stream),
            ]);
        }
        line(&shown.to_string());
    }
    if let Some(view) = &view {
        view.show_remarks(&[]);
    }
    if seen.state == RunStatus::Cancelled {
        line(
            "  The run was cancelled. The records that it had read are stored; the next sync continues from there.",
        );
    }
    if seen.state == RunStatus::Interrupted {
        line(
            "  The run's process ended early. The records that it had read are stored; the next sync continues from there.",
        );
    }
    Ok(())
}
