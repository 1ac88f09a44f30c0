//! Splits an object of valid JSON into its members, without reading them.
//!
//! The caller has validated the JSON when it received it. This module repeats no check, which makes reading
//! many small records fast.

use std::borrow::Cow;

/// At most `most` members of the object in `text`, in their order; `None` if it is not an object.
pub(super) fn members(text: &str, most: usize) -> Option<Vec<(Cow<'_, str>, &str)>> {
    let bytes = text.as_bytes();
    let mut at = after_space(bytes, 0);
    if bytes.get(at) != Some(&b'{') {
        return None;
    }
    at = after_space(bytes, at + 1);
    // A member takes about twenty bytes.
    let mut members = Vec::with_capacity((text.len() / 20).clamp(2, 48));
    while members.len() < most && bytes.get(at) == Some(&b'"') {
        let key_ends = string_end(bytes, at);
        let key = key(text.get(at..key_ends)?)?;
        // After the colon.
        let begins = after_space(bytes, after_space(bytes, key_ends) + 1);
        let ends = value_end(bytes, begins);
        members.push((key, text.get(begins..ends)?));
        // After the comma, or at the closing brace.
        at = after_space(bytes, ends);
        if bytes.get(at) == Some(&b',') {
            at = after_space(bytes, at + 1);
        }
    }
    Some(members)
}

/// A key in its quotes, borrowed unless it has escapes.
fn key(quoted: &str) -> Option<Cow<'_, str>> {
    let inner = quoted.get(1..quoted.len().checked_sub(1)?)?;
    if inner.contains('\\') {
        return serde_json::from_str(quoted).ok().map(Cow::Owned);
    }
    Some(Cow::Borrowed(inner))
}

fn after_space(bytes: &[u8], mut at: usize) -> usize {
    while matches!(bytes.get(at), Some(b' ' | b'\t' | b'\n' | b'\r')) {
        at += 1;
    }
    at
}

/// Index after the closing quote of the string that begins at `at`.
fn string_end(bytes: &[u8], at: usize) -> usize {
    let mut at = at + 1;
    loop {
        match bytes.get(at) {
            Some(b'"') => return at + 1,
            Some(b'\\') => at += 2,
            Some(_) => at += 1,
            None => return bytes.len(),
        }
    }
}

fn value_end(bytes: &[u8], at: usize) -> usize {
    match bytes.get(at) {
        Some(b'"') => string_end(bytes, at),
        Some(b'{' | b'[') => nested_end(bytes, at),
        _ => {
            let rest = bytes.get(at..).unwrap_or_default();
            let ends = rest
                .iter()
                .position(|byte| matches!(byte, b',' | b'}' | b']' | b' ' | b'\t' | b'\n' | b'\r'));
            ends.map_or(bytes.len(), |ends| at + ends)
        }
    }
}

fn nested_end(bytes: &[u8], mut at: usize) -> usize {
    let mut depth = 0_usize;
    loop {
        match bytes.get(at) {
            Some(b'"') => {
                at = string_end(bytes, at);
                continue;
            }
            Some(b'{' | b'[') => depth += 1,
            Some(b'}' | b']') => depth -= 1,
            Some(_) => {}
            None => return bytes.len(),
        }
        at += 1;
        if depth == 0 {
            return at;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;
    use serde_json::value::RawValue;

    use super::*;

    fn json() -> impl Strategy<Value = serde_json::Value> {
        let leaf = prop_oneof![
            Just(serde_json::Value::Null),
            any::<bool>().prop_map(Into::into),
            any::<i64>().prop_map(Into::into),
            any::<f64>().prop_map(Into::into),
            any::<String>().prop_map(Into::into),
            "[\\\\\"{}\\[\\],: ]{0,6}".prop_map(Into::into),
        ];
        leaf.prop_recursive(4, 24, 5, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(Into::into),
                prop::collection::hash_map("[a\\\\\"é{,:]{0,4}", inner, 0..5)
                    .prop_map(|map| map.into_iter().collect::<serde_json::Map<_, _>>().into()),
            ]
        })
    }

    proptest! {
        #[test]
        fn it_splits_as_serde_does(value in json(), is_pretty in any::<bool>()) {
            let text = if is_pretty { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) }.unwrap();
            let text = format!(" \n{text}\t");
            let expected: Option<HashMap<String, &RawValue>> = serde_json::from_str(&text).ok();
            let expected = expected.map(|map| map.into_iter().map(|(key, raw)| (key, raw.get())).collect::<HashMap<_, _>>());
            let split = members(&text, 100).map(|members| {
                members.into_iter().map(|(key, value)| (key.into_owned(), value)).collect::<HashMap<_, _>>()
            });
            prop_assert_eq!(split, expected);
        }

        #[test]
        fn nothing_panics_it(text in "[\\[\\]{}\",:0-9aé\\\\ ]{0,60}") {
            drop(members(&text, 5));
        }
    }
}
