//! Judgements of constructed evidence.

use proptest::prelude::*;

use super::*;

const COMPLETE: Proof = Proof::Complete { rows: 0 };

fn missing(status: Option<EmployeeStatus>, count: usize) -> Vec<Missing> {
    vec![Missing { status, ..Missing::default() }; count]
}

fn evidence(stored: usize, missing: &[Missing]) -> Evidence<'_> {
    Evidence {
        proof: COMPLETE,
        stored,
        hidden: 0,
        seen_former: 1,
        seen_future: 1,
        missing,
        permission_lost: false,
        brake: Some(Brake::default()),
    }
}

#[test]
fn brake_holds_above_50_records_or_20_percent() {
    let fifty = missing(None, 50);
    assert_eq!(judge(&evidence(1000, &fifty))[0], Judgement::Gone);
    let more = missing(None, 51);
    assert_eq!(judge(&evidence(1000, &more))[0], Judgement::Held(HeldBecause::Brake));
    let fifth = missing(None, 2);
    assert_eq!(judge(&evidence(10, &fifth))[0], Judgement::Gone);
    assert_eq!(judge(&evidence(9, &fifth))[0], Judgement::Held(HeldBecause::Brake));
    assert_eq!(judge(&Evidence { brake: None, ..evidence(9, &fifth) })[0], Judgement::Gone);
}

#[test]
fn vanished_former_employees_are_hidden() {
    let former = missing(Some(EmployeeStatus::Former), 300);
    let judged = judge(&Evidence { seen_former: 0, ..evidence(1000, &former) });
    assert!(judged.iter().all(|judgement| *judgement == Judgement::Hidden(HiddenBecause::FormerNotShown)));
    let few = missing(Some(EmployeeStatus::Former), 3);
    assert_eq!(judge(&evidence(1000, &few))[0], Judgement::Gone);
}

#[test]
fn leavers_are_hidden_without_former_employees() {
    let one = missing(Some(EmployeeStatus::Active), 1);
    assert_eq!(judge(&evidence(1000, &one)), [Judgement::Gone]);
    assert_eq!(
        judge(&Evidence { seen_former: 0, ..evidence(1000, &one) }),
        [Judgement::Hidden(HiddenBecause::MayHaveLeft)]
    );
    let many = missing(Some(EmployeeStatus::Active), 51);
    let judged = judge(&Evidence { seen_former: 0, ..evidence(1000, &many) });
    assert_eq!(judged[0], Judgement::Held(HeldBecause::Brake));
}

#[test]
fn lost_permission_holds_missing_records() {
    let mut some = missing(Some(EmployeeStatus::Former), 30);
    some.extend(missing(Some(EmployeeStatus::Active), 3));
    let judged = judge(&Evidence { seen_former: 0, ..evidence(1000, &some) });
    assert_eq!(judged[..30], [Judgement::Hidden(HiddenBecause::FormerNotShown); 30]);
    assert_eq!(judged[30..], [Judgement::Hidden(HiddenBecause::MayHaveLeft); 3]);
    let three = missing(None, 3);
    let judged = judge(&Evidence { permission_lost: true, ..evidence(1000, &three) });
    assert_eq!(judged, [Judgement::Held(HeldBecause::PermissionLost); 3]);
}

#[test]
fn vanished_establishment_is_a_narrowed_scope() {
    let one =
        Missing { status: Some(EmployeeStatus::Active), establishment_vanished: true, ..Missing::default() };
    assert_eq!(judge(&evidence(1000, &[one; 3])), [Judgement::Hidden(HiddenBecause::ScopeNarrowed); 3]);
    // One or two employees may have been all that the establishment had.
    assert_eq!(judge(&evidence(1000, &[one; 2])), [Judgement::Held(HeldBecause::LastOfEstablishment); 2]);
    // An establishment of former employees only disappears with the permission to see them.
    let former = Missing { status: Some(EmployeeStatus::Former), ..one };
    let judged = judge(&Evidence { seen_former: 0, ..evidence(1000, &[former; 3]) });
    assert_eq!(judged, [Judgement::Hidden(HiddenBecause::FormerNotShown); 3]);
    // Former employees of a lost scope do not indicate a lost permission.
    let both = [one, one, former];
    let judged = judge(&Evidence { seen_former: 0, ..evidence(1000, &both) });
    assert_eq!(judged, [Judgement::Hidden(HiddenBecause::ScopeNarrowed); 3]);
}

#[test]
fn missing_beside_a_narrowing_is_undecided() {
    let active = Missing { status: Some(EmployeeStatus::Active), ..Missing::default() };
    let narrowed = Missing { establishment_vanished: true, ..active };
    let first = judge(&evidence(1000, &[narrowed, narrowed, narrowed, active]));
    assert_eq!(first[3], Judgement::Held(HeldBecause::PermissionLost));
    let (hidden, open) = (
        Missing { is_hidden: true, ..narrowed },
        Missing { undecided: Some(HeldBecause::PermissionLost), ..active },
    );
    let again = judge(&evidence(1000, &[hidden, hidden, hidden, open, active]));
    assert_eq!(again[3], Judgement::Held(HeldBecause::PermissionLost));
    assert_eq!(again[4], Judgement::Gone, "deletions after it are deletions");
    // Once the scope is widened again, records that are still missing are gone.
    let back = Missing { establishment_vanished: false, ..hidden };
    assert_eq!(judge(&evidence(1000, &[back, open])), [Judgement::Gone; 2]);
}

#[test]
fn failed_lookup_holds_all_missing_records() {
    let unsure = [
        Missing { unconfirmed: true, ..Missing::default() },
        Missing { establishment_vanished: true, ..Missing::default() },
    ];
    assert_eq!(judge(&evidence(1000, &unsure)), [Judgement::Held(HeldBecause::Unconfirmed); 2]);
}

#[test]
fn records_of_undecided_owners_are_held() {
    let doubt = Missing { owner_in_doubt: true, ..Missing::default() };
    let judged = judge(&evidence(1000, &[doubt, Missing::default()]));
    assert_eq!(judged, [Judgement::Held(HeldBecause::OwnerInDoubt), Judgement::Gone]);
}

#[test]
fn each_employee_has_their_own_evidence() {
    let deleted = Missing { status: Some(EmployeeStatus::Active), ..Missing::default() };
    let manager = Missing { is_referenced: true, ..deleted };
    let people: Vec<Missing> = [[manager; 4].as_slice(), [deleted; 11].as_slice()].concat();
    let judged = judge(&evidence(200, &people));
    assert_eq!(judged[..4], [Judgement::Held(HeldBecause::Referenced); 4]);
    assert_eq!(judged[4..], [Judgement::Gone; 11]);
    let shown = Missing { has_shown_records: true, ..manager };
    assert_eq!(judge(&evidence(200, &[shown])), [Judgement::Hidden(HiddenBecause::RecordsStillShown)]);
}

#[test]
fn brake_holds_when_every_employee_vanishes() {
    let mut everybody = missing(Some(EmployeeStatus::Former), 30);
    everybody.extend(missing(Some(EmployeeStatus::Active), 210));
    let judged = judge(&Evidence { seen_former: 0, seen_future: 0, ..evidence(240, &everybody) });
    assert!(judged.iter().all(|judgement| *judgement == Judgement::Held(HeldBecause::Brake)));
}

proptest! {
    #[test]
    fn nothing_is_judged_gone_without_a_proof(count in 0usize..200, stored in 0usize..400, braked: bool) {
        let missing = missing(None, count);
        let proof = Proof::Unproven { rows: 1, why: lucca::Unproven::NoCount };
        let brake = braked.then(Brake::default);
        let judged = judge(&Evidence { proof, brake, ..evidence(stored, &missing) });
        prop_assert_eq!(judged.len(), count);
        prop_assert!(judged.iter().all(|j| matches!(j, Judgement::Held(_))));
    }
}
