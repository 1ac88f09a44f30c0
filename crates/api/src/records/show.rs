//! One record, by Lucca's id: `GET /v1/linked-accounts/{account_id}/employees/{id}` and so on.

use axum::extract::{Path, RawQuery, State};
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
use crate::Params;
use crate::answers::{NotFound, Unauthorized, Unprocessable};

/// Options of a record.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct ShowQuery {
    /// Only these members, separated by commas; `id` is always included.
    #[param(example = "id,name", pattern = "^[a-z0-9_]+(,[a-z0-9_]+){0,99}$")]
    fields: Option<String>,
    /// Additional members: `raw` (the record as Lucca sent it, if stored); for employees `manager`,
    /// `department`; separated by commas.
    #[param(example = "raw", pattern = "^(raw|manager|department)(,(raw|manager|department))*$")]
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
async fn answer(
    app: &App,
    reader: Reader,
    headers: &HeaderMap,
    (kind, id): (Kind, String),
    (asked, query): (Option<String>, ShowQuery),
) -> Result<Response, Problem> {
    let missing = || Problem::not_found("record");
    let as_of = query.as_of.as_deref().map(|text| read_day(kind, text)).transpose()?;
    if as_of.is_some() && kind != Kind::Employee {
        return Err(Problem::field(
            "as_of",
            "request.invalid",
            "Only of a person it is known how they stood.",
        ));
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

macro_rules! records {
    ($($(#[doc = $doc:literal])+ $name:ident, $path:literal, $kind:ident;)+) => {$(
        $(#[doc = $doc])+
        #[utoipa::path(
            get, path = $path, tag = "records", security(("key" = [])),
            params(
                ("account_id" = String, Path, description = "the linked account's id"),
                ("id" = String, Path, description = "Lucca's id", example = "12"),
                ShowQuery,
            ),
            responses(
                (status = 200, body = Record, headers(("ETag" = String, description = "the record's fingerprint"))),
                (status = 304, description = "The record is the one in If-None-Match."),
                Unauthorized,
                NotFound,
                Unprocessable,
            )
        )]
        pub(crate) async fn $name(
            State(app): State<App>,
            reader: Reader,
            Path((_, id)): Path<(String, String)>,
            headers: HeaderMap,
            RawQuery(asked): RawQuery,
            Params(query): Params<ShowQuery>,
        ) -> Result<Response, Problem> {
            answer(&app, reader, &headers, (Kind::$kind, id), (asked, query)).await
        }
    )+};
}

records! {
    /// Shows an employee, including former, gone and hidden ones.
    employee, "/v1/linked-accounts/{account_id}/employees/{id}", Employee;
    /// Shows an employment.
    employment, "/v1/linked-accounts/{account_id}/employments/{id}", Employment;
    /// Shows a department.
    department, "/v1/linked-accounts/{account_id}/departments/{id}", Department;
    /// Shows an establishment.
    establishment, "/v1/linked-accounts/{account_id}/establishments/{id}", Establishment;
    /// Shows a legal unit.
    legal_unit, "/v1/linked-accounts/{account_id}/legal-units/{id}", LegalUnit;
    /// Shows a job qualification.
    qualification, "/v1/linked-accounts/{account_id}/qualifications/{id}", JobQualification;
    /// Shows an occupation category.
    occupation_category, "/v1/linked-accounts/{account_id}/occupation-categories/{id}", OccupationCategory;
    /// Shows a leave type.
    leave_type, "/v1/linked-accounts/{account_id}/leave-types/{id}", LeaveType;
    /// Shows an absence request as it is in Lucca.
    absence_request_record, "/v1/linked-accounts/{account_id}/absence-request-records/{id}", AbsenceRequest;
    /// Shows an absence with its half-days.
    absence, "/v1/linked-accounts/{account_id}/absences/{id}", Absence;
    /// Shows the definition of a custom field.
    custom_field_definition, "/v1/linked-accounts/{account_id}/custom-field-definitions/{id}", CustomFieldDefinition;
}
