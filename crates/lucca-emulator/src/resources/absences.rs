//! Leaves, leave periods and leave requests. Source: absences.md §2.

use std::borrow::Cow;

use jiff::civil::Date;

use super::{lookups, users};
use crate::{
    company::{
        absences::{Decision, Moment, Stage, Withdrawal, period_log::PeriodLogEntry, place},
        stamp::Stamp,
    },
    grammar::{
        dates,
        node::Node,
        schema::{Property as P, Type},
        value::{Value, url},
    },
    switches::LeaveValue,
    view::View,
};

/// The documentation spells `isAm`, the tenant `isAM` (source: absences.md §2.3). Live clients request
/// `color` and `isRemoteWork` to `endsAt`; `leaveAccountDuration` was observed as a number, `date` as
/// midnight. unverified: the values of the others.
pub(crate) static LEAVE: Type = Type {
    name: "Leave",
    plural: "leaves",
    entity: true,
    properties: &[
        P::text("id"),
        P::text("name"),
        P::text("url"),
        P::date("date"),
        P::bool("isAM").documented("isAm"),
        P::int("leaveAccountId"),
        P::one("leaveAccount", &lookups::LEAVE_ACCOUNT),
        P::int("leavePeriodId"),
        P::one("leavePeriod", &LEAVE_PERIOD),
        P::text("value"),
        P::stamp("creationDate"),
        P::bool("isActive"),
        P::stamp("cancellationDate"),
        P::int("cancellationUserId"),
        P::text("comment"),
        P::text("color"),
        P::bool("isRemoteWork"),
        P::bool("isRealLeave"),
        P::number("leaveAccountDuration"),
        P::text("scope"),
        P::text("workingTimeType"),
        P::text("calendar"),
        P::date("startDateTime"),
        P::date("startsAt"),
        P::date("endsAt"),
    ],
};

pub(crate) static LEAVE_PERIOD: Type = Type {
    name: "LeavePeriod",
    plural: "leaveperiods",
    entity: true,
    properties: &[
        P::int("id"),
        P::text("name"),
        P::text("url"),
        P::int("ownerId"),
        P::one("owner", &users::USER),
        P::bool("isConfirmed"),
        P::stamp("confirmationDate"),
        P::text("attachmentId"),
        P::date("startsOn"),
        P::bool("startsAM"),
        P::date("endsOn"),
        P::bool("endsAM"),
        P::many("leaves", &LEAVE),
        P::many("logs", &PERIOD_LOG),
    ],
};

pub(crate) static LEAVE_REQUEST: Type = Type {
    name: "LeaveRequest",
    plural: "leaverequests",
    entity: true,
    properties: &[
        P::int("id"),
        P::text("name"),
        P::text("url"),
        P::int("leavePeriodId"),
        P::one("leavePeriod", &LEAVE_PERIOD),
        P::int("status"),
        P::stamp("creationDate"),
        P::int("nextApproverId"),
        P::int("cancellationUserId"),
        P::stamp("cancellationDate"),
        P::bool("isActive"),
        P::many("approvals", &APPROVAL),
        P::many("cancellationRequests", &CANCELLATION_REQUEST),
    ],
};

pub(crate) static APPROVAL: Type = Type {
    name: "LeaveRequestApproval",
    plural: "approvals",
    entity: false,
    properties: &[
        P::int("id"),
        P::stamp("date"),
        P::int("approverId"),
        P::int("substitutedApproverId"),
        P::bool("approved"),
        P::text("comment"),
    ],
};

pub(crate) static CANCELLATION_REQUEST: Type = Type {
    name: "LeaveCancellationRequest",
    plural: "cancellationRequests",
    entity: false,
    properties: &[
        P::int("id"),
        P::int("authorId"),
        P::text("comment"),
        P::int("rank"),
        P::bool("approved"),
        P::stamp("creationDate"),
        P::int("nextApproverId"),
        P::bool("isActive"),
    ],
};

pub(crate) static PERIOD_LOG: Type = Type {
    name: "LeavePeriodLog",
    plural: "logs",
    entity: false,
    properties: &[P::int("id"), P::stamp("date"), P::text("comment"), P::int("status")],
};

fn stamp(view: &View<'_>, at: Moment) -> Value<'static> {
    let digits = if at.has_fraction() { 3 } else { 0 };
    Value::Moment(Stamp { at: dates::kept(at.at(), view.switches), digits })
}

fn maybe_stamp(view: &View<'_>, at: Option<Moment>) -> Value<'static> {
    at.map_or(Value::Null, |at| stamp(view, at))
}

fn user(id: Option<u32>) -> Value<'static> {
    Value::int(id.map(i64::from))
}

fn at_hour(day: Date, hour: i8) -> Value<'static> {
    Value::Moment(Stamp { at: day.at(hour, 0, 0, 0), digits: 0 })
}

/// `TimeSpan`, `PT…` or a number of hours.
fn duration(quarters: u8, shape: LeaveValue) -> Value<'static> {
    let (hours, minutes) = (quarters / 4, quarters % 4 * 15);
    match shape {
        _ if quarters == 0 => Value::Null,
        LeaveValue::TimeSpan => Value::Text(Cow::Owned(format!("{hours:02}:{minutes:02}:00"))),
        LeaveValue::Iso8601 if minutes == 0 => Value::Text(Cow::Owned(format!("PT{hours}H"))),
        LeaveValue::Iso8601 => Value::Text(Cow::Owned(format!("PT{hours}H{minutes}M"))),
        LeaveValue::Number => Value::Number(f64::from(quarters) / 4.0),
    }
}

pub(crate) fn leave<'a>(view: &View<'a>, at: u32, property: &'static str) -> Value<'a> {
    let all = &view.company.absences;
    let Some(half) = all.halves.get(place(at)).copied() else { return Value::Null };
    let Some(period) = all.period_of(half) else { return Value::Null };
    let end = || {
        let denied = period.stage == Stage::Denied && !view.switches.denied_have_cancellation_date;
        all.end_of(at, period).filter(|_| !denied || all.dropped.contains_key(&at))
    };
    let guarded = |value| if view.rights.show_leave_details { value } else { Value::Hidden };
    let account = || view.company.leave_accounts.iter().find(|account| account.id == i64::from(half.account));
    match property {
        "id" | "name" => Value::Text(Cow::Owned(period.leave_id(half))),
        "url" => url(view, LEAVE.plural, period.leave_id(half)),
        "date" => Value::Moment(Stamp::midnight(half.date)),
        "isAM" => Value::Bool(half.am),
        // unverified: that the id of the account is hidden with the account.
        "leaveAccountId" => guarded(Value::Int(half.account.into())),
        "leaveAccount" => guarded(Value::one(account().map(Node::LeaveAccount))),
        "isRemoteWork" => {
            let remote = account().is_some_and(|account| account.remote_work);
            guarded(Value::Bool(remote && view.switches.remote_work_flag))
        }
        "isRealLeave" => Value::Bool(!account().is_some_and(|account| account.remote_work)),
        "leaveAccountDuration" => Value::Number(match half.quarters {
            0 => 0.5,
            quarters => f64::from(quarters) / 4.0,
        }),
        "startDateTime" | "startsAt" => at_hour(half.date, if half.am { 0 } else { 12 }),
        "endsAt" if half.am => at_hour(half.date, 12),
        "endsAt" => Value::date(half.date.tomorrow().ok()),
        "color" => guarded(Value::text("#7547D1")),
        "leavePeriodId" => Value::Int(period.id.into()),
        "leavePeriod" => Value::One(Node::LeavePeriod(half.period)),
        "value" => duration(half.quarters, view.switches.leave_value),
        "creationDate" => stamp(view, period.created),
        "isActive" => Value::Bool(all.is_active(at, period)),
        "cancellationDate" => maybe_stamp(view, end().map(|(at, _)| at)),
        "cancellationUserId" => user(end().map(|(_, by)| by)),
        "comment" => Value::maybe_text(all.comment(period.comment)),
        _ => Value::Null,
    }
}

pub(crate) fn leave_period<'a>(view: &View<'a>, at: u32, property: &'static str) -> Value<'a> {
    let all = &view.company.absences;
    let Some(period) = all.periods.get(place(at)) else { return Value::Null };
    match property {
        "id" => Value::Int(period.id.into()),
        "name" => Value::Text(Cow::Owned(period.id.to_string())),
        "url" => url(view, LEAVE_PERIOD.plural, period.id),
        "ownerId" => Value::Int(period.owner.into()),
        "owner" => Value::one(view.company.person(period.owner.into()).map(Node::LeaveOwner)),
        // unverified: that a period cancelled after its approval stays confirmed.
        "isConfirmed" => Value::Bool(period.confirmed.is_some()),
        "confirmationDate" => maybe_stamp(view, period.confirmed),
        "startsOn" => Value::Moment(Stamp::midnight(period.starts)),
        "startsAM" => Value::Bool(period.starts_am),
        "endsOn" => Value::Moment(Stamp::midnight(period.ends)),
        "endsAM" => Value::Bool(period.ends_am),
        "leaves" => Value::Many(period.places().map(Node::Leave).collect()),
        "logs" => Value::Many(all.log_of(period).into_iter().map(Node::PeriodLog).collect()),
        _ => Value::Null,
    }
}

pub(crate) fn leave_request<'a>(view: &View<'a>, at: u32, property: &'static str) -> Value<'a> {
    let Some(period) = view.company.absences.periods.get(place(at)) else { return Value::Null };
    let cancelled = || period.closed.filter(|_| period.stage == Stage::Cancelled);
    match property {
        "id" => user(period.request),
        "name" => Value::Text(Cow::Owned(period.request.map_or(String::new(), |id| id.to_string()))),
        "url" => url(view, LEAVE_REQUEST.plural, period.request.unwrap_or(0)),
        "leavePeriodId" => Value::Int(period.id.into()),
        "leavePeriod" => Value::One(Node::LeavePeriod(at)),
        "status" => Value::Int(period.stage as i64),
        "creationDate" => stamp(view, period.created),
        "nextApproverId" => user(period.next_approver),
        "cancellationUserId" => user(cancelled().map(|(_, by)| by)),
        "cancellationDate" => maybe_stamp(view, cancelled().map(|(at, _)| at)),
        // False for cancelled ones, as documented. unverified: whether for denied ones too.
        "isActive" => Value::Bool(period.stage != Stage::Cancelled),
        "approvals" => Value::Many(period.decisions.iter().map(Node::Approval).collect()),
        "cancellationRequests" => Value::Many(
            period.withdrawal.iter().map(|withdrawal| Node::CancellationRequest(withdrawal)).collect(),
        ),
        _ => Value::Null,
    }
}

pub(crate) fn approval<'a>(view: &View<'a>, step: &'a Decision, property: &'static str) -> Value<'a> {
    match property {
        "id" => Value::Int(step.id.into()),
        "date" => stamp(view, step.at),
        "approverId" => Value::Int(step.approver.into()),
        "substitutedApproverId" => user(step.substituted),
        "approved" => Value::Bool(step.approved),
        "comment" => Value::maybe_text(view.company.absences.comment(step.comment)),
        _ => Value::Null,
    }
}

pub(crate) fn cancellation_request<'a>(
    view: &View<'a>,
    withdrawal: &'a Withdrawal,
    property: &'static str,
) -> Value<'a> {
    match property {
        "id" => Value::Int(withdrawal.id.into()),
        "authorId" => Value::Int(withdrawal.author.into()),
        "comment" => Value::maybe_text(view.company.absences.comment(withdrawal.comment)),
        // unverified: the meaning of the rank.
        "rank" => Value::Int(0),
        "approved" => Value::Bool(withdrawal.granted),
        "creationDate" => stamp(view, withdrawal.at),
        "nextApproverId" => user(withdrawal.next_approver),
        "isActive" => Value::Bool(withdrawal.next_approver.is_some()),
        _ => Value::Null,
    }
}

pub(crate) fn period_log<'a>(
    view: &View<'a>,
    entry: PeriodLogEntry<'a>,
    property: &'static str,
) -> Value<'a> {
    match property {
        "id" => Value::Int(entry.id),
        "date" => stamp(view, entry.at),
        "comment" => Value::maybe_text(entry.comment),
        "status" => Value::Int(entry.stage as i64),
        _ => Value::Null,
    }
}
