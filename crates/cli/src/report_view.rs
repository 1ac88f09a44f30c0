//! The report of a run as it is shown: parsed from its JSON, so that runs of other processes and earlier runs
//! look the same as this process's.

use std::collections::BTreeMap;

use jiff::Timestamp;
use people::{Kind, Language};
use serde::Deserialize;
use store::{Hold, Operation, Outcome};
use sync::{HiddenBecause, StreamError, Undecided};
use texts::Texts;

use crate::failure::{Exit, Failure};
use crate::output::{clean, counted, grouped, line};

/// A run's report.
#[derive(Debug, Deserialize)]
pub(crate) struct ReportView {
    pub(crate) outcome: Outcome,
    pub(crate) started_at: Timestamp,
    pub(crate) finished_at: Timestamp,
    pub(crate) streams: Vec<StreamView>,
    #[serde(default)]
    pub(crate) requests: BTreeMap<String, u64>,
    #[serde(default)]
    pub(crate) throttled: u64,
    #[serde(default)]
    pub(crate) server_ahead_s: Option<i64>,
    /// Absent in reports of earlier versions, as are some members of the streams.
    #[serde(default)]
    pub(crate) turned: u64,
}

/// A stream in a report.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct StreamView {
    pub(crate) stream: String,
    pub(crate) mode: String,
    pub(crate) read: u64,
    pub(crate) quarantined: u64,
    pub(crate) gone: u64,
    pub(crate) hidden: u64,
    pub(crate) held: u64,
    pub(crate) held_because: Option<String>,
    pub(crate) hidden_because: BTreeMap<HiddenBecause, u64>,
    pub(crate) undecided: Vec<Undecided>,
    pub(crate) hidden_fields: Vec<String>,
    pub(crate) unknown_members: BTreeMap<String, u64>,
    pub(crate) stale: u64,
    pub(crate) complete: bool,
    pub(crate) unproven_because: Option<String>,
    pub(crate) notes: Vec<String>,
    pub(crate) error: Option<StreamError>,
}

impl StreamView {
    /// The outcome in a few words.
    pub(crate) fn outcome(&self) -> String {
        match &self.error {
            Some(error) if error.not_offered => "not available to this API key".to_owned(),
            Some(error) => error.message.clone(),
            None if self.complete => "complete".to_owned(),
            None => "read, completeness not proven".to_owned(),
        }
    }
}

impl ReportView {
    /// Parses a stored or serialised report.
    pub(crate) fn read(report: &str) -> Result<Self, Failure> {
        serde_json::from_str(report)
            .map_err(|error| Failure::from_error(Exit::Internal, "cli.report", &error))
    }

    /// The failure of a run that could not read the employees.
    pub(crate) fn failure(&self) -> Option<Failure> {
        let users = self.streams.iter().find(|stream| stream.stream == lucca::Stream::Users.name())?;
        if users.mode == "full" && users.read == 0 && users.quarantined > 0 && users.error.is_none() {
            let people = counted(users.quarantined, "employee record");
            let mut failure = Failure::usage(
                "sync.people_unreadable",
                format!("none of {people} could be parsed; stored records stay unchanged"),
                "See the table `quarantine` in the database. Lucca's API may have changed: update the connector, or report the change.",
            );
            failure.exit = Exit::Unreachable;
            return Some(failure);
        }
        let error = users.error.as_ref()?;
        let mut failure = Failure::usage(&error.code, error.message.clone(), error.advice.clone());
        failure.exit = match error.code.as_str() {
            "lucca.key_refused" => Exit::KeyRefused,
            "lucca.permission_missing" => Exit::PermissionMissing,
            _ => Exit::Unreachable,
        };
        Some(failure)
    }

    /// Shows a run as text: what it read and changed, what it could not read or prove, and what to do.
    pub(crate) fn show(&self, tenant: &str, changes: &BTreeMap<(Kind, Operation), u64>, holds: &[Hold]) {
        if self.outcome == Outcome::Failed {
            line(&format!("{tenant}: the employees could not be read; stored records stay unchanged."));
            return;
        }
        let all = |mode: &str| self.streams.iter().filter(|stream| stream.mode == mode).count();
        let how = match (all("full"), all("incremental")) {
            (_, 0) => String::new(),
            (0, _) => " (changes only)".to_owned(),
            (full, _) => format!(" (changes, and {} in full)", counted(to_u64(full), "stream")),
        };
        let read: u64 = self.streams.iter().map(|stream| stream.read).sum();
        line(&format!(
            "{tenant}: {}; {} read{how} in {} ({:.1} s).",
            in_words(changes),
            counted(read, "record"),
            counted(self.requests.values().sum(), "request"),
            self.finished_at.duration_since(self.started_at).as_secs_f64(),
        ));
        if self.throttled > 0 {
            line(&format!("  Lucca limited the request rate {}", counted(self.throttled, "time")));
        }
        self.show_remarks(holds);
    }

    /// Shows the remarks of a run, beside its figures.
    pub(crate) fn show_remarks(&self, holds: &[Hold]) {
        if self.turned > 0 {
            line(&format!(
                "  {} started or ended because the date was reached",
                counted(self.turned, "contract")
            ));
        }
        if let Some(ahead) = self.server_ahead_s {
            line(&format!("  {}", clocks_apart(ahead)));
            line("    next: Set this machine's clock by NTP.");
        }
        for stream in &self.streams {
            show_stream(stream);
        }
        show_holds(holds);
        let not_offered: Vec<&str> = self
            .streams
            .iter()
            .filter(|stream| stream.error.as_ref().is_some_and(|error| error.not_offered))
            .map(|stream| stream.stream.as_str())
            .collect();
        if !not_offered.is_empty() {
            line(&format!("  not available to this API key: {}", not_offered.join(", ")));
            line("    next: Grant the key the permission in Lucca, or continue without these streams.");
        }
    }
}

/// Maximum number of undecided employees listed by id.
const UNDECIDED_SHOWN: usize = 20;

fn show_stream(stream: &StreamView) {
    let name = &stream.stream;
    for note in &stream.notes {
        line(&format!("  {name}: {note}"));
    }
    match &stream.error {
        Some(error) if !error.not_offered => {
            line(&format!("  {name}: could not be read: {}", error.message));
            line(&format!("    next: {}", error.advice));
        }
        Some(_) => {}
        None => {
            if let Some(why) = &stream.unproven_because {
                line(&format!("  {name}: completeness not proven, so no record was deleted: {why}"));
            }
        }
    }
    if stream.stale > 0 {
        line(&format!("  {name}: {} may be out of date", counted(stream.stale, "record")));
    }
    if stream.quarantined > 0 {
        line(&format!(
            "  {name}: {} could not be parsed; stored in the table `quarantine`",
            counted(stream.quarantined, "record")
        ));
    }
    if stream.gone > 0 {
        line(&format!("  {name}: {} deleted in Lucca", counted(stream.gone, "record")));
    }
    if stream.hidden > 0 {
        let hidden = counted(stream.hidden, "record");
        line(&format!("  {name}: {hidden} hidden: the API key seems to have lost a permission"));
        for (because, count) in &stream.hidden_because {
            line(&format!("    {}: {}", counted(*count, "employee"), because.reason()));
        }
    }
    if !stream.hidden_fields.is_empty() {
        let fields = stream.hidden_fields.join(", ");
        line(&format!(
            "  {name}: no record has {fields} any more: the API key seems to have lost a permission;"
        ));
        line("    the stored values are kept");
    }
    if !stream.unknown_members.is_empty() {
        let names: Vec<&str> = stream.unknown_members.keys().map(String::as_str).collect();
        line(&format!("  {name}: unlisted members of applicationData were not stored: {}", names.join(", ")));
    }
    if stream.hidden > 0 || !stream.hidden_fields.is_empty() {
        line("    next: Run `lucca-connector check`.");
    }
    if let Some(why) = &stream.held_because {
        line(&format!("  {name}: {} missing, kept: {why}", counted(stream.held, "record")));
    }
    for one in stream.undecided.iter().take(UNDECIDED_SHOWN) {
        let reads = counted(one.reads.into(), "full read");
        line(&format!("    #{}: {} ({reads})", clean(one.id.as_str()), one.reason.reason()));
    }
    if stream.undecided.len() > UNDECIDED_SHOWN {
        line(&format!("    … and {} more: show all with --json", stream.undecided.len() - UNDECIDED_SHOWN));
    }
}

/// The difference between Lucca's clock and this machine's, as text.
pub(crate) fn clocks_apart(ahead_s: i64) -> String {
    let minutes = ahead_s.unsigned_abs() / 60;
    let apart = match minutes / 60 {
        0 => counted(minutes, "minute"),
        hours => format!("{} and {}", counted(hours, "hour"), counted(minutes % 60, "minute")),
    };
    let side = if ahead_s > 0 { "behind" } else { "ahead of" };
    format!("this machine's clock is {apart} {side} Lucca's; the connector requests changes by Lucca's clock")
}

/// Shows the records that wait for a decision.
fn show_holds(holds: &[Hold]) {
    let mut open = holds.iter().filter(|hold| !hold.is_rejected).peekable();
    if open.peek().is_none() {
        return;
    }
    let waiting: Vec<String> = open.map(|hold| counted_records(to_u64(hold.ids.len()), hold.kind)).collect();
    line(&format!("  missing in Lucca, waiting for a decision: {}", waiting.join(", ")));
    line("    next: Review them with `lucca-connector accounts release`.");
}

fn to_u64(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

/// A number of records of a kind: `1 person`, `20,000 absences`.
pub(crate) fn counted_records(number: u64, kind: Kind) -> String {
    Language::English.fill(&texts::key("record-count-", kind.name()), &[("count", number.into())])
}

/// The changes as text: `3 people updated, 1 ended; 2 absences created`.
pub(crate) fn in_words(changes: &BTreeMap<(Kind, Operation), u64>) -> String {
    // The kinds that matter most come first.
    let kinds = [Kind::Employee, Kind::Employment, Kind::Absence, Kind::AbsenceRequest];
    let others = Kind::ALL.iter().filter(|kind| !kinds.contains(kind));
    let mut sentences = Vec::new();
    for kind in kinds.iter().chain(others) {
        let mut parts = Vec::new();
        for operation in Operation::ALL {
            let Some(&count) = changes.get(&(*kind, operation)) else { continue };
            let number = if parts.is_empty() { counted_records(count, *kind) } else { grouped(count) };
            let did = match operation {
                Operation::Created => "created",
                Operation::Updated => "updated",
                Operation::Restored => "restored",
                Operation::Deleted => "deleted",
                Operation::Hidden => "hidden",
                Operation::Started => "started",
                Operation::Ended => "ended",
                Operation::Excluded => "excluded",
                Operation::Erased => "erased",
            };
            parts.push(format!("{number} {did}"));
        }
        if !parts.is_empty() {
            sentences.push(parts.join(", "));
        }
    }
    if sentences.is_empty() { "no changes".to_owned() } else { sentences.join("; ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_read_as_text() {
        let changes = BTreeMap::from([
            ((Kind::OccupationCategory, Operation::Created), 2),
            ((Kind::Employee, Operation::Updated), 3),
            ((Kind::Employee, Operation::Ended), 1),
        ]);
        assert_eq!(in_words(&changes), "3 people updated, 1 ended; 2 occupation categories created");
        assert_eq!(in_words(&BTreeMap::new()), "no changes");
    }
}
