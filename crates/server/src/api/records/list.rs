//! The lists of what was synced, by kind: `GET /v1/linked-accounts/{account_id}/employees` and so on.

use axum::body::{Body, Bytes};
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use futures::{StreamExt, stream};
use people::Kind;
use serde_json::Value;
use store::LinkedAccount;
use tokio::sync::mpsc;
use utoipa::ToSchema;

use super::fresh::Tag;
use super::query::{ListQuery, Wanted, cursor};
use super::{as_of, view};
use crate::api::Params;
use crate::api::answers::{NotFound, Unauthorized, Unprocessable};
use crate::app::App;
use crate::auth::Reader;
use crate::problem::Problem;

/// So many records are read at once where all are asked for.
const AT_ONCE: u32 = 500;
/// So many people are looked through for a page of those with one status. A page that is not full then says where to
/// go on.
const LOOKED_THROUGH: u32 = 2000;

const NDJSON: &str = "application/x-ndjson";

/// A page of records.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only described: the page is put together as text")]
pub(crate) struct RecordPage {
    /// The records, in the order of their ids as text; with `modified_after`, in the order in which they
    /// changed. Each is the model's own members with `state` (`present`, `gone`
    /// in Lucca, `hidden` from the key) and `updated_at` (when it was last written here, UTC); employees have a
    /// `status` too: `active`, `future` or `former` today.
    #[schema(value_type = Vec<Object>)]
    items: Vec<Value>,
    /// Where the next page begins; null at the end.
    next_cursor: Option<String>,
}

/// Answers a list: a page as JSON, or all of it as NDJSON where that is asked for.
async fn answer(
    app: App,
    reader: Reader,
    headers: &HeaderMap,
    kind: Kind,
    (asked, query): (Option<String>, ListQuery),
) -> Result<Response, Problem> {
    let wanted = query.read(kind)?;
    let accepts = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if accepts.split(',').any(|one| one.trim().starts_with(NDJSON)) {
        return Ok(all(app, reader.account, kind, wanted));
    }
    let tag = Tag::new(&reader.account, app.machinery.today(), &[kind.name(), &asked.unwrap_or_default()]);
    if let Some(same) = tag.not_modified(headers) {
        return Ok(same);
    }
    // What was is read from the change log, too, of which values may be taken out later.
    let is_of_now = wanted.as_of.is_none();
    let page = page(&app, &reader.account, kind, wanted);
    Ok(tag.json(if is_of_now { app.pages.get(tag, page).await? } else { page.await? }))
}

/// The next page, as JSON.
async fn page(app: &App, account: &LinkedAccount, kind: Kind, mut wanted: Wanted) -> Result<Bytes, Problem> {
    let limit = wanted.limit;
    let limit_of_page = usize::try_from(limit).unwrap_or(usize::MAX);
    // One more than the page holds tells whether there is another.
    let at_once = if wanted.is_selective() { AT_ONCE } else { limit + 1 };
    let (mut items, mut looked_through, mut is_last) = (Vec::new(), 0, false);
    while !is_last && items.len() <= limit_of_page && looked_through < LOOKED_THROUGH {
        let (more, ended) = read_on(app, account, kind, &mut wanted, at_once).await?;
        is_last = ended;
        looked_through += at_once;
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

/// What is shown of the next `at_once` records, and whether there are no more.
async fn read_on(
    app: &App,
    account: &LinkedAccount,
    kind: Kind,
    wanted: &mut Wanted,
    at_once: u32,
) -> Result<(Vec<view::Shown>, bool), Problem> {
    let store = &app.machinery.store;
    let mut records = store.list(account.no, kind, &wanted.filter, at_once).await?;
    let is_last = records.len() < usize::try_from(at_once).unwrap_or(usize::MAX);
    if let Some(last) = records.last() {
        wanted.filter.after = Some(last.place());
    }
    let day = match wanted.as_of {
        Some(day) => {
            records = as_of::on_day(app, account, kind, records, day, &wanted.equal_then).await?;
            day
        }
        None => app.machinery.today(),
    };
    let asked = (kind, &wanted.shape);
    Ok((view::shown(store, account, asked, records, (wanted.status, day)).await?, is_last))
}

/// All of it, a record a line; a part is read while the one before is sent. What fails on the way ends it without the last
/// line's end.
fn all(app: App, account: LinkedAccount, kind: Kind, mut wanted: Wanted) -> Response {
    let (send, parts) = mpsc::channel(1);
    tokio::spawn(async move {
        loop {
            let part = read_on(&app, &account, kind, &mut wanted, AT_ONCE).await;
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
            // Nobody hears it any more where the caller has hung up.
            if send.send(lines).await.is_err() || is_last {
                return;
            }
        }
    });
    let parts = stream::unfold(parts, async |mut parts| parts.recv().await.map(|part| (part, parts)));
    let headers = [(header::CONTENT_TYPE, NDJSON), (header::CACHE_CONTROL, "private, no-cache")];
    // What compresses it asks once more after the end.
    (headers, Body::from_stream(parts.fuse())).into_response()
}

macro_rules! lists {
    ($($(#[doc = $doc:literal])+ $name:ident, $path:literal, $kind:ident;)+) => {$(
        $(#[doc = $doc])+
        #[utoipa::path(
            get, path = $path, tag = "records", security(("key" = [])),
            params(("account_id" = String, Path, description = "the linked account's id"), ListQuery),
            responses(
                (status = 200, description = "A page; with `Accept: application/x-ndjson` all of it, a record a line.",
                 body = RecordPage, headers(("ETag" = String, description = "the page's fingerprint"))),
                (status = 304, description = "The page is the one in If-None-Match."),
                Unauthorized,
                NotFound,
                Unprocessable,
            )
        )]
        pub(crate) async fn $name(
            State(app): State<App>,
            reader: Reader,
            headers: HeaderMap,
            RawQuery(asked): RawQuery,
            Params(query): Params<ListQuery>,
        ) -> Result<Response, Problem> {
            answer(app, reader, &headers, Kind::$kind, (asked, query)).await
        }
    )+};
}

lists! {
    /// Lists people: current, future and former.
    employees, "/v1/linked-accounts/{account_id}/employees", Employee;
    /// Lists employments: contracts with their dates.
    employments, "/v1/linked-accounts/{account_id}/employments", Employment;
    /// Lists departments; `parent_id` makes them a tree.
    departments, "/v1/linked-accounts/{account_id}/departments", Department;
    /// Lists establishments: where people are employed.
    establishments, "/v1/linked-accounts/{account_id}/establishments", Establishment;
    /// Lists legal units: the companies that establishments belong to.
    legal_units, "/v1/linked-accounts/{account_id}/legal-units", LegalUnit;
    /// Lists job qualifications.
    qualifications, "/v1/linked-accounts/{account_id}/qualifications", JobQualification;
    /// Lists occupation categories.
    occupation_categories, "/v1/linked-accounts/{account_id}/occupation-categories", OccupationCategory;
    /// Lists what absences are taken on: Lucca's leave accounts.
    leave_types, "/v1/linked-accounts/{account_id}/leave-types", LeaveType;
    /// Lists absence requests as Lucca has them, whoever made them. Those made through the connector, with what became
    /// of them on the way, are under `absence-requests`.
    absence_request_records, "/v1/linked-accounts/{account_id}/absence-request-records", AbsenceRequest;
    /// Lists absences, each with its half-days.
    absences, "/v1/linked-accounts/{account_id}/absences", Absence;
    /// Lists what the tenant's own fields of people mean.
    custom_field_definitions, "/v1/linked-accounts/{account_id}/custom-field-definitions", CustomFieldDefinition;
}
