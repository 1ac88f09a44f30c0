//! Normalises a work contract to an employment.

use std::collections::BTreeMap;

use lucca::FieldProblem;
use lucca::resources::{Ref, WorkContract};
use people::{Employment, EmploymentType, NamedRef, RemoteId};

use crate::{id, named, text, unread};

/// Names that work contracts refer to by id, for servers that omit them.
#[derive(Debug, Default)]
pub struct Lookups {
    /// Names of hiring types, by id.
    pub hiring_types: BTreeMap<RemoteId, String>,
    /// Names of termination reasons, by id.
    pub termination_reasons: BTreeMap<RemoteId, String>,
    /// Names of grounds for temporary contracts, by id.
    pub temporary_contract_grounds: BTreeMap<RemoteId, String>,
}

/// Normalises a work contract; `lookups` provide missing names.
pub fn employment(contract: WorkContract, problems: Vec<FieldProblem>, lookups: &Lookups) -> Employment {
    let contract_type = named(contract.type_);
    let native = contract_type.as_ref().and_then(|contract_type| contract_type.name.clone());
    Employment {
        id: contract.id,
        employee_id: contract.owner_id,
        external_id: text(contract.external_id),
        starts_on: contract.starts_on,
        ends_on: contract.ends_on.filter(|day| day.year() < 9999),
        is_applicable: contract.is_applicable,
        establishment_id: id(contract.establishment),
        employment_type: native.as_deref().and_then(EmploymentType::of_name),
        employment_type_native: native,
        contract_type,
        occupation_category_id: id(contract.spc),
        hiring_type: looked_up(contract.hiring_type, &lookups.hiring_types),
        termination_reason: looked_up(contract.termination_reason, &lookups.termination_reasons),
        temporary_contract_ground: looked_up(
            contract.temporary_contract_ground,
            &lookups.temporary_contract_grounds,
        ),
        internship_supervisor_id: id(contract.internship_supervisor),
        trial_period_days: contract.trial_period_days,
        renewed_trial_period_days: contract.renewed_trial_period_days,
        trial_period_ends_on: contract.trial_period_end_date,
        renewed_trial_period_ends_on: contract.trial_period_end_date2,
        created_at: contract.created_at,
        modified_at: contract.last_modified_at,
        unread_fields: unread(problems),
    }
}

fn looked_up(reference: Option<Ref>, names: &BTreeMap<RemoteId, String>) -> Option<NamedRef> {
    let mut reference = named(reference)?;
    if reference.name.is_none() {
        reference.name = names.get(&reference.id).cloned();
    }
    Some(reference)
}
