//! Lists the crates compiled into the binary, from `cargo metadata`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;

use super::Dist;
use super::build::output_of;
use crate::env_var;

/// A crate in the binary.
pub(super) struct Crate {
    pub(super) name: String,
    pub(super) version: String,
    /// An SPDX expression.
    pub(super) licence: Option<String>,
    pub(super) repository: Option<String>,
    /// SHA-256 of the registry's archive; none for the workspace's own crates.
    pub(super) checksum: Option<String>,
    /// Whether it comes from a registry.
    pub(super) is_foreign: bool,
    /// The folder of its sources on this machine.
    pub(super) folder: PathBuf,
    /// The crates it depends on, as `NAME@VERSION`.
    pub(super) uses: BTreeSet<String>,
}

/// All crates, by `NAME@VERSION`, which unlike Cargo's ids contains no path of this machine.
pub(super) fn crates(dist: &Dist) -> Result<BTreeMap<String, Crate>, String> {
    let mut command = Command::new(env_var("CARGO").unwrap_or_else(|| "cargo".to_owned()));
    command.current_dir(&dist.root);
    command.args(["metadata", "--format-version=1", "--locked", "--filter-platform", &dist.triple]);
    let metadata = output_of(&mut command, "cargo metadata")?;
    let metadata: Value =
        serde_json::from_str(&metadata).map_err(|error| format!("cargo metadata: {error}"))?;
    let lock = dist.root.join("Cargo.lock");
    let lock = fs::read_to_string(&lock).map_err(|error| format!("{}: {error}", lock.display()))?;
    let sums = sums(&lock);

    let by_id = |list: &Value| -> BTreeMap<String, Value> {
        list_of(list).iter().map(|one| (text(&one["id"]), one.clone())).collect()
    };
    let (packages, nodes) = (by_id(&metadata["packages"]), by_id(&metadata["resolve"]["nodes"]));
    let shipped = packages.iter().find(|(_, package)| package["name"] == "lucca-connector");
    let mut to_visit = vec![shipped.ok_or("cargo metadata does not list lucca-connector")?.0.clone()];
    let (mut seen, mut crates) = (BTreeSet::new(), BTreeMap::new());
    while let Some(id) = to_visit.pop() {
        let (Some(package), Some(node)) = (packages.get(&id), nodes.get(&id)) else { continue };
        if !seen.insert(id) {
            continue;
        }
        // Dependencies of tests and build scripts are not in the binary.
        let used = list_of(&node["deps"])
            .iter()
            .filter(|dep| list_of(&dep["dep_kinds"]).iter().any(|kind| kind["kind"].is_null()))
            .map(|dep| text(&dep["pkg"]))
            .filter(|id| packages.contains_key(id));
        let used: Vec<String> = used.collect();
        let (name, version) = (text(&package["name"]), text(&package["version"]));
        let reference = reference(package);
        let one = Crate {
            // Older crates separate licences with a slash.
            licence: package["license"].as_str().map(|licence| licence.replace('/', " OR ")),
            repository: package["repository"].as_str().map(str::to_owned),
            checksum: sums.get(&reference).cloned(),
            is_foreign: package["source"].is_string(),
            folder: PathBuf::from(text(&package["manifest_path"]))
                .parent()
                .map(PathBuf::from)
                .unwrap_or_default(),
            uses: used.iter().filter_map(|id| packages.get(id)).map(self::reference).collect(),
            name,
            version,
        };
        crates.insert(reference, one);
        to_visit.extend(used);
    }
    Ok(crates)
}

fn reference(package: &Value) -> String {
    format!("{}@{}", text(&package["name"]), text(&package["version"]))
}

/// The checksums of `Cargo.lock`, by `NAME@VERSION`.
fn sums(lock: &str) -> BTreeMap<String, String> {
    let entry = |entry: &str| {
        let value = |key: &str| {
            let line = entry.lines().find_map(|line| line.strip_prefix(key))?;
            Some(line.trim_start_matches(" = ").trim_matches('"').to_owned())
        };
        Some((format!("{}@{}", value("name")?, value("version")?), value("checksum")?))
    };
    lock.split("[[package]]").filter_map(entry).collect()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn list_of(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}
