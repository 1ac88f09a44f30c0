//! `absences types`: lists the leave types that an employee may use.

use api_types::{EmployeeLeaveTypeList, all};
use std::process::ExitCode;

use absences::{LeaveTypes, UsableLeaveType};
use people::{Half, HalfDay, LeaveUnit};

use super::{AccountContext, first, last, number};
use crate::Global;
use crate::failure::Failure;
use crate::output::{clean, line, table};
use crate::session;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The employee: id:9, number:009, email:…, or a value that matches one employee only
    person: String,
    /// The linked account, by id or tenant [default: the only one]
    #[arg(long, value_name = "ACCOUNT")]
    account: Option<String>,
    /// First day of the absence, or half-day such as "2026-05-04 PM" [default: today]
    #[arg(long, value_name = "DATE", value_parser = first)]
    from: Option<HalfDay>,
    /// Last day of the absence, or half-day [default: the first day]
    #[arg(long, value_name = "DATE", value_parser = last)]
    to: Option<HalfDay>,
}

pub(super) async fn run(global: &Global, args: &Args) -> Result<ExitCode, Failure> {
    let context = AccountContext::open(global, args.account.as_deref()).await?;
    let employee = context.employee(&args.person)?;
    let from = args.from.unwrap_or_else(|| HalfDay::new(session::today(&**context.clock()), Half::Am));
    let to = args.to.unwrap_or(HalfDay::new(from.date, Half::Pm));
    if to < from {
        return Err(Failure::usage(
            "cli.dates",
            format!("the period from {from} to {to} contains no half-day"),
            "Set --from to the earlier and --to to the later half-day.",
        ));
    }
    let types = context.absences().leave_types(&employee.id, from, to).await?;
    if global.json {
        crate::output::json(&EmployeeLeaveTypeList {
            employee: employee.into(),
            items: all(types.leave_types),
            is_offered: types.is_offered,
        });
    } else {
        line(&format!("{}:", clean(&employee.to_string())));
        show(&types);
    }
    Ok(ExitCode::SUCCESS)
}

fn show(types: &LeaveTypes) {
    if types.leave_types.is_empty() {
        line("Lucca offers this employee no leave type for this period.");
        return;
    }
    let mut shown = table(&["id", "name", "counted in", "half-days", "balance", "remote work"]);
    let yes_or_no = |flag: Option<bool>| flag.map_or("-", |flag| if flag { "yes" } else { "no" }).to_owned();
    for one in &types.leave_types {
        shown.add_row([
            clean(one.id.as_str()),
            clean(one.name.as_deref().unwrap_or("-")),
            counted_in(one),
            yes_or_no(one.half_days),
            one.balance.map_or_else(|| "-".to_owned(), number),
            yes_or_no(one.is_remote_work),
        ]);
    }
    line(&shown.to_string());
    if !types.is_offered {
        line(
            "These are all leave types of the tenant: Lucca does not specify which ones this employee may use.",
        );
    }
}

fn counted_in(one: &UsableLeaveType) -> String {
    let unit = one.unit.map_or("-", unit);
    match one.step_hours {
        Some(step) => format!("{unit}, in steps of {}", number(step)),
        None => unit.to_owned(),
    }
}

/// The name of a unit.
pub(super) fn unit(unit: LeaveUnit) -> &'static str {
    match unit {
        LeaveUnit::Days => "days",
        LeaveUnit::Hours => "hours",
        LeaveUnit::Other => "other",
    }
}
