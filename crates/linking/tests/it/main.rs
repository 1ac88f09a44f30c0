//! The permission doctor: against an emulated tenant, against stored data, and the judgement alone.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod doctor;
mod judgement;
mod rights;
mod stored;
mod support;
mod texts;
