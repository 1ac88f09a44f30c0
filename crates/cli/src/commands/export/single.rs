//! `export` without `--to`: one kind to a file or to standard output, as JSON lines or CSV.

use std::io::{BufWriter, Write};
use std::path::Path;
use std::process::ExitCode;

use files::PartFile;
use people::{
    Absence, AbsenceRequest, CustomFieldDefinition, Department, Employment, Establishment, JobQualification,
    Kind, LeaveType, LegalUnit, Model, OccupationCategory, UserLogEntry, WorkingDay,
};
use serde::Serialize;
use serde_json::{Value, json};
use store::LinkedAccount;

use super::{Args, Format};
use crate::Global;
use crate::data_dir::DataDir;
use crate::failure::Failure;
use crate::output::{counted, stderr_line};
use crate::people_view::People;
use crate::session;

pub(super) async fn run(global: &Global, args: &Args) -> Result<ExitCode, Failure> {
    if args.format == Format::Parquet {
        let advice = "Name the streams and a folder: `export employees --format parquet --to FOLDER`.";
        return Err(Failure::usage(
            "cli.arguments",
            "Parquet is written to a folder or an object store",
            advice,
        ));
    }
    let data = DataDir::open(global).await?;
    let account = session::account(&data, args.account.as_deref()).await?;
    let rows = rows(&data, &account, args.kind).await?;
    let written = match &args.output {
        None => {
            let out = std::io::stdout().lock();
            match write(BufWriter::new(out), args, &rows) {
                // The reader closed the pipe: it has read enough.
                Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
                other => other,
            }
        }
        Some(path) => PartFile::create(path).and_then(|mut file| {
            write(&mut file, args, &rows)?;
            file.place()
        }),
    };
    let target = args.output.as_deref().unwrap_or(Path::new("standard output"));
    written.map_err(|error| Failure::file("writing", target, &error))?;
    let count = u64::try_from(rows.len()).unwrap_or(u64::MAX);
    match &args.output {
        Some(path) if global.json => {
            crate::output::json(&json!({ "kind": args.kind.name(), "records": count, "file": path }));
        }
        Some(path) => {
            stderr_line(&format!(
                "{} of {} written to {}",
                counted(count, "record"),
                args.kind,
                path.display()
            ));
        }
        None => {}
    }
    Ok(ExitCode::SUCCESS)
}

async fn rows(data: &DataDir, account: &LinkedAccount, kind: Kind) -> Result<Vec<Value>, Failure> {
    match kind {
        Kind::Employee => {
            let today = session::today(&*session::clock());
            let people = People::load(&data.store, account, today).await?;
            Ok(people.employees.iter().map(|person| to_value(&people.view(person))).collect())
        }
        Kind::Employment => records::<Employment>(data, account).await,
        Kind::Department => records::<Department>(data, account).await,
        Kind::Establishment => records::<Establishment>(data, account).await,
        Kind::LegalUnit => records::<LegalUnit>(data, account).await,
        Kind::JobQualification => records::<JobQualification>(data, account).await,
        Kind::OccupationCategory => records::<OccupationCategory>(data, account).await,
        Kind::LeaveType => records::<LeaveType>(data, account).await,
        Kind::CustomFieldDefinition => records::<CustomFieldDefinition>(data, account).await,
        Kind::WorkingDay => records::<WorkingDay>(data, account).await,
        Kind::UserLogEntry => records::<UserLogEntry>(data, account).await,
        Kind::Absence => records::<Absence>(data, account).await,
        Kind::AbsenceRequest => records::<AbsenceRequest>(data, account).await,
    }
}

async fn records<T: Model>(data: &DataDir, account: &LinkedAccount) -> Result<Vec<Value>, Failure> {
    let mut records: Vec<T> = data.store.all(account.no).await?;
    records.sort_by(|a, b| a.id().sort_key().cmp(&b.id().sort_key()));
    Ok(records.iter().map(to_value).collect())
}

fn to_value(record: &impl Serialize) -> Value {
    serde_json::to_value(record).unwrap_or(Value::Null)
}

fn write(mut out: impl Write, args: &Args, rows: &[Value]) -> std::io::Result<()> {
    match args.format {
        Format::Jsonl | Format::Parquet => {
            for row in rows {
                serde_json::to_writer(&mut out, row)?;
                out.write_all(b"\n")?;
            }
        }
        Format::Csv => {
            let columns = columns(args.kind);
            if args.bom {
                out.write_all("\u{feff}".as_bytes())?;
            }
            let mut csv = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(&mut out);
            csv.write_record(columns).map_err(io_error)?;
            for row in rows {
                csv.write_record(columns.iter().map(|column| cell(&row[*column], args.escape_formulas)))
                    .map_err(io_error)?;
            }
            csv.flush()?;
        }
    }
    out.flush()
}

/// The I/O cause of a CSV writer's error, so that a closed pipe is recognised.
fn io_error(error: csv::Error) -> std::io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        other => std::io::Error::other(format!("{other:?}")),
    }
}

/// A value as a cell: null is empty, text is unchanged unless formulas are escaped, other values are JSON.
fn cell(value: &Value, escapes_formulas: bool) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) if escapes_formulas && files::is_formula(text) => format!("'{text}"),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// The columns of a kind's CSV, in order. They are part of the format, so they are listed and not derived.
fn columns(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::Employee => &[
            "id",
            "status",
            "name",
            "first_name",
            "last_name",
            "work_email",
            "login",
            "employee_number",
            "external_id",
            "civil_title",
            "job_title",
            "manager_id",
            "manager_name",
            "department_id",
            "department_name",
            "establishment_id",
            "establishment_name",
            "legal_unit_id",
            "legal_unit_name",
            "occupation_category_id",
            "job_qualification",
            "contract_start",
            "contract_end",
            "seniority_date",
            "direct_line",
            "professional_mobile",
            "calendar",
            "culture",
            "primary_role",
            "secondary_roles",
            "picture",
            "quote",
            "work_cycles",
            "axes",
            "custom_fields",
            "application_data",
            "attributes",
            "contact",
            "birth",
            "address",
            "identifiers",
            "bank",
            "pay_and_reviews",
            "modified_at",
            "unread_fields",
        ],
        Kind::Employment => &[
            "id",
            "employee_id",
            "starts_on",
            "ends_on",
            "is_applicable",
            "establishment_id",
            "contract_type",
            "occupation_category_id",
            "hiring_type",
            "termination_reason",
            "temporary_contract_ground",
            "internship_supervisor_id",
            "trial_period_days",
            "trial_period_ends_on",
            "renewed_trial_period_days",
            "renewed_trial_period_ends_on",
            "external_id",
            "created_at",
            "modified_at",
            "unread_fields",
        ],
        Kind::Department => &[
            "id",
            "name",
            "code",
            "description",
            "parent_id",
            "head_id",
            "is_active",
            "sort_order",
            "is_partial",
            "created_at",
            "modified_at",
        ],
        Kind::Establishment => &[
            "id",
            "name",
            "code",
            "legal_unit_id",
            "legal_identification_number",
            "activity_code",
            "street",
            "zip_code",
            "city",
            "time_zone",
            "is_archived",
            "is_partial",
            "created_at",
        ],
        Kind::LegalUnit => &[
            "id",
            "name",
            "code",
            "country",
            "country_code",
            "legal_identification_number",
            "activity_code",
            "headquarters_id",
            "is_archived",
            "created_at",
        ],
        Kind::JobQualification => &["id", "name", "job", "level", "level_position", "is_active"],
        Kind::OccupationCategory => &["id", "name"],
        Kind::LeaveType => &["id", "name", "is_remote_work", "category", "unit"],
        Kind::CustomFieldDefinition => &["id", "name", "format", "entries"],
        Kind::WorkingDay => &[
            "id",
            "calendar_id",
            "work_cycle_id",
            "date",
            "is_public_holiday",
            "is_weekly_rest",
            "am_minutes",
            "pm_minutes",
        ],
        Kind::UserLogEntry => &["id", "employee_id", "property", "value", "changed_at", "author_id"],
        Kind::Absence => &[
            "id",
            "employee_id",
            "first",
            "last",
            "half_days",
            "minutes",
            "is_active",
            "is_confirmed",
            "confirmed_at",
            "leave_type_ids",
            "leaves",
        ],
        Kind::AbsenceRequest => &[
            "id",
            "absence_id",
            "employee_id",
            "status",
            "created_at",
            "next_approver_id",
            "cancelled_at",
            "cancelled_by",
            "is_active",
            "approvals",
            "cancellation_requests",
            "comment",
        ],
    }
}
