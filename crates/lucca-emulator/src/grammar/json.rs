//! Writes the selected properties of a record as JSON.
//!
//! Straight to bytes: a page of a thousand users with all their fields takes milliseconds. Not included: the
//! value of each property (`resources`), the envelope (`routes`).

use std::{borrow::Cow, fmt::Write as _};

use super::{
    node::Node,
    schema::{Chosen, Property, Selection},
    value::Value,
};
use crate::{
    switches::{AbsenceStamps, HiddenFields},
    view::View,
};

/// Writes one resource.
pub(crate) fn write_node(out: &mut String, view: &View<'_>, node: Node<'_>, selection: &Selection) {
    let of = node.of();
    out.push('{');
    let start = out.len();
    match selection {
        Selection::Chosen(chosen) => {
            for Chosen { property, inner } in chosen {
                write_property(out, start, view, node, property, inner);
            }
        }
        Selection::Default if of.entity => {
            for property in of.properties.iter().filter(|p| matches!(p.name, "id" | "name" | "url")) {
                write_property(out, start, view, node, property, &Selection::Default);
            }
        }
        Selection::Default | Selection::Full | Selection::Keys(_) => {
            for property in of.properties {
                write_property(out, start, view, node, property, &Selection::Default);
            }
        }
    }
    out.push('}');
}

fn write_property(
    out: &mut String,
    start: usize,
    view: &View<'_>,
    node: Node<'_>,
    property: &'static Property,
    inner: &Selection,
) {
    let value = node.get(view, property.name);
    // Axis values are returned as one root key per axis (source: wire-grammar.md §1.3).
    if property.name == "userAxisValues"
        && let Value::Dictionary(entries) = value
    {
        let absent = match inner {
            Selection::Keys(keys) => keys.as_slice(),
            _ => &[],
        };
        for (axis, value) in entries {
            if absent.is_empty() || absent.iter().any(|key| *key == axis) {
                key(out, start, &format!("userAxisValues_{axis}"));
                write_value(out, view, value, &Selection::Default);
            }
        }
        return;
    }
    if matches!(value, Value::Hidden) && view.switches.hidden_fields == HiddenFields::Omitted {
        return;
    }
    key(out, start, property.key(view.switches.key_casing));
    if let Value::Moment(stamp) = value
        && property.zoned
        && view.switches.absence_stamps == AbsenceStamps::UtcMarked
    {
        display(out, format_args!("\"{stamp}Z\""));
        return;
    }
    write_value(out, view, value, inner);
}

fn key(out: &mut String, start: usize, name: &str) {
    if out.len() > start {
        out.push(',');
    }
    write_text(out, name);
    out.push(':');
}

fn write_value(out: &mut String, view: &View<'_>, value: Value<'_>, inner: &Selection) {
    match value {
        Value::Null | Value::Hidden => out.push_str("null"),
        Value::Bool(b) => out.push_str(if b { "true" } else { "false" }),
        Value::Int(n) => display(out, n),
        Value::Big(n) => display(out, n),
        Value::Number(n) => display(out, n),
        Value::Text(text) => write_text(out, &text),
        Value::Moment(stamp) => {
            out.push('"');
            display(out, stamp);
            out.push('"');
        }
        Value::One(node) => write_node(out, view, node, inner),
        Value::Many(nodes) => list(out, nodes, |out, node| write_node(out, view, node, inner)),
        Value::List(values) => list(out, values, |out, value| write_value(out, view, value, inner)),
        Value::Dictionary(entries) => write_dictionary(out, view, entries, inner),
    }
}

fn write_dictionary(
    out: &mut String,
    view: &View<'_>,
    entries: Vec<(Cow<'_, str>, Value<'_>)>,
    inner: &Selection,
) {
    out.push('{');
    let start = out.len();
    if let Selection::Keys(keys) = inner {
        let mut entries: Vec<_> = entries.into_iter().map(|(name, value)| (name, Some(value))).collect();
        for asked in keys {
            let found = entries.iter_mut().find(|(name, _)| name.eq_ignore_ascii_case(asked));
            // An unknown key is null under the requested name (source: wire-grammar.md §1.3).
            match found {
                Some((name, value)) => {
                    key(out, start, name);
                    write_value(out, view, value.take().unwrap_or(Value::Null), &Selection::Default);
                }
                None => {
                    key(out, start, asked);
                    out.push_str("null");
                }
            }
        }
    } else {
        for (name, value) in entries {
            key(out, start, &name);
            write_value(out, view, value, &Selection::Default);
        }
    }
    out.push('}');
}

/// Writes a JSON array.
pub(crate) fn list<T>(
    out: &mut String,
    items: impl IntoIterator<Item = T>,
    mut write: impl FnMut(&mut String, T),
) {
    out.push('[');
    for (i, item) in items.into_iter().enumerate() {
        if i > 0 {
            out.push(',');
        }
        write(out, item);
    }
    out.push(']');
}

/// Writes a JSON string.
pub(crate) fn write_text(out: &mut String, text: &str) {
    out.push('"');
    let mut plain = 0;
    for (at, byte) in text.bytes().enumerate() {
        if byte >= 0x20 && byte != b'"' && byte != b'\\' {
            continue;
        }
        out.push_str(text.get(plain..at).unwrap_or(""));
        plain = at + 1;
        match byte {
            b'"' => out.push_str("\\\""),
            b'\\' => out.push_str("\\\\"),
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            b'\t' => out.push_str("\\t"),
            other => display(out, format_args!("\\u{other:04x}")),
        }
    }
    out.push_str(text.get(plain..).unwrap_or(""));
    out.push('"');
}

fn display(out: &mut String, value: impl std::fmt::Display) {
    // Writing to a String can't fail.
    let _ = write!(out, "{value}");
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn texts_are_json(text in any::<String>()) {
            let mut out = String::new();
            write_text(&mut out, &text);
            prop_assert_eq!(serde_json::from_str::<String>(&out).expect("valid JSON"), text);
        }
    }
}
