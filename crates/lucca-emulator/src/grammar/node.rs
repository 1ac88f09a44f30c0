//! One record, seen as a v3 resource. Not included: its type and its values (`resources`).

use jiff::civil::Date;

use super::schema::{Property, Type};
use crate::company::{
    absences::{Decision, Withdrawal, calendar::PlannedWork, period_log::PeriodLogEntry},
    custom_fields::Definition,
    model::{Axis, CycleSpan, Department, Establishment, LeaveAccount, Log, Person, Qualification, Section},
    operations::{Operation, Scope},
};

/// One record, seen as a v3 resource.
#[derive(Clone, Copy)]
pub(crate) enum Node<'a> {
    User(&'a Person),
    Picture(&'a Person, u64),
    CycleSpan(&'a Person, &'a CycleSpan),
    Operation(&'static Operation),
    Scope(&'static Scope),
    Department(&'a Department),
    Establishment(&'a Establishment),
    Axis(&'a Axis),
    Section(&'a Section),
    Definition(&'a Definition),
    /// Index in the definition's list of choices.
    Choice(&'a (i64, &'static str)),
    UserProperty(UserProperty<'a>),
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
    PeriodLog(PeriodLogEntry<'a>),
    UserDate(&'a Person, Date),
    HalfDate(&'a Person, Date, bool),
    DateItem(PlannedWork),
}

/// A property of users in this tenant, of any origin.
#[derive(Clone, Copy)]
pub(crate) enum UserProperty<'a> {
    Native(&'static Property),
    Extension(&'a Definition),
    Axis(&'a Axis),
}
