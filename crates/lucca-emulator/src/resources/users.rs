//! Users: `/api/v3/users`. Source: directory.md §6.3, wire-grammar.md §3.

use std::borrow::Cow;

use super::{extensions, lookups, operations, organization};
use crate::{
    company::{
        applications::{EXPENSE_PROFILES, LEAVE_PROFILES},
        model::{CycleSpan, Person},
        stamp::Stamp,
    },
    dice::Dice,
    grammar::{
        node::Node,
        schema::{Property as P, Type},
        value::{Value, address_of, url},
    },
    switches::Nationality,
    view::View,
};

/// By number. unverified: the numbers, and the fourth name, which is cut in the copy at hand
/// (source: directory.md §6.3).
pub(crate) const GENDERS: &[&str] = &["Undefined", "Male", "Female"];

pub(crate) static USER: Type = Type {
    name: "User",
    plural: "users",
    entity: true,
    properties: &[
        P::dictionary("attributes"),
        P::dictionary("applicationData"),
        P::dictionary("extendedData"),
        P::int("id"),
        P::text("lastName"),
        P::text("firstName"),
        P::text("name"),
        P::text("displayName"),
        P::text("login"),
        P::text("mail"),
        P::date("dtContractStart"),
        P::date("dtContractEnd"),
        P::text("employeeNumber").alias("matricule"),
        P::int("cspID").documented("cspId"),
        P::one("csp", &lookups::CATEGORY),
        P::text("nationalityId"),
        P::one("nationality", &lookups::NATIONALITY),
        P::int("siteId"),
        P::one("site", &lookups::SITE),
        P::date("seniorityDate"),
        P::date("birthDate"),
        P::number("unitSellPrice"),
        P::text("insuranceNumber"),
        P::int("departmentID").documented("departmentId"),
        P::one("department", &organization::DEPARTMENT),
        P::int("managerID").documented("managerId"),
        P::one("manager", &USER),
        P::int("currentDelegateeId"),
        P::one("currentDelegatee", &USER),
        P::int("legalEntityID").documented("legalEntityId"),
        P::one("legalEntity", &organization::LEGAL_ENTITY),
        P::int("cultureID"),
        P::one("culture", &lookups::CULTURE),
        P::int("rolePrincipalId"),
        P::one("rolePrincipal", &lookups::ROLE),
        P::int("calendarId"),
        P::one("calendar", &lookups::CALENDAR),
        P::many("userWorkCycles", &CYCLE_SPAN),
        P::int("jobQualificationId"),
        P::one("jobQualification", &lookups::QUALIFICATION),
        P::date("createdOn"),
        P::date("createdAt"),
        P::date("modifiedOn"),
        P::date("modifiedAt"),
        P::many("habilitedRoles", &lookups::ROLE),
        P::dictionary("userAxisValues"),
        P::text("externalId"),
        P::text("directLine"),
        P::text("professionalMobile"),
        P::text("personalMobile"),
        P::text("personalEmail"),
        P::text("address"),
        P::text("civilTitle"),
        P::text("personalAccount"),
        P::one_of("gender", GENDERS),
        P::text("quote"),
        P::int("frenchCarTaxHorsePower"),
        P::int("frenchMotocyclesTaxHorsePower"),
        P::bool("corporateCard"),
        P::bool("personalCard"),
        P::text("rib"),
        P::text("bic"),
        P::text("iban"),
        P::text("bankName"),
        P::bool("allowsElectronicPayslip"),
        P::one("picture", &PICTURE),
        P::text("pictureId"),
        P::text("jobTitle"),
        P::text("url"),
        P::many("authorizedOperations", &operations::OPERATION),
    ],
};

pub(crate) static PICTURE: Type = Type {
    name: "Picture",
    plural: "files",
    entity: false,
    properties: &[
        P::text("id"),
        P::text("name"),
        P::text("extension"),
        P::text("mimeType"),
        P::text("href"),
        P::text("url"),
    ],
};

pub(crate) static CYCLE_SPAN: Type = Type {
    name: "UserWorkCycle",
    plural: "userworkcycles",
    entity: true,
    properties: &[
        P::int("id"),
        P::text("name"),
        P::text("url"),
        P::int("ownerID"),
        P::int("workCycleID"),
        P::date("startsOn"),
        P::date("endsOn"),
        P::one("workCycle", &lookups::WORK_CYCLE),
    ],
};

pub(crate) fn value<'a>(view: &View<'a>, person: &'a Person, property: &'static str) -> Value<'a> {
    let rights = view.rights;
    let private = &person.private;
    let guarded = |allowed: bool, value: Value<'a>| if allowed { value } else { Value::Hidden };
    let text = |value: &'a Option<String>| Value::maybe_text(value.as_deref());
    let hr = &rights.hr_file;
    match property {
        "id" => Value::Int(person.id),
        "name" => Value::Text(Cow::Owned(person.name())),
        // Recorded so; Lucca's OpenAPI has the last name first.
        "displayName" => Value::Text(Cow::Owned(person.name())),
        "url" => url(view, "users", person.id),
        "firstName" => Value::text(&person.first_name),
        "lastName" => Value::text(&person.last_name),
        "login" => Value::text(&person.login),
        "mail" => text(&person.mail),
        "modifiedAt" | "modifiedOn" => Value::Moment(person.modified),
        "createdAt" | "createdOn" => Value::Moment(person.created),
        "dtContractStart" => Value::date(person.dates(view.today).0),
        "dtContractEnd" => Value::date(person.dates(view.today).1),
        "seniorityDate" => Value::date(person.seniority),
        "employeeNumber" => text(&person.employee_number),
        "externalId" => text(&person.external_id),
        "legalEntityID" => Value::Int(person.current_establishment(view.today)),
        "legalEntity" => {
            let site = view.company.establishment(person.current_establishment(view.today));
            Value::one(site.map(Node::Establishment))
        }
        "departmentID" => Value::Int(person.department),
        "department" => Value::one(view.company.department(person.department).map(Node::Department)),
        "managerID" => guarded(rights.view_managers, Value::int(view.manager_of(person))),
        "manager" => {
            // A former employee stays a manager, whether or not the key sees former employees.
            let manager = view.manager_of(person).and_then(|id| view.company.person(id));
            guarded(rights.view_managers, Value::one(manager.map(Node::User)))
        }
        "calendarId" => Value::int(person.calendar),
        "calendar" => found(&lookups::CALENDAR, &view.company.calendars, person.calendar),
        "cultureID" => Value::Int(person.culture),
        "culture" => lookups::culture(person.culture),
        "rolePrincipalId" => Value::Int(person.role),
        "rolePrincipal" => found(&lookups::ROLE, &view.company.roles, Some(person.role)),
        "habilitedRoles" => Value::Many(
            person
                .extra_roles
                .iter()
                .filter_map(|id| lookups::find(&lookups::ROLE, &view.company.roles, *id))
                .collect(),
        ),
        "pictureId" => {
            person.picture.map_or(Value::Null, |picture| Value::Text(Cow::Owned(picture_id(picture))))
        }
        "picture" => Value::one(person.picture.map(|picture| Node::Picture(person, picture))),
        "userWorkCycles" => {
            Value::Many(person.work_cycles.iter().map(|span| Node::CycleSpan(person, span)).collect())
        }
        "cspID" => Value::int(category(view, person)),
        "csp" => found(&lookups::CATEGORY, &view.company.categories, category(view, person)),
        "jobTitle" => guarded(rights.view_jobs, text(&person.job_title)),
        "jobQualificationId" => guarded(rights.view_qualifications, Value::int(person.qualification)),
        "jobQualification" => {
            let all = &view.company.qualifications;
            let held = person.qualification.and_then(|id| all.iter().find(|one| one.id == id));
            guarded(rights.view_qualifications, Value::one(held.map(Node::Qualification)))
        }
        "birthDate" => guarded(hr.birth, Value::date(person.birth)),
        "gender" => guarded(hr.personal, Value::text(person.gender.as_str())),
        "civilTitle" => guarded(hr.personal, civil_title(person)),
        "nationalityId" => guarded(hr.personal, Value::maybe_text(person.nationality)),
        "nationality" => {
            let country = person.nationality.and_then(lookups::country);
            guarded(
                hr.personal,
                match view.switches.nationality {
                    Nationality::Object => Value::one(country.map(Node::Country)),
                    Nationality::Code => Value::maybe_text(country.map(|country| country.1)),
                },
            )
        }
        "personalMobile" => guarded(hr.personal, text(&private.personal_mobile)),
        "personalEmail" => guarded(hr.personal, text(&private.personal_email)),
        "address" => guarded(hr.address, text(&private.address)),
        "insuranceNumber" => guarded(hr.identifiers, text(&private.insurance_number)),
        "bankName" => guarded(hr.bank, text(&private.bank_name)),
        "rib" => guarded(hr.bank, Value::maybe_text(private.iban.as_deref().and_then(|iban| iban.get(4..)))),
        "iban" => guarded(hr.bank, text(&private.iban)),
        "bic" => guarded(hr.bank, text(&private.bic)),
        "directLine" => text(&private.direct_line),
        "professionalMobile" => text(&private.professional_mobile),
        "quote" => text(&private.quote),
        "personalAccount" => guarded(hr.bank, text(&private.personal_account)),
        "frenchCarTaxHorsePower" => guarded(hr.bank, Value::int(private.car_tax_horse_power)),
        "allowsElectronicPayslip" => Value::Bool(person.id % 2 == 0),
        "attributes" => Value::Dictionary(Vec::new()),
        "applicationData" => application_data(view, person),
        "extendedData" => {
            guarded(hr.custom_fields, extensions::extended_data(&view.company.definitions, &person.custom))
        }
        "userAxisValues" => axis_values(view, person),
        "authorizedOperations" => operations::authorized(rights),
        // Null in all recordings: site, currentDelegatee, unitSellPrice, frenchMotocyclesTaxHorsePower,
        // corporateCard, personalCard. unverified: their types.
        _ => Value::Null,
    }
}

fn category(view: &View<'_>, person: &Person) -> Option<i64> {
    person.applicable(view.today).and_then(|contract| contract.category)
}

fn found<'a>(of: &'static Type, among: &'a [crate::company::model::Lookup], id: Option<i64>) -> Value<'a> {
    Value::one(id.and_then(|id| lookups::find(of, among, id)))
}

fn civil_title(person: &Person) -> Value<'static> {
    use crate::company::model::Gender;
    match person.gender {
        Gender::Female => Value::text("Mme"),
        Gender::Male => Value::text("M."),
        Gender::Undefined => Value::Null,
    }
}

fn entries<'a, const N: usize>(entries: [(&'static str, Value<'a>); N]) -> Value<'a> {
    Value::Dictionary(entries.into_iter().map(|(name, value)| (Cow::Borrowed(name), value)).collect())
}

/// Source: recorded answers; they have every entry, null if there is no value. unverified: the right that
/// guards each entry, and that an entry without its right is absent.
fn application_data<'a>(view: &View<'a>, person: &'a Person) -> Value<'a> {
    let facts = &person.applications;
    let profile = |found: Option<&(i64, &'static str)>, plural: &str| {
        found.map_or(Value::Null, |(id, name)| {
            entries([("id", Value::Int(*id)), ("name", Value::text(name)), ("url", url(view, plural, id))])
        })
    };
    let held = |value, link| entries([("value", value), ("link", link)]);
    let review = |at: Option<Stamp>| held(at.map_or(Value::Null, Value::Moment), Value::Null);
    let mut all: Vec<(&'static str, Value<'a>)> = Vec::with_capacity(9);
    if view.rights.view_managers {
        let second = facts.second_manager.and_then(|id| view.company.person(id));
        all.push(("manager2Id", Value::int(facts.second_manager)));
        // The shape of a manager that is set was not recorded: assumed to be that of any other user.
        all.push((
            "manager2",
            second.map_or(Value::Null, |manager| {
                entries([
                    ("id", Value::Int(manager.id)),
                    ("name", Value::Text(Cow::Owned(manager.name()))),
                    ("url", url(view, USER.plural, manager.id)),
                ])
            }),
        ));
    }
    let leaves = facts.leave_profile.and_then(|at| LEAVE_PROFILES.get(at));
    all.push(("profile_figgo", profile(leaves, "leaveprofiles")));
    let expenses = EXPENSE_PROFILES.get(facts.expense_profile);
    all.push(("profile_cleemy_6", profile(expenses, "expenseconfigprofileboes")));
    if view.rights.hr_file.remuneration {
        let address = format!("popleerem/remunerations#/{}", person.id);
        let link =
            entries([("url", address_of(view, &address)), ("text", Value::text("Go to Pagga Compensation"))]);
        all.push((
            "fullTimeEquivalent",
            held(Value::maybe_text(facts.monthly_hours.as_deref()), Value::Null),
        ));
        all.push(("theoreticalRemuneration", held(Value::maybe_text(facts.remuneration.as_deref()), link)));
        all.push(("lastAnnualReviewDate", review(facts.annual_review)));
        all.push(("lastProfessionalReviewDate", review(facts.professional_review)));
        all.push(("lastFixedWorkingDaysReviewDate", review(facts.fixed_days_review)));
    }
    Value::Dictionary(all.into_iter().map(|(name, value)| (Cow::Borrowed(name), value)).collect())
}

fn axis_values<'a>(view: &View<'a>, person: &'a Person) -> Value<'a> {
    // An axis without a value is absent, as recorded, not null.
    let entries = view.company.axes.iter().filter(|axis| axis.active).filter_map(|axis| {
        let (_, section) = person.axes.iter().find(|(of, _)| *of == axis.id)?;
        let section = view.company.sections.iter().find(|one| one.id == *section)?;
        Some((Cow::Owned(axis.id.to_string()), Value::One(Node::Section(section))))
    });
    Value::Dictionary(entries.collect())
}

pub(crate) fn picture<'a>(
    view: &View<'a>,
    person: &'a Person,
    picture: u64,
    property: &'static str,
) -> Value<'a> {
    match property {
        "id" => Value::Text(Cow::Owned(picture_id(picture))),
        "name" => Value::text("picture"),
        "href" => address_of(view, &format!("directory/api/employees/{}/picture?a=0", person.id)),
        // extension, mimeType, url: null in all recordings.
        _ => Value::Null,
    }
}

fn picture_id(picture: u64) -> String {
    Dice::new(picture, 0x1416).guid()
}

pub(crate) fn cycle_span<'a>(
    view: &View<'a>,
    person: &'a Person,
    span: &'a CycleSpan,
    property: &'static str,
) -> Value<'a> {
    match property {
        "id" => Value::Int(span.id),
        "url" => url(view, CYCLE_SPAN.plural, span.id),
        "ownerID" => Value::Int(person.id),
        "workCycleID" => Value::Int(span.cycle),
        "startsOn" => Value::Moment(Stamp::midnight(span.starts)),
        "endsOn" => Value::Moment(Stamp::midnight(span.ends)),
        "workCycle" => found(&lookups::WORK_CYCLE, &view.company.work_cycles, Some(span.cycle)),
        _ => Value::Null,
    }
}
