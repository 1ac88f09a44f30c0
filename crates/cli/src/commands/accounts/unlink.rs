//! `accounts unlink`: erases the API key at once, and the synced data on request.

use std::collections::BTreeMap;
use std::process::ExitCode;

use people::Kind;
use serde_json::json;
use store::{AccountStatus, Actor, DataPolicy, LinkedAccount, UnlinkReceipt};

use crate::Global;
use crate::confirm;
use crate::data_dir::DataDir;
use crate::failure::Failure;
use crate::output::{clean, counted, line, stderr_line};
use crate::report_view::counted_records;
use crate::session;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The linked account, by id or tenant
    account: String,
    /// Synced data: keep it unchanged, or erase it permanently
    #[arg(long, value_enum, value_name = "keep|erase", hide_possible_values = true, default_value = "keep")]
    data: Data,
    /// Skip the confirmation prompt
    #[arg(long, short)]
    yes: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Data {
    Keep,
    Erase,
}

pub(crate) async fn run(global: &Global, args: &Args) -> Result<ExitCode, Failure> {
    let data = DataDir::open(global).await?;
    let account = session::account(&data, Some(&args.account)).await?;
    let was_linked = account.status != AccountStatus::Unlinked;
    if !was_linked && args.data == Data::Keep {
        answer(global, args, &account, None);
        return Ok(ExitCode::SUCCESS);
    }
    if !args.yes && !is_confirmed(global, args, &data, &account, was_linked).await? {
        stderr_line("No changes made.");
        return Ok(ExitCode::SUCCESS);
    }
    let policy = match args.data {
        Data::Keep => DataPolicy::Keep,
        Data::Erase => DataPolicy::Erase,
    };
    let receipt = data.store.unlink(&account, policy, Actor::Cli, session::clock().now()).await?;
    answer(global, args, &account, Some(&receipt));
    if args.data == Data::Erase && !receipt.files_overwritten {
        stderr_line(
            "The database's files may still contain the erased data, because other processes use them. Run the command \
             again with --data erase.",
        );
    }
    Ok(ExitCode::SUCCESS)
}

/// Reports the outcome; without a receipt, the account was unlinked before.
fn answer(global: &Global, args: &Args, account: &LinkedAccount, receipt: Option<&UnlinkReceipt>) {
    if global.json {
        let erased = receipt.filter(|_| args.data == Data::Erase);
        crate::output::json(&json!({
            "linked_account_id": account.id,
            "tenant": account.tenant,
            "status": AccountStatus::Unlinked,
            "was_linked": account.status != AccountStatus::Unlinked,
            "erased": erased,
        }));
        return;
    }
    let name = format!("{} ({})", account.tenant, account.id);
    let Some(receipt) = receipt else {
        line(&format!("{name} is unlinked already. To also erase its data: --data erase."));
        return;
    };
    match args.data {
        Data::Keep => line(&format!("Unlinked {name}: erased its API key, kept its data.")),
        Data::Erase => {
            let counts =
                receipt.records.iter().filter_map(|(kind, count)| Some((kind.parse().ok()?, *count)));
            let erased = in_words(counts.collect());
            let (changes, runs) = (counted(receipt.changes, "change"), counted(receipt.runs, "run"));
            line(&format!("Unlinked {name}: erased its API key, {erased}, {changes}, {runs}."));
            line("Not erased: backups, data that was already delivered, and the data in Lucca.");
        }
    }
    line(
        "The API key stays valid in Lucca until you delete it there: Settings > Authentication, SSO and API > API keys.",
    );
    line(&format!("To link it again, with the same id: lucca-connector link {}", account.tenant));
}

async fn is_confirmed(
    global: &Global,
    args: &Args,
    data: &DataDir,
    account: &LinkedAccount,
    was_linked: bool,
) -> Result<bool, Failure> {
    if global.json || !confirm::is_interactive() {
        return Err(Failure::usage(
            "cli.not_confirmed",
            "unlinking erases the API key, can't be undone and must be confirmed",
            "Confirm with --yes.",
        ));
    }
    let customer = account.organization.as_ref().or(account.customer_id.as_ref());
    let customer = customer.map_or_else(String::new, |customer| format!(" of {}", clean(customer)));
    line(&format!("{} ({}){customer}", account.tenant, account.id));
    if was_linked {
        line("  Unlinking erases its API key, stops a running sync, and ends all further syncs.");
    }
    let mut counts = BTreeMap::new();
    for ((kind, _), count) in data.store.count_kept(account.no).await? {
        *counts.entry(kind).or_default() += count;
    }
    let records = in_words(counts);
    Ok(match args.data {
        Data::Keep => {
            line(&format!("  Kept: {records}"));
            confirm::prompt("Unlink this account?")?
        }
        Data::Erase => {
            line(&format!(
                "  Erased permanently: {records}, the change log, the runs and all other data of the account"
            ));
            confirm::prompt("Unlink this account and erase its data?")?
        }
    })
}

fn in_words(counts: BTreeMap<Kind, u64>) -> String {
    if counts.is_empty() {
        return "no record".to_owned();
    }
    let parts: Vec<String> = counts.into_iter().map(|(kind, count)| counted_records(count, kind)).collect();
    parts.join(", ")
}
