//! The failure of a command: a stable code, a message, advice, and the process's exit code.

use std::process::ExitCode;

use serde_json::{Map, Value, json};

/// Exit codes, as documented in `docs/cli.md`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// A local failure: the database, the file system, a defect.
    Internal = 1,
    /// Unusable input: a tenant URL, an API key, a linked account, a file. Shared with clap's own errors
    /// about arguments.
    Usage = 2,
    /// Lucca could not be reached or did not answer properly.
    Unreachable = 3,
    /// Lucca refuses the API key.
    KeyRefused = 4,
    /// The key lacks a permission that is required.
    PermissionMissing = 5,
    /// The store differs from the tenant (`demo`), or the audit log from what was written (`audit verify`).
    Mismatch = 6,
    /// Another process is syncing the linked account, or pushing to the SCIM target.
    Busy = 7,
    /// Ctrl-C or SIGTERM; the exit code that shells use for Ctrl-C.
    Interrupted = 130,
}

/// A command's failure.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) exit: Exit,
    pub(crate) code: String,
    pub(crate) message: String,
    pub(crate) advice: Option<String>,
    pub(crate) causes: Vec<String>,
    /// Problems that don't fit into one message.
    pub(crate) details: Option<Box<Details>>,
}

/// Problems, one by one.
#[derive(Debug, Default)]
pub(crate) struct Details {
    /// Lines for the terminal.
    pub(crate) lines: Vec<String>,
    /// Further members of the JSON error.
    pub(crate) members: Map<String, Value>,
}

impl Failure {
    /// The failure of a command whose input can't be used.
    pub(crate) fn usage(code: &str, message: impl Into<String>, advice: impl Into<String>) -> Self {
        Self {
            exit: Exit::Usage,
            code: code.to_owned(),
            message: message.into(),
            advice: Some(advice.into()),
            causes: Vec::new(),
            details: None,
        }
    }

    /// A failure from an error and its causes.
    pub(crate) fn from_error(exit: Exit, code: &str, error: &dyn std::error::Error) -> Self {
        let mut causes = Vec::new();
        let mut next = error.source();
        while let Some(cause) = next {
            let text = cause.to_string();
            // Some libraries repeat the cause in the message.
            if causes.last() != Some(&text) {
                causes.push(text);
            }
            next = cause.source();
        }
        Self { exit, code: code.to_owned(), message: error.to_string(), advice: None, causes, details: None }
    }

    /// A file or folder that cannot be used.
    pub(crate) fn file(doing: &str, path: &std::path::Path, error: &std::io::Error) -> Self {
        Self {
            exit: Exit::Usage,
            code: "cli.file".to_owned(),
            message: format!("{doing} {} failed: {error}", path.display()),
            advice: Some(
                match is_full(error) {
                    true => MAKE_ROOM,
                    false => "Check that the path exists and that this user may read and write it.",
                }
                .to_owned(),
            ),
            causes: Vec::new(),
            details: None,
        }
    }

    /// Prints the failure: as JSON on standard output for scripts, or as text on standard error.
    pub(crate) fn report(&self, as_json: bool) -> ExitCode {
        if as_json {
            crate::output::json(&json!({ "error": self.to_json() }));
        } else {
            crate::output::stderr_line(&format!("error: {}", self.message));
            for cause in &self.causes {
                crate::output::stderr_line(&format!("  because: {cause}"));
            }
            for line in self.details.iter().flat_map(|details| &details.lines) {
                crate::output::stderr_line(&format!("  {line}"));
            }
            if let Some(advice) = &self.advice {
                crate::output::stderr_line(&format!("  next: {advice}"));
            }
            crate::output::stderr_line(&format!("  code: {}", self.code));
        }
        ExitCode::from(self.exit as u8)
    }

    /// The failure as JSON.
    pub(crate) fn to_json(&self) -> Value {
        let mut value = json!({
            "code": self.code,
            "message": self.message,
            "causes": self.causes,
            "advice": self.advice,
        });
        for (name, member) in self.details.iter().flat_map(|details| &details.members) {
            value[name] = member.clone();
        }
        value
    }
}

const MAKE_ROOM: &str =
    "The disk is full: make room or raise the quota, then try again. No stored data is lost.";

fn is_full(error: &std::io::Error) -> bool {
    use std::io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
    matches!(error.kind(), FileTooLarge | QuotaExceeded | StorageFull)
}

impl From<store::Error> for Failure {
    fn from(error: store::Error) -> Self {
        let exit = match error {
            store::Error::LeaseLost => Exit::Busy,
            store::Error::Unlinked | store::Error::PlaceGone { .. } => Exit::Usage,
            _ => Exit::Internal,
        };
        let mut failure = Self::from_error(exit, error.code(), &error);
        let advice = match error.code() {
            "vault.other_key" => {
                "Restore the master.key that this database was created with, or link the tenant again."
            }
            "store.lease_lost" => {
                "Check the account's status with `lucca-connector accounts list`. If it is linked, no data is lost: the \
                 process that took over, or the next sync, continues from there. If it was unlinked, the connector reads \
                 nothing until you link its tenant again."
            }
            "account.unlinked" => {
                "Link its tenant again with `lucca-connector link TENANT_URL`: the account keeps its id and its stored data."
            }
            "changes.truncated" => {
                "Read all records again, as in a first read, and continue from the last sequence number of the change log."
            }
            "store.migration" => {
                "Use the version of lucca-connector that last wrote to this database, or a newer one."
            }
            "store.corrupt" => {
                "Another program changed the database. Restore it from a backup, or link the tenant again."
            }
            _ if error.is_disk_full() => MAKE_ROOM,
            _ => {
                "Check the database, then try again. SQLite: check the disk, and that no other program locks the file. \
                 PostgreSQL: check the address, the user and the network."
            }
        };
        failure.advice = Some(advice.to_owned());
        failure
    }
}

impl From<lucca::Error> for Failure {
    fn from(error: lucca::Error) -> Self {
        let exit = match error.action() {
            lucca::Action::Relink => Exit::KeyRefused,
            lucca::Action::MissingPermission => Exit::PermissionMissing,
            _ => Exit::Unreachable,
        };
        let mut failure = Self::from_error(exit, error.code(), &error);
        failure.advice = Some(error.advice());
        failure
    }
}

impl From<sync::Error> for Failure {
    fn from(error: sync::Error) -> Self {
        match error {
            sync::Error::Store(error) => error.into(),
            sync::Error::Busy => {
                let mut failure = Self::from_error(Exit::Busy, "sync.busy", &error);
                let advice = "Follow the running sync with `lucca-connector sync --watch`, or try again when it has ended.";
                failure.advice = Some(advice.to_owned());
                failure
            }
            sync::Error::Cancelled => {
                let mut failure = Self::from_error(Exit::Interrupted, "sync.cancelled", &error);
                failure.advice =
                    Some("The next `lucca-connector sync` continues where this one stopped.".to_owned());
                failure
            }
            sync::Error::Settings(_) | sync::Error::Rhythm(_) => {
                let mut failure = Self::from_error(Exit::Internal, "sync.settings", &error);
                failure.advice = Some("Link the tenant again to reset its settings.".to_owned());
                failure
            }
        }
    }
}

impl From<absences::Error> for Failure {
    fn from(error: absences::Error) -> Self {
        use absences::Error::{Lucca, NoAbsenceApi, NotPermitted, Store};
        let exit = match error {
            Lucca(error) => return error.into(),
            Store(error) => return error.into(),
            NotPermitted(_) => Exit::PermissionMissing,
            NoAbsenceApi => Exit::Unreachable,
            _ => Exit::Usage,
        };
        let mut failure = Self::from_error(exit, error.code(), &error);
        failure.advice = Some(error.advice());
        failure.details = crate::absence_problems::details_of(&error);
        failure
    }
}

impl From<delivery::catalog::Error> for Failure {
    fn from(error: delivery::catalog::Error) -> Self {
        let exit = if error.is_of_configuration() { Exit::Usage } else { Exit::Internal };
        let mut failure = Self::from_error(exit, error.code(), &error);
        failure.advice = Some(error.advice());
        failure
    }
}

impl From<files::Error> for Failure {
    fn from(error: files::Error) -> Self {
        let exit = if error.is_of_usage() { Exit::Usage } else { Exit::Internal };
        let mut failure = Self::from_error(exit, error.code(), &error);
        failure.advice = Some(error.advice());
        failure
    }
}

impl From<jobs::Error> for Failure {
    fn from(error: jobs::Error) -> Self {
        match error {
            jobs::Error::Store(error) => error.into(),
            jobs::Error::Client(error) => error.into(),
            jobs::Error::Entropy(error) => error.into(),
            jobs::Error::TenantUrl(cause) => {
                let message = format!("the stored tenant URL cannot be used: {cause}");
                let advice = "For a tenant on this machine, pass --allow-loopback to every command. Otherwise another program \
                              changed the database: link the tenant again.";
                Self::usage(cause.code(), message, advice)
            }
            error => Self::from_error(Exit::Internal, error.code(), &error),
        }
    }
}
