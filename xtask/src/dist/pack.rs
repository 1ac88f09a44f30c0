//! Packs the tree as an archive and a Debian package, with checksums.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::build::output_of;
use super::stage::{DOC, put, write};
use super::{Dist, recreate};
use crate::debian::{self, run};
use crate::print_line;

/// Packs the tree as `NAME.tar.gz`.
pub(super) fn archive(dist: &Dist, stage: &Path) -> Result<PathBuf, String> {
    let archive = dist.out().join(format!("{}.tar.gz", dist.name()));
    pack(dist, stage, &archive)?;
    Ok(archive)
}

/// Packs a tree reproducibly: sorted by name, owned by root, with one timestamp.
pub(super) fn pack(dist: &Dist, stage: &Path, archive: &Path) -> Result<(), String> {
    let level = if dist.is_optimised() { "-9" } else { "-1" };
    let parent = stage.parent().unwrap_or(stage);
    run(
        Command::new("tar")
            .args(["--create", "--format=gnu", "--sort=name", "--owner=0", "--group=0", "--numeric-owner"])
            .arg(format!("--mtime=@{}", dist.epoch))
            .arg(format!("--use-compress-program=gzip -n {level}"))
            .arg("--file")
            .arg(archive)
            .arg("--directory")
            .arg(parent)
            .args(stage.file_name())
            .env("LC_ALL", "C"),
        "tar",
    )
}

/// The bill of materials beside the archive, so that users can read it before unpacking.
pub(super) fn bill(dist: &Dist, stage: &Path) -> Result<PathBuf, String> {
    let bill = dist.out().join(format!("{}.cdx.json", dist.name()));
    put(&stage.join(DOC).join("sbom.cdx.json"), &bill)?;
    Ok(bill)
}

/// The Debian package of the same tree; none without `dpkg-deb`.
pub(super) fn debian(dist: &Dist, stage: &Path) -> Result<Option<PathBuf>, String> {
    if !Path::new("/usr/bin/dpkg-deb").exists() {
        print_line("no Debian package: dpkg-deb is missing");
        return Ok(None);
    }
    if !Path::new("/usr/bin/dpkg-shlibdeps").exists() {
        debian::install("dpkg-shlibdeps", &["dpkg-dev"], "which lists the dependencies of a binary")?;
    }
    let tree = dist.out().join("stage/debian");
    recreate(&tree)?;
    let usr = tree.join("usr");
    put(stage, &usr)?;
    // Debian's own paths for these.
    put(&usr.join("share/zsh/site-functions"), &usr.join("share/zsh/vendor-completions"))?;
    remove(&usr.join("share/zsh/site-functions"))?;
    let doc = usr.join(DOC);
    put(&dist.root.join("packaging/debian/copyright"), &doc.join("copyright"))?;
    remove(&doc.join("LICENSE"))?;
    fs::create_dir_all(tree.join("etc/lucca-connector")).map_err(|error| format!("/etc: {error}"))?;

    let control = tree.join("DEBIAN");
    for script in ["postinst", "prerm", "postrm"] {
        let from = dist.root.join("packaging/debian").join(script);
        put(&from, &control.join(script))?;
        run(Command::new("chmod").arg("755").arg(control.join(script)), "chmod")?;
    }
    let architecture = output_of(Command::new("dpkg").arg("--print-architecture"), "dpkg")?;
    let architecture = architecture.trim();
    let size = output_of(Command::new("du").args(["-sk", "--apparent-size"]).arg(&usr), "du")?;
    let text = fs::read_to_string(dist.root.join("packaging/debian/control"))
        .map_err(|error| format!("packaging/debian/control: {error}"))?
        .replace("@VERSION@", &dist.version)
        .replace("@ARCHITECTURE@", architecture)
        .replace("@DEPENDS@", &libraries(dist, &stage.join("bin/lucca-connector"))?)
        .replace("@SIZE@", size.split_whitespace().next().unwrap_or("0"));
    write(&control.join("control"), &text)?;
    run(Command::new("chmod").args(["-R", "u=rwX,go=rX"]).arg(&tree), "chmod")?;

    let package = dist.out().join(format!("lucca-connector_{}_{architecture}.deb", dist.version));
    let compression: &[&str] = if dist.is_optimised() { &["-Zxz"] } else { &["-Zgzip", "-z1"] };
    run(
        Command::new("dpkg-deb")
            .args(["--root-owner-group", "--threads-max=1"])
            .args(compression)
            .arg("--build")
            .arg(&tree)
            .arg(&package)
            .env("SOURCE_DATE_EPOCH", dist.epoch.to_string())
            .stdout(std::process::Stdio::null()),
        "dpkg-deb",
    )?;
    Ok(Some(package))
}

/// The packages of the libraries that the binary links.
fn libraries(dist: &Dist, binary: &Path) -> Result<String, String> {
    // `dpkg-shlibdeps` must run in a source package.
    let work = dist.out().join("stage/libraries");
    write(
        &work.join("debian/control"),
        "Source: lucca-connector\n\nPackage: lucca-connector\nArchitecture: any\n",
    )?;
    let mut command = Command::new("dpkg-shlibdeps");
    command.current_dir(&work).arg("-O").arg(format!("-e{}", binary.display()));
    let output = output_of(&mut command, "dpkg-shlibdeps")?;
    let depends = output.lines().find_map(|line| line.strip_prefix("shlibs:Depends="));
    depends.map(str::to_owned).ok_or_else(|| format!("dpkg-shlibdeps listed no libraries: {output}"))
}

fn remove(path: &Path) -> Result<(), String> {
    let removed = if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
    removed.map_err(|error| format!("{}: {error}", path.display()))
}

/// Writes `SHA256SUMS` for `sha256sum --check`.
pub(super) fn sums(out: &Path, packed: &[PathBuf]) -> Result<(), String> {
    let names = packed.iter().filter_map(|file| file.file_name());
    let sums = output_of(Command::new("sha256sum").args(names).current_dir(out), "sha256sum")?;
    write(&out.join("SHA256SUMS"), &sums)
}
