//! `absences import`: imports absences from a CSV file. Checks each row, simulates the import in Lucca, prompts
//! for confirmation, and creates each absence once.

use crate::output::extended;
use api_types::{AbsenceImport, AbsenceProblem, AbsenceSubmission, all};
use std::collections::HashSet;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use absences::{Batch, BulkProgress, Report};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};
use store::{Submission, SubmissionId};

use super::{AccountContext, period, problem_line, spinner, stop};
use crate::Global;
use crate::confirm;
use crate::failure::{Details, Exit, Failure};
use crate::output::{clean, counted, is_terminal, line, stderr_line, table};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// CSV file, or - for standard input: UTF-8, separated by commas or semicolons. Columns: lucca_id,
    /// employee_number (or matricule), email or employee (id:9, number:009, email:…, or a value that matches
    /// one employee only); leave_type (id or name); starts; ends (2026-05-04 or 2026-05-04 PM); optionally
    /// approved (true or false). Lucca's own import format is accepted too
    file: PathBuf,
    /// The linked account, by id or tenant [default: the only one]
    #[arg(long, value_name = "ACCOUNT")]
    account: Option<String>,
    /// Check the file and simulate the import in Lucca, without creating any absence
    #[arg(long)]
    simulate: bool,
    /// Skip the confirmation prompt
    #[arg(long, short, conflicts_with = "simulate")]
    yes: bool,
}

/// Upper bound in bytes: a file of several thousand rows is smaller.
const LARGEST: u64 = 16 * 1024 * 1024;

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let read = if path == Path::new("-") {
        std::io::stdin().lock().take(LARGEST + 1).read_to_end(&mut bytes)
    } else {
        std::fs::File::open(path).and_then(|file| file.take(LARGEST + 1).read_to_end(&mut bytes))
    };
    read.map_err(|error| Failure::file("reading", path, &error))?;
    if bytes.len() as u64 > LARGEST {
        return Err(Failure::usage("cli.file", "the file is larger than 16 MiB", "Split the file."));
    }
    Ok(bytes)
}

pub(super) async fn run(global: &Global, args: &Args) -> Result<ExitCode, Failure> {
    let file = read(&args.file)?;
    let context = AccountContext::open(global, args.account.as_deref()).await?;
    let mut batch = context.absences().read_batch(&file).await?;
    if !batch.is_good() {
        return Err(bad_rows(&batch));
    }
    let must_ask = !args.yes && !args.simulate;
    // If standard input holds the file, it can't hold the answer.
    if must_ask && (global.json || !confirm::is_interactive()) {
        return Err(Failure::usage(
            "cli.not_confirmed",
            "the import is not confirmed, and no prompt is possible with --json or without a terminal",
            "Try the import with --simulate, and confirm it with --yes.",
        ));
    }
    // A repeated file overlaps with the absences it made before: it is only finished, not simulated again.
    let was_begun = context.absences().was_begun(&batch).await?;
    if !was_begun || args.simulate {
        let spinner = spinner(global, "simulating in Lucca");
        let simulated = context.absences().simulate_batch(&mut batch).await;
        stop(spinner);
        let problems = simulated?;
        if !problems.is_empty() {
            let mut failure = Failure::usage(
                "absence.refused",
                "Lucca's import refused the file without naming the row; no absence was created",
                "A leave type may not belong to the employee, or a balance may be too low. Try halves of the file with \
                 --simulate to find the row.",
            );
            failure.details = Some(Box::new(Details {
                lines: problems.iter().map(problem_line).collect(),
                members: [("problems".to_owned(), json!(all::<_, AbsenceProblem>(problems)))]
                    .into_iter()
                    .collect(),
            }));
            return Err(failure);
        }
    }
    let rows = u64::try_from(batch.rows.len()).unwrap_or(u64::MAX);
    if args.simulate {
        if global.json {
            crate::output::json(&extended(
                AbsenceImport::dry_run(batch.rows, Some(Vec::new())),
                json!({ "fingerprint": batch.fingerprint }),
            ));
        } else {
            line(&rows_table(&batch, usize::MAX));
            line(&format!("✓ {} would be imported; no absence was created.", counted(rows, "absence")));
        }
        return Ok(ExitCode::SUCCESS);
    }
    if must_ask {
        line(&rows_table(&batch, ROWS_SHOWN));
        let who: HashSet<_> =
            batch.rows.iter().filter_map(|row| row.ask.as_ref()).map(|ask| &ask.employee_id).collect();
        let who = counted(u64::try_from(who.len()).unwrap_or(u64::MAX), "employee");
        if !confirm::prompt(&format!(
            "Import {} of {who} into {}?",
            counted(rows, "absence"),
            context.account.tenant
        ))? {
            stderr_line("No absences imported.");
            return Ok(ExitCode::SUCCESS);
        }
    }
    let made = make(global, &context, &batch).await?;
    let reports = made.iter().map(Report::of).collect::<Result<Vec<Report>, _>>()?;
    let failed =
        |report: &&Report| matches!(report.status, absences::Status::Refused | absences::Status::NotCreated);
    let has_failed = reports.iter().any(|report| failed(&report));
    if global.json {
        crate::output::json(&to_json(&batch, &reports));
    } else {
        show(&context, &batch, &reports);
    }
    Ok(ExitCode::from(if has_failed { Exit::Usage as u8 } else { 0 }))
}

/// Number of rows shown before the confirmation prompt.
const ROWS_SHOWN: usize = 50;

/// The rows of a file, each with the employee that its reference resolves to.
fn rows_table(batch: &Batch, most: usize) -> String {
    let mut shown = table(&["line", "employee", "period"]);
    for row in batch.rows.iter().take(most) {
        let person = row.person.as_ref().map_or_else(|| "-".to_owned(), |person| clean(&person.to_string()));
        let when = row.ask.as_ref().map_or_else(|| "-".to_owned(), |ask| period(ask.first, ask.last));
        shown.add_row([row.line.to_string(), person, when]);
    }
    let hidden = u64::try_from(batch.rows.len().saturating_sub(most)).unwrap_or(u64::MAX);
    match hidden {
        0 => shown.to_string(),
        _ => format!("{shown}\n… and {}: show all with --simulate", counted(hidden, "more row")),
    }
}

/// The failure of rows that can't be imported, each with its problems.
fn bad_rows(batch: &Batch) -> Failure {
    let bad: Vec<_> = batch.rows.iter().filter(|row| !row.problems.is_empty()).collect();
    let count = |number: usize, noun| counted(u64::try_from(number).unwrap_or(u64::MAX), noun);
    let message = if batch.rows.is_empty() {
        "the file has no rows".to_owned()
    } else {
        format!("{} of {} can't be imported; no request was sent", bad.len(), count(batch.rows.len(), "row"))
    };
    let mut failure = Failure::usage(
        "absence.not_importable",
        message,
        "Correct or remove these rows, and import the file again.",
    );
    let line_of = |line: u64, problem| format!("line {line}: {}", problem_line(problem));
    let rows: Vec<Value> =
        bad.iter().map(|row| json!({ "line": row.line, "problems": all::<_, AbsenceProblem>(row.problems.iter().cloned()) })).collect();
    failure.details = Some(Box::new(Details {
        lines: bad
            .iter()
            .flat_map(|row| row.problems.iter().map(|problem| line_of(row.line, problem)))
            .collect(),
        members: [("rows".to_owned(), json!(rows))].into_iter().collect(),
    }));
    failure
}

async fn make(global: &Global, context: &AccountContext, batch: &Batch) -> Result<Vec<Submission>, Failure> {
    // Ids are drawn before the first request: without randomness, none is sent.
    let mut ids: Vec<SubmissionId> = Vec::with_capacity(batch.rows.len());
    for _ in &batch.rows {
        ids.push(context.services.new_submission()?);
    }
    // Lists show the latest id first, so the rows get ids from the file's end.
    ids.sort_by_key(SubmissionId::to_string);
    let mut ids = ids.into_iter();
    let spare = context.services.new_submission()?;
    let bar = (!global.json && is_terminal()).then(|| {
        let bar = ProgressBar::new(100);
        let style = ProgressStyle::with_template("{msg:20} [{bar:30}] {pos}/{len}");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        bar.set_message("import in Lucca, %");
        bar
    });
    let progress = |making: BulkProgress| {
        let Some(bar) = &bar else { return };
        match making {
            BulkProgress::Importing(percent) => bar.set_position(u64::from(percent)),
            BulkProgress::Looking(done, total) => {
                bar.set_message("looked up");
                bar.set_length(u64::try_from(total).unwrap_or(u64::MAX));
                bar.set_position(u64::try_from(done).unwrap_or(u64::MAX));
            }
        }
    };
    let result = context.absences().make_batch(batch, |_| ids.next().unwrap_or(spare), progress).await;
    if let Some(bar) = &bar {
        bar.finish_and_clear();
    }
    Ok(result?)
}

fn to_json(batch: &Batch, reports: &[Report]) -> Value {
    let submissions = reports.iter().cloned().map(AbsenceSubmission::from).collect();
    let mut value = extended(AbsenceImport::of(submissions), json!({ "fingerprint": batch.fingerprint }));
    for (row, shown) in batch.rows.iter().zip(value["submissions"].as_array_mut().into_iter().flatten()) {
        shown["line"] = json!(row.line);
    }
    value
}

fn show(context: &AccountContext, batch: &Batch, reports: &[Report]) {
    let mut shown = table(&["line", "employee", "period", "status", "id", "problem"]);
    for (row, report) in batch.rows.iter().zip(reports) {
        let remark =
            report.problems.first().map_or_else(|| "-".to_owned(), |problem| clean(&problem.message));
        shown.add_row([
            row.line.to_string(),
            context.name(&report.ask.employee_id),
            period(report.ask.first, report.ask.last),
            report.status.name().replace('_', " "),
            report.id.to_string(),
            remark,
        ]);
    }
    line(&shown.to_string());
    if reports.iter().any(|report| report.status.is_on_its_way()) {
        line(
            "The connector looks up submissions in doubt, and does not send them again. Follow one with `lucca-connector absences status ID`.",
        );
    }
}
