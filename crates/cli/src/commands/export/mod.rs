//! `export`: exports streams and people as files to a folder, an object store, one file, or standard output. The
//! account's delivery rules select and rename the fields of each record, as for every output.

mod progress;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Mutex;

use delivery::catalog::STREAMS;
use files::{ExportOptions, Table, Target};
use people::Kind;
use serde_json::json;
use store::LinkedAccount;

use self::progress::{ExportProgress, size};
use crate::Global;
use crate::data_dir::DataDir;
use crate::failure::Failure;
use crate::output::{counted, line, stderr_line};
use crate::session;

/// Prefixes of the environment variables that configure object stores.
const SETTINGS: [&str; 3] = ["AWS_", "GOOGLE_", "AZURE_"];

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[arg(value_name = "STREAM", help = streams_help())]
    streams: Vec<String>,
    /// Export people and every stream; requires --to
    #[arg(long, requires = "to", conflicts_with = "streams")]
    all: bool,
    /// File format
    #[arg(long, value_enum)]
    format: Format,
    /// Destination: a folder, or s3://BUCKET/PATH, gs://BUCKET/PATH, az://CONTAINER/PATH, with credentials from
    /// the environment; see docs/files.md
    #[arg(long, value_name = "FOLDER|URL", conflicts_with = "output")]
    to: Option<String>,
    /// Export only changes after this sequence number of the change log: `to_seq` in the manifest of the
    /// previous export
    #[arg(long, value_name = "SEQ", requires = "to", value_parser = clap::value_parser!(i64).range(0..))]
    since: Option<i64>,
    /// Start CSV files with a byte-order mark, so that Excel reads them as UTF-8
    #[arg(long)]
    bom: bool,
    /// In CSV files, put an apostrophe before text that a spreadsheet would run as a formula
    #[arg(long)]
    escape_formulas: bool,
    /// Output file, without --to [default: standard output]
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// The linked account, by id or tenant [default: the only one]
    #[arg(long, value_name = "ACCOUNT")]
    account: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// One JSON object per line, with every field
    Jsonl,
    /// Comma-separated with a header line (RFC 4180, UTF-8): plain fields as columns, other fields as JSON
    Csv,
    /// Parquet, with typed fields; not to standard output
    Parquet,
}

pub(crate) async fn run(global: &Global, args: &Args) -> Result<ExitCode, Failure> {
    if args.format != Format::Csv && (args.bom || args.escape_formulas) {
        let advice = "Leave them out, or use --format csv.";
        return Err(Failure::usage("cli.arguments", "--bom and --escape-formulas apply to CSV only", advice));
    }
    let format = match args.format {
        Format::Jsonl => files::Format::Jsonl,
        Format::Csv => files::Format::Csv { bom: args.bom, escape_formulas: args.escape_formulas },
        Format::Parquet => files::Format::Parquet,
    };
    let tables = tables(args)?;
    let target = match (&args.to, &args.output) {
        (Some(to), _) => Target::parse(to, settings())?,
        (None, Some(path)) => Target::file(path),
        (None, None) => Target::standard_output(),
    };
    let data = DataDir::open(global).await?;
    let account = session::account(&data, args.account.as_deref()).await?;
    session::refuse_never_synced(&data.store, &account).await?;
    let clock = session::clock();
    let wanted =
        ExportOptions { tables, format, since: args.since, now: clock.now(), today: session::today(&*clock) };
    let is_quiet = global.json || args.to.is_none();
    let progress = ExportProgress { is_quiet, bar: Mutex::default() };
    let exporting = async {
        match args.to {
            Some(_) => to_folder(global, (&data, &account), &wanted, &target, &progress).await,
            None => to_file(global, args, (&data, &account), &wanted, &target, &progress).await,
        }
    };
    tokio::select! {
        exported = exporting => exported,
        ended = session::shutdown_signal() => {
            ended.and(Err(session::interrupted("the export was interrupted; it wrote no manifest")))
        }
    }
}

async fn to_folder(
    global: &Global,
    (data, account): (&DataDir, &LinkedAccount),
    wanted: &ExportOptions,
    target: &Target,
    progress: &ExportProgress,
) -> Result<ExitCode, Failure> {
    let manifest = files::export(&data.store, account, wanted, target, progress).await?;
    if global.json {
        crate::output::json(&manifest);
        return Ok(ExitCode::SUCCESS);
    }
    let (rows, bytes) =
        manifest.files.iter().fold((0, 0), |(rows, bytes), file| (rows + file.rows, bytes + file.bytes));
    let files = u64::try_from(manifest.files.len()).unwrap_or(u64::MAX);
    line(&format!(
        "Wrote {} in {} to {}: {}",
        counted(rows, "record"),
        counted(files, "file"),
        target.shown(),
        size(bytes),
    ));
    line(&format!("To export later changes: --since {}", manifest.to_seq));
    Ok(ExitCode::SUCCESS)
}

async fn to_file(
    global: &Global,
    args: &Args,
    (data, account): (&DataDir, &LinkedAccount),
    wanted: &ExportOptions,
    target: &Target,
    progress: &ExportProgress,
) -> Result<ExitCode, Failure> {
    let table = wanted.tables.first().copied().unwrap_or(Table::People);
    let written = match files::export_table(&data.store, account, wanted, table, target, progress).await {
        // The reader closed the pipe: it has read enough.
        Err(files::Error::Folder { source, .. })
            if args.output.is_none() && source.kind() == std::io::ErrorKind::BrokenPipe =>
        {
            return Ok(ExitCode::SUCCESS);
        }
        other => other?,
    };
    if let Some(path) = &args.output {
        if global.json {
            crate::output::json(&json!({ "stream": written.stream, "records": written.rows, "file": path }));
        } else {
            let records = counted(written.rows, "record");
            stderr_line(&format!("Wrote {records} of {} to {}", written.stream, target.shown()));
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn streams_help() -> String {
    let streams = STREAMS.map(Kind::name).join(", ");
    format!(
        "Streams to export: people (employees with their status and the names of the records they refer to), {streams}. \
         Without --to, one stream [default: people]"
    )
}

fn tables(args: &Args) -> Result<Vec<Table>, Failure> {
    if args.all {
        return Ok(Table::all().collect());
    }
    if args.to.is_none() {
        return one_table(args);
    }
    if args.streams.is_empty() {
        let names: Vec<&str> = Table::all().map(Table::name).collect();
        let advice = format!("Name streams, or pass --all. Streams: {}.", names.join(", "));
        return Err(Failure::usage("cli.arguments", "no stream to export was given", advice));
    }
    let mut tables = Vec::new();
    for name in &args.streams {
        let table = table(name)?;
        // A table named twice is written once.
        if !tables.contains(&table) {
            tables.push(table);
        }
    }
    Ok(tables)
}

/// The table of an export without --to.
fn one_table(args: &Args) -> Result<Vec<Table>, Failure> {
    if args.format == Format::Parquet && args.output.is_none() {
        let advice =
            "Name a file or a folder: `export employees --format parquet --output employees.parquet`.";
        return Err(Failure::usage("cli.arguments", "Parquet can't be written to standard output", advice));
    }
    match args.streams.as_slice() {
        [] => Ok(vec![Table::People]),
        [name] => Ok(vec![table(name)?]),
        _ => {
            let advice = "Export several streams to a folder: `export employees departments --format csv --to FOLDER`.";
            Err(Failure::usage(
                "cli.arguments",
                "one file contains one stream, and several were given",
                advice,
            ))
        }
    }
}

fn table(name: &str) -> Result<Table, Failure> {
    name.parse().map_err(|error: delivery::catalog::Error| {
        let names: Vec<&str> = Table::all().map(Table::name).collect();
        let advice = format!("Streams: {}.", names.join(", "));
        Failure::usage(error.code(), error.to_string(), advice)
    })
}

/// The environment variables that configure object stores.
fn settings() -> Vec<(String, String)> {
    let is_setting = |name: &str| SETTINGS.iter().any(|prefix| name.starts_with(prefix));
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .filter(|(name, _)| is_setting(name))
        .collect()
}
