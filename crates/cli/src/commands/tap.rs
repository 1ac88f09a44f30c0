//! `tap`: a tap of the Singer specification. Standard output holds only its messages.

use std::io::{BufWriter, Write, stdout};
use std::path::PathBuf;
use std::process::ExitCode;

use delivery::catalog::{Error, Reader};
use delivery::singer::{self, Bookmarks, Selection};
use people::Kind;
use sync::{Progress, StreamReport};

use crate::Global;
use crate::commands::source::{Source, SourceOptions, read_file};
use crate::failure::{Exit, Failure};
use crate::output::stderr_line;
use crate::session;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    source: SourceOptions,
    /// Print the catalog: the available streams, with the schema of their records
    #[arg(long, short, conflicts_with_all = ["catalog", "state"])]
    discover: bool,
    /// Catalog file with the selected streams and fields [default: all streams and fields]
    #[arg(long, value_name = "FILE", visible_alias = "properties")]
    catalog: Option<PathBuf>,
    /// State file: the position of each stream after the last read
    #[arg(long, short, value_name = "FILE")]
    state: Option<PathBuf>,
}

pub(crate) async fn run(global: &Global, args: &Args) -> Result<ExitCode, Failure> {
    let done = tokio::select! {
        done = Box::pin(tap(global, args)) => done,
        signalled = session::shutdown_signal() => {
            signalled.and(Err(session::interrupted("the tap was interrupted")))
        }
    };
    // Errors never go to standard output, even with --json: the target reads it.
    done.or_else(|failure| Ok(failure.report(false)))
}

async fn tap(global: &Global, args: &Args) -> Result<ExitCode, Failure> {
    let source = Source::read(global, &args.source)?;
    let mut out = BufWriter::with_capacity(1 << 16, stdout());
    if args.discover {
        let catalog = singer::catalog(source.is_kept(), &source.mapping().await?);
        return finished(writeln!(out, "{catalog:#}").and_then(|()| out.flush()).map_err(Error::Output), 0);
    }
    let catalog = match &args.catalog {
        Some(path) => read_file(path)?,
        None => singer::catalog(source.is_kept(), &source.mapping().await?).to_string(),
    };
    let selection = Selection::parse(&catalog, source.is_kept())?;
    let bookmarks = match &args.state {
        Some(path) => Bookmarks::parse(&read_file(path)?)?,
        None => Bookmarks::default(),
    };
    let wanted: Vec<Kind> = selection.0.iter().map(|selected| selected.kind).collect();
    let opened = source.open(&wanted, &StderrProgress).await?;
    for remark in &opened.remarks {
        stderr_line(&format!("warning: {remark}"));
    }
    let reader = Reader::new(&opened.store, &opened.account).await?;
    let now = || session::clock().now();
    let done = singer::sync(&reader, source.is_kept(), &selection, bookmarks, &now, &mut out).await;
    opened.store.close().await;
    // The target received nothing of unreadable kinds: exiting with success would claim that they are empty.
    let mut code = 0;
    for (_, failure) in opened.unread.iter().filter(|(kind, _)| wanted.contains(kind)) {
        failure.report(false);
        code = failure.exit as u8;
    }
    finished(done, code)
}

fn finished(done: Result<(), Error>, code: u8) -> Result<ExitCode, Failure> {
    match done {
        Ok(()) => Ok(ExitCode::from(code)),
        // The target closed the pipe: it has read enough.
        Err(Error::Output(error)) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(ExitCode::SUCCESS),
        Err(Error::Output(error)) => Err(Failure::from_error(Exit::Internal, "cli.output", &error)),
        Err(error) => Err(error.into()),
    }
}

/// Logs the progress of a read from Lucca: the first record may take minutes.
struct StderrProgress;

impl Progress for StderrProgress {
    fn stream_finished(&self, stream: lucca::Stream, report: &StreamReport) {
        stderr_line(&format!("Read Lucca's {}: {}", stream.name().replace('_', " "), report.read));
    }
}
