//! `absences preview`: draws the half-days that an absence would take, and lists the problems that prevent it.

use std::collections::BTreeSet;
use std::process::ExitCode;

use absences::{AbsenceDraft, Preview, minutes_of_hours};
use api_types::AbsencePreview;
use people::{DayOff, HalfDay, LeaveType, RemoteId};

use super::drawing::{Cell, Pen, weeks};
use super::types::unit;
use super::{AccountContext, first, last, number, period, periods, problem_line, warning_line};
use crate::Global;
use crate::failure::{Exit, Failure};
use crate::output::{clean, counted, line};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    absence: AbsenceOptions,
}

/// The options that describe an absence.
#[derive(Debug, clap::Args)]
pub(super) struct AbsenceOptions {
    /// The employee: id:9, number:009, email:…, or a value that matches one employee only
    person: String,
    /// The linked account, by id or tenant [default: the only one]
    #[arg(long, value_name = "ACCOUNT")]
    pub(super) account: Option<String>,
    /// Leave type, by id or name: list them with `absences types`
    #[arg(long = "type", value_name = "TYPE")]
    leave_type: String,
    /// First day, or half-day such as "2026-05-04 PM"
    #[arg(long, value_name = "DATE", value_parser = first)]
    from: HalfDay,
    /// Last day, or half-day such as "2026-05-06 AM"
    #[arg(long, value_name = "DATE", value_parser = last)]
    to: HalfDay,
    /// Number of hours, such as 2.5 or 2h30, if the leave type is counted in hours; within one day
    #[arg(long, value_name = "HOURS", value_parser = minutes)]
    hours: Option<u32>,
}

fn minutes(text: &str) -> Result<u32, String> {
    minutes_of_hours(text).ok_or_else(|| "not a number of hours such as 2.5 or 2h30".to_owned())
}

impl AbsenceOptions {
    /// Returns the draft, with the employee and the leave type resolved.
    pub(super) async fn resolve(&self, context: &AccountContext) -> Result<AbsenceDraft, Failure> {
        let employee_id = context.employee(&self.person)?.id;
        // An empty period is reported before a leave type is searched.
        let leave_type_id = match self.to < self.from {
            true => RemoteId::from(self.leave_type.trim()),
            false => self.leave_type(context, &employee_id).await?,
        };
        Ok(AbsenceDraft {
            employee_id,
            leave_type_id,
            first: self.from,
            last: self.to,
            minutes: self.hours,
            comment: None,
        })
    }

    async fn leave_type(&self, context: &AccountContext, employee: &RemoteId) -> Result<RemoteId, Failure> {
        let wanted = self.leave_type.trim();
        let id = RemoteId::from(wanted);
        if context.data.store.record::<LeaveType>(context.account.no, &id).await?.is_some() {
            return Ok(id);
        }
        let types = context.absences().leave_types(employee, self.from, self.to).await?;
        let types = types.leave_types;
        let named = |name: &String| name.trim().to_lowercase() == wanted.to_lowercase();
        let matches =
            |id: &RemoteId, name: &Option<String>| id.as_str() == wanted || name.as_ref().is_some_and(named);
        let mut found = types.iter().filter(|one| matches(&one.id, &one.name));
        match (found.next(), found.next()) {
            (Some(one), None) => Ok(one.id.clone()),
            (None, _) => {
                let names: Vec<String> =
                    types.iter().filter_map(|one| one.name.as_deref()).map(clean).collect();
                Err(Failure::usage(
                    "cli.unknown_leave_type",
                    "no leave type of this employee has this id or name in this period",
                    format!("Leave types: {}.", names.join(", ")),
                ))
            }
            (Some(_), Some(_)) => {
                let ids = types.iter().filter(|one| matches(&one.id, &one.name));
                let ids: Vec<String> = ids.map(|one| clean(one.id.as_str())).collect();
                Err(Failure::usage(
                    "cli.which_leave_type",
                    "several leave types have this name",
                    format!("Select one by its id: {}.", ids.join(", ")),
                ))
            }
        }
    }
}

pub(super) async fn run(global: &Global, args: &Args) -> Result<ExitCode, Failure> {
    let context = AccountContext::open(global, args.absence.account.as_deref()).await?;
    let ask = args.absence.resolve(&context).await?;
    let preview = context.absences().preview(&ask).await?;
    if global.json {
        crate::output::json(&AbsencePreview::from(preview.clone()));
    } else {
        show(&preview);
        line(if preview.can_be_requested {
            "✓ This absence can be requested."
        } else {
            "✗ This absence can't be requested."
        });
    }
    let exit = if preview.can_be_requested { 0 } else { Exit::Usage as u8 };
    Ok(ExitCode::from(exit))
}

/// Shows a preview as text.
pub(super) fn show(preview: &Preview) {
    let ask = &preview.ask;
    let on = preview.leave_type_name.as_deref().map_or_else(|| format!("#{}", ask.leave_type_id), clean);
    line(&format!("{}: {on}, {}", clean(&preview.person.to_string()), period(ask.first, ask.last)));
    line("");
    draw(preview);
    line("");
    let half_days = counted(u64::try_from(preview.plan.taken.len()).unwrap_or(u64::MAX), "half-day");
    let estimated =
        if preview.plan.is_estimated { " (estimated: Lucca provided no data for some days)" } else { "" };
    match preview.amount {
        Some(amount) => {
            let unit = unit(amount.unit);
            let is_one = (amount.value - 1.0).abs() < f64::EPSILON;
            let unit = if is_one { unit.trim_end_matches('s') } else { unit };
            let amount = format!("{} {unit}", number(amount.value));
            line(&format!("Takes {half_days}, {amount}{estimated}."));
        }
        None => line(&format!("Takes {half_days}{estimated}.")),
    }
    if let Some(balance) = preview.balance {
        let at_end = balance.at_period_end.map_or_else(String::new, |left| {
            format!("; at the end of the period, as Lucca estimates, {}", number(left))
        });
        line(&format!(
            "Balance: {} before, {} after{at_end}.",
            number(balance.before),
            number(balance.after)
        ));
    }
    for overlap in &preview.overlaps {
        let half_days = periods(overlap.half_days.iter().copied());
        line(&format!("Overlap: absence {} on {}", clean(overlap.absence_id.as_str()), half_days));
    }
    for warning in &preview.warnings {
        line(&warning_line(warning));
    }
    for problem in &preview.problems {
        line(&problem_line(problem));
    }
}

fn draw(preview: &Preview) {
    let overlapping: BTreeSet<HalfDay> =
        preview.overlaps.iter().flat_map(|overlap| overlap.half_days.iter().copied()).collect();
    let cell = |at: HalfDay| {
        if at < preview.ask.first || at > preview.ask.last {
            return Cell::Outside;
        }
        if overlapping.contains(&at) {
            return Cell::Overlap;
        }
        match preview.plan.off.iter().find(|off| off.at == at).map(|off| off.why) {
            Some(why) => Cell::off(why),
            None => Cell::Absent,
        }
    };
    let pen = Pen::here();
    for drawn in weeks(preview.ask.first.date, preview.ask.last.date, cell, pen) {
        line(&drawn);
    }
}

impl Cell {
    /// The cell of a half-day that is not worked.
    pub(super) const fn off(why: DayOff) -> Self {
        match why {
            DayOff::PublicHoliday => Self::PublicHoliday,
            DayOff::WeeklyRest => Self::WeeklyRest,
            DayOff::NotWorked => Self::NotWorked,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_parse_as_minutes() {
        assert_eq!((minutes("2.5"), minutes("0,25"), minutes("24")), (Ok(150), Ok(15), Ok(1440)));
        for text in ["", "0", "-1", "25", "NaN", "inf", "two"] {
            assert!(minutes(text).is_err(), "{text:?}");
        }
    }
}
