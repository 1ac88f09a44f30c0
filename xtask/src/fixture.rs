//! Creates databases of the previous version as files: `crates/cli/tests/it/previous_database.rs` runs each
//! migration on them without building that version. Create them again when `packaging/previous-version`
//! changes.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::bench::{Connector, TempDir, Tenant};
use crate::debian::run;
use crate::postgres::Postgres;
use crate::{print_line, root, upgrade};

const FIXTURES: &str = "crates/cli/tests/fixtures/previous";
const PEOPLE: u32 = 12;

/// Creates the databases with the previous version, from an emulated tenant.
pub(crate) fn make() -> Result<(), String> {
    let Some(previous) = upgrade::previous_programs()? else {
        return Err("the previous version's commit is not in this clone: fetch it, or update packaging/previous-version".to_owned());
    };
    let binary = previous.join("lucca-connector");
    let fixtures = root()?.join(FIXTURES);
    let failed = |error: std::io::Error| format!("{}: {error}", fixtures.display());
    fs::create_dir_all(&fixtures).map_err(failed)?;

    let dir = TempDir::new("fixture")?;
    let data = dir.path().join("sqlite");
    let connector = Connector { binary: &binary, data: &data, database: None };
    let facts = fill(&connector)?;
    // A backup is one file and includes the write-ahead log.
    let file = fixtures.join("connector.db");
    if file.exists() {
        fs::remove_file(&file).map_err(failed)?;
    }
    run_json(&connector, &["backup", &file.display().to_string()])?;
    fs::copy(data.join("master.key"), fixtures.join("master.key")).map_err(failed)?;
    write_facts(&fixtures.join("sqlite.json"), &facts)?;

    let postgres = Postgres::start()?;
    let data = dir.path().join("postgres");
    fs::create_dir_all(&data).map_err(failed)?;
    // One master key opens both databases.
    fs::copy(fixtures.join("master.key"), data.join("master.key")).map_err(failed)?;
    let url = postgres.url();
    let facts = fill(&Connector { binary: &binary, data: &data, database: Some(&url) })?;
    dump(&postgres, &fixtures.join("connector.sql"))?;
    write_facts(&fixtures.join("postgres.json"), &facts)?;
    print_line(&format!("== fixture: {}", fixtures.display()));
    Ok(())
}

/// Links a tenant, syncs it, erases an employee, adds a feed and a SCIM target; returns the facts that tests expect.
fn fill(connector: &Connector<'_>) -> Result<Value, String> {
    let tenant = Tenant::start(connector.binary, PEOPLE)?;
    connector.link(&tenant)?;
    run_json(connector, &["sync"])?;
    let first = employees(connector)?.first().cloned().ok_or("no employee was synced")?;
    let first = format!("id:{first}");
    run_json(connector, &["employees", "erase", &first, "--yes"])?;
    run_json(connector, &["calendar-feeds", "add", "Team", "--department", "1"])?;
    let token = connector.data.join("token");
    fs::write(&token, "a-token").map_err(|error| format!("{}: {error}", token.display()))?;
    let token = token.display().to_string();
    run_json(connector, &["scim", "add", "https://id.example/scim", "--token-file", &token])?;
    run_json(connector, &["sync"])?;
    Ok(json!({
        "employees": employees(connector)?,
        "scim_targets": run_json(connector, &["scim", "list"])?.as_array().map(Vec::len),
        "feeds": run_json(connector, &["calendar-feeds", "list"])?.as_array().map(Vec::len),
        "erasures": run_json(connector, &["employees", "erasures"])?.as_array().map(Vec::len),
    }))
}

fn employees(connector: &Connector<'_>) -> Result<Vec<String>, String> {
    let list = run_json(connector, &["employees", "list"])?;
    let id = |person: &Value| person["id"].as_str().map(str::to_owned);
    Ok(list.as_array().into_iter().flatten().filter_map(id).collect())
}

fn run_json(connector: &Connector<'_>, arguments: &[&str]) -> Result<Value, String> {
    let output = connector.command(arguments).stderr(Stdio::inherit()).output();
    let output = output.map_err(|error| format!("{}: {error}", arguments.join(" ")))?;
    if !output.status.success() {
        return Err(format!("{} failed: {}", arguments.join(" "), String::from_utf8_lossy(&output.stdout)));
    }
    serde_json::from_slice(&output.stdout).map_err(|error| format!("{}: {error}", arguments.join(" ")))
}

fn write_facts(path: &Path, facts: &Value) -> Result<(), String> {
    fs::write(path, format!("{facts:#}\n")).map_err(|error| format!("{}: {error}", path.display()))
}

/// Writes the database as SQL that any client can run.
fn dump(postgres: &Postgres, to: &PathBuf) -> Result<(), String> {
    run(
        Command::new("pg_dump")
            .args(["--no-owner", "--no-privileges", "--inserts", "--schema=public", "--file"])
            .arg(to)
            .arg(postgres.url()),
        "pg_dump",
    )?;
    let failed = |error: std::io::Error| format!("{}: {error}", to.display());
    let text = fs::read_to_string(to).map_err(failed)?;
    // Drops psql's own commands, and statements on objects that every database has.
    let is_sql =
        |line: &&str| !line.starts_with('\\') && !line.contains("SCHEMA public") && !line.starts_with("--");
    let sql: Vec<&str> = text.lines().filter(is_sql).filter(|line| !line.is_empty()).collect();
    fs::write(to, sql.join("\n") + "\n").map_err(failed)
}
