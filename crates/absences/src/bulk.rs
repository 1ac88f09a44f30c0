//! Absences by the file: read, checked row by row against what is stored, simulated as a whole, and imported once. Each
//! row becomes a submission of its own, so that what the import does not tell is looked for.

use std::collections::{BTreeMap, HashMap, HashSet};

use jiff::Timestamp;
use jiff::civil::Date;
use lucca::{ImportProgress, LeaveImport, LeaveImportRow};
use people::{
    Absence, Employee, Establishment, HalfDay, LeaveType, Plan, RemoteId, first_half_day, last_half_day,
};
use serde::Serialize;
use serde_json::json;
use store::{NewSubmission, Submission, SubmissionId, SubmissionState, content_hash};

use crate::Absences;
use crate::ask::Ask;
use crate::door::{DoorKind, Person, row as row_of};
use crate::follow;
use crate::look::made_of;
use crate::preview::overlaps;
use crate::problem::{Error, Problem, ProblemCode};
use crate::submit::{Detail, ask_of};

/// More rows than this are several files.
const MOST_ROWS: usize = 5_000;

/// So many people are asked about in one request: more make an address that servers refuse.
const OWNERS_A_REQUEST: usize = 50;

/// A file of absences, checked.
#[derive(Clone, Debug, Serialize)]
pub struct Batch {
    /// Its rows, in the order of the file.
    pub rows: Vec<BulkRow>,
    /// The content's fingerprint: the same file is the same batch.
    pub fingerprint: String,
}

/// A row of a file of absences.
#[derive(Clone, Debug, Serialize)]
pub struct BulkRow {
    /// Its line in the file, the header being line 1.
    pub line: u64,
    /// What it asks for, as far as it could be read.
    pub ask: Option<Ask>,
    /// The half-days it would take, by what the last sync heard.
    pub plan: Option<Plan>,
    /// What is wrong with it.
    pub problems: Vec<Problem>,
    #[serde(skip)]
    import: Option<LeaveImportRow>,
}

impl Batch {
    /// Whether every row can be imported.
    pub fn is_good(&self) -> bool {
        !self.rows.is_empty() && self.rows.iter().all(|row| row.problems.is_empty())
    }
}

/// How far the making of a batch is.
#[derive(Clone, Debug)]
pub enum Making {
    /// Lucca works on it, in percent.
    Importing(u8),
    /// Rows are looked for: so many of how many are settled.
    Looking(usize, usize),
}

/// What the columns may be called, in any case. The documented names of Lucca's own import are among them.
const EMPLOYEE: &[&str] = &["employee", "employee_id", "employeenumber", "employee_number", "email", "mail"];
const LEAVE_TYPE: &[&str] = &["leave_type", "leave_type_id", "type", "accountid", "account"];
const STARTS: &[&str] = &["starts", "starts_on", "from", "startdate"];
const ENDS: &[&str] = &["ends", "ends_on", "to", "enddate"];
const STARTS_HALF: &[&str] = &["flagstartdate"];
const ENDS_HALF: &[&str] = &["flagenddate"];
const APPROVED: &[&str] = &["approved", "isapproved"];

/// Where each column is.
struct Columns {
    employee: usize,
    leave_type: usize,
    starts: usize,
    ends: usize,
    halves: (Option<usize>, Option<usize>),
    approved: Option<usize>,
}

/// What rows are read against.
struct Known {
    employees: Vec<Employee>,
    by_name: HashMap<String, Vec<usize>>,
    establishments: HashMap<RemoteId, String>,
    leave_types: Vec<LeaveType>,
}

impl Absences<'_> {
    /// Reads a file of absences and checks each row against what is stored; Lucca is not asked. UTF-8, separated by
    /// commas or semicolons, with a header: `employee` (Lucca's id, an employee number or an e-mail address),
    /// `leave_type` (id or name), `starts` and `ends` (`2026-05-04`, `2026-05-04 PM`), and, if wanted, `approved`
    /// (`true` or `false`; `false` where it is left out: then approvers decide). Lucca's own import format is read too.
    ///
    /// # Errors
    ///
    /// [`Error::Problems`] where the file as a whole can't be read.
    pub async fn read_batch(&self, file: &[u8]) -> Result<Batch, Error> {
        self.must_be_wanted()?;
        let text = std::str::from_utf8(file.strip_prefix(b"\xef\xbb\xbf").unwrap_or(file))
            .map_err(|_| of_file("the file is not UTF-8: save it as \"CSV UTF-8\""))?;
        let first_line = text.lines().next().unwrap_or_default();
        let delimiter = if first_line.contains(';') { b';' } else { b',' };
        let mut reader = csv::ReaderBuilder::new()
            .delimiter(delimiter)
            .flexible(true)
            .trim(csv::Trim::All)
            .from_reader(text.as_bytes());
        let header = reader.headers().map_err(|_| of_file("the file's first line can't be read"))?.clone();
        let columns = Columns::of(&header)?;
        let known = self.known().await?;
        let mut rows = Vec::new();
        for record in reader.records() {
            let record = record.map_err(|error| {
                let line = error.position().map_or(0, csv::Position::line);
                of_file(&format!("line {line} can't be read: its quotes don't match"))
            })?;
            if record.iter().all(str::is_empty) {
                continue;
            }
            if rows.len() == MOST_ROWS {
                return Err(of_file(&format!("the file has more than {MOST_ROWS} rows: split it")));
            }
            let line = record.position().map_or(0, csv::Position::line);
            rows.push(self.read_row(line, &record, &columns, &known).await?);
        }
        self.check_overlaps(&mut rows).await?;
        Ok(Batch { rows, fingerprint: format!("{:032x}", content_hash(text)) })
    }

    async fn read_row(
        &self,
        line: u64,
        record: &csv::StringRecord,
        columns: &Columns,
        known: &Known,
    ) -> Result<BulkRow, Error> {
        let mut row = BulkRow { line, ask: None, plan: None, problems: Vec::new(), import: None };
        let cell = |at: usize| record.get(at).unwrap_or_default();
        let half = |at: Option<usize>| at.map(cell).unwrap_or_default();
        let employee = known.employee(cell(columns.employee));
        let leave_type = known.leave_type(cell(columns.leave_type));
        let first = first_half_day(&iso(cell(columns.starts), half(columns.halves.0)));
        let last = last_half_day(&iso(cell(columns.ends), half(columns.halves.1)));
        let mut wrong = |code, field: &str, message: &str| {
            row.problems.push(Problem::new(code, message).on(field));
        };
        if let Err(message) = employee {
            wrong(ProblemCode::NotImportable, "employee", message);
        }
        if let Err(message) = leave_type {
            wrong(ProblemCode::TypeNotOffered, "leave_type", message);
        }
        let date = "not a date such as 2026-05-04, with or without AM or PM behind it";
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
                wrong(ProblemCode::NotImportable, "approved", "neither true nor false");
                false
            }
        };
        let (Ok(employee), Ok(leave_type), Some(first), Some(last)) = (employee, leave_type, first, last)
        else {
            return Ok(row);
        };
        let ask = Ask {
            employee_id: employee.id.clone(),
            leave_type_id: leave_type.id.clone(),
            first,
            last,
            minutes: None,
            comment: None,
        };
        row.problems.extend(ask.problems());
        if row.problems.is_empty() {
            let plan = self.stored_plan(employee, first, last).await?;
            if plan.taken.is_empty() {
                let message =
                    "nobody works on these half-days: rest, a public holiday, part-time, or no contract";
                row.problems.push(Problem::new(ProblemCode::NothingToTake, message).on("starts"));
            }
            row.plan = Some(plan);
            let establishment =
                employee.establishment_id.as_ref().and_then(|id| known.establishments.get(id));
            let person = Person { employee: employee.clone(), establishment: establishment.cloned() };
            match row_of(&ask, &person) {
                Ok(import) => row.import = Some(LeaveImportRow { is_approved: approved, ..import }),
                Err(problems) => row.problems.extend(problems),
            }
        }
        row.ask = Some(ask);
        Ok(row)
    }

    /// Rows that take what an absence that is stored, or an earlier row, takes already.
    async fn check_overlaps(&self, rows: &mut [BulkRow]) -> Result<(), Error> {
        let days = rows.iter().filter_map(|row| row.ask.as_ref());
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
        for row in rows {
            let (Some(ask), Some(plan)) = (&row.ask, &row.plan) else { continue };
            let there = stored.get(&ask.employee_id).map(Vec::as_slice).unwrap_or_default();
            let half_days: Vec<HalfDay> =
                overlaps(plan, there).into_iter().flat_map(|overlap| overlap.half_days).collect();
            if !half_days.is_empty() {
                let message = "the person is away already on some of these half-days";
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
                let message = format!("it takes half-days that line {line} takes too");
                row.problems.push(Problem::new(ProblemCode::Overlap, message).on("starts"));
            }
        }
        Ok(())
    }

    /// Has Lucca try the whole file, and change nothing. Gives whether it finds fault with it; with which row, Lucca does
    /// not tell.
    ///
    /// # Errors
    ///
    /// [`Error::Problems`] where a row is known to be wrong: nothing is sent then. [`Error::NotPermitted`].
    pub async fn simulate_batch(&self, batch: &Batch) -> Result<bool, Error> {
        let rows = importable(batch)?;
        match self.client.import_leaves(&rows, LeaveImport { create: false, is_async: false }).await {
            Ok(summary) => Ok(summary.has_error),
            Err(error) => Err(self.import_refused(error).await),
        }
    }

    /// Imports a file, once: rows that were imported under the same file before are not again. `mint` makes an id for
    /// each row. Gives the submissions in the order of the rows.
    ///
    /// # Errors
    ///
    /// As [`simulate_batch`](Self::simulate_batch). After something was sent there is none: what became of each row is in
    /// its submission, which [`advance`](Self::advance) settles if this was cut short.
    pub async fn make_batch(
        &self,
        batch: &Batch,
        mut mint: impl FnMut(Timestamp) -> SubmissionId,
        mut progress: impl FnMut(Making),
    ) -> Result<Vec<Submission>, Error> {
        let rows = importable(batch)?;
        let asks: Vec<&Ask> = batch.rows.iter().filter_map(|row| row.ask.as_ref()).collect();
        let before = self.around(&asks).await?;
        let mut all = Vec::with_capacity(rows.len());
        let mut to_send = Vec::new();
        for (row, import) in batch.rows.iter().zip(rows) {
            let (Some(ask), Some(plan)) = (&row.ask, &row.plan) else { continue };
            let now = self.clock.now();
            let around = before.get(&ask.employee_id).map(Vec::as_slice).unwrap_or_default();
            let detail = Detail {
                expected: plan.taken.clone(),
                is_estimated: plan.is_estimated,
                before: around.iter().map(|absence| absence.id.clone()).collect(),
                door: Some(DoorKind::Import),
                ..Detail::default()
            };
            let new = NewSubmission {
                id: mint(now),
                account_no: self.account.no,
                idempotency_key: &format!("import-{}-{}", batch.fingerprint, row.line),
                employee_id: &ask.employee_id,
                ask: &ask.to_json(),
                detail: &detail.to_json(),
                due_at: now,
                at: now,
            };
            let id = new.id;
            let mut submission = self.store.add_submission(new).await?;
            if submission.id == id {
                // Marked as being sent before anything is: should this process end, each row is looked for.
                submission.state = SubmissionState::Sending;
                submission.sent_at = Some(now);
                if self.store.save_submission(&mut submission, now).await? {
                    to_send.push(import);
                }
            }
            all.push(submission);
        }
        let mut is_refused = false;
        if !to_send.is_empty() {
            self.audit("absence.imported", json!({ "rows": to_send.len() })).await?;
            match self.client.import_leaves(&to_send, LeaveImport { create: true, is_async: true }).await {
                Ok(summary) if summary.has_error => is_refused = true,
                Ok(summary) => is_refused = !self.until_imported(&summary.id, &mut progress).await,
                Err(error) if error.may_have_happened() => {}
                Err(error) => {
                    is_refused = true;
                    let closed = self.import_refused(error).await;
                    tracing::info!(code = closed.code(), "an import was refused");
                }
            }
        }
        self.settle_batch(all, is_refused, progress).await
    }

    /// Follows an import to its end. False if Lucca says that it broke off.
    async fn until_imported(&self, id: &RemoteId, progress: &mut impl FnMut(Making)) -> bool {
        /// Five minutes' worth; then rows are looked for, whatever the import says.
        const POLLS: u32 = 60;
        for _ in 0..POLLS {
            match self.client.leave_import_progress(id).await {
                Ok(ImportProgress::Succeeded) | Err(_) => return true,
                Ok(ImportProgress::Failed) => return false,
                Ok(ImportProgress::NotStarted) => progress(Making::Importing(0)),
                Ok(ImportProgress::Percent(percent)) => progress(Making::Importing(percent)),
            }
            self.clock.sleep(std::time::Duration::from_secs(5)).await;
        }
        true
    }

    /// Looks for each row that may have been made, many people at a time.
    async fn settle_batch(
        &self,
        mut all: Vec<Submission>,
        is_refused: bool,
        mut progress: impl FnMut(Making),
    ) -> Result<Vec<Submission>, Error> {
        let asks = all.iter().map(ask_of).collect::<Result<Vec<Ask>, Error>>()?;
        let there = self.around(&asks.iter().collect::<Vec<_>>()).await?;
        let total = all.len();
        for (at, (submission, ask)) in all.iter_mut().zip(&asks).enumerate() {
            let now = self.clock.now();
            if !matches!(submission.state, SubmissionState::Sending | SubmissionState::InDoubt) {
                continue;
            }
            let mut detail = Detail::of(submission)?;
            let around = there.get(&ask.employee_id).map(Vec::as_slice).unwrap_or_default();
            let sent_at = submission.sent_at.unwrap_or(submission.created_at);
            if let Some(found) = made_of(ask, &detail, sent_at, around) {
                submission.state = SubmissionState::Made;
                submission.absence_id = Some(found.id.clone());
                submission.absence = Some(found.clone());
                submission.due_at = follow::due(submission, ask, now);
            } else if is_refused {
                let message =
                    "Lucca's import refuses the file and does not say which row; this one was not made";
                detail.problems = vec![Problem::new(ProblemCode::Refused, message)];
                submission.detail = detail.to_json();
                submission.state = SubmissionState::Refused;
                submission.due_at = None;
            } else {
                submission.state = SubmissionState::InDoubt;
                submission.due_at = Some(now);
            }
            *submission = self.save(submission.clone(), now).await?;
            progress(Making::Looking(at + 1, total));
        }
        Ok(all)
    }

    /// The absences that the people of some asks have around them.
    async fn around(&self, asks: &[&Ask]) -> Result<BTreeMap<RemoteId, Vec<Absence>>, Error> {
        let first = asks.iter().map(|ask| ask.first.date).min();
        let last = asks.iter().map(|ask| ask.last.date).max();
        let (Some(first), Some(last)) = (first, last) else { return Ok(BTreeMap::new()) };
        let owners: HashSet<&RemoteId> = asks.iter().map(|ask| &ask.employee_id).collect();
        let mut owners: Vec<RemoteId> = owners.into_iter().cloned().collect();
        owners.sort_by(|a, b| a.sort_key().cmp(&b.sort_key()));
        let mut found: BTreeMap<RemoteId, Vec<Absence>> = BTreeMap::new();
        for owners in owners.chunks(OWNERS_A_REQUEST) {
            for absence in self.absences_of(owners, first, last).await? {
                if let Some(owner) = absence.employee_id.clone() {
                    found.entry(owner).or_default().push(absence);
                }
            }
        }
        Ok(found)
    }

    async fn stored_plan(&self, employee: &Employee, first: HalfDay, last: HalfDay) -> Result<Plan, Error> {
        self.plan_of(employee, first, last, self.days_from_store(employee, first.date, last.date).await?)
            .await
    }

    async fn import_refused(&self, error: lucca::Error) -> Error {
        if error.code() == "lucca.bad_request" {
            return Error::Problems(vec![Problem::of_refusal(&error)]);
        }
        match self.turned_away(DoorKind::Import, error).await {
            Ok(()) => Error::NoDoor,
            Err(error) => error,
        }
    }

    async fn known(&self) -> Result<Known, Error> {
        let no = self.account.no;
        let employees = self.store.all::<Employee>(no).await?;
        let mut by_name: HashMap<String, Vec<usize>> = HashMap::new();
        for (at, employee) in employees.iter().enumerate() {
            let names = [
                Some(employee.id.as_str()),
                employee.employee_number.as_deref(),
                employee.work_email.as_deref(),
            ];
            let names: HashSet<String> = names.into_iter().flatten().map(str::to_lowercase).collect();
            for name in names {
                by_name.entry(name).or_default().push(at);
            }
        }
        let establishments = self.store.all::<Establishment>(no).await?;
        Ok(Known {
            employees,
            by_name,
            establishments: establishments.into_iter().filter_map(|one| Some((one.id, one.name?))).collect(),
            leave_types: self.store.all::<LeaveType>(no).await?,
        })
    }
}

fn importable(batch: &Batch) -> Result<Vec<LeaveImportRow>, Error> {
    let problems: Vec<Problem> = batch.rows.iter().flat_map(|row| row.problems.iter().cloned()).collect();
    if !problems.is_empty() {
        return Err(Error::Problems(problems));
    }
    if batch.rows.is_empty() {
        return Err(of_file("the file has no rows"));
    }
    Ok(batch.rows.iter().filter_map(|row| row.import.clone()).collect())
}

fn of_file(message: &str) -> Error {
    Error::Problems(vec![Problem::new(ProblemCode::NotImportable, message).on("file")])
}

impl Columns {
    fn of(header: &csv::StringRecord) -> Result<Self, Error> {
        let find = |names: &[&str]| {
            header.iter().position(|cell| names.iter().any(|name| cell.trim().eq_ignore_ascii_case(name)))
        };
        let need = |names: &[&str]| {
            find(names).ok_or_else(|| of_file(&format!("the file has no column \"{}\"", names[0])))
        };
        Ok(Self {
            // By id before by number: a file may have both.
            employee: need(EMPLOYEE)?,
            leave_type: need(LEAVE_TYPE)?,
            starts: need(STARTS)?,
            ends: need(ENDS)?,
            halves: (find(STARTS_HALF), find(ENDS_HALF)),
            approved: find(APPROVED),
        })
    }
}

impl Known {
    fn employee(&self, cell: &str) -> Result<&Employee, &'static str> {
        let places = self.by_name.get(&cell.to_lowercase()).map(Vec::as_slice).unwrap_or_default();
        // An id is meant before a number that happens to be the same.
        let mut found = places.iter().filter_map(|at| self.employees.get(*at));
        if let Some(by_id) = found.clone().find(|employee| employee.id.as_str() == cell) {
            return Ok(by_id);
        }
        match (found.next(), found.next()) {
            (Some(one), None) => Ok(one),
            (Some(_), Some(_)) => Err("several people have this employee number or address: give Lucca's id"),
            (None, _) => Err("nobody has this id, employee number or e-mail address"),
        }
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
            (Some(_), Some(_)) => Err("several leave types have this name: give Lucca's id"),
            (None, _) => Err("no leave type has this id or name"),
        }
    }
}

/// A date, as ISO or as Lucca's import writes it (`16/08/2022`, with the half-day in a column of its own).
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
