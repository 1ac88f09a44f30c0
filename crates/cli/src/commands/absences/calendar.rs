//! `absences calendar`: draws stored absences. Sends no request to Lucca.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::process::ExitCode;

use absences::Report;
use jiff::civil::Date;
use people::{
    AbsenceStatus, Employee, EmployeeStatus, Half, HalfDay, NamedRef, Plan, RemoteId, WorkingDay,
    half_days_between, plan, status_on,
};
use serde::Serialize;
use serde_json::json;
use store::{LinkedAccount, SubmissionFilter};

use super::drawing::{Cell, Pen, days, team, weeks};
use crate::Global;
use crate::absence_view::{self, AbsenceView};
use crate::data_dir::DataDir;
use crate::failure::Failure;
use crate::output::{clean, counted, line};
use crate::people_view::People;
use crate::session;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// One employee: id:9, number:009, email:…, or a value that matches one employee only
    person: Option<String>,
    /// The linked account, by id or tenant [default: the only one]
    #[arg(long, value_name = "ACCOUNT")]
    account: Option<String>,
    /// Employees of this department and of those below it, by Lucca id or name [default: employees who are away
    /// in the period]
    #[arg(long, value_name = "DEPARTMENT", conflicts_with = "person")]
    department: Option<String>,
    /// First day [default: the first of this month, or of the month of --to]
    #[arg(long, value_name = "DATE")]
    from: Option<Date>,
    /// Last day [default: the last of this month, or of the month of --from]
    #[arg(long, value_name = "DATE")]
    to: Option<Date>,
    /// Maximum number of employees to draw [default: 50; with --json, all]
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
}

/// The longest period of a calendar, in days: a longer one is unreadable.
const LONGEST_DAYS: i32 = 366;

/// The half-days of one employee.
#[derive(Debug, Serialize)]
struct Row {
    employee_id: RemoteId,
    employee_name: String,
    department_id: Option<RemoteId>,
    department_name: Option<String>,
    /// Whether some working days are estimated as Monday to Friday.
    is_estimated: bool,
    half_days: Vec<CalendarHalfDay>,
    #[serde(skip)]
    cells: HashMap<HalfDay, Cell>,
}

/// A half-day in JSON output.
#[derive(Debug, Serialize)]
struct CalendarHalfDay {
    at: HalfDay,
    state: Cell,
    #[serde(skip_serializing_if = "Option::is_none")]
    absence_id: Option<RemoteId>,
    #[serde(skip_serializing_if = "<[NamedRef]>::is_empty")]
    leave_types: Vec<NamedRef>,
}

/// An absence that takes a half-day.
struct Away {
    cell: Cell,
    absence_id: RemoteId,
    leave_types: Vec<NamedRef>,
}

impl Args {
    fn days(&self, today: Date) -> Result<(Date, Date), Failure> {
        let of = self.from.or(self.to).unwrap_or(today);
        let (from, to) = (self.from.unwrap_or(of.first_of_month()), self.to.unwrap_or(of.last_of_month()));
        if to < from || (to - from).get_days() >= LONGEST_DAYS {
            return Err(Failure::usage(
                "cli.dates",
                format!("the period from {from} to {to} is not valid"),
                format!(
                    "Set --from to the earlier and --to to the later day, at most {LONGEST_DAYS} days in total."
                ),
            ));
        }
        Ok((from, to))
    }
}

pub(super) async fn run(global: &Global, args: &Args) -> Result<ExitCode, Failure> {
    let data = DataDir::open(global).await?;
    let account = session::account(&data, args.account.as_deref()).await?;
    let today = session::today(&*session::clock());
    let (from, to) = args.days(today)?;
    let people = People::load(&data.store, &account, today).await?;
    let person = args.person.as_deref().map(|wanted| people.find(wanted)).transpose()?;
    let departments = args.department.as_deref().map(|wanted| people.departments_below(wanted));
    if departments.as_ref().is_some_and(HashSet::is_empty) {
        return Err(Failure::usage(
            "cli.unknown_department",
            "no department has this id or name",
            "List departments with `lucca-connector export departments --format jsonl`.",
        ));
    }
    let employee = person.as_ref().map(|person| &person.employee.id);
    let away = away(&data, &account, &people, (from, to), employee).await?;
    let is_selected = |employee: &Employee| match (&person, &departments) {
        (Some(person), _) => person.employee.id == employee.id,
        (None, Some(found)) => {
            employee.department_id.as_ref().is_some_and(|id| found.contains(id))
                && is_employed(&people, employee, from, to)
        }
        (None, None) => away.contains_key(&employee.id),
    };
    let mut selected: Vec<&Employee> = people
        .employees
        .iter()
        .map(|(employee, _)| employee)
        .filter(|employee| is_selected(employee))
        .collect();
    selected.sort_by_cached_key(|employee| (employee.shown_name().to_lowercase(), employee.id.sort_key()));
    let limit = args.limit.unwrap_or(if global.json { usize::MAX } else { 50 });
    let hidden = selected.len().saturating_sub(limit);
    selected.truncate(limit);
    let rows = rows(&data, &account, &people, (from, to), &selected, &away).await?;
    if global.json {
        crate::output::json(&json!({ "from": from, "to": to, "people": rows }));
        return Ok(ExitCode::SUCCESS);
    }
    show(&rows, (from, to), person.is_some());
    if hidden > 0 {
        let hidden = counted(u64::try_from(hidden).unwrap_or(u64::MAX), "more employee");
        line(&format!("… and {hidden}: show them with --limit or --json"));
    }
    Ok(ExitCode::SUCCESS)
}

fn show(rows: &[Row], (from, to): (Date, Date), is_one: bool) {
    let pen = Pen::here();
    let of = |row: &Row, at: HalfDay| row.cells.get(&at).copied().unwrap_or(Cell::Free);
    let drawn = match rows {
        [] => vec![
            "No absences in this period. If the account was never synced, run `lucca-connector sync`."
                .to_owned(),
        ],
        [row] if is_one => {
            line(&format!("{}, {from} to {to}", clean(&row.employee_name)));
            weeks(from, to, |at| of(row, at), pen)
        }
        rows => {
            let names: Vec<String> = rows.iter().map(|row| clean(&row.employee_name)).collect();
            team(from, to, &names, |at, half_day| of(&rows[at], half_day), pen)
        }
    };
    for text in drawn {
        line(&text);
    }
    if rows.iter().any(|row| row.is_estimated) {
        line("Some working days are estimated as Monday to Friday: Lucca provided no data for them.");
    }
}

/// Whether the employee has a contract on one of these days, as far as is known.
fn is_employed(people: &People, employee: &Employee, from: Date, to: Date) -> bool {
    days(from, to).any(|date| is_employed_on(people, employee, date))
}

fn is_employed_on(people: &People, employee: &Employee, date: Date) -> bool {
    let periods = people.contracts(&employee.id).iter().map(people::Employment::period);
    status_on(date, employee.contract(), periods) == EmployeeStatus::Active
}

/// The half-days taken by absences: synced ones, and requests made here since the last sync.
async fn away(
    data: &DataDir,
    account: &LinkedAccount,
    people: &People,
    (from, to): (Date, Date),
    employee: Option<&RemoteId>,
) -> Result<HashMap<RemoteId, BTreeMap<HalfDay, Away>>, Failure> {
    let mut away: HashMap<RemoteId, BTreeMap<HalfDay, Away>> = HashMap::new();
    let mut known: HashSet<RemoteId> = HashSet::new();
    for view in absence_view::load(&data.store, account, people, (from, to), employee).await? {
        known.insert(view.id.clone());
        let Some(owner) = view.employee_id.clone() else { continue };
        let Some(is_pending) = is_pending(view.status) else { continue };
        let AbsenceView { id, taken, leave_types, .. } = view;
        for half_day in taken.into_iter().filter(|taken| (from..=to).contains(&taken.at.date)) {
            let cell = away_cell(half_day.is_remote_work, is_pending);
            let entry = Away { cell, absence_id: id.clone(), leave_types: leave_types.clone() };
            away.entry(owner.clone()).or_default().insert(half_day.at, entry);
        }
    }
    let filter = SubmissionFilter {
        account_no: Some(account.no),
        employee_id: employee.cloned(),
        ..SubmissionFilter::default()
    };
    let types = data.store.all::<people::LeaveType>(account.no).await?;
    for submission in data.store.submissions(&filter, 10_000).await? {
        let report = Report::of(&submission)?;
        let Some(absence_id) = report.absence_id.filter(|id| !known.contains(id)) else { continue };
        let is_pending = match report.status {
            absences::Status::Pending => true,
            absences::Status::Approved | absences::Status::CancellationPending => false,
            _ => continue,
        };
        let of = types.iter().find(|one| one.id == report.ask.leave_type_id);
        let is_remote = of.and_then(|one| one.is_remote_work) == Some(true);
        let leave_type =
            NamedRef { id: report.ask.leave_type_id.clone(), name: of.and_then(|one| one.name.clone()) };
        for half_day in report.half_days.iter().filter(|half_day| half_day.is_active) {
            if (from..=to).contains(&half_day.at.date) {
                let entry = Away {
                    cell: away_cell(is_remote, is_pending),
                    absence_id: absence_id.clone(),
                    leave_types: vec![leave_type.clone()],
                };
                away.entry(report.ask.employee_id.clone()).or_default().insert(half_day.at, entry);
            }
        }
    }
    Ok(away)
}

/// Whether an absence still waits for a decision; none if it was denied or cancelled.
const fn is_pending(status: AbsenceStatus) -> Option<bool> {
    match status {
        AbsenceStatus::Pending => Some(true),
        AbsenceStatus::Approved | AbsenceStatus::CancellationPending => Some(false),
        AbsenceStatus::Denied | AbsenceStatus::Cancelled => None,
    }
}

const fn away_cell(is_remote: bool, is_pending: bool) -> Cell {
    match (is_remote, is_pending) {
        (true, true) => Cell::RemotePending,
        (true, false) => Cell::Remote,
        (false, true) => Cell::AbsentPending,
        (false, false) => Cell::Absent,
    }
}

async fn rows(
    data: &DataDir,
    account: &LinkedAccount,
    people: &People,
    (from, to): (Date, Date),
    selected: &[&Employee],
    away: &HashMap<RemoteId, BTreeMap<HalfDay, Away>>,
) -> Result<Vec<Row>, Failure> {
    let ids: HashSet<RemoteId> = selected
        .iter()
        .flat_map(|employee| days(from, to).map(|date| employee.working_day_id(date)))
        .collect();
    let ids: Vec<RemoteId> = ids.into_iter().collect();
    let bodies = data.store.bodies(account.no, people::Kind::WorkingDay, &ids).await?;
    let known: HashMap<RemoteId, WorkingDay> = bodies
        .into_iter()
        .filter_map(|(id, (body, _))| Some((id, serde_json::from_str::<WorkingDay>(&body).ok()?)))
        .collect();
    let nothing = BTreeMap::new();
    let row = |employee: &&Employee| {
        let first = HalfDay::new(from, Half::Am);
        let last = HalfDay::new(to, Half::Pm);
        let worked = plan(first, last, |date| {
            if is_employed_on(people, employee, date) {
                known.get(&employee.working_day_id(date)).cloned()
            } else {
                Some(WorkingDay::outside_contracts(date))
            }
        });
        let away = away.get(&employee.id).unwrap_or(&nothing);
        let department_id = employee.department_id.clone();
        let cells = cells(&worked, away, first, last);
        Row {
            employee_id: employee.id.clone(),
            employee_name: employee.shown_name(),
            department_name: department_id
                .as_ref()
                .and_then(|id| people.department_name(id))
                .map(str::to_owned),
            department_id,
            is_estimated: worked.is_estimated,
            half_days: half_days_between(first, last).map(|at| calendar_half_day(at, &cells, away)).collect(),
            cells,
        }
    };
    Ok(selected.iter().map(row).collect())
}

fn calendar_half_day(
    at: HalfDay,
    cells: &HashMap<HalfDay, Cell>,
    away: &BTreeMap<HalfDay, Away>,
) -> CalendarHalfDay {
    let taken = away.get(&at);
    CalendarHalfDay {
        at,
        state: cells.get(&at).copied().unwrap_or(Cell::Free),
        absence_id: taken.map(|away| away.absence_id.clone()),
        leave_types: taken.map(|away| away.leave_types.clone()).unwrap_or_default(),
    }
}

fn cells(
    worked: &Plan,
    away: &BTreeMap<HalfDay, Away>,
    first: HalfDay,
    last: HalfDay,
) -> HashMap<HalfDay, Cell> {
    let off: HashMap<HalfDay, Cell> = worked.off.iter().map(|off| (off.at, Cell::off(off.why))).collect();
    let of = |at: HalfDay| {
        away.get(&at).map(|away| away.cell).or_else(|| off.get(&at).copied()).unwrap_or(Cell::Free)
    };
    half_days_between(first, last).map(|at| (at, of(at))).collect()
}
