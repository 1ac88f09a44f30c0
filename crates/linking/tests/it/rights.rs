//! The doctor against every subset of the emulator's rights, and against every way in which Lucca may hide
//! data that a right guards.

use linking::{Evidence, Likelier, Permission, Verdict};
use lucca_emulator::{Emulator, HiddenFields, Rights};
use people::Features;

use crate::support::{
    EVERY, all_but_few, all_but_one, assert_true, client, examined_by, has, subset, switch, tenant,
};

/// Examines the tenant with each of these sets of rights, and asserts that every verdict is true and that an
/// open verdict could not have been decided. Returns the number of sets.
async fn assert_all(
    emulator: &Emulator,
    sets: impl IntoIterator<Item = Rights>,
    most_requests: usize,
) -> usize {
    let client = client(emulator);
    let features = Features::all();
    let mut done = 0;
    for rights in sets {
        let about = format!("{:?}", emulator.tenant().switches().hidden_fields);
        let examined = examined_by(&client, emulator, &rights, &features).await;
        let requests = emulator.requests().len();
        assert!(requests <= most_requests, "{requests} requests with {rights:?}");
        done += 1;
        let diagnosis = match examined {
            Ok(diagnosis) => diagnosis,
            Err(error) => {
                // Such a key equals an unknown one only if Lucca answers 401 to every request.
                let has_anything = rights.view_users
                    || rights.view_organization
                    || rights.view_contracts
                    || rights.consult_leaves;
                assert!(!has_anything && error.code() == "lucca.key_refused", "{error} with {rights:?}");
                continue;
            }
        };
        assert_true(&diagnosis, &rights, &about);
        assert_decided(&diagnosis, emulator, &rights);
    }
    done
}

/// Asserts that visible data proves its permission and a refusal disproves it: no verdict is open that could
/// be decided.
fn assert_decided(diagnosis: &linking::Diagnosis, emulator: &Emulator, rights: &Rights) {
    let truth = emulator.truth();
    let finding = |permission| diagnosis.finding(permission).unwrap();
    let assert_is = |permission, verdict| {
        assert_eq!(finding(permission).verdict, verdict, "{:?} with {rights:?}", finding(permission));
    };
    if !rights.view_users {
        assert_is(Permission::ViewUsers, Verdict::Missing);
        let others = [Permission::SeeFutureEmployees, Permission::SeeFormerEmployees, Permission::ViewJobs];
        for permission in others {
            assert_eq!(finding(permission).evidence, Evidence::PeopleRefused);
        }
        return;
    }
    if truth.employees > 0 {
        assert_is(Permission::ViewUsers, Verdict::Granted);
        let verdict = if rights.view_contracts { Verdict::Granted } else { Verdict::Missing };
        assert_is(Permission::ViewContracts, verdict);
    }
    let is_big = truth.employees >= 100;
    if is_big && rights.establishment_scope.is_none() {
        for (permission, _) in crate::support::RIGHTS {
            if has(rights, permission) && permission != Permission::MakeAbsenceRequests {
                assert_is(permission, Verdict::Granted);
            }
        }
    }
    if !rights.consult_leaves {
        assert_is(Permission::ConsultLeaves, Verdict::Missing);
    }
    if !rights.hr_file.custom_fields {
        assert_is(Permission::ConsultHrFiles, Verdict::Missing);
    }
    for (permission, is_there) in
        [(Permission::ViewJobs, rights.view_jobs), (Permission::ViewManagers, rights.view_managers)]
    {
        if is_big && !is_there && finding(permission).verdict == Verdict::CannotTell {
            assert_eq!(finding(permission).likelier, Some(Likelier::Missing), "{permission:?}");
        }
    }
    // A scope that hides a part of the company is noticed, and a missing right is not mistaken for one.
    if is_big && rights.view_managers {
        let is_scoped = rights.establishment_scope.is_some();
        assert_eq!(
            diagnosis.narrowed.is_some(),
            is_scoped,
            "{:?} {rights:?}",
            diagnosis.observations.references
        );
    }
    let former = finding(Permission::SeeFormerEmployees);
    if is_big && !rights.see_former && former.verdict == Verdict::CannotTell {
        assert_eq!(former.likelier, Some(Likelier::Missing));
    }
}

fn scoped(rights: Rights) -> Rights {
    Rights { establishment_scope: Some(vec![1]), ..rights }
}

#[tokio::test]
async fn all_subsets_of_rights_with_0_or_5_employees() {
    for employees in [0, 5] {
        let emulator = tenant(employees).await;
        assert_eq!(assert_all(&emulator, (0..=EVERY).map(subset), 15).await, 1024);
        assert_all(&emulator, all_but_few().into_iter().map(|bits| scoped(subset(bits))), 15).await;
    }
}

/// The bits of job titles, qualifications and requests, each judged by a field or a list of its own. With
/// three hundred people they are set or cleared together.
const APART: u32 = 0b01_0101_0000;

#[tokio::test]
async fn dependent_subsets_with_300_employees() {
    let emulator = tenant(300).await;
    let sets = (0..=EVERY).filter(|bits| [0, APART].contains(&(bits & APART)));
    assert_eq!(assert_all(&emulator, sets.map(subset), 15).await, 256);
    let with_more = |bits| {
        let rights = Rights { edit_users: true, view_organization: true, ..subset(bits) };
        [rights.clone(), scoped(rights)]
    };
    assert_all(&emulator, all_but_one().into_iter().flat_map(with_more), 15).await;
}

#[tokio::test]
#[ignore = "takes minutes: also what does not depend on each other"]
async fn all_subsets_with_300_and_pairs_with_5000() {
    let emulator = tenant(5000).await;
    assert_all(&emulator, all_but_few().into_iter().map(subset), 15).await;
    let emulator = tenant(300).await;
    assert_eq!(assert_all(&emulator, (0..=EVERY).map(subset), 15).await, 1024);
    assert_eq!(assert_all(&emulator, (0..=EVERY).map(|bits| scoped(subset(bits))), 15).await, 1024);
}

#[tokio::test]
async fn single_missing_rights_with_5000_employees() {
    let emulator = tenant(5000).await;
    let sets = all_but_one().into_iter().chain([EVERY & !0b110]);
    assert_all(&emulator, sets.flat_map(|bits| [subset(bits), scoped(subset(bits))]), 15).await;
}

#[tokio::test]
async fn every_way_of_hiding_and_refusing() {
    for (employees, sets) in [(0, all_but_one()), (5, all_but_few()), (300, all_but_one())] {
        let emulator = tenant(employees).await;
        for hidden in [HiddenFields::Null, HiddenFields::Omitted, HiddenFields::Refused] {
            for status in [401, 403] {
                switch(&emulator, |switches| {
                    switches.hidden_fields = hidden;
                    switches.no_right_status = status;
                });
                assert_all(&emulator, sets.iter().map(|bits| subset(*bits)), 20).await;
            }
        }
    }
}

#[tokio::test]
async fn contracts_and_leaves_of_hidden_people() {
    for (employees, contracts, leaves) in
        [(5, false, false), (300, false, true), (300, true, false), (300, false, false)]
    {
        let emulator = tenant(employees).await;
        switch(&emulator, |switches| {
            switches.contracts_follow_users = contracts;
            switches.leaves_follow_users = leaves;
        });
        // The same without former and without future employees.
        let sets = all_but_one().into_iter().chain([EVERY & !0b110]);
        assert_all(&emulator, sets.flat_map(|bits| [subset(bits), scoped(subset(bits))]), 15).await;
    }
}
