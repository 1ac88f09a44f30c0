//! The part of a tenant's API that its customer shared: the paths, fields and employees that a passthrough
//! request may reach. `passthrough` sends such requests.
//!
//! A path, a query parameter or a member that is not in the tables here is refused, or dropped from the
//! response. Approvers' comments are not listed, because their authors may have been erased.

use std::collections::{BTreeSet, HashSet};

use people::RemoteId;
use people::{FieldGroup, FieldGroups};
use serde_json::{Map, Value};

use crate::passthrough::{ApiPath, Method};
use crate::query::decode_pairs;
use crate::route::{Style, routes};
use crate::stream::Stream;
use crate::user_members::{ApplicationMember, Keep, keep};

/// The data of a tenant that its customer shared.
#[derive(Clone, Debug)]
pub struct SharedScope {
    /// The streams of the features that the customer did not decline.
    pub streams: BTreeSet<Stream>,
    /// The field groups of employees.
    pub groups: FieldGroups,
    /// Keys of excluded custom fields, in lower case.
    pub excluded_custom_fields: BTreeSet<String>,
    /// Erased employees, by their ids in Lucca.
    pub erased: HashSet<RemoteId>,
}

/// The reason why a request is refused. The names are those in the request.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotShared {
    /// The path belongs to no stream that the customer shared.
    #[error("the path {0} is outside the customer's shared scope")]
    Path(String),
    /// A query parameter that is neither a shared field nor one for paging, sorting or selecting.
    #[error("the query parameter {0:?} is neither a shared field nor one for paging, sorting or selecting")]
    Parameter(String),
    /// A field outside the shared scope, or a list of fields that can't be parsed.
    #[error("the field {0:?} is outside the customer's shared scope")]
    Field(String),
    /// The method changes data that the customer did not allow the app to change.
    #[error("{0} changes records; passthrough requests may change absence requests only")]
    Method(&'static str),
    /// The request is about an erased employee, or is a change that may be about one.
    #[error(
        "the request is about an erased employee, or its body names no owner and the account has erased \
         employees"
    )]
    Erased,
}

const LONGEST_ID: usize = 64;
const ID_NAME: &[&str] = &["id", "name"];
const ID: &[&str] = &["id"];

type Members = &'static [(&'static str, &'static [&'static str])];

/// The members of a stream's records, each with those below it; users have a table of their own. An empty
/// list means the whole value. Sources: as of the readers in `resources`.
fn members(stream: Stream) -> Members {
    match stream {
        Stream::Users | Stream::UserLogs => &[],
        Stream::LegalUnits => &[
            ("id", &[]),
            ("name", &[]),
            ("code", &[]),
            ("country", &["id", "name", "code", "currencyCode"]),
            ("countryId", &[]),
            ("legalIdentificationNumber", &[]),
            ("activityCode", &[]),
            ("headquarters", ID_NAME),
            ("headquartersId", &[]),
            ("isArchived", &[]),
            ("createdAt", &[]),
        ],
        Stream::Establishments => &[
            ("id", &[]),
            ("name", &[]),
            ("code", &[]),
            ("legalUnit", ID_NAME),
            ("legalUnitId", &[]),
            ("legalIdentificationNumber", &[]),
            ("activityCode", &[]),
            ("calendar", ID_NAME),
            ("calendarId", &[]),
            ("address", &["street", "zipCode", "city"]),
            ("timeZoneId", &[]),
            ("isArchived", &[]),
            ("usersCount", &[]),
            ("createdAt", &[]),
            ("lastModifiedAt", &[]),
        ],
        Stream::Departments => &[
            ("id", &[]),
            ("name", &[]),
            ("code", &[]),
            ("description", &[]),
            ("hierarchy", &[]),
            ("parentId", &[]),
            ("parentLuccaId", &[]),
            ("isActive", &[]),
            ("head", ID),
            ("headId", &[]),
            ("position", &[]),
            ("level", &[]),
            ("sortOrder", &[]),
            ("sortOrderInSiblings", &[]),
            ("createdAt", &[]),
            ("lastModifiedAt", &[]),
        ],
        Stream::OccupationCategories => {
            &[("id", &[]), ("name", &[]), ("createdAt", &[]), ("modifiedAt", &[]), ("usages", ID_NAME)]
        }
        Stream::JobQualifications => &[
            ("id", &[]),
            ("name", &[]),
            ("job", ID_NAME),
            ("jobId", &[]),
            ("level", &["id", "name", "position"]),
            ("levelId", &[]),
            ("isActive", &[]),
            ("usersCount", &[]),
        ],
        Stream::HiringTypes | Stream::TerminationReasons | Stream::TemporaryContractGrounds => {
            &[("id", &[]), ("name", &[]), ("label", &[]), ("code", &[])]
        }
        Stream::WorkContracts => &[
            ("id", &[]),
            ("owner", ID),
            ("ownerId", &[]),
            ("externalId", &[]),
            ("type", ID_NAME),
            ("typeId", &[]),
            ("startsOn", &[]),
            ("endsOn", &[]),
            ("isApplicable", &[]),
            ("isArchived", &[]),
            ("establishment", ID_NAME),
            ("establishmentId", &[]),
            ("spc", ID_NAME),
            ("spcId", &[]),
            ("hiringType", ID_NAME),
            ("hiringTypeId", &[]),
            ("terminationReason", ID_NAME),
            ("terminationReasonId", &[]),
            ("temporaryContractGround", ID_NAME),
            ("temporaryContractGroundId", &[]),
            ("internshipSupervisor", ID),
            ("internshipSupervisorId", &[]),
            ("author", ID),
            ("authorId", &[]),
            ("lastModifier", ID),
            ("lastModifierId", &[]),
            ("trialPeriodDays", &[]),
            ("renewedTrialPeriodDays", &[]),
            ("trialPeriodEndDate", &[]),
            ("trialPeriodEndDate2", &[]),
            ("createdAt", &[]),
            ("lastModifiedAt", &[]),
            ("workingTimeArrangement", ID_NAME),
            ("workingTimeArrangementId", &[]),
        ],
        Stream::LeaveAccounts => &[
            ("id", &[]),
            ("name", &[]),
            ("isRemoteWork", &[]),
            ("category", ID_NAME),
            ("categoryId", &[]),
            ("categoryName", &[]),
            ("unit", &[]),
        ],
        Stream::CustomFieldDefinitions => {
            &[("id", &[]), ("name", &[]), ("formatKey", &[]), ("extensionUserPropertyListEntries", ID_NAME)]
        }
        Stream::Leaves => &[
            ("id", &[]),
            ("date", &[]),
            ("isAM", &[]),
            ("leaveAccountId", &[]),
            ("leaveAccount", ID_NAME),
            ("leavePeriodId", &[]),
            (
                "leavePeriod",
                &[
                    "id",
                    "ownerId",
                    "isConfirmed",
                    "confirmationDate",
                    "startsOn",
                    "startsAM",
                    "endsOn",
                    "endsAM",
                ],
            ),
            ("value", &[]),
            ("creationDate", &[]),
            ("isActive", &[]),
            ("cancellationDate", &[]),
            ("cancellationUserId", &[]),
            ("isRemoteWork", &[]),
            (COMMENT, &[]),
        ],
        Stream::LeaveRequests => &[
            ("id", &[]),
            ("leavePeriodId", &[]),
            ("leavePeriod", &["id", "ownerId"]),
            ("status", &[]),
            ("creationDate", &[]),
            ("cancellationUserId", &[]),
            ("cancellationDate", &[]),
            ("isActive", &[]),
            ("nextApproverId", &[]),
            ("approvals", &["id", "date", "approverId", "substitutedApproverId", "approved"]),
            (
                "cancellationRequests",
                &["id", "authorId", "rank", "approved", "creationDate", "nextApproverId", "isActive"],
            ),
        ],
        Stream::UserDates => &[
            ("ownerId", &[]),
            ("owner", ID),
            ("date", &[]),
            ("isHoliday", &[]),
            ("isWeeklyRest", &[]),
            ("am", &["dtt", "isOff"]),
            ("pm", &["dtt", "isOff"]),
        ],
    }
}

/// An employee's comment on their absence: only with [`FieldGroup::LeaveReason`].
const COMMENT: &str = "comment";

/// The paths in a stream's records that name their owner, best first.
fn owner_paths(stream: Stream) -> &'static [&'static [&'static str]] {
    match stream {
        Stream::Users => &[&["id"]],
        Stream::WorkContracts | Stream::UserDates => &[&["ownerId"], &["owner", "id"]],
        Stream::Leaves | Stream::LeaveRequests => &[&["leavePeriod", "ownerId"]],
        _ => &[],
    }
}

/// The records that a request reaches; it filters the response.
#[derive(Clone, Copy, Debug)]
pub struct Target<'a> {
    scope: &'a SharedScope,
    stream: Stream,
}

impl SharedScope {
    /// The target of a request, if everything that the request names is shared.
    ///
    /// # Errors
    ///
    /// The first unshared path, parameter or field.
    pub fn target(
        &self,
        method: Method,
        path: &ApiPath,
        body: Option<&Value>,
    ) -> Result<Target<'_>, NotShared> {
        let not_shared = || NotShared::Path(path.without_query().to_owned());
        let (stream, is_v3, id) = self.resource(path.without_query()).ok_or_else(not_shared)?;
        if stream == Stream::Users && id.is_some_and(|id| self.erased.contains(&RemoteId::new(id))) {
            return Err(NotShared::Erased);
        }
        let target = Target { scope: self, stream };
        target.check_query(path.query(), is_v3)?;
        if method != Method::Get {
            if stream != Stream::LeaveRequests {
                return Err(NotShared::Method(method.name()));
            }
            let owners = body.map(named_owners).unwrap_or_default();
            let is_of_others = !owners.is_empty() && owners.iter().all(|owner| !self.erased.contains(owner));
            if !self.erased.is_empty() && !is_of_others {
                return Err(NotShared::Erased);
            }
        }
        Ok(target)
    }

    /// The stream at a path, whether its grammar is v3, and the id at the path's end.
    fn resource<'p>(&self, path: &'p str) -> Option<(Stream, bool, Option<&'p str>)> {
        for &stream in self.streams.iter().filter(|stream| **stream != Stream::UserLogs) {
            for route in routes(stream).iter().filter(|route| route.style != Style::Tree) {
                let Some((start, rest)) = path.split_at_checked(route.path.len()) else { continue };
                if !start.eq_ignore_ascii_case(route.path) {
                    continue;
                }
                let id = rest.strip_prefix('/');
                let is_id = |id: &str| {
                    !id.is_empty()
                        && id.len() <= LONGEST_ID
                        && id.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-')
                };
                if rest.is_empty() || id.is_some_and(is_id) {
                    return Some((stream, route.style == Style::V3, id));
                }
            }
        }
        None
    }
}

impl Target<'_> {
    /// The visible part of a member, by its key in any case.
    fn keep(&self, key: &str) -> Keep {
        if self.stream == Stream::Users {
            return keep(self.scope.groups, key);
        }
        let is_comment = key.eq_ignore_ascii_case(COMMENT);
        match members(self.stream).iter().find(|(name, _)| name.eq_ignore_ascii_case(key)) {
            Some(_) if is_comment && !self.scope.groups.contains(FieldGroup::LeaveReason) => Keep::Nothing,
            None => Keep::Nothing,
            Some((_, [])) => Keep::Whole,
            Some((_, below)) => Keep::Members(below),
        }
    }

    fn keeps_below(&self, keep: Keep, key: &str) -> bool {
        match keep {
            Keep::Nothing | Keep::Whole => false,
            Keep::Members(names) => names.iter().any(|name| name.eq_ignore_ascii_case(key)),
            Keep::ApplicationData => ApplicationMember::of(key).is_in(self.scope.groups),
            Keep::ExtendedData => !self.scope.excluded_custom_fields.contains(&key.to_ascii_lowercase()),
        }
    }

    /// Whether a dotted path of names is shared: `manager.id`.
    fn check_field(&self, path: &str) -> Result<(), NotShared> {
        let mut names = path.split('.');
        let keep = self.keep(names.next().unwrap_or_default());
        let is_shared = match (names.next(), names.next()) {
            (None, _) => keep != Keep::Nothing,
            (Some(below), None) => self.keeps_below(keep, below),
            (Some(_), Some(_)) => false,
        };
        if is_shared { Ok(()) } else { Err(NotShared::Field(path.to_owned())) }
    }

    fn check_query(&self, query: &str, is_v3: bool) -> Result<(), NotShared> {
        for (name, value) in decode_pairs(query) {
            let unreadable = || NotShared::Field(value.clone());
            match (name.to_ascii_lowercase().as_str(), is_v3) {
                ("paging" | "formeremployees", true) | ("page" | "limit" | "isarchived", false) => {}
                ("fields", true) => {
                    for path in field_paths(&value).ok_or_else(unreadable)? {
                        if path != "collection" && path != "collection.count" {
                            self.check_field(&path)?;
                        }
                    }
                }
                ("fields.root", false) if value == "count" => {}
                ("orderby", true) => {
                    let is_direction =
                        |word: &&str| word.eq_ignore_ascii_case("asc") || word.eq_ignore_ascii_case("desc");
                    let mut words = value.split(',').filter(|word| !is_direction(word));
                    words.try_for_each(|path| self.check_field(path))?;
                }
                ("sort", false) => {
                    value.split(',').try_for_each(|path| self.check_field(path.trim_start_matches('-')))?;
                }
                _ => self.check_field(&name).map_err(|_| NotShared::Parameter(name.clone()))?,
            }
        }
        Ok(())
    }

    /// The part of a successful response that may be passed on: its records with their shared members, and
    /// their count. If employees were erased, none of their data, no record without a named owner, and no
    /// count.
    pub fn filter(&self, mut body: Value) -> Value {
        self.filter_level(&mut body);
        body
    }

    fn filter_level(&self, level: &mut Value) {
        match level {
            Value::Array(items) => items.retain_mut(|item| self.filter_record(item)),
            Value::Object(envelope) if is_envelope(envelope) => {
                let has_erased = !self.scope.erased.is_empty();
                envelope.retain(|key, value| match key.to_ascii_lowercase().as_str() {
                    "data" | "items" => {
                        self.filter_level(value);
                        true
                    }
                    "count" => value.is_number() && !has_erased,
                    _ => false,
                });
            }
            record => {
                if !self.filter_record(record) {
                    *record = Value::Null;
                }
            }
        }
    }

    /// Removes unshared members from a record. Returns false if the whole record must be dropped.
    fn filter_record(&self, record: &mut Value) -> bool {
        let paths = owner_paths(self.stream);
        let owner = paths.iter().find_map(|path| id_at(record, path));
        if !self.scope.erased.is_empty() && !paths.is_empty() {
            match owner {
                Some(owner) if !self.scope.erased.contains(&owner) => {}
                _ => return false,
            }
        }
        let Value::Object(members) = record else { return false };
        members.retain(|key, value| {
            let keep = self.keep(key);
            match keep {
                Keep::Nothing => return false,
                Keep::Whole => {
                    // A member listed as a plain value may arrive as the referenced object.
                    let is_free = self.stream == Stream::Users;
                    return is_free || !(value.is_object() || value.is_array());
                }
                Keep::Members(_) | Keep::ApplicationData | Keep::ExtendedData => {}
            }
            let below = |object: &mut Map<String, Value>| object.retain(|key, _| self.keeps_below(keep, key));
            match value {
                Value::Object(object) => below(object),
                Value::Array(items) => items.iter_mut().filter_map(Value::as_object_mut).for_each(below),
                _ => {}
            }
            true
        });
        true
    }
}

/// Whether an object is an envelope around records: `{"header", "data": {"items"}}` or `{"items", "count"}`.
fn is_envelope(object: &Map<String, Value>) -> bool {
    object.iter().any(|(key, value)| {
        (key.eq_ignore_ascii_case("data") || key.eq_ignore_ascii_case("items"))
            && (value.is_object() || value.is_array() || value.is_null())
    })
}

fn member<'v>(value: &'v Value, name: &str) -> Option<&'v Value> {
    let mut members = value.as_object()?.iter();
    members.find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
}

fn id_at(record: &Value, path: &[&str]) -> Option<RemoteId> {
    let id = path.iter().try_fold(record, |value, name| member(value, name))?;
    as_id(id)
}

fn as_id(value: &Value) -> Option<RemoteId> {
    match value {
        Value::String(text) => Some(RemoteId::new(text.trim())),
        Value::Number(number) => Some(RemoteId::new(number.to_string())),
        _ => None,
    }
}

/// The employees named in a request's body, at any depth.
fn named_owners(body: &Value) -> Vec<RemoteId> {
    const IDS: [&str; 3] = ["ownerId", "userId", "employeeId"];
    const OBJECTS: [&str; 3] = ["owner", "user", "employee"];
    let ids = IDS.iter().filter_map(|name| member(body, name).and_then(as_id));
    let objects = OBJECTS.iter().filter_map(|name| id_at(body, &[name, "id"]));
    let mut owners: Vec<RemoteId> = ids.chain(objects).collect();
    match body {
        Value::Array(items) => owners.extend(items.iter().flat_map(named_owners)),
        Value::Object(members) => owners.extend(members.values().flat_map(named_owners)),
        _ => {}
    }
    owners
}

/// The dotted paths of a list of fields: `id,manager[id,name]` is `id`, `manager`, `manager.id`,
/// `manager.name`. `None` if it is not such a list.
fn field_paths(text: &str) -> Option<Vec<String>> {
    let mut paths = Vec::new();
    let mut above: Vec<String> = Vec::new();
    let mut name = String::new();
    let full =
        |above: &[String], name: &str| above.iter().map(|name| format!("{name}.")).collect::<String>() + name;
    for character in text.chars().chain([',']) {
        match character {
            ',' | '[' | ']' => {
                if !name.is_empty() {
                    paths.push(full(&above, &name));
                }
                match character {
                    '[' if name.is_empty() => return None,
                    '[' => above.push(std::mem::take(&mut name)),
                    ']' => drop(above.pop()?),
                    _ => {}
                }
                name.clear();
            }
            c if c.is_ascii_alphanumeric() || c == '_' || c == '.' => name.push(c),
            _ => return None,
        }
    }
    above.is_empty().then_some(paths)
}
