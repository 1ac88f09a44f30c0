//! One synced record, by Lucca's id.

use axum::http::HeaderMap;
use axum::response::Response;
use people::{Kind, RemoteId};
use serde::Deserialize;
use serde_json::Value;
use store::{LinkedAccount, ListedRecord};
use utoipa::{IntoParams, ToSchema};
use web::app::App;
use web::auth::Reader;
use web::page_cache::RecordsTag;
use web::problem::Problem;

use super::as_of;
use super::query::read_day;
use super::view::{self, FieldSelection};

/// Options of a record.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct ShowQuery {
    /// Only these members, separated by commas; `id` is always included.
    #[param(example = "id,name", pattern = "^[a-z0-9_]+(,[a-z0-9_]+){0,99}$")]
    fields: Option<String>,
    /// Additional members, separated by commas: `raw` (the record as Lucca sent it, if stored), and related records.
    #[param(example = "raw", pattern = "^[a-z_]+(,[a-z_]+)*$")]
    include: Option<String>,
    /// For employees: as of this past or future day.
    #[param(example = "2026-01-01")]
    as_of: Option<String>,
}

/// A record: the model's members, with `state` and `updated_at`, and for employees `status`.
#[derive(ToSchema)]
#[schema(value_type = Object)]
#[expect(dead_code, reason = "only described")]
pub(crate) struct Record(Value);

/// Responds with one record in any state, including gone in Lucca or hidden from the key.
pub(super) async fn answer(
    app: &App,
    reader: Reader,
    headers: &HeaderMap,
    (kind, id): (Kind, String),
    (asked, query): (Option<String>, ShowQuery),
) -> Result<Response, Problem> {
    let missing = || Problem::not_found("record");
    let as_of = query.as_of.as_deref().map(|text| read_day(kind, text)).transpose()?;
    if as_of.is_some() && kind != Kind::Employee {
        return Err(Problem::field("as_of", "request.invalid", "`as_of` applies to employees only."));
    }
    let selection = FieldSelection::read(kind, query.fields.as_deref(), query.include.as_deref())?;
    let store = &app.services.store;
    let today = app.services.today();
    let tag = RecordsTag::new(&reader.account, today, &[kind.name(), &id, &asked.unwrap_or_default()]);
    let found = find(app, &reader.account, kind, &id).await?;
    if kind == Kind::Employee {
        reader.note_view(app, Some(&RemoteId::from(id.as_str()))).await?;
    }
    if let Some(same) = tag.not_modified(headers) {
        return Ok(same);
    }
    let mut found = vec![found];
    if let Some(day) = as_of {
        found = as_of::on_day(app, &reader.account, kind, found, day, &[]).await?;
    }
    let day = as_of.unwrap_or(today);
    let shown = view::render_records(store, &reader.account, (kind, &selection), found, (None, day)).await?;
    let shown = shown.into_iter().next().ok_or_else(missing)?;
    Ok(tag.json(shown.json.into()))
}

/// Finds a record by the id in the path, in any state.
pub(super) async fn find(
    app: &App,
    account: &LinkedAccount,
    kind: Kind,
    id: &str,
) -> Result<ListedRecord, Problem> {
    let missing = || Problem::not_found("record");
    if id.is_empty() || id.len() > 200 || id.chars().any(char::is_control) {
        return Err(missing());
    }
    app.services.store.listed(account.no, kind, &RemoteId::from(id)).await?.ok_or_else(missing)
}
