//! `GET /v1/linked-accounts/{linked_account_id}/departments/tree`: the departments as a tree.

use std::collections::{HashMap, HashSet};

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use delivery::mapping::Mapping;
use jiff::Timestamp;
use jiff::civil::Date;
use people::{Department, Kind, RemoteId, tenant_zone};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use store::{Change, LinkedAccount, ListFilter, RecordState};
use utoipa::{IntoParams, ToSchema};
use web::app::App;
use web::auth::Reader;
use web::page_cache::RecordsTag;
use web::problem::Problem;

use super::query::read_date;
use crate::Params;
use crate::answers::{NotFound, Unauthorized, Unprocessable};

/// Number of departments that are read at once.
const CHUNK_SIZE: u32 = 500;

/// Options of the tree.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct TreeQuery {
    /// The tree as of this day, as far as syncs have observed changes since.
    #[param(example = "2026-01-01")]
    as_of: Option<String>,
}

/// A department with its children. Its members follow the account's field mapping.
#[derive(ToSchema)]
#[schema(no_recursion)]
#[expect(dead_code, reason = "describes nodes, which are written as the mapping has them")]
pub(crate) struct DepartmentNode {
    /// Lucca's id.
    #[schema(example = "7")]
    id: String,
    /// Its name.
    #[schema(required = false)]
    name: Option<String>,
    /// Its code.
    #[schema(required = false)]
    code: Option<String>,
    /// The head of the department: Lucca's id.
    #[schema(required = false)]
    head_id: Option<String>,
    /// Whether it is in use.
    #[schema(required = false)]
    is_active: bool,
    /// The departments below it.
    children: Vec<DepartmentNode>,
}

/// The departments as a tree.
#[derive(Serialize, ToSchema)]
pub(crate) struct DepartmentTree {
    /// The departments without a parent, or with an unknown one.
    #[schema(value_type = Vec<DepartmentNode>)]
    items: Vec<Value>,
}

/// Shows the departments as a tree.
#[utoipa::path(
    get, path = "/v1/linked-accounts/{linked_account_id}/departments/tree", tag = "Organisation", security(("key" = [])),
    params(("linked_account_id" = String, Path, description = "The linked account's id."), TreeQuery),
    responses(
        (status = 200, body = DepartmentTree, headers(("ETag" = String, description = "The version of the tree, for `If-None-Match`."))),
        (status = 304, description = "The tree has not changed since the ETag in `If-None-Match`."),
        Unauthorized,
        NotFound,
        Unprocessable,
    )
)]
pub(crate) async fn get_department_tree(
    State(app): State<App>,
    reader: Reader,
    headers: HeaderMap,
    Params(query): Params<TreeQuery>,
) -> Result<Response, Problem> {
    let as_of = query.as_of.as_deref().map(read_date).transpose()?;
    let asked = as_of.map(|day| day.to_string()).unwrap_or_default();
    let tag = RecordsTag::new(&reader.account, app.services.today(), &["departments/tree", &asked]);
    if let Some(same) = tag.not_modified(&headers) {
        return Ok(same);
    }
    let mut all: Vec<Department> = match as_of {
        None => app.services.store.all(reader.account.no).await?,
        Some(day) => on_day(&app, &reader.account, day).await?,
    };
    all.sort_by(|a, b| a.id.sort_key().cmp(&b.id.sort_key()));
    // Serialising the tree to JSON can't fail.
    let mapping = Mapping::of(&reader.account.settings.delivery);
    let tree = DepartmentTree { items: tree(&all, &mapping) };
    Ok(tag.json(serde_json::to_vec(&tree).unwrap_or_default().into()))
}

/// The departments as of a day, as far as syncs have observed changes since: renamed and moved departments,
/// and those with a new head, have their old values, and deleted ones are included.
async fn on_day(app: &App, account: &LinkedAccount, day: Date) -> Result<Vec<Department>, Problem> {
    let services = &app.services;
    let day_of = |at: Timestamp| at.to_zoned(tenant_zone()).date();
    let mut changes: HashMap<RemoteId, Vec<Change>> = HashMap::new();
    for change in services.store.updates(account.no, Kind::Department, None).await? {
        if day_of(change.at) > day {
            changes.entry(change.id.clone()).or_default().push(change);
        }
    }
    let mut filter = ListFilter { with_deleted: true, ..ListFilter::default() };
    let mut all = Vec::new();
    loop {
        let records = services.store.list(account.no, Kind::Department, &filter, CHUNK_SIZE).await?;
        let Some(last) = records.last() else { return Ok(all) };
        filter.after = Some(last.place());
        for record in records {
            let was_there = match record.state {
                RecordState::Present => true,
                // It was marked when it was last written.
                RecordState::Gone | RecordState::Hidden => day_of(record.updated_at) > day,
            };
            if !was_there {
                continue;
            }
            let corrupt = |source| store::Error::CorruptRecord { kind: Kind::Department, source };
            let mut members: Map<String, Value> = serde_json::from_str(&record.body).map_err(corrupt)?;
            for change in changes.get(&record.id).into_iter().flatten().rev() {
                let fields =
                    change.fields.as_ref().and_then(|fields| serde_json::from_str(fields.get()).ok());
                let fields: Map<String, Value> = fields.unwrap_or_default();
                // Redacted values restore nothing.
                for (name, values) in fields.iter().filter(|(_, values)| values.is_object()) {
                    members.insert(name.clone(), values["before"].clone());
                }
            }
            all.push(serde_json::from_value(Value::Object(members)).map_err(corrupt)?);
        }
    }
}

/// Each department appears once; if Lucca's parents form a circle, its first department becomes a root.
fn tree(all: &[Department], mapping: &Mapping) -> Vec<Value> {
    let known: HashSet<&RemoteId> = all.iter().map(|department| &department.id).collect();
    let mut below: HashMap<&RemoteId, Vec<&Department>> = HashMap::new();
    let mut roots = Vec::new();
    for department in all {
        match department.parent_id.as_ref().filter(|parent| known.contains(parent)) {
            Some(parent) => below.entry(parent).or_default().push(department),
            None => roots.push(department),
        }
    }
    let mut placed = HashSet::new();
    let mut items: Vec<Value> =
        roots.into_iter().map(|root| node(root, &below, mapping, &mut placed)).collect();
    for department in all {
        if !placed.contains(&department.id) {
            items.push(node(department, &below, mapping, &mut placed));
        }
    }
    items
}

fn node<'a>(
    department: &'a Department,
    below: &HashMap<&RemoteId, Vec<&'a Department>>,
    mapping: &Mapping,
    placed: &mut HashSet<&'a RemoteId>,
) -> Value {
    placed.insert(&department.id);
    let mut children = Vec::new();
    for child in below.get(&department.id).into_iter().flatten() {
        if !placed.contains(&child.id) {
            children.push(node(child, below, mapping, placed));
        }
    }
    let members = [
        ("id", json!(department.id)),
        ("name", json!(department.name)),
        ("code", json!(department.code)),
        ("head_id", json!(department.head_id)),
        ("is_active", json!(department.is_active)),
    ];
    let members = members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    let mut members = mapping.members(Kind::Department, members);
    members.insert("children".to_owned(), Value::Array(children));
    Value::Object(members)
}
