//! Contract dates: logs contracts that begin or end as changes of employees, without a request to Lucca.

use async_recursion::async_recursion as boxed;
use jiff::Timestamp;
use jiff::civil::Date;
use people::{Kind, RemoteId};
use sqlx::AssertSqlSafe;

use crate::db::{in_tx, on};
use crate::error::while_doing;
use crate::records::changes::{self, NewChange, Operation};
use crate::{Error, Lease, Store};

impl Store {
    /// Logs in the change log the employees whose contracts began, and those whose contracts ended, since the
    /// last call and until `today`. The first call for an account logs nothing: dates before the first sync
    /// are no changes. Returns the number of logged employees.
    #[boxed]
    pub async fn tell_turning(&self, lease: &Lease, today: Date, now: Timestamp) -> Result<usize, Error> {
        const DOING: &str = "logging contracts that begin and end";
        let logged_until: Option<String> = on!(self.db, pool => sqlx::query_scalar(
            "SELECT told_until FROM linked_accounts WHERE no = $1",
        )
        .bind(lease.account_no)
        .fetch_one(pool)
        .await)
        .map_err(while_doing(DOING))?;
        let logged_until: Option<Date> = logged_until.and_then(|day| day.parse().ok());
        if logged_until.is_some_and(|logged_until| logged_until >= today) {
            return Ok(0);
        }
        let mut news = Vec::new();
        let mut affected = Vec::new();
        if let Some(logged_until) = logged_until {
            // On a contract's last day the employee is still employed, so `ended` is logged the day after. An
            // employee whose data has a new contract by then has not ended.
            let ended = "ends_on >= $2 AND ends_on < $3";
            let started = "starts_on > $2 AND starts_on <= $3 AND (ends_on IS NULL OR ends_on >= $3)";
            for (condition, operation) in [(ended, Operation::Ended), (started, Operation::Started)] {
                let ids = self.employees_where(lease.account_no, condition, logged_until, today).await?;
                news.extend(changes::state_changes(Kind::Employee, &ids, operation));
                affected.extend(ids);
            }
            affected.extend(self.owners_with_changed_status(lease.account_no, logged_until, today).await?);
        }
        self.write_contract_changes(lease, &news, &affected, today, now, DOING).await?;
        Ok(news.len())
    }

    async fn employees_where(
        &self,
        account_no: i64,
        condition: &str,
        logged_until: Date,
        today: Date,
    ) -> Result<Vec<RemoteId>, Error> {
        let sql = AssertSqlSafe(format!(
            "SELECT remote_id FROM records WHERE account_no = $1 AND kind = 'employees' AND state = 'present' \
             AND {condition} ORDER BY remote_id"
        ));
        let ids: Vec<String> = on!(self.db, pool => sqlx::query_scalar(sql)
            .bind(account_no)
            .bind(logged_until.to_string())
            .bind(today.to_string())
            .fetch_all(pool)
            .await)
        .map_err(while_doing("reading contracts that begin or end"))?;
        Ok(ids.into_iter().map(RemoteId::from).collect())
    }

    /// Returns the employees whose status may have changed because an employment began or ended: their
    /// record's own contract dates need not contain it.
    async fn owners_with_changed_status(
        &self,
        account_no: i64,
        logged_until: Date,
        today: Date,
    ) -> Result<Vec<RemoteId>, Error> {
        let ids: Vec<Option<String>> = on!(self.db, pool => sqlx::query_scalar(
            "SELECT DISTINCT employee_id FROM records WHERE account_no = $1 AND kind = 'employments' \
             AND state = 'present' AND (starts_on > $2 AND starts_on <= $3 OR ends_on >= $2 AND ends_on < $3)",
        )
            .bind(account_no)
            .bind(logged_until.to_string())
            .bind(today.to_string())
            .fetch_all(pool)
            .await)
        .map_err(while_doing("reading contracts that begin or end"))?;
        Ok(ids.into_iter().flatten().map(RemoteId::from).collect())
    }

    async fn write_contract_changes(
        &self,
        lease: &Lease,
        news: &[NewChange],
        affected: &[RemoteId],
        today: Date,
        now: Timestamp,
        doing: &'static str,
    ) -> Result<(), Error> {
        let mut tx = self.begin_under(lease, now, doing).await?;
        let write = async {
            changes::append(&mut tx, lease.account_no, lease.run(), news, now).await?;
            self.touch(&mut tx, lease.account_no, affected, now).await?;
            in_tx!(&mut tx, connection => sqlx::query("UPDATE linked_accounts SET told_until = $2 WHERE no = $1")
                .bind(lease.account_no)
                .bind(today.to_string())
                .execute(connection)
                .await
                .map(drop))?;
            tx.commit().await
        };
        write.await.map_err(while_doing(doing))
    }
}
