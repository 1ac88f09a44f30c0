//! `org-chart`: who reports to whom, drawn in the terminal.

use std::process::ExitCode;

use people::{Employee, EmployeeStatus, OrgChart, OrgChartEntry, RemoteId};
use serde_json::json;

use crate::Global;
use crate::data_dir::DataDir;
use crate::failure::Failure;
use crate::output::{clean, counted, line};
use crate::people_view::People;
use crate::session;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The linked account, by id or tenant, where there are several
    #[arg(long, value_name = "ACCOUNT")]
    account: Option<String>,
    /// Draw only this person and who is below, by Lucca id
    #[arg(long, value_name = "ID")]
    root: Option<String>,
    /// How many levels to draw
    #[arg(long, value_name = "LEVELS")]
    depth: Option<usize>,
}

pub(crate) async fn run(global: &Global, args: &Args) -> Result<ExitCode, Failure> {
    let data = DataDir::open(global).await?;
    let account = session::account(&data, args.account.as_deref()).await?;
    let people = People::load(&data.store, &account, session::today(&*session::clock())).await?;
    let current = current(&people);
    let chart = chart_of(&current);
    let entries = below(chart.entries(), &current, args.root.as_deref())?;
    let visible: Vec<&OrgChartEntry> = {
        let top = entries.first().map_or(0, |entry| entry.depth);
        entries.iter().filter(|entry| args.depth.is_none_or(|depth| entry.depth - top < depth)).collect()
    };
    if global.json {
        let list: Vec<_> = visible
            .iter()
            .map(|entry| {
                let employee = current[entry.index];
                json!({
                    "id": employee.id,
                    "name": employee.shown_name(),
                    "job_title": employee.job_title,
                    "manager_id": employee.manager_id,
                    "depth": entry.depth,
                    "direct_reports": entry.direct_reports,
                    "all_reports": entry.all_reports,
                })
            })
            .collect();
        crate::output::json(&list);
    } else if visible.is_empty() {
        line("Nobody is employed today. Have you synced? `lucca-connector sync`");
    } else {
        for drawn in draw(&visible, &current) {
            line(&drawn);
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The people employed today: those an org chart is about.
pub(crate) fn current(people: &People) -> Vec<&Employee> {
    let is_current = |(_, status): &&(Employee, EmployeeStatus)| *status == EmployeeStatus::Active;
    people.employees.iter().filter(is_current).map(|(employee, _)| employee).collect()
}

/// The chart of these people.
pub(crate) fn chart_of(people: &[&Employee]) -> OrgChart {
    OrgChart::build(people.iter().map(|employee| (&employee.id, employee.manager_id.as_ref())))
}

/// The part of the chart that begins with `root`.
fn below<'a>(
    entries: &'a [OrgChartEntry],
    people: &[&Employee],
    root: Option<&str>,
) -> Result<&'a [OrgChartEntry], Failure> {
    let Some(root) = root else { return Ok(entries) };
    let root = RemoteId::from(root);
    let start = entries.iter().position(|entry| people[entry.index].id == root).ok_or_else(|| {
        Failure::usage(
            "cli.unknown_employee",
            "no such person is employed today",
            "`lucca-connector employees list --status active` shows who is, with their ids.",
        )
    })?;
    Ok(&entries[start..=start + entries[start].all_reports])
}

/// One line a person, with the lines that join them.
pub(crate) fn draw(entries: &[&OrgChartEntry], people: &[&Employee]) -> Vec<String> {
    let top = entries.iter().map(|entry| entry.depth).min().unwrap_or(0);
    // From below, `open[d]` says whether a line goes on at depth d.
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
        let employee = people[entry.index];
        text.push_str(&clean(&employee.shown_name()));
        if let Some(title) = &employee.job_title {
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
