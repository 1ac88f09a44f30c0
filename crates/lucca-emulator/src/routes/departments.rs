//! `/api/v3/departments`, gone unless switched on. Source: directory.md §11.1.

use super::{Read, unknown, v3};
use crate::{
    company::model::{Company, Department},
    errors::Refusal,
    grammar::schema::Selection,
    grammar::value::{list, write_node, write_text},
    resources::{Node, organization::DEPARTMENT},
    switches::V3Departments,
};

pub(super) fn read(call: &Read<'_>, rest: &[&str]) -> Result<String, Refusal> {
    match call.view.switches.v3_departments {
        V3Departments::Alive => {}
        V3Departments::Gone404 => return Err(unknown()),
        V3Departments::Gone410 => return Err(Refusal::gone("This resource is no longer available")),
    }
    if !call.view.rights.sees_organization() {
        return Err(Refusal::no_right());
    }
    let company = call.view.company;
    match rest {
        // The filter `parentId` is typed as a number while the property is a path; it is taken as the
        // parent's id (source: directory.md §11.1).
        [] => {
            let parent: Option<i64> = match call.query.get("parentid") {
                None => None,
                Some(text) => {
                    Some(text.parse().map_err(|_| Refusal::malformed("Query parameter is invalid"))?)
                }
            };
            let rows = company.departments.iter().filter(|one| parent.is_none() || one.parent == parent);
            v3::collection(call, &DEPARTMENT, rows.map(Node::Department).collect(), &["parentid"])
        }
        ["tree" | "scopedtree"] => {
            let mut data = String::new();
            tree(&mut data, company, None, &mut |data, node| {
                write_node(data, call.view, Node::Department(node), &Selection::Default);
            });
            Ok(v3::envelope(call.view, &data, None, None))
        }
        ["help"] => Ok(v3::help(call, &DEPARTMENT)),
        [id] => {
            let rows = company.departments.iter().map(Node::Department).collect();
            v3::by_id(call, &DEPARTMENT, rows, id)
        }
        _ => Err(unknown()),
    }
}

/// Writes `{node, children}` from `from` down; the first node is always null. At most five levels
/// deep, like the tree itself.
pub(super) fn tree(
    out: &mut String,
    company: &Company,
    from: Option<&Department>,
    write: &mut dyn FnMut(&mut String, &Department),
) {
    out.push_str("{\"node\":");
    match from {
        Some(node) => write(out, node),
        None => out.push_str("null"),
    }
    out.push_str(",\"children\":");
    let parent = from.map(|node| node.id);
    let children = company.departments.iter().filter(|one| one.active && one.parent == parent);
    list(out, children, |out, child| tree(out, company, Some(child), write));
    out.push('}');
}

/// A tree node of the v4 API, which has no `url`.
pub(super) fn plain_node(out: &mut String, node: &Department) {
    out.push_str(&format!("{{\"id\":{},\"name\":", node.id));
    write_text(out, &node.name);
    out.push('}');
}
