//! Formats the problems and warnings of an absence request, the details of its errors, and half-days as text.

use absences::{Problem, Warning};
use api_types::{AbsenceProblem, AbsenceWarning, EmployeeCandidate, all};
use people::{Half, HalfDay, PersonCandidate};
use serde_json::json;

use crate::failure::Details;
use crate::output::clean;

/// A problem on one line.
pub(crate) fn problem_line(problem: &Problem) -> String {
    let field = problem.field.as_ref().map_or_else(String::new, |field| format!("{field}: "));
    let words = problem
        .lucca
        .as_ref()
        .map_or_else(String::new, |words| format!("; Lucca's message: {}", clean(words)));
    let mut line = format!("✗ {field}{}{words} ({})", clean(&problem.message), problem.code.name());
    if !problem.half_days.is_empty() {
        line.push_str(&format!(": {}", periods(problem.half_days.iter().copied())));
    }
    for candidate in problem.candidates.iter() {
        line.push_str(&format!("\n  {}", candidate_line(candidate)));
    }
    line
}

/// A warning of Lucca on one line.
pub(crate) fn warning_line(warning: &Warning) -> String {
    let must =
        if warning.must_be_confirmed { format!(" (--acknowledge {})", warning.id) } else { String::new() };
    format!("! {}{must}", clean(&warning.text))
}

/// The details of an error, beside its message.
pub(crate) fn details_of(error: &absences::Error) -> Option<Box<Details>> {
    let (name, value, lines) = match error {
        absences::Error::Problems(problems) => (
            "problems",
            json!(all::<_, AbsenceProblem>(problems.iter().cloned())),
            problems.iter().map(problem_line).collect(),
        ),
        absences::Error::ConfirmationNeeded(warnings) => (
            "warnings",
            json!(all::<_, AbsenceWarning>(warnings.iter().cloned())),
            warnings.iter().map(warning_line).collect(),
        ),
        absences::Error::AmbiguousEmployee(candidates) => (
            "candidates",
            json!(all::<_, EmployeeCandidate>(candidates.iter().cloned())),
            candidates.iter().map(candidate_line).collect(),
        ),
        _ => return None,
    };
    let members = [(name.to_owned(), value)].into_iter().collect();
    Some(Box::new(Details { lines, members }))
}

/// A candidate on one line: `  Jo Martin (id:9, number:12), matched by id`.
pub(crate) fn candidate_line(candidate: &PersonCandidate) -> String {
    let by: Vec<&str> = candidate.fits.iter().map(|kind| kind.name()).collect();
    format!("  {}, matched by {}", clean(&candidate.to_string()), by.join(" and "))
}

/// A period: `2026-05-04`, `2026-05-04 AM`, `2026-05-04 to 2026-05-06`, `2026-05-04 PM to 2026-05-06 PM`.
pub(crate) fn period(first: HalfDay, last: HalfDay) -> String {
    let is_whole = first.half == Half::Am && last.half == Half::Pm;
    match (is_whole, first.date == last.date) {
        (true, true) => first.date.to_string(),
        (true, false) => format!("{} to {}", first.date, last.date),
        (false, _) if first == last => first.to_string(),
        (false, _) => format!("{first} to {last}"),
    }
}

/// Half-days in order, consecutive ones joined: `2026-05-04 PM, 2026-05-06 to 2026-05-08`.
pub(crate) fn periods(half_days: impl IntoIterator<Item = HalfDay>) -> String {
    let mut runs: Vec<(HalfDay, HalfDay)> = Vec::new();
    for at in half_days {
        match runs.last_mut() {
            Some((_, last)) if last.next() == Some(at) => *last = at,
            _ => runs.push((at, at)),
        }
    }
    runs.into_iter().map(|(first, last)| period(first, last)).collect::<Vec<_>>().join(", ")
}
