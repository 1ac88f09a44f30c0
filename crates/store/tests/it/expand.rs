//! Rules that let the previous version run beside this one: migrations only add, statements tolerate added
//! columns, and released migrations are never edited. The released ones are listed in
//! `migrations/released.sha256`.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use sha2::{Digest, Sha256};

const EDITED: &str = "a released migration was edited or is gone. Databases have noted what it was, and this version would \
                      refuse them: put it back as it was, and write what is to be otherwise into a new one";
const INSTEAD: &str = "the version before would fail on these tables, and may go on beside this one for as long as an upgrade \
                       takes. Instead, of a column or table that is no longer used: stop using it in this version, and \
                       remove it in a later one, with the line `-- contract: not used since VERSION` in its migration. Of \
                       a new name or type: add a column or table beside the old one, write both, read the new one in the \
                       next version. Of a column that may not be empty: give it a DEFAULT";
/// The line in a migration that removes what no version that may still run uses.
const CONTRACT: &str = "-- contract: not used since ";

/// Every migration's text, by its engine and name.
fn migrations() -> BTreeMap<String, String> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations");
    let mut all = BTreeMap::new();
    for engine in ["postgres", "sqlite"] {
        for file in fs::read_dir(dir.join(engine)).unwrap() {
            let file = file.unwrap();
            let name = format!("{engine}/{}", file.file_name().into_string().unwrap());
            all.insert(name, fs::read_to_string(file.path()).unwrap());
        }
    }
    all
}

/// The hash of each released migration, in hexadecimal digits.
fn released() -> BTreeMap<&'static str, &'static str> {
    let lines = include_str!("../../migrations/released.sha256").lines();
    lines.map(|line| line.split_once("  ").unwrap()).map(|(hash, name)| (name, hash)).collect()
}

/// Whether a migration states since which version nothing uses what it removes.
fn is_contract(sql: &str) -> bool {
    let versions = sql.lines().filter_map(|line| line.trim().strip_prefix(CONTRACT));
    versions.into_iter().any(|version| version.starts_with(|first: char| first.is_ascii_digit()))
}

/// The parts of a migration that a version without it may fail on.
fn breaking(sql: &str) -> Vec<String> {
    let lines = sql.lines().map(|line| line.split("--").next().unwrap_or_default());
    let code = lines.collect::<Vec<_>>().join(" ").to_uppercase();
    code.split(';').flat_map(parts).filter(|part| is_breaking(part)).collect()
}

/// Splits a statement that alters several things of a table into one part for each; others are one part.
fn parts(statement: &str) -> Vec<String> {
    let words: Vec<&str> = statement.split_whitespace().collect();
    let ["ALTER", "TABLE", rest @ ..] = &words[..] else { return vec![words.join(" ")] };
    let options = rest.iter().take_while(|word| ["IF", "EXISTS", "ONLY"].contains(*word)).count();
    let Some((table, rest)) = rest[options..].split_first() else { return Vec::new() };
    let (mut depth, mut all) = (0, vec![String::new()]);
    for letter in rest.join(" ").chars() {
        depth += i32::from(letter == '(') - i32::from(letter == ')');
        match letter {
            ',' if depth == 0 => all.push(String::new()),
            letter => all.last_mut().unwrap().push(letter),
        }
    }
    all.iter().map(|part| format!("ALTER TABLE {table} {}", part.trim())).collect()
}

fn is_breaking(part: &str) -> bool {
    let words: Vec<&str> = part.split_whitespace().collect();
    let has = |these: &[&str]| words.windows(these.len()).any(|some| some == these);
    match &words[..] {
        ["DROP", "TABLE", ..] => true,
        ["ALTER", ..] if has(&["RENAME"]) => true,
        ["ALTER", "TABLE", _, "DROP", what, ..] => *what != "CONSTRAINT",
        ["ALTER", "TABLE", _, "ALTER", ..] => has(&["TYPE"]) || has(&["SET", "NOT", "NULL"]),
        ["ALTER", "TABLE", _, "ADD", "CONSTRAINT", ..] => false,
        ["ALTER", "TABLE", _, "ADD", ..] => {
            has(&["NOT", "NULL"]) && !has(&["DEFAULT"]) && !has(&["GENERATED"])
        }
        _ => false,
    }
}

#[test]
fn a_released_migration_is_never_edited() {
    let migrations = migrations();
    for (name, hash) in released() {
        let is: Option<String> = migrations.get(name).map(|sql| hex::encode(Sha256::digest(sql.as_bytes())));
        assert_eq!(is.as_deref(), Some(hash), "{name}: {EDITED}");
    }
}

#[test]
fn a_new_migration_only_adds() {
    let released = released();
    for (name, sql) in migrations() {
        let breaking = if is_contract(&sql) { Vec::new() } else { breaking(&sql) };
        assert!(released.contains_key(&*name) || breaking.is_empty(), "{name}: {breaking:#?}: {INSTEAD}");
    }
}

/// PostgreSQL refuses a prepared statement whose result has got another column, for as long as the connection
/// lasts: the previous version could read nothing more of a table to which this one adds.
#[test]
fn statements_name_the_columns_that_they_read() {
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let source = fs::read_to_string(&path).unwrap();
            let words: Vec<&str> = source.split([' ', '\n', '"', ',', '(']).collect();
            let is_all = |pair: &[&str]| ["SELECT", "RETURNING"].contains(&pair[0]) && pair[1] == "*";
            let all = words.windows(2).any(is_all) || words.iter().any(|word| word.ends_with(".*"));
            assert!(!all, "{}: a statement selects all columns", path.display());
        }
    }
}

#[test]
fn breaking_migrations_are_recognised() {
    for sql in [
        "DROP TABLE a",
        "-- why\ncreate table b (x TEXT);\ndrop table if exists a;",
        "ALTER TABLE a DROP COLUMN b",
        "ALTER TABLE IF EXISTS a\n    DROP b",
        "ALTER TABLE a RENAME TO b",
        "ALTER TABLE a RENAME COLUMN b TO c",
        "ALTER VIEW a RENAME TO b",
        "ALTER TABLE a ALTER COLUMN b TYPE BIGINT",
        "ALTER TABLE a ALTER b SET DATA TYPE BIGINT",
        "ALTER TABLE a ALTER COLUMN b SET NOT NULL",
        "ALTER TABLE a ADD COLUMN b BIGINT NOT NULL",
        "ALTER TABLE a ADD b NUMERIC(1, 2) DEFAULT 0, ADD c BIGINT NOT NULL -- DEFAULT 0",
    ] {
        assert_eq!(breaking(sql).len(), 1, "{sql}");
    }
    for sql in [
        "CREATE TABLE a (b TEXT NOT NULL); CREATE INDEX c ON a (b); DROP INDEX d; UPDATE a SET b = ''",
        "ALTER TABLE a ADD COLUMN b BIGINT",
        "ALTER TABLE a ADD COLUMN b BIGINT NOT NULL DEFAULT 0, ADD COLUMN c TEXT",
        "ALTER TABLE a DROP CONSTRAINT b; ALTER TABLE a ADD CONSTRAINT b CHECK (c IS NOT NULL)",
        "ALTER TABLE a ALTER COLUMN b SET DEFAULT 0, ALTER c DROP NOT NULL",
        "-- DROP TABLE a;",
    ] {
        assert!(breaking(sql).is_empty(), "{sql}");
    }
    assert!(is_contract("-- Not written any more.\n-- contract: not used since 0.2.0\nDROP TABLE a;"));
    assert!(!is_contract("-- contract: not used since long\nDROP TABLE a;"));
}
