//! The columns by which records are found: their SQL, and their values for records of an earlier version.
//! `people::catalog` lists the member that each column repeats.

use people::Kind;
use people::catalog::{self, Column, SearchColumns};
use sqlx::AssertSqlSafe;

use crate::db::{in_tx, on};
use crate::error::while_doing;
use crate::{Error, Store};

/// The columns of a kind by which its records are found, in SQL.
pub(crate) struct SearchColumnSql {
    columns: Vec<Column>,
    has_text: bool,
}

impl SearchColumnSql {
    pub(crate) fn of(kind: Kind) -> Self {
        Self { columns: catalog::columns(kind).collect(), has_text: catalog::has_text(kind) }
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &'static str> {
        let text = self.has_text.then_some("search_text");
        self.columns.iter().map(|column| column.name()).chain(text)
    }

    /// The values of a record, in the order of the names.
    pub(crate) fn values<'a>(&'a self, search: &'a SearchColumns) -> impl Iterator<Item = Option<&'a str>> {
        let text = self.has_text.then(|| Some(search.text()));
        self.columns.iter().map(|column| search.get(*column)).chain(text)
    }

    /// `, name = $n` for each, from parameter `first` on.
    pub(crate) fn assignments(&self, first: usize) -> String {
        (first..).zip(self.names()).map(|(n, name)| format!(", {name} = ${n}")).collect()
    }

    /// Each name in place of the `{}` of `pattern`.
    pub(crate) fn each(&self, pattern: &str) -> String {
        self.names().map(|name| pattern.replace("{}", name)).collect()
    }
}

/// Records that are filled in one transaction.
const AT_ONCE: i64 = 500;

/// Fills the columns of employees that an earlier version has written; a migration can't fold texts. If
/// interrupted, it continues at the next start.
pub(crate) async fn fill(store: &Store) -> Result<(), Error> {
    const DOING: &str = "filling the search columns of employees";
    let columns = SearchColumnSql::of(Kind::Employee);
    loop {
        let rows: Vec<(i64, String, String)> = on!(store.db, pool => sqlx::query_as(
            "SELECT account_no, remote_id, body FROM records WHERE kind = 'employees' AND search_text IS NULL LIMIT $1",
        )
        .bind(AT_ONCE)
        .fetch_all(pool)
        .await)
        .map_err(while_doing(DOING))?;
        if rows.is_empty() {
            return Ok(());
        }
        let write = async {
            let mut tx = store.begin().await?;
            for (account_no, id, body) in rows {
                // A record that can't be parsed is found by its id only.
                let search = SearchColumns::of_json(Kind::Employee, &body).unwrap_or_default();
                let sql = AssertSqlSafe(format!(
                    "UPDATE records SET state = state{} WHERE account_no = $1 AND kind = 'employees' AND remote_id = $2",
                    columns.assignments(3),
                ));
                in_tx!(&mut tx, connection => columns
                    .values(&search)
                    .fold(sqlx::query(sql).bind(account_no).bind(&id), |query, value| query.bind(value))
                    .execute(connection)
                    .await
                    .map(drop))?;
            }
            tx.commit().await
        };
        write.await.map_err(while_doing(DOING))?;
    }
}
