//! The bill of materials: every crate in the binary, as CycloneDX; and the texts of their licences, which most
//! licences require in a distribution.

use std::collections::BTreeMap;
use std::fs;

use serde_json::{Value, json};

use super::Dist;
use super::crates::Crate;

/// The bill, as a JSON document.
pub(super) fn bill(dist: &Dist, crates: &BTreeMap<String, Crate>) -> Result<String, String> {
    let mut components = Vec::new();
    let mut shipped = Value::Null;
    for (reference, one) in crates {
        let mut component = component(reference, one);
        if one.name == "lucca-connector" {
            component["type"] = json!("application");
            shipped = component;
        } else {
            components.push(component);
        }
    }
    let dependencies =
        crates.iter().map(|(reference, one)| json!({ "ref": reference, "dependsOn": one.uses }));
    let time =
        jiff::Timestamp::from_second(dist.epoch).map_err(|error| format!("SOURCE_DATE_EPOCH: {error}"))?;
    let bill = json!({
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": { "timestamp": time.to_string(), "component": shipped },
        "components": components,
        "dependencies": dependencies.collect::<Vec<_>>(),
    });
    serde_json::to_string_pretty(&bill).map_err(|error| format!("the bill of materials: {error}"))
}

fn component(reference: &str, one: &Crate) -> Value {
    let mut component = json!({
        "type": "library",
        "bom-ref": reference,
        "name": one.name,
        "version": one.version,
    });
    if let Some(licence) = &one.licence {
        component["licenses"] = json!([{ "expression": licence }]);
    }
    // Crates of the workspace are in no registry, where other crates may have their names.
    if one.is_foreign {
        component["purl"] = json!(format!("pkg:cargo/{reference}"));
    }
    if let Some(sum) = &one.checksum {
        component["hashes"] = json!([{ "alg": "SHA-256", "content": sum }]);
    }
    if let Some(repository) = &one.repository {
        component["externalReferences"] = json!([{ "type": "vcs", "url": repository }]);
    }
    component
}

/// Name prefixes of files that hold a licence or a notice.
const LICENCES: &[&str] = &["LICENSE", "LICENCE", "COPYING", "COPYRIGHT", "NOTICE", "UNLICENSE"];

/// The licences of all third-party crates: each text once, under the crates that have it.
pub(super) fn licences(crates: &BTreeMap<String, Crate>) -> Result<String, String> {
    let mut texts: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for (reference, one) in crates.iter().filter(|(_, one)| one.is_foreign) {
        let entries =
            fs::read_dir(&one.folder).map_err(|error| format!("{}: {error}", one.folder.display()))?;
        for entry in entries.filter_map(Result::ok) {
            let name = entry.file_name().to_string_lossy().to_uppercase();
            if !LICENCES.iter().any(|begin| name.starts_with(begin)) || !entry.path().is_file() {
                continue;
            }
            let path = entry.path();
            let text = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
            let of = texts.entry(text.trim().replace('\r', "")).or_default();
            if of.last() != Some(&reference.as_str()) {
                of.push(reference);
            }
        }
    }
    let mut sections: Vec<(Vec<&str>, String)> = texts.into_iter().map(|(text, of)| (of, text)).collect();
    sections.sort();
    let sections =
        sections.into_iter().map(|(of, text)| format!("{}\n{}\n\n{text}\n", "=".repeat(80), of.join(", ")));
    let opening = "Third-party crates compiled into lucca-connector, with their licences.\n\
                   Crates without a text here are under the licence in the bill of materials.\n\n";
    Ok(opening.to_owned() + &sections.collect::<Vec<_>>().join("\n"))
}
