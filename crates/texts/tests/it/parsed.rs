//! Catalogs as syntax trees.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use fluent_syntax::ast::{Entry, Expression, InlineExpression, Pattern, PatternElement};
use people::Language;

/// A message of a catalog.
#[derive(Default)]
pub(crate) struct Message {
    /// The parts of its text without placeholders, of every variant, and those of its attributes.
    pub(crate) parts: Vec<String>,
    /// The names of its placeholders, also those that only select a variant.
    pub(crate) placeholders: BTreeSet<String>,
    pub(crate) has_text: bool,
}

/// The messages of a catalog by key.
pub(crate) fn catalog(language: Language) -> BTreeMap<String, Message> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("catalogs/{language}.ftl"));
    let source = std::fs::read_to_string(&path).unwrap();
    let resource =
        fluent_syntax::parser::parse(source).unwrap_or_else(|(_, errors)| panic!("{path:?}: {errors:?}"));
    let mut messages = BTreeMap::new();
    for entry in &resource.body {
        let message = match entry {
            Entry::Message(message) => message,
            Entry::Comment(_) | Entry::GroupComment(_) | Entry::ResourceComment(_) => continue,
            other => panic!("{language}: only messages and comments are used, not {other:?}"),
        };
        let mut read = Message { has_text: message.value.is_some(), ..Message::default() };
        if let Some(pattern) = &message.value {
            read.pattern(pattern);
        }
        for attribute in &message.attributes {
            read.pattern(&attribute.value);
        }
        let before = messages.insert(message.id.name.clone(), read);
        assert!(before.is_none(), "{language}: {} is there twice", message.id.name);
    }
    messages
}

impl Message {
    fn pattern(&mut self, pattern: &Pattern<String>) {
        for element in &pattern.elements {
            match element {
                PatternElement::TextElement { value } => self.parts.push(value.clone()),
                PatternElement::Placeable { expression } => self.expression(expression),
            }
        }
    }

    fn expression(&mut self, expression: &Expression<String>) {
        match expression {
            Expression::Inline(inline) => self.inline(inline),
            Expression::Select { selector, variants } => {
                self.inline(selector);
                for variant in variants {
                    self.pattern(&variant.value);
                }
            }
        }
    }

    fn inline(&mut self, inline: &InlineExpression<String>) {
        match inline {
            InlineExpression::StringLiteral { value } => {
                self.parts.push(fluent_syntax::unicode::unescape_unicode_to_string(value).into_owned());
            }
            InlineExpression::VariableReference { id } => {
                self.placeholders.insert(id.name.clone());
            }
            InlineExpression::Placeable { expression } => self.expression(expression),
            other => panic!("only variables and strings are used, not {other:?}"),
        }
    }
}
