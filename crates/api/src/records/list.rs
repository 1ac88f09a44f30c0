//! A list of synced records of one kind: a page as JSON, or all of it as NDJSON.

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use delivery::mapping::Mapping;
use futures::{StreamExt, stream};
use people::{Kind, RemoteId};
use serde::Deserialize;
use serde_json::Value;
use store::LinkedAccount;
use tokio::sync::mpsc;
use utoipa::ToSchema;
use web::app::App;
use web::auth::Reader;
use web::page_cache::RecordsTag;
use web::problem::Problem;

use crate::paging::{cursor_of, with_next};

use super::query::{ListQuery, ListRequest, cursor};
use super::{as_of, related, view};

/// Number of records that are read at once for NDJSON and for filtered lists.
const CHUNK_SIZE: u32 = 500;
/// Maximum number of employees that are read for one page of a filtered list. A page that is not full then
/// has a cursor to continue from.
const MAX_SCANNED: u32 = 2000;

const NDJSON: &str = "application/x-ndjson";

/// A page of records.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only described: the page is put together as text")]
pub(crate) struct RecordList {
    /// The records, in the order of their ids as text; with `modified_after`, in the order of their changes.
    /// Each has the model's members, `state` (`present`, `gone` in Lucca, `hidden` from the key) and
    /// `updated_at` (when it was last written here, UTC); employees also have a `status`: `active`, `future`
    /// or `former` today.
    #[schema(value_type = Vec<Object>)]
    items: Vec<Value>,
    /// Cursor of the next page; null at the end.
    #[schema(required = true)]
    next_cursor: Option<String>,
}

/// Responds with a page as JSON, or with the whole list as NDJSON if the caller accepts that.
pub(super) async fn answer(
    app: App,
    reader: Reader,
    headers: &HeaderMap,
    kind: Kind,
    (asked, query): (Option<String>, ListQuery),
) -> Result<Response, Problem> {
    let mut wanted = query.read(kind)?;
    refuse_hidden(&reader.account, &wanted)?;
    if let Some(legal_unit) = wanted.legal_unit.take() {
        let store = &app.services.store;
        wanted.narrow_to(kind, related::establishments_of(store, &reader.account, &legal_unit).await?);
    }
    let accepts = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if accepts.split(',').any(|one| one.trim().starts_with(NDJSON)) {
        return Ok(all(app, reader.account, kind, wanted));
    }
    let tag =
        RecordsTag::new(&reader.account, app.services.today(), &[kind.name(), &asked.unwrap_or_default()]);
    if let Some(same) = tag.not_modified(headers) {
        return Ok(same);
    }
    // Past states also depend on the change log, whose values may be redacted later, so these pages are not
    // cached.
    let is_of_now = wanted.as_of.is_none();
    let page = page(&app, &reader.account, kind, wanted);
    let page = if is_of_now { app.page_cache.get(tag, page).await? } else { page.await? };
    let next = cursor_of(&page).map(|cursor| ("cursor", cursor));
    Ok(with_next(tag.json(page), next))
}

/// Refuses filters by members that the account's delivery rules leave out, since their results would reveal them.
fn refuse_hidden(account: &LinkedAccount, wanted: &ListRequest) -> Result<(), Problem> {
    if wanted.compared.is_empty() {
        return Ok(());
    }
    let mapping = Mapping::of(&account.settings.delivery);
    match wanted.compared.iter().find(|(_, kind, member)| mapping.name(*kind, member).is_none()) {
        None => Ok(()),
        Some((parameter, kind, member)) => {
            let detail = format!(
                "The delivery rules of this account leave out {member} of {kind}, so lists can't be filtered by it."
            );
            Err(Problem::field(parameter, "delivery.not_delivered", detail))
        }
    }
}

/// Reads the next page, as JSON.
async fn page(
    app: &App,
    account: &LinkedAccount,
    kind: Kind,
    mut wanted: ListRequest,
) -> Result<Bytes, Problem> {
    let limit = wanted.limit;
    let limit_of_page = usize::try_from(limit).unwrap_or(usize::MAX);
    // One more record than the page holds shows whether there is another page.
    let chunk_size = if wanted.is_selective() { CHUNK_SIZE } else { limit + 1 };
    let (mut items, mut scanned, mut is_last) = (Vec::new(), 0, false);
    while !is_last && items.len() <= limit_of_page && scanned < MAX_SCANNED {
        let (more, ended) = read_chunk(app, account, kind, &mut wanted, chunk_size).await?;
        is_last = ended;
        scanned += chunk_size;
        items.extend(more);
    }
    let next = if items.len() > limit_of_page {
        items.truncate(limit_of_page);
        items.last().map(|last| last.place.clone())
    } else {
        wanted.filter.after.clone().filter(|_| !is_last)
    };
    // The items are JSON already.
    let mut json = String::with_capacity(items.iter().map(|item| item.json.len() + 1).sum::<usize>() + 200);
    json.push_str("{\"items\":[");
    for (n, item) in items.iter().enumerate() {
        if n > 0 {
            json.push(',');
        }
        json.push_str(&item.json);
    }
    json.push_str("],\"next_cursor\":");
    match next {
        // A cursor needs no escaping.
        Some(place) => json.extend(["\"", &cursor(kind, &wanted.filter, place), "\"}"]),
        None => json.push_str("null}"),
    }
    Ok(Bytes::from(json))
}

/// Reads and renders the next `chunk_size` records; the flag is set at the end of the list.
async fn read_chunk(
    app: &App,
    account: &LinkedAccount,
    kind: Kind,
    wanted: &mut ListRequest,
    chunk_size: u32,
) -> Result<(Vec<view::RenderedRecord>, bool), Problem> {
    let store = &app.services.store;
    let mut records = store.list(account.no, kind, &wanted.filter, chunk_size).await?;
    let is_last = records.len() < usize::try_from(chunk_size).unwrap_or(usize::MAX);
    if let Some(last) = records.last() {
        wanted.filter.after = Some(last.place());
    }
    if let Some(text) = wanted.filter.search.as_deref() {
        let mapping = Mapping::of(&account.settings.delivery);
        records.retain(|record| mapping.finds(kind, &record.body, text));
    }
    if let Some(leave_type) = &wanted.leave_type {
        records.retain(|record| has_leave_type(&record.body, leave_type));
    }
    let day = match wanted.as_of {
        Some(day) => {
            records = as_of::on_day(app, account, kind, records, day, &wanted.equal_then).await?;
            day
        }
        None => app.services.today(),
    };
    let asked = (kind, &wanted.selection);
    Ok((view::render_records(store, account, asked, records, (wanted.status, day)).await?, is_last))
}

/// Streams the whole list, one record per line; reads a chunk while the previous one is sent. An error ends
/// the stream without a final line break.
fn all(app: App, account: LinkedAccount, kind: Kind, mut wanted: ListRequest) -> Response {
    let (send, parts) = mpsc::channel(1);
    tokio::spawn(async move {
        loop {
            let part = read_chunk(&app, &account, kind, &mut wanted, CHUNK_SIZE).await;
            let is_last = part.as_ref().map_or(true, |(_, is_last)| *is_last);
            let lines = part.map_err(|_| std::io::Error::other("the list could not be read on"));
            let lines = lines.map(|(items, _)| {
                let mut lines = String::with_capacity(items.iter().map(|item| item.json.len() + 1).sum());
                for item in items {
                    lines.push_str(&item.json);
                    lines.push('\n');
                }
                lines
            });
            // The send fails if the caller has disconnected.
            if send.send(lines).await.is_err() || is_last {
                return;
            }
        }
    });
    let parts = stream::unfold(parts, async |mut parts| parts.recv().await.map(|part| (part, parts)));
    let headers = [(header::CONTENT_TYPE, NDJSON), (header::CACHE_CONTROL, "private, no-cache")];
    // The compression layer polls once more after the end.
    (headers, Body::from_stream(parts.fuse())).into_response()
}

/// Whether an absence has a half-day of a leave type.
fn has_leave_type(body: &str, leave_type: &RemoteId) -> bool {
    #[derive(Deserialize)]
    struct Types {
        #[serde(default)]
        leave_type_ids: Vec<RemoteId>,
    }
    serde_json::from_str::<Types>(body).is_ok_and(|types| types.leave_type_ids.contains(leave_type))
}
