//! Reads an API key from a file, standard input or a prompt: never from an argument, which other users of the
//! machine and the shell's history could read.

use std::io::{IsTerminal, Read};
use std::path::Path;

use lucca::ApiKey;
use secrecy::zeroize::Zeroize;

use crate::failure::Failure;

/// The source of the key.
#[derive(Clone, Debug, clap::Args)]
#[group(multiple = false)]
pub(crate) struct KeySource {
    /// Read the API key from this file
    #[arg(long, value_name = "FILE")]
    key_file: Option<std::path::PathBuf>,
    /// Read the API key from standard input
    #[arg(long)]
    key_stdin: bool,
}

/// Bytes; an API key is 36 characters, and a much longer file is no key file.
const LONGEST: u64 = 4096;

impl KeySource {
    /// Whether the options name a source, so that no prompt is needed.
    pub(crate) fn is_given(&self) -> bool {
        self.key_file.is_some() || self.key_stdin
    }

    /// Reads the key.
    pub(crate) fn read(&self) -> Result<ApiKey, Failure> {
        let mut text = match &self.key_file {
            Some(path) => from_file(path)?,
            None if self.key_stdin => from_reader(std::io::stdin().lock()).map_err(|error| {
                Failure::file("reading the API key from", Path::new("standard input"), &error)
            })?,
            None if std::io::stdin().is_terminal() => {
                rpassword::prompt_password("API key (input is hidden): ").map_err(|error| {
                    Failure::file("reading the API key from", Path::new("the terminal"), &error)
                })?
            }
            None => {
                return Err(Failure::usage(
                    "cli.no_key",
                    "no API key was given, and standard input is not a terminal to prompt on",
                    "Pass the key with --key-file FILE, or pipe it in with --key-stdin.",
                ));
            }
        };
        let key = ApiKey::parse(&text);
        text.zeroize();
        key.map_err(|error| {
            Failure::usage(
                error.code(),
                error.to_string(),
                "Copy the key from Lucca: Settings > Authentication, SSO and API > API keys.",
            )
        })
    }
}

fn from_file(path: &Path) -> Result<String, Failure> {
    let read = std::fs::File::open(path).and_then(from_reader);
    read.map_err(|error| Failure::file("reading the API key from", path, &error))
}

fn from_reader(reader: impl Read) -> std::io::Result<String> {
    let mut bytes = Vec::new();
    reader.take(LONGEST).read_to_end(&mut bytes)?;
    // Non-text input is no key, and `ApiKey::parse` reports that.
    let text = String::from_utf8_lossy(&bytes).into_owned();
    bytes.zeroize();
    Ok(text)
}
