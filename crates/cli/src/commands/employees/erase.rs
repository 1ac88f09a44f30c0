//! `employees erase`, `employees erasures` and `employees allow`: erases an employee with a receipt, lists the
//! receipts, and allows syncs to read an erased employee again.

use std::collections::BTreeMap;
use std::process::ExitCode;

use people::{Employee, Kind, PersonReference, RemoteId};
use serde_json::{Value, json};
use store::{Actor, Erasure, ErasureId, LinkedAccount, Receipt};

use crate::Global;
use crate::confirm;
use crate::data_dir::DataDir;
use crate::failure::Failure;
use crate::output::{clean, counted, line, stderr_line, table};
use crate::people_view::stored_id;
use crate::report_view::counted_records;
use crate::session;

/// The actor in receipts.
const ACTOR: Actor = Actor::Cli;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The employee: id:9, number:009, email:…, or a value that matches one employee only
    #[arg(value_name = "PERSON")]
    id: String,
    /// The linked account, by id or tenant [default: the only one]
    #[arg(long, value_name = "ACCOUNT")]
    pub(super) account: Option<String>,
    /// Skip the confirmation prompt
    #[arg(long, short)]
    yes: bool,
}

pub(super) async fn run(global: &Global, data: &DataDir, args: &Args) -> Result<ExitCode, Failure> {
    let account = session::account(data, args.account.as_deref()).await?;
    let id = stored_id(&data.store, &account, &args.id).await?;
    let holdings = data.store.holdings(account.no, &id).await?;
    let is_kept_out = data.store.erased_ids(account.no).await?.contains(&id);
    if holdings.is_empty() && !is_kept_out {
        return Err(Failure::usage(
            "cli.unknown_employee",
            "no record of an employee with this Lucca id is stored",
            "Search with `lucca-connector employees list --search TEXT`; the first column is the id.",
        ));
    }
    if !args.yes && !is_confirmed(global, data, &account, &id, &holdings).await? {
        stderr_line("No changes made.");
        return Ok(ExitCode::SUCCESS);
    }
    let at = session::clock().now();
    let erasure_id = ErasureId::mint(at, crate::entropy::bytes()?);
    let erasure = Erasure { id: erasure_id, remote_id: &id, actor: ACTOR, at };
    let receipt = data.store.erase_person(&account, erasure).await?;
    let scrubbed = data.store.scrub().await;
    if global.json {
        let mut value = json!(receipt);
        value["files_overwritten"] = json!(scrubbed.is_ok());
        crate::output::json(&value);
    } else {
        line(&format!("Erased {}. Receipt: {}.", in_words(&receipt.counts), receipt.id));
        line("Syncs skip this employee until you run `lucca-connector employees allow`.");
        line("Not erased: backups, data that was already delivered, and the data in Lucca.");
    }
    if let Err(error) = scrubbed {
        stderr_line(&format!(
            "The database's files may still contain the erased data: {error}. Run the command again."
        ));
    }
    Ok(ExitCode::SUCCESS)
}

/// Prompts for confirmation on a terminal; without one, refuses.
async fn is_confirmed(
    global: &Global,
    data: &DataDir,
    account: &LinkedAccount,
    id: &RemoteId,
    holdings: &BTreeMap<Kind, u64>,
) -> Result<bool, Failure> {
    if global.json || !confirm::is_interactive() {
        return Err(Failure::usage(
            "cli.not_confirmed",
            "erasing an employee can't be undone and must be confirmed",
            "Confirm with --yes.",
        ));
    }
    let person = data.store.kept_record::<Employee>(account.no, id).await?;
    let name = person.map_or_else(|| format!("#{id}"), |person| person.record.shown_name());
    let parts: Vec<String> = holdings.iter().map(|(kind, count)| counted_records(*count, *kind)).collect();
    line(&format!("{} of {}: {}", clean(&name), account.tenant, parts.join(", ")));
    confirm::prompt("Erase this employee permanently?")
}

fn in_words(counts: &BTreeMap<String, u64>) -> String {
    let count = |table: &str| counts.get(table).copied().unwrap_or(0);
    let mut parts = vec![
        counted(count("records"), "record"),
        counted(count("changes"), "change"),
        counted(count("quarantine"), "unreadable record"),
    ];
    let others = count("records_of_others");
    if others > 0 {
        parts.push(format!("their text or name in {} of other employees", counted(others, "record")));
    }
    parts.join(", ")
}

pub(super) async fn list(
    global: &Global,
    data: &DataDir,
    account: Option<&str>,
) -> Result<ExitCode, Failure> {
    let only = match account {
        Some(wanted) => Some(session::account(data, Some(wanted)).await?.no),
        None => None,
    };
    let receipts = data.store.erasures(only).await?;
    if global.json {
        crate::output::json(&receipts);
    } else if receipts.is_empty() {
        line("No erasures.");
    } else {
        show(&receipts);
    }
    Ok(ExitCode::SUCCESS)
}

fn show(receipts: &[Receipt]) {
    let mut shown = table(&["receipt", "account", "lucca id", "erased", "by", "content", "allowed again"]);
    for receipt in receipts {
        shown.add_row([
            receipt.id.to_string(),
            receipt.account_id.to_string(),
            clean(receipt.remote_id.as_str()),
            format!("{:.0}", receipt.erased_at),
            clean(&receipt.actor),
            in_words(&receipt.counts),
            receipt.allowed_at.map_or_else(|| "-".to_owned(), |at| format!("{at:.0}")),
        ]);
    }
    line(&shown.to_string());
}

pub(super) async fn allow(
    global: &Global,
    data: &DataDir,
    id: &str,
    account: Option<&str>,
) -> Result<ExitCode, Failure> {
    let account = session::account(data, account).await?;
    let id = RemoteId::from(PersonReference::parse(id).value());
    if !data.store.allow_person(&account, &id, ACTOR, session::clock().now()).await? {
        return Err(Failure::usage(
            "cli.not_erased",
            "no employee with this Lucca id is excluded from syncs",
            "List the erased employees with `lucca-connector employees erasures`.",
        ));
    }
    if global.json {
        let allowed: Value = json!({ "linked_account_id": account.id, "remote_id": id, "allowed": true });
        crate::output::json(&allowed);
    } else {
        line(
            "The next sync reads the employee again, if Lucca still has the record. Next: lucca-connector sync",
        );
    }
    Ok(ExitCode::SUCCESS)
}
