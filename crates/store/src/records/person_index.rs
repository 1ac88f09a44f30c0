//! Index of a linked account's employees for resolving references: every employee that is or was stored, with
//! their standing.

use async_recursion::async_recursion as boxed;
use futures::TryStreamExt;
use people::{Employee, PersonIndex, PersonLabel, PersonStanding};

use crate::db::on;
use crate::error::{stored, while_doing};
use crate::records::lookup::RecordState;
use crate::{Error, Store};

impl Store {
    /// Reads the index for resolving references to employees. It includes employees that are hidden, gone,
    /// withheld or erased, so that a bare value that once meant one of them does not silently mean another.
    ///
    /// # Errors
    ///
    /// [`Error::CorruptRecord`] if a record can't be parsed, and database errors.
    #[boxed]
    pub async fn person_index(&self, account_no: i64) -> Result<PersonIndex, Error> {
        const DOING: &str = "reading employees";
        let mut index = PersonIndex::default();
        let kind = people::Kind::Employee;
        on!(self.db, pool => {
            let mut rows = sqlx::query_as::<_, (String, String, bool)>(
                "SELECT body, state, withheld IS NOT NULL FROM records WHERE account_no = $1 AND kind = $2 \
                 ORDER BY remote_id",
            )
            .bind(account_no)
            .bind(kind.name())
            .fetch(pool);
            while let Some((body, state, is_withheld)) = rows.try_next().await.map_err(while_doing(DOING))? {
                let employee: Employee =
                    serde_json::from_str(&body).map_err(|source| Error::CorruptRecord { kind, source })?;
                let standing = match stored("records", &state)? {
                    _ if is_withheld => PersonStanding::Withheld,
                    RecordState::Present => PersonStanding::Present,
                    RecordState::Hidden => PersonStanding::Hidden,
                    RecordState::Gone => PersonStanding::Gone,
                };
                index.add(PersonLabel::of(&employee), standing);
            }
            Ok::<(), Error>(())
        })?;
        for id in self.erased_ids(account_no).await? {
            let name = String::new();
            let label = PersonLabel { id, name, employee_number: None, work_email: None };
            index.add(label, PersonStanding::Withheld);
        }
        Ok(index)
    }
}
