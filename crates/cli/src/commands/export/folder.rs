//! `export --to`: streams and people as files in a folder or an object store, with a manifest.

use std::process::ExitCode;
use std::sync::{Mutex, PoisonError};

use files::{FileEntry, Progress, Table, Target, Wanted};
use indicatif::{ProgressBar, ProgressStyle};

use super::{Args, Format};
use crate::Global;
use crate::data_dir::DataDir;
use crate::failure::Failure;
use crate::output::{counted, grouped, line, stderr_line};
use crate::progress::title;
use crate::session;

/// Prefixes of the environment variables that configure object stores.
const SETTINGS: [&str; 3] = ["AWS_", "GOOGLE_", "AZURE_"];

pub(super) async fn run(global: &Global, args: &Args, to: &str) -> Result<ExitCode, Failure> {
    let tables = tables(args)?;
    let target = Target::parse(to, settings())?;
    let data = DataDir::open(global).await?;
    let account = session::account(&data, args.account.as_deref()).await?;
    session::refuse_never_synced(&data.store, &account).await?;
    let format = match args.format {
        Format::Jsonl => files::Format::Jsonl,
        Format::Csv => files::Format::Csv { bom: args.bom, escape_formulas: args.escape_formulas },
        Format::Parquet => files::Format::Parquet,
    };
    let clock = session::clock();
    let wanted =
        Wanted { tables, format, since: args.since, now: clock.now(), today: session::today(&*clock) };
    let progress = ExportProgress { is_quiet: global.json, bar: Mutex::default() };
    let exported = tokio::select! {
        exported = files::export(&data.store, &account, &wanted, &target, &progress) => exported,
        ended = session::shutdown_signal() => {
            return ended.and(Err(session::interrupted("the export was stopped; there is no manifest")));
        }
    };
    let manifest = exported?;
    if global.json {
        crate::output::json(&manifest);
        return Ok(ExitCode::SUCCESS);
    }
    let (rows, bytes) =
        manifest.files.iter().fold((0, 0), |(rows, bytes), file| (rows + file.rows, bytes + file.bytes));
    let files = u64::try_from(manifest.files.len()).unwrap_or(u64::MAX);
    line(&format!(
        "{} in {} written to {}: {}",
        counted(rows, "record"),
        counted(files, "file"),
        target.shown(),
        size(bytes),
    ));
    line(&format!("What changes from now on: --since {}", manifest.to_seq));
    Ok(ExitCode::SUCCESS)
}

fn tables(args: &Args) -> Result<Vec<Table>, Failure> {
    if args.all {
        return Ok(Table::all().collect());
    }
    if args.streams.is_empty() {
        let names: Vec<&str> = Table::all().map(Table::name).collect();
        let advice = format!("Name some, or say --all: {}.", names.join(", "));
        return Err(Failure::usage("cli.arguments", "what to export is not said", advice));
    }
    let mut tables = Vec::new();
    for name in &args.streams {
        let table = name.parse().map_err(|error: delivery::catalog::Error| {
            let names: Vec<&str> = Table::all().map(Table::name).collect();
            let advice = format!("There are: {}.", names.join(", "));
            Failure::usage(error.code(), error.to_string(), advice)
        })?;
        // A table named twice is written once.
        if !tables.contains(&table) {
            tables.push(table);
        }
    }
    Ok(tables)
}

/// The environment variables that configure object stores.
fn settings() -> Vec<(String, String)> {
    let is_setting = |name: &str| SETTINGS.iter().any(|prefix| name.starts_with(prefix));
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .filter(|(name, _)| is_setting(name))
        .collect()
}

fn size(bytes: u64) -> String {
    match bytes {
        0..10_000 => format!("{} bytes", grouped(bytes)),
        10_000..10_000_000 => format!("{} kB", grouped(bytes / 1_000)),
        _ => format!("{} MB", grouped(bytes / 1_000_000)),
    }
}

/// Shows progress: a bar on a terminal, and a line for each file.
struct ExportProgress {
    is_quiet: bool,
    bar: Mutex<Option<ProgressBar>>,
}

impl ExportProgress {
    fn bar(&self) -> Option<ProgressBar> {
        self.bar.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Progress for ExportProgress {
    fn started(&self, table: Table, about: Option<u64>) {
        if self.is_quiet {
            return;
        }
        let (bar, style) = match about {
            Some(total) => {
                (ProgressBar::new(total), "{msg:26} [{bar:30}] {human_pos}/{human_len}  {per_sec}")
            }
            None => (ProgressBar::new_spinner(), "{msg:26} {spinner} {human_pos}  {per_sec}"),
        };
        bar.set_style(ProgressStyle::with_template(style).unwrap_or_else(|_| ProgressStyle::default_bar()));
        bar.set_message(title(table.name()));
        *self.bar.lock().unwrap_or_else(PoisonError::into_inner) = Some(bar);
    }

    fn advanced(&self, rows: u64) {
        if let Some(bar) = self.bar() {
            bar.set_position(rows);
        }
    }

    fn finished(&self, file: &FileEntry) {
        if let Some(bar) = self.bar() {
            bar.finish_and_clear();
            let counts = format!("{}, {}", counted(file.rows, "record"), size(file.bytes));
            stderr_line(&format!("✓ {:26} {counts}", title(file.stream)));
        }
    }
}
