//! `audit verify`: verifies the audit log's hash chain. `accounts audit` lists entries.

use std::process::ExitCode;

use serde_json::json;
use store::{AuditFault, AuditHead, AuditVerdict};

use crate::Global;
use crate::data_dir::DataDir;
use crate::failure::{Details, Exit, Failure};
use crate::output::{counted, line};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Verify that no entry of the audit log was altered or removed, and print the log's head
    Verify(VerifyArgs),
}

#[derive(Debug, clap::Args)]
struct VerifyArgs {
    /// A head that `audit verify` printed earlier: check that the log still contains it
    #[arg(long, value_name = "SEQ:HASH")]
    expect: Option<AuditHead>,
}

pub(crate) async fn run(global: &Global, args: &Args) -> Result<ExitCode, Failure> {
    let Action::Verify(args) = &args.action;
    let data = DataDir::open(global).await?;
    let verdict = data.store.verify_audit_log(args.expect).await?;
    if let Some((fault, seq)) = verdict.fault {
        return Err(tampered(verdict, fault, seq));
    }
    if global.json {
        crate::output::json(&json!({
            "entries": verdict.head.seq,
            "head": verdict.head.to_string(),
            "expected": args.expect.map(|head| head.to_string()),
        }));
    } else {
        let entries = counted(u64::try_from(verdict.head.seq).unwrap_or(0), "entry");
        line(&format!("The audit log is intact: {entries}."));
        if let Some(expected) = args.expect {
            line(&format!("It contains the expected head, at entry {}.", expected.seq));
        }
        line(&format!("Head: {}", verdict.head));
    }
    Ok(ExitCode::SUCCESS)
}

fn tampered(verdict: AuditVerdict, fault: AuditFault, seq: i64) -> Failure {
    let message = match fault {
        AuditFault::Altered => format!(
            "entry {seq} of the audit log was altered: it was changed, moved or inserted, or an earlier entry was rewritten"
        ),
        AuditFault::Missing => format!("entry {seq} of the audit log is missing, and later entries exist"),
        AuditFault::Cut => format!("the audit log ends before its head: entry {seq} is missing"),
        AuditFault::Added => format!("entry {seq} of the audit log was not written by the connector"),
        AuditFault::Head => format!("the audit log's head is not that of its last entry, {seq}"),
        AuditFault::Rewritten => format!(
            "the audit log does not contain the expected head: it was rewritten at or before entry {seq}, or cut"
        ),
    };
    let mut failure = Failure::usage(
        fault.code(),
        message,
        "Another program wrote to the database, or the database was restored to an older state. Compare it with a \
         backup: see docs/operations.md.",
    );
    failure.exit = Exit::Mismatch;
    let members = [("seq", json!(seq)), ("head", json!(verdict.head.to_string()))];
    let members = members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    failure.details = Some(Box::new(Details {
        lines: vec![format!("head of the intact part: {}", verdict.head)],
        members,
    }));
    failure
}
