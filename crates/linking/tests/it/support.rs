//! An emulated tenant, keys with chosen rights, and the emulator's right for each permission.

use std::sync::{Arc, Mutex};

use jiff::civil::{Date, date};
use linking::{Diagnosis, Permission, Probe, ProbeOutcome, Verdict, Watcher, examine};
use lucca::{ApiKey, Client, RequestBudget, TenantUrl};
use lucca_emulator::{Config, Emulator, HrFile, Rights, Switches};
use net::NetworkPolicy;
use net::clock::TestClock;
use people::Features;

pub(crate) const TODAY: Date = date(2026, 11, 23);

pub(crate) async fn tenant(employees: u32) -> Emulator {
    let mut config = Config::new(employees, 3, TODAY);
    config.switches.rate_limit = None;
    Emulator::start(config).await.unwrap()
}

pub(crate) fn switch(emulator: &Emulator, change: impl FnOnce(&mut Switches)) {
    let mut switches = emulator.tenant().switches();
    change(&mut switches);
    emulator.tenant().set_switches(switches);
}

pub(crate) fn client(emulator: &Emulator) -> Client {
    let tenant = TenantUrl::parse(&emulator.url(), NetworkPolicy::AllowLoopback).unwrap();
    Client::builder(tenant, ApiKey::parse(emulator.api_key()).unwrap())
        .clock(Arc::new(TestClock::new("2026-11-23T09:00:00Z".parse().unwrap())))
        .budget(Arc::new(RequestBudget::unlimited()))
        .build()
        .unwrap()
}

/// Diagnoses the tenant's key with these rights.
pub(crate) async fn examined(
    emulator: &Emulator,
    rights: &Rights,
    features: &Features,
) -> Result<Diagnosis, lucca::Error> {
    examined_by(&client(emulator), emulator, rights, features).await
}

pub(crate) async fn examined_by(
    client: &Client,
    emulator: &Emulator,
    rights: &Rights,
    features: &Features,
) -> Result<Diagnosis, lucca::Error> {
    emulator.tenant().set_rights(emulator.api_key(), rights.clone());
    emulator.tenant().clear_requests();
    examine(client, features, TODAY, &Steps::default()).await
}

type Give = fn(&mut Rights);

/// The emulator's rights, each of which can be granted on its own.
pub(crate) const RIGHTS: [(Permission, Give); 10] = [
    (Permission::ViewUsers, |rights| rights.view_users = true),
    (Permission::SeeFutureEmployees, |rights| rights.see_future = true),
    (Permission::SeeFormerEmployees, |rights| rights.see_former = true),
    (Permission::ViewContracts, |rights| rights.view_contracts = true),
    (Permission::ViewJobs, |rights| rights.view_jobs = true),
    (Permission::ViewManagers, |rights| rights.view_managers = true),
    (Permission::ViewQualifications, |rights| rights.view_qualifications = true),
    (Permission::ConsultLeaves, |rights| rights.consult_leaves = true),
    (Permission::MakeAbsenceRequests, |rights| rights.make_absence_requests = true),
    (Permission::ConsultHrFiles, |rights| rights.hr_file.custom_fields = true),
];

/// The rights whose index in [`RIGHTS`] is set in `bits`. Modifying people is not among them.
pub(crate) fn subset(bits: u32) -> Rights {
    let mut rights = Rights { hr_file: HrFile::default(), ..Rights::none() };
    for (place, (_, give)) in RIGHTS.iter().enumerate() {
        if bits >> place & 1 == 1 {
            give(&mut rights);
        }
    }
    rights
}

pub(crate) const EVERY: u32 = (1 << RIGHTS.len()) - 1;

/// Every right, none, and every right but one.
pub(crate) fn all_but_one() -> Vec<u32> {
    (0..RIGHTS.len()).map(|place| EVERY & !(1 << place)).chain([EVERY, 0]).collect()
}

/// Every right except one or two.
pub(crate) fn all_but_few() -> Vec<u32> {
    let places = 0..RIGHTS.len();
    let pairs =
        places.clone().flat_map(|one| places.clone().map(move |other| EVERY & !(1 << one) & !(1 << other)));
    let mut sets: Vec<u32> = pairs.chain([EVERY, 0, 1]).collect();
    sets.sort_unstable();
    sets.dedup();
    sets
}

pub(crate) fn has(rights: &Rights, permission: Permission) -> bool {
    match permission {
        Permission::ViewUsers => rights.view_users,
        Permission::SeeFutureEmployees => rights.see_future,
        Permission::SeeFormerEmployees => rights.see_former,
        Permission::ViewContracts => rights.view_contracts,
        Permission::ViewJobs => rights.view_jobs,
        Permission::ViewManagers => rights.view_managers,
        Permission::ViewQualifications => rights.view_qualifications,
        Permission::ConsultLeaves => rights.consult_leaves,
        Permission::MakeAbsenceRequests => rights.make_absence_requests,
        Permission::ConsultHrFiles => rights.hr_file.custom_fields,
    }
}

/// Asserts that no missing right is reported as granted, and no granted right as missing.
pub(crate) fn assert_true(diagnosis: &Diagnosis, rights: &Rights, about: &str) {
    for finding in &diagnosis.findings {
        let is_wrong = match finding.verdict {
            Verdict::Granted => !has(rights, finding.permission),
            Verdict::Missing => has(rights, finding.permission),
            Verdict::CannotTell => false,
        };
        assert!(!is_wrong, "{about}: {finding:?} with {rights:?}");
    }
}

/// Records the steps, and checks their order.
#[derive(Default)]
pub(crate) struct Steps(pub(crate) Mutex<Vec<(Probe, Option<ProbeOutcome>)>>);

impl Watcher for Steps {
    fn started(&self, probe: Probe) {
        let mut steps = self.0.lock().unwrap();
        if let Some((last, outcome)) = steps.last() {
            assert!(*last < probe && outcome.is_some(), "{last:?} is done before {probe:?} begins");
        }
        steps.push((probe, None));
    }

    fn finished(&self, outcome: &ProbeOutcome) {
        let mut steps = self.0.lock().unwrap();
        let last = steps.last_mut().unwrap();
        assert_eq!((last.0, &last.1), (outcome.probe, &None));
        last.1 = Some(outcome.clone());
    }
}
