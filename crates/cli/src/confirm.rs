//! Prompts the user at the terminal for confirmation.

use std::io::{IsTerminal, Write};
use std::path::Path;

use crate::failure::Failure;

/// Whether standard input is a terminal, so that a user can answer.
pub(crate) fn is_interactive() -> bool {
    std::io::stdin().is_terminal()
}

/// Prompts for confirmation; any answer but yes counts as no.
pub(crate) fn prompt(question: &str) -> Result<bool, Failure> {
    let failed = |error| Failure::file("prompting on", Path::new("the terminal"), &error);
    let mut out = std::io::stderr();
    write!(out, "{question} [y/N] ").and_then(|()| out.flush()).map_err(failed)?;
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer).map_err(failed)?;
    Ok(matches!(answer.trim().to_lowercase().as_str(), "y" | "yes"))
}
