//! `migrate`: creates the database's tables or migrates them to this version, and exits.

use std::process::ExitCode;

use serde_json::json;

use crate::data_dir::DataDir;
use crate::failure::Failure;
use crate::output::line;
use crate::{Global, session};

pub(crate) async fn run(global: &Global) -> Result<ExitCode, Failure> {
    let data = DataDir::open_or_create(global, &global.data_dir()).await?;
    session::queue(&data.store).await?;
    let version = data.store.schema_version().await?;
    if global.json {
        crate::output::json(&json!({ "database": data.address.to_string(), "schema_version": version }));
    } else {
        line(&format!("The database {} is up to date: schema version {version}", data.address));
    }
    data.store.close().await;
    Ok(ExitCode::SUCCESS)
}
