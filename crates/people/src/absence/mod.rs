//! Absences to the half-day: half-days, leaves, absences, absence requests, and half-day arithmetic.
//!
//! Types and rules only; `sync` maps Lucca's records to them.

mod calendar;
mod half_day;
mod leave;
mod plan;
mod request;

pub use calendar::{WorkingDay, WorkingPattern};
pub use half_day::{Half, HalfDay, HalfDays, NotAHalfDay, half_days_between};
pub use leave::{Absence, Confirmation, Leave};
pub use plan::{DayOff, OffHalfDay, Plan, first_half_day, last_half_day, plan};
pub use request::{
    AbsenceRequest, AbsenceRequestStatus, AbsenceStatus, Approval, CancellationRequest, absence_status,
};
