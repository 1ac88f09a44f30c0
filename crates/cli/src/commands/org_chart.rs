//! `org-chart`: draws the org chart of today or of another day.

use std::process::ExitCode;

use jiff::civil::Date;
use people::{Employee, EmployeeStatus, OrgChart, OrgChartEntry, PositionedEmployee, RemoteId};
use serde_json::json;

use crate::Global;
use crate::data_dir::DataDir;
use crate::failure::Failure;
use crate::history_view::Histories;
use crate::output::{clean, counted, line};
use crate::people_view::People;
use crate::session;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The linked account, by id or tenant [default: the only one]
    #[arg(long, value_name = "ACCOUNT")]
    account: Option<String>,
    /// Draw only this employee and their reports: id:9, number:009, email:…, or a value that matches one
    /// employee only
    #[arg(long, value_name = "PERSON")]
    root: Option<String>,
    /// Draw the chart of this day, as far as it is known [default: today]
    #[arg(long, value_name = "DATE")]
    as_of: Option<Date>,
    /// Maximum number of levels to draw [default: all]
    #[arg(long, value_name = "LEVELS")]
    depth: Option<usize>,
}

pub(crate) async fn run(global: &Global, args: &Args) -> Result<ExitCode, Failure> {
    let data = DataDir::open(global).await?;
    let account = session::account(&data, args.account.as_deref()).await?;
    let today = session::today(&*session::clock());
    let people = People::load(&data.store, &account, today).await?;
    let current = match args.as_of {
        None => current(&people),
        Some(day) => {
            let histories = Histories::load(&data.store, &account, &people, today).await?;
            histories.as_of(&people, day).iter().map(Seat::of).collect()
        }
    };
    let chart = chart_of(&current);
    let root = args.root.as_deref().map(|person| people.find(person)).transpose()?;
    let entries = below(chart.entries(), &current, root.map(|person| &person.employee.id))?;
    let visible: Vec<&OrgChartEntry> = {
        let top = entries.first().map_or(0, |entry| entry.depth);
        entries.iter().filter(|entry| args.depth.is_none_or(|depth| entry.depth - top < depth)).collect()
    };
    if global.json {
        let list: Vec<_> = visible
            .iter()
            .map(|entry| {
                let seat = &current[entry.index];
                json!({
                    "id": seat.id,
                    "name": seat.name,
                    "job_title": seat.job_title,
                    "manager_id": seat.manager_id,
                    "depth": entry.depth,
                    "direct_reports": entry.direct_reports,
                    "all_reports": entry.all_reports,
                })
            })
            .collect();
        crate::output::json(&list);
    } else if visible.is_empty() {
        let when = args.as_of.map_or_else(|| "today".to_owned(), |day| format!("on {day}"));
        line(&format!("No employees {when}. If the account was never synced, run `lucca-connector sync`."));
    } else {
        for drawn in draw(&visible, &current) {
            line(&drawn);
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// An employee in the chart.
pub(crate) struct Seat {
    id: RemoteId,
    name: String,
    job_title: Option<String>,
    manager_id: Option<RemoteId>,
}

impl Seat {
    fn of(placed: &PositionedEmployee<'_>) -> Self {
        let title = placed.position.and_then(|position| position.job_title.as_ref());
        Self {
            id: placed.employee.id.clone(),
            name: placed.employee.shown_name(),
            job_title: title.map(|title| title.value.clone()),
            manager_id: placed.manager_id().cloned(),
        }
    }
}

/// The employees of today's org chart.
pub(crate) fn current(people: &People) -> Vec<Seat> {
    let is_current = |(_, status): &&(Employee, EmployeeStatus)| *status == EmployeeStatus::Active;
    let seat = |(employee, _): &(Employee, EmployeeStatus)| Seat {
        id: employee.id.clone(),
        name: employee.shown_name(),
        job_title: employee.job_title.clone(),
        manager_id: employee.manager_id.clone(),
    };
    people.employees.iter().filter(is_current).map(seat).collect()
}

/// Builds the chart of these employees.
pub(crate) fn chart_of(people: &[Seat]) -> OrgChart {
    OrgChart::build(people.iter().map(|seat| (&seat.id, seat.manager_id.as_ref())))
}

/// The subtree that begins at `root`.
fn below<'a>(
    entries: &'a [OrgChartEntry],
    people: &[Seat],
    root: Option<&RemoteId>,
) -> Result<&'a [OrgChartEntry], Failure> {
    let Some(root) = root else { return Ok(entries) };
    let start = entries.iter().position(|entry| people[entry.index].id == *root).ok_or_else(|| {
        Failure::usage(
            "cli.unknown_employee",
            "this employee is not in the chart",
            "List the employees of the chart with `lucca-connector employees list --status active` (or --as-of DATE).",
        )
    })?;
    Ok(&entries[start..=start + entries[start].all_reports])
}

/// Draws one line per employee, with connecting lines.
pub(crate) fn draw(entries: &[&OrgChartEntry], people: &[Seat]) -> Vec<String> {
    let top = entries.iter().map(|entry| entry.depth).min().unwrap_or(0);
    // Built from the bottom: `open[d]` is true if a line continues at depth d.
    let mut open: Vec<bool> = Vec::new();
    let mut lines: Vec<String> = Vec::with_capacity(entries.len());
    for entry in entries.iter().rev() {
        let depth = entry.depth - top;
        let goes_on = open.get(depth).copied().unwrap_or(false);
        open.resize(depth + 1, false);
        let mut text = String::new();
        for is_open in open.iter().take(depth).skip(1) {
            text.push_str(if *is_open { "│  " } else { "   " });
        }
        if depth > 0 {
            text.push_str(if goes_on { "├─ " } else { "└─ " });
        }
        open[depth] = true;
        let seat = &people[entry.index];
        text.push_str(&clean(&seat.name));
        if let Some(title) = &seat.job_title {
            text.push_str(&format!(", {}", clean(title)));
        }
        if entry.all_reports > 0 {
            let reports = u64::try_from(entry.all_reports).unwrap_or(u64::MAX);
            text.push_str(&format!(" ({})", counted(reports, "report")));
        }
        lines.push(text);
    }
    lines.reverse();
    lines
}
