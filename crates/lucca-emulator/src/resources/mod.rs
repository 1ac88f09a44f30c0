//! The v3 resources: their names, properties, and values as a key sees them.
//!
//! Included: `Node`, one record seen as a v3 resource. Not included: the query language (`grammar`), the
//! routes (`routes`), the v4 resources, which have no query language.

pub(crate) mod absences;
pub(crate) mod axes;
pub(crate) mod extensions;
pub(crate) mod lookups;
pub(crate) mod operations;
pub(crate) mod organization;
pub(crate) mod user_dates;
pub(crate) mod users;

use jiff::civil::{Date, DateTime};

use crate::{
    company::{
        absences::{Decision, Withdrawal},
        custom_fields::Definition,
        model::{
            Axis, Company, CycleSpan, Department, Establishment, LeaveAccount, Log, Person, Qualification,
            Section, Status,
        },
    },
    grammar::{schema::Type, value::Value},
    rights::Rights,
    switches::{NoManager, Switches},
};

/// The company as one key sees it at one instant.
pub(crate) struct View<'a> {
    pub(crate) company: &'a Company,
    pub(crate) rights: &'a Rights,
    pub(crate) switches: &'a Switches,
    /// Name of the key.
    pub(crate) principal: &'a str,
    /// `http://host`, in the client's spelling.
    pub(crate) origin: &'a str,
    pub(crate) now: DateTime,
    pub(crate) today: Date,
}

impl View<'_> {
    /// Whether the key may see that person at all (source: directory.md §4).
    pub(crate) fn sees(&self, person: &Person) -> bool {
        self.rights.view_users && self.sees_status_of(person) && self.has_in_scope(person)
    }

    /// Whether that person is in lists of users: the technical user 0 is in none of the recorded ones, and
    /// every listed user has a contract start.
    pub(crate) fn lists(&self, person: &Person) -> bool {
        self.sees(person) && (person.id != 0 || self.switches.technical_user_listed)
    }

    /// The id of a person's manager: people without one are entered as their own (source: Lucca's help, and
    /// all recorded users have one).
    pub(crate) fn manager_of(&self, person: &Person) -> Option<i64> {
        person.manager.or(match self.switches.no_manager {
            NoManager::Oneself => Some(person.id),
            NoManager::Null => None,
        })
    }

    /// Whether the key may see that person's contracts, if it may see contracts at all.
    pub(crate) fn sees_contracts_of(&self, person: &Person) -> bool {
        let shown = !self.switches.contracts_follow_users || self.sees_status_of(person);
        self.rights.view_users && shown && self.has_in_scope(person)
    }

    fn sees_status_of(&self, person: &Person) -> bool {
        match person.status(self.today) {
            Status::Active => true,
            Status::Future => self.rights.see_future,
            Status::Former => self.rights.see_former,
        }
    }

    /// Whether the person belongs to an establishment in the key's scope.
    pub(crate) fn has_in_scope(&self, person: &Person) -> bool {
        let scope = self.rights.establishment_scope.as_ref();
        scope.is_none_or(|scope| scope.contains(&person.current_establishment(self.today)))
    }

    /// Whether the key may see that person's absences. The current establishment counts (source: absences.md
    /// §3). unverified: that they need no right on users.
    pub(crate) fn sees_absences_of(&self, person: &Person) -> bool {
        let shown = !self.switches.leaves_follow_users || self.sees_status_of(person);
        self.rights.consult_leaves && shown && self.has_in_scope(person)
    }
}

/// One record, seen as a v3 resource.
#[derive(Clone, Copy)]
pub(crate) enum Node<'a> {
    User(&'a Person),
    Picture(&'a Person, u64),
    CycleSpan(&'a Person, &'a CycleSpan),
    Operation(&'static operations::Operation),
    Scope(&'static operations::Scope),
    Department(&'a Department),
    Establishment(&'a Establishment),
    Axis(&'a Axis),
    Section(&'a Section),
    Definition(&'a Definition),
    /// Index in the definition's list of choices.
    Choice(&'a (i64, &'static str)),
    UserProperty(extensions::UserProperty<'a>),
    Log(&'a Log),
    LeaveAccount(&'a LeaveAccount),
    Label(&'a LeaveAccount),
    Qualification(&'a Qualification),
    /// A record with hardly more than an id and a name.
    Named(&'static Type, i64, &'a str),
    Country(&'static (i64, &'static str, &'static str, &'static str)),
    /// Index of the half-day.
    Leave(u32),
    /// Index of the period.
    LeavePeriod(u32),
    /// Index of the requested period.
    LeaveRequest(u32),
    LeaveOwner(&'a Person),
    Approval(&'a Decision),
    CancellationRequest(&'a Withdrawal),
    PeriodLog(absences::LogLine<'a>),
    UserDate(&'a Person, Date),
    HalfDate(&'a Person, Date, bool),
    DateItem(user_dates::Stretch),
}

impl<'a> Node<'a> {
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
            Self::CancellationRequest(wish) => absences::cancellation_request(view, wish, property),
            Self::PeriodLog(line) => absences::period_log(view, line, property),
            Self::UserDate(person, day) => user_dates::day(view, person, day, property),
            Self::HalfDate(person, day, am) => user_dates::half(view, person, day, am, property),
            Self::DateItem(stretch) => user_dates::item(stretch, property),
        }
    }
}
