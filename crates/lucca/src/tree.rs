//! Departments as a tree: `{node, children: [{node, children}]}`, in `data` or bare.
//!
//! Source: wire-grammar.md §1.6, directory.md §11.1 and §11.2.

use std::borrow::Cow;

use serde_json::value::RawValue;

use crate::envelope::{Body, RawPage, Undecodable, failure, list};
use crate::reader::Object;

/// Lucca documents nine levels; a deeper nesting than this is not an organisation.
const MOST_LEVELS: usize = 100;

/// Flattens a tree to a list in which each department has its parent's id (`parentLuccaId`, v4's name of it).
/// Parents come before their children. A tree has no count.
pub(crate) fn flatten(text: &str) -> Result<RawPage<'_>, Undecodable> {
    let Body::Object(top) = Body::of(text)? else { return Err(Undecodable::NotLucca) };
    let data = top.get("data").map(|data| Object::parse(data).ok_or(Undecodable::NotLucca)).transpose()?;
    let root = data.as_ref().unwrap_or(&top);
    if !root.members().any(|(key, _)| key.eq_ignore_ascii_case("children")) {
        return Err(failure(&top));
    }
    let mut rows = Vec::new();
    collect(root, None, 0, &mut rows).ok_or(Undecodable::NotLucca)?;
    Ok(RawPage { rows, count: None })
}

/// Adds a node and its descendants. `None`: this is not a tree.
fn collect<'a>(
    tree: &Object<'a>,
    parent: Option<&str>,
    level: usize,
    rows: &mut Vec<Cow<'a, RawValue>>,
) -> Option<()> {
    if level > MOST_LEVELS {
        return None;
    }
    let node = tree.get("node");
    let id = node.and_then(Object::parse).and_then(|node| node.id().and(node.get("id")));
    if let Some(node) = node {
        rows.push(match (id, parent) {
            (Some(_), Some(parent)) => Cow::Owned(with_parent(node, parent)?),
            _ => Cow::Borrowed(serde_json::from_str(node).ok()?),
        });
    }
    let parent = id.or(parent);
    // The outermost node is always null, a leaf's list empty or missing.
    let children = match tree.get("children") {
        Some(children) => list(children).filter(|list| !list.is_cut)?.members,
        None => Vec::new(),
    };
    for child in children {
        collect(&Object::parse(child.get())?, parent, level + 1, rows)?;
    }
    Some(())
}

fn with_parent(node: &str, parent: &str) -> Option<Box<RawValue>> {
    let members = node.trim_end().strip_suffix('}')?;
    RawValue::from_string(format!("{members},\"parentLuccaId\":{parent}}}")).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(body: &str) -> Option<Vec<String>> {
        Some(flatten(body).ok()?.rows.iter().map(|row| row.get().to_owned()).collect())
    }

    #[test]
    fn parents_come_first_and_are_named() {
        let tree = r#"{"node":null,"children":[
            {"node":{"id":1,"name":"A"},"children":[
                {"node":{"ID":"2"},"children":[{"node":{"id":3},"children":null}]},
                {"node":null,"children":[{"node":{"id":4}}]}]},
            {"node":{"name":"no id"},"children":[]}]}"#;
        let expected = [
            r#"{"id":1,"name":"A"}"#,
            r#"{"ID":"2","parentLuccaId":1}"#,
            r#"{"id":3,"parentLuccaId":"2"}"#,
            r#"{"id":4,"parentLuccaId":1}"#,
            r#"{"name":"no id"}"#,
        ];
        assert_eq!(rows(tree).unwrap(), expected);
        assert_eq!(rows(&format!(r#"{{"header":{{}},"data":{tree},"metadata":null}}"#)).unwrap(), expected);
        assert_eq!(rows(r#"{"node":null,"children":[]}"#), Some(Vec::new()));
    }

    #[test]
    fn what_is_no_tree() {
        let deep =
            format!("{}{}", r#"{"children":["#.repeat(101), r#"{"node":{"id":1}}"#) + &"]}".repeat(101);
        for body in
            ["[]", "{}", "<html>", r#"{"data":[]}"#, r#"{"children":{}}"#, r#"{"children":[1]}"#, &deep]
        {
            assert_eq!(rows(body), None, "{body}");
        }
    }
}
