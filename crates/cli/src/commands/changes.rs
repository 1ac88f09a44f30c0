//! `changes`: prints the change log of a linked account, one line per change, and can follow it.

use std::fmt::Write;
use std::process::ExitCode;
use std::time::Duration;

use people::{Kind, RemoteId};
use serde_json::{Map, Value};
use store::{Change, ChangeFilter, LinkedAccount, Operation};

use crate::Global;
use crate::data_dir::DataDir;
use crate::failure::Failure;
use crate::output::{clean, stderr_line};
use crate::session;

/// How often the log is polled.
const EVERY: Duration = Duration::from_secs(1);

/// Changes per query.
const BATCH: u32 = 1000;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The linked account, by id or tenant [default: the only one]
    #[arg(long, value_name = "ACCOUNT")]
    account: Option<String>,
    /// Only changes after this sequence number [default: from the first stored change]
    #[arg(long, value_name = "SEQ", value_parser = clap::value_parser!(i64).range(0..))]
    after: Option<i64>,
    /// Only changes of this kind of record: employees, absences, …
    #[arg(long, value_name = "KIND")]
    kind: Option<Kind>,
    /// Only changes of the record with this Lucca id
    #[arg(long, value_name = "ID")]
    id: Option<String>,
    /// Only this operation: created, updated, restored, deleted, hidden, started, ended, excluded or erased
    #[arg(long, value_name = "OPERATION", value_parser = operation)]
    operation: Option<Operation>,
    /// Maximum number of changes to print [default: 100; with --json or --follow, all]
    #[arg(long, value_name = "N")]
    limit: Option<u64>,
    /// Wait for further changes until Ctrl-C
    #[arg(long)]
    follow: bool,
}

fn operation(text: &str) -> Result<Operation, String> {
    text.parse().map_err(|_| {
        format!("the operation must be one of {}", Operation::ALL.map(Operation::name).join(", "))
    })
}

pub(crate) async fn run(global: &Global, args: &Args) -> Result<ExitCode, Failure> {
    let data = DataDir::open(global).await?;
    let account = session::account(&data, args.account.as_deref()).await?;
    let default_limit = if global.json || args.follow { u64::MAX } else { 100 };
    let after = match args.after {
        Some(after) => after,
        None => data.store.first_place(account.no).await?,
    };
    let mut reading = Reading { after, left: args.limit.unwrap_or(default_limit), shown: 0 };
    let clock = session::clock();
    // Signals are handled only while it waits: before that, Ctrl-C ends the process at once.
    let end = async { session::shutdown_signal().await };
    tokio::pin!(end);
    loop {
        let more = reading.print_new(global, args, &data, &account).await?;
        if !args.follow || !more {
            break;
        }
        tokio::select! {
            () = clock.sleep(EVERY) => {}
            signalled = &mut end => {
                signalled?;
                break;
            }
        }
    }
    let last = data.store.last_change(account.no).await?;
    if reading.shown == 0 && last == 0 {
        stderr_line("The change log is empty. Fill it with `lucca-connector sync`.");
    } else if reading.shown == 0 && reading.after > last {
        stderr_line(&format!("The change log ends at {last}."));
    } else {
        stderr_line(&format!("Continue with --after {}; the change log ends at {last}.", reading.after));
    }
    Ok(ExitCode::SUCCESS)
}

/// The position in the log.
struct Reading {
    after: i64,
    left: u64,
    shown: u64,
}

impl Reading {
    /// Prints the changes stored so far. Returns false once `--limit` is reached.
    async fn print_new(
        &mut self,
        global: &Global,
        args: &Args,
        data: &DataDir,
        account: &LinkedAccount,
    ) -> Result<bool, Failure> {
        let id = args.id.as_deref().map(RemoteId::from);
        loop {
            // Read before the changes, so that none falls between the two.
            let last = data.store.last_change(account.no).await?;
            if self.left == 0 {
                return Ok(false);
            }
            if last <= self.after {
                return Ok(true);
            }
            let filter = ChangeFilter {
                after: self.after,
                kind: args.kind,
                id: id.as_ref(),
                operation: args.operation,
            };
            let wanted = u32::try_from(self.left).unwrap_or(BATCH).min(BATCH);
            let changes = data.store.changes(account.no, filter, wanted).await?;
            let is_all = changes.len() < usize::try_from(wanted).unwrap_or(usize::MAX);
            let text: String = changes.iter().map(|change| one_line(global, change) + "\n").collect();
            crate::output::write(&text);
            let count = u64::try_from(changes.len()).unwrap_or(u64::MAX);
            self.left = self.left.saturating_sub(count);
            self.shown += count;
            let seen = changes.last().map_or(self.after, |change| change.seq);
            // Changes that a filter skipped need not be read again.
            self.after = if is_all { seen.max(last) } else { seen };
            if is_all {
                return Ok(self.left > 0);
            }
        }
    }
}

fn one_line(global: &Global, change: &Change) -> String {
    if global.json {
        return serde_json::to_string(change).unwrap_or_default();
    }
    let mut text = format!(
        "{:>8}  {:.0}  {:24} {:12} {:9}",
        change.seq,
        change.at,
        change.kind.name(),
        clean(change.id.as_str()),
        change.operation.name(),
    );
    let fields = change.fields.as_ref().and_then(|fields| serde_json::from_str(fields.get()).ok());
    let fields: Map<String, Value> = fields.unwrap_or_default();
    for (index, (name, values)) in fields.iter().enumerate() {
        let comma = if index == 0 { "  " } else { "; " };
        // Writing to a string does not fail.
        let _ = match values {
            Value::Object(pair) => {
                write!(text, "{comma}{name}: {} → {}", short(pair.get("before")), short(pair.get("after")))
            }
            // A personal value, which was not stored.
            _ => write!(text, "{comma}{name}"),
        };
    }
    text.trim_end().to_owned()
}

/// A value, shortened to fit a line.
fn short(value: Option<&Value>) -> String {
    const LETTERS: usize = 40;
    let text = match value {
        None | Some(Value::Null) => "null".to_owned(),
        Some(Value::String(text)) => clean(text),
        Some(other) => clean(&other.to_string()),
    };
    match text.char_indices().nth(LETTERS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}
