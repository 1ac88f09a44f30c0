//! `/organization/structure/api`: departments, legal units, establishments, categories,
//! qualifications, countries. Source: directory.md §11.2–11.5.

use std::collections::HashMap;

use serde_json::json;

use super::{
    departments,
    request::ReadRequest,
    v4::{Paging, allows, bools, ids, searched},
};
use crate::{
    company::{
        model::{Department, Establishment, LegalUnit, Lookup, Qualification, Status},
        structure::{COUNTRIES, level_name},
    },
    dice::Dice,
    errors::Refusal,
    switches::{KeyCasing, Unsorted},
};

pub(super) fn read(call: &ReadRequest<'_>, rest: &[&str]) -> Result<String, Refusal> {
    if call.view.switches.organization_gone {
        return Err(Refusal::no_route());
    }
    let known = matches!(
        rest,
        ["departments"
            | "legal-units"
            | "establishments"
            | "occupation-categories"
            | "job-qualifications"
            | "countries"]
            | ["departments", "tree"]
    );
    if !known {
        return Err(Refusal::no_route());
    }
    if !call.view.rights.sees_organization() {
        return Err(Refusal::no_right());
    }
    if let ["departments", "tree"] = rest {
        // unverified: that the tree has this filter, and shows only active ones without it.
        let active = bools(call, "isactive")?.unwrap_or(vec![true]);
        let mut out = String::new();
        let shown = |one: &Department| active.contains(&one.active);
        departments::tree(&mut out, call.view.company, &shown, &mut departments::plain_node);
        return Ok(out);
    }
    let resource = rest.first().copied().unwrap_or("");
    let paging = Paging::read(call, call.view.switches.v4_limit_max_organization, sortable(resource))?;
    let wanted = ids(call, "id")?;
    let company = call.view.company;
    Ok(match resource {
        "departments" => {
            let rows = company.departments.iter();
            let rows = rows.filter(|one| allows(wanted.as_ref(), &one.id) && searched(call, &one.name));
            paging.answer(unsorted(call, rows.collect(), |row| row.id), |row| department(row))
        }
        "legal-units" => {
            let archived = bools(call, "isarchived")?.unwrap_or(vec![false]);
            let rows = company.legal_units.iter().filter(|one| {
                archived.contains(&one.archived)
                    && allows(wanted.as_ref(), &one.id)
                    && searched(call, &one.name)
            });
            paging.answer(unsorted(call, rows.collect(), |row| row.id), |row| legal_unit(row))
        }
        "establishments" => {
            let archived = bools(call, "isarchived")?.unwrap_or(vec![false]);
            let units = ids(call, "legalunitid")?;
            let rows: Vec<&Establishment> = company
                .establishments
                .iter()
                .filter(|one| {
                    archived.contains(&one.archived)
                        && allows(wanted.as_ref(), &one.id)
                        && allows(units.as_ref(), &one.legal_unit)
                        && searched(call, &one.name)
                })
                .collect();
            let counts = members(call, |place| place.0);
            let rows = unsorted(call, rows, |row| row.id);
            paging.answer(rows, |row| establishment(call, row, counts.get(&row.id).copied().unwrap_or(0)))
        }
        "occupation-categories" => {
            let rows = company.categories.iter();
            let rows = rows.filter(|one| allows(wanted.as_ref(), &one.id) && searched(call, &one.name));
            paging.answer(unsorted(call, rows.collect(), |row| row.id), |row| category(call, row))
        }
        "job-qualifications" => {
            let rows = company.qualifications.iter();
            let rows: Vec<&Qualification> =
                rows.filter(|one| allows(wanted.as_ref(), &one.id) && searched(call, &one.name)).collect();
            let counts = members(call, |place| place.1.unwrap_or(-1));
            let rows = unsorted(call, rows, |row| row.id);
            paging.answer(rows, |row| qualification(call, row, counts.get(&row.id).copied().unwrap_or(0)))
        }
        _ => {
            let rows = COUNTRIES.iter();
            let rows = rows.filter(|one| allows(wanted.as_ref(), &one.0) && searched(call, one.2));
            paging.answer(rows.collect(), |row| country(row.0).to_string())
        }
    })
}

/// Sortable properties of a list, in lower case. Observed: `name`, `legalunit.name`, `job.name`,
/// `level.position` (source: directory.md §5). unverified: the others.
fn sortable(resource: &str) -> &'static [&'static str] {
    match resource {
        "departments" => {
            &["id", "name", "code", "hierarchy", "isactive", "headid", "createdat", "lastmodifiedat"]
        }
        "legal-units" => &["id", "name", "code", "countryid", "country.name", "createdat", "isarchived"],
        "establishments" => &[
            "id",
            "name",
            "code",
            "legalunitid",
            "legalunit.id",
            "legalunit.name",
            "legalunit.code",
            "userscount",
            "createdat",
            "lastmodifiedat",
            "isarchived",
        ],
        "occupation-categories" => &["id", "name", "createdat", "modifiedat"],
        "job-qualifications" => {
            &["id", "name", "userscount", "job.id", "job.name", "level.id", "level.name", "level.position"]
        }
        _ => &["id", "name", "code"],
    }
}

/// Sorts rows, given by id, into their order without `sort`.
fn unsorted<'a, T>(call: &ReadRequest<'_>, mut rows: Vec<&'a T>, id: impl Fn(&T) -> i64) -> Vec<&'a T> {
    let turn = match call.view.switches.unsorted {
        Unsorted::ById => return rows,
        Unsorted::Shuffled => 0,
        Unsorted::ChangesEveryTime => call.list_cache.next_turn(),
    };
    rows.sort_by_key(|row| Dice::new(turn, id(row).unsigned_abs()).next());
    rows
}

/// Active people visible to the key, counted by establishment or qualification.
fn members(call: &ReadRequest<'_>, by: impl Fn((i64, Option<i64>)) -> i64) -> HashMap<i64, i64> {
    let view = call.view;
    let mut counts = HashMap::new();
    for person in view.company.people.iter().filter(|person| view.lists(person)) {
        if person.status(view.today) == Status::Active {
            let key = by((person.current_establishment(view.today), person.qualification));
            *counts.entry(key).or_default() += 1;
        }
    }
    counts
}

fn department(one: &Department) -> String {
    json!({
        "id": one.id,
        "name": one.name,
        "code": one.code,
        "description": null,
        "parentId": one.parent.map(|_| one.parent_hierarchy.as_str()),
        "parentLuccaId": one.parent,
        "hierarchy": one.hierarchy,
        "isActive": one.active,
        "headId": one.head,
        "createdAt": "2016-03-01T00:00:00+00:00",
        "lastModifiedAt": "2024-06-12T08:15:30+00:00",
        "sortOrderInSiblings": one.sort_order,
    })
    .to_string()
}

fn country(id: i64) -> serde_json::Value {
    let Some((id, code, name, currency)) = COUNTRIES.iter().find(|(known, ..)| *known == id) else {
        return serde_json::Value::Null;
    };
    json!({
        "id": id,
        "name": name,
        "code": code,
        "currencyCode": currency,
        "currency": {"code": currency, "englishName": currency, "symbol": currency},
        "defaultTimeZone": "Europe/Paris",
    })
}

fn legal_unit(one: &LegalUnit) -> String {
    json!({
        "id": one.id,
        "name": one.name,
        "countryId": one.country,
        "oldCountryId": one.country,
        "code": one.code,
        "legalIdentificationNumber": one.identification,
        "activityCode": null,
        "country": country(one.country),
        "headquartersId": one.headquarters,
        "createdAt": "2016-03-01T09:12:00.47",
        "isArchived": one.archived,
    })
    .to_string()
}

/// The keys recorded in 2022, and later ones from documents and public clients (source: directory.md §11.3):
/// `author`, `lastModifier`, `lastModifiedAt`, `lastModifiedAtOffset`.
fn establishment(call: &ReadRequest<'_>, one: &Establishment, users: i64) -> String {
    let unit = call.view.company.legal_units.iter().find(|unit| unit.id == one.legal_unit);
    let mut wire = json!({
        "id": one.id,
        "name": one.name,
        "code": one.code,
        "legalUnitId": one.legal_unit,
        "legalUnit": unit.map(|unit| json!({"id": unit.id, "name": unit.name, "code": unit.code})),
        "legalIdentificationNumber": one.identification,
        "activityCode": null,
        "calendarId": one.calendar,
        "address": one.address.as_ref().map(|(street, zip_code, city)| {
            json!({"street": street, "zipCode": zip_code, "city": city})
        }),
        "usersCount": users,
        "author": admin(call),
        "createdAt": "2019-11-06T15:08:40.47",
        "lastModifier": admin(call),
        "lastModifiedAt": "2023-02-01T10:05:00.1",
        "lastModifiedAtOffset": "2023-02-01T10:05:00.1+01:00",
        "isArchived": one.archived,
    });
    // Documented as timezoneId, observed as timeZoneId (source: directory.md §11.3).
    let key = match call.view.switches.key_casing {
        KeyCasing::Observed => "timeZoneId",
        KeyCasing::Documented => "timezoneId",
    };
    if let Some(object) = wire.as_object_mut() {
        object.insert(key.to_owned(), json!(one.time_zone));
    }
    wire.to_string()
}

/// The author of records that no employee created.
fn admin(call: &ReadRequest<'_>) -> serde_json::Value {
    json!({
        "id": 0,
        "firstName": "Lucca",
        "lastName": "Admin",
        "fullName": "Lucca Admin",
        "url": format!("{}/api/v3/users/0", call.view.origin),
    })
}

/// Source: recorded answers. `usages` are the establishments that offer the category.
fn category(call: &ReadRequest<'_>, one: &Lookup) -> String {
    let admin = admin(call);
    let offers = |site: &&Establishment| !site.archived && (site.id + one.id) % 3 != 1;
    let usages: Vec<serde_json::Value> = call
        .view
        .company
        .establishments
        .iter()
        .filter(offers)
        .map(|site| {
            let url = format!("{}/organization/structure/api/establishments/{}", call.view.origin, site.id);
            json!({"id": site.id, "name": site.name, "url": url})
        })
        .collect();
    json!({
        "id": one.id,
        "name": one.name,
        "createdAt": "2018-03-05T07:14:51.283",
        "createdBy": admin,
        "modifiedAt": "2021-06-17T16:02:09.4410723",
        "modifiedBy": admin,
        "usages": usages,
    })
    .to_string()
}

/// Source: recorded answers of two tenants, one of which leaves out the authors' `url`.
fn qualification(call: &ReadRequest<'_>, one: &Qualification, users: i64) -> String {
    let admin = admin(call);
    json!({
        "id": one.id,
        "name": one.name,
        "usersCount": users,
        "job": {"id": one.job, "name": one.job_name, "jobSectorId": 1, "isActive": true},
        "level": {
            "id": one.level,
            "position": one.level,
            "name": level_name(one.level),
            "isActive": true,
            "author": admin,
            "lastModifier": admin,
            "lastModifiedAt": "2022-02-14T10:41:33.0527418",
            "createdAt": "2022-02-14T10:41:33.0527418",
        },
        "isActive": one.active,
        "author": admin,
        "lastModifier": admin,
        "lastModifiedAt": "2022-02-14T10:43:05.618204",
        "createdAt": "2022-02-14T10:43:05.618204",
    })
    .to_string()
}
