//! The documented import of absences from a CSV file. Source: absences.md §5.2.

use jiff::civil::Date;
use serde_json::json;

use super::{Reply, Request};
use crate::{
    absence_writes::{ImportJob, WriteKind},
    company::{
        absences::{accounts, rules::Extent},
        model::{Company, Establishment},
    },
    errors::Refusal,
    mutations::requests::{Import, Line},
    switches::{ImportEstablishment, Switches},
};

/// Required columns of the header. unverified: that their order is free.
const COLUMNS: [&str; 10] = [
    "legalEntity",
    "employeeNumber",
    "lastName",
    "firstName",
    "accountId",
    "startDate",
    "flagStartDate",
    "endDate",
    "flagEndDate",
    "isApproved",
];

/// The column for accounts in hours, from the import screen's format (source: Lucca's help page
/// 360029242671). unverified: that the API reads it.
const HOURS: &str = "nbHours";

impl Request<'_> {
    fn may_import(&self) -> Result<(), Refusal> {
        self.needs(self.key.rights.import_absences)?;
        if self.switches.absence_import { Ok(()) } else { Err(Refusal::no_route()) }
    }

    /// Absences are created at once; an asynchronous import only reports so later.
    pub(super) fn import(&self) -> Result<Reply, Refusal> {
        self.may_import()?;
        let file =
            self.file.ok_or_else(|| Refusal::bad_request("A file is expected, as multipart/form-data"))?;
        // `create` is documented as a switch between simulating and creating. unverified: the effect of
        // leaving it out; nothing is created here.
        let how = Import { create: self.query.flag("create"), recredit: self.query.flag("recredit") };
        let lines = self.read_view(|view| {
            let today = view.today;
            let scoped = |owner| view.company.person(owner).is_some_and(|one| view.has_in_scope(one));
            let read = |text| read(view.company, self.switches, today, text);
            std::str::from_utf8(file).ok().and_then(read).map(|lines| {
                lines.into_iter().map(|line| line.filter(|line| scoped(line.owner))).collect::<Vec<_>>()
            })
        });
        let failed = match lines {
            None => true,
            Some(lines) => {
                let (made, good) = self.tenant.import(&lines, how, self.switches);
                for (owner, ids) in made {
                    self.record_write(WriteKind::Import, owner, ids);
                }
                !good
            }
        };
        let later = self.query.flag("async");
        let polls = if later { self.switches.import_polls } else { 0 };
        let id = self.tenant.state().queue(failed, polls);
        // unverified: the answer of an asynchronous import about errors it has not looked for yet.
        Ok(Reply::json(&json!({"summaryId": id, "hasError": failed && !later})))
    }

    pub(super) fn progress(&self, id: &str) -> Result<Reply, Refusal> {
        self.may_import()?;
        let progress = self.tenant.state().with_job(id, ImportJob::poll);
        progress
            .map(|n| Reply::json(&json!(n)))
            .ok_or_else(|| Refusal::not_found("The summary was not found"))
    }
}

/// The lines of a file, each if it is readable; none if the header is not the documented one.
fn read(company: &Company, switches: &Switches, today: Date, text: &str) -> Option<Vec<Option<Line>>> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut lines = text.lines().filter(|line| !line.trim().is_empty());
    let header: Vec<&str> = lines.next()?.split(';').map(str::trim).collect();
    let mut places = [0; COLUMNS.len()];
    for (column, place) in COLUMNS.iter().zip(&mut places) {
        *place = header.iter().position(|known| known == column)?;
    }
    let hours_at = header.iter().position(|known| *known == HOURS);
    let lines: Vec<Option<Line>> = lines
        .map(|line| {
            let fields: Vec<&str> = line.split(';').map(str::trim).collect();
            let mut found = [""; COLUMNS.len()];
            for (place, field) in places.iter().zip(&mut found) {
                *field = fields.get(*place)?;
            }
            let hours = hours_at.and_then(|place| fields.get(place)).copied().unwrap_or("");
            (fields.len() == header.len()).then(|| row(company, switches, today, (found, hours))).flatten()
        })
        .collect();
    (!lines.is_empty()).then_some(lines)
}

fn row(
    company: &Company,
    switches: &Switches,
    today: Date,
    (fields, hours): ([&str; COLUMNS.len()], &str),
) -> Option<Line> {
    let [site, employee, last, first, account, starts, starts_at, ends, ends_at, approved] = fields;
    // unverified: the handling of a name that several establishments have; an employee of any of them is
    // found here.
    let is_named = |one: &Establishment| match switches.import_establishment {
        ImportEstablishment::Name => one.name == site,
        ImportEstablishment::Code => one.code == site,
        ImportEstablishment::Either => one.name == site || one.code == site,
    };
    let is_there = |id: i64| company.establishments.iter().any(|one| one.id == id && is_named(one));
    // unverified: that names are compared, and how strictly.
    let same = |written: &str, known: &str| written.to_lowercase() == known.to_lowercase();
    let person = company.people.iter().find(|one| {
        one.employee_number.as_deref() == Some(employee)
            && is_there(one.current_establishment(today))
            && same(last, &one.last_name)
            && same(first, &one.first_name)
    })?;
    let account: i64 = account.parse().ok()?;
    let known = company.leave_accounts.iter().any(|one| one.id == account);
    let extent = Extent {
        starts: day(starts)?,
        starts_am: is_am(starts_at)?,
        ends: day(ends)?,
        ends_am: is_am(ends_at)?,
    };
    let needs_approval = !switches.accounts_without_approval.contains(&account);
    let approved = match approved.to_lowercase().as_str() {
        "" if !needs_approval => true,
        _ if !needs_approval => return None,
        "true" => true,
        "false" => false,
        // Documented as required if approval is needed, and blank otherwise.
        "" if switches.request_levels.unwrap_or(accounts::terms(account).levels) == 0 => true,
        _ => return None,
    };
    let quarters = match hours {
        "" => None,
        text => Some(quarters(text)?),
    };
    let line = Line { owner: person.id, account, extent, approved, quarters };
    (known && extent.is_readable()).then_some(line)
}

/// Hours as quarters of one, with a comma or a point.
fn quarters(text: &str) -> Option<i32> {
    let hours: f64 = text.replace(',', ".").parse().ok()?;
    (1..=4_000).find(|n| (f64::from(*n) / 4.0 - hours).abs() < 1e-6)
}

fn is_am(flag: &str) -> Option<bool> {
    match flag.to_lowercase().as_str() {
        "am" => Some(true),
        "pm" => Some(false),
        _ => None,
    }
}

/// `DD/MM/YYYY`.
fn day(text: &str) -> Option<Date> {
    let digits = text.split('/').map(str::len).eq([2, 2, 4]);
    digits.then(|| Date::strptime("%d/%m/%Y", text).ok()).flatten()
}
