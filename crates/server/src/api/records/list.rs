//! The lists of what was synced, by kind: `GET /v1/linked-accounts/{account_id}/employees` and so on.

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use futures::{StreamExt, stream};
use people::Kind;
use serde::Serialize;
use serde_json::value::RawValue;
use store::LinkedAccount;
use utoipa::ToSchema;

use super::query::{ListQuery, Wanted, cursor};
use super::{view, with_etag};
use crate::api::Params;
use crate::api::answers::{NotFound, Unauthorized, Unprocessable};
use crate::app::App;
use crate::auth::Reader;
use crate::problem::Problem;

/// So many records are read at once where all are asked for, or some are left out of what is read.
const AT_ONCE: u32 = 500;

const NDJSON: &str = "application/x-ndjson";

/// A page of records.
#[derive(Serialize, ToSchema)]
pub(crate) struct RecordPage {
    /// The records, in the order of their ids as text. Each is the model's own members with `state` (`present`, `gone`
    /// in Lucca, `hidden` from the key) and `updated_at` (when it was last written here, UTC); employees have a
    /// `status` too: `active`, `future` or `former` today.
    #[schema(value_type = Vec<Object>)]
    items: Vec<Box<RawValue>>,
    /// Where the next page begins; null at the end.
    next_cursor: Option<String>,
}

/// Answers a list: a page as JSON, or all of it as NDJSON where that is asked for.
async fn answer(
    app: App,
    reader: Reader,
    headers: &HeaderMap,
    kind: Kind,
    query: ListQuery,
) -> Result<Response, Problem> {
    let wanted = query.read(kind)?;
    let accepts = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if accepts.split(',').any(|one| one.trim().starts_with(NDJSON)) {
        return Ok(all(app, reader.account, kind, wanted));
    }
    Ok(with_etag(headers, &page(&app, &reader.account, kind, wanted).await?))
}

/// The next page. Where records are left out by their status, more are read until the page is full.
async fn page(
    app: &App,
    account: &LinkedAccount,
    kind: Kind,
    Wanted { mut filter, limit, status, shape }: Wanted,
) -> Result<RecordPage, Problem> {
    let store = &app.machinery.store;
    let today = app.machinery.today();
    let limit_of_page = usize::try_from(limit).unwrap_or(usize::MAX);
    // One more than the page holds tells whether there is another.
    let at_once = if status.is_some() { AT_ONCE } else { limit + 1 };
    let mut items = Vec::new();
    loop {
        let records = store.list(account.no, kind, &filter, at_once).await?;
        let is_last = records.len() < usize::try_from(at_once).unwrap_or(usize::MAX);
        filter.after = records.last().map(|record| record.id.clone());
        items.extend(view::shown(store, account, (kind, &shape), records, (status, today)).await?);
        if is_last || items.len() > limit_of_page {
            break;
        }
    }
    let has_more = items.len() > limit_of_page;
    items.truncate(limit_of_page);
    let last = items.last().filter(|_| has_more);
    Ok(RecordPage {
        next_cursor: last.map(|last| cursor(kind, &last.id)),
        items: items.into_iter().map(|item| item.json).collect(),
    })
}

/// All of it, a record a line, a part at a time in memory. What fails on the way ends it without the last line's end.
fn all(app: App, account: LinkedAccount, kind: Kind, wanted: Wanted) -> Response {
    let parts = stream::unfold(Some((app, account, wanted)), move |rest| async move {
        let (app, account, mut wanted) = rest?;
        let store = &app.machinery.store;
        let read = async {
            let records = store.list(account.no, kind, &wanted.filter, AT_ONCE).await?;
            let is_last = records.len() < usize::try_from(AT_ONCE).unwrap_or(usize::MAX);
            wanted.filter.after = records.last().map(|record| record.id.clone());
            let today = app.machinery.today();
            let asked = (kind, &wanted.shape);
            let items = view::shown(store, &account, asked, records, (wanted.status, today)).await?;
            Ok::<_, Problem>((items, is_last))
        };
        match read.await {
            Ok((items, is_last)) => {
                let mut lines = String::new();
                for item in items {
                    lines.push_str(item.json.get());
                    lines.push('\n');
                }
                let rest = if is_last { None } else { Some((app, account, wanted)) };
                Some((Ok::<_, std::io::Error>(lines), rest))
            }
            Err(_) => Some((Err(std::io::Error::other("the list could not be read on")), None)),
        }
    });
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
            Params(query): Params<ListQuery>,
        ) -> Result<Response, Problem> {
            answer(app, reader, &headers, Kind::$kind, query).await
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
