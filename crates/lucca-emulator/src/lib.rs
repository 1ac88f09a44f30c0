//! A Lucca tenant on loopback: seeded, stateful, with rights, rate limits and faults on demand.
//!
//! It answers Lucca's legacy API (v3 and v4) like a recorded real tenant, and otherwise as faithfully as
//! public documentation and code allow. Each open question is a [`Switches`] field whose default is the most
//! probable behaviour, and is marked `unverified` in the code. It uses none of a client's code, so that both
//! can't share a misreading.
//!
//! ```no_run
//! # async fn example() -> Result<(), lucca_emulator::EmulatorError> {
//! use lucca_emulator::{Config, Emulator};
//!
//! let emulator = Emulator::start(Config::new(1000, 7, jiff::civil::date(2026, 11, 23))).await?;
//! // GET {emulator.url()}/api/v3/users with "Authorization: lucca application={emulator.api_key()}"
//! let truth = emulator.truth();
//! assert_eq!(truth.employees, 1000);
//! emulator.shutdown().await;
//! # Ok(())
//! # }
//! ```
//!
//! Reads are its main purpose. It supports the writes that integrations use most: partial updates of users
//! (`PUT /api/v3/users/{id}`), new and changed work contracts (`POST`, `PATCH`); and absence requests:
//! the undocumented factory, the documented import, decisions, cancellations, deletions.
//! [`Tenant::writes`] lists the accepted writes of absences, whether or not their answers arrived.
//!
//! [`Tenant::make`] makes a [`Change`], [`Tenant::live`] a whole random history, and a [`Fault`]
//! makes requests fail, or makes a change between two pages. [`Tenant::snapshot`] is the expected result of a
//! complete sync.
//!
//! The control surface, on a port of its own, is described in [`control_routes`].

mod absence_apis;
mod absence_writes;
mod changes;
mod clock;
mod company;
mod control;
mod dice;
mod drip;
mod emulator;
mod errors;
mod faults;
mod fleet;
mod grammar;
mod limiter;
mod list_cache;
mod mangle;
mod mutations;
mod notification_sender;
mod notifications;
mod resources;
mod rights;
mod routes;
mod server;
mod snapshot;
mod switches;
mod tenant;
mod truth;
mod truth_absences;
mod view;
mod writes;

use jiff::civil::Date;

pub use crate::{
    absence_writes::{AbsenceWrite, WriteKind},
    changes::{
        Change, ChangeError,
        absences::{AbsenceIds, NewAbsence},
        people::{Hire, PersonPatch, PersonSummary},
    },
    company::model::Status,
    control::control_routes,
    emulator::{Config, Emulator, EmulatorError},
    faults::{Fault, FaultKind, Loss},
    fleet::Fleet,
    limiter::RateFacts,
    rights::{HrFile, KeyConfig, Permission, Rights},
    snapshot::{
        ContractFacts, DepartmentFacts, EstablishmentFacts, LeaveFacts, LeavePeriodFacts, LeaveRequestFacts,
        Snapshot, UserFacts, UserLogFacts,
    },
    switches::{
        AbsenceFactory, AbsenceStamps, AccountShape, AuthorizationAs, AutoCreateFalse, ById, CancelApproved,
        CountOnly, DecidesAs, DictionaryMembers, ErrorBody, FactoryAccess, FactoryAnswer, FactoryRefusal,
        Header, HiddenFields, ImportEstablishment, ImportUnapproved, KeyCasing, LeaveValue, MalformedQuery,
        Nationality, NoManager, RateCounting, RetryAfter, SinceReading, Switches, Telling, TooManyBody,
        Unconfirmed, UnknownField, UnknownFilter, Unsorted, UrlStyle, UserLogs, V3Departments, WriteAnswer,
    },
    tenant::{LoggedRequest, Tenant},
    truth::{ByStatus, Truth},
    truth_absences::{AbsenceFacts, BalanceFacts, HalfDay, HalfFacts},
};

/// The present day in Paris, the tenants' zone.
pub fn today() -> Date {
    clock::paris().date()
}
