//! Absences to the half-day: what a half-day is, the leaves that take them, the absence they make up, the
//! request that asks for it, and the arithmetic of half-days.
//!
//! Shapes and rules only; what Lucca sends is mapped to these by `sync`.

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
