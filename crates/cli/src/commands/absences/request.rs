//! `absences request`: shows a preview, prompts for confirmation, sends the request to Lucca once, and waits
//! until Lucca has received it.

use std::process::ExitCode;
use std::time::Duration;

use absences::{AbsenceDraft, Report, Warning};
use jiff::SignedDuration;
use store::Submission;

use super::preview::{self, AbsenceOptions};
use super::{AccountContext, problem_line, spinner, status, stop, warning_line};
use crate::Global;
use crate::confirm;
use crate::failure::{Exit, Failure};
use crate::output::{clean, line, stderr_line};

/// Maximum polling time if Lucca's answer was lost.
const MAX_WAIT: SignedDuration = SignedDuration::from_secs(60);

const POLL_INTERVAL: Duration = Duration::from_secs(3);

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    absence: AbsenceOptions,
    /// Comment to the approvers
    #[arg(long, value_name = "TEXT")]
    comment: Option<String>,
    /// Idempotency key, at most 200 characters without spaces: requests with the same key are submitted once
    /// [default: a random key, which the command prints]
    #[arg(long, value_name = "KEY")]
    key: Option<String>,
    /// Acknowledge a warning of Lucca, by the id that `absences preview` prints; repeat the option for several
    /// warnings
    #[arg(long, value_name = "ID")]
    acknowledge: Vec<String>,
    /// Skip the confirmation prompt; acknowledge warnings with --acknowledge
    #[arg(long, short)]
    yes: bool,
    /// Don't wait if Lucca does not answer
    #[arg(long)]
    no_wait: bool,
}

pub(super) async fn run(global: &Global, args: &Args) -> Result<ExitCode, Failure> {
    let is_asked = !args.yes;
    if is_asked && (global.json || !confirm::is_interactive()) {
        return Err(Failure::usage(
            "cli.not_confirmed",
            "the request is not confirmed, and no prompt is possible with --json or without a terminal",
            "Preview it with `absences preview`, and confirm with --yes.",
        ));
    }
    let context = AccountContext::open(global, args.absence.account.as_deref()).await?;
    let ask = AbsenceDraft { comment: args.comment.clone(), ..args.absence.resolve(&context).await? };
    let mut acknowledged = args.acknowledge.clone();
    let is_known = match &args.key {
        Some(key) => context.data.store.submission_by_key(context.account.no, key).await?.is_some(),
        None => false,
    };
    // A request already sent under this key overlaps with itself, and was previewed then.
    if is_asked && !is_known && !confirm_preview(&context, &ask, &mut acknowledged).await? {
        stderr_line("No request submitted.");
        return Ok(ExitCode::SUCCESS);
    }
    let key = match &args.key {
        Some(key) => key.clone(),
        None => {
            let key = new_key()?;
            // Printed before the request is sent: a caller whose connection breaks repeats it under this key,
            // and it is made only once.
            stderr_line(&format!("To repeat this request: --key {key}"));
            key
        }
    };
    let mut submission = send(global, &context, &ask, &key, &acknowledged, args.no_wait).await?;
    let mut report = Report::of(&submission)?;
    if is_asked && !report.warnings.is_empty() {
        // Lucca warned only when the request was made.
        if !confirm_warnings(
            &report.warnings,
            &mut acknowledged,
            "Submit the request despite these warnings?",
        )? {
            stderr_line("No request submitted.");
            return Ok(ExitCode::SUCCESS);
        }
        submission = send(global, &context, &ask, &key, &acknowledged, args.no_wait).await?;
        report = Report::of(&submission)?;
    }
    let is_refused = matches!(report.status, absences::Status::Refused | absences::Status::NotCreated);
    if global.json {
        crate::output::json(
            &status::to_json(&context.data, &context.account, &context.people, &report).await?,
        );
    } else {
        status::show(&context.data, &context.account, &context.people, &report).await?;
        show_next(&report);
    }
    Ok(ExitCode::from(if is_refused { Exit::Usage as u8 } else { 0 }))
}

/// Shows the preview and prompts for confirmation. A yes also acknowledges the warnings shown.
async fn confirm_preview(
    context: &AccountContext,
    ask: &AbsenceDraft,
    acknowledged: &mut Vec<String>,
) -> Result<bool, Failure> {
    let preview = context.absences().preview(ask).await?;
    preview::show(&preview);
    if !preview.can_be_requested {
        let mut failure = Failure::from(absences::Error::Problems(preview.problems));
        // The preview has shown them.
        failure.details = None;
        return Err(failure);
    }
    let to_confirm: Vec<Warning> =
        preview.warnings.into_iter().filter(|warning| warning.must_be_confirmed).collect();
    let question = if to_confirm.is_empty() {
        format!("Submit this request for {}?", clean(&preview.person.to_string()))
    } else {
        format!(
            "Submit this request for {}, despite Lucca's warnings above?",
            clean(&preview.person.to_string())
        )
    };
    let yes = confirm::prompt(&question)?;
    if yes {
        acknowledged.extend(to_confirm.into_iter().map(|warning| warning.id));
    }
    Ok(yes)
}

fn confirm_warnings(
    warnings: &[Warning],
    acknowledged: &mut Vec<String>,
    question: &str,
) -> Result<bool, Failure> {
    for warning in warnings {
        line(&warning_line(warning));
    }
    let yes = confirm::prompt(question)?;
    if yes {
        acknowledged.extend(warnings.iter().map(|warning| warning.id.clone()));
    }
    Ok(yes)
}

/// A random idempotency key.
fn new_key() -> Result<String, Failure> {
    Ok(hex::encode(crate::entropy::bytes::<16>()?))
}

async fn send(
    global: &Global,
    context: &AccountContext,
    ask: &AbsenceDraft,
    key: &str,
    acknowledged: &[String],
    no_wait: bool,
) -> Result<Submission, Failure> {
    let spinner = spinner(global, "waiting for Lucca");
    let id = context.services.new_submission()?;
    let absences = context.absences();
    let mut result = Box::pin(absences.request(id, key, ask, acknowledged)).await;
    let began = context.clock().now();
    while let Ok(submission) = &result {
        let is_on_its_way = Report::of(submission).is_ok_and(|report| report.status.is_on_its_way());
        if !is_on_its_way || no_wait || context.clock().now().duration_since(began) > MAX_WAIT {
            break;
        }
        context.clock().sleep(POLL_INTERVAL).await;
        match Box::pin(absences.advance(submission.clone())).await {
            Ok(next) => result = Ok(next),
            // The request is stored, and the next process that advances requests continues with it.
            Err(error) => {
                stderr_line(&format!("The request could not be looked up in Lucca: {error}."));
                break;
            }
        }
    }
    stop(spinner);
    Ok(result?)
}

fn show_next(report: &Report) {
    for problem in &report.problems {
        stderr_line(&problem_line(problem));
    }
    for warning in &report.warnings {
        stderr_line(&warning_line(warning));
    }
    let id = report.id;
    let next = match report.status {
        absences::Status::Submitting => {
            format!(
                "the request could not be sent, and is retried. Follow it with `lucca-connector absences status {id}`"
            )
        }
        absences::Status::InDoubt => {
            format!(
                "Lucca has not answered. The connector looks the request up, and does not send it again. Follow it with `lucca-connector absences status {id}`"
            )
        }
        absences::Status::Refused if !report.warnings.is_empty() => {
            format!(
                "Lucca requires a confirmation. Repeat the command with --key {} and --acknowledge for each warning",
                report.idempotency_key
            )
        }
        absences::Status::Refused | absences::Status::NotCreated => {
            "change the request, and submit it with another --key".to_owned()
        }
        _ => format!(
            "follow it with `lucca-connector absences status {id}`, or cancel it with `lucca-connector absences cancel {id}`"
        ),
    };
    line(&format!("Next: {next}"));
}
