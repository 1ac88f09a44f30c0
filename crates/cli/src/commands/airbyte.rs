//! `airbyte`: a source of the Airbyte protocol. Standard output holds only its messages.

use std::collections::BTreeMap;
use std::io::{BufWriter, Stdout, stdout};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Subcommand;
use delivery::airbyte::{self, Catalog, FailureType, Level, Messages, Mode, States};
use delivery::catalog::{Error, Reader};
use jiff::Timestamp;
use people::Kind;
use sync::{Progress, StreamReport};

use crate::Global;
use crate::commands::source::{Source, SourceOptions, read_file};
use crate::failure::{Exit, Failure};
use crate::session;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Print the specification of the source's configuration
    Spec,
    /// Check a configuration
    Check(SourceOptions),
    /// Print the catalog: the available streams, with the schema of their records
    Discover(SourceOptions),
    /// Read the records of the streams in a configured catalog
    Read(ReadArgs),
}

#[derive(Debug, clap::Args)]
struct ReadArgs {
    #[command(flatten)]
    source: SourceOptions,
    /// Configured catalog file: the streams to read, and their sync modes
    #[arg(long, value_name = "FILE")]
    catalog: PathBuf,
    /// State file: the position of each stream after the last read
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,
}

fn now() -> Timestamp {
    session::clock().now()
}

fn messages() -> Messages<'static, BufWriter<Stdout>> {
    Messages::new(BufWriter::with_capacity(1 << 16, stdout()), &now)
}

pub(crate) async fn run(global: &Global, args: &Args) -> Result<ExitCode, Failure> {
    let mut messages = messages();
    let done = tokio::select! {
        done = Box::pin(answer(global, &args.command, &mut messages)) => done,
        signalled = session::shutdown_signal() => {
            signalled.and(Err(session::interrupted("the read was interrupted"))).map_err(CommandError::from)
        }
    };
    let written = match done {
        Ok(is_whole) => return Ok(ExitCode::from(u8::from(!is_whole))),
        Err(CommandError::Streams(Error::Output(error))) => Err(error),
        Err(error) => {
            let (failure, message, internal) = error.trace_parts();
            messages.error(None, failure, &message, &internal)
        }
    };
    match written {
        Ok(()) => Ok(ExitCode::FAILURE),
        // The platform closed the pipe: it has read enough.
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(ExitCode::SUCCESS),
        Err(error) => Err(Failure::from_error(Exit::Internal, "cli.output", &error)),
    }
}

/// Answers a command. Returns false if a requested stream could not be read.
async fn answer(
    global: &Global,
    command: &Command,
    messages: &mut Messages<'_, BufWriter<Stdout>>,
) -> Result<bool, CommandError> {
    match command {
        Command::Spec => messages.spec(&airbyte::spec())?,
        Command::Check(args) => {
            let checked = match Source::read(global, args) {
                Ok(source) => source.check().await,
                Err(failure) => Err(failure),
            };
            let problem = checked.err().map(|failure| sentence(&failure));
            messages.connection_status(problem.as_deref())?;
        }
        Command::Discover(args) => {
            let source = Source::read(global, args)?;
            messages.catalog(&airbyte::catalog(mode(&source), &source.mapping().await?))?;
        }
        Command::Read(args) => return read(global, args, messages).await,
    }
    Ok(true)
}

async fn read(
    global: &Global,
    args: &ReadArgs,
    messages: &mut Messages<'_, BufWriter<Stdout>>,
) -> Result<bool, CommandError> {
    let source = Source::read(global, &args.source)?;
    let mode = mode(&source);
    let catalog = Catalog::parse(&read_file(&args.catalog)?, mode)?;
    let states = match &args.state {
        Some(path) => States::parse(&read_file(path)?)?,
        None => States::default(),
    };
    let wanted: Vec<Kind> = catalog.0.iter().map(|wanted| wanted.kind).collect();
    let opened = source.open(&wanted, &LoggedProgress).await?;
    for remark in &opened.remarks {
        messages.log(Level::Warn, remark)?;
    }
    let unread: BTreeMap<Kind, (FailureType, String)> = opened
        .unread
        .iter()
        .map(|(kind, failure)| (*kind, (failure_type(failure.exit), sentence(failure))))
        .collect();
    let reader = Reader::new(&opened.store, &opened.account).await?;
    let is_whole = airbyte::read(&reader, mode, (&catalog, &states), &unread, messages).await?;
    opened.store.close().await;
    Ok(is_whole)
}

fn mode(source: &Source) -> Mode {
    if source.is_kept() { Mode::Kept } else { Mode::Direct }
}

/// The error of a command.
enum CommandError {
    Failure(Failure),
    Streams(Error),
}

impl From<Failure> for CommandError {
    fn from(failure: Failure) -> Self {
        Self::Failure(failure)
    }
}

impl From<Error> for CommandError {
    fn from(error: Error) -> Self {
        Self::Streams(error)
    }
}

impl From<std::io::Error> for CommandError {
    fn from(error: std::io::Error) -> Self {
        Self::Streams(Error::Output(error))
    }
}

impl CommandError {
    /// The failure type, a message for users, and one with the cause for operators.
    fn trace_parts(self) -> (FailureType, String, String) {
        let failure = match self {
            Self::Failure(failure) => failure,
            Self::Streams(error) => error.into(),
        };
        let internal: Vec<&str> =
            [failure.code.as_str()].into_iter().chain(failure.causes.iter().map(String::as_str)).collect();
        (failure_type(failure.exit), sentence(&failure), internal.join(": "))
    }
}

fn failure_type(exit: Exit) -> FailureType {
    match exit {
        Exit::Usage | Exit::KeyRefused | Exit::PermissionMissing => FailureType::Config,
        Exit::Unreachable | Exit::Busy | Exit::Interrupted => FailureType::Transient,
        Exit::Internal | Exit::Mismatch => FailureType::System,
    }
}

/// The failure's message and advice, as one text.
fn sentence(failure: &Failure) -> String {
    let mut text = failure.message.clone();
    if let Some(advice) = &failure.advice {
        text.push_str(". ");
        text.push_str(advice);
    }
    text
}

/// Logs the progress of a read from Lucca: the first record may take minutes.
struct LoggedProgress;

impl Progress for LoggedProgress {
    fn stream_finished(&self, stream: lucca::Stream, report: &StreamReport) {
        let text = format!("Read Lucca's {}: {}", stream.name().replace('_', " "), report.read);
        // A closed pipe shows with the first record.
        let _ = messages().log(Level::Info, &text);
    }
}
