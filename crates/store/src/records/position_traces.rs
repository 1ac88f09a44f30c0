//! Evidence of employees' positions over time, in addition to their records and contracts: Lucca's log, and
//! changes that syncs have found. `people` derives the positions from it.

use std::collections::HashMap;

use async_recursion::async_recursion as boxed;
use jiff::civil::Date;
use people::{
    Employee, Employment, Kind, Observation, Position, PositionField, RemoteId, UserLogEntry,
    position_history, tenant_zone,
};
use serde_json::{Map, Value};

use crate::db::on;
use crate::dialect::json_list;
use crate::error::while_doing;
use crate::{Change, Error, Store};

/// Evidence of positions, by employee.
#[derive(Clone, Debug, Default)]
pub struct PositionTraces {
    log: HashMap<RemoteId, Vec<UserLogEntry>>,
    observed: HashMap<RemoteId, Vec<Observation>>,
}

impl PositionTraces {
    /// Returns an employee's positions as known on `today`, oldest first. `contracts` are those that count.
    pub fn positions(&self, today: Date, employee: &Employee, contracts: &[Employment]) -> Vec<Position> {
        let log = self.log.get(&employee.id).map(Vec::as_slice).unwrap_or_default();
        let observed = self.observed.get(&employee.id).map(Vec::as_slice).unwrap_or_default();
        position_history(today, employee, contracts, log, observed)
    }
}

impl Store {
    /// Reads the evidence of positions for these employees, or for all. A change found by a sync is dated by
    /// its day in [`tenant_zone`].
    #[boxed]
    pub async fn position_traces(
        &self,
        account_no: i64,
        employees: Option<&[RemoteId]>,
    ) -> Result<PositionTraces, Error> {
        let mut traces = PositionTraces::default();
        let log = match employees {
            None => self.all::<UserLogEntry>(account_no).await?,
            Some(ids) => self.user_log_of(account_no, ids).await?,
        };
        for entry in log {
            traces.log.entry(entry.employee_id.clone()).or_default().push(entry);
        }
        for change in self.updates(account_no, Kind::Employee, employees).await? {
            traces.observed.entry(change.id.clone()).or_default().extend(observations(&change));
        }
        Ok(traces)
    }

    async fn user_log_of(&self, account_no: i64, owners: &[RemoteId]) -> Result<Vec<UserLogEntry>, Error> {
        let hint = self.db.indexed_by("records_of_employee");
        let sql = self.db.with_ids(
            &format!(
                "SELECT body FROM records{hint} WHERE account_no = $1 AND kind = 'user_log_entries' \
                 AND employee_id IN {{ids}} AND state = 'present'"
            ),
            2,
        );
        let bodies: Vec<String> = on!(self.db, pool => sqlx::query_scalar(sql)
            .bind(account_no)
            .bind(json_list(owners))
            .fetch_all(pool)
            .await)
        .map_err(while_doing("reading Lucca's log"))?;
        let kind = Kind::UserLogEntry;
        let parse = |body: &String| {
            serde_json::from_str(body).map_err(|source| Error::CorruptRecord { kind, source })
        };
        bodies.iter().map(parse).collect()
    }
}

/// The evidence of an employee's position in a change.
fn observations(change: &Change) -> Vec<Observation> {
    let fields = change.fields.as_ref().and_then(|fields| serde_json::from_str(fields.get()).ok());
    let fields: Map<String, Value> = fields.unwrap_or_default();
    let on = change.at.to_zoned(tenant_zone()).date();
    fields
        .iter()
        // Values that were not stored are no evidence.
        .filter(|(_, values)| values.is_object())
        .filter_map(|(name, values)| {
            Some(Observation {
                employee_id: change.id.clone(),
                field: PositionField::of_employee(name)?,
                before: text(&values["before"]),
                after: text(&values["after"]),
                on,
            })
        })
        .collect()
}

/// An id or a title as text; of a value with an id and a name, the id.
fn text(value: &Value) -> Option<String> {
    let value = if value.is_object() { &value["id"] } else { value };
    value.as_str().map(str::to_owned)
}
