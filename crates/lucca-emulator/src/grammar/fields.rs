//! The tree of `fields=`. Names only: `grammar::schema` checks whether they exist.
//!
//! Source: wire-grammar.md §1.3, directory.md §5.2.

use std::fmt;

/// Deeper nesting is refused as malformed, so that no request can exhaust the stack.
const DEEPEST: usize = 40;

/// The requested names, nested. Stored flat (children by index) so that dropping it needs no recursion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FieldTree {
    nodes: Vec<FieldNode>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct FieldNode {
    name: String,
    children: Vec<usize>,
    depth: usize,
}

/// Error: the text is not a field tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct MalformedFields;

impl FieldTree {
    pub(crate) fn parse(text: &str) -> Result<Self, MalformedFields> {
        let mut tree =
            Self { nodes: vec![FieldNode { name: String::new(), children: Vec::new(), depth: 0 }] };
        let mut brackets = vec![0_usize];
        let mut cursor = 0_usize;
        let mut name = String::new();
        let mut after_dot = false;
        let mut space_after_name = false;
        for c in text.chars() {
            match c {
                ',' | ']' => {
                    if name.is_empty() && after_dot {
                        return Err(MalformedFields);
                    }
                    if !name.is_empty() {
                        tree.child(cursor, &name)?;
                        name.clear();
                    }
                    if c == ']' {
                        brackets.pop();
                    }
                    // After `]` the next member belongs to the outer bracket, with or without a comma.
                    cursor = *brackets.last().ok_or(MalformedFields)?;
                    after_dot = false;
                }
                '.' | '[' => {
                    if name.is_empty() {
                        return Err(MalformedFields);
                    }
                    cursor = tree.child(cursor, &name)?;
                    name.clear();
                    after_dot = c == '.';
                    if c == '[' {
                        brackets.push(cursor);
                    }
                }
                c if c.is_whitespace() => space_after_name |= !name.is_empty(),
                c => name.push(c),
            }
            if space_after_name {
                return Err(MalformedFields);
            }
        }
        // Production accepts a dot at the very end: `a.` is `a`.
        if brackets.len() != 1 {
            return Err(MalformedFields);
        }
        if !name.is_empty() {
            tree.child(cursor, &name)?;
        }
        Ok(tree)
    }

    /// The child of that name, created if it is new: duplicates merge, in any case.
    fn child(&mut self, parent: usize, name: &str) -> Result<usize, MalformedFields> {
        let known = self.nodes.get(parent).and_then(|node| {
            node.children
                .iter()
                .copied()
                .find(|child| self.nodes.get(*child).is_some_and(|node| node.name.eq_ignore_ascii_case(name)))
        });
        if let Some(child) = known {
            return Ok(child);
        }
        let child = self.nodes.len();
        let node = self.nodes.get_mut(parent).ok_or(MalformedFields)?;
        let depth = node.depth + 1;
        if depth > DEEPEST {
            return Err(MalformedFields);
        }
        node.children.push(child);
        self.nodes.push(FieldNode { name: name.to_owned(), children: Vec::new(), depth });
        Ok(child)
    }

    pub(crate) fn root(&self) -> FieldView<'_> {
        FieldView { tree: self, node: 0 }
    }
}

/// A node of the tree.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FieldView<'a> {
    tree: &'a FieldTree,
    node: usize,
}

impl<'a> FieldView<'a> {
    pub(crate) fn name(self) -> &'a str {
        self.tree.nodes.get(self.node).map_or("", |node| node.name.as_str())
    }

    pub(crate) fn children(self) -> impl Iterator<Item = FieldView<'a>> {
        let tree = self.tree;
        let children = tree.nodes.get(self.node).map_or(&[][..], |node| node.children.as_slice());
        children.iter().map(move |node| FieldView { tree, node: *node })
    }

    pub(crate) fn is_leaf(self) -> bool {
        self.children().next().is_none()
    }

    fn write(self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, child) in self.children().enumerate() {
            if i > 0 {
                f.write_str(",")?;
            }
            f.write_str(child.name())?;
            if !child.is_leaf() {
                f.write_str("[")?;
                child.write(f)?;
                f.write_str("]")?;
            }
        }
        Ok(())
    }
}

impl fmt::Display for FieldTree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.root().write(f)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn printed(text: &str) -> String {
        FieldTree::parse(text).map_or_else(|_| "malformed".to_owned(), |tree| tree.to_string())
    }

    #[test]
    fn the_odd_cases_that_are_legal() {
        assert_eq!(printed("a[b.c[d,e],f]"), "a[b[c[d,e]],f]");
        assert_eq!(printed("a[b],A[c],a.B"), "a[b,c]");
        assert_eq!(printed("id, name"), "id,name");
        assert_eq!(printed(",a,,b,"), "a,b");
        assert_eq!(printed("a[]"), "a");
        assert_eq!(printed("a,b."), "a,b");
        assert_eq!(printed("i18nLabels[x]isRemoteWork"), "i18nLabels[x],isRemoteWork");
        assert_eq!(printed("leavePeriod[owner.name,endsOn]"), "leavePeriod[owner[name],endsOn]");
        assert_eq!(printed(""), "");
    }

    #[test]
    fn the_odd_cases_that_are_not() {
        for text in ["a..b", ".a", "a.[b]", "a[b", "a]", "a b", "[b]", "a.,b", "a[b][c]"] {
            assert_eq!(printed(text), "malformed", "{text}");
        }
        assert_eq!(printed(&"a[".repeat(100_000)), "malformed");
    }

    proptest! {
        #[test]
        fn no_text_panics(text in r"[a-c\[\]\., ]{0,40}") {
            let _ = FieldTree::parse(&text);
        }

        #[test]
        fn printed_fields_parse_back(text in r"[a-e]{1,3}(\[[a-e]{1,2}(\.[a-e])?(,[a-e]{1,2})?\])?(,[f-k]{1,2}\.[a-e]){0,3}") {
            let tree = FieldTree::parse(&text).expect("the pattern is well formed");
            let again = FieldTree::parse(&tree.to_string()).expect("what was printed is well formed");
            prop_assert_eq!(again.to_string(), tree.to_string());
        }
    }
}
