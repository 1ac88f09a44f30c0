//! Every key in the code and the templates exists, and every key is used.

use std::collections::BTreeSet;
use std::path::Path;

use people::Language;

use crate::parsed::catalog;

/// The areas of keys: a string of the code that begins with one is a key, or, with a hyphen at its end, a family of
/// keys.
const AREAS: [&str; 10] = [
    "calendar-",
    "flow-",
    "format-",
    "issue-",
    "language-",
    "permission-",
    "reads-",
    "record-",
    "widget-",
    "writes-",
];

/// Strings of the code that look like keys.
const NO_KEYS: [&str; 0] = [];

/// The sources and templates of all crates, without tests.
fn sources() -> Vec<String> {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut sources = Vec::new();
    for entry in std::fs::read_dir(crates).unwrap() {
        for folder in ["src", "templates"] {
            read_folder(&entry.as_ref().unwrap().path().join(folder), &mut sources);
        }
    }
    sources
}

fn read_folder(folder: &Path, sources: &mut Vec<String>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries {
        let path = entry.unwrap().path();
        if path.is_dir() {
            read_folder(&path, sources);
        } else if let Ok(source) = std::fs::read_to_string(&path) {
            sources.push(source.split("#[cfg(test)]").next().unwrap_or_default().to_owned());
        }
    }
}

/// The keys and families in the sources.
fn used() -> BTreeSet<String> {
    let sources = sources();
    let strings = sources.iter().flat_map(|source| source.split('"'));
    strings.filter(|text| is_key(text)).map(str::to_owned).collect()
}

fn is_key(text: &str) -> bool {
    let is_plain =
        text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    is_plain && AREAS.iter().any(|area| text.starts_with(area)) && !NO_KEYS.contains(&text)
}

#[test]
fn keys_in_the_code_exist() {
    let catalog = catalog(Language::English);
    let unknown: Vec<String> = used()
        .into_iter()
        .filter(|used| {
            let exists = |key: &String| key == used || used.ends_with('-') && key.starts_with(used);
            !catalog.keys().any(exists)
        })
        .collect();
    assert!(unknown.is_empty(), "no catalog has {unknown:?}");
}

#[test]
fn keys_are_used() {
    let used = used();
    let families: Vec<&String> = used.iter().filter(|used| used.ends_with('-')).collect();
    let unused: Vec<String> = catalog(Language::English)
        .into_keys()
        .filter(|key| !used.contains(key) && !families.iter().any(|family| key.starts_with(*family)))
        .collect();
    assert!(unused.is_empty(), "no code uses {unused:?}");
}

#[test]
fn texts_without_values_have_no_placeholders() {
    let catalog = catalog(Language::English);
    for source in sources() {
        for call in source.split(".text(\"").skip(1) {
            let key = call.split('"').next().unwrap_or_default();
            if let Some(message) = catalog.get(key) {
                assert!(message.placeholders.is_empty(), "{key} needs {:?}", message.placeholders);
            }
        }
    }
}
