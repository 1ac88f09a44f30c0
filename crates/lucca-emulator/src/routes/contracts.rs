//! Work contracts and their lookups. Source: directory.md §8.

use serde_json::{Value as Json, json};

use super::{
    request::ReadRequest,
    v4::{Paging, allows, bools, ids, searched},
};
use crate::{
    company::{
        contracts::{GROUNDS, HIRING_TYPES, TEMPLATES, TERMINATION_REASONS},
        model::{Contract, Person},
    },
    errors::Refusal,
};

/// Sortable properties of contracts, in lower case. unverified: all of it.
const SORTABLE: &[&str] = &[
    "id",
    "ownerid",
    "startson",
    "endson",
    "isapplicable",
    "establishmentid",
    "establishment.name",
    "spcid",
    "typeid",
    "createdat",
    "lastmodifiedat",
];

pub(super) fn read(call: &ReadRequest<'_>, rest: &[&str]) -> Result<String, Refusal> {
    if !call.view.rights.view_contracts {
        return Err(Refusal::no_right());
    }
    match rest {
        [] => all(call),
        [id] => {
            let id: i64 = id.parse().map_err(|_| Refusal::no_route())?;
            let found = visible(call).find(|(_, contract)| contract.id == id);
            let (person, contract) = found
                .ok_or_else(|| Refusal::not_found(format!("Resource WorkContract with ID {id} not found")))?;
            Ok(wire(call, person, contract))
        }
        _ => Err(Refusal::no_route()),
    }
}

/// The contracts of all employees visible to the key, by id. unverified: that the visibility of contracts is
/// exactly that of their owners; the switch gives the alternative.
fn visible<'a>(call: &ReadRequest<'a>) -> impl Iterator<Item = (&'a Person, &'a Contract)> {
    let view = call.view;
    view.company.contract_owners.iter().filter_map(move |(id, place)| {
        let person = view.company.people.get(*place).filter(|person| view.sees_contracts_of(person))?;
        let contract = person.contracts.iter().find(|contract| contract.id == *id)?;
        Some((person, contract))
    })
}

fn is_applicable(call: &ReadRequest<'_>, person: &Person, contract: &Contract) -> bool {
    person.applicable(call.view.today).is_some_and(|applicable| applicable.id == contract.id)
}

fn all(call: &ReadRequest<'_>) -> Result<String, Refusal> {
    let paging = Paging::read(call, call.view.switches.v4_limit_max_contracts, SORTABLE)?;
    let wanted = ids(call, "id")?;
    let owners = ids(call, "ownerid")?;
    let templates = ids(call, "typeid")?;
    let sites = ids(call, "establishmentid")?;
    let applicable = bools(call, "isapplicable")?;
    // unverified: the meaning of an archived contract; here none is.
    let archived = bools(call, "isarchived")?;
    let rows = visible(call).filter(|(person, contract)| {
        allows(wanted.as_ref(), &contract.id)
            && allows(owners.as_ref(), &person.id)
            && allows(templates.as_ref(), &contract.template)
            && allows(sites.as_ref(), &contract.establishment)
            && allows(archived.as_ref(), &false)
            && applicable.as_ref().is_none_or(|list| list.contains(&is_applicable(call, person, contract)))
    });
    Ok(paging.answer(rows.collect(), |(person, contract)| wire(call, person, contract)))
}

fn wire(call: &ReadRequest<'_>, person: &Person, contract: &Contract) -> String {
    let company = call.view.company;
    let lookup = |table: &[(i64, &str)], id: Option<i64>| -> Json {
        let found = id.and_then(|id| table.iter().find(|(known, _)| *known == id));
        found.map_or(Json::Null, |(id, name)| json!({"id": id, "name": name}))
    };
    let site = company.establishment(contract.establishment);
    let category = contract.category.and_then(|id| company.categories.iter().find(|one| one.id == id));
    let trial_end = |days: Option<i64>| {
        days.and_then(|days| i32::try_from(days).ok())
            .map(|days| crate::company::dates::add_days(contract.starts, days).to_string())
    };
    json!({
        "id": contract.id,
        "ownerId": person.id,
        "externalId": contract.external_id,
        "startsOn": contract.starts.to_string(),
        "endsOn": contract.ends.map(|end| end.to_string()),
        "isApplicable": is_applicable(call, person, contract),
        "establishmentId": contract.establishment,
        "establishment": site.map(|site| json!({"id": site.id, "name": site.name})),
        "spcId": contract.category,
        "spc": category.map(|one| json!({"id": one.id, "name": one.name})),
        "typeId": contract.template,
        "type": lookup(TEMPLATES, Some(contract.template)),
        "hiringTypeId": contract.hiring_type,
        "hiringType": lookup(HIRING_TYPES, contract.hiring_type),
        "terminationReasonId": contract.termination_reason,
        "terminationReason": lookup(TERMINATION_REASONS, contract.termination_reason),
        "temporaryContractGroundId": contract.ground,
        "internshipSupervisorId": contract.supervisor,
        "trialPeriodDays": contract.trial_days,
        "renewedTrialPeriodDays": contract.renewed_trial_days,
        "trialPeriodEndDate": trial_end(contract.trial_days),
        "trialPeriodEndDate2": trial_end(contract.renewed_trial_days),
        "workingTimeArrangementId": null,
        "file": null,
        "authorId": contract.author,
        "lastModifierId": contract.author,
        "createdAt": contract.created.to_string(),
        "lastModifiedAt": contract.modified.to_string(),
    })
    .to_string()
}

/// The lists that contracts refer to. unverified: their shape; only the routes are documented.
pub(super) fn read_lookup(call: &ReadRequest<'_>, name: &str) -> Result<String, Refusal> {
    let table = match name {
        "work-contract-hiring-types" => HIRING_TYPES,
        "work-contract-termination-reasons" => TERMINATION_REASONS,
        "work-contract-temporary-contract-grounds" => GROUNDS,
        _ => return Err(Refusal::no_route()),
    };
    if !call.view.rights.view_contracts {
        return Err(Refusal::no_right());
    }
    let paging = Paging::read(call, call.view.switches.v4_limit_max_contracts, &["id", "name"])?;
    let wanted = ids(call, "id")?;
    let rows = table.iter().filter(|(id, name)| allows(wanted.as_ref(), id) && searched(call, name));
    Ok(paging.answer(rows.collect(), |(id, name)| json!({"id": id, "name": name}).to_string()))
}
