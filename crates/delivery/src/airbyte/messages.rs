//! Messages of the protocol, written one a line.

use std::fmt;
use std::io::{self, Write};

use jiff::Timestamp;
use people::Kind;
use serde_json::{Value, json};

/// How serious a log message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// Something that a person should look at, though it goes on.
    Warn,
    /// What is going on.
    Info,
}

/// Whose fault it is, as the platform tells people and decides whether to try again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureType {
    /// What was given, or a permission in Lucca.
    Config,
    /// The machine, the database or a defect.
    System,
    /// Lucca or the network, which may do better next time.
    Transient,
}

impl FailureType {
    fn name(self) -> &'static str {
        match self {
            Self::Config => "config_error",
            Self::System => "system_error",
            Self::Transient => "transient_error",
        }
    }
}

/// How far a stream is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StreamStatus {
    /// It is about to be read.
    Started,
    /// Its first record comes.
    Running,
    /// Everything was given.
    Complete,
    /// Not everything could be given.
    Incomplete,
}

impl StreamStatus {
    fn name(self) -> &'static str {
        match self {
            Self::Started => "STARTED",
            Self::Running => "RUNNING",
            Self::Complete => "COMPLETE",
            Self::Incomplete => "INCOMPLETE",
        }
    }
}

/// Writes messages. What is written is handed on with every message but records, so buffer `out`.
pub struct Messages<'a, W> {
    out: W,
    now: &'a (dyn Fn() -> Timestamp + Sync),
}

impl<W> fmt::Debug for Messages<'_, W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Messages").finish_non_exhaustive()
    }
}

impl<'a, W: Write> Messages<'a, W> {
    /// Messages to `out`, at the times that `now` tells.
    pub fn new(out: W, now: &'a (dyn Fn() -> Timestamp + Sync)) -> Self {
        Self { out, now }
    }

    /// What the source wants to be configured with.
    pub fn spec(&mut self, spec: &Value) -> io::Result<()> {
        self.message(&json!({ "type": "SPEC", "spec": spec }))
    }

    /// Whether a configuration works, and if not why.
    pub fn connection_status(&mut self, problem: Option<&str>) -> io::Result<()> {
        let status = match problem {
            None => json!({ "status": "SUCCEEDED" }),
            Some(problem) => json!({ "status": "FAILED", "message": problem }),
        };
        self.message(&json!({ "type": "CONNECTION_STATUS", "connectionStatus": status }))
    }

    /// The streams there are.
    pub fn catalog(&mut self, catalog: &Value) -> io::Result<()> {
        self.message(&json!({ "type": "CATALOG", "catalog": catalog }))
    }

    /// A word for whoever reads the log.
    pub fn log(&mut self, level: Level, message: &str) -> io::Result<()> {
        let level = match level {
            Level::Warn => "WARN",
            Level::Info => "INFO",
        };
        self.message(&json!({ "type": "LOG", "log": { "level": level, "message": message } }))
    }

    /// What went wrong, with a stream or altogether.
    pub fn error(
        &mut self,
        kind: Option<Kind>,
        failure: FailureType,
        message: &str,
        internal: &str,
    ) -> io::Result<()> {
        let mut error =
            json!({ "message": message, "internal_message": internal, "failure_type": failure.name() });
        if let Some(kind) = kind {
            error["stream_descriptor"] = descriptor(kind);
        }
        self.trace("ERROR", "error", &error)
    }

    /// How far a stream is.
    pub fn status(&mut self, kind: Kind, status: StreamStatus) -> io::Result<()> {
        let status = json!({ "stream_descriptor": descriptor(kind), "status": status.name() });
        self.trace("STREAM_STATUS", "stream_status", &status)
    }

    /// About how many records are to come.
    pub fn estimate(&mut self, kind: Kind, rows: u64) -> io::Result<()> {
        let estimate = json!({ "name": kind.name(), "type": "STREAM", "row_estimate": rows });
        self.trace("ESTIMATE", "estimate", &estimate)
    }

    /// A record, as one JSON object.
    pub fn record(&mut self, kind: Kind, data: &str) -> io::Result<()> {
        let at = (self.now)().as_millisecond();
        // Not by way of a value: this is nearly all that is written.
        writeln!(
            self.out,
            r#"{{"type":"RECORD","record":{{"stream":"{kind}","data":{data},"emitted_at":{at}}}}}"#
        )
    }

    /// How far a stream was given, and how many records there were since that was said last.
    pub fn state(&mut self, kind: Kind, state: &Value, records: u64) -> io::Result<()> {
        // The protocol wants the count as a decimal number.
        #[expect(clippy::cast_precision_loss, reason = "exact up to 2^53 records")]
        let records = records as f64;
        self.message(&json!({
            "type": "STATE",
            "state": {
                "type": "STREAM",
                "stream": { "stream_descriptor": descriptor(kind), "stream_state": state },
                "sourceStats": { "recordCount": records },
            },
        }))
    }

    fn trace(&mut self, type_: &str, member: &str, content: &Value) -> io::Result<()> {
        let mut trace = json!({ "type": type_, "emitted_at": (self.now)().as_millisecond() });
        trace[member] = content.clone();
        self.message(&json!({ "type": "TRACE", "trace": trace }))
    }

    fn message(&mut self, message: &Value) -> io::Result<()> {
        writeln!(self.out, "{message}")?;
        self.out.flush()
    }
}

fn descriptor(kind: Kind) -> Value {
    json!({ "name": kind.name() })
}
