//! Lists hidden records, which the API key no longer sees: by kind, and by employee.

use async_recursion::async_recursion as boxed;
use people::{Kind, RemoteId};

use crate::db::on;
use crate::dialect::json_list;
use crate::error::while_doing;
use crate::{Error, Store};

const DOING: &str = "listing hidden records";

impl Store {
    /// Lists the ids of the hidden records of a kind, withheld ones included, in the order of ids as text.
    #[boxed]
    pub async fn hidden_ids(&self, account_no: i64, kind: Kind) -> Result<Vec<RemoteId>, Error> {
        let ids: Vec<String> = on!(self.db, pool => sqlx::query_scalar(
            "SELECT remote_id FROM records WHERE account_no = $1 AND kind = $2 AND state = 'hidden' ORDER BY remote_id",
        )
        .bind(account_no)
        .bind(kind.name())
        .fetch_all(pool)
        .await)
        .map_err(while_doing(DOING))?;
        Ok(ids.into_iter().map(RemoteId::from).collect())
    }

    /// Lists the ids of the hidden records of a kind that belong to these employees.
    #[boxed]
    pub async fn hidden_of(
        &self,
        account_no: i64,
        kind: Kind,
        employees: &[RemoteId],
    ) -> Result<Vec<RemoteId>, Error> {
        let sql = self.db.with_ids(
            "SELECT remote_id FROM records WHERE account_no = $1 AND kind = $2 AND state = 'hidden' \
                 AND employee_id IN {ids} ORDER BY remote_id",
            3,
        );
        let ids: Vec<String> = on!(self.db, pool => sqlx::query_scalar(sql)
            .bind(account_no)
            .bind(kind.name())
            .bind(json_list(employees))
            .fetch_all(pool)
            .await)
        .map_err(while_doing(DOING))?;
        Ok(ids.into_iter().map(RemoteId::from).collect())
    }
}
