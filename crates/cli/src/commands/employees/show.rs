//! `employees show`: one employee with their positions over time and their absences around today.

use jiff::ToSpan;
use jiff::civil::Date;
use people::{Employee, NamedRef, Position, PositionSource, RemoteId, Sourced};
use serde_json::{Value, json};
use store::LinkedAccount;

use crate::Global;
use crate::absence_view::{self, AbsenceView};
use crate::commands::absences::table_of;
use crate::data_dir::DataDir;
use crate::failure::Failure;
use crate::history_view::positions_of;
use crate::output::{clean, line, table};
use crate::people_view::{People, PersonView};

/// Absences are shown from this many months ago to as many ahead.
const MONTHS: i64 = 3;

pub(super) async fn run(
    global: &Global,
    data: &DataDir,
    account: &LinkedAccount,
    (people, view): (&People, &PersonView<'_>),
    with_raw: bool,
    today: Date,
) -> Result<(), Failure> {
    let employee = view.employee;
    let positions = positions_of(&data.store, account, people, employee, today).await?;
    let days = (today.saturating_sub(MONTHS.months()), today.saturating_add(MONTHS.months()));
    let absences = absence_view::load(&data.store, account, people, days, Some(&employee.id)).await?;
    let mut record = serde_json::to_value(view).unwrap_or(Value::Null);
    let mut raw = None;
    if with_raw {
        let stored = data.store.record::<Employee>(account.no, &employee.id).await?;
        raw = stored.and_then(|stored| stored.raw);
        record["raw"] = json!(raw.as_deref().and_then(|raw| serde_json::from_str::<Value>(raw).ok()));
    }
    if global.json {
        record["positions"] = json!(positions);
        record["absences"] = json!(absences);
        crate::output::json(&record);
        return Ok(());
    }
    show(view, record, people, &positions, &absences);
    if with_raw && raw.is_none() {
        line(
            "  The record as Lucca sent it is not stored. To store such records from now on, relink with --keep-raw.",
        );
    }
    Ok(())
}

fn show(
    view: &PersonView<'_>,
    record: Value,
    people: &People,
    positions: &[Position],
    absences: &[AbsenceView],
) {
    line(&format!("{} ({})", clean(&view.employee.shown_name()), view.status));
    let Value::Object(fields) = record else { return };
    for (name, value) in fields {
        let text = match value {
            Value::Null => continue,
            Value::Array(items) if items.is_empty() => continue,
            Value::String(text) => clean(&text),
            other => clean(&other.to_string()),
        };
        line(&format!("  {:26} {text}", name.replace('_', " ")));
    }
    line("");
    line("Positions, the latest first:");
    let mut shown = table(&["from", "to", "department", "manager", "establishment", "job"]);
    for position in positions.iter().rev() {
        let by_id = |value: &Option<Sourced<RemoteId>>, name: &dyn Fn(&RemoteId) -> Option<String>| {
            cell(value.as_ref(), |id| name(id).unwrap_or_else(|| format!("#{id}")))
        };
        let job = position.job_title.clone().or_else(|| {
            let name = |of: NamedRef| of.name.unwrap_or_else(|| format!("#{}", of.id));
            Some(position.job_qualification.clone()?.map(name))
        });
        shown.add_row([
            position.starts_on.map_or_else(|| "?".to_owned(), |day| day.to_string()),
            position.ends_on.map_or_else(|| "today".to_owned(), |day| day.to_string()),
            by_id(&position.department_id, &|id| people.department_name(id).map(str::to_owned)),
            by_id(&position.manager_id, &|id| people.name(id)),
            by_id(&position.establishment_id, &|id| people.establishment_name(id).map(str::to_owned)),
            cell(job.as_ref(), Clone::clone),
        ]);
    }
    line(&shown.to_string());
    line("  source: * contract, ' Lucca's log, ° change found by a sync; unmarked: current record");
    line("");
    if absences.is_empty() {
        line(&format!("No absences in the last and next {MONTHS} months."));
        return;
    }
    line(&format!("Absences in the last and next {MONTHS} months:"));
    line(&table_of(absences, false));
}

/// A value with a mark for its source.
fn cell<T>(value: Option<&Sourced<T>>, text: impl Fn(&T) -> String) -> String {
    let Some(Sourced { value, source }) = value else { return "-".to_owned() };
    let mark = match source {
        PositionSource::Contract => "*",
        PositionSource::UserLog => "'",
        PositionSource::Observation => "°",
        PositionSource::Current => "",
    };
    format!("{}{mark}", clean(&text(value)))
}
