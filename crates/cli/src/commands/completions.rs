//! `completions`: prints the script with which a shell completes commands and options.

use std::process::ExitCode;

use clap::CommandFactory;
use clap_complete::Shell;

use crate::output::write;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The shell that will run the script
    shell: Shell,
}

pub(crate) fn run(args: &Args) -> ExitCode {
    let mut command = crate::Cli::command();
    let name = command.get_name().to_owned();
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut command, name, &mut script);
    write(&String::from_utf8_lossy(&script));
    ExitCode::SUCCESS
}
