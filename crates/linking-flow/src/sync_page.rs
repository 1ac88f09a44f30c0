//! Step `sync`: the progress of the sync after linking, list by list.

use askama::Template;
use axum::response::Response;
use lucca::Stream;
use people::Language;
use store::{Outcome, StreamProgress};
use texts::Texts;
use web::flow_progress::Step;

use super::done::{Finished, finished};
use super::first_sync;
use super::refusal::Refusal;
use super::shell;
use super::visit::Visit;
use crate::pages::{ListLine, SyncBody, SyncPage, SyncProgress};

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
    let t = visit.language;
    let return_text = t.fill("flow-done-return-to", &[("vendor", (&visit.app.config.vendor.name).into())]);
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
    visit.page(SyncProgress { t: visit.language, base: &visit.base(), shell: &shell, body: &body }.render())
}

/// The state of the sync for the page; the flag is set while the sync is running.
async fn view(visit: &Visit) -> Result<(bool, SyncBody), Response> {
    let account = visit.linked_account().await?;
    let t = visit.language;
    let is_again = first_sync::is_relinked(&visit.flow, &account);
    let failed = |error: store::Error| visit.refuse(Refusal::failed(&error));
    let since = visit.flow.finished_at.unwrap_or(visit.flow.created_at);
    let store = &visit.app.services.store;
    let Some(run) = store.run_since(account.no, since).await.map_err(failed)? else {
        return Ok((
            true,
            SyncBody { status: t.text("flow-sync-starting").to_owned(), is_again, ..SyncBody::default() },
        ));
    };
    let lists = store.run_progress(run.id).await.map_err(failed)?;
    let is_over = run.report.is_some();
    let status = match run.outcome {
        Some(Outcome::Failed) => t.text("flow-sync-failed").to_owned(),
        _ if is_over => t.text("flow-sync-finished").to_owned(),
        _ if run.started_at.is_none() => t.text("flow-sync-queued").to_owned(),
        _ => match lists.iter().rev().find(|list| !list.finished) {
            Some(list) => t.fill("flow-sync-reading", &[("what", t.text(title_key(&list.stream)).into())]),
            None => t.text("flow-sync-starting").to_owned(),
        },
    };
    Ok((!is_over, SyncBody { is_again, status, lists: lines(t, &lists), is_over }))
}

/// The lists that matter to a person, in reading order; small ones are left out.
fn lines(t: Language, lists: &[StreamProgress]) -> Vec<ListLine> {
    let rows = lists.iter().filter(|list| title_key(&list.stream) != OTHER_LISTS);
    rows.map(|list| {
        let done = t.number(list.done);
        let total = list.total.filter(|total| *total >= list.done && !list.finished);
        ListLine {
            title: t.text(title_key(&list.stream)),
            max: if list.finished { 1 } else { total.unwrap_or(1).max(1) },
            value: if list.finished { Some(1) } else { total.map(|_| list.done) },
            count: match total {
                None if list.finished && list.done == 0 && list.mode != "full" => {
                    t.text("flow-sync-up-to-date").to_owned()
                }
                Some(total) => t.fill("flow-sync-of", &[("done", list.done.into()), ("total", total.into())]),
                None => done,
            },
        }
    })
    .collect()
}

const OTHER_LISTS: &str = "flow-sync-stream-other";

/// The key of a list's title.
fn title_key(stream: &str) -> &'static str {
    match stream.parse() {
        Ok(Stream::Users) => "flow-sync-stream-users",
        Ok(Stream::WorkContracts) => "flow-sync-stream-work-contracts",
        Ok(Stream::Departments) => "flow-sync-stream-departments",
        Ok(Stream::Establishments) => "flow-sync-stream-establishments",
        Ok(Stream::LegalUnits) => "flow-sync-stream-legal-units",
        Ok(Stream::Leaves) => "flow-sync-stream-leaves",
        Ok(Stream::LeaveRequests) => "flow-sync-stream-leave-requests",
        Ok(Stream::JobQualifications) => "flow-sync-stream-job-qualifications",
        _ => OTHER_LISTS,
    }
}
