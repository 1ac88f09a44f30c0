//! `accounts release`: records that are missing in Lucca, too many at once to remove without confirmation.
//! The administrator reviews them, and releases or keeps them.

use std::collections::HashMap;
use std::process::ExitCode;

use people::{Kind, RemoteId};
use serde_json::{Value, json};
use store::{Hold, LinkedAccount, RecordState};

use crate::Global;
use crate::confirm;
use crate::data_dir::DataDir;
use crate::failure::Failure;
use crate::output::{clean, counted, grouped, line, stderr_line};
use crate::report_view::counted_records;
use crate::session;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The linked account, by id or tenant [default: the only one]
    account: Option<String>,
    /// Only records of this kind: employees, departments, …
    #[arg(long, value_name = "KIND")]
    kind: Option<Kind>,
    /// List the missing records and decide nothing: the default
    #[arg(long, conflicts_with_all = ["approve", "reject"])]
    preview: bool,
    /// Remove the missing records: mark them as deleted, with entries in the change log
    #[arg(long, conflicts_with = "reject")]
    approve: bool,
    /// Keep the missing records, and request no further decision on them
    #[arg(long)]
    reject: bool,
    /// Skip the confirmation prompt on a terminal
    #[arg(long, short)]
    yes: bool,
}

/// A hold with the facts needed to decide on it.
struct Question {
    hold: Hold,
    /// The held records that are still present, with a name if they have one.
    records: Vec<(RemoteId, Option<String>)>,
    /// How many records of the kind are present in total.
    present: u64,
}

pub(crate) async fn run(global: &Global, args: &Args) -> Result<ExitCode, Failure> {
    let data = DataDir::open(global).await?;
    let account = session::account(&data, args.account.as_deref()).await?;
    let mut questions = Vec::new();
    for hold in data.store.holds(account.no).await? {
        if args.kind.is_none_or(|kind| kind == hold.kind) {
            questions.push(question(&data, &account, hold).await?);
        }
    }
    let is_decision = args.approve || args.reject;
    if is_decision {
        // Kept records are decided on again only if their kind is named.
        questions.retain(|question| !question.hold.is_rejected || args.kind.is_some());
    }
    if !global.json {
        show(&account, &questions);
    }
    let mut decided = Vec::new();
    if is_decision && !questions.is_empty() {
        if !is_confirmed(global, args, &questions)? {
            stderr_line("No changes made.");
            return Ok(ExitCode::SUCCESS);
        }
        let at = session::clock().now();
        for question in &questions {
            let kind = question.hold.kind;
            let records = if args.approve {
                data.store.approve_hold(account.no, &question.hold, at).await?
            } else {
                data.store.reject_hold(account.no, kind, at).await?;
                question.records.len()
            };
            if !global.json {
                let records = counted_records(u64::try_from(records).unwrap_or(u64::MAX), kind);
                line(&format!("{records} {}.", if args.approve { "removed" } else { "kept" }));
            }
            decided.push(json!({ "kind": kind.name(), "records": records }));
        }
    } else if !global.json && !questions.is_empty() {
        show_next(&account);
    }
    if global.json {
        let action = match (args.approve, args.reject) {
            (true, _) => "approve",
            (_, true) => "reject",
            _ => "preview",
        };
        crate::output::json(&json!({
            "linked_account_id": account.id,
            "tenant": account.tenant,
            "action": action,
            "holds": questions.iter().map(to_json).collect::<Vec<_>>(),
            "decided": decided,
        }));
    }
    Ok(ExitCode::SUCCESS)
}

async fn question(data: &DataDir, account: &LinkedAccount, hold: Hold) -> Result<Question, Failure> {
    let bodies = data.store.kept_bodies(account.no, hold.kind, &hold.ids).await?;
    let read = |id: &RemoteId| {
        let (body, state) = bodies.get(id)?;
        let body = serde_json::from_str::<Value>(body).unwrap_or_default();
        (*state == RecordState::Present).then_some((id.clone(), body))
    };
    let records: Vec<(RemoteId, Value)> = hold.ids.iter().filter_map(read).collect();
    let owners: Vec<RemoteId> = records.iter().filter_map(|(_, body)| owner(body)).collect();
    let owners: HashMap<RemoteId, String> = data
        .store
        .bodies(account.no, Kind::Employee, &owners)
        .await?
        .into_iter()
        .filter_map(|(id, (body, _))| Some((id, name(&serde_json::from_str(&body).ok()?)?)))
        .collect();
    let records = records
        .into_iter()
        .map(|(id, body)| (id, name(&body).or_else(|| of_owner(&body, &owners))))
        .collect();
    let present = data.store.count_present(account.no, hold.kind).await?;
    Ok(Question { hold, records, present })
}

fn owner(body: &Value) -> Option<RemoteId> {
    body["employee_id"].as_str().map(RemoteId::from)
}

fn name(body: &Value) -> Option<String> {
    let text = |field: &str| body[field].as_str().map(str::trim).filter(|text| !text.is_empty());
    if let Some(name) = text("name") {
        return Some(name.to_owned());
    }
    let parts: Vec<&str> = [text("first_name"), text("last_name")].into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join(" "))
}

/// Names a record that belongs to an employee by its owner and first day.
fn of_owner(body: &Value, owners: &HashMap<RemoteId, String>) -> Option<String> {
    let name = owners.get(&owner(body)?)?;
    let from =
        ["starts_on", "first", "created_at", "changed_at"].iter().find_map(|field| body[*field].as_str());
    Some(from.map_or_else(|| name.clone(), |from| format!("{name}, {from}")))
}

fn to_json(question: &Question) -> Value {
    let record = |(id, name): &(RemoteId, Option<String>)| json!({ "id": id, "name": name });
    json!({
        "kind": question.hold.kind.name(),
        "reason": question.hold.reason,
        "since": question.hold.opened_at,
        "rejected": question.hold.is_rejected,
        "missing": question.records.len(),
        "present": question.present,
        "records": question.records.iter().map(record).collect::<Vec<_>>(),
    })
}

fn show(account: &LinkedAccount, questions: &[Question]) {
    const SHOWN: usize = 20;
    if questions.is_empty() {
        line(&format!("{}: no records wait for a decision.", account.tenant));
        return;
    }
    for Question { hold, records, present } in questions {
        let missing = counted_records(u64::try_from(records.len()).unwrap_or(u64::MAX), hold.kind);
        let stand = if hold.is_rejected { " (you decided to keep them)" } else { "" };
        line(&format!(
            "{}: {missing} of {} missing in Lucca since {:.0}{stand}",
            account.tenant,
            grouped(*present),
            hold.opened_at
        ));
        line(&format!("  kept so far because {}", hold.reason));
        for (id, name) in records.iter().take(SHOWN) {
            line(&format!("  {:>10}  {}", clean(id.as_str()), clean(name.as_deref().unwrap_or("-"))));
        }
        if records.len() > SHOWN {
            let more = u64::try_from(records.len() - SHOWN).unwrap_or(u64::MAX);
            line(&format!("  … and {} more: show all with --json", grouped(more)));
        }
    }
}

fn show_next(account: &LinkedAccount) {
    line("If the records were deleted in Lucca:");
    line(&format!("  lucca-connector accounts release {} --approve", account.id));
    line("If they were not, keep them here:");
    line(&format!("  lucca-connector accounts release {} --reject", account.id));
}

/// Prompts for confirmation on a terminal; `--yes`, `--json` and runs without a terminal need none.
fn is_confirmed(global: &Global, args: &Args, questions: &[Question]) -> Result<bool, Failure> {
    if args.yes || global.json || !confirm::is_interactive() {
        return Ok(true);
    }
    let count: usize = questions.iter().map(|question| question.records.len()).sum();
    let count = counted(u64::try_from(count).unwrap_or(u64::MAX), "record");
    let question = if args.approve { format!("Remove {count}?") } else { format!("Keep {count}?") };
    confirm::prompt(&question)
}
