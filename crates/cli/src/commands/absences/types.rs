//! `absences types`: the leave types that an employee may use.

use std::process::ExitCode;

use absences::{LeaveTypes, UsableLeaveType};
use people::{Half, HalfDay, LeaveUnit};
use serde_json::json;

use super::{AccountContext, first, last, number};
use crate::Global;
use crate::failure::Failure;
use crate::output::{clean, line, table};
use crate::session;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Whose: id:9, number:009 or email:…, or a value that fits one person only
    person: String,
    /// The linked account, by id or tenant, where there are several
    #[arg(long, value_name = "ACCOUNT")]
    account: Option<String>,
    /// For an absence from this day, or half-day such as "2026-05-04 PM" [default: today]
    #[arg(long, value_name = "DATE", value_parser = first)]
    from: Option<HalfDay>,
    /// For an absence to this day, or half-day [default: the day it begins on]
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
            format!("no half-day is from {from} to {to}"),
            "Give --from the earlier and --to the later half-day.",
        ));
    }
    let types = context.absences().leave_types(&employee.id, from, to).await?;
    if global.json {
        let mut value = json!(types);
        value["person"] = json!(employee);
        crate::output::json(&value);
    } else {
        line(&format!("{}:", clean(&employee.to_string())));
        show(&types);
    }
    Ok(ExitCode::SUCCESS)
}

fn show(types: &LeaveTypes) {
    if types.leave_types.is_empty() {
        line("Lucca offers this person no leave type for these days.");
        return;
    }
    let mut shown = table(&["id", "name", "counted in", "half-days", "left", "remote work"]);
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
            "These are all that the tenant has: which of them this person may use, Lucca does not tell here.",
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
