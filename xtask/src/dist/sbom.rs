//! The bill of materials: every crate that is compiled into the binary, as CycloneDX, from `cargo metadata`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::process::Command;

use serde_json::{Value, json};

use super::Dist;
use super::build::told;
use crate::given;

/// The bill, as a JSON document.
pub(super) fn bill(dist: &Dist) -> Result<String, String> {
    let cargo = given("CARGO").unwrap_or_else(|| "cargo".to_owned());
    let mut command = Command::new(cargo);
    command.current_dir(&dist.root);
    command.args(["metadata", "--format-version=1", "--locked", "--filter-platform", &dist.triple]);
    let metadata = told(&mut command, "cargo metadata")?;
    let metadata: Value =
        serde_json::from_str(&metadata).map_err(|error| format!("cargo metadata: {error}"))?;
    let lock = dist.root.join("Cargo.lock");
    let lock = fs::read_to_string(&lock).map_err(|error| format!("{}: {error}", lock.display()))?;
    let sums = sums(&lock);

    let packages = list(&metadata["packages"]);
    let packages: BTreeMap<&str, &Value> =
        packages.iter().map(|package| (text(&package["id"]), package)).collect();
    let nodes = list(&metadata["resolve"]["nodes"]);
    let nodes: BTreeMap<&str, &Value> = nodes.iter().map(|node| (text(&node["id"]), node)).collect();
    let (&shipped, _) = packages
        .iter()
        .find(|(_, package)| text(&package["name"]) == "lucca-connector")
        .ok_or("cargo metadata does not know lucca-connector")?;

    let (mut seen, mut to_visit) = (BTreeSet::new(), vec![shipped]);
    let (mut components, mut dependencies) = (BTreeMap::new(), BTreeMap::new());
    while let Some(id) = to_visit.pop() {
        let (Some(package), Some(node)) = (packages.get(id), nodes.get(id)) else { continue };
        if !seen.insert(id) {
            continue;
        }
        // What only tests or build scripts use is in no binary.
        let used = list(&node["deps"])
            .iter()
            .filter(|dep| list(&dep["dep_kinds"]).iter().any(|kind| kind["kind"].is_null()))
            .map(|dep| text(&dep["pkg"]));
        let used: Vec<&str> = used.filter(|id| packages.contains_key(id)).collect();
        let on: BTreeSet<String> = used.iter().map(|id| reference(packages[id])).collect();
        dependencies.insert(reference(package), on);
        components.insert(reference(package), component(package, &sums));
        to_visit.extend(used);
    }
    let main = components.remove(&reference(packages[shipped]));
    let mut main = main.ok_or("lucca-connector is no part of itself")?;
    main["type"] = json!("application");
    let time =
        jiff::Timestamp::from_second(dist.epoch).map_err(|error| format!("SOURCE_DATE_EPOCH: {error}"))?;
    let bill = json!({
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": { "timestamp": time.to_string(), "component": main },
        "components": components.into_values().collect::<Vec<_>>(),
        "dependencies": dependencies
            .into_iter()
            .map(|(on, uses)| json!({ "ref": on, "dependsOn": uses }))
            .collect::<Vec<_>>(),
    });
    serde_json::to_string_pretty(&bill).map_err(|error| format!("the bill of materials: {error}"))
}

fn component(package: &Value, sums: &BTreeMap<(String, String), String>) -> Value {
    let (name, version) = (text(&package["name"]), text(&package["version"]));
    let mut component = json!({
        "type": "library",
        "bom-ref": reference(package),
        "name": name,
        "version": version,
    });
    if let Some(licence) = package["license"].as_str() {
        // The form that older crates have.
        component["licenses"] = json!([{ "expression": licence.replace('/', " OR ") }]);
    }
    // Our own crates are in no registry, where others may have their names.
    if package["source"].is_string() {
        component["purl"] = json!(format!("pkg:cargo/{name}@{version}"));
    }
    if let Some(sum) = sums.get(&(name.to_owned(), version.to_owned())) {
        component["hashes"] = json!([{ "alg": "SHA-256", "content": sum }]);
    }
    if let Some(repository) = package["repository"].as_str() {
        component["externalReferences"] = json!([{ "type": "vcs", "url": repository }]);
    }
    component
}

/// What a crate is called in the bill: not its folder, which is one of this machine.
fn reference(package: &Value) -> String {
    format!("{}@{}", text(&package["name"]), text(&package["version"]))
}

/// The checksums of `Cargo.lock`, by name and version.
fn sums(lock: &str) -> BTreeMap<(String, String), String> {
    let entry = |entry: &str| {
        let value = |key: &str| {
            let line = entry.lines().find_map(|line| line.strip_prefix(key))?;
            Some(line.trim_start_matches(" = ").trim_matches('"').to_owned())
        };
        Some(((value("name")?, value("version")?), value("checksum")?))
    };
    lock.split("[[package]]").filter_map(entry).collect()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}
