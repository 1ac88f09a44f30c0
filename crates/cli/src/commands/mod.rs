//! One module a command: its arguments, what it does, and how it shows the result.

pub(crate) mod absences;
pub(crate) mod accounts;
pub(crate) mod airbyte;
pub(crate) mod calendar_feeds;
pub(crate) mod changes;
pub(crate) mod check;
pub(crate) mod completions;
pub(crate) mod demo;
pub(crate) mod employees;
pub(crate) mod emulator;
pub(crate) mod export;
pub(crate) mod issues;
pub(crate) mod link;
pub(crate) mod man;
pub(crate) mod org_chart;
pub(crate) mod runs;
pub(crate) mod scim;
pub(crate) mod serve;
pub(crate) mod source;
pub(crate) mod sync;
pub(crate) mod tap;
pub(crate) mod watch;
