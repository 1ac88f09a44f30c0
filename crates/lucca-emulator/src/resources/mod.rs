//! The v3 resources: their names, properties, and values as a key sees them.
//!
//! Included: the type of a record and the value of each property, from the module of its kind. Not included:
//! the query language (`grammar`), the routes (`routes`), the v4 resources, which have no query language.

pub(crate) mod absences;
pub(crate) mod axes;
pub(crate) mod extensions;
pub(crate) mod lookups;
pub(crate) mod operations;
pub(crate) mod organization;
pub(crate) mod user_dates;
pub(crate) mod users;

use crate::{
    grammar::{node::Node, schema::Type, value::Value},
    view::View,
};

impl<'a> Node<'a> {
    /// The type of the record.
    pub(crate) fn of(self) -> &'static Type {
        match self {
            Self::User(_) => &users::USER,
            Self::Picture(..) => &users::PICTURE,
            Self::CycleSpan(..) => &users::CYCLE_SPAN,
            Self::Operation(_) => &operations::OPERATION,
            Self::Scope(_) => &operations::SCOPE,
            Self::Department(_) => &organization::DEPARTMENT,
            Self::Establishment(_) => &organization::LEGAL_ENTITY,
            Self::Axis(_) => &axes::AXIS,
            Self::Section(_) => &axes::SECTION,
            Self::Definition(_) => &extensions::DEFINITION,
            Self::Choice(_) => &extensions::CHOICE,
            Self::UserProperty(_) => &extensions::USER_PROPERTY,
            Self::Log(_) => &lookups::LOG,
            Self::LeaveAccount(_) => &lookups::LEAVE_ACCOUNT,
            Self::Label(_) => &lookups::LABEL,
            Self::Qualification(_) => &lookups::QUALIFICATION,
            Self::Named(of, ..) => of,
            Self::Country(_) => &lookups::NATIONALITY,
            Self::Leave(_) => &absences::LEAVE,
            Self::LeavePeriod(_) => &absences::LEAVE_PERIOD,
            Self::LeaveRequest(_) => &absences::LEAVE_REQUEST,
            Self::LeaveOwner(_) => &users::USER,
            Self::Approval(_) => &absences::APPROVAL,
            Self::CancellationRequest(_) => &absences::CANCELLATION_REQUEST,
            Self::PeriodLog(_) => &absences::PERIOD_LOG,
            Self::UserDate(..) => &user_dates::USER_DATE,
            Self::HalfDate(..) => &user_dates::HALF_DATE,
            Self::DateItem(_) => &user_dates::DATE_ITEM,
        }
    }

    /// The value of a property by its name in the type.
    pub(crate) fn get(self, view: &View<'a>, property: &'static str) -> Value<'a> {
        match self {
            Self::User(person) => users::value(view, person, property),
            Self::Picture(person, picture) => users::picture(view, person, picture, property),
            Self::CycleSpan(person, span) => users::cycle_span(view, person, span, property),
            Self::Operation(operation) => operations::operation(operation, property),
            Self::Scope(scope) => operations::scope_value(scope, property),
            Self::Department(department) => organization::department(view, department, property),
            Self::Establishment(site) => organization::legal_entity(view, site, property),
            Self::Axis(axis) => axes::axis(view, axis, property),
            Self::Section(section) => axes::section(view, section, property),
            Self::Definition(definition) => extensions::definition(definition, property),
            Self::Choice(choice) => extensions::choice(choice, property),
            Self::UserProperty(asked) => extensions::user_property(asked, property),
            Self::Log(log) => lookups::log(view, log, property),
            Self::LeaveAccount(account) => lookups::leave_account(view, account, property),
            Self::Label(account) => lookups::label(account, property),
            Self::Qualification(found) => lookups::qualification(view, found, property),
            Self::Named(of, id, name) => lookups::named(view, of, id, name, property),
            Self::Country(country) => lookups::nationality(country, property),
            Self::Leave(at) => absences::leave(view, at, property),
            Self::LeavePeriod(at) => absences::leave_period(view, at, property),
            Self::LeaveRequest(at) => absences::leave_request(view, at, property),
            // unverified: whether the other properties of a user are visible there; `mail` is not.
            Self::LeaveOwner(_) if property == "mail" => Value::Hidden,
            Self::LeaveOwner(person) => users::value(view, person, property),
            Self::Approval(decision) => absences::approval(view, decision, property),
            Self::CancellationRequest(withdrawal) => {
                absences::cancellation_request(view, withdrawal, property)
            }
            Self::PeriodLog(line) => absences::period_log(view, line, property),
            Self::UserDate(person, day) => user_dates::day(view, person, day, property),
            Self::HalfDate(person, day, am) => user_dates::half(view, person, day, am, property),
            Self::DateItem(stretch) => user_dates::item(stretch, property),
        }
    }
}
