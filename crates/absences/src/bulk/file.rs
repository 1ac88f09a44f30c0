//! Reads an absence file and checks its rows against the store. Sends no request to Lucca.

use std::collections::HashMap;

use async_recursion::async_recursion as boxed;
use jiff::civil::Date;
use people::{
    Absence, Employee, Establishment, HalfDay, LeaveType, PersonIndex, Plan, RemoteId, first_half_day,
    last_half_day,
};
use store::content_hash;

use super::columns::Columns;
use super::{Batch, BulkRow, file_error};
use crate::Absences;
use crate::draft::{AbsenceDraft, minutes_of_hours};
use crate::lucca_api::{Person, row as row_of};
use crate::person::{double_problem, is_double};
use crate::preview::{overlaps, wrong_unit};
use crate::problem::{Error, Problem, ProblemCode};

/// Maximum number of rows; larger files must be split.
const MOST_ROWS: usize = 5_000;

/// Stored records that rows are checked against.
struct StoredRecords {
    employees: HashMap<RemoteId, Employee>,
    /// Employees by employee number.
    same_number: HashMap<String, Vec<RemoteId>>,
    index: PersonIndex,
    establishments: HashMap<RemoteId, Establishment>,
    leave_types: Vec<LeaveType>,
}

impl Absences<'_> {
    /// Reads an absence file and checks each row against the store; sends no request to Lucca.
    ///
    /// The file is UTF-8, separated by commas or semicolons, with a header:
    ///
    /// - `lucca_id`, `employee_number` (or `matricule`) or `email`, or `employee` with any of these (`id:9`,
    ///   `number:009`, `email:…`, or a bare value that matches one employee only);
    /// - `leave_type` (id or name);
    /// - `starts` and `ends` (`2026-05-04`, `2026-05-04 PM`);
    /// - optionally `approved` (`true` or `false`; `false` by default: then approvers decide);
    /// - optionally `hours` (`7.5`, `7,5` or `7h30`, for leave types in hours).
    ///
    /// Lucca's own import format is accepted too.
    ///
    /// # Errors
    ///
    /// [`Error::Problems`] if the file as a whole can't be read.
    #[boxed]
    pub async fn read_batch(&self, file: &[u8]) -> Result<Batch, Error> {
        self.require_features()?;
        let text = std::str::from_utf8(file.strip_prefix(b"\xef\xbb\xbf").unwrap_or(file))
            .map_err(|_| file_error("the file is not UTF-8: save it as \"CSV UTF-8\""))?;
        let first_line = text.lines().next().unwrap_or_default();
        let delimiter = if first_line.contains(';') { b';' } else { b',' };
        let mut reader = csv::ReaderBuilder::new()
            .delimiter(delimiter)
            .flexible(true)
            .trim(csv::Trim::All)
            .from_reader(text.as_bytes());
        let header = reader
            .headers()
            .map_err(|_| file_error("the header in the file's first line can't be parsed: check its quotes"))?
            .clone();
        let columns = Columns::of(&header)?;
        let known = self.load_records().await?;
        let mut rows = Vec::new();
        for record in reader.records() {
            let record = record.map_err(|error| {
                let line = error.position().map_or(0, csv::Position::line);
                file_error(&format!("line {line} can't be parsed: its quotes don't match"))
            })?;
            if record.iter().all(str::is_empty) {
                continue;
            }
            if rows.len() == MOST_ROWS {
                return Err(file_error(&format!("the file has more than {MOST_ROWS} rows: split it")));
            }
            let line = record.position().map_or(0, csv::Position::line);
            rows.push(self.read_row(line, &record, &columns, &known).await?);
        }
        let mut batch = Batch { rows, fingerprint: format!("{:032x}", content_hash(text)), format: None };
        self.check_overlaps(&mut batch).await?;
        Ok(batch)
    }

    async fn read_row(
        &self,
        line: u64,
        record: &csv::StringRecord,
        columns: &Columns,
        known: &StoredRecords,
    ) -> Result<BulkRow, Error> {
        let mut row =
            BulkRow { line, person: None, ask: None, plan: None, problems: Vec::new(), import: None };
        let cell = |at: usize| record.get(at).unwrap_or_default();
        let half = |at: Option<usize>| at.map(cell).unwrap_or_default();
        let person = columns.person(record, &known.index);
        let leave_type = known.leave_type(cell(columns.leave_type));
        let first = first_half_day(&iso(cell(columns.starts), half(columns.halves.0)));
        let last = last_half_day(&iso(cell(columns.ends), half(columns.halves.1)));
        let employee = match person {
            Ok(person) => {
                row.person = Some(person.clone());
                let employee = known.employees.get(&person.id);
                if employee.is_none() {
                    let message =
                        "the employee was removed while the connector read the file: import it again";
                    row.problems.push(Problem::new(ProblemCode::NotImportable, message).on("employee"));
                }
                employee
            }
            Err(problem) => {
                row.problems.push(problem);
                None
            }
        };
        let mut wrong = |code, field: &str, message: &str| {
            row.problems.push(Problem::new(code, message).on(field));
        };
        if let Err(message) = leave_type {
            wrong(ProblemCode::TypeNotOffered, "leave_type", message);
        }
        let date = "must be a date such as 2026-05-04, optionally followed by AM or PM";
        if first.is_none() {
            wrong(ProblemCode::InvalidPeriod, "starts", date);
        }
        if last.is_none() {
            wrong(ProblemCode::InvalidPeriod, "ends", date);
        }
        let approved = match columns.approved.map(cell).unwrap_or_default().to_lowercase().as_str() {
            "" | "false" | "no" | "non" | "0" => false,
            "true" | "yes" | "oui" | "1" => true,
            _ => {
                wrong(ProblemCode::NotImportable, "approved", "must be true or false");
                false
            }
        };
        let minutes = match columns.hours.map(cell).unwrap_or_default() {
            "" => None,
            hours => {
                let minutes = minutes_of_hours(hours);
                if minutes.is_none() {
                    wrong(
                        ProblemCode::InvalidDuration,
                        "hours",
                        "must be a number of hours such as 7.5 or 7h30",
                    );
                }
                minutes
            }
        };
        let (Some(employee), Ok(leave_type), Some(first), Some(last)) = (employee, leave_type, first, last)
        else {
            return Ok(row);
        };
        let ask = AbsenceDraft {
            employee_id: employee.id.clone(),
            leave_type_id: leave_type.id.clone(),
            first,
            last,
            minutes,
            comment: None,
        };
        row.problems.extend(ask.problems());
        row.problems.extend(wrong_unit(&ask, leave_type));
        if row.problems.is_empty() {
            let plan = self.stored_plan(employee, first, last).await?;
            if plan.taken.is_empty() {
                let message = "the employee works on none of these half-days: rest day, public holiday, \
                               part-time, or no contract";
                row.problems.push(Problem::new(ProblemCode::NothingToTake, message).on("starts"));
            }
            row.plan = Some(plan);
            let establishment = known.establishment_of(employee);
            let person = Person { employee: employee.clone(), establishment: establishment.cloned() };
            match row_of(&ask, &person) {
                Ok(mut import) => {
                    import.row.is_approved = Some(approved);
                    row.import = Some(import);
                }
                Err(problems) => row.problems.extend(problems),
            }
            row.problems.extend(known.has_double(&ask, employee).then(double_problem));
        }
        row.ask = Some(ask);
        Ok(row)
    }

    /// Adds a problem to rows that overlap a stored absence or an earlier row.
    async fn check_overlaps(&self, batch: &mut Batch) -> Result<(), Error> {
        let days = batch.rows.iter().filter_map(|row| row.ask.as_ref());
        let (Some(first), Some(last)) =
            (days.clone().map(|ask| ask.first.date).min(), days.map(|ask| ask.last.date).max())
        else {
            return Ok(());
        };
        let mut stored: HashMap<RemoteId, Vec<Absence>> = HashMap::new();
        self.store
            .absences_between(self.account.no, first, last, |_, body| {
                if let Ok(absence) = serde_json::from_str::<Absence>(body)
                    && let Some(owner) = absence.employee_id.clone()
                {
                    stored.entry(owner).or_default().push(absence);
                }
            })
            .await?;
        let mut taken: HashMap<(RemoteId, HalfDay), u64> = HashMap::new();
        let keys: Vec<String> = batch.rows.iter().map(|row| batch.key_of(row)).collect();
        for (row, key) in batch.rows.iter_mut().zip(keys) {
            let (Some(ask), Some(plan)) = (&row.ask, &row.plan) else { continue };
            let there = stored.get(&ask.employee_id).map(Vec::as_slice).unwrap_or_default();
            let mut in_the_way = overlaps(plan, there);
            if !in_the_way.is_empty() {
                // Absences from an earlier import of this file don't overlap it.
                let made = self.store.submission_by_key(self.account.no, &key).await?;
                let made = made.and_then(|submission| submission.absence_id);
                in_the_way.retain(|overlap| Some(&overlap.absence_id) != made.as_ref());
            }
            let half_days: Vec<HalfDay> =
                in_the_way.into_iter().flat_map(|overlap| overlap.half_days).collect();
            if !half_days.is_empty() {
                let message = "the employee is already absent on some of these half-days";
                let problem = Problem::new(ProblemCode::Overlap, message).on("starts");
                row.problems.push(Problem { half_days, ..problem });
            }
            let mut earlier = None;
            for at in &plan.taken {
                let line = *taken.entry((ask.employee_id.clone(), *at)).or_insert(row.line);
                if line != row.line {
                    earlier = Some(line);
                }
            }
            if let Some(line) = earlier {
                let message = format!("overlaps line {line}, which takes some of the same half-days");
                row.problems.push(Problem::new(ProblemCode::Overlap, message).on("starts"));
            }
        }
        Ok(())
    }

    async fn stored_plan(&self, employee: &Employee, first: HalfDay, last: HalfDay) -> Result<Plan, Error> {
        self.plan_of(employee, first, last, self.days_from_store(employee, first.date, last.date).await?)
            .await
    }

    async fn load_records(&self) -> Result<StoredRecords, Error> {
        let no = self.account.no;
        let mut same_number: HashMap<String, Vec<RemoteId>> = HashMap::new();
        let employees = self.store.all::<Employee>(no).await?;
        for employee in &employees {
            if let Some(number) = &employee.employee_number {
                same_number.entry(number.trim().to_lowercase()).or_default().push(employee.id.clone());
            }
        }
        let establishments = self.store.all::<Establishment>(no).await?;
        Ok(StoredRecords {
            employees: employees.into_iter().map(|one| (one.id.clone(), one)).collect(),
            same_number,
            index: self.person_index().await?,
            establishments: establishments.into_iter().map(|one| (one.id.clone(), one)).collect(),
            leave_types: self.store.all::<LeaveType>(no).await?,
        })
    }
}

impl StoredRecords {
    /// Whether Lucca's import could book the absence for another employee.
    fn has_double(&self, ask: &AbsenceDraft, employee: &Employee) -> bool {
        let number = employee.employee_number.as_deref().map(|number| number.trim().to_lowercase());
        let same = number.and_then(|number| self.same_number.get(&number)).into_iter().flatten();
        let mut others = same.filter_map(|id| self.employees.get(id));
        let of = |one| self.establishment_of(one);
        others.any(|other| is_double(ask, (employee, of(employee)), (other, of(other))))
    }

    fn establishment_of(&self, employee: &Employee) -> Option<&Establishment> {
        self.establishments.get(employee.establishment_id.as_ref()?)
    }

    fn leave_type(&self, cell: &str) -> Result<&LeaveType, &'static str> {
        if let Some(by_id) = self.leave_types.iter().find(|one| one.id.as_str() == cell) {
            return Ok(by_id);
        }
        let named =
            |one: &&LeaveType| one.name.as_ref().is_some_and(|name| name.trim().eq_ignore_ascii_case(cell));
        let mut found = self.leave_types.iter().filter(named);
        match (found.next(), found.next()) {
            (Some(one), None) => Ok(one),
            (Some(_), Some(_)) => Err("several leave types have this name: write Lucca's id instead"),
            (None, _) => Err("no leave type has this id or name; list the leave types for their ids"),
        }
    }
}

/// Converts a date from ISO or from Lucca's import form (`16/08/2022`, with the half-day in its own column)
/// to ISO form.
fn iso(date: &str, half: &str) -> String {
    let french = |text: &str| {
        let parts: Vec<&str> = text.splitn(3, '/').collect();
        let [day, month, year] = parts.as_slice() else { return None };
        let date = Date::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?).ok()?;
        Some(date.to_string())
    };
    let date = french(date).unwrap_or_else(|| date.to_owned());
    if half.is_empty() { date } else { format!("{date} {half}") }
}
