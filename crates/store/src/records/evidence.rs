//! Counts of employees' stored data, as evidence of the permissions of an API key. Other modules evaluate
//! them; no count is about a particular employee.

use async_recursion::async_recursion as boxed;
use jiff::civil::Date;

use crate::db::{from_sql_count, on, row};
use crate::error::while_doing;
use crate::{Error, RecordState, Store};

/// Number of employees by status, according to the dates of their applicable contract.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StandingCounts {
    /// Employed, or without dates.
    pub active: u64,
    /// Yet to begin.
    pub future: u64,
    /// Left.
    pub former: u64,
}

/// Owners of applicable contracts. Left out are employees that are gone or hidden, and contracts that begin
/// or end within a day of today: whether their owners are employed depends on the clock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OwnerCounts {
    /// With a running contract, and stored as employees.
    pub running_shown: u64,
    /// With a running contract, and never stored as employees.
    pub running: u64,
    /// With an ended contract, and never stored as employees.
    pub ended: u64,
    /// Owners among these whose contract was in an establishment with present employees.
    pub ended_nearby: u64,
    /// With a contract yet to begin, and never stored as employees.
    pub later: u64,
    /// Owners among these whose contract is in an establishment with present employees.
    pub later_nearby: u64,
}

/// References to employees, each counted, also repeated ones to the same employee: the managers of employees
/// who have not left, and heads of departments. Left out are references to employees with only a contract
/// stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReferenceCounts {
    /// All references.
    pub followed: u64,
    /// References to employees without a stored record.
    pub dangling: u64,
}

/// Counts of employees' stored data.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StoredEvidence {
    /// Employees by status today.
    pub today: StandingCounts,
    /// Employees by status that is certain: those who left or begin within a day of today count as active.
    pub certain: StandingCounts,
    /// Hidden employees by status today.
    pub hidden: StandingCounts,
    /// Employees with a first or a last day.
    pub dated: u64,
    /// Employees with a job title.
    pub job_titles: u64,
    /// Employees with a manager.
    pub managers: u64,
    /// Employees with a job qualification.
    pub qualifications: u64,
    /// Employees with a value in a custom field of the tenant.
    pub custom_fields: u64,
    /// Owners of contracts.
    pub owners: OwnerCounts,
    /// Managers and heads of departments for which neither a record nor a contract is stored.
    pub referred: u64,
    /// References to managers and heads of departments.
    pub references: ReferenceCounts,
}

row! {
    struct PeopleRow {
        state: String,
        standing: String,
        certain: String,
        people: i64,
        dated: i64,
        job_titles: i64,
        managers: i64,
        qualifications: i64,
        custom_fields: i64,
    }
}

row! {
    struct OwnersRow {
        standing: String,
        is_shown: i32,
        is_nearby: i32,
        owners: i64,
    }
}

const DOING: &str = "counting the stored data of employees";

impl StandingCounts {
    fn add(&mut self, standing: &str, count: u64) {
        match standing {
            "future" => self.future += count,
            "former" => self.former += count,
            _ => self.active += count,
        }
    }
}

impl Store {
    /// Counts the stored data of a linked account's employees, as of `today`.
    #[boxed]
    pub async fn evidence(&self, account_no: i64, today: Date) -> Result<StoredEvidence, Error> {
        let mut evidence = StoredEvidence::default();
        let days = [today.yesterday().unwrap_or(today), today, today.tomorrow().unwrap_or(today)];
        let days = days.map(|day| day.to_string());
        self.count_people(account_no, &days, &mut evidence).await?;
        self.count_owners(account_no, &days, &mut evidence.owners).await?;
        evidence.referred = self.count_referred(account_no).await?;
        evidence.references = self.count_references(account_no, &days[1]).await?;
        Ok(evidence)
    }

    async fn count_people(
        &self,
        account_no: i64,
        [yesterday, today, tomorrow]: &[String; 3],
        evidence: &mut StoredEvidence,
    ) -> Result<(), Error> {
        // Dates are ISO texts, which compare as days do.
        let sql = self.db.with_members(
            "SELECT state, standing, certain, count(*) AS people, count(dated) AS dated, \
             count(job_title) AS job_titles, count(manager) AS managers, \
             count(qualification) AS qualifications, count(custom) AS custom_fields FROM (SELECT state, \
             CASE WHEN starts_on > $3 THEN 'future' WHEN ends_on < $3 THEN 'former' \
             ELSE 'active' END AS standing, \
             CASE WHEN starts_on > $4 THEN 'future' WHEN ends_on < $2 THEN 'former' \
             ELSE 'active' END AS certain, \
             coalesce(starts_on, ends_on) AS dated, {body.job_title} AS job_title, \
             manager_id AS manager, {body.job_qualification} AS qualification, \
             {body.custom_fields} AS custom \
             FROM records WHERE account_no = $1 AND kind = 'employees' AND state <> 'gone') AS people \
             GROUP BY state, standing, certain",
        );
        let rows: Vec<PeopleRow> = on!(self.db, pool => sqlx::query_as(sql)
            .bind(account_no)
            .bind(yesterday)
            .bind(today)
            .bind(tomorrow)
            .fetch_all(pool)
            .await)
        .map_err(while_doing(DOING))?;
        for row in rows {
            let people = from_sql_count(row.people);
            if row.state == RecordState::Hidden.name() {
                evidence.hidden.add(&row.standing, people);
                continue;
            }
            evidence.today.add(&row.standing, people);
            evidence.certain.add(&row.certain, people);
            evidence.dated += from_sql_count(row.dated);
            evidence.job_titles += from_sql_count(row.job_titles);
            evidence.managers += from_sql_count(row.managers);
            evidence.qualifications += from_sql_count(row.qualifications);
            evidence.custom_fields += from_sql_count(row.custom_fields);
        }
        Ok(())
    }

    // Here and below, records are looked up by `IN`, which both engines turn into one look-up table. Joined as a
    // list, SQLite would walk through all of it for each reference, and PostgreSQL too before the first ANALYZE.
    async fn count_owners(
        &self,
        account_no: i64,
        [yesterday, today, tomorrow]: &[String; 3],
        owners: &mut OwnerCounts,
    ) -> Result<(), Error> {
        let sql = self.db.with_members(
            "WITH contracts AS (SELECT employee_id AS owner, establishment_id AS place, \
             CASE WHEN starts_on > $4 THEN 'future' WHEN ends_on < $2 THEN 'former' \
             WHEN starts_on < $3 AND coalesce(ends_on, '9999') > $3 THEN 'active' \
             ELSE 'brink' END AS standing FROM records WHERE account_no = $1 AND kind = 'employments' \
             AND state = 'present' AND CAST({body.is_applicable} AS TEXT) IN ('1', 'true')) \
             SELECT standing, is_shown, is_nearby, count(DISTINCT owner) AS owners FROM (SELECT owner, standing, \
             CASE WHEN owner IN (SELECT remote_id FROM records WHERE account_no = $1 AND kind = 'employees') \
             THEN 1 ELSE 0 END AS is_shown, \
             CASE WHEN place IN (SELECT establishment_id FROM records WHERE account_no = $1 \
             AND kind = 'employees' AND state = 'present') THEN 1 ELSE 0 END AS is_nearby \
             FROM contracts WHERE owner NOT IN (SELECT remote_id FROM records WHERE account_no = $1 \
             AND kind = 'employees' AND state <> 'present')) AS owned GROUP BY standing, is_shown, is_nearby",
        );
        let rows: Vec<OwnersRow> = on!(self.db, pool => sqlx::query_as(sql)
            .bind(account_no)
            .bind(yesterday)
            .bind(today)
            .bind(tomorrow)
            .fetch_all(pool)
            .await)
        .map_err(while_doing(DOING))?;
        for row in rows {
            let count = from_sql_count(row.owners);
            let nearby = if row.is_nearby == 1 { count } else { 0 };
            match (row.standing.as_str(), row.is_shown == 1) {
                ("active", true) => owners.running_shown += count,
                ("active", false) => owners.running += count,
                ("former", false) => {
                    owners.ended += count;
                    owners.ended_nearby += nearby;
                }
                ("future", false) => {
                    owners.later += count;
                    owners.later_nearby += nearby;
                }
                _ => {}
            }
        }
        Ok(())
    }

    async fn count_references(&self, account_no: i64, today: &str) -> Result<ReferenceCounts, Error> {
        let sql = "WITH named AS (SELECT manager_id AS id FROM records \
             WHERE account_no = $1 AND kind = 'employees' AND state = 'present' \
             AND coalesce(ends_on, '9999') >= $2 \
             UNION ALL SELECT manager_id FROM records \
             WHERE account_no = $1 AND kind = 'departments' AND state = 'present'), \
             followed AS (SELECT id, CASE WHEN id IN (SELECT remote_id FROM records WHERE account_no = $1 \
             AND kind = 'employees') THEN 1 ELSE 0 END AS is_known FROM named WHERE id IS NOT NULL AND id <> '0') \
             SELECT count(*), count(CASE WHEN is_known = 0 THEN 1 END) FROM followed \
             WHERE is_known = 1 OR id NOT IN (SELECT employee_id FROM records WHERE account_no = $1 \
             AND kind = 'employments' AND employee_id IS NOT NULL)";
        let (followed, dangling): (i64, i64) = on!(self.db, pool => sqlx::query_as(sql)
            .bind(account_no)
            .bind(today)
            .fetch_one(pool)
            .await)
        .map_err(while_doing(DOING))?;
        Ok(ReferenceCounts { followed: from_sql_count(followed), dangling: from_sql_count(dangling) })
    }

    async fn count_referred(&self, account_no: i64) -> Result<u64, Error> {
        // User 0 is Lucca's own.
        let sql = "SELECT count(*) FROM (SELECT manager_id AS id FROM records \
             WHERE account_no = $1 AND kind = 'employees' AND state = 'present' \
             UNION SELECT manager_id FROM records \
             WHERE account_no = $1 AND kind = 'departments' AND state = 'present' \
             EXCEPT SELECT employee_id FROM records WHERE account_no = $1 AND kind = 'employments' \
             EXCEPT SELECT remote_id FROM records WHERE account_no = $1 AND kind = 'employees') AS referred \
             WHERE id IS NOT NULL AND id <> '0'";
        let count: i64 = on!(self.db, pool => sqlx::query_scalar(sql).bind(account_no).fetch_one(pool).await)
            .map_err(while_doing(DOING))?;
        Ok(from_sql_count(count))
    }
}
