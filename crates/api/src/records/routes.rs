//! The routes of synced records, by kind: `GET /v1/linked-accounts/{linked_account_id}/employees` and
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

use super::list::{self, RecordList};
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
                get, path = $path, tag = "Records", security(("key" = [])),
                params(("linked_account_id" = String, Path, description = "The linked account's id."), ListQuery),
                responses(
                    (status = 200, description = "A page. With `Accept: application/x-ndjson`, all pages as lines of JSON, one record each.",
                     body = RecordList, headers(("ETag" = String, description = "The version of the page, for `If-None-Match`."))),
                    (status = 304, description = "The page has not changed since the ETag in `If-None-Match`."),
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
                get, path = concat!($path, "/{id}"), tag = "Records", security(("key" = [])),
                params(
                    ("linked_account_id" = String, Path, description = "The linked account's id."),
                    ("id" = String, Path, description = "The id in Lucca.", example = "12"),
                    ShowQuery,
                ),
                responses(
                    (status = 200, body = Record, headers(("ETag" = String, description = "The version of the record, for `If-None-Match`."))),
                    (status = 304, description = "The record has not changed since the ETag in `If-None-Match`."),
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
    Employee at "/v1/linked-accounts/{linked_account_id}/employees" {
        /// Lists employees: current, future and former.
        list_employees,
        /// Returns an employee, including former, gone and hidden ones.
        get_employee,
    }
    Employment at "/v1/linked-accounts/{linked_account_id}/employments" {
        /// Lists employments: contracts with their dates.
        list_employments,
        /// Returns an employment.
        get_employment,
    }
    Department at "/v1/linked-accounts/{linked_account_id}/departments" {
        /// Lists departments. Their `parent_id` forms a tree.
        list_departments,
        /// Returns a department.
        get_department,
    }
    Establishment at "/v1/linked-accounts/{linked_account_id}/establishments" {
        /// Lists establishments: where people are employed.
        list_establishments,
        /// Returns an establishment.
        get_establishment,
    }
    LegalUnit at "/v1/linked-accounts/{linked_account_id}/legal-units" {
        /// Lists legal units: the companies that establishments belong to.
        list_legal_units,
        /// Returns a legal unit.
        get_legal_unit,
    }
    JobQualification at "/v1/linked-accounts/{linked_account_id}/job-qualifications" {
        /// Lists job qualifications.
        list_job_qualifications,
        /// Returns a job qualification.
        get_job_qualification,
    }
    OccupationCategory at "/v1/linked-accounts/{linked_account_id}/occupation-categories" {
        /// Lists occupation categories.
        list_occupation_categories,
        /// Returns an occupation category.
        get_occupation_category,
    }
    LeaveType at "/v1/linked-accounts/{linked_account_id}/leave-types" {
        /// Lists leave types: Lucca's leave accounts.
        list_leave_types,
        /// Returns a leave type.
        get_leave_type,
    }
    AbsenceRequest at "/v1/linked-accounts/{linked_account_id}/absence-requests" {
        /// Lists absence requests as they are in Lucca, from all sources. Those made through the connector are also absence
        /// submissions, which have the state of their submission.
        list_absence_requests,
        /// Returns an absence request as it is in Lucca.
        get_absence_request,
    }
    Absence at "/v1/linked-accounts/{linked_account_id}/absences" {
        /// Lists absences, each with its half-days.
        list_absences,
        /// Returns an absence with its half-days.
        get_absence,
    }
    CustomFieldDefinition at "/v1/linked-accounts/{linked_account_id}/custom-field-definitions" {
        /// Lists the definitions of the tenant's custom fields.
        list_custom_field_definitions,
        /// Returns the definition of a custom field.
        get_custom_field_definition,
    }
}
