//! `employees`: lists employees, today or on a day (`as_of`), shows one with their history (`show`), finds
//! probable duplicates (`duplicates`), and erases an employee (`erase`).

mod as_of;
mod duplicates;
mod erase;
mod show;

use std::process::ExitCode;

use jiff::civil::Date;
use people::{EmployeeStatus, contains_text, search_key};

use crate::Global;
use crate::data_dir::DataDir;
use crate::failure::Failure;
use crate::history_view::Histories;
use crate::output::{clean, counted, line, table};
use crate::people_view::{People, PersonView};
use crate::session;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// List employees
    List {
        /// The linked account, by id or tenant [default: the only one]
        #[arg(long, value_name = "ACCOUNT")]
        account: Option<String>,
        /// Only employees with this status: active, future or former
        #[arg(long, value_parser = status)]
        status: Option<EmployeeStatus>,
        /// Only employees whose name, e-mail, number, job title or department contains this text; ignores case
        /// and accents
        #[arg(long, value_name = "TEXT")]
        search: Option<String>,
        /// List the employees of this day, with their department, manager and job on that day
        #[arg(long, value_name = "DATE", conflicts_with = "status")]
        as_of: Option<Date>,
        /// Maximum number of employees to print [default: 50; with --json, all]
        #[arg(long, value_name = "N")]
        limit: Option<usize>,
    },
    /// Show one employee with their positions over time and their absences around today
    Show {
        /// The employee: id:9, number:009, email:…, or a value that matches one employee only
        person: String,
        /// The linked account, by id or tenant [default: the only one]
        #[arg(long, value_name = "ACCOUNT")]
        account: Option<String>,
        /// Also show the record as Lucca sent it, if the linked account stores it (`link --keep-raw`)
        #[arg(long)]
        raw: bool,
    },
    /// Erase an employee: all stored data except the Lucca id, by which syncs skip the employee
    Erase(erase::Args),
    /// List erasures with their receipts
    Erasures {
        /// Only this linked account, by id or tenant
        #[arg(long, value_name = "ACCOUNT")]
        account: Option<String>,
    },
    /// Allow syncs to read an erased employee again
    Allow {
        /// The employee's Lucca id
        id: String,
        /// The linked account, by id or tenant [default: the only one]
        #[arg(long, value_name = "ACCOUNT")]
        account: Option<String>,
    },
    /// Find records that probably belong to one person: rehires and duplicates
    Duplicates {
        /// The linked account, by id or tenant [default: the only one]
        #[arg(long, value_name = "ACCOUNT")]
        account: Option<String>,
    },
}

fn status(text: &str) -> Result<EmployeeStatus, String> {
    let found = EmployeeStatus::ALL.into_iter().find(|status| status.name() == text.to_lowercase());
    found.ok_or_else(|| "the status must be active, future or former".to_owned())
}

pub(crate) async fn run(global: &Global, args: &Args) -> Result<ExitCode, Failure> {
    let data = DataDir::open(global).await?;
    let account = match &args.action {
        Action::Erase(args) => return erase::run(global, &data, args).await,
        Action::Erasures { account } => return erase::list(global, &data, account.as_deref()).await,
        Action::Allow { id, account } => return erase::allow(global, &data, id, account.as_deref()).await,
        Action::List { account, .. } | Action::Show { account, .. } | Action::Duplicates { account } => {
            account
        }
    };
    let account = session::account(&data, account.as_deref()).await?;
    let today = session::today(&*session::clock());
    let people = People::load(&data.store, &account, today).await?;
    match &args.action {
        Action::List { as_of: Some(day), search, limit, .. } => {
            let histories = Histories::load(&data.store, &account, &people, today).await?;
            let seats = as_of::seats(&histories, &people, *day);
            as_of::list(global, seats, *day, search.as_deref(), *limit);
        }
        Action::List { status, search, limit, .. } => {
            let search = search.as_deref().map(search_key);
            let views: Vec<PersonView<'_>> = people
                .employees
                .iter()
                .filter(|(_, has)| status.is_none_or(|wanted| wanted == *has))
                .map(|person| people.view(person))
                .filter(|view| search.as_deref().is_none_or(|text| matches(view, text)))
                .collect();
            list(global, &views, *limit);
        }
        Action::Show { person, raw, .. } => {
            let found = people.find(person)?;
            show::run(global, &data, &account, (&people, &found), *raw, today).await?;
        }
        Action::Erase(_) | Action::Erasures { .. } | Action::Allow { .. } => {}
        Action::Duplicates { .. } => duplicates::show(global, &people, today),
    }
    Ok(ExitCode::SUCCESS)
}

fn matches(view: &PersonView<'_>, text: &str) -> bool {
    let employee = view.employee;
    let fields = [&employee.work_email, &employee.employee_number, &employee.job_title];
    let department = view.department_name.into_iter();
    fields
        .into_iter()
        .filter_map(|field| field.as_deref())
        .chain(department)
        .chain([employee.shown_name().as_str()])
        .any(|field| contains_text(field, text))
}

fn list(global: &Global, views: &[PersonView<'_>], limit: Option<usize>) {
    if global.json {
        crate::output::json(&views.iter().take(limit.unwrap_or(usize::MAX)).collect::<Vec<_>>());
        return;
    }
    if views.is_empty() {
        line("No employees match. If the account was never synced, run `lucca-connector sync`.");
        return;
    }
    let mut shown = table(&["id", "name", "status", "job title", "department", "manager", "work e-mail"]);
    let cell = |text: Option<&str>| clean(text.unwrap_or("-"));
    for view in views.iter().take(limit.unwrap_or(50)) {
        shown.add_row([
            clean(view.employee.id.as_str()),
            clean(&view.employee.shown_name()),
            view.status.to_string(),
            cell(view.employee.job_title.as_deref()),
            cell(view.department_name),
            cell(view.manager_name.as_deref()),
            cell(view.employee.work_email.as_deref()),
        ]);
    }
    line(&shown.to_string());
    let hidden = views.len().saturating_sub(limit.unwrap_or(50));
    if hidden > 0 {
        let hidden = u64::try_from(hidden).unwrap_or(u64::MAX);
        line(&format!(
            "… and {}: show them with --limit, --search or --json",
            counted(hidden, "more employee")
        ));
    }
}
