//! `absences status`: the status of an absence submission, its decisions, and the next approver.

use api_types::AbsenceSubmission;
use std::process::ExitCode;

use absences::Report;
use people::{LeaveType, RemoteId};
use serde_json::{Value, json};
use store::{LinkedAccount, Submission, SubmissionFilter, SubmissionId};

use super::{AccountContext, period, periods, problem_line, spinner, stop, warning_line};
use crate::Global;
use crate::data_dir::DataDir;
use crate::failure::Failure;
use crate::output::{clean, line, table};
use crate::people_view::People;
use crate::session;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Id of the absence submission (abr_…), as `absences request` prints it, or Lucca's id of its absence
    /// [default: all, latest first]
    id: Option<String>,
    /// The linked account, by id or tenant [default: the only one]
    #[arg(long, value_name = "ACCOUNT")]
    account: Option<String>,
    /// Only submissions for this employee: id:9, number:009, email:…, or a value that matches one employee only
    #[arg(long, value_name = "PERSON", conflicts_with = "id")]
    employee: Option<String>,
    /// Maximum number of submissions to list [default: 50; with --json, 1000]
    #[arg(long, value_name = "N", conflicts_with = "id")]
    limit: Option<u64>,
    /// Show the stored status, without a request to Lucca
    #[arg(long)]
    no_refresh: bool,
}

/// Maximum number of submissions searched for a Lucca id.
const MOST: u64 = 10_000;

pub(super) async fn run(global: &Global, args: &Args) -> Result<ExitCode, Failure> {
    match &args.id {
        Some(id) => one(global, args, id).await,
        None => list(global, args).await,
    }
}

async fn one(global: &Global, args: &Args, id: &str) -> Result<ExitCode, Failure> {
    let data = DataDir::open(global).await?;
    let account = session::account(&data, args.account.as_deref()).await?;
    let submission = find(&data, &account, id).await?.ok_or(absences::Error::UnknownAbsence)?;
    if args.no_refresh {
        let people = People::load(&data.store, &account, session::today(&*session::clock())).await?;
        return print_report(global, &data, &account, &people, &submission).await;
    }
    let context = AccountContext::at(global, data, account).await?;
    let spinner = spinner(global, "waiting for Lucca");
    let result = Box::pin(context.absences().advance(submission)).await;
    stop(spinner);
    let submission = result?;
    print_report(global, &context.data, &context.account, &context.people, &submission).await
}

/// Finds a submission by its id, or by Lucca's id of its absence.
pub(super) async fn find(
    data: &DataDir,
    account: &LinkedAccount,
    id: &str,
) -> Result<Option<Submission>, Failure> {
    if let Ok(id) = id.parse::<SubmissionId>() {
        let found = data.store.submission(id).await?;
        return Ok(found.filter(|submission| submission.account_no == account.no));
    }
    let id = RemoteId::from(id.trim());
    let filter = SubmissionFilter { account_no: Some(account.no), ..SubmissionFilter::default() };
    let all = data.store.submissions(&filter, MOST).await?;
    Ok(all.into_iter().find(|submission| submission.absence_id.as_ref() == Some(&id)))
}

async fn print_report(
    global: &Global,
    data: &DataDir,
    account: &LinkedAccount,
    people: &People,
    submission: &Submission,
) -> Result<ExitCode, Failure> {
    let report = Report::of(submission)?;
    if global.json {
        crate::output::json(&to_json(data, account, people, &report).await?);
    } else {
        show(data, account, people, &report).await?;
        for problem in &report.problems {
            line(&problem_line(problem));
        }
        for warning in &report.warnings {
            line(&warning_line(warning));
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn type_name(
    data: &DataDir,
    account: &LinkedAccount,
    id: &RemoteId,
) -> Result<Option<String>, Failure> {
    Ok(data.store.record::<LeaveType>(account.no, id).await?.and_then(|found| found.record.name))
}

/// A report as JSON, with names.
pub(super) async fn to_json(
    data: &DataDir,
    account: &LinkedAccount,
    people: &People,
    report: &Report,
) -> Result<Value, Failure> {
    let mut value = json!(AbsenceSubmission::from(report.clone()));
    value["employee_name"] = json!(people.name(&report.ask.employee_id));
    value["leave_type_name"] = json!(type_name(data, account, &report.ask.leave_type_id).await?);
    value["next_approver_name"] = json!(report.next_approver_id.as_ref().and_then(|id| people.name(id)));
    for (approval, shown) in
        report.approvals.iter().zip(value["approvals"].as_array_mut().into_iter().flatten())
    {
        shown["approver_name"] = json!(approval.approver_id.as_ref().and_then(|id| people.name(id)));
    }
    Ok(value)
}

/// A report as text.
pub(super) async fn show(
    data: &DataDir,
    account: &LinkedAccount,
    people: &People,
    report: &Report,
) -> Result<(), Failure> {
    let name = |id: &RemoteId| clean(&people.name(id).unwrap_or_else(|| format!("#{id}")));
    let ask = &report.ask;
    let on = type_name(data, account, &ask.leave_type_id).await?;
    let on = on.map_or_else(|| format!("#{}", ask.leave_type_id), |name| clean(&name));
    line(&format!("{}: {}", report.id, report.status.name().replace('_', " ")));
    line(&format!("  {}: {on}, {}", name(&ask.employee_id), period(ask.first, ask.last)));
    if let Some(comment) = &ask.comment {
        line(&format!("  comment: {}", clean(comment)));
    }
    let taken =
        periods(report.half_days.iter().filter(|half_day| half_day.is_active).map(|half_day| half_day.at));
    if !taken.is_empty() {
        line(&format!("  takes: {taken}"));
    }
    if let Some(id) = &report.absence_id {
        line(&format!("  absence in Lucca: {}", clean(id.as_str())));
    }
    for approval in &report.approvals {
        let who = approval.approver_id.as_ref().map_or_else(|| "unknown employee".to_owned(), name);
        let said = if approval.approved { "approved" } else { "denied" };
        let at = approval.at.map_or_else(String::new, |at| format!(" at {at}"));
        let comment =
            approval.comment.as_ref().map_or_else(String::new, |comment| format!(": {}", clean(comment)));
        line(&format!("  {who} {said}{at}{comment}"));
    }
    for request in &report.cancellation_requests {
        let who = request.author_id.as_ref().map_or_else(|| "unknown employee".to_owned(), name);
        let stands = match request.approved {
            Some(true) => "granted",
            Some(false) => "denied",
            None => "pending",
        };
        line(&format!("  {who} requested its cancellation: {stands}"));
    }
    if let Some(id) = &report.next_approver_id {
        line(&format!("  next approver: {}", name(id)));
    }
    line(&format!("  created at {:.0}, updated at {:.0}", report.created_at, report.updated_at));
    line(&format!("  key: {}", clean(&report.idempotency_key)));
    Ok(())
}

async fn list(global: &Global, args: &Args) -> Result<ExitCode, Failure> {
    let data = DataDir::open(global).await?;
    let account = session::account(&data, args.account.as_deref()).await?;
    let people = People::load(&data.store, &account, session::today(&*session::clock())).await?;
    let employee = args.employee.as_deref().map(|wanted| people.find(wanted)).transpose()?;
    let filter = SubmissionFilter {
        account_no: Some(account.no),
        employee_id: employee.map(|person| person.employee.id.clone()),
        ..SubmissionFilter::default()
    };
    let limit = args.limit.unwrap_or(if global.json { 1000 } else { 50 });
    let submissions = data.store.submissions(&filter, limit).await?;
    let reports = submissions.iter().map(Report::of).collect::<Result<Vec<Report>, _>>()?;
    if global.json {
        let mut all = Vec::with_capacity(reports.len());
        for report in &reports {
            all.push(to_json(&data, &account, &people, report).await?);
        }
        crate::output::json(&all);
    } else if reports.is_empty() {
        line("No absence submissions. Submit an absence request with `lucca-connector absences request`.");
    } else {
        let types = data.store.all::<LeaveType>(account.no).await?;
        line(&table_of(&reports, &people, &types));
    }
    Ok(ExitCode::SUCCESS)
}

/// Reports as a table.
fn table_of(reports: &[Report], people: &People, types: &[LeaveType]) -> String {
    let name = |id: &RemoteId| clean(&people.name(id).unwrap_or_else(|| format!("#{id}")));
    let mut shown =
        table(&["id", "employee", "first", "last", "leave type", "status", "next approver", "created"]);
    for report in reports {
        let of = types.iter().find(|one| one.id == report.ask.leave_type_id);
        let on =
            of.and_then(|one| one.name.clone()).unwrap_or_else(|| format!("#{}", report.ask.leave_type_id));
        shown.add_row([
            report.id.to_string(),
            name(&report.ask.employee_id),
            report.ask.first.to_string(),
            report.ask.last.to_string(),
            clean(&on),
            report.status.name().replace('_', " "),
            report.next_approver_id.as_ref().map_or_else(|| "-".to_owned(), name),
            format!("{:.0}", report.created_at),
        ]);
    }
    shown.to_string()
}
