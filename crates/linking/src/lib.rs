//! Linking a tenant: today the check of a tenant URL and an API key.
//!
//! The check asks Lucca a dozen small questions and says what each answer proves. What it may conclude is
//! in `verdicts`, without I/O; what Lucca calls each permission is in `permission`. Keeping the result is the
//! caller's business.

mod check;
mod permission;
mod verdicts;

pub use check::{Check, check};
pub use permission::Permission;
pub use verdicts::{Finding, Verdict};
