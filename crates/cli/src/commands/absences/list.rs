//! `absences list`: lists absences with their employee, period, leave type and status.

use std::process::ExitCode;

use jiff::civil::Date;
use people::AbsenceStatus;

use crate::Global;
use crate::absence_view::{self, AbsenceView, EARLIEST};
use crate::data_dir::DataDir;
use crate::failure::Failure;
use crate::output::{clean, counted, line, table, width};
use crate::people_view::People;
use crate::session;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The linked account, by id or tenant [default: the only one]
    #[arg(long, value_name = "ACCOUNT")]
    account: Option<String>,
    /// Only absences of this employee: id:9, number:009, email:…, or a value that matches one employee only;
    /// lists all of them, unless --from or --to is given
    #[arg(long, value_name = "PERSON")]
    employee: Option<String>,
    /// Only employees of this department and of those below it, by Lucca id or name
    #[arg(long, value_name = "DEPARTMENT")]
    department: Option<String>,
    /// Only absences that end on this day or later
    #[arg(long, value_name = "DATE")]
    from: Option<Date>,
    /// Only absences that begin on this day or earlier
    #[arg(long, value_name = "DATE")]
    to: Option<Date>,
    /// Only this status: requested, approved, denied, cancelled or cancellation_pending
    #[arg(long, value_name = "STATUS", value_parser = status)]
    status: Option<AbsenceStatus>,
    /// Maximum number of absences to print [default: 50; with --json, all]
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
}

fn status(text: &str) -> Result<AbsenceStatus, String> {
    let found = AbsenceStatus::ALL.into_iter().find(|status| status.name() == text.to_lowercase());
    found.ok_or_else(|| {
        format!("the status must be one of {}", AbsenceStatus::ALL.map(AbsenceStatus::name).join(", "))
    })
}

pub(super) async fn run(global: &Global, args: &Args) -> Result<ExitCode, Failure> {
    let data = DataDir::open(global).await?;
    let account = session::account(&data, args.account.as_deref()).await?;
    let today = session::today(&*session::clock());
    let people = People::load(&data.store, &account, today).await?;
    let employee = args.employee.as_deref().map(|wanted| people.find(wanted)).transpose()?;
    let days = match (args.from, args.to) {
        (None, None) if employee.is_none() => (today, today),
        (from, to) => (from.unwrap_or(EARLIEST), to.unwrap_or(Date::MAX)),
    };
    if days.1 < days.0 {
        return Err(Failure::usage(
            "cli.dates",
            format!("the period from {} to {} contains no day", days.0, days.1),
            "Set --from to the earlier and --to to the later day.",
        ));
    }
    let departments = args.department.as_deref().map(|wanted| people.departments_below(wanted));
    if departments.as_ref().is_some_and(|found| found.is_empty()) {
        return Err(Failure::usage(
            "cli.unknown_department",
            "no department has this id or name",
            "List departments with `lucca-connector export departments --format jsonl`.",
        ));
    }
    let employee = employee.map(|view| &view.employee.id);
    let mut absences = absence_view::load(&data.store, &account, &people, days, employee).await?;
    absences.retain(|absence| {
        let is_there = |id| departments.as_ref().is_none_or(|found| found.contains(id));
        args.status.is_none_or(|status| status == absence.status)
            && (departments.is_none() || absence.department_id.as_ref().is_some_and(is_there))
    });
    if global.json {
        let shown = args.limit.unwrap_or(usize::MAX).min(absences.len());
        crate::output::json(&&absences[..shown]);
    } else {
        show(&absences, args.limit.unwrap_or(50), days, today);
    }
    Ok(ExitCode::SUCCESS)
}

fn show(absences: &[AbsenceView], limit: usize, (first, last): (Date, Date), today: Date) {
    if absences.is_empty() {
        let when = if (first, last) == (today, today) { "today" } else { "in this period" };
        line(&format!(
            "No absences {when}. Set another period with --from and --to. If the account was never synced, run `lucca-connector sync`."
        ));
        return;
    }
    line(&table_of(&absences[..limit.min(absences.len())], true));
    let hidden = u64::try_from(absences.len().saturating_sub(limit)).unwrap_or(u64::MAX);
    if hidden > 0 {
        line(&format!("… and {}: show them with --limit or --json", counted(hidden, "more absence")));
    }
}

/// Minimum width of the terminal, in columns, to show ids; without a terminal, ids are always shown.
const ROOM_FOR_IDS: usize = 120;

/// Absences as a table, with or without employees' names.
pub(crate) fn table_of(absences: &[AbsenceView], with_names: bool) -> String {
    let mut header = vec!["first", "last", "length", "leave type", "status", "decisions"];
    if with_names {
        header.insert(0, "employee");
    }
    let with_ids = width().is_none_or(|width| width >= ROOM_FOR_IDS);
    if with_ids {
        header.push("id");
    }
    let mut shown = table(&header);
    for absence in absences {
        let mut row = vec![
            absence.first.to_string(),
            absence.last.to_string(),
            absence.length(),
            clean(&absence.on()),
            absence.status.name().replace('_', " "),
            clean(&absence.decisions()),
        ];
        if with_names {
            let id = absence.employee_id.as_ref().map_or_else(|| "-".to_owned(), |id| format!("#{id}"));
            row.insert(0, clean(absence.employee_name.as_deref().unwrap_or(&id)));
        }
        if with_ids {
            row.push(clean(absence.id.as_str()));
        }
        shown.add_row(row);
    }
    shown.to_string()
}
