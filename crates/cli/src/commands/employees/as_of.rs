//! `employees list --as-of DATE`: the employees employed on a day, with their positions on that day.

use jiff::civil::Date;
use people::{Position, PositionedEmployee, RemoteId, contains_text, search_key};
use serde::Serialize;

use crate::Global;
use crate::history_view::Histories;
use crate::output::{clean, counted, line, table};
use crate::people_view::People;

/// An employee's position on a day.
#[derive(Debug, Serialize)]
pub(super) struct Seat<'a> {
    as_of: Date,
    id: &'a RemoteId,
    name: String,
    department_id: Option<&'a RemoteId>,
    department_name: Option<&'a str>,
    manager_id: Option<&'a RemoteId>,
    manager_name: Option<String>,
    job_title: Option<&'a str>,
    /// The position with the source of each value.
    position: Option<&'a Position>,
}

pub(super) fn seats<'a>(histories: &'a Histories, people: &'a People, day: Date) -> Vec<Seat<'a>> {
    histories.as_of(people, day).iter().map(|placed| seat(placed, people, day)).collect()
}

fn seat<'a>(placed: &PositionedEmployee<'a>, people: &'a People, day: Date) -> Seat<'a> {
    let (department_id, manager_id) = (placed.department_id(), placed.manager_id());
    Seat {
        as_of: day,
        id: &placed.employee.id,
        name: placed.employee.shown_name(),
        department_id,
        department_name: department_id.and_then(|id| people.department_name(id)),
        manager_id,
        manager_name: manager_id.and_then(|id| people.name(id)),
        job_title: placed.position.and_then(|position| Some(position.job_title.as_ref()?.value.as_str())),
        position: placed.position,
    }
}

pub(super) fn list(
    global: &Global,
    mut seats: Vec<Seat<'_>>,
    day: Date,
    search: Option<&str>,
    limit: Option<usize>,
) {
    if let Some(text) = search.map(search_key) {
        seats.retain(|seat| {
            let fields = [Some(seat.name.as_str()), seat.job_title, seat.department_name];
            fields.into_iter().flatten().any(|field| contains_text(field, &text))
        });
    }
    if global.json {
        crate::output::json(&seats.iter().take(limit.unwrap_or(usize::MAX)).collect::<Vec<_>>());
        return;
    }
    if seats.is_empty() {
        line(&format!(
            "No employee of {day} matches. If the account was never synced, run `lucca-connector sync`."
        ));
        return;
    }
    let mut shown = table(&["id", "name", "job title", "department", "manager"]);
    let cell = |text: Option<&str>| clean(text.unwrap_or("-"));
    for seat in seats.iter().take(limit.unwrap_or(50)) {
        shown.add_row([
            clean(seat.id.as_str()),
            clean(&seat.name),
            cell(seat.job_title),
            cell(seat.department_name),
            cell(seat.manager_name.as_deref()),
        ]);
    }
    line(&shown.to_string());
    let hidden = seats.len().saturating_sub(limit.unwrap_or(50));
    if hidden > 0 {
        let hidden = u64::try_from(hidden).unwrap_or(u64::MAX);
        line(&format!(
            "… and {}: show them with --limit, --search or --json",
            counted(hidden, "more employee")
        ));
    }
    line(
        "A dash marks a value that is unknown for that day. `employees show` prints the source of each value.",
    );
}
