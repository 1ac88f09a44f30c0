//! Each crate uses only the floors below it: see ARCHITECTURE.md.

use std::process::Command;

use serde_json::Value;

/// Every crate with the crates of ours it may use.
const FLOORS: &[(&str, &[&str])] = &[
    ("people", &[]),
    ("net", &[]),
    ("texts", &["people"]),
    ("lucca-emulator", &[]),
    ("lucca", &["people", "net"]),
    ("store", &["people"]),
    ("normalise", &["people", "lucca"]),
    ("linking", &["people", "texts", "net", "lucca", "store"]),
    ("sync", &["people", "net", "lucca", "store", "normalise"]),
    ("absences", &["people", "net", "lucca", "store", "normalise", "linking"]),
    ("jobs", &["people", "texts", "net", "lucca", "store", "linking", "sync", "absences", "delivery"]),
    ("delivery", &["people", "texts", "net", "store"]),
    ("files", &["people", "store", "delivery"]),
    ("api-types", &["people", "store", "linking", "absences", "jobs", "delivery"]),
    ("web", &["people", "net", "lucca", "store", "linking", "absences", "jobs", "api-types"]),
    (
        "api",
        &["people", "lucca", "store", "linking", "sync", "absences", "jobs", "delivery", "web", "api-types"],
    ),
    ("linking-flow", &["people", "texts", "lucca", "store", "linking", "web"]),
    ("server", &["people", "texts", "net", "store", "jobs", "delivery", "web", "api", "linking-flow"]),
    (
        "lucca-connector",
        &[
            "people",
            "texts",
            "net",
            "lucca",
            "store",
            "linking",
            "sync",
            "absences",
            "jobs",
            "delivery",
            "files",
            "api-types",
            "web",
            "server",
            "lucca-emulator",
        ],
    ),
    // For tests and trials: nothing of the product uses them.
    ("test-database", &["store"]),
    ("chaos", &["people", "net", "lucca", "store", "sync", "jobs", "lucca-emulator", "test-database"]),
    ("xtask", &[]),
];

#[test]
fn no_crate_uses_one_above_or_beside_it() {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version=1", "--no-deps", "--offline"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    assert_eq!(packages.len(), FLOORS.len(), "a crate without a floor");
    for package in packages {
        let name = package["name"].as_str().unwrap();
        let (_, allowed) = FLOORS.iter().find(|(floor, _)| *floor == name).unwrap();
        for dependency in package["dependencies"].as_array().unwrap() {
            // Tests of any floor may start the emulated tenant, use a database of their own and sync into it.
            let used = dependency["name"].as_str().unwrap();
            let is_ours = FLOORS.iter().any(|(floor, _)| *floor == used);
            let is_test =
                dependency["kind"] == "dev" && ["lucca-emulator", "test-database", "sync"].contains(&used);
            assert!(!is_ours || is_test || allowed.contains(&used), "{name} uses {used}");
        }
    }
}
