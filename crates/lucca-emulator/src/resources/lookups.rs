//! Small v3 resources: roles, calendars, cultures, work cycles, categories, countries, user logs,
//! leave accounts. Source: directory.md §11.6, §11.7; leave accounts: absences.md §8.

use std::borrow::Cow;

use super::users;
use crate::{
    company::{
        model::{LeaveAccount, Log, Lookup, Qualification},
        structure::{COUNTRIES, CULTURES},
    },
    grammar::{
        node::Node,
        schema::{Property as P, Type},
        value::{Value, address_of, url},
    },
    view::View,
};

const NAMED: &[P] = &[P::int("id"), P::text("name"), P::text("url")];

pub(crate) static CALENDAR: Type =
    Type { name: "PublicHolidayCalendar", plural: "calendars", entity: true, properties: NAMED };
pub(crate) static WORK_CYCLE: Type =
    Type { name: "WorkCycle", plural: "workcycles", entity: true, properties: NAMED };
pub(crate) static CATEGORY: Type =
    Type { name: "Csp", plural: "socioprofessionalgroups", entity: true, properties: NAMED };
/// Recorded within users, without `url`. unverified: that lists of cultures have the same properties.
pub(crate) static CULTURE: Type = Type {
    name: "Culture",
    plural: "cultures",
    entity: false,
    properties: &[P::int("id"), P::text("code"), P::text("name")],
};
/// unverified: everything but the name: no recorded user has one.
pub(crate) static SITE: Type = Type { name: "Site", plural: "sites", entity: true, properties: NAMED };
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
    Type { name: "JobQualification", plural: "jobqualifications", entity: true, properties: NAMED };
/// Recorded within users.
pub(crate) static NATIONALITY: Type = Type {
    name: "Nationality",
    plural: "nationalities",
    entity: false,
    properties: &[P::text("id"), P::text("name"), P::text("currencyId")],
};
/// unverified: properties beyond id and name.
pub(crate) static LEAVE_ACCOUNT: Type = Type {
    name: "LeaveAccount",
    plural: "leaveaccounts",
    entity: true,
    properties: &[
        P::int("id"),
        P::text("name"),
        P::text("url"),
        P::bool("isRemoteWork"),
        P::many("i18nLabels", &LABEL),
    ],
};
/// unverified: a live client requests the two properties; their values are unknown.
pub(crate) static LABEL: Type = Type {
    name: "I18nLabel",
    plural: "i18nLabels",
    entity: false,
    properties: &[P::text("name"), P::text("cultureCodeIso6391")],
};
/// The same with fewer visible properties.
pub(crate) static LEAVE_ACCOUNT_BARE: Type =
    Type { name: "LeaveAccount", plural: "leaveaccounts", entity: true, properties: NAMED };
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
        "currencyId" => Value::text(country.3),
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
            .filter(move |one| (one.role == id || one.extra_roles.contains(&id)) && view.lists(one))
    };
    match property {
        "id" => Value::Int(id),
        "name" => Value::text(name),
        // Recorded; `/api/v3/publicHolidayCalendars` lists the calendars themselves.
        "url" if of.plural == CALENDAR.plural => {
            address_of(view, &format!("admin/calendars/api/calendars/{id}"))
        }
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
        "url" => url(view, LEAVE_ACCOUNT.plural, account.id),
        "isRemoteWork" => Value::Bool(account.remote_work && view.switches.remote_work_flag),
        "i18nLabels" => Value::Many(vec![Node::Label(account)]),
        _ => Value::Null,
    }
}

/// The account's name in French.
pub(crate) fn label<'a>(account: &'a LeaveAccount, property: &str) -> Value<'a> {
    match property {
        "name" => Value::text(&account.name),
        "cultureCodeIso6391" => Value::text("fr"),
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
