//! `export`: streams and people as files in a folder or an object store, or one kind in one file.

mod folder;
mod single;

use std::path::PathBuf;
use std::process::ExitCode;

use people::Kind;

use crate::Global;
use crate::failure::Failure;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// With --to, what to export: people (with their status and the names of what they refer to), or streams:
    /// employees, employments, departments, establishments, legal_units, job_qualifications,
    /// occupation_categories, leave_types, absences, absence_requests, custom_field_definitions
    #[arg(value_name = "STREAM", requires = "to")]
    streams: Vec<String>,
    /// With --to, export people and every stream
    #[arg(long, requires = "to", conflicts_with = "streams")]
    all: bool,
    /// How records are written
    #[arg(long, value_enum)]
    format: Format,
    /// Where to: a folder, or s3://BUCKET/PATH, gs://BUCKET/PATH, az://CONTAINER/PATH, with credentials from
    /// the environment; see docs/files.md
    #[arg(long, value_name = "FOLDER|URL", conflicts_with_all = ["kind", "output"])]
    to: Option<String>,
    /// Only what changed after this number of the change log: `to_seq` in the manifest of the export before
    #[arg(long, value_name = "SEQ", requires = "to", value_parser = clap::value_parser!(i64).range(0..))]
    since: Option<i64>,
    /// Begin CSV with a byte-order mark, so that Excel reads it as UTF-8
    #[arg(long)]
    bom: bool,
    /// In CSV, put an apostrophe in front of text that a spreadsheet would take for a formula
    #[arg(long)]
    escape_formulas: bool,
    /// Without --to, what to export: employees, employments, absences, absence_requests, departments,
    /// establishments, legal_units, job_qualifications, occupation_categories, leave_types, working_days,
    /// user_log_entries or custom_field_definitions
    #[arg(long, default_value_t = Kind::Employee)]
    kind: Kind,
    /// Without --to, the file to write [default: standard output]
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// The linked account, by id or tenant, where there are several
    #[arg(long, value_name = "ACCOUNT")]
    account: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// One JSON object a line, every field
    Jsonl,
    /// Comma-separated with a header line (RFC 4180, UTF-8): plain fields as columns, the rest as JSON
    Csv,
    /// Parquet, with the types of the fields; only with --to
    Parquet,
}

pub(crate) async fn run(global: &Global, args: &Args) -> Result<ExitCode, Failure> {
    if args.format != Format::Csv && (args.bom || args.escape_formulas) {
        let advice = "Leave --bom and --escape-formulas out, or choose --format csv.";
        return Err(Failure::usage(
            "cli.arguments",
            "a byte-order mark and formulas are of CSV only",
            advice,
        ));
    }
    match &args.to {
        Some(to) => folder::run(global, args, to).await,
        None => single::run(global, args).await,
    }
}
