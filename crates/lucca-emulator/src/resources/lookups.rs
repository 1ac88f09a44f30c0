//! Small v3 resources: roles, calendars, cultures, work cycles, categories, countries, user logs,
//! leave accounts. Source: directory.md §11.6, §11.7; leave accounts: absences.md §8.

use std::borrow::Cow;

use super::{Node, View, users};
use crate::{
    company::{
        model::{LeaveAccount, Log, Lookup, Qualification},
        structure::{COUNTRIES, CULTURES},
    },
    grammar::{
        schema::{Property as P, Type},
        value::{Value, url},
    },
};

const NAMED: &[P] = &[P::int("id"), P::text("name"), P::text("url")];

pub(crate) static CALENDAR: Type =
    Type { name: "PublicHolidayCalendar", plural: "publicHolidayCalendars", entity: true, properties: NAMED };
pub(crate) static WORK_CYCLE: Type =
    Type { name: "WorkCycle", plural: "workcycles", entity: true, properties: NAMED };
pub(crate) static CATEGORY: Type = Type { name: "Csp", plural: "csps", entity: true, properties: NAMED };
pub(crate) static CULTURE: Type = Type {
    name: "Culture",
    plural: "cultures",
    entity: true,
    properties: &[P::int("id"), P::text("name"), P::text("url"), P::text("code")],
};
pub(crate) static ROLE: Type = Type {
    name: "Role",
    plural: "roles",
    entity: true,
    properties: &[
        P::int("id"),
        P::text("name"),
        P::text("url"),
        P::int("usersCount"),
        P::many("users", &users::USER),
    ],
};
pub(crate) static QUALIFICATION: Type =
    Type { name: "JobQualification", plural: "jobQualifications", entity: true, properties: NAMED };
/// unverified: only that it is an object; its id is documented as an ISO code.
pub(crate) static NATIONALITY: Type = Type {
    name: "Nationality",
    plural: "nationalities",
    entity: true,
    properties: &[P::text("id"), P::text("name")],
};
/// unverified: properties beyond id and name.
pub(crate) static LEAVE_ACCOUNT: Type = Type {
    name: "LeaveAccount",
    plural: "leaveAccounts",
    entity: true,
    properties: &[P::int("id"), P::text("name"), P::text("url"), P::bool("isRemoteWork")],
};
/// The same where only that much shows.
pub(crate) static LEAVE_ACCOUNT_BARE: Type =
    Type { name: "LeaveAccount", plural: "leaveAccounts", entity: true, properties: NAMED };
/// Source: directory.md §11.6; undocumented by Lucca.
pub(crate) static LOG: Type = Type {
    name: "UserLog",
    plural: "userlogs",
    entity: true,
    properties: &[
        P::int("id"),
        P::text("name"),
        P::text("url"),
        P::int("ownerId"),
        P::one("owner", &users::USER),
        P::int("authorId"),
        P::one("author", &users::USER),
        P::date("modifiedAt"),
        P::text("modificationSource"),
        P::text("entryType"),
        P::text("value"),
    ],
};

/// A record of a list by its id.
pub(crate) fn find<'a>(of: &'static Type, among: &'a [Lookup], id: i64) -> Option<Node<'a>> {
    among.iter().find(|one| one.id == id).map(|one| Node::Named(of, one.id, &one.name))
}

pub(crate) fn culture(id: i64) -> Value<'static> {
    let known = CULTURES.iter().find(|(lcid, ..)| *lcid == id);
    Value::one(known.map(|(lcid, name, _)| Node::Named(&CULTURE, *lcid, name)))
}

pub(crate) fn country(code: &str) -> Option<&'static (i64, &'static str, &'static str, &'static str)> {
    COUNTRIES.iter().find(|(_, iso, ..)| *iso == code)
}

pub(crate) fn nationality(
    country: &'static (i64, &'static str, &'static str, &'static str),
    property: &'static str,
) -> Value<'static> {
    match property {
        "id" => Value::text(country.1),
        "name" => Value::text(country.2),
        _ => Value::Null,
    }
}

pub(crate) fn named<'a>(
    view: &View<'a>,
    of: &'static Type,
    id: i64,
    name: &'a str,
    property: &'static str,
) -> Value<'a> {
    let holders = || {
        view.company
            .people
            .iter()
            .filter(move |one| (one.role == id || one.extra_roles.contains(&id)) && view.sees(one))
    };
    match property {
        "id" => Value::Int(id),
        "name" => Value::text(name),
        "url" => url(view, of.plural, id),
        "code" => Value::maybe_text(CULTURES.iter().find(|(lcid, ..)| *lcid == id).map(|(_, _, code)| *code)),
        "usersCount" => Value::Int(i64::try_from(holders().count()).unwrap_or(i64::MAX)),
        "users" => Value::Many(holders().map(Node::User).collect()),
        _ => Value::Null,
    }
}

pub(crate) fn qualification<'a>(
    view: &View<'a>,
    found: &'a Qualification,
    property: &'static str,
) -> Value<'a> {
    match property {
        "id" => Value::Int(found.id),
        "name" => Value::text(&found.name),
        "url" => url(view, QUALIFICATION.plural, found.id),
        _ => Value::Null,
    }
}

pub(crate) fn leave_account<'a>(
    view: &View<'a>,
    account: &'a LeaveAccount,
    property: &'static str,
) -> Value<'a> {
    match property {
        "id" => Value::Int(account.id),
        "name" => Value::text(&account.name),
        "url" => url(view, "leaveAccounts", account.id),
        "isRemoteWork" => Value::Bool(account.remote_work && view.switches.remote_work_flag),
        _ => Value::Null,
    }
}

pub(crate) fn log<'a>(view: &View<'a>, log: &'a Log, property: &'static str) -> Value<'a> {
    match property {
        "id" => Value::Int(log.id),
        "name" => Value::text(log.name),
        "url" => url(view, "userlogs", log.id),
        "ownerId" => Value::Int(log.owner),
        "owner" => Value::one(view.company.person(log.owner).map(Node::User)),
        "authorId" => Value::Int(log.author),
        "author" => Value::one(view.company.person(log.author).map(Node::User)),
        "modifiedAt" => Value::Moment(log.at),
        // unverified: the texts of these two.
        "modificationSource" => Value::Text(Cow::Borrowed("UserFile")),
        "entryType" => Value::Text(Cow::Borrowed("Update")),
        "value" => Value::text(&log.value),
        _ => Value::Null,
    }
}
