//! Related records: what `include` adds to a record, and the establishments of a legal unit.

use std::collections::{BTreeSet, HashMap};

use delivery::mapping::Mapping;
use people::{Employment, Establishment, Kind, NamedRef, RemoteId};
use serde_json::{Value, json};
use store::{LinkedAccount, ListFilter, ListedRecord, RecordState, Store};
use web::problem::Problem;

/// A related record, or a list of them, that a record can include.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Relation {
    /// Its value in `include`, and the name of the added member.
    pub(crate) name: &'static str,
    /// Its description, for the API's description.
    pub(crate) doc: &'static str,
    kind: Kind,
    link: Link,
}

/// How a record leads to the related ones.
#[derive(Debug, PartialEq, Eq)]
enum Link {
    /// By the id in this member.
    One(&'static str, Kind),
    /// By the ids in this member.
    Many(&'static str, Kind),
    /// An employee's legal unit, by their establishment.
    LegalUnit,
    /// An employee's employments.
    Employments,
}

/// The form of an included member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RelationShape {
    /// The id and the name of a record, or null.
    Reference,
    /// A list of ids with names.
    References,
    /// A list of employments with all their members.
    Employments,
}

const fn relation(kind: Kind, name: &'static str, link: Link, doc: &'static str) -> Relation {
    Relation { name, doc, kind, link }
}

static RELATIONS: [Relation; 10] = [
    relation(Kind::Employee, "manager", Link::One("manager_id", Kind::Employee), "The manager"),
    relation(Kind::Employee, "department", Link::One("department_id", Kind::Department), "The department"),
    relation(
        Kind::Employee,
        "establishment",
        Link::One("establishment_id", Kind::Establishment),
        "The establishment",
    ),
    relation(Kind::Employee, "legal_unit", Link::LegalUnit, "The legal unit of the establishment"),
    relation(
        Kind::Employee,
        "employments",
        Link::Employments,
        "The employments that Lucca returns, in the order of their first days",
    ),
    relation(Kind::Employment, "employee", Link::One("employee_id", Kind::Employee), "The employee"),
    relation(
        Kind::Employment,
        "establishment",
        Link::One("establishment_id", Kind::Establishment),
        "The establishment",
    ),
    relation(
        Kind::Establishment,
        "legal_unit",
        Link::One("legal_unit_id", Kind::LegalUnit),
        "The legal unit",
    ),
    relation(Kind::Absence, "employee", Link::One("employee_id", Kind::Employee), "The employee"),
    relation(Kind::Absence, "leave_types", Link::Many("leave_type_ids", Kind::LeaveType), "The leave types"),
];

/// The relations of a kind's records.
pub(crate) fn relations(kind: Kind) -> impl Iterator<Item = &'static Relation> {
    RELATIONS.iter().filter(move |relation| relation.kind == kind)
}

impl Relation {
    pub(crate) const fn shape(&self) -> RelationShape {
        match self.link {
            Link::One(..) | Link::LegalUnit => RelationShape::Reference,
            Link::Many(..) => RelationShape::References,
            Link::Employments => RelationShape::Employments,
        }
    }
}

/// The included members of each record, in the order of the records.
pub(super) async fn included(
    store: &Store,
    account: &LinkedAccount,
    mapping: &Mapping,
    relations: &[&'static Relation],
    records: &[ListedRecord],
) -> Result<Vec<Vec<(&'static str, Value)>>, Problem> {
    let mut included = vec![Vec::new(); records.len()];
    if relations.is_empty() {
        return Ok(included);
    }
    let bodies: Vec<Value> =
        records.iter().map(|record| serde_json::from_str(&record.body).unwrap_or_default()).collect();
    for relation in relations {
        // A member that is not delivered must not be revealed by what it refers to.
        let ids = |member: &str| -> Vec<Vec<RemoteId>> {
            let is_delivered = mapping.name(relation.kind, member).is_some();
            let of = |body| if is_delivered { ids_in(body, member) } else { Vec::new() };
            bodies.iter().map(of).collect()
        };
        let values: Vec<Value> = match relation.link {
            Link::One(member, kind) => {
                let ids = ids(member);
                let known = references(store, account, (kind, mapping), ids.iter().flatten()).await?;
                let one = |ids: &Vec<RemoteId>| ids.first().and_then(|id| known.get(id)).cloned();
                ids.iter().map(|ids| one(ids).unwrap_or(Value::Null)).collect()
            }
            Link::Many(member, kind) => {
                let ids = ids(member);
                let known = references(store, account, (kind, mapping), ids.iter().flatten()).await?;
                let all = |ids: &Vec<RemoteId>| ids.iter().filter_map(|id| known.get(id)).cloned().collect();
                ids.iter().map(all).collect()
            }
            Link::LegalUnit => legal_units(store, account, mapping, &ids("establishment_id")).await?,
            Link::Employments => employments(store, account, mapping, records).await?,
        };
        for (members, value) in included.iter_mut().zip(values) {
            members.push((relation.name, value));
        }
    }
    Ok(included)
}

/// The id, or the ids, in a member of a record.
fn ids_in(body: &Value, member: &str) -> Vec<RemoteId> {
    let text = |value: &Value| value.as_str().map(RemoteId::from);
    match &body[member] {
        Value::Array(values) => values.iter().filter_map(text).collect(),
        value => text(value).into_iter().collect(),
    }
}

/// The legal unit of the first establishment of each list.
async fn legal_units(
    store: &Store,
    account: &LinkedAccount,
    mapping: &Mapping,
    establishments: &[Vec<RemoteId>],
) -> Result<Vec<Value>, Problem> {
    let mut units: HashMap<RemoteId, RemoteId> = HashMap::new();
    if mapping.name(Kind::Establishment, "legal_unit_id").is_some() {
        let ids = unique(establishments.iter().flatten());
        for (id, (body, _)) in store.bodies(account.no, Kind::Establishment, &ids).await? {
            let body: Value = serde_json::from_str(&body).unwrap_or_default();
            units.extend(ids_in(&body, "legal_unit_id").into_iter().map(|unit| (id.clone(), unit)));
        }
    }
    let known = references(store, account, (Kind::LegalUnit, mapping), units.values()).await?;
    let of = |ids: &Vec<RemoteId>| known.get(units.get(ids.first()?)?).cloned();
    Ok(establishments.iter().map(|ids| of(ids).unwrap_or(Value::Null)).collect())
}

/// The present employments of each employee, as they are delivered.
async fn employments(
    store: &Store,
    account: &LinkedAccount,
    mapping: &Mapping,
    employees: &[ListedRecord],
) -> Result<Vec<Value>, Problem> {
    let owners: Vec<RemoteId> = employees.iter().map(|record| record.id.clone()).collect();
    let mut found: HashMap<RemoteId, Vec<Employment>> = HashMap::new();
    for employment in store.employments_of(account.no, &owners).await? {
        found.entry(employment.employee_id.clone()).or_default().push(employment);
    }
    let rendered = |employment: &Employment| match json!(employment) {
        Value::Object(members) => Value::Object(mapping.members(Kind::Employment, members)),
        other => other,
    };
    let of = |owner: &RemoteId| {
        let mut own = found.remove(owner).unwrap_or_default();
        own.sort_by(|a, b| (a.starts_on, a.id.sort_key()).cmp(&(b.starts_on, b.id.sort_key())));
        Value::Array(own.iter().map(rendered).collect())
    };
    Ok(owners.iter().map(of).collect())
}

/// Related records: their ids, and their names if these are delivered.
async fn references(
    store: &Store,
    account: &LinkedAccount,
    (kind, mapping): (Kind, &Mapping),
    ids: impl Iterator<Item = &RemoteId>,
) -> Result<HashMap<RemoteId, Value>, Problem> {
    let with_name = mapping.name(kind, "name").is_some();
    let bodies = store.bodies(account.no, kind, &unique(ids)).await?;
    let read = |(id, (body, _)): (RemoteId, (String, RecordState))| {
        let read: NamedRef = serde_json::from_str(&body).ok()?;
        Some((id.clone(), json!({ "id": id, "name": read.name.filter(|_| with_name) })))
    };
    Ok(bodies.into_iter().filter_map(read).collect())
}

fn unique<'a>(ids: impl Iterator<Item = &'a RemoteId>) -> Vec<RemoteId> {
    ids.cloned().collect::<BTreeSet<_>>().into_iter().collect()
}

/// The establishments of a legal unit, in any state.
pub(super) async fn establishments_of(
    store: &Store,
    account: &LinkedAccount,
    legal_unit: &RemoteId,
) -> Result<Vec<RemoteId>, Problem> {
    const AT_ONCE: u32 = 500;
    let kind = Kind::Establishment;
    let mut filter = ListFilter { with_deleted: true, ..ListFilter::default() };
    let mut found = Vec::new();
    loop {
        let establishments = store.list(account.no, kind, &filter, AT_ONCE).await?;
        for record in &establishments {
            let corrupt = |source| store::Error::CorruptRecord { kind, source };
            let establishment: Establishment = serde_json::from_str(&record.body).map_err(corrupt)?;
            if establishment.legal_unit_id.as_ref() == Some(legal_unit) {
                found.push(establishment.id);
            }
        }
        match establishments.last() {
            Some(last) if establishments.len() == AT_ONCE as usize => filter.after = Some(last.place()),
            _ => return Ok(found),
        }
    }
}
