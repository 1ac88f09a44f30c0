//! `cargo xtask dist`: what is shipped. Builds the binary, lays it out with its manual, completions, units and bill of
//! materials, packs that as an archive and a Debian package, and starts what it packed. The same sources and compiler
//! give the same bytes.

mod build;
mod check;
mod crates;
mod pack;
mod sbom;
mod stage;

use std::fs;
use std::path::{Path, PathBuf};

use crate::{given, say};

/// What is to be packed, and where it goes.
struct Dist {
    /// The repository.
    root: PathBuf,
    /// Where Cargo puts what it builds.
    target: PathBuf,
    /// Cargo's profile.
    profile: String,
    /// The system it is for, as Rust calls it.
    triple: String,
    version: String,
    /// The time that everything in the packages bears, in seconds since 1970.
    epoch: i64,
}

/// The profile that is shipped; see `Cargo.toml`.
pub(crate) const SHIPPED: &str = "dist";

/// Builds, packs and tries the packages.
pub(crate) fn run(profile: &str) -> Result<(), String> {
    let dist = Dist::new(profile)?;
    let binary = build::binary(&dist)?;
    let out = dist.out();
    recreate(&out.join("stage"))?;
    let stage = stage::lay_out(&dist, &binary)?;
    let archive = pack::archive(&dist, &stage)?;
    let mut packed = vec![archive.clone(), pack::bill(&dist, &stage)?];
    packed.extend(pack::debian(&dist, &stage)?);
    pack::sums(&out, &packed)?;
    check::same_again(&dist, &stage, &archive)?;
    check::starts(&dist, &archive)?;
    for file in &packed {
        say(&format!("{}", file.display()));
    }
    Ok(())
}

impl Dist {
    fn new(profile: &str) -> Result<Self, String> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let root = root.canonicalize().map_err(|error| format!("{}: {error}", root.display()))?;
        let target = root.join(given("CARGO_TARGET_DIR").unwrap_or_else(|| "target".to_owned()));
        let told = build::rustc(&["-vV"])?;
        let triple = told.lines().find_map(|line| line.strip_prefix("host: "));
        let epoch = match given("SOURCE_DATE_EPOCH") {
            Some(epoch) => epoch,
            None => build::told(
                build::git(&root).args(["log", "-1", "--format=%ct"]),
                "asking Git for the time of the last commit, which SOURCE_DATE_EPOCH would say,",
            )?,
        };
        Ok(Self {
            triple: triple.ok_or("rustc does not say which system this is")?.to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            epoch: epoch.trim().parse().map_err(|error| format!("SOURCE_DATE_EPOCH: {error}"))?,
            profile: profile.to_owned(),
            root,
            target,
        })
    }

    /// Whether it is built for others to run, and not only to see whether packing works.
    fn is_optimised(&self) -> bool {
        self.profile != "dev"
    }

    /// Where the packages go; those that are for no one do not replace those that are shipped.
    fn out(&self) -> PathBuf {
        let out = self.target.join("dist");
        if self.profile == SHIPPED { out } else { out.join(&self.profile) }
    }

    /// What the archive is called, and the one folder in it.
    fn name(&self) -> String {
        format!("lucca-connector-{}-{}", self.version, self.triple)
    }
}

/// Makes a folder that is empty.
fn recreate(dir: &Path) -> Result<(), String> {
    if dir.exists() {
        fs::remove_dir_all(dir).map_err(|error| format!("{}: {error}", dir.display()))?;
    }
    fs::create_dir_all(dir).map_err(|error| format!("{}: {error}", dir.display()))
}
