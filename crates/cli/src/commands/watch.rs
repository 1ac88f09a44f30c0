//! `sync --watch`: follows a sync in progress, in any process.

use std::process::ExitCode;
use std::time::Duration;

use jiff::Timestamp;
use store::{LinkedAccount, Outcome, RunId};

use crate::Global;
use crate::data_dir::DataDir;
use crate::failure::{Exit, Failure};
use crate::output::{is_terminal, line, stderr_line};
use crate::progress::Bars;
use crate::report_view::ReportView;
use crate::session;

/// How often the run is polled.
const EVERY: Duration = Duration::from_secs(1);

/// The run in progress of a linked account, if its process has not ended.
pub(crate) async fn running(
    data: &DataDir,
    account: &LinkedAccount,
    now: Timestamp,
) -> Result<Option<RunId>, Failure> {
    let holder = data.store.lease_holder(account.no, now).await?;
    Ok(holder.filter(|lease| !crate::holder::has_ended(&lease.holder)).map(|lease| lease.run_id))
}

/// Follows a run to its end and shows its report. Ctrl-C ends only the watching.
pub(crate) async fn follow(
    global: &Global,
    data: &DataDir,
    account: &LinkedAccount,
    run_id: RunId,
) -> Result<ExitCode, Failure> {
    let clock = session::clock();
    let bars = (is_terminal() && !global.json).then(Bars::new);
    let mut reported = Vec::new();
    if !global.json {
        line(&format!(
            "{}: {run_id} is running in another process; Ctrl-C stops watching it, and the sync continues.",
            account.tenant
        ));
    }
    let end = session::shutdown_signal();
    tokio::pin!(end);
    while running(data, account, clock.now()).await? == Some(run_id) {
        if let Some(bars) = &bars {
            bars.follow(&data.store.run_progress(run_id).await?, &mut reported);
        }
        tokio::select! {
            () = clock.sleep(EVERY) => {}
            signalled = &mut end => {
                signalled?;
                if let Some(bars) = &bars {
                    bars.clear();
                }
                stderr_line("stopped watching; the sync continues");
                return Ok(ExitCode::SUCCESS);
            }
        }
    }
    if let Some(bars) = &bars {
        bars.clear();
    }
    let run = data.store.run(run_id).await?;
    let ended = run.as_ref().and_then(|run| run.outcome).filter(|outcome| *outcome != Outcome::Interrupted);
    if ended == Some(Outcome::Cancelled) {
        return Err(sync::Error::Cancelled.into());
    }
    let Some(report) = run.and_then(|run| run.report).filter(|_| ended.is_some()) else {
        return Err(Failure {
            exit: Exit::Interrupted,
            code: "sync.interrupted".to_owned(),
            message: "the sync ended early; the records that it had read are stored".to_owned(),
            advice: Some("The next `lucca-connector sync` continues where that one stopped.".to_owned()),
            causes: Vec::new(),
            details: None,
        });
    };
    let view = ReportView::read(&report)?;
    let failure = view.failure();
    if global.json {
        line(&report);
    } else {
        let changes = data.store.count_changes(account.no, run_id, 0).await?;
        view.show(&account.tenant, &changes, &data.store.holds(account.no).await?);
        if let Some(failure) = &failure {
            failure.report(false);
        }
    }
    Ok(ExitCode::from(failure.map_or(0, |failure| failure.exit as u8)))
}
