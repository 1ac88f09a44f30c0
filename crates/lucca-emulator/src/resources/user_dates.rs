//! People's calendar days, from schedules and absences. Source: absences.md §8.
//!
//! unverified: everything but the names of the properties and the shape of durations.

use std::borrow::Cow;

use jiff::civil::Date;

use super::users;
use crate::{
    company::{
        absences::{
            calendar::{self, PlannedWork},
            place,
        },
        model::Person,
        stamp::Stamp,
    },
    grammar::{
        node::Node,
        schema::{Property as P, Type},
        value::Value,
    },
    view::View,
};

pub(crate) static USER_DATE: Type = Type {
    name: "UserDate",
    plural: "userdates",
    entity: false,
    properties: &[
        P::int("ownerId"),
        P::one("owner", &users::USER),
        P::date("date"),
        P::int("source"),
        P::text("dtt"),
        P::text("drt"),
        P::text("draj"),
        P::bool("isHoliday"),
        P::bool("isWeeklyRest"),
        P::many("items", &DATE_ITEM),
        P::one("am", &HALF_DATE),
        P::one("pm", &HALF_DATE),
    ],
};

pub(crate) static HALF_DATE: Type = Type {
    name: "UserHalfDate",
    plural: "userhalfdates",
    entity: false,
    properties: &[
        P::text("dtt"),
        P::text("drt"),
        P::text("draj"),
        P::bool("isOff"),
        P::bool("isHoliday"),
        P::bool("isWeeklyRest"),
        P::many("items", &DATE_ITEM),
    ],
};

pub(crate) static DATE_ITEM: Type = Type {
    name: "UserDateItem",
    plural: "items",
    entity: false,
    properties: &[P::text("type"), P::text("startsAt"), P::text("duration"), P::text("timeline")],
};

/// Planned and absent minutes of a half-day.
struct Plan {
    planned: i64,
    absent: i64,
    remote: bool,
}

/// People who count in days have half-days of twelve hours, the others of three and a half.
fn plan(view: &View<'_>, person: &Person, day: Date, am: bool) -> Plan {
    let half = if calendar::cycle_on(person, day) == calendar::IN_DAYS { 720 } else { 210 };
    let planned = if calendar::works_while_employed(person, day, am) { half } else { 0 };
    let all = &view.company.absences;
    let leave = all
        .of(person.id)
        .filter(|(_, period)| period.is_active() && period.starts <= day && day <= period.ends)
        .flat_map(|(_, period)| period.places().filter(|at| all.is_active(*at, period)))
        .filter_map(|at| all.halves.get(place(at)))
        .find(|half| half.date == day && half.am == am);
    let accounts = &view.company.leave_accounts;
    let remote = leave
        .is_some_and(|half| accounts.iter().any(|one| one.remote_work && one.id == i64::from(half.account)));
    let absent = leave.filter(|_| !remote).map_or(0, |leave| match i64::from(leave.quarters) {
        0 => planned,
        quarters => (quarters * 15).min(planned),
    });
    Plan { planned, absent, remote }
}

fn time_span(minutes: i64) -> Value<'static> {
    Value::Text(Cow::Owned(if minutes >= 1440 {
        format!("{}.{:02}:{:02}:00", minutes / 1440, minutes % 1440 / 60, minutes % 60)
    } else {
        format!("{:02}:{:02}:00", minutes / 60, minutes % 60)
    }))
}

fn items<'a>(plans: &[(bool, Plan)]) -> Value<'a> {
    let items = plans.iter().filter(|(_, plan)| plan.planned > 0).map(|(am, plan)| {
        let starts = match (am, plan.planned) {
            (true, 720) => 0,
            (false, 720) => 720,
            (true, _) => 540,
            (false, _) => 840,
        };
        Node::DateItem(PlannedWork { starts, minutes: plan.planned })
    });
    Value::Many(items.collect())
}

fn shared<'a>(view: &View<'a>, person: &Person, day: Date, halves: &[bool], property: &str) -> Value<'a> {
    let plans =
        || -> Vec<(bool, Plan)> { halves.iter().map(|am| (*am, plan(view, person, day, *am))).collect() };
    let sum = |of: fn(&Plan) -> i64| time_span(plans().iter().map(|(_, plan)| of(plan)).sum());
    match property {
        "dtt" => sum(|plan| plan.planned),
        "drt" => sum(|plan| plan.planned - plan.absent),
        "draj" if !view.sees_absences_of(person) => Value::Hidden,
        "draj" => sum(|plan| plan.absent),
        "isOff" => Value::Bool(plans().iter().all(|(_, plan)| plan.absent >= plan.planned)),
        "isHoliday" => Value::Bool(calendar::is_holiday(person.calendar.unwrap_or(1), day)),
        "isWeeklyRest" => Value::Bool(calendar::is_weekend(day)),
        "items" => items(&plans()),
        _ => Value::Null,
    }
}

pub(crate) fn day<'a>(view: &View<'a>, person: &'a Person, day: Date, property: &'static str) -> Value<'a> {
    match property {
        "ownerId" => Value::Int(person.id),
        "owner" => Value::One(Node::LeaveOwner(person)),
        "date" => Value::Moment(Stamp::midnight(day)),
        // 1 work cycle, 2 public holiday, 5 leave.
        "source" => {
            let away = |am| {
                let plan = plan(view, person, day, am);
                plan.absent > 0 || plan.remote
            };
            let holiday = calendar::is_holiday(person.calendar.unwrap_or(1), day);
            Value::Int(if holiday {
                2
            } else if view.sees_absences_of(person) && (away(true) || away(false)) {
                5
            } else {
                1
            })
        }
        "am" => Value::One(Node::HalfDate(person, day, true)),
        "pm" => Value::One(Node::HalfDate(person, day, false)),
        other => shared(view, person, day, &[true, false], other),
    }
}

pub(crate) fn half<'a>(view: &View<'a>, person: &Person, day: Date, am: bool, property: &str) -> Value<'a> {
    shared(view, person, day, &[am], property)
}

pub(crate) fn item(work: PlannedWork, property: &str) -> Value<'static> {
    match property {
        "type" => Value::text("ptt"),
        "startsAt" => time_span(work.starts),
        "duration" => time_span(work.minutes),
        _ => Value::Null,
    }
}
