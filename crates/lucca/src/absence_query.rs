//! Queries for leaves, leave requests, user logs and days: their conditions and fields, mapped to Lucca's
//! names. The query syntax is in `query::v3`.

use jiff::civil::{Date, DateTime};
use people::RemoteId;
use people::{FieldGroup, FieldGroups, WorkPart};

use crate::asked::FilterStyle;
use crate::query::v3::{Comparator, Fields, Filter};
use crate::user_query::DateFilter;

/// The employees whose leaves are read. Lucca requires this condition. Source: absences.md §3.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Owners {
    /// All employees that the key may see (`leavePeriod.ownerId=greaterthan,0`, as in Lucca's own recipes).
    Everybody,
    /// These users; an empty list selects no employee. At most a few hundred: servers refuse longer URLs.
    Ids(Vec<RemoteId>),
    /// The employees of these establishments today, regardless of the employer on the leave's day
    /// (`leavePeriod.owner.legalEntityId`); an empty list selects no employee.
    Establishments(Vec<RemoteId>),
}

impl Owners {
    pub(crate) fn is_nobody(&self) -> bool {
        matches!(self, Self::Ids(ids) | Self::Establishments(ids) if ids.is_empty())
    }
}

/// A query for leaves. All conditions must hold together.
///
/// The server compares the times of changes in an undocumented zone: request some hours more, and
/// de-duplicate. Source: absences.md §1 (dates) and §3.1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeaveQuery {
    /// [`FieldGroup::LeaveReason`] adds the comment; no other group matters.
    pub groups: FieldGroups,
    /// Days of the leaves.
    // unverified: whether it may be left out beside a condition on a time of change; it is always sent.
    pub date: DateFilter,
    /// Employees of the leaves.
    pub owners: Owners,
    /// The establishments to request instead, if a server refuses [`Owners::Everybody`].
    // unverified: whether a server refuses it; the documentation has no way to request all employees.
    pub fallback_establishments: Vec<RemoteId>,
    /// Created at or after this time, in UTC.
    pub created_since: Option<DateTime>,
    /// Confirmed at or after this time, in UTC.
    pub confirmed_since: Option<DateTime>,
    /// Cancelled at or after this time, in UTC.
    pub cancelled_since: Option<DateTime>,
    /// Only unconfirmed leaves: those that wait for an approval.
    // unverified: whether the list has them without this condition (absences.md §3).
    pub unconfirmed_only: bool,
    /// Only inactive leaves: cancelled, denied, or deleted.
    // unverified: likewise (absences.md §3.1).
    pub inactive_only: bool,
    /// Only ids, and the fields that show whether the leave is still active.
    pub sparse: bool,
}

impl LeaveQuery {
    /// Every leave on these days, of all employees, without comments.
    pub fn on(date: DateFilter) -> Self {
        Self {
            groups: FieldGroups::NONE,
            date,
            owners: Owners::Everybody,
            fallback_establishments: Vec::new(),
            created_since: None,
            confirmed_since: None,
            cancelled_since: None,
            unconfirmed_only: false,
            inactive_only: false,
            sparse: false,
        }
    }

    pub(crate) fn filters(&self, filter_style: FilterStyle) -> Vec<Filter> {
        let is_fallback = filter_style == FilterStyle::Fallback;
        let owners = match &self.owners {
            Owners::Everybody if is_fallback && !self.fallback_establishments.is_empty() => {
                of_establishments(&self.fallback_establishments)
            }
            Owners::Everybody => Filter::new("leavePeriod.ownerId", Comparator::GreaterThan, ["0"]),
            Owners::Ids(ids) => Filter::new("leavePeriod.ownerId", Comparator::Equals, texts(ids)),
            Owners::Establishments(ids) => of_establishments(ids),
        };
        let mut filters = vec![self.date.on("date"), owners];
        filters.extend(since("creationDate", self.created_since));
        filters.extend(since("leavePeriod.confirmationDate", self.confirmed_since));
        if self.inactive_only {
            filters.push(Filter::new("isActive", Comparator::Equals, ["false"]));
        }
        if self.unconfirmed_only {
            filters.push(Filter::new("leavePeriod.isConfirmed", Comparator::Equals, ["false"]));
        }
        if self.cancelled_since.is_some() {
            filters.extend(since("cancellationDate", self.cancelled_since));
            // unverified: whether cancelled leaves are hidden without this condition (absences.md §3.1).
            if !is_fallback {
                filters.push(Filter::new("isActive", Comparator::Equals, ["false"]));
            }
        }
        filters
    }

    pub(crate) fn has_fallback_filter(&self) -> bool {
        let everybody = self.owners == Owners::Everybody && !self.fallback_establishments.is_empty();
        everybody || self.cancelled_since.is_some()
    }

    pub(crate) fn fields(&self) -> Fields {
        if self.sparse {
            return Fields::new().leaves(&["id", "isActive", "cancellationDate"]);
        }
        // `isRemoteWork` and a period's first and last half-day are undocumented, but public clients, Lucca's
        // own among them, request them (absences.md §2.1 and §2.2).
        let fields = Fields::new()
            .leaves(&["id", "date", "isAM", "leaveAccountId", "leavePeriodId", "value", "creationDate"])
            .leaves(&["isActive", "cancellationDate", "cancellationUserId", "isRemoteWork"])
            .nested("leaveAccount", &["id", "name"])
            .nested("leavePeriod", &["id", "ownerId", "isConfirmed", "confirmationDate"])
            .nested("leavePeriod", &["startsOn", "startsAM", "endsOn", "endsAM"]);
        if self.groups.contains(FieldGroup::LeaveReason) { fields.leaf("comment") } else { fields }
    }
}

/// The documented fields of a leave. Source: absences.md §2.1 and §2.2.
pub(crate) fn core_leave_fields() -> Fields {
    Fields::new()
        .leaves(&["id", "date", "isAM", "leaveAccountId", "leavePeriodId", "value", "creationDate"])
        .leaves(&["isActive", "cancellationDate", "cancellationUserId", "comment"])
        .nested("leavePeriod", &["id", "ownerId", "isConfirmed", "confirmationDate"])
}

/// A query for leave requests.
// unverified: every condition but `status`; the documentation names no parameter at all (absences.md §4).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LeaveRequestQuery {
    /// [`FieldGroup::LeaveReason`] adds comments; no other group matters.
    pub groups: FieldGroups,
    /// Only those that wait for an approval, of the request or of its cancellation (`status=0,5`).
    pub pending_only: bool,
    /// Created at or after this time, in UTC.
    pub created_since: Option<DateTime>,
    /// Only these requests; none means all.
    pub ids: Vec<RemoteId>,
    /// Only the fields that show whether a request still waits, and for which approver: id, status, next
    /// approver, and the ids of the decisions so far.
    pub sparse: bool,
}

impl LeaveRequestQuery {
    pub(crate) fn filters(&self) -> Vec<Filter> {
        let mut filters = Vec::new();
        if !self.ids.is_empty() {
            filters.push(Filter::new("id", Comparator::Equals, texts(&self.ids)));
        }
        if self.pending_only {
            filters.push(Filter::new("status", Comparator::Equals, ["0", "5"]));
        }
        filters.extend(since("creationDate", self.created_since));
        filters
    }

    pub(crate) fn fields(&self) -> Fields {
        if self.sparse {
            return Fields::new()
                .leaves(&["id", "status", "nextApproverId"])
                .nested("approvals", &["id"])
                .nested("cancellationRequests", &["id"]);
        }
        let fields = core_leave_request_fields()
            .leaf("nextApproverId")
            .nested("approvals", &["id", "date", "approverId", "substitutedApproverId", "approved"])
            .nested("cancellationRequests", &["id", "authorId", "rank", "approved", "creationDate"])
            .nested("cancellationRequests", &["nextApproverId", "isActive"]);
        if !self.groups.contains(FieldGroup::LeaveReason) {
            return fields;
        }
        // A period's log holds its owner's comments (absences.md §2.2).
        fields
            .nested("approvals", &["comment"])
            .nested("cancellationRequests", &["comment"])
            .nested("leavePeriod", &["logs.id", "logs.status", "logs.comment"])
    }
}

/// The fields of a leave request without lists. Source: absences.md §2.4.
pub(crate) fn core_leave_request_fields() -> Fields {
    Fields::new()
        .leaves(&["id", "leavePeriodId", "status", "creationDate", "cancellationUserId", "cancellationDate"])
        .leaf("isActive")
        .nested("leavePeriod", &["id", "ownerId"])
}

/// A query for changes of users (`/api/v3/userlogs`, undocumented). Source: directory.md §11.6.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserLogQuery {
    /// Changes of these properties; an empty list selects none.
    // unverified: whether one request may name several. If the server refuses the list or returns nothing,
    // request one after the other (`one_by_one`).
    pub properties: Vec<UserProperty>,
    /// Changed at or after this wall-clock time, in the zone of the records.
    // unverified: whether the endpoint supports this condition.
    pub modified_since: Option<DateTime>,
    /// Only changes of these users; none means all.
    // unverified: whether the endpoint supports this condition.
    pub owners: Vec<RemoteId>,
}

/// A property of users whose changes are logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum UserProperty {
    /// `departmentid`.
    Department,
    /// `legalentityid`: the establishment.
    Establishment,
    /// `manager`.
    Manager,
}

people::names! {
    UserProperty: "user property" {
        Department = "departmentid",
        Establishment = "legalentityid",
        Manager = "manager",
    }
}

impl Default for UserLogQuery {
    /// Every change of department, establishment and manager.
    fn default() -> Self {
        Self { properties: UserProperty::ALL.to_vec(), modified_since: None, owners: Vec::new() }
    }
}

impl UserLogQuery {
    /// Every change of the properties in `groups`. `None` if they contain no such property.
    pub fn of(groups: FieldGroups) -> Self {
        let is_wanted = |property: &UserProperty| match property {
            UserProperty::Department | UserProperty::Establishment => groups.contains(FieldGroup::Work),
            UserProperty::Manager => groups.contains_part(WorkPart::Manager),
        };
        Self { properties: UserProperty::ALL.into_iter().filter(is_wanted).collect(), ..Self::default() }
    }

    /// The same query for each property on its own.
    pub fn one_by_one(&self) -> impl Iterator<Item = Self> + '_ {
        self.properties.iter().map(|property| Self { properties: vec![*property], ..self.clone() })
    }

    pub(crate) fn filters(&self) -> Vec<Filter> {
        let names = self.properties.iter().map(|property| property.name());
        let mut filters = vec![Filter::new("name", Comparator::Equals, names)];
        if !self.owners.is_empty() {
            filters.push(Filter::new("owner.id", Comparator::Equals, texts(&self.owners)));
        }
        if let Some(since) = self.modified_since {
            let since = since.strftime("%Y-%m-%dT%H:%M:%S").to_string();
            filters.push(Filter::new("modifiedAt", Comparator::Since, [since]));
        }
        filters
    }

    pub(crate) fn fields() -> Fields {
        Fields::new()
            .leaves(&["id", "name", "modifiedAt", "value"])
            .nested("owner", &["id"])
            .nested("author", &["id"])
    }
}

/// A query for days of users.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct UserDateQuery {
    pub(crate) owners: Vec<RemoteId>,
    pub(crate) first: Date,
    pub(crate) last: Date,
}

impl UserDateQuery {
    pub(crate) fn filters(&self) -> Vec<Filter> {
        vec![
            Filter::new("ownerId", Comparator::Equals, texts(&self.owners)),
            DateFilter::Between(self.first, self.last).on("date"),
        ]
    }

    /// `isOff` is an older field. Source: absences.md §8.
    pub(crate) fn fields() -> Fields {
        Fields::new()
            .leaves(&["ownerId", "date", "isHoliday", "isWeeklyRest"])
            .nested("am", &["dtt", "isOff"])
            .nested("pm", &["dtt", "isOff"])
    }
}

fn of_establishments(ids: &[RemoteId]) -> Filter {
    Filter::new("leavePeriod.owner.legalEntityId", Comparator::Equals, texts(ids))
}

/// The documented form of a condition on a time of change. Source: absences.md §3.1.
fn since(property: &'static str, time: Option<DateTime>) -> Option<Filter> {
    let time = time?.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    Some(Filter::new(property, Comparator::Since, [time]))
}

fn texts(ids: &[RemoteId]) -> impl Iterator<Item = &str> {
    ids.iter().map(RemoteId::as_str)
}
