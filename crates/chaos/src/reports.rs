//! Reads a sync's report, as JSON: its shortcomings, the kinds it could not read, and how its process ended.

use std::collections::BTreeSet;

use lucca::Stream;
use people::Kind;
use serde_json::Value;

use crate::facts::KINDS;
use crate::process::Exit;

pub(crate) fn describe_exit(exit: &Exit) -> String {
    match exit {
        Exit::Killed => "killed".to_owned(),
        Exit::Finished(outcome) => {
            let (looks, pages) = (&outcome["looks"], &outcome["pages"]);
            let report = &outcome["report"];
            let why = outcome.get("why").map(Value::to_string).unwrap_or_default();
            let short = shortcomings(report).join("; ");
            format!(
                "{} {why} ({} {looks} commits, {pages} pages; {short})",
                outcome["ended"], report["outcome"]
            )
        }
    }
}

/// The streams of a report.
fn streams(report: &Value) -> &[Value] {
    report["streams"].as_array().map(Vec::as_slice).unwrap_or_default()
}

/// Lists the shortcomings that keep a report from being complete. A list that the key can't read is no
/// shortcoming.
pub(crate) fn shortcomings(report: &Value) -> Vec<String> {
    let mut lines = Vec::new();
    for stream in streams(report) {
        let name = &stream["stream"];
        match stream["error"]["not_offered"].as_bool() {
            Some(true) => continue,
            Some(false) => lines.push(format!("{name}: {}", stream["error"])),
            None if stream["complete"] != true => {
                lines.push(format!("{name} is not complete: {}", stream["unproven_because"]));
            }
            None => {}
        }
        // The client learned this under faults: a later sync requests everything again.
        let falls_short = |note: &&Value| {
            let note = note.as_str().unwrap_or_default();
            ["does not support these fields", "default fields are read", "requests for a count"]
                .iter()
                .any(|p| note.contains(p))
        };
        let notes = stream["notes"].as_array().map(Vec::as_slice).unwrap_or_default();
        // The members of leave accounts are undocumented, and some tenants send only their names.
        let notes = if name == Stream::LeaveAccounts.name() { &[] } else { notes };
        lines.extend(notes.iter().filter(falls_short).map(|note| format!("{name}: {note}")));
        for count in ["quarantined", "held", "hidden"] {
            if stream[count] != 0 {
                lines.push(format!("{name}: {} {count}, {}", stream[count], stream["held_because"]));
            }
        }
    }
    lines
}

pub(crate) fn is_complete(report: &Value) -> bool {
    // Records that an administrator has to decide on stay held as long as no evidence proves that they are
    // gone.
    let waits = |line: &String| line.contains("an operator must confirm");
    !streams(report).is_empty() && shortcomings(report).iter().all(waits)
}

/// The kinds whose list the key can't read: the report calls their stored records stale.
pub(crate) fn unread(report: &Value) -> BTreeSet<Kind> {
    let refused: BTreeSet<&str> = streams(report)
        .iter()
        .filter(|stream| !stream["error"].is_null())
        .filter_map(|stream| stream["stream"].as_str())
        .collect();
    let lists = KINDS.into_iter().chain([(Kind::LeaveType, Stream::LeaveAccounts)]);
    lists.filter(|(_, stream)| refused.contains(stream.name())).map(|(kind, _)| kind).collect()
}

/// The first 12 lines, and the number of further ones.
pub(crate) fn some(lines: &[String]) -> String {
    const FIRST: usize = 12;
    let mut text = lines.iter().take(FIRST).cloned().collect::<Vec<_>>().join("\n");
    if lines.len() > FIRST {
        text.push_str(&format!("\n… and {} more", lines.len() - FIRST));
    }
    text
}
