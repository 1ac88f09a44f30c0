//! Lays out the tree to pack: as under `/usr`, so that it can be unpacked there.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::build::output_of;
use super::{Dist, crates, sbom};
use crate::debian::run;

/// The folder of the documents in the tree.
pub(super) const DOC: &str = "share/doc/lucca-connector";

/// Files of `packaging/` that are shipped as examples.
const EXAMPLES: &[&str] = &["compose.yaml", "env", "grafana", "kubernetes", "prometheus"];

/// The folder in which each shell searches completions.
const COMPLETIONS: &[(&str, &str)] = &[
    ("bash", "share/bash-completion/completions/lucca-connector"),
    ("zsh", "share/zsh/site-functions/_lucca-connector"),
    ("fish", "share/fish/vendor_completions.d/lucca-connector.fish"),
];

/// Lays out the tree, and returns its folder.
pub(super) fn lay_out(dist: &Dist, binary: &Path) -> Result<PathBuf, String> {
    let stage = dist.out().join("stage").join(dist.name());
    let program = stage.join("bin/lucca-connector");
    put(binary, &program)?;
    if !dist.is_optimised() {
        // Packing debug symbols would take most of the time.
        run(Command::new("strip").arg("--strip-debug").arg(&program), "strip")?;
    }
    let packaging = dist.root.join("packaging");
    put(&packaging.join("systemd"), &stage.join("lib/systemd/system"))?;
    for (shell, path) in COMPLETIONS {
        let script = output_of(Command::new(binary).args(["completions", shell]), "making completions")?;
        write(&stage.join(path), &script)?;
    }
    let manual = stage.join("share/man/man1");
    output_of(Command::new(binary).arg("man").arg(&manual), "making the manual")?;
    run(Command::new("gzip").args(["-9nr"]).arg(&manual), "compressing the manual")?;
    let doc = stage.join(DOC);
    for name in ["README.md", "LICENSE", "docs"] {
        put(&dist.root.join(name), &doc.join(name))?;
    }
    for name in EXAMPLES {
        put(&packaging.join(name), &doc.join("examples").join(name))?;
    }
    let crates = crates::crates(dist)?;
    write(&doc.join("sbom.cdx.json"), &sbom::bill(dist, &crates)?)?;
    write(&doc.join("THIRD-PARTY-LICENCES"), &sbom::licences(&crates)?)?;
    // Overrides the machine's umask.
    run(Command::new("chmod").args(["-R", "u=rwX,go=rX"]).arg(&stage), "chmod")?;
    Ok(stage)
}

/// Copies a file or a folder to `to`, and creates missing folders.
pub(super) fn put(from: &Path, to: &Path) -> Result<(), String> {
    if let Some(parent) = to.parent() {
        fs::create_dir_all(parent).map_err(|error| format!("{}: {error}", parent.display()))?;
    }
    run(Command::new("cp").arg("-RT").arg(from).arg(to), "cp")
}

/// Writes a file, and creates missing folders.
pub(super) fn write(path: &Path, content: &str) -> Result<(), String> {
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent).map_err(|error| format!("{}: {error}", parent.display()))?;
    }
    fs::write(path, content).map_err(|error| format!("{}: {error}", path.display()))
}
