//! `employees list` and `employees show`.

use std::process::ExitCode;

use people::{Employee, EmployeeStatus, RemoteId};
use serde_json::{Value, json};

use crate::Global;
use crate::data_dir::DataDir;
use crate::failure::Failure;
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
    /// List people
    List {
        /// The linked account, by id or tenant, where there are several
        #[arg(long, value_name = "ACCOUNT")]
        account: Option<String>,
        /// Only people with this status: active, future or former
        #[arg(long, value_parser = status)]
        status: Option<EmployeeStatus>,
        /// Only people whose name, e-mail, number, job title or department contains this
        #[arg(long, value_name = "TEXT")]
        search: Option<String>,
        /// How many to show to a person [default: 50; with --json, all]
        #[arg(long, value_name = "N")]
        limit: Option<usize>,
    },
    /// Show one person
    Show {
        /// Their Lucca id, work e-mail or employee number
        person: String,
        /// The linked account, by id or tenant, where there are several
        #[arg(long, value_name = "ACCOUNT")]
        account: Option<String>,
        /// Also show the record as Lucca sent it, where the linked account keeps it
        #[arg(long)]
        raw: bool,
    },
}

fn status(text: &str) -> Result<EmployeeStatus, String> {
    let found = EmployeeStatus::ALL.into_iter().find(|status| status.name() == text.to_lowercase());
    found.ok_or_else(|| "a status is active, future or former".to_owned())
}

pub(crate) async fn run(global: &Global, args: &Args) -> Result<ExitCode, Failure> {
    let data = DataDir::open(global).await?;
    let (Action::List { account, .. } | Action::Show { account, .. }) = &args.action;
    let account = session::account(&data, account.as_deref()).await?;
    let people = People::load(&data.store, &account, session::today(&*session::clock())).await?;
    match &args.action {
        Action::List { status, search, limit, .. } => {
            let search = search.as_deref().map(str::to_lowercase);
            let views: Vec<PersonView<'_>> = people
                .employees
                .iter()
                .filter(|(_, has)| status.is_none_or(|wanted| wanted == *has))
                .map(|person| people.view(person))
                .filter(|view| search.as_deref().is_none_or(|text| matches(view, text)))
                .collect();
            list(global, &views, *limit);
            Ok(ExitCode::SUCCESS)
        }
        Action::Show { person, raw, .. } => {
            let found = find(&people, person)?;
            let stored = if *raw {
                data.store.record::<Employee>(account.no, &found.employee.id).await?
            } else {
                None
            };
            let raw = raw.then(|| stored.and_then(|stored| stored.raw));
            show(global, &found, raw.as_ref().map(Option::as_deref));
            Ok(ExitCode::SUCCESS)
        }
    }
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
        .any(|field| field.to_lowercase().contains(text))
}

fn list(global: &Global, views: &[PersonView<'_>], limit: Option<usize>) {
    if global.json {
        crate::output::json(&views.iter().take(limit.unwrap_or(usize::MAX)).collect::<Vec<_>>());
        return;
    }
    if views.is_empty() {
        line("Nobody to show. Have you synced? `lucca-connector sync`");
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
        line(&format!("… and {} more: --limit, --search or --json show them", counted(hidden, "person")));
    }
}

fn find<'a>(people: &'a People, wanted: &str) -> Result<PersonView<'a>, Failure> {
    let id = RemoteId::from(wanted.trim());
    let by_id = people.employees.iter().find(|(employee, _)| employee.id == id);
    let is_meant = |employee: &Employee| {
        let mail = employee.work_email.as_deref();
        mail.is_some_and(|mail| mail.eq_ignore_ascii_case(wanted.trim()))
            || employee.employee_number.as_deref() == Some(wanted.trim())
    };
    if let Some(person) = by_id {
        return Ok(people.view(person));
    }
    let found: Vec<_> = people.employees.iter().filter(|(employee, _)| is_meant(employee)).collect();
    match found[..] {
        [person] => Ok(people.view(person)),
        [] => Err(Failure::usage(
            "cli.unknown_employee",
            "no such person",
            "`lucca-connector employees list --search TEXT` finds people; the first column is the id.",
        )),
        _ => Err(Failure::usage(
            "cli.which_employee",
            "several people answer to this",
            format!(
                "Name one by id: {}.",
                found.iter().map(|(employee, _)| clean(employee.id.as_str())).collect::<Vec<_>>().join(", ")
            ),
        )),
    }
}

/// Shows one person. `raw` is absent when it was not asked for, and empty when it is not kept.
fn show(global: &Global, view: &PersonView<'_>, raw: Option<Option<&str>>) {
    let mut record = serde_json::to_value(view).unwrap_or(Value::Null);
    if let Some(raw) = raw {
        record["raw"] = json!(raw.and_then(|raw| serde_json::from_str::<Value>(raw).ok()));
    }
    if global.json {
        crate::output::json(&record);
        return;
    }
    line(&format!("{} ({})", clean(&view.employee.shown_name()), view.status));
    let Value::Object(fields) = record else { return };
    for (name, value) in fields {
        let text = match value {
            Value::Null => continue,
            Value::Array(items) if items.is_empty() => continue,
            Value::String(text) => clean(&text),
            other => clean(&other.to_string()),
        };
        line(&format!("  {:26} {text}", name.replace('_', " ")));
    }
    if raw == Some(None) {
        line("  Lucca's own record is not kept; relink with --keep-raw to keep it from now on.");
    }
}
