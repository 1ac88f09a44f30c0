//! `man`: writes the manual for `man`, one page per command, from the help texts.

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::CommandFactory;
use serde_json::json;

use crate::Global;
use crate::failure::Failure;
use crate::output::line;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Output directory, such as /usr/local/share/man/man1; the command creates it if it is missing
    dir: PathBuf,
}

pub(crate) fn run(global: &Global, args: &Args) -> Result<ExitCode, Failure> {
    let dir = &args.dir;
    fs::create_dir_all(dir).map_err(|error| Failure::file("creating the directory", dir, &error))?;
    // The pages contain what `help` prints.
    let command = crate::Cli::command().disable_help_subcommand(true);
    clap_mangen::generate_to(command, dir).map_err(|error| Failure::file("writing to", dir, &error))?;
    if global.json {
        crate::output::json(&json!({ "folder": dir }));
    } else {
        line(&format!("Wrote the manual to {}. Read it with `man lucca-connector`.", dir.display()));
    }
    Ok(ExitCode::SUCCESS)
}
