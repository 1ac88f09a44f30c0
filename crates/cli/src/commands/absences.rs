//! `absences list`: who is away.

use jiff::civil::{Date, date};

/// Before any absence. The database compares dates as text, so years have four digits.
pub(crate) const EARLIEST: Date = date(1, 1, 1);
