//! `config`: prints the default configuration file and checks one. Other commands load their settings here.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use serde_json::json;
use web::config::{Config, DEFAULT_FILE, Reading};

use crate::Global;
use crate::failure::{Details, Exit, Failure};
use crate::output::{counted, line, stderr_line, write};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Print the default configuration file, with every key explained
    Default,
    /// Check a configuration file and list its errors and warnings
    Check(CheckArgs),
}

#[derive(Debug, clap::Args)]
struct CheckArgs {
    /// Configuration file [default: config.toml in the data directory]
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
}

pub(crate) fn run(global: &Global, args: &Args) -> Result<ExitCode, Failure> {
    match &args.action {
        Action::Default if global.json => {
            crate::output::json(&json!({ "default": DEFAULT_FILE }));
            Ok(ExitCode::SUCCESS)
        }
        Action::Default => {
            write(DEFAULT_FILE);
            Ok(ExitCode::SUCCESS)
        }
        Action::Check(args) => check(global, args),
    }
}

fn check(global: &Global, args: &CheckArgs) -> Result<ExitCode, Failure> {
    let path = args.file.clone().unwrap_or_else(|| in_dir(&global.data_dir()));
    let text = read(args.file.as_deref(), &path)?;
    let Reading { errors, warnings, .. } = Config::read(text.as_deref().unwrap_or_default());
    if global.json {
        let found = text.is_some();
        crate::output::json(&json!({ "file": path, "found": found, "errors": errors, "warnings": warnings }));
    } else if text.is_none() {
        line(&format!("{} does not exist, and none is needed: the defaults apply.", path.display()));
        line(&format!("To create it: lucca-connector config default > {}", path.display()));
    } else {
        for (word, findings) in [("error", &errors), ("warning", &warnings)] {
            for finding in findings {
                line(&format!("{word}: {}: {finding}", path.display()));
            }
        }
        let [wrong, odd] = [(&errors, "error"), (&warnings, "warning")]
            .map(|(findings, noun)| counted(u64::try_from(findings.len()).unwrap_or(u64::MAX), noun));
        line(&format!("{}: {wrong}, {odd}", path.display()));
    }
    Ok(if errors.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(Exit::Usage as u8) })
}

/// The configuration file's path unless one is named.
pub(crate) fn in_dir(dir: &Path) -> PathBuf {
    dir.join("config.toml")
}

/// The text of the file at `path`; none if it is missing and was not named.
fn read(named: Option<&Path>, path: &Path) -> Result<Option<String>, Failure> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && named.is_none() => Ok(None),
        Err(error) => Err(Failure::file("reading", path, &error)),
    }
}

/// The settings of the named file, else of the one in the data directory, else the defaults. Prints warnings.
pub(crate) fn load(named: Option<&Path>, dir: &Path) -> Result<Config, Failure> {
    let path = named.map_or_else(|| in_dir(dir), Path::to_owned);
    let Some(text) = read(named, &path)? else { return Ok(Config::default()) };
    let Reading { config, errors, warnings } = Config::read(&text);
    for warning in &warnings {
        stderr_line(&format!("warning: {}: {warning}", path.display()));
    }
    config.ok_or_else(|| {
        let mut failure = Failure::usage(
            "cli.config",
            format!("{} is not a valid configuration file", path.display()),
            "List the settings with `lucca-connector config default`, and check the file with `lucca-connector config check`.",
        );
        failure.details = Some(Box::new(Details {
            lines: errors.iter().map(ToString::to_string).collect(),
            members: [("errors".to_owned(), json!(errors))].into_iter().collect(),
        }));
        failure
    })
}
