//! Builds a history of positions from several sources.
//!
//! Each field has a timeline of its own, built here from dated changes; the positions are the intersections
//! of these timelines.

use std::collections::BTreeSet;

use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::{Observation, Position, PositionField, PositionSource, Sourced};
use crate::{Employee, Employment, NamedRef, Period, RemoteId, SourceTime, UserLogEntry};

/// The history of an employee's positions, oldest first. They don't overlap; the last is open, and has the
/// values of the employee's record. `today` is the day on which that record is true. Employments, log entries
/// and observations of other employees are ignored.
///
/// For each field:
///
/// - A value from a source holds from its day until the next day with another value from a source. An
///   employment gives establishment and category from its first day, and makes them unknown after its last
///   one; of several on a day the one that began last counts. A log entry gives the new value of its
///   property. An observation gives the new value of the field, unless an earlier source gave the same
///   already. If several sources give a value on one day, an employment that knows the value precedes the
///   log, and the log precedes an observation.
/// - Before the first of these the value is unknown, except that an observation also gives the value before:
///   that held from the first day of the employment of that time.
/// - The record's value holds from the last known change on: the last one from a source or, if that is later,
///   the first day of the latest employment. It is then the value of the whole last period, even if a source
///   gave another value at its beginning: an unrecorded later change and a wrong source look the same. If
///   both agree, the source is credited.
/// - Changes after today are left out: they are in the employments. A log entry or observation dated after
///   today, by a clock or a zone that differs, counts as of today.
///
/// Periods without known values are left out, so there may be gaps; the last is always there.
// unverified: the whole meaning of the user log, which is undocumented: that `value` is the new value of the
// property, and is the id as text for references. A value that is not a number is not an id; then the entry
// only proves a change. A time without a known zone counts as the day it shows.
pub fn position_history(
    today: Date,
    employee: &Employee,
    employments: &[Employment],
    log: &[UserLogEntry],
    observations: &[Observation],
) -> Vec<Position> {
    let mut log: Vec<&UserLogEntry> = log.iter().filter(|entry| entry.employee_id == employee.id).collect();
    log.sort_by_key(|entry| entry.changed_at.map(SourceTime::earliest));
    let sources = Sources {
        today,
        employments: employments.iter().filter(|e| e.employee_id == employee.id).collect(),
        log,
        observations: observations.iter().filter(|seen| seen.employee_id == employee.id).collect(),
        contract: employee.contract(),
    };
    let id = |id: &Option<RemoteId>| id.as_ref().map(RemoteId::to_string);
    let qualification = employee.job_qualification.as_ref();
    let timeline = |field, current| sources.timeline(field, current);
    let departments = timeline(PositionField::DepartmentId, id(&employee.department_id));
    let managers = timeline(PositionField::ManagerId, id(&employee.manager_id));
    let establishments = timeline(PositionField::EstablishmentId, id(&employee.establishment_id));
    let titles = timeline(PositionField::JobTitle, employee.job_title.clone());
    let qualifications = timeline(PositionField::JobQualification, qualification.map(|q| q.id.to_string()));
    let categories = timeline(PositionField::OccupationCategoryId, id(&employee.occupation_category_id));

    let all = [&departments, &managers, &establishments, &titles, &qualifications, &categories];
    let mut starts: BTreeSet<Option<Date>> =
        all.into_iter().flat_map(|timeline| timeline.0.iter().map(|step| step.from)).collect();
    if starts.is_empty() {
        starts.insert(sources.latest_start());
    }
    let named = |text: String| match qualification {
        Some(current) if current.id.as_str() == text => current.clone(),
        _ => NamedRef { id: text.into(), name: None },
    };
    let positions = starts.into_iter().map(|from| Position {
        employee_id: employee.id.clone(),
        starts_on: from,
        ends_on: None,
        department_id: departments.at(from).map(|known| known.map(RemoteId::from)),
        manager_id: managers.at(from).map(|known| known.map(RemoteId::from)),
        establishment_id: establishments.at(from).map(|known| known.map(RemoteId::from)),
        job_title: titles.at(from),
        job_qualification: qualifications.at(from).map(|known| known.map(named)),
        occupation_category_id: categories.at(from).map(|known| known.map(RemoteId::from)),
    });
    consecutive(positions)
}

/// Ends each position on the day before the next begins, merges equal neighbours, and leaves out empty ones,
/// except the last.
fn consecutive(positions: impl Iterator<Item = Position>) -> Vec<Position> {
    let mut joined: Vec<Position> = Vec::new();
    for position in positions {
        if let Some(before) = joined.last_mut() {
            let same = Position { starts_on: before.starts_on, ..position.clone() };
            if *before == same {
                continue;
            }
            before.ends_on = position.starts_on.and_then(|day| day.yesterday().ok());
        }
        joined.push(position);
    }
    joined.retain(|position| position.ends_on.is_none() || says_something(position));
    joined
}

fn says_something(position: &Position) -> bool {
    position.department_id.is_some()
        || position.manager_id.is_some()
        || position.establishment_id.is_some()
        || position.job_title.is_some()
        || position.job_qualification.is_some()
        || position.occupation_category_id.is_some()
}

/// The values of one field over time: each step holds until the next.
struct Timeline(Vec<Step>);

struct Step {
    /// Absent on the first step if its beginning is unknown.
    from: Option<Date>,
    known: Option<Sourced<String>>,
}

impl Timeline {
    fn at(&self, day: Option<Date>) -> Option<Sourced<String>> {
        let after = self.0.partition_point(|step| step.from <= day);
        self.0[..after].last()?.known.clone()
    }
}

/// A new value of a field on a day, according to one source.
struct DatedValue {
    on: Date,
    value: Option<String>,
    source: PositionSource,
    /// The value before, from an observation.
    before: Option<String>,
}

impl DatedValue {
    /// The highest rank counts among several on one day.
    fn rank(&self) -> u8 {
        match self.source {
            PositionSource::Contract if self.value.is_none() => 0,
            PositionSource::Observation => 1,
            PositionSource::UserLog => 2,
            PositionSource::Contract => 3,
            PositionSource::Current => 4,
        }
    }
}

/// The sources about one employee.
struct Sources<'a> {
    today: Date,
    employments: Vec<&'a Employment>,
    /// In order of time.
    log: Vec<&'a UserLogEntry>,
    observations: Vec<&'a Observation>,
    contract: Period,
}

impl Sources<'_> {
    fn timeline(&self, field: PositionField, current: Option<String>) -> Timeline {
        let dated = self.dated_values(field);
        let mut steps = Vec::with_capacity(dated.len() + 2);
        if let Some((on, before)) = dated.first().and_then(|first| Some((first.on, first.before.clone()?))) {
            let from = on.yesterday().ok().and_then(|day| self.start_of_employment_on(day));
            let known = Some(Sourced { value: before, source: PositionSource::Observation });
            steps.push(Step { from, known });
        }
        let last = dated.last().map(|dated| (dated.on, dated.value.clone()));
        steps.extend(dated.into_iter().map(|dated| Step {
            from: Some(dated.on),
            known: dated.value.map(|value| Sourced { value, source: dated.source }),
        }));

        let from = match last {
            Some((_, value)) if value == current => return Timeline(steps),
            None if current.is_none() => return Timeline(steps),
            Some((on, _)) => {
                Some(self.latest_start().filter(|&start| start <= self.today).unwrap_or(on).max(on))
            }
            None => self.latest_start(),
        };
        if last.is_some_and(|(on, _)| Some(on) == from) {
            steps.pop();
        }
        let known = current.map(|value| Sourced { value, source: PositionSource::Current });
        steps.push(Step { from, known });
        Timeline(steps)
    }

    /// The changes of a field up to today, in order: one a day, and only if the value differs from the one
    /// before.
    fn dated_values(&self, field: PositionField) -> Vec<DatedValue> {
        let mut all = self.employment_values(field);
        all.extend(self.observations.iter().filter(|seen| seen.field == field).map(|seen| DatedValue {
            on: seen.on.min(self.today),
            value: seen.after.clone(),
            source: PositionSource::Observation,
            before: seen.before.clone(),
        }));
        all.extend(self.log.iter().filter_map(|entry| {
            (PositionField::of_log(&entry.property) == Some(field)).then_some(())?;
            Some(DatedValue {
                on: day_of(entry.changed_at?).min(self.today),
                value: entry.value.as_deref().and_then(|value| logged(field, value)),
                source: PositionSource::UserLog,
                before: None,
            })
        }));
        // Stable: the observations and log entries of a day stay in their own order.
        all.sort_by_key(|dated| (dated.on, dated.rank()));
        let mut kept: Vec<DatedValue> = Vec::with_capacity(all.len());
        for mut dated in all {
            let mut is_news = true;
            if let Some(same_day) = kept.pop_if(|last| last.on == dated.on) {
                dated.before = same_day.before.or(dated.before);
            } else {
                is_news = kept.last().is_none_or(|last| last.value != dated.value);
            }
            if is_news {
                kept.push(dated);
            }
        }
        kept
    }

    /// The values from employments, on each day on which one begins or has ended.
    fn employment_values(&self, field: PositionField) -> Vec<DatedValue> {
        let value_of = |employment: &Employment| match field {
            PositionField::EstablishmentId => employment.establishment_id.clone(),
            PositionField::OccupationCategoryId => employment.occupation_category_id.clone(),
            _ => None,
        };
        if self.employments.iter().all(|employment| value_of(employment).is_none()) {
            return Vec::new();
        }
        let days: BTreeSet<Date> = self
            .employments
            .iter()
            .flat_map(|employment| {
                let ended = employment.period().ends_on().and_then(|last| last.tomorrow().ok());
                [Some(employment.starts_on), ended]
            })
            .flatten()
            .filter(|day| *day <= self.today)
            .collect();
        days.into_iter()
            .map(|on| DatedValue {
                on,
                value: self.employment_on(on).and_then(value_of).map(|id| id.to_string()),
                source: PositionSource::Contract,
                before: None,
            })
            .collect()
    }

    /// The employment that covers a day; of several the one that began last.
    fn employment_on(&self, day: Date) -> Option<&Employment> {
        self.employments
            .iter()
            .filter(|e| e.starts_on <= day && e.period().ends_on().is_none_or(|last| day <= last))
            .max_by_key(|e| (e.starts_on, e.id.sort_key()))
            .copied()
    }

    fn start_of_employment_on(&self, day: Date) -> Option<Date> {
        if self.employments.is_empty() {
            return self.contract.starts_on().filter(|start| *start <= day);
        }
        self.employment_on(day).map(|employment| employment.starts_on)
    }

    /// The first day of the latest employment that has begun, else of the next one.
    fn latest_start(&self) -> Option<Date> {
        let starts = || self.employments.iter().map(|employment| employment.starts_on);
        let begun = starts().filter(|start| *start <= self.today).max();
        begun.or_else(|| starts().min()).or_else(|| self.contract.starts_on())
    }
}

/// The calendar day of a time; of an instant, the day in UTC.
fn day_of(time: SourceTime) -> Date {
    match time {
        SourceTime::Exact(at) => TimeZone::UTC.to_datetime(at).date(),
        SourceTime::Unzoned(wall) => wall.date(),
    }
}

/// The value of a log entry, if it can be one of this field.
fn logged(field: PositionField, value: &str) -> Option<String> {
    let value = value.trim();
    let is_id = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
    let readable = if field == PositionField::JobTitle { !value.is_empty() } else { is_id };
    readable.then(|| value.to_owned())
}

#[cfg(test)]
mod tests;
