//! Users' calendar days, and the log of their changed properties.

use jiff::civil::Date;
use people::{RemoteId, SourceTime};

use super::Resource;
use super::private::FromRecord;
use crate::item::Unreadable;
use crate::reader::{Object, Record};

/// A change of a user's property (`/api/v3/userlogs`, undocumented). Source: directory.md §11.6.
// unverified: every field, including that `name` is the property and `value` its new value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserLog {
    /// Its id.
    pub id: RemoteId,
    /// The changed property, in the server's spelling (`departmentid`, `legalentityid`, `manager`).
    pub property: Option<String>,
    /// The user whose property changed.
    pub owner_id: Option<RemoteId>,
    /// The property's value: for a relation the other record's id, as text.
    pub value: Option<String>,
    /// Time of the change; without a zone.
    pub modified_at: Option<SourceTime>,
    /// The user who changed it.
    pub author_id: Option<RemoteId>,
}

impl Resource for UserLog {}

impl FromRecord for UserLog {
    fn read(id: RemoteId, record: &mut Record<'_>) -> Result<Self, Unreadable> {
        let value = match record.is_object("value") {
            true => record.id_in("value"),
            false => record.text("value"),
        };
        Ok(Self {
            id,
            property: record.text("name"),
            owner_id: record.reference("owner", "ownerId").map(|owner| owner.id),
            value,
            modified_at: record.time(&["modifiedAt", "modifiedOn"]),
            author_id: record.reference("author", "authorId").map(|author| author.id),
        })
    }
}

/// A day in a user's calendar (`/api/v3/userdates`). Source: absences.md §8.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserDate {
    /// The user.
    pub owner_id: RemoteId,
    /// The day.
    pub date: Date,
    /// Whether it is a public holiday in the user's calendar.
    pub is_holiday: Option<bool>,
    /// Whether it is a day of weekly rest.
    pub is_weekly_rest: Option<bool>,
    /// The morning.
    pub am: HalfDay,
    /// The afternoon.
    pub pm: HalfDay,
}

/// One half of a [`UserDate`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HalfDay {
    /// The user's theoretical working time, in minutes (`dtt`).
    pub theoretical_minutes: Option<i64>,
    /// Whether the user is off; an older field that is no longer documented.
    pub is_off: Option<bool>,
}

impl Resource for UserDate {}

impl FromRecord for UserDate {
    fn read(_: RemoteId, record: &mut Record<'_>) -> Result<Self, Unreadable> {
        let missing = |field: &'static str| Unreadable { field: field.into(), reason: "missing".to_owned() };
        let owner_id = record.reference("owner", "ownerId").ok_or_else(|| missing("ownerId"))?.id;
        let date = record.vital_date("date")?.ok_or_else(|| missing("date"))?;
        let half = |half: &mut Record<'_>| HalfDay {
            theoretical_minutes: half.minutes("dtt"),
            is_off: half.flag("isOff"),
        };
        Ok(Self {
            owner_id,
            date,
            is_holiday: record.flag("isHoliday"),
            is_weekly_rest: record.flag("isWeeklyRest"),
            am: record.inner("am", half).unwrap_or_default(),
            pm: record.inner("pm", half).unwrap_or_default(),
        })
    }

    /// A day has no documented id: user and date identify it, as `42-2026-03-01`.
    fn identity(object: &Object<'_>) -> Option<RemoteId> {
        let mut record = Record::new(object);
        let owner = record.reference("owner", "ownerId")?.id;
        let date = record.date("date")?;
        Some(RemoteId::from(format!("{owner}-{date}")))
    }
}
