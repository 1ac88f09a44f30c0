//! The endpoints of each stream, and their paging.

use crate::absence_query::{core_leave_fields, core_leave_request_fields};
use crate::query::v3::Fields;
use crate::stream::Stream;
use crate::user_query::core_user_fields;

/// One endpoint of a stream.
#[derive(Debug)]
pub(crate) struct Route {
    pub(crate) path: &'static str,
    pub(crate) style: Style,
    /// The largest page known to be accepted, or a first guess.
    pub(crate) page_size: u32,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Style {
    V3,
    /// `archived_too`: the endpoint documents `isArchived=true,false`. `sort`: the sort of Lucca's own pages;
    /// without one, establishments were recorded in no order. `None` if no source has a sort: then only ids
    /// and count prove a complete read.
    V4 {
        archived_too: bool,
        sort: Option<&'static str>,
    },
    /// The whole set in one answer, as a tree.
    Tree,
}

const V4: Style = Style::V4 { archived_too: false, sort: None };

/// The endpoints of a stream, best first.
pub(crate) fn routes(stream: Stream) -> &'static [Route] {
    match stream {
        // `limit` is documented as 0 to 100 here. Source: directory.md §5.4 and §11.3.
        Stream::LegalUnits => &[Route {
            path: "/organization/structure/api/legal-units",
            style: Style::V4 { archived_too: true, sort: None },
            page_size: 100,
        }],
        Stream::Establishments => &[Route {
            path: "/organization/structure/api/establishments",
            // Source: directory.md §5.
            style: Style::V4 { archived_too: true, sort: Some("legalunit.name,name") },
            page_size: 100,
        }],
        // v3 was announced to stop in September 2026. Source: directory.md §1 and §11.2.
        Stream::Departments => &[
            Route { path: "/organization/structure/api/departments", style: V4, page_size: 100 },
            Route { path: "/api/v3/departments", style: Style::V3, page_size: 1000 },
            // Source: directory.md §11.1 and §11.2.
            Route { path: "/api/v3/departments/tree", style: Style::Tree, page_size: 1000 },
            Route {
                path: "/organization/structure/api/departments/tree",
                style: Style::Tree,
                page_size: 1000,
            },
        ],
        // unverified: the largest page of the organisation's other lists; legal units document 100.
        // unverified: whether categories sort by name; the endpoint supports sorting (directory.md §11.4).
        Stream::OccupationCategories => &[Route {
            path: "/organization/structure/api/occupation-categories",
            style: Style::V4 { archived_too: false, sort: Some("name") },
            page_size: 100,
        }],
        // Source: directory.md §11.5.
        Stream::JobQualifications => &[Route {
            path: "/organization/structure/api/job-qualifications",
            style: Style::V4 { archived_too: false, sort: Some("job.name,level.position") },
            page_size: 100,
        }],
        // unverified: the largest page of these lookups; contracts, on the same API, document 1000.
        Stream::HiringTypes => {
            &[Route { path: "/directory/api/work-contract-hiring-types", style: V4, page_size: 1000 }]
        }
        Stream::TerminationReasons => {
            &[Route { path: "/directory/api/work-contract-termination-reasons", style: V4, page_size: 1000 }]
        }
        Stream::TemporaryContractGrounds => &[Route {
            path: "/directory/api/work-contract-temporary-contract-grounds",
            style: V4,
            page_size: 1000,
        }],
        // unverified: whether archived contracts come without `isArchived`; it takes a single truth value
        // here, so both can't be requested at once. Source: directory.md §8.
        Stream::WorkContracts => {
            &[Route { path: "/directory/api/4.0/work-contracts", style: V4, page_size: 1000 }]
        }
        Stream::Users => &[Route { path: "/api/v3/users", style: Style::V3, page_size: 1000 }],
        // unverified: the endpoint is undocumented; a public client probes it. Source: absences.md §8.
        Stream::LeaveAccounts => {
            &[Route { path: "/api/v3/leaveAccounts", style: Style::V3, page_size: 1000 }]
        }
        Stream::CustomFieldDefinitions => {
            &[Route { path: "/api/v3/extensionuserdefinitions", style: Style::V3, page_size: 1000 }]
        }
        // The largest page is documented. Source: absences.md §1 (`paging`).
        Stream::Leaves => &[Route { path: "/api/v3/leaves", style: Style::V3, page_size: 10_000 }],
        // unverified: the largest page of requests; public clients request 5000. Source: absences.md §4.
        Stream::LeaveRequests => {
            &[Route { path: "/api/v3/leaveRequests", style: Style::V3, page_size: 10_000 }]
        }
        // unverified: the endpoint is undocumented; public code reads it. Source: directory.md §11.6.
        Stream::UserLogs => &[Route { path: "/api/v3/userlogs", style: Style::V3, page_size: 1000 }],
        Stream::UserDates => &[Route { path: "/api/v3/userdates", style: Style::V3, page_size: 1000 }],
    }
}

/// The fields to request from a v3 stream without a query of its own.
pub(crate) fn fields(stream: Stream) -> Fields {
    match stream {
        Stream::Departments => Fields::new()
            .leaves(&[
                "id",
                "name",
                "code",
                "hierarchy",
                "parentId",
                "position",
                "sortOrder",
                "level",
                "isActive",
            ])
            .nested("head", &["id", "name"]),
        Stream::CustomFieldDefinitions => Fields::new()
            .leaves(&["id", "name", "formatKey"])
            .nested("extensionUserPropertyListEntries", &["id", "name"]),
        // unverified: all but `id` and `name` at this endpoint. Clients request `isRemoteWork` from leaves'
        // own `leaveAccount`, and webhooks give it a category (absences.md §2.1 and §8).
        Stream::LeaveAccounts => {
            Fields::new().leaves(&["id", "name", "isRemoteWork", "categoryId", "categoryName"])
        }
        _ => Fields::new().leaves(&["id", "name"]),
    }
}

/// The reduced fields for a v3 stream, after the server refused the others without a reason.
pub(crate) fn core_fields(stream: Stream) -> Fields {
    match stream {
        Stream::Users => core_user_fields(),
        Stream::Leaves => core_leave_fields(),
        Stream::LeaveRequests => core_leave_request_fields(),
        Stream::UserLogs => {
            Fields::new().leaves(&["id", "name", "value", "modifiedAt"]).nested("owner", &["id"])
        }
        Stream::UserDates => Fields::new().leaves(&["ownerId", "date"]),
        Stream::CustomFieldDefinitions => Fields::new()
            .leaves(&["id", "formatKey"])
            .nested("extensionUserPropertyListEntries", &["id", "name"]),
        Stream::Departments => {
            Fields::new().leaves(&["id", "name", "code", "hierarchy", "parentId", "isActive"])
        }
        _ => Fields::new().leaves(&["id", "name"]),
    }
}
