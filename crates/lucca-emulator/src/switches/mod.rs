//! Switches for behaviours that are unknown, or differ between tenants.
//!
//! Included: the switches, their defaults (the most probable behaviour) and the source of each doubt. Not
//! included: the behaviours themselves.

mod rate;
mod recorded;
mod requests;
mod telling;

use serde::{Deserialize, Serialize};

pub use self::rate::{RateCounting, RetryAfter, TooManyBody};
pub use self::recorded::{DictionaryMembers, NoManager, Unsorted};
pub use self::requests::{
    AbsenceFactory, AutoCreateFalse, CancelApproved, DecidesAs, FactoryAccess, FactoryAnswer, FactoryRefusal,
    ImportEstablishment, ImportUnapproved, Unconfirmed, WriteAnswer,
};
pub use self::telling::{AuthorizationAs, Telling};
use crate::faults::Fault;

/// Behaviours for which the documentation is silent, or contradicts observations.
///
/// JSON names are the field names. A missing field has its default, an unknown one is an error.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Switches {
    /// Rows of a v3 page when `paging` is absent; `null` is everything (source: wire-grammar.md §1.2).
    pub page_default: Option<u64>,
    /// Largest v3 page, of every list; `null` is no maximum (source: wire-grammar.md §1.2, directory.md
    /// §5.4). Live clients send `paging=0,2000` and `0,5000`; 1000 is documented for users.
    pub page_max: Option<u64>,
    /// Rows of `paging=1` (100 in the framework of 2017, 10 in today's).
    pub paging_one: u64,
    /// The only v3 page sizes accepted; any other is answered 400.
    pub known_page_sizes: Option<Vec<u64>>,
    /// Pages of v3 and v4 are silently cut to this many rows, for any request.
    pub short_pages_of: Option<u64>,
    /// Largest `limit` of `/organization/structure/api` (100 documented for legal units).
    pub v4_limit_max_organization: u64,
    /// Largest `limit` of `/directory/api` (1000 documented for work contracts).
    pub v4_limit_max_contracts: u64,
    /// `collection.count` and `fields.root` are ignored.
    pub no_count: bool,
    /// The answer to `fields=collection.count` alone.
    pub count_only: CountOnly,
    /// The `header` beside `data`.
    pub header: Header,
    /// Spelling of the foreign keys of v3 resources (source: directory.md §1.3).
    pub key_casing: KeyCasing,
    /// The `nationality` of a user.
    pub nationality: Nationality,
    /// `url` values (source: wire-grammar.md §1.6).
    pub url_style: UrlStyle,
    /// The answer to a filter on a property that does not exist, or with an unreadable value.
    pub unknown_filter: UnknownFilter,
    /// Keys, in lower case, that are ignored although they are not properties.
    pub tolerated_filters: Vec<String>,
    /// The answer to `fields` naming a property that does not exist.
    pub unknown_field: UnknownField,
    /// Entries of a dictionary that are requested by name: `fields=applicationData[profile_figgo]`.
    pub dictionary_members: DictionaryMembers,
    /// The answer to a write with a property that does not exist, or is read-only.
    pub unknown_body_field: UnknownField,
    /// The body of a 400 for an unreadable query.
    pub malformed_query: MalformedQuery,
    /// The shape of v3 error bodies (source: wire-grammar.md §1.8).
    pub v3_errors: ErrorBody,
    /// The shape of the 401 for a missing or unknown key.
    pub unauthorized_body: ErrorBody,
    /// The status if the key lacks a right: 403 or 401.
    pub no_right_status: u16,
    /// The status of a new work contract: 200 or 201. Neither is documented.
    pub created_status: u16,
    /// The status for a user id that does not exist: 500 as documented, or 404.
    pub missing_user_status: u16,
    /// The properties of a v3 record requested by id without `fields`.
    pub by_id: ById,
    /// A property that the key may not see.
    pub hidden_fields: HiddenFields,
    /// `until` with a date includes that whole day (framework of 2017) or not (today's).
    pub until_includes_whole_day: bool,
    /// `/api/v3/departments`, announced to stop in September 2026 (source: directory.md §1.1).
    pub v3_departments: V3Departments,
    /// User 0, the technical account without contract dates, is in lists of users. Recorded lists lack it.
    pub technical_user_listed: bool,
    /// The manager of people without one.
    pub no_manager: NoManager,
    /// The order of v4 lists without `sort`.
    pub unsorted: Unsorted,
    /// Every `/organization/structure/api` endpoint answers 404.
    pub organization_gone: bool,
    /// Largest page of leaves, leave periods and leave requests (source: absences.md §1: 10,000);
    /// `null` is no maximum.
    pub leaves_page_max: Option<u64>,
    /// Leaves without `date` are answered if `creationDate`, `cancellationDate` or
    /// `leavePeriod.confirmationDate` restricts them (source: absences.md §3.1, where it is open).
    pub leaves_without_date: bool,
    /// The list of leaves includes those of pending periods (source: absences.md §3, where it is open). If
    /// not, a filter on `leavePeriod.isConfirmed` still includes them.
    pub leaves_show_pending: bool,
    /// The list of leaves includes cancelled and denied ones (the same doubt). If not, a filter on `isActive`
    /// or `cancellationDate` still includes them.
    pub leaves_show_inactive: bool,
    /// Leaves of a denied request have a `cancellationDate`, the date of the denial. unverified: only the end
    /// of their activity is documented (source: absences.md §2.1).
    pub denied_have_cancellation_date: bool,
    /// Absences of former and future employees need the right to see these; otherwise all in scope are
    /// visible. unverified.
    pub leaves_follow_users: bool,
    /// Contracts of former and future employees need the right to see these; otherwise all in scope are
    /// visible. unverified.
    pub contracts_follow_users: bool,
    /// The duration of a leave that counts hours (source: absences.md §2.1, §14).
    pub leave_value: LeaveValue,
    /// Format of the stamps of absences: creation, confirmation, cancellation, approvals (source: absences.md
    /// §1, where the zone is open).
    pub absence_stamps: AbsenceStamps,
    /// Comparison of a filter with a zone and such a stamp: `creationDate=since,…Z`.
    pub absence_since: SinceReading,
    /// `isRemoteWork` is set on the remote work account; some tenants don't (source: absences.md §8).
    pub remote_work_flag: bool,
    /// The properties of leave accounts, an undocumented resource (source: absences.md §8, §14).
    pub leave_accounts: AccountShape,
    /// Leave requests can be filtered by `status`; otherwise it is ignored. unverified either way.
    pub request_status_filter: bool,
    /// The properties of listed leave requests without `fields`: `everything` includes `count`, like the
    /// documented example (source: absences.md §2.4).
    pub leave_requests_show: ById,
    /// The bodies that the undocumented factory of absence requests accepts (source: absences.md §5.1).
    pub absence_factory: AbsenceFactory,
    /// Whether API keys may use that factory.
    pub factory_access: FactoryAccess,
    /// Its answer to a created request.
    pub factory_answer: FactoryAnswer,
    /// Its answer to a request that a rule forbids.
    pub factory_refusal: FactoryRefusal,
    /// The handling of a request that does not send back the warnings that need confirmation.
    pub unconfirmed_warnings: Unconfirmed,
    /// The effect of `autoCreate` set to false.
    pub auto_create_false: AutoCreateFalse,
    /// Approvals that a request made through the API needs: 0 is approved at once, 3 the most; `null` depends
    /// on the leave account, from 1 to 3.
    pub request_levels: Option<u8>,
    /// The documented import of absences is available; otherwise 404 (source: absences.md §5.2).
    pub absence_import: bool,
    /// A bad line does not prevent the import of those before it. unverified either way.
    pub import_partial: bool,
    /// The value of its column `legalEntity`: documentation and help page disagree.
    pub import_establishment: ImportEstablishment,
    /// Leave accounts that need no approval; the import requires their column `isApproved` to be blank,
    /// according to Lucca's help page 360029242671. unverified: that it refuses any other value.
    pub accounts_without_approval: Vec<i64>,
    /// The result of an imported line that is not approved.
    pub import_unapproved: ImportUnapproved,
    /// Number of polls of an asynchronous import before its end.
    pub import_polls: u32,
    /// The answer to a cancellation, a deletion or a decision.
    pub write_answer: WriteAnswer,
    /// Cancelling an approved request (source: absences.md §2.4, §4).
    pub cancel_approved: CancelApproved,
    /// One decision completes all the steps of a request.
    pub approval_settles_all: bool,
    /// Decisions are accepted on cancellation requests too; otherwise only on pending requests, as
    /// documented.
    pub approvals_decide_cancellations: bool,
    /// The recorded author of a decision.
    pub decides_as: DecidesAs,
    /// Notifications of absences that the tenant sends; `null` sends none.
    pub telling: Option<Telling>,
    /// `/api/v3/userlogs`, which Lucca does not document.
    pub userlogs: UserLogs,
    /// `/api/v3/userdates` is available; otherwise 404.
    pub userdates: bool,
    /// `modifiedAt` of users changes with them.
    pub modified_at_moves: bool,
    /// Error of the tenant's clock in minutes: in the stamps it writes, and in its current time.
    pub clock_offset_minutes: i64,
    /// Requests a minute for the whole tenant; `null` is no limit (source: directory.md §10).
    pub rate_limit: Option<u32>,
    /// The requests that count against that limit.
    pub rate_counting: RateCounting,
    /// Milliseconds by which the windows of the rate limit begin before the first request, as they do after
    /// requests of another integration.
    pub rate_anchor_ms: u64,
    /// Requests a minute of another integration, evenly spaced, from the beginning of the first window on.
    /// They count against the limit, and are in no log.
    pub other_requests_per_minute: u32,
    /// The `Retry-After` of a 429.
    pub retry_after: RetryAfter,
    /// The body of a 429.
    pub too_many_body: TooManyBody,
    /// Delay of every answer, in milliseconds.
    pub latency_ms: u64,
    /// Delay of an answer per row of a list, in microseconds.
    pub latency_per_row_us: u64,
    /// Faults, with their conditions.
    pub faults: Vec<Fault>,
}

impl Default for Switches {
    fn default() -> Self {
        Self {
            page_default: Some(1000),
            page_max: None,
            paging_one: 100,
            known_page_sizes: None,
            short_pages_of: None,
            v4_limit_max_organization: 100,
            v4_limit_max_contracts: 1000,
            no_count: false,
            count_only: CountOnly::WithEmptyItems,
            header: Header::Current,
            key_casing: KeyCasing::Observed,
            nationality: Nationality::Object,
            url_style: UrlStyle::Absolute,
            unknown_filter: UnknownFilter::BadRequest,
            tolerated_filters: vec!["limit".to_owned(), "page".to_owned()],
            unknown_field: UnknownField::BadRequest,
            dictionary_members: DictionaryMembers::Honoured,
            unknown_body_field: UnknownField::BadRequest,
            malformed_query: MalformedQuery::Message,
            v3_errors: ErrorBody::StatusMessage,
            unauthorized_body: ErrorBody::StatusMessage,
            no_right_status: 403,
            created_status: 200,
            missing_user_status: 500,
            by_id: ById::Everything,
            hidden_fields: HiddenFields::Null,
            until_includes_whole_day: true,
            v3_departments: V3Departments::Gone404,
            technical_user_listed: false,
            no_manager: NoManager::Oneself,
            unsorted: Unsorted::Shuffled,
            organization_gone: false,
            leaves_page_max: Some(10_000),
            leaves_without_date: true,
            leaves_show_pending: true,
            leaves_show_inactive: true,
            denied_have_cancellation_date: true,
            leaves_follow_users: true,
            contracts_follow_users: true,
            leave_value: LeaveValue::TimeSpan,
            absence_stamps: AbsenceStamps::Paris,
            absence_since: SinceReading::Converted,
            remote_work_flag: true,
            leave_accounts: AccountShape::Full,
            request_status_filter: true,
            leave_requests_show: ById::IdNameUrl,
            absence_factory: AbsenceFactory::GenerationA,
            factory_access: FactoryAccess::Allowed,
            factory_answer: FactoryAnswer::RequestId,
            factory_refusal: FactoryRefusal::Problem400,
            unconfirmed_warnings: Unconfirmed::Echoed,
            auto_create_false: AutoCreateFalse::CreatesInB,
            request_levels: None,
            absence_import: true,
            import_partial: false,
            import_establishment: ImportEstablishment::Name,
            accounts_without_approval: Vec::new(),
            import_unapproved: ImportUnapproved::Request,
            import_polls: 2,
            write_answer: WriteAnswer::Empty,
            cancel_approved: CancelApproved::Asks,
            approval_settles_all: false,
            approvals_decide_cancellations: false,
            decides_as: DecidesAs::Expected,
            telling: None,
            userlogs: UserLogs::Alive,
            userdates: true,
            modified_at_moves: true,
            clock_offset_minutes: 0,
            rate_limit: Some(50),
            rate_counting: RateCounting::WeightedWindows,
            rate_anchor_ms: 0,
            other_requests_per_minute: 0,
            retry_after: RetryAfter::Absent,
            too_many_body: TooManyBody::Html,
            latency_ms: 0,
            latency_per_row_us: 0,
            faults: Vec::new(),
        }
    }
}

/// The answer to `fields=collection.count` alone (source: wire-grammar.md §1.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CountOnly {
    /// `{"items":[],"count":N}`: the framework of 2017 and a mock of Lucca's own front end.
    WithEmptyItems,
    /// `{"count":N}`: today's framework.
    WithoutItems,
}

/// The `header` of a v3 answer (source: wire-grammar.md §1.6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Header {
    /// `generated`, `principal` and `processId`, beside `"metadata":null`: recorded of the core in 2024.
    Current,
    /// `generated`, `serverTime`, `queryTime`, `queryCount`, `principal` and `processId`, beside
    /// `"metadata":null`: recorded of the core in 2022.
    #[serde(rename = "core_2022")]
    Core2022,
    /// `generated` and `principal`, without `metadata`: recorded of a module in 2022.
    #[serde(rename = "module_2022")]
    Module2022,
    /// `generated`, `serverTime`, `queryTime`, `principal` and `paging`, as in 2017.
    Legacy,
    /// No header at all.
    None,
}

/// Spelling of foreign keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyCasing {
    /// As recorded: `managerID`, `departmentID`, `legalEntityID`, `cultureID`, `cspID`.
    Observed,
    /// As documented: `managerId`, `departmentId`, `legalEntityId`.
    Documented,
}

/// The `nationality` of a user (source: directory.md §6.3, wire-grammar.md §3: an object in production;
/// a text in Lucca's OpenAPI of 2023).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Nationality {
    /// `{"id":"FR","name":"France","currencyId":"EUR"}`, as recorded.
    Object,
    /// `"FR"`.
    Code,
}

/// The `url` of a v3 record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UrlStyle {
    /// `http://host/api/v3/users/1`, with the host of the request. Recorded.
    Absolute,
    /// `api/v3/users/1`.
    Relative,
}

/// A filter on a name that is not a property.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnknownFilter {
    /// 400, as today's framework does.
    BadRequest,
    /// 500, as the framework of 2017 did.
    ServerError,
    /// As if it were absent.
    Ignored,
}

/// A field that is not a property.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnknownField {
    /// 400.
    BadRequest,
    /// As if it were absent.
    Ignored,
}

/// The 400 for an unreadable query.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MalformedQuery {
    /// With the framework's message.
    Message,
    /// Without a body.
    Empty,
}

/// The shapes of error bodies that coexist (source: wire-grammar.md §1.8).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorBody {
    /// `{"Status":404,"Message":"…"}`.
    StatusMessage,
    /// `{"status":404,"message":"…","data":null}`.
    LowerCase,
    /// The bare message, labelled as JSON.
    Bare,
    /// RFC 7807.
    Problem,
    /// Nothing.
    Empty,
}

/// The properties of a v3 record by id without `fields` (source: wire-grammar.md §1.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ById {
    /// Every property. Recorded of users.
    Everything,
    /// `id`, `name`, `url`.
    IdNameUrl,
}

/// A property that the key may not see (source: directory.md §4.2, where it is an open question).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HiddenFields {
    /// Present and null.
    Null,
    /// Absent.
    Omitted,
    /// A request for a list or a record with it is refused as a whole.
    Refused,
}

/// Availability of the v3 departments.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum V3Departments {
    /// 404.
    #[serde(rename = "gone_404")]
    Gone404,
    /// 410.
    #[serde(rename = "gone_410")]
    Gone410,
    /// Still answering.
    Alive,
}

/// The `value` of a leave in hours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LeaveValue {
    /// `03:30:00`.
    TimeSpan,
    /// `PT3H30M`.
    Iso8601,
    /// `3.5`.
    Number,
}

/// Zone and format of the stamps of absences.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AbsenceStamps {
    /// Paris local time without offset.
    Paris,
    /// UTC without offset.
    Utc,
    /// UTC with a `Z`, as documented.
    UtcMarked,
}

/// A filter value with a zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SinceReading {
    /// The instant, in the zone of the stored stamps.
    Converted,
    /// The digits as written, without the zone.
    AsWritten,
}

/// The properties of leave accounts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccountShape {
    /// `id`, `name`, `url`, `isRemoteWork`.
    Full,
    /// `id`, `name`, `url`: any other field is unknown.
    IdName,
    /// 404.
    Gone,
}

/// The log of changes to users.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UserLogs {
    /// Answers.
    Alive,
    /// 403.
    Forbidden,
    /// 404.
    Gone,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_round_trip_and_unknown_names_fail() {
        let json = serde_json::to_string(&Switches::default()).expect("serialises");
        assert_eq!(serde_json::from_str::<Switches>(&json).expect("reads back"), Switches::default());
        assert_eq!(serde_json::from_str::<Switches>("{}").expect("all default"), Switches::default());
        assert!(serde_json::from_str::<Switches>(r#"{"page_maximum":1}"#).is_err());
    }
}
