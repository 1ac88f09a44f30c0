//! `GET /v1/linked-accounts/{account_id}/departments/tree`: the departments as a tree.

use std::collections::{HashMap, HashSet};

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use people::{Department, RemoteId};
use serde::Serialize;
use utoipa::ToSchema;

use super::fresh::Tag;
use crate::api::answers::{NotFound, Unauthorized};
use crate::app::App;
use crate::auth::Reader;
use crate::problem::Problem;

/// A department with those below it.
#[derive(Serialize, ToSchema)]
#[schema(no_recursion)]
pub(crate) struct DepartmentNode {
    /// Lucca's id.
    #[schema(example = "7")]
    id: String,
    /// Its name.
    name: Option<String>,
    /// Its code.
    code: Option<String>,
    /// Who heads it: Lucca's id.
    head_id: Option<String>,
    /// Whether it is in use.
    is_active: bool,
    /// The departments below it.
    children: Vec<DepartmentNode>,
}

/// The departments as a tree.
#[derive(Serialize, ToSchema)]
pub(crate) struct DepartmentTree {
    /// The departments that are below none, or below one that is not known.
    items: Vec<DepartmentNode>,
}

/// Shows the departments as a tree.
#[utoipa::path(
    get, path = "/v1/linked-accounts/{account_id}/departments/tree", tag = "records", security(("key" = [])),
    params(("account_id" = String, Path, description = "the linked account's id")),
    responses(
        (status = 200, body = DepartmentTree, headers(("ETag" = String, description = "the tree's fingerprint"))),
        (status = 304, description = "The tree is the one in If-None-Match."),
        Unauthorized,
        NotFound,
    )
)]
pub(crate) async fn department_tree(
    State(app): State<App>,
    reader: Reader,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let tag = Tag::new(&reader.account, app.machinery.today(), &["departments/tree"]);
    if let Some(same) = tag.not_modified(&headers) {
        return Ok(same);
    }
    let mut all: Vec<Department> = app.machinery.store.all(reader.account.no).await?;
    all.sort_by(|a, b| a.id.sort_key().cmp(&b.id.sort_key()));
    // A tree always has a JSON form.
    Ok(tag.json(serde_json::to_vec(&DepartmentTree { items: tree(&all) }).unwrap_or_default().into()))
}

/// Each department once: where Lucca makes a circle of them, it begins at the first.
fn tree(all: &[Department]) -> Vec<DepartmentNode> {
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
    let mut items: Vec<DepartmentNode> =
        roots.into_iter().map(|root| node(root, &below, &mut placed)).collect();
    for department in all {
        if !placed.contains(&department.id) {
            items.push(node(department, &below, &mut placed));
        }
    }
    items
}

fn node<'a>(
    department: &'a Department,
    below: &HashMap<&RemoteId, Vec<&'a Department>>,
    placed: &mut HashSet<&'a RemoteId>,
) -> DepartmentNode {
    placed.insert(&department.id);
    let mut children = Vec::new();
    for child in below.get(&department.id).into_iter().flatten() {
        if !placed.contains(&child.id) {
            children.push(node(child, below, placed));
        }
    }
    DepartmentNode {
        id: department.id.to_string(),
        name: department.name.clone(),
        code: department.code.clone(),
        head_id: department.head_id.as_ref().map(ToString::to_string),
        is_active: department.is_active,
        children,
    }
}
