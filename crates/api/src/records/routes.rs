//! The routes of synced records, by kind: `GET /v1/linked-accounts/{account_id}/employees` and
//! `…/employees/{id}`, and so on. Each row of `record_routes!` generates the handlers of a kind, their description and
//! their routes; `list` and `show` compute the responses.

use axum::extract::{Path, RawQuery, State};
use axum::http::HeaderMap;
use axum::response::Response;
use people::Kind;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::app::App;
use web::auth::Reader;
use web::problem::Problem;

use super::list::{self, RecordPage};
use super::query::ListQuery;
use super::show::{self, Record, ShowQuery};
use crate::Params;
use crate::answers::{NotFound, Unauthorized, Unprocessable};

/// Declares the routes of each kind: `Kind at "path" { list, record, }`. The names of the handlers are the operations'
/// ids, and their documentation is the operations' summary.
macro_rules! record_routes {
    ($($kind:ident at $path:literal {
        $(#[doc = $list_doc:literal])+
        $list:ident,
        $(#[doc = $record_doc:literal])+
        $record:ident,
    })+) => {
        $(
            $(#[doc = $list_doc])+
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
            async fn $list(
                State(app): State<App>,
                reader: Reader,
                headers: HeaderMap,
                RawQuery(asked): RawQuery,
                Params(query): Params<ListQuery>,
            ) -> Result<Response, Problem> {
                list::answer(app, reader, &headers, Kind::$kind, (asked, query)).await
            }

            $(#[doc = $record_doc])+
            #[utoipa::path(
                get, path = concat!($path, "/{id}"), tag = "records", security(("key" = [])),
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
            async fn $record(
                State(app): State<App>,
                reader: Reader,
                Path((_, id)): Path<(String, String)>,
                headers: HeaderMap,
                RawQuery(asked): RawQuery,
                Params(query): Params<ShowQuery>,
            ) -> Result<Response, Problem> {
                show::answer(&app, reader, &headers, (Kind::$kind, id), (asked, query)).await
            }
        )+

        /// The routes of all kinds, with their description.
        pub(crate) fn router() -> OpenApiRouter<App> {
            OpenApiRouter::new()$(.routes(routes!($list)).routes(routes!($record)))+
        }

        /// The kind whose list or record has this path.
        pub(crate) fn kind_of(path: &str) -> Option<Kind> {
            match path.strip_suffix("/{id}").unwrap_or(path) {
                $($path => Some(Kind::$kind),)+
                _ => None,
            }
        }
    };
}

record_routes! {
    Employee at "/v1/linked-accounts/{account_id}/employees" {
        /// Lists employees: current, future and former.
        employees,
        /// Shows an employee, including former, gone and hidden ones.
        employee,
    }
    Employment at "/v1/linked-accounts/{account_id}/employments" {
        /// Lists employments: contracts with their dates.
        employments,
        /// Shows an employment.
        employment,
    }
    Department at "/v1/linked-accounts/{account_id}/departments" {
        /// Lists departments. Their `parent_id` forms a tree.
        departments,
        /// Shows a department.
        department,
    }
    Establishment at "/v1/linked-accounts/{account_id}/establishments" {
        /// Lists establishments: where people are employed.
        establishments,
        /// Shows an establishment.
        establishment,
    }
    LegalUnit at "/v1/linked-accounts/{account_id}/legal-units" {
        /// Lists legal units: the companies that establishments belong to.
        legal_units,
        /// Shows a legal unit.
        legal_unit,
    }
    JobQualification at "/v1/linked-accounts/{account_id}/qualifications" {
        /// Lists job qualifications.
        qualifications,
        /// Shows a job qualification.
        qualification,
    }
    OccupationCategory at "/v1/linked-accounts/{account_id}/occupation-categories" {
        /// Lists occupation categories.
        occupation_categories,
        /// Shows an occupation category.
        occupation_category,
    }
    LeaveType at "/v1/linked-accounts/{account_id}/leave-types" {
        /// Lists leave types: Lucca's leave accounts.
        leave_types,
        /// Shows a leave type.
        leave_type,
    }
    AbsenceRequest at "/v1/linked-accounts/{account_id}/absence-request-records" {
        /// Lists absence requests as they are in Lucca, from all sources. `absence-requests` lists those made
        /// through the connector, with their submission status.
        absence_request_records,
        /// Shows an absence request as it is in Lucca.
        absence_request_record,
    }
    Absence at "/v1/linked-accounts/{account_id}/absences" {
        /// Lists absences, each with its half-days.
        absences,
        /// Shows an absence with its half-days.
        absence,
    }
    CustomFieldDefinition at "/v1/linked-accounts/{account_id}/custom-field-definitions" {
        /// Lists the definitions of the tenant's custom fields.
        custom_field_definitions,
        /// Shows the definition of a custom field.
        custom_field_definition,
    }
}
