//! `cargo xtask dist`: the release packages. Builds the binary, lays it out with its manual, completions,
//! units and bill of materials, packs an archive and a Debian package, and starts the packed binary. The same
//! sources and compiler give the same bytes.

mod build;
mod check;
mod crates;
mod pack;
mod sbom;
mod stage;

use std::fs;
use std::path::{Path, PathBuf};

use crate::{env_var, print_line};

/// The packages to make, and where.
struct Dist {
    /// The repository.
    root: PathBuf,
    /// Cargo's target folder.
    target: PathBuf,
    /// Cargo's profile.
    profile: String,
    /// Rust's target triple of the packages.
    triple: String,
    version: String,
    /// The timestamp of every packed file, in seconds since 1970.
    epoch: i64,
}

/// The release profile; see `Cargo.toml`.
pub(crate) const SHIPPED: &str = "dist";

/// Builds, packs and checks the packages.
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
    check::check_reproducible(&dist, &stage, &archive)?;
    check::check_starts(&dist, &archive)?;
    for file in &packed {
        print_line(&format!("{}", file.display()));
    }
    Ok(())
}

impl Dist {
    fn new(profile: &str) -> Result<Self, String> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let root = root.canonicalize().map_err(|error| format!("{}: {error}", root.display()))?;
        let target = root.join(env_var("CARGO_TARGET_DIR").unwrap_or_else(|| "target".to_owned()));
        let output = build::rustc(&["-vV"])?;
        let triple = output.lines().find_map(|line| line.strip_prefix("host: "));
        let epoch = match env_var("SOURCE_DATE_EPOCH") {
            Some(epoch) => epoch,
            None => build::output_of(
                build::git(&root).args(["log", "-1", "--format=%ct"]),
                "reading the time of the last commit from Git, because SOURCE_DATE_EPOCH is not set,",
            )?,
        };
        Ok(Self {
            triple: triple.ok_or("rustc did not report the host triple")?.to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            epoch: epoch.trim().parse().map_err(|error| format!("SOURCE_DATE_EPOCH: {error}"))?,
            profile: profile.to_owned(),
            root,
            target,
        })
    }

    /// Whether this is a release build, and not only a check that packing works.
    fn is_optimised(&self) -> bool {
        self.profile != "dev"
    }

    /// The output folder. Packages of other profiles go to a subfolder, so that they do not replace release
    /// packages.
    fn out(&self) -> PathBuf {
        let out = self.target.join("dist");
        if self.profile == SHIPPED { out } else { out.join(&self.profile) }
    }

    /// The name of the archive, and of the one folder in it.
    fn name(&self) -> String {
        format!("lucca-connector-{}-{}", self.version, self.triple)
    }
}

/// Creates an empty folder, and deletes its previous content.
fn recreate(dir: &Path) -> Result<(), String> {
    if dir.exists() {
        fs::remove_dir_all(dir).map_err(|error| format!("{}: {error}", dir.display()))?;
    }
    fs::create_dir_all(dir).map_err(|error| format!("{}: {error}", dir.display()))
}
