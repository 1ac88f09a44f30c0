//! `/api/v3/departments`, absent unless switched on. Source: directory.md §11.1.

use super::{request::ReadRequest, v3};
use crate::{
    company::model::{Company, Department},
    errors::Refusal,
    grammar::{
        filter,
        json::{list, write_node, write_text},
        node::Node,
        schema::{RequestedFields, Selection},
    },
    resources::organization::DEPARTMENT,
    switches::V3Departments,
};

/// Keys handled by this endpoint.
const OWN: &[&str] = &["parentid"];

pub(super) fn read(call: &ReadRequest<'_>, rest: &[&str]) -> Result<String, Refusal> {
    match call.view.switches.v3_departments {
        V3Departments::Alive => {}
        V3Departments::Gone404 => return Err(Refusal::no_route()),
        V3Departments::Gone410 => return Err(Refusal::gone("This resource is no longer available")),
    }
    if !call.view.rights.sees_organization() {
        return Err(Refusal::no_right());
    }
    let company = call.view.company;
    match rest {
        // The filter `parentId` is typed as a number while the property is a path; it is interpreted as the
        // parent's id (source: directory.md §11.1).
        [] => {
            let parent: Option<i64> = match call.query.get("parentid") {
                None => None,
                Some(text) => {
                    Some(text.parse().map_err(|_| Refusal::malformed("Query parameter is invalid"))?)
                }
            };
            let rows = company.departments.iter().filter(|one| parent.is_none() || one.parent == parent);
            v3::collection(call, &DEPARTMENT, rows.map(Node::Department).collect(), OWN)
        }
        ["tree" | "scopedtree"] => {
            let view = call.view;
            let asked = RequestedFields::read(
                call.query.get("fields"),
                &DEPARTMENT,
                Selection::Default,
                view.switches,
            )?;
            // A tree has no pages.
            let filters = filter::read_all(call.query, &DEPARTMENT, OWN, view.now, view.switches)?;
            // unverified: that only active ones are listed by default.
            let any = filters.iter().any(|filter| filter.is_on("isActive"));
            let shown = |one: &Department| {
                (any || one.active)
                    && filters.iter().all(|filter| filter.accepts(view, Node::Department(one)))
            };
            let mut data = String::new();
            tree(&mut data, company, &shown, &mut |data, node| {
                write_node(data, view, Node::Department(node), &asked.items);
            });
            Ok(v3::envelope(call.view, &data, None, None))
        }
        ["help"] => Ok(v3::help(call, &DEPARTMENT)),
        [id] => {
            let rows = company.departments.iter().map(Node::Department).collect();
            v3::by_id(call, &DEPARTMENT, rows, id)
        }
        _ => Err(Refusal::no_route()),
    }
}

/// Writes `{node, children}` from the root, which is always null, down.
///
/// Children of an unlisted department are attached to its nearest listed ancestor. unverified: their place in
/// a real tenant.
pub(super) fn tree(
    out: &mut String,
    company: &Company,
    shown: &dyn Fn(&Department) -> bool,
    write: &mut dyn FnMut(&mut String, &Department),
) {
    branch(out, company, None, shown, write);
}

/// At most five levels deep, like the tree itself.
fn branch(
    out: &mut String,
    company: &Company,
    from: Option<&Department>,
    shown: &dyn Fn(&Department) -> bool,
    write: &mut dyn FnMut(&mut String, &Department),
) {
    out.push_str("{\"node\":");
    match from {
        Some(node) => write(out, node),
        None => out.push_str("null"),
    }
    out.push_str(",\"children\":");
    let above = |one: &Department| {
        let mut parent = one.parent.and_then(|id| company.department(id));
        while let Some(hidden) = parent.filter(|parent| !shown(parent)) {
            parent = hidden.parent.and_then(|id| company.department(id));
        }
        parent.map(|parent| parent.id)
    };
    let here = from.map(|node| node.id);
    let children = company.departments.iter().filter(|one| shown(one) && above(one) == here);
    list(out, children, |out, child| branch(out, company, Some(child), shown, write));
    out.push('}');
}

/// A tree node of the v4 API, which has no `url`.
pub(super) fn plain_node(out: &mut String, node: &Department) {
    out.push_str(&format!("{{\"id\":{},\"name\":", node.id));
    write_text(out, &node.name);
    out.push('}');
}
