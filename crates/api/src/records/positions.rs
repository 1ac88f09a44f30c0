//! `GET /v1/linked-accounts/{linked_account_id}/positions` and `…/employees/{id}/positions`: each employee's
//! departments, managers and jobs over time, with the source of each value.

use axum::extract::{Path, RawQuery, State};
use axum::http::HeaderMap;
use axum::response::Response;
use delivery::mapping::Mapping;
use people::{Employee, Kind, RemoteId};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::{LinkedAccount, ListFilter, ListedRecord};
use utoipa::{IntoParams, ToSchema};
use web::app::App;
use web::auth::Reader;
use web::page_cache::RecordsTag;
use web::problem::Problem;

use super::as_of::contracts_of;
use super::query::{cursor, read_cursor};
use crate::Params;
use crate::answers::{NotFound, Unauthorized, Unprocessable};
use crate::paging::{page_size, with_next};

const DEFAULT_LIMIT: u32 = 100;
const MAX_LIMIT: u32 = 500;

/// Filters of the list.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct PositionsQuery {
    /// Maximum number of employees; 100 by default.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<u32>,
    /// The `next_cursor` of the previous page.
    cursor: Option<String>,
    /// Whether to include employees who are gone in Lucca, or no longer shown to the key.
    include_deleted: Option<bool>,
}

/// Positions of employees over time.
#[derive(Serialize, ToSchema)]
pub(crate) struct PositionList {
    /// The positions, by employee in the order of ids as text, and from the oldest to the current one, which
    /// has no `ends_on`. `starts_on` is null if unknown. Each value has a `source`: `contract`, `user_log`
    /// (Lucca's log), `observation` (a sync found the change) or `current` (the current value, without
    /// evidence of a change). Unknown values are left out.
    #[schema(value_type = Vec<api_types::Position>)]
    items: Vec<Value>,
    /// Cursor of the next page; null at the end.
    #[schema(required = true)]
    next_cursor: Option<String>,
}

/// The positions of one employee over time.
#[derive(Serialize, ToSchema)]
pub(crate) struct PositionHistory {
    /// The positions, from the oldest to the current one, as in the list of all.
    #[schema(value_type = Vec<api_types::Position>)]
    items: Vec<Value>,
}

async fn positions_of(
    app: &App,
    account: &LinkedAccount,
    records: &[ListedRecord],
) -> Result<Vec<Value>, Problem> {
    let mapping = Mapping::of(&account.settings.delivery);
    let services = &app.services;
    let ids: Vec<RemoteId> = records.iter().map(|record| record.id.clone()).collect();
    let contracts = contracts_of(app, account, &ids).await?;
    let traces = services.store.position_traces(account.no, Some(&ids)).await?;
    let mut positions = Vec::new();
    for record in records {
        let corrupt = |source| store::Error::CorruptRecord { kind: Kind::Employee, source };
        let employee: Employee = serde_json::from_str(&record.body).map_err(corrupt)?;
        let contracts = contracts.get(&record.id).map(Vec::as_slice).unwrap_or_default();
        for position in traces.positions(services.today(), &employee, contracts) {
            // Serialising positions to JSON can't fail.
            let mut position = serde_json::to_value(position).unwrap_or_default();
            mapping.position(&mut position);
            positions.push(position);
        }
    }
    Ok(positions)
}

/// Lists the positions of employees over time.
#[utoipa::path(
    get, path = "/v1/linked-accounts/{linked_account_id}/positions", tag = "Employees", security(("key" = [])),
    params(("linked_account_id" = String, Path, description = "The linked account's id."), PositionsQuery),
    responses(
        (status = 200, body = PositionList, headers(("ETag" = String, description = "The version of the page, for `If-None-Match`."))),
        (status = 304, description = "The page has not changed since the ETag in `If-None-Match`."),
        Unauthorized,
        NotFound,
        Unprocessable,
    )
)]
pub(crate) async fn list_positions(
    State(app): State<App>,
    reader: Reader,
    headers: HeaderMap,
    RawQuery(asked): RawQuery,
    Params(query): Params<PositionsQuery>,
) -> Result<Response, Problem> {
    let limit = page_size(query.limit, DEFAULT_LIMIT, MAX_LIMIT)?;
    let kind = Kind::Employee;
    let after = query.cursor.as_deref().map(|text| read_cursor(kind, false, text)).transpose()?;
    let with_deleted = query.include_deleted.unwrap_or(false);
    let filter = ListFilter { after, with_deleted, ..ListFilter::default() };
    let account = &reader.account;
    let tag = RecordsTag::new(account, app.services.today(), &["positions", &asked.unwrap_or_default()]);
    if let Some(same) = tag.not_modified(&headers) {
        return Ok(same);
    }
    let mut people = app.services.store.list(account.no, kind, &filter, limit + 1).await?;
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let has_more = people.len() > limit;
    people.truncate(limit);
    let last = people.last().filter(|_| has_more);
    let next_cursor = last.map(|last| cursor(kind, &filter, last.place()));
    let next = next_cursor.clone().map(|cursor| ("cursor", cursor));
    let page = PositionList { items: positions_of(&app, account, &people).await?, next_cursor };
    // Serialising positions to JSON can't fail.
    Ok(with_next(tag.json(serde_json::to_vec(&page).unwrap_or_default().into()), next))
}

/// Shows the positions of an employee over time.
#[utoipa::path(
    get, path = "/v1/linked-accounts/{linked_account_id}/employees/{id}/positions", tag = "Employees", security(("key" = [])),
    params(
        ("linked_account_id" = String, Path, description = "The linked account's id."),
        ("id" = String, Path, description = "The employee's id in Lucca.", example = "12"),
    ),
    responses(
        (status = 200, body = PositionHistory, headers(("ETag" = String, description = "The version of the positions, for `If-None-Match`."))),
        (status = 304, description = "The positions have not changed since the ETag in `If-None-Match`."),
        Unauthorized,
        NotFound,
    )
)]
pub(crate) async fn list_employee_positions(
    State(app): State<App>,
    reader: Reader,
    Path((_, id)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let account = &reader.account;
    let person = super::show::find(&app, account, Kind::Employee, &id).await?;
    let tag = RecordsTag::new(account, app.services.today(), &["employee/positions", &id]);
    if let Some(same) = tag.not_modified(&headers) {
        return Ok(same);
    }
    let items = positions_of(&app, account, &[person]).await?;
    // Serialising positions to JSON can't fail.
    Ok(tag.json(serde_json::to_vec(&PositionHistory { items }).unwrap_or_default().into()))
}
