//! Leaves: half-days of absence. Source: absences.md §2.1 to §2.3.

use jiff::civil::Date;
use people::{RemoteId, SourceTime};

use super::private::FromRecord;
use super::{Ref, Resource};
use crate::item::Unreadable;
use crate::reader::{Measure, Record};

/// A half-day of absence (`/api/v3/leaves`). All half-days of one period share its id.
#[derive(Clone, Debug, PartialEq)]
pub struct Leave {
    /// Its id: `{period}-{yyyyMMdd}-{AM|PM}`, `78287-20180424-PM`.
    // unverified: whether the first part is the period's id; it is not the owner's (absences.md §0, item 4).
    pub id: RemoteId,
    /// The day.
    pub date: Date,
    /// Morning or afternoon.
    pub half: Half,
    /// The absent employee.
    pub owner: Option<RemoteId>,
    /// The period that contains it.
    pub period: Option<LeavePeriodRef>,
    /// The kind of leave: Lucca's leave account.
    pub account: Option<Ref>,
    /// Length of an absence that is counted in hours, in minutes; read from `value` in either notation of a
    /// duration (`03:30:00`, `PT3H30M`).
    pub minutes: Option<i64>,
    /// `value` if it is a plain number.
    // unverified: its unit, and that it is ever sent so; it is documented as a duration.
    pub value: Option<f64>,
    /// Creation time; without a zone.
    pub created_at: Option<SourceTime>,
    /// Cancellation time; without a zone.
    pub cancelled_at: Option<SourceTime>,
    /// The user who cancelled it.
    pub cancelled_by: Option<RemoteId>,
    /// Whether it is active: its period is pending or confirmed. False once cancelled or denied.
    pub is_active: Option<bool>,
    /// Its comment; only requested with [`FieldGroup::LeaveReason`](crate::FieldGroup::LeaveReason).
    pub comment: Option<String>,
    /// Whether it is remote work rather than absence; undocumented.
    pub is_remote_work: Option<bool>,
}

/// A half of a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Half {
    /// Morning.
    Am,
    /// Afternoon.
    Pm,
}

/// The period of a leave: consecutive half-days requested, or entered, at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeavePeriodRef {
    /// Its id.
    pub id: RemoteId,
    /// The absent employee.
    pub owner_id: Option<RemoteId>,
    /// True if it is approved or needs no approval, false while it is pending.
    pub is_confirmed: Option<bool>,
    /// Time of the confirmation; without a zone.
    pub confirmed_at: Option<SourceTime>,
    /// First day; undocumented.
    pub starts_on: Option<Date>,
    /// Whether it begins in the morning; undocumented.
    pub starts_am: Option<bool>,
    /// Last day, included; undocumented.
    pub ends_on: Option<Date>,
    /// Whether it ends at noon; undocumented.
    pub ends_am: Option<bool>,
}

/// The parts of a leave's id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LeaveId<'a> {
    pub(crate) period: &'a str,
    pub(crate) date: Date,
    pub(crate) half: Half,
}

impl<'a> LeaveId<'a> {
    pub(crate) fn parse(id: &'a str) -> Option<Self> {
        let (rest, half) = id.rsplit_once('-')?;
        let (period, day) = rest.rsplit_once('-')?;
        let half = match half {
            "AM" => Half::Am,
            "PM" => Half::Pm,
            _ => return None,
        };
        let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        if day.len() != 8 || !is_number(day) || !is_number(period) {
            return None;
        }
        let part = |from: usize, to: usize| day.get(from..to);
        let (year, month, day) =
            (part(0, 4)?.parse().ok()?, part(4, 6)?.parse().ok()?, part(6, 8)?.parse().ok()?);
        Some(Self { period, date: Date::new(year, month, day).ok()?, half })
    }
}

impl Resource for Leave {}

impl FromRecord for Leave {
    fn read(id: RemoteId, record: &mut Record<'_>) -> Result<Self, Unreadable> {
        let missing = |field: &'static str| Unreadable { field: field.into(), reason: "missing".to_owned() };
        let parts = LeaveId::parse(id.as_str());
        let date = record.vital_date("date")?.or(parts.map(|parts| parts.date));
        let half = match record.flag("isAM") {
            Some(is_am) => Some(if is_am { Half::Am } else { Half::Pm }),
            None => parts.map(|parts| parts.half),
        };
        let date = date.ok_or_else(|| missing("date"))?;
        let half = half.ok_or_else(|| missing("isAM"))?;

        // unverified: whether the id's first part is the period (absences.md §0, item 4); it is the last
        // resort.
        let prefix = || parts.map(|parts| RemoteId::from(parts.period));
        let period_id = record.id_field("leavePeriodId").or_else(prefix);
        let fallback = period_id.clone();
        let period = record.inner("leavePeriod", |period| LeavePeriodRef::read(period, fallback)).flatten();
        let period = period.or_else(|| period_id.map(LeavePeriodRef::bare));
        let owner = period.as_ref().and_then(|period| period.owner_id.clone());
        let owner = owner.or_else(|| Some(record.reference("owner", "ownerId")?.id));
        let (minutes, value) = match record.measure("value") {
            Some(Measure::Minutes(minutes)) => (Some(minutes), None),
            Some(Measure::Number(number)) => (None, Some(number)),
            None => (None, None),
        };
        Ok(Self {
            id,
            date,
            half,
            owner,
            period,
            account: record.reference("leaveAccount", "leaveAccountId"),
            minutes,
            value,
            created_at: record.time(&["creationDate"]),
            cancelled_at: record.time(&["cancellationDate"]),
            cancelled_by: record.reference("cancellationUser", "cancellationUserId").map(|user| user.id),
            is_active: record.flag("isActive"),
            comment: record.text("comment"),
            is_remote_work: record.flag("isRemoteWork"),
        })
    }
}

impl LeavePeriodRef {
    /// `fallback`: the id to use if the period has none.
    fn read(period: &mut Record<'_>, fallback: Option<RemoteId>) -> Option<Self> {
        Some(Self {
            id: period.id_field("id").or(fallback)?,
            owner_id: period.reference("owner", "ownerId").map(|owner| owner.id),
            is_confirmed: period.flag("isConfirmed"),
            confirmed_at: period.time(&["confirmationDate"]),
            starts_on: period.date("startsOn"),
            starts_am: period.flag("startsAM"),
            ends_on: period.date("endsOn"),
            ends_am: period.flag("endsAM"),
        })
    }

    fn bare(id: RemoteId) -> Self {
        Self {
            id,
            owner_id: None,
            is_confirmed: None,
            confirmed_at: None,
            starts_on: None,
            starts_am: None,
            ends_on: None,
            ends_am: None,
        }
    }
}
