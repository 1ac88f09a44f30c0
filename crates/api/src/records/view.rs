//! Renders records: the stored model, its state, and the additional members requested.

use std::collections::{BTreeSet, HashMap};
use std::fmt::Write as _;

use api_types::time;
use delivery::mapping::Mapping;
use jiff::civil::Date;
use people::{Absence, AbsenceStatus, EmployeeStatus, Kind, Period, RemoteId, absence_status, status_on};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use store::{LinkedAccount, ListPosition, ListedRecord, Store};
use web::problem::Problem;

use super::related::{self, Relation, relations};

/// The requested members of each record.
#[derive(Clone, Debug, Default)]
pub(crate) struct FieldSelection {
    /// Only these members; `None` for all.
    fields: Option<BTreeSet<String>>,
    pub(crate) with_raw: bool,
    /// The related records to include.
    relations: Vec<&'static Relation>,
}

impl FieldSelection {
    /// Parses `fields` and `include`.
    pub(crate) fn read(kind: Kind, fields: Option<&str>, include: Option<&str>) -> Result<Self, Problem> {
        let mut selection = Self::default();
        if let Some(fields) = fields {
            let names: BTreeSet<String> = fields.split(',').map(|name| name.trim().to_owned()).collect();
            let is_name = |name: &String| {
                name.starts_with(|c: char| c.is_ascii_lowercase())
                    && name
                        .bytes()
                        .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
            };
            if !names.iter().all(is_name) || names.len() > 100 {
                let detail = "`fields` must be a list of members' names, separated by commas.";
                return Err(Problem::field("fields", "request.invalid", detail));
            }
            selection.fields = Some(names);
        }
        for part in include.into_iter().flat_map(|text| text.split(',')).map(str::trim) {
            let relation = relations(kind).find(|relation| relation.name == part);
            match relation {
                _ if part == "raw" => selection.with_raw = true,
                Some(relation) if selection.relations.contains(&relation) => {}
                Some(relation) => selection.relations.push(relation),
                None => {
                    let known: Vec<&str> = relations(kind).map(|relation| relation.name).collect();
                    let detail = match known.is_empty() {
                        true => "These records include only raw.".to_owned(),
                        false => format!(
                            "`include` must be a list of raw, {}, separated by commas.",
                            known.join(", ")
                        ),
                    };
                    return Err(Problem::field("include", "request.invalid", detail));
                }
            }
        }
        Ok(selection)
    }

    fn shows(&self, member: &str) -> bool {
        member == "id" || self.fields.as_ref().is_none_or(|fields| fields.contains(member))
    }
}

/// A rendered record.
#[derive(Debug)]
pub(crate) struct RenderedRecord {
    pub(crate) place: ListPosition,
    /// JSON.
    pub(crate) json: String,
}

/// The members of an employee that the status needs; the rest of the record is copied without parsing.
#[derive(Deserialize)]
struct Person {
    contract_start: Option<Date>,
    contract_end: Option<Date>,
}

/// The status that a list selects.
#[derive(Clone, Copy, Debug)]
pub(crate) enum StatusFilter {
    Employee(EmployeeStatus),
    Absence(AbsenceStatus),
}

/// Renders records with their related records; drops those with another status.
pub(crate) async fn render_records(
    store: &Store,
    account: &LinkedAccount,
    (kind, selection): (Kind, &FieldSelection),
    records: Vec<ListedRecord>,
    (status, today): (Option<StatusFilter>, Date),
) -> Result<Vec<RenderedRecord>, Problem> {
    let mapping = Mapping::of(&account.settings.delivery);
    let as_delivered = (kind, &mapping);
    if selection.with_raw && !mapping.is_plain(kind) {
        let detail = "The delivery rules of this account leave out or rename fields of these records, and `raw` would reveal them.";
        return Err(Problem::field("include", "delivery.raw_refused", detail));
    }
    let included = related::included(store, account, &mapping, &selection.relations, &records).await?;
    match kind {
        Kind::Employee => {
            render_employees(store, account, (&mapping, selection), (records, included), (status, today))
                .await
        }
        Kind::Absence => {
            render_absences(store, account, (&mapping, selection), (records, included), status).await
        }
        _ => {
            let rendered = |(record, included)| render(record, selection, as_delivered, included);
            Ok(records.into_iter().zip(included).map(rendered).collect())
        }
    }
}

/// The members to add to each record.
type Additions = Vec<Vec<(&'static str, Value)>>;

/// Renders employees with their status.
async fn render_employees(
    store: &Store,
    account: &LinkedAccount,
    (mapping, selection): (&Mapping, &FieldSelection),
    (records, included): (Vec<ListedRecord>, Additions),
    (wanted, today): (Option<StatusFilter>, Date),
) -> Result<Vec<RenderedRecord>, Problem> {
    let kind = Kind::Employee;
    let contracts = contracts(store, account, &records).await?;
    let mut shown = Vec::with_capacity(records.len());
    for (record, mut more) in records.into_iter().zip(included) {
        let corrupt = |source| store::Error::CorruptRecord { kind, source };
        let person: Person = serde_json::from_str(&record.body).map_err(corrupt)?;
        let periods = contracts.get(&record.id).into_iter().flatten().copied();
        let contract = Period::new(person.contract_start, person.contract_end);
        let status = status_on(today, contract, periods);
        if matches!(wanted, Some(StatusFilter::Employee(wanted)) if wanted != status) {
            continue;
        }
        if selection.shows("status") {
            more.insert(0, ("status", json!(status.name())));
        }
        shown.push(render(record, selection, (kind, mapping), more));
    }
    Ok(shown)
}

/// Renders absences with their status, and their first and last day.
async fn render_absences(
    store: &Store,
    account: &LinkedAccount,
    (mapping, selection): (&Mapping, &FieldSelection),
    (records, included): (Vec<ListedRecord>, Additions),
    wanted: Option<StatusFilter>,
) -> Result<Vec<RenderedRecord>, Problem> {
    let kind = Kind::Absence;
    let ids: Vec<RemoteId> = records.iter().map(|record| record.id.clone()).collect();
    let requests = store.latest_requests_of(account.no, &ids).await?;
    let mut shown = Vec::with_capacity(records.len());
    for (record, mut more) in records.into_iter().zip(included) {
        let corrupt = |source| store::Error::CorruptRecord { kind, source };
        let absence: Absence = serde_json::from_str(&record.body).map_err(corrupt)?;
        let status = absence_status(&absence, requests.get(&absence.id));
        if matches!(wanted, Some(StatusFilter::Absence(wanted)) if wanted != status) {
            continue;
        }
        let is_delivered = |member: &str| mapping.name(kind, member).is_some();
        if selection.shows("status") {
            more.push(("status", json!(status.name())));
        }
        if selection.shows("starts_on") && is_delivered("first") {
            more.push(("starts_on", json!(absence.first.date)));
        }
        if selection.shows("ends_on") && is_delivered("last") {
            more.push(("ends_on", json!(absence.last.date)));
        }
        shown.push(render(record, selection, (kind, mapping), more));
    }
    Ok(shown)
}

/// Appends members to the stored model. The model is only parsed if some of its members have to be left out
/// or renamed.
fn render(
    record: ListedRecord,
    selection: &FieldSelection,
    (kind, mapping): (Kind, &Mapping),
    more: Vec<(&str, Value)>,
) -> RenderedRecord {
    let place = record.place();
    let own = if selection.fields.is_none() && mapping.is_plain(kind) {
        record.body
    } else {
        let members: Map<String, Value> = serde_json::from_str(&record.body).unwrap_or_default();
        let mut members = mapping.members(kind, members);
        if let Some(position) = members.get_mut("position") {
            mapping.position(position);
        }
        members.retain(|name, _| selection.shows(name));
        Value::Object(members).to_string()
    };
    let mut json = own;
    // A model is a JSON object: members can be appended once its last brace is removed.
    json.truncate(json.rfind('}').unwrap_or_default());
    let mut add = |name: &str, value: &dyn std::fmt::Display| {
        let comma = if json.ends_with('{') { "" } else { "," };
        // Writing to a string can't fail.
        let _ = write!(json, "{comma}\"{name}\":{value}");
    };
    for (name, value) in more {
        add(name, &value);
    }
    if selection.shows("state") {
        add("state", &format_args!("\"{}\"", record.state.name()));
    }
    if selection.shows("updated_at") {
        add("updated_at", &format_args!("\"{}\"", time(record.updated_at)));
    }
    if selection.with_raw {
        // Parsed and written again, since the original may span several lines.
        let raw: Option<Value> = record.raw.and_then(|raw| serde_json::from_str(&raw).ok());
        add("raw", &raw.unwrap_or(Value::Null));
    }
    json.push('}');
    RenderedRecord { place, json }
}

async fn contracts(
    store: &Store,
    account: &LinkedAccount,
    records: &[ListedRecord],
) -> Result<HashMap<RemoteId, Vec<Period>>, Problem> {
    if !account.contracts_current {
        return Ok(HashMap::new());
    }
    let owners: Vec<RemoteId> = records.iter().map(|record| record.id.clone()).collect();
    Ok(store.employment_periods(account.no, &owners).await?)
}
