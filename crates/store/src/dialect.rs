//! SQL that differs between SQLite and PostgreSQL.

use people::RemoteId;
use sqlx::AssertSqlSafe;

use crate::db::Db;

impl Db {
    /// `sql` with its `IN {ids}` made a condition on the JSON list of texts in parameter `$n`.
    pub(crate) fn with_ids(&self, sql: &str, n: u8) -> AssertSqlSafe<String> {
        let condition = match self {
            Self::Sqlite(_) => format!("IN (SELECT value FROM json_each(${n}))"),
            // As an array it is looked up in an index; a subquery would be joined, by a guess of its size.
            Self::Postgres(_) => format!("= ANY (ARRAY(SELECT jsonb_array_elements_text(${n}::jsonb)))"),
        };
        AssertSqlSafe(sql.replace("IN {ids}", &condition))
    }

    /// `sql` with each `{body.name}` replaced by that member of the column `body`, as text.
    pub(crate) fn with_members(&self, sql: &str) -> AssertSqlSafe<String> {
        let column = match self {
            Self::Sqlite(_) => "body ->> '",
            Self::Postgres(_) => "body::jsonb ->> '",
        };
        AssertSqlSafe(sql.replace("{body.", column).replace('}', "'"))
    }

    /// Names the index to read a table by, where the engine needs the hint.
    pub(crate) fn indexed_by(&self, index: &str) -> String {
        match self {
            Self::Sqlite(_) => format!(" INDEXED BY {index}"),
            Self::Postgres(_) => String::new(),
        }
    }
}

/// Whether a JSON text holds a NUL character, as an escape or literally. PostgreSQL can neither store one in
/// a text nor query JSON that has one, so neither database stores any.
pub fn has_nul(json: &[u8]) -> bool {
    let mut is_escape = false;
    json.iter().enumerate().any(|(at, byte)| {
        let is_escaped = std::mem::take(&mut is_escape);
        is_escape = *byte == b'\\' && !is_escaped;
        *byte == 0 || is_escaped && json[at..].starts_with(b"u0000")
    })
}

/// Ids as one parameter, for [`Db::with_ids`].
pub(crate) fn json_list(ids: &[RemoteId]) -> String {
    // A list of texts always has a JSON form.
    serde_json::to_string(ids).unwrap_or_else(|_| "[]".to_owned())
}
