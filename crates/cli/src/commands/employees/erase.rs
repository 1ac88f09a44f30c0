//! `employees erase`, `employees erasures` and `employees allow`: erases one person with a receipt, lists the
//! receipts, and lets an erased person be read again.

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
    /// Who: id:9, number:009 or email:…, or a value that fits one person only
    #[arg(value_name = "PERSON")]
    id: String,
    /// The linked account, by id or tenant, where there are several
    #[arg(long, value_name = "ACCOUNT")]
    pub(super) account: Option<String>,
    /// Don't ask whether that is meant
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
            "nothing is stored of a person with this Lucca id",
            "`lucca-connector employees list --search TEXT` finds people; the first column is the id.",
        ));
    }
    if !args.yes && !is_confirmed(global, data, &account, &id, &holdings).await? {
        stderr_line("Nothing was changed.");
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
        line(&format!("Erased: {}, receipt {}.", in_words(&receipt.counts), receipt.id));
        line("They are not read again until `lucca-connector employees allow` lets them.");
        line("Not reached: backups, what was delivered already, and Lucca itself.");
    }
    if let Err(error) = scrubbed {
        stderr_line(&format!(
            "What was erased may still be in the database's files: {error}. Erase once more."
        ));
    }
    Ok(ExitCode::SUCCESS)
}

/// Asks for confirmation on a terminal; without one, refuses.
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
            "erasing a person cannot be undone",
            "Say that it is meant with --yes.",
        ));
    }
    let person = data.store.kept_record::<Employee>(account.no, id).await?;
    let name = person.map_or_else(|| format!("#{id}"), |person| person.record.shown_name());
    let parts: Vec<String> = holdings.iter().map(|(kind, count)| counted_records(*count, *kind)).collect();
    line(&format!("{} of {}: {}", clean(&name), account.tenant, parts.join(", ")));
    confirm::prompt("Erase this person for good?")
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
        parts.push(format!("their words or name in {} of others", counted(others, "record")));
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
        line("Nobody was erased.");
    } else {
        show(&receipts);
    }
    Ok(ExitCode::SUCCESS)
}

fn show(receipts: &[Receipt]) {
    let mut shown = table(&["receipt", "account", "lucca id", "erased", "by", "what", "allowed again"]);
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
            "no person with this Lucca id is kept from being read",
            "`lucca-connector employees erasures` lists who was erased.",
        ));
    }
    if global.json {
        let allowed: Value = json!({ "account_id": account.id, "remote_id": id, "allowed": true });
        crate::output::json(&allowed);
    } else {
        line("The next sync reads them again, if Lucca still has them: lucca-connector sync");
    }
    Ok(ExitCode::SUCCESS)
}
