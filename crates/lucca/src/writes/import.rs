//! The documented import of absences from a CSV file. Source: absences.md §5.2.
//!
//! It can only be simulated as a whole, does not report errors by row, and can't be undone.

use async_recursion::async_recursion as boxed;
use people::{HalfDay, RemoteId};

use crate::client::Client;
use crate::envelope::{Body, Undecodable, failure, text_of};
use crate::error::{Error, Kind};
use crate::reader::{Record, Scalar};
use crate::retry::Effort;
use crate::stream::Stream;

const PATH: &str = "/timmi-absences/api/imports/v1.0/leavePeriods";

/// The columns, all required, in the documented order. Lucca's pages contradict each other on two of them:
/// `legalEntity` is the establishment's name according to the API documentation and its code according to the
/// help page (360029242671), and `isApproved` is blank according to the help page if a leave account needs no
/// approval.
const HEADER: [&str; 10] = [
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

/// The column for leave accounts in hours; only files with hours have it (source: help page 360029242671).
// unverified: whether the API reads it like the import screen.
const HOURS: &str = "nbHours";

/// An absence to import.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeaveImportRow {
    /// Name or code of the employing establishment.
    pub establishment: String,
    /// The employee's employee number.
    pub employee_number: String,
    /// The employee's last name.
    pub last_name: String,
    /// The employee's first name.
    pub first_name: String,
    /// The leave account.
    pub account_id: RemoteId,
    /// The first half-day.
    pub first: HalfDay,
    /// The last half-day.
    pub last: HalfDay,
    /// Length in minutes, if the leave account is counted in hours.
    pub minutes: Option<u32>,
    /// Whether it is approved already, or waits for an approval; `None` if the leave account needs no
    /// approval.
    pub is_approved: Option<bool>,
}

/// Options of an import.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LeaveImport {
    /// Whether the absences are created; otherwise the import is simulated.
    pub create: bool,
    /// Whether the import continues after the answer; poll its [progress](Client::leave_import_progress)
    /// then.
    pub is_async: bool,
}

/// The answer to an import.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportSummary {
    /// Its id, for polling its progress.
    pub id: RemoteId,
    /// Whether the file has any error. Lucca does not report the row.
    pub has_error: bool,
}

/// Progress of an import.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ImportProgress {
    /// Not started (0).
    NotStarted,
    /// Running, in percent (1 to 99).
    Percent(u8),
    /// Finished (100).
    Succeeded,
    /// Failed (-1).
    Failed,
}

impl Client {
    /// Imports absences, or simulates the import.
    ///
    /// # Errors
    ///
    /// When Lucca refused it, or it may not have arrived: [`Error::may_have_happened`].
    #[boxed]
    pub async fn import_leaves(
        &self,
        rows: &[LeaveImportRow],
        import: LeaveImport,
    ) -> Result<ImportSummary, Error> {
        let (body, boundary) = multipart(&csv(rows));
        let LeaveImport { create, is_async } = import;
        let query = format!(
            "create={create}&recredit=false&originalFileName=import.csv&synchronize=true&async={is_async}"
        );
        // The documentation requires the boundary.
        let content_type = format!("multipart/form-data; boundary={boundary}");
        self.post(PATH, &query, &content_type, &body, summary).await
    }

    /// Progress of an import.
    ///
    /// # Errors
    ///
    /// When the request fails.
    #[boxed]
    pub async fn leave_import_progress(&self, id: &RemoteId) -> Result<ImportProgress, Error> {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        if id.as_str().is_empty() || !id.as_str().bytes().all(is_plain) {
            return Err(Error::new(Kind::NotFound));
        }
        let path = format!("{PATH}/{id}/progress");
        let get = self.transport().get(Stream::LeaveRequests, &path, "", Effort::Usual, progress);
        Ok(get.await?.0)
    }
}

/// The file: UTF-8, separated by semicolons, dates in French notation.
// unverified: whether Lucca reads quotes; only names that contain a separator need them.
fn csv(rows: &[LeaveImportRow]) -> Vec<u8> {
    let mut writer =
        csv::WriterBuilder::new().delimiter(b';').terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    let date = |at: HalfDay| at.date.strftime("%d/%m/%Y").to_string();
    let flag = |at: HalfDay| at.half.to_string().to_lowercase();
    // Writing to memory does not fail, and every row has as many cells as the header.
    let has_hours = rows.iter().any(|row| row.minutes.is_some());
    let _ = writer.write_record(HEADER.into_iter().chain(has_hours.then_some(HOURS)));
    for row in rows {
        let hours = has_hours.then(|| row.minutes.map(hours).unwrap_or_default());
        let cells = [
            row.establishment.clone(),
            row.employee_number.clone(),
            row.last_name.clone(),
            row.first_name.clone(),
            row.account_id.to_string(),
            date(row.first),
            flag(row.first),
            date(row.last),
            flag(row.last),
            row.is_approved.map(|approved| approved.to_string()).unwrap_or_default(),
        ];
        let _ = writer.write_record(cells.into_iter().chain(hours));
    }
    writer.into_inner().unwrap_or_default()
}

/// Hours with a decimal point: a reader of French notation refuses a point, whereas a reader of English
/// notation multiplies the hours if it finds a comma.
// unverified: which of both notations Lucca reads.
fn hours(minutes: u32) -> String {
    let text = format!("{:.2}", f64::from(minutes) / 60.0);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// The file in the documented form body, with a boundary that does not occur in the file.
fn multipart(file: &[u8]) -> (Vec<u8>, String) {
    let mut boundary = "leave-import".to_owned();
    while String::from_utf8_lossy(file).contains(&boundary) {
        boundary.push('x');
    }
    let head = format!(
        "--{boundary}\r\nContent-Disposition: form-data; name=\"import.csv\"; filename=\"import.csv\"\r\n\
         Content-Type: application/vnd.ms-excel\r\n\r\n"
    );
    let tail = format!("\r\n--{boundary}--\r\n");
    ([head.as_bytes(), file, tail.as_bytes()].concat(), boundary)
}

fn summary(body: &[u8]) -> Result<ImportSummary, Undecodable> {
    let text = text_of(body);
    let Body::Object(top) = Body::of(&text)? else { return Err(Undecodable::NotLucca) };
    let inner = top.get("data").and_then(crate::reader::Object::parse);
    let object = inner.as_ref().unwrap_or(&top);
    let mut record = Record::new(object);
    let Some(id) = record.id_field("summaryId").or_else(|| object.id()) else { return Err(failure(&top)) };
    Ok(ImportSummary { id, has_error: record.flag("hasError").unwrap_or(false) })
}

fn progress(body: &[u8]) -> Result<ImportProgress, Undecodable> {
    let text = text_of(body);
    let number = match Body::of(text.trim()) {
        Ok(Body::Object(top)) => top.get("data").or_else(|| top.get("progress")).and_then(whole),
        Ok(Body::Text(text)) => text.trim().parse().ok(),
        _ => whole(text.trim()),
    };
    match number {
        Some(0) => Ok(ImportProgress::NotStarted),
        Some(-1) => Ok(ImportProgress::Failed),
        Some(100) => Ok(ImportProgress::Succeeded),
        Some(percent @ 1..=99) => Ok(ImportProgress::Percent(u8::try_from(percent).unwrap_or(99))),
        _ => Err(Undecodable::NotLucca),
    }
}

fn whole(raw: &str) -> Option<i64> {
    Scalar::of(raw)?.integer()?
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use people::Half;

    use super::*;

    #[test]
    fn the_file_is_as_documented() {
        let row = LeaveImportRow {
            establishment: "Lucca FR".into(),
            employee_number: "M0029".into(),
            last_name: "Bart".into(),
            first_name: "Maurice; \"Momo\"".into(),
            account_id: 1322.into(),
            first: HalfDay::new(date(2022, 8, 16), Half::Am),
            last: HalfDay::new(date(2022, 8, 17), Half::Pm),
            minutes: None,
            is_approved: Some(true),
        };
        let file = String::from_utf8(csv(std::slice::from_ref(&row))).unwrap();
        insta::assert_snapshot!(file.replace("\r\n", "\n"), @r#"
        legalEntity;employeeNumber;lastName;firstName;accountId;startDate;flagStartDate;endDate;flagEndDate;isApproved
        Lucca FR;M0029;Bart;"Maurice; ""Momo""";1322;16/08/2022;am;17/08/2022;pm;true
        "#);
        let in_hours = LeaveImportRow { minutes: Some(450), is_approved: None, ..row.clone() };
        let file = String::from_utf8(csv(&[row, in_hours])).unwrap();
        insta::assert_snapshot!(file.replace("\r\n", "\n"), @r#"
        legalEntity;employeeNumber;lastName;firstName;accountId;startDate;flagStartDate;endDate;flagEndDate;isApproved;nbHours
        Lucca FR;M0029;Bart;"Maurice; ""Momo""";1322;16/08/2022;am;17/08/2022;pm;true;
        Lucca FR;M0029;Bart;"Maurice; ""Momo""";1322;16/08/2022;am;17/08/2022;pm;;7.5
        "#);
        assert_eq!([60, 30, 600, 105].map(hours), ["1", "0.5", "10", "1.75"]);
        let (body, boundary) = multipart(b"leave-import");
        assert_eq!(String::from_utf8(body).unwrap().matches(&boundary).count(), 2);
    }

    #[test]
    fn import_progress_is_a_number_in_any_envelope() {
        let read = |body: &str| progress(body.as_bytes()).ok();
        assert_eq!(read("0"), Some(ImportProgress::NotStarted));
        assert_eq!(read(" 42\n"), Some(ImportProgress::Percent(42)));
        assert_eq!(read("\"100\""), Some(ImportProgress::Succeeded));
        assert_eq!(read(r#"{"data":-1}"#), Some(ImportProgress::Failed));
        for odd in ["", "101", "-2", "<html>", "null", "{}"] {
            assert_eq!(read(odd), None, "{odd}");
        }
    }
}
