//! `accounts fields`: lists the delivered fields of each record, their names, and their source in Lucca.

use std::process::ExitCode;

use delivery::mapping::fields;

use crate::Global;
use crate::data_dir::DataDir;
use crate::failure::Failure;
use crate::output::{line, table};
use crate::session;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The linked account, by id or tenant [default: the only one]
    account: Option<String>,
    /// Only fields of this stream, such as employees
    #[arg(long, value_name = "STREAM")]
    stream: Option<String>,
}

pub(crate) async fn run(global: &Global, args: &Args) -> Result<ExitCode, Failure> {
    let data = DataDir::open(global).await?;
    let account = session::account(&data, args.account.as_deref()).await?;
    if let Some(stream) = &args.stream {
        delivery::catalog::stream(stream).map_err(|error| {
            Failure::usage(error.code(), error.to_string(), "Name one of the listed streams.")
        })?;
    }
    let mut all = fields(&account);
    all.retain(|field| args.stream.as_deref().is_none_or(|stream| stream == field.stream));
    if global.json {
        crate::output::json(&all);
        return Ok(ExitCode::SUCCESS);
    }
    let mut shown =
        table(&["stream", "field", "delivered as", "type", "field group", "resource", "field in Lucca"]);
    for field in all {
        let delivered = match (field.delivered_as, field.reason) {
            (Some(name), _) => name,
            (None, Some(reason)) => format!("({})", reason.replace('_', " ")),
            (None, None) => "-".to_owned(),
        };
        shown.add_row([
            field.stream,
            field.field,
            &delivered,
            &field.type_,
            field.field_group.unwrap_or("-"),
            field.resource,
            &field.source,
        ]);
    }
    line(&shown.to_string());
    Ok(ExitCode::SUCCESS)
}
