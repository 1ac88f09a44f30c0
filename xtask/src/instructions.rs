//! Counts the instructions of a first sync per thousand records with callgrind, by their purpose: a guard
//! against slower syncs, which no other test detects. Unlike seconds, instructions are the same on a busy
//! machine, but not with another compiler or processor: figures of those are printed and not compared.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use serde::{Deserialize, Serialize};

use crate::bench::{Connector, TempDir, Tenant, records_read};
use crate::debian::{self, run};
use crate::{cargo_program, print_line, root, target};

/// The figures to compare with.
const FIGURES: &str = "docs/design/instructions.json";
const EMPLOYEES: u32 = 1_000;
/// Permille by which a part may rise: the difference between runs is below five.
const ALLOWED: u64 = 30;
/// Number of functions remembered for each part, and listed when it rises.
const FUNCTIONS: usize = 25;

/// The parts of a sync, and fragments of their functions' names. The first match counts.
const PARTS: [(&str, &[&str]); 5] = [
    ("hash", &["xxhash", "sha2::", "xxh3"]),
    ("commit", &["sqlite3", "sqlx", "store::", "balance_", "vdbe", "pager"]),
    ("decode", &["lucca::", "serde_json::de", "serde_json::read", "Deserialize"]),
    ("normalise", &["normalise::", "people::"]),
    ("diff", &["sync::", "serde_json::"]),
];

/// Instructions per thousand records.
#[derive(Debug, Default, Deserialize, Serialize)]
struct Part {
    instructions: u64,
    functions: BTreeMap<String, u64>,
}

/// The counts, with the compiler and processor they hold for.
#[derive(Debug, Deserialize, Serialize)]
struct Figures {
    compiler: String,
    processor: String,
    parts: BTreeMap<String, Part>,
}

/// Counts and compares with the committed figures; with `writes` replaces them.
pub(crate) fn guard(writes: bool) -> Result<(), String> {
    if !Command::new("valgrind").arg("--version").output().is_ok_and(|output| output.status.success()) {
        debian::install("valgrind", &["valgrind"], "then run this again")?;
    }
    let counted = count()?;
    let path = root()?.join(FIGURES);
    if writes {
        let json = serde_json::to_string_pretty(&counted).map_err(|error| error.to_string())?;
        return fs::write(&path, json + "\n").map_err(|error| format!("{}: {error}", path.display()));
    }
    let text = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    let before: Figures = serde_json::from_str(&text).map_err(|error| format!("{FIGURES}: {error}"))?;
    let is_comparable = before.compiler == counted.compiler && before.processor == counted.processor;
    let mut risen = Vec::new();
    print_line("| part | instructions for 1,000 records | before | change |\n|---|---|---|---|");
    for (name, part) in &counted.parts {
        let old = before.parts.get(name).map_or(0, |part| part.instructions);
        print_line(&format!(
            "| {name} | {} | {old} | {} |",
            part.instructions,
            change(old, part.instructions)
        ));
        if has_risen(old, part.instructions) {
            risen.push(name.as_str());
            list_risen_functions(before.parts.get(name), part);
        }
    }
    if !is_comparable {
        print_line(&format!(
            "not compared, because the figures come from another compiler or processor: {} on {}",
            before.compiler, before.processor
        ));
        return Ok(());
    }
    if risen.is_empty() {
        return Ok(());
    }
    Err(format!(
        "a sync takes over 3 % more instructions for: {}. Fix it, or accept it with `cargo xtask instructions --write`",
        risen.join(", ")
    ))
}

fn has_risen(old: u64, new: u64) -> bool {
    new * 1000 > old * (1000 + ALLOWED)
}

fn change(old: u64, new: u64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "a percentage for people")]
    let percent = 100.0 * (new as f64 - old as f64) / old.max(1) as f64;
    format!("{percent:+.1} %")
}

fn list_risen_functions(before: Option<&Part>, part: &Part) {
    let old = |name: &String| before.and_then(|before| before.functions.get(name)).copied().unwrap_or(0);
    let mut risen: Vec<(u64, &String)> = part
        .functions
        .iter()
        .filter_map(|(name, now)| Some((now.checked_sub(old(name))?, name)))
        .filter(|(more, _)| *more > 0)
        .collect();
    risen.sort_by(|one, other| other.cmp(one));
    for (more, name) in risen {
        print_line(&format!("    +{more}  {name}"));
    }
}

/// Builds the program with symbols, and counts a first sync of an emulated tenant.
fn count() -> Result<Figures, String> {
    let build =
        ["rustc", "--release", "--locked", "--package", "lucca-connector", "--bin", "lucca-connector"];
    print_line(&format!("== instructions: cargo {}", build.join(" ")));
    // Not through the profile, which would rebuild every crate.
    run(Command::new(cargo_program()).args(build).args(["--", "-C", "strip=none"]), "cargo rustc")?;
    let binary = target()?.join("release/lucca-connector");
    let tenant = Tenant::start(&binary, EMPLOYEES)?;
    let dir = TempDir::new("instructions")?;
    let connector = Connector { binary: &binary, data: dir.path(), database: None };
    connector.link(&tenant)?;
    let out = dir.path().join("callgrind.out");
    let sync = connector.command(&["sync"]);
    let mut valgrind = Command::new("valgrind");
    valgrind
        .args(["--tool=callgrind", "--quiet", "--separate-threads=no"])
        .arg(format!("--callgrind-out-file={}", out.display()))
        .arg(&binary)
        .args(sync.get_args())
        .envs(sync.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let output = valgrind.output().map_err(|error| format!("valgrind: {error}"))?;
    if !output.status.success() {
        return Err(format!("valgrind: {}", String::from_utf8_lossy(&output.stderr)));
    }
    let report = serde_json::from_slice(&output.stdout).map_err(|error| error.to_string())?;
    let records = records_read(&report).max(1);
    Ok(Figures { compiler: compiler()?, processor: processor(), parts: parts(&out, records)? })
}

/// Instructions by part, from callgrind's file.
fn parts(out: &Path, records: u64) -> Result<BTreeMap<String, Part>, String> {
    let output = Command::new("callgrind_annotate")
        .args(["--threshold=100", "--auto=no"])
        .arg(out)
        .output()
        .map_err(|error| format!("callgrind_annotate: {error}"))?;
    let mut parts: BTreeMap<String, Part> = BTreeMap::new();
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        let Some((instructions, function)) = function(line) else { continue };
        let Some((part, _)) =
            PARTS.iter().find(|(_, names)| names.iter().any(|name| function.contains(name)))
        else {
            continue;
        };
        let part = parts.entry((*part).to_owned()).or_default();
        part.instructions += instructions;
        *part.functions.entry(function).or_default() += instructions;
    }
    if parts.len() < PARTS.len() {
        return Err(format!("no function was counted of some of {:?}", PARTS.map(|(name, _)| name)));
    }
    for part in parts.values_mut() {
        part.instructions = part.instructions * 1000 / records;
        part.functions.values_mut().for_each(|count| *count = *count * 1000 / records);
        let mut most: Vec<u64> = part.functions.values().copied().collect();
        most.sort_unstable_by(|one, other| other.cmp(one));
        let least = most.get(FUNCTIONS).copied().unwrap_or(0);
        part.functions.retain(|_, count| *count > least);
    }
    Ok(parts)
}

/// Reads the count and name from a line such as `1,234 (5.6%)  ???:store::commit::commit::h01234 [/…]`.
fn function(line: &str) -> Option<(u64, String)> {
    let (count, rest) = line.trim_start().split_once(" (")?;
    let count = count.replace(',', "").parse().ok()?;
    let name = rest.split_once(")  ")?.1;
    let name = name.split_once(" [").map_or(name, |(name, _)| name);
    let name = name.split_once(':').map_or(name, |(_, name)| name);
    let name = match name.rsplit_once("::h") {
        Some((name, hash)) if hash.len() == 16 => name,
        _ => name,
    };
    Some((count, name.to_owned()))
}

fn compiler() -> Result<String, String> {
    let output = Command::new("rustc").arg("-V").output().map_err(|error| format!("rustc: {error}"))?;
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// The processor features by which libraries choose their code.
fn processor() -> String {
    const FEATURES: [&str; 4] = ["avx2", "bmi2", "sha_ni", "sse4_2"];
    let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let flags = info.lines().find(|line| line.starts_with("flags")).unwrap_or_default();
    let there = FEATURES.into_iter().filter(|feature| flags.split(' ').any(|flag| flag == *feature));
    [std::env::consts::ARCH].into_iter().chain(there).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_are_read_from_the_annotation() {
        let line = "1,234,567 ( 5.61%)  ???:store::commit::commit::h0123456789abcdef [/x/lucca-connector]";
        assert_eq!(function(line), Some((1_234_567, "store::commit::commit".to_owned())));
        assert_eq!(function("99 (0.1%)  sqlite3.c:balance [/x]"), Some((99, "balance".to_owned())));
        assert_eq!(function("Profiled target:  x"), None);
    }

    #[test]
    fn only_more_than_the_allowed_share_is_a_rise() {
        assert!(!has_risen(1000, 1030));
        assert!(has_risen(1000, 1031));
    }
}
