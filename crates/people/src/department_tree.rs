//! Resolves each department's parent from the references that Lucca sends.
//!
//! Depending on the API generation, Lucca names a parent by numeric id, by the path of the parent node, or
//! both. A path is opaque: it is compared, never parsed.

use std::collections::HashMap;

use crate::{Department, RemoteId};

/// Lucca's references to a department's position in the tree.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ParentClue {
    /// The node's own path.
    pub path: Option<String>,
    /// The path of the parent node.
    pub parent_path: Option<String>,
    /// The parent's id.
    pub parent_id: Option<RemoteId>,
}

/// Sets `parent_id` of every department: the id from Lucca if it is one of the departments, else the
/// department whose path is the given parent path. A department is never made its own parent.
///
/// Returns the ids of departments whose parent is not among them; those are left at the root.
pub fn department_tree(departments: &mut [(Department, ParentClue)]) -> Vec<RemoteId> {
    let by_path: HashMap<String, RemoteId> = departments
        .iter()
        .filter_map(|(department, clue)| Some((canonical(clue.path.as_deref()?)?, department.id.clone())))
        .collect();
    let known: std::collections::HashSet<RemoteId> =
        departments.iter().map(|(department, _)| department.id.clone()).collect();
    let mut orphans = Vec::new();
    for (department, clue) in departments {
        let by_id = clue.parent_id.clone().filter(|id| known.contains(id));
        let parent_path = clue.parent_path.as_deref().and_then(canonical);
        let parent = by_id.or_else(|| by_path.get(parent_path.as_ref()?).cloned());
        if parent.is_none() && (parent_path.is_some() || clue.parent_id.is_some()) {
            orphans.push(department.id.clone());
        }
        department.parent_id = parent.filter(|id| *id != department.id);
    }
    orphans
}

/// A path without irrelevant differences: surrounding slashes, and `.0` suffixes of a step, which one
/// documented example has and another doesn't. The root has no canonical path.
// unverified: whether `/1.0/` and `/1/` name the same node; Lucca's examples use both notations, for
// different departments.
fn canonical(path: &str) -> Option<String> {
    let steps: Vec<&str> = path
        .split('/')
        .filter(|step| !step.is_empty())
        .map(|step| step.strip_suffix(".0").unwrap_or(step))
        .collect();
    if steps.is_empty() { None } else { Some(steps.join("/")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn department(id: &str, clue: ParentClue) -> (Department, ParentClue) {
        let department = Department {
            id: id.into(),
            name: None,
            code: None,
            description: None,
            parent_id: None,
            head_id: None,
            is_active: true,
            sort_order: None,
            created_at: None,
            modified_at: None,
            is_partial: false,
        };
        (department, clue)
    }

    fn by_path(path: &str, parent: &str) -> ParentClue {
        ParentClue { path: Some(path.into()), parent_path: Some(parent.into()), parent_id: None }
    }

    #[test]
    fn parents_are_found_by_path_or_id() {
        let by_id = ParentClue { parent_id: Some("1".into()), ..ParentClue::default() };
        let mut all = [
            department("1", by_path("/1.0/", "/")),
            department("2", by_path("/1/2/", "/1/")),
            department("3", by_id),
            department("4", by_path("/9/9/", "/9/")),
            department("5", ParentClue { parent_id: Some("5".into()), ..ParentClue::default() }),
        ];
        let orphans = department_tree(&mut all);
        let parents: Vec<_> = all.iter().map(|(d, _)| d.parent_id.as_ref().map(RemoteId::as_str)).collect();
        assert_eq!(parents, [None, Some("1"), Some("1"), None, None]);
        assert_eq!(orphans, ["4".into()]);
    }
}
