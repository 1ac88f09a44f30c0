//! Step `sync`: the progress of the sync after linking, list by list.

use askama::Template;
use axum::response::Response;
use lucca::Stream;
use store::{Outcome, StreamProgress};
use web::flow_progress::Step;

use super::done::{Finished, finished};
use super::first_sync;
use super::refusal::Refusal;
use super::shell;
use super::visit::Visit;
use crate::pages::texts::{Texts, fill};
use crate::pages::{ListLine, SyncBody, SyncPage, SyncProgress, number, texts};

pub(crate) async fn show(visit: Visit) -> Response {
    let (refreshes, body) = match view(&visit).await {
        Ok(seen) => seen,
        Err(refused) => return refused,
    };
    let Finished { mut shell, return_to } = match finished(&visit, Step::Sync).await {
        Ok(finished) => finished,
        Err(refused) => return refused,
    };
    shell.refreshes = refreshes;
    let t = texts(visit.language);
    let return_text = fill(t.done.return_to, &[("vendor", &visit.app.config.vendor.name)]);
    visit.page(
        SyncPage { t, base: &visit.base(), shell: &shell, body: &body, return_to, return_text }.render(),
    )
}

pub(crate) async fn progress(visit: Visit) -> Response {
    let (refreshes, body) = match view(&visit).await {
        Ok(seen) => seen,
        Err(refused) => return refused,
    };
    let mut shell = shell::at(&visit, Step::Sync);
    shell.refreshes = refreshes;
    visit.page(
        SyncProgress { t: texts(visit.language), base: &visit.base(), shell: &shell, body: &body }.render(),
    )
}

/// The state of the sync for the page; the flag is set while the sync is running.
async fn view(visit: &Visit) -> Result<(bool, SyncBody), Response> {
    let account = visit.linked_account().await?;
    let t = texts(visit.language);
    let is_again = first_sync::is_relinked(&visit.flow, &account);
    let failed = |error: store::Error| visit.refuse(Refusal::failed(&error));
    let since = visit.flow.finished_at.unwrap_or(visit.flow.created_at);
    let store = &visit.app.services.store;
    let Some(run) = store.run_since(account.no, since).await.map_err(failed)? else {
        return Ok((true, SyncBody { status: t.sync.starting.to_owned(), is_again, ..SyncBody::default() }));
    };
    let lists = store.run_progress(run.id).await.map_err(failed)?;
    let is_over = run.report.is_some();
    let status = match run.outcome {
        Some(Outcome::Failed) => t.sync.failed.to_owned(),
        _ if is_over => t.sync.finished.to_owned(),
        _ if run.started_at.is_none() => t.sync.queued.to_owned(),
        _ => match lists.iter().rev().find(|list| !list.finished) {
            Some(list) => fill(t.sync.reading, &[("what", title(t, &list.stream))]),
            None => t.sync.starting.to_owned(),
        },
    };
    Ok((!is_over, SyncBody { is_again, status, lists: lines(visit, t, &lists), is_over }))
}

/// The lists that matter to a person, in reading order; small ones are left out.
fn lines(visit: &Visit, t: &'static Texts, lists: &[StreamProgress]) -> Vec<ListLine> {
    let rows = lists.iter().filter(|list| title(t, &list.stream) != t.sync.stream_other);
    rows.map(|list| {
        let done = number(visit.language, list.done);
        let total = list.total.filter(|total| *total >= list.done && !list.finished);
        ListLine {
            title: title(t, &list.stream),
            max: if list.finished { 1 } else { total.unwrap_or(1).max(1) },
            value: if list.finished { Some(1) } else { total.map(|_| list.done) },
            count: match total {
                None if list.finished && list.done == 0 && list.mode != "full" => {
                    t.sync.up_to_date.to_owned()
                }
                Some(total) => fill(t.sync.of, &[("done", &done), ("total", &number(visit.language, total))]),
                None => done,
            },
        }
    })
    .collect()
}

fn title(t: &'static Texts, stream: &str) -> &'static str {
    match stream.parse() {
        Ok(Stream::Users) => t.sync.stream_users,
        Ok(Stream::WorkContracts) => t.sync.stream_work_contracts,
        Ok(Stream::Departments) => t.sync.stream_departments,
        Ok(Stream::Establishments) => t.sync.stream_establishments,
        Ok(Stream::LegalUnits) => t.sync.stream_legal_units,
        Ok(Stream::Leaves) => t.sync.stream_leaves,
        Ok(Stream::LeaveRequests) => t.sync.stream_leave_requests,
        Ok(Stream::JobQualifications) => t.sync.stream_job_qualifications,
        _ => t.sync.stream_other,
    }
}
