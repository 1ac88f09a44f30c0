//! Writes through the API: users (v3) and work contracts (v4). Source: directory.md §6.5, §7, §8.
//!
//! Included: parsing bodies, and checking values. Not included: locks and logs (`tenant`), custom fields
//! (`writes::custom`), the answer, which is the record read back (`routes`).
//!
//! A property that the emulator shows but derives from another value is answered 501, so that a client does
//! not mistake a dropped change for a stored one.

mod custom;
mod field;

use axum::http::StatusCode;
use serde_json::{Map, Value as Json};

use self::field::BodyField;
use crate::{
    changes::people::{self, PersonPatch},
    company::{
        contracts::{GROUNDS, HIRING_TYPES, TEMPLATES, TERMINATION_REASONS, Terms, contract},
        model::{Company, Contract, Gender, Lookup, Person},
        structure::CULTURES,
    },
    dice::Dice,
    errors::Refusal,
    resources::{
        lookups,
        users::{GENDERS, USER},
    },
    rights::KeyConfig,
    switches::{Switches, UnknownField},
    tenant::Tenant,
};

/// A change, from a method and a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Write {
    User(i64),
    NewContract,
    Contract(i64),
}

/// The key, and the body of its change.
pub(crate) struct Request<'a> {
    pub(crate) tenant: &'a Tenant,
    pub(crate) key: &'a KeyConfig,
    pub(crate) switches: &'a Switches,
    /// Label of the body, if it has one.
    pub(crate) label: Option<&'a str>,
    pub(crate) body: &'a [u8],
}

impl Request<'_> {
    /// Makes the change; returns the status, and the path of the record to read back.
    pub(crate) fn perform(&self, write: Write) -> Result<(StatusCode, String), Refusal> {
        if !self.key.rights.edit_users {
            return Err(Refusal::no_right());
        }
        let body = self.object()?;
        match write {
            Write::User(id) => {
                self.user(id, &body)?;
                Ok((StatusCode::OK, format!("/api/v3/users/{id}")))
            }
            Write::Contract(id) => {
                self.contract(id, &body)?;
                Ok((StatusCode::OK, format!("/directory/api/4.0/work-contracts/{id}")))
            }
            Write::NewContract => {
                let id = self.new_contract(&body)?;
                let status = StatusCode::from_u16(self.switches.created_status).unwrap_or(StatusCode::OK);
                Ok((status, format!("/directory/api/4.0/work-contracts/{id}")))
            }
        }
    }

    /// The body, which is a JSON object. The framework also accepts text with such a label, forms and
    /// multipart (source: wire-grammar.md §1.6); of these only text is supported here, as JSON.
    fn object(&self) -> Result<Map<String, Json>, Refusal> {
        let label = self.label.unwrap_or("application/json");
        let kind = label.split(';').next().unwrap_or("").trim().to_lowercase();
        if !matches!(kind.as_str(), "application/json" | "text/json" | "text/plain") {
            return Err(Refusal::unsupported(format!("Unsupported media type {kind}")));
        }
        // unverified: the message.
        serde_json::from_slice(self.body)
            .map_err(|_| Refusal::bad_request("The body is not a valid JSON object"))
    }

    fn user(&self, id: i64, body: &Map<String, Json>) -> Result<(), Refusal> {
        let today = self.tenant.now().date();
        let edited = self.tenant.edit(id, true, |company, person| {
            let mut terms = PersonPatch::default();
            for (key, value) in body {
                self.user_field(company, person, &mut terms, &BodyField { key, value })?;
            }
            let moved = terms.starts_on.is_some() || terms.ends_on.is_some();
            people::apply(person, terms, today);
            match person.applicable(today) {
                Some(applicable) if moved => fits(person, applicable),
                _ => Ok(()),
            }
        });
        edited.ok_or_else(Refusal::missing_user)?.map(|_| ())
    }

    /// One key of a partial update: only named properties change (source: directory.md §6.5).
    fn user_field(
        &self,
        company: &Company,
        person: &mut Person,
        terms: &mut PersonPatch,
        field: &BodyField<'_>,
    ) -> Result<(), Refusal> {
        if field.key.to_lowercase().starts_with("e_") {
            return custom::write(company, &mut person.custom, field);
        }
        if let Some((name, axis)) = field.key.rsplit_once('_') {
            match name.to_lowercase().as_str() {
                "useraxisvalues" => return axis_value(company, person, axis, field),
                "profile" | "profile_cleemy" => return Err(field.not_kept()),
                _ => {}
            }
        }
        let today = self.tenant.now().date();
        let private = &mut person.private;
        match USER.find(field.key).map_or("", |property| property.name) {
            "id" if *field.value == person.id => {}
            "firstName" => person.first_name = field.filled()?,
            "lastName" => person.last_name = field.filled()?,
            "login" => {
                let login = field.filled()?;
                let taken = company.people.iter().any(|one| one.id != person.id && one.login == login);
                person.login = field.unless(taken, login)?;
            }
            "mail" => person.mail = field.maybe_filled()?,
            "employeeNumber" => {
                let number = field.maybe_filled()?;
                let site = person.current_establishment(today);
                // Unique within an establishment (source: directory.md §6.3).
                let taken = number.is_some()
                    && company.people.iter().any(|one| {
                        one.id != person.id
                            && one.employee_number == number
                            && one.current_establishment(today) == site
                    });
                person.employee_number = field.unless(taken, number)?;
            }
            "jobTitle" => person.job_title = field.maybe_filled()?,
            "externalId" => person.external_id = field.maybe_text()?,
            "birthDate" => person.birth = field.maybe_date()?,
            "seniorityDate" => person.seniority = field.maybe_date()?,
            "departmentID" => person.department = field.known(|id| company.department(id).is_some())?,
            "managerID" => person.manager = field.maybe_known(|id| company.person(id).is_some())?,
            "calendarId" => person.calendar = field.maybe_known(|id| holds(&company.calendars, id))?,
            "cultureID" => person.culture = field.known(|id| CULTURES.iter().any(|one| one.0 == id))?,
            "rolePrincipalId" => person.role = field.known(|id| holds(&company.roles, id))?,
            "habilitedRoles" => {
                let list = field.value.as_array().ok_or_else(|| field.invalid())?;
                let ids = list.iter().map(|one| one.get("id").and_then(Json::as_i64));
                let ids: Option<Vec<i64>> = ids.collect();
                let known = ids.filter(|ids| ids.iter().all(|id| holds(&company.roles, *id)));
                person.extra_roles = known.ok_or_else(|| field.invalid())?;
            }
            "gender" => person.gender = gender(field)?,
            "nationalityId" => {
                let code = field.maybe_filled()?.map(|code| code.to_uppercase());
                let country =
                    code.as_deref().map(|code| lookups::country(code).ok_or_else(|| field.invalid()));
                person.nationality = country.transpose()?.map(|country| country.1);
            }
            "address" => private.address = field.maybe_text()?,
            "directLine" => private.direct_line = field.maybe_text()?,
            "professionalMobile" => private.professional_mobile = field.maybe_text()?,
            "personalMobile" => private.personal_mobile = field.maybe_text()?,
            "personalEmail" => private.personal_email = field.maybe_text()?,
            "quote" => private.quote = field.maybe_text()?,
            "insuranceNumber" => private.insurance_number = field.maybe_text()?,
            "bankName" => private.bank_name = field.maybe_text()?,
            "iban" => private.iban = field.maybe_text()?,
            "bic" => private.bic = field.maybe_text()?,
            // These belong to the applicable contract (source: directory.md §6.3).
            "legalEntityID" => {
                terms.establishment_id = Some(field.known(|id| company.establishment(id).is_some())?);
            }
            "dtContractStart" => terms.starts_on = Some(field.date()?),
            "dtContractEnd" => terms.ends_on = Some(field.maybe_date()?),
            "cspID" => {
                let category = field.maybe_known(|id| holds(&company.categories, id))?;
                let applicable = person.applicable(today).map(|contract| contract.id);
                let mut contracts = person.contracts.iter_mut();
                let Some(contract) = contracts.find(|one| Some(one.id) == applicable) else {
                    return Err(field.invalid());
                };
                contract.category = category;
                contract.modified = person.modified;
            }
            "rib"
            | "civilTitle"
            | "picture"
            | "userWorkCycles"
            | "unitSellPrice"
            | "corporateCard"
            | "personalCard"
            | "allowsElectronicPayslip"
            | "frenchCarTaxHorsePower"
            | "frenchMotocyclesTaxHorsePower"
            | "currentDelegatee"
            | "currentDelegateeId"
            | "jobQualificationId"
            | "personalAccount"
            | "pictureId"
            | "site"
            | "siteId" => return Err(field.not_kept()),
            // Including `extendedData`: "attempting to write through extendedData will NOT work".
            _ => return self.unknown(field, "User"),
        }
        Ok(())
    }

    fn contract(&self, id: i64, body: &Map<String, Json>) -> Result<(), Refusal> {
        let missing = || Refusal::not_found(format!("Resource WorkContract with ID {id} not found"));
        let owner = self.tenant.owner_of(id).ok_or_else(missing)?;
        let edited = self.tenant.edit(owner, true, |company, person| {
            let place = person.contracts.iter().position(|one| one.id == id).ok_or_else(missing)?;
            let mut changed = person.contracts.remove(place);
            for (key, value) in body {
                let field = BodyField { key, value };
                match key.to_lowercase().as_str() {
                    "id" if *value == id => {}
                    "ownerid" if *value == owner => {}
                    _ => self.contract_field(company, &mut changed, &field)?,
                }
            }
            changed.modified = person.modified;
            insert(person, changed)
        });
        edited.ok_or_else(missing)?.map(|_| ())
    }

    /// unverified: the required properties; the template adds others.
    fn new_contract(&self, body: &Map<String, Json>) -> Result<i64, Refusal> {
        let given = |name: &str| body.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
        let required = |name: &str| {
            let found = given(name).map(|(key, value)| BodyField { key, value });
            found.ok_or_else(|| Refusal::bad_request(format!("The {name} field is required.")))
        };
        let owner = required("ownerId")?;
        let (starts, template) = (required("startsOn")?.date()?, required("typeId")?.int()?);
        let establishment = required("establishmentId")?.int()?;
        let edited = self.tenant.edit(owner.int()?, true, |company, person| {
            let view = self.tenant.state().view(company, self.switches, self.key, "");
            if !view.sees(person) {
                return Err(owner.invalid());
            }
            let id = company.next_contract();
            let terms = Terms { establishment, category: None, author: 1, supervisor: None, stable: true };
            let mut new = Contract {
                id,
                hiring_type: None,
                ground: None,
                trial_days: None,
                renewed_trial_days: None,
                external_id: None,
                created: person.modified,
                modified: person.modified,
                ..contract(&mut Dice::new(0, 0), template, starts, None, &terms)
            };
            for (key, value) in body.iter().filter(|(key, _)| !key.eq_ignore_ascii_case("ownerId")) {
                self.contract_field(company, &mut new, &BodyField { key, value })?;
            }
            insert(person, new)?;
            Ok(id)
        });
        edited.ok_or_else(|| owner.invalid())?
    }

    fn contract_field(
        &self,
        company: &Company,
        contract: &mut Contract,
        field: &BodyField<'_>,
    ) -> Result<(), Refusal> {
        let listed = |table: &'static [(i64, &'static str)]| move |id| table.iter().any(|one| one.0 == id);
        match field.key.to_lowercase().as_str() {
            "startson" => contract.starts = field.date()?,
            "endson" => contract.ends = field.maybe_date()?,
            "typeid" => contract.template = field.known(listed(TEMPLATES))?,
            "establishmentid" => {
                contract.establishment = field.known(|id| company.establishment(id).is_some())?;
            }
            "spcid" => contract.category = field.maybe_known(|id| holds(&company.categories, id))?,
            "hiringtypeid" => contract.hiring_type = field.maybe_known(listed(HIRING_TYPES))?,
            "terminationreasonid" => {
                contract.termination_reason = field.maybe_known(listed(TERMINATION_REASONS))?;
            }
            "temporarycontractgroundid" => contract.ground = field.maybe_known(listed(GROUNDS))?,
            "internshipsupervisorid" => {
                contract.supervisor = field.maybe_known(|id| company.person(id).is_some())?;
            }
            "trialperioddays" => contract.trial_days = field.maybe_known(|days| days >= 0)?,
            "renewedtrialperioddays" => contract.renewed_trial_days = field.maybe_known(|days| days >= 0)?,
            "externalid" => contract.external_id = field.maybe_text()?,
            // unverified: whether these are writable; here they follow from the days.
            "trialperiodenddate" | "trialperiodenddate2" => return Err(field.not_kept()),
            _ => return self.unknown(field, "WorkContract"),
        }
        Ok(())
    }

    /// unverified: whether unknown and read-only properties are refused or ignored.
    fn unknown(&self, field: &BodyField<'_>, of: &str) -> Result<(), Refusal> {
        match self.switches.unknown_body_field {
            UnknownField::Ignored => Ok(()),
            UnknownField::BadRequest => Err(Refusal::bad_request(format!(
                "Property {} does not exist or is not writable on object of type {of}",
                field.key
            ))),
        }
    }
}

fn holds(among: &[Lookup], id: i64) -> bool {
    among.iter().any(|one| one.id == id)
}

fn gender(field: &BodyField<'_>) -> Result<Gender, Refusal> {
    let place = match field.value {
        Json::String(name) => GENDERS.iter().position(|known| known.eq_ignore_ascii_case(name)),
        value => value.as_u64().and_then(|n| usize::try_from(n).ok()),
    };
    match place.and_then(|place| GENDERS.get(place)).copied() {
        Some("Male") => Ok(Gender::Male),
        Some("Female") => Ok(Gender::Female),
        Some(_) => Ok(Gender::Undefined),
        None => Err(field.invalid()),
    }
}

/// `"userAxisValues_4": {"id": 35}`; null empties it (source: directory.md §6.5).
fn axis_value(
    company: &Company,
    person: &mut Person,
    axis: &str,
    field: &BodyField<'_>,
) -> Result<(), Refusal> {
    let axis = axis.parse::<i64>().ok().filter(|id| company.axes.iter().any(|one| one.id == *id));
    let axis = axis.ok_or_else(|| field.invalid())?;
    let section = match field.value.get("id").and_then(Json::as_i64) {
        None if field.value.is_null() => None,
        Some(id) if company.sections.iter().any(|one| one.id == id && one.axis == axis) => Some(id),
        _ => return Err(field.invalid()),
    };
    person.axes.retain(|(of, _)| *of != axis);
    person.axes.extend(section.map(|section| (axis, section)));
    Ok(())
}

/// Inserts a contract, unless it overlaps another.
fn insert(person: &mut Person, contract: Contract) -> Result<(), Refusal> {
    fits(person, &contract)?;
    person.contracts.push(contract);
    person.contracts.sort_by_key(|one| one.starts);
    Ok(())
}

/// Contracts of one person do not overlap (source: directory.md §8). unverified: the messages.
fn fits(person: &Person, contract: &Contract) -> Result<(), Refusal> {
    if contract.ends.is_some_and(|end| end < contract.starts) {
        return Err(Refusal::bad_request("A contract can't end before it starts"));
    }
    let overlaps = |one: &Contract| {
        one.id != contract.id
            && one.ends.is_none_or(|end| end >= contract.starts)
            && contract.ends.is_none_or(|end| end >= one.starts)
    };
    if person.contracts.iter().any(overlaps) {
        return Err(Refusal::bad_request("The contract overlaps another one of the same employee"));
    }
    Ok(())
}
