//! What it means that stored records were not seen. Pure: no database, no network, no clock.
//!
//! Nothing is taken for deleted by inference unless the enumeration was provably complete, no permission
//! seems to be lost, and the number is below the brake.

use lucca::Proof;
use people::EmployeeStatus;

/// How many records may vanish in one run before a person has to look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Brake {
    /// At most this many.
    pub records: usize,
    /// And at most this many in a hundred of what is stored.
    pub percent: usize,
}

impl Default for Brake {
    fn default() -> Self {
        Self { records: 50, percent: 20 }
    }
}

/// What is known of a stored record that was not seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Missing {
    /// An employee's status by what is stored; other kinds have none.
    pub status: Option<EmployeeStatus>,
    /// Whether nobody of the employee's establishment was seen.
    pub establishment_vanished: bool,
    /// Whether it belongs to a record that is itself hidden.
    pub owner_is_hidden: bool,
    /// Whether it belongs to somebody who stands as present and is not shown either: until it is known why, nothing
    /// follows for what is theirs.
    pub owner_in_doubt: bool,
    /// Whether records that are still shown refer to it: a contract, a manager, a department's head, an absence.
    /// What others refer to exists, so it is the key that no longer sees it.
    pub is_referenced: bool,
    /// Whether asking for it once more failed, so that nothing is known.
    pub unconfirmed: bool,
}

/// What an enumeration showed, and what was stored before it.
#[derive(Clone, Debug)]
pub struct Evidence<'a> {
    /// Whether everything was seen.
    pub proof: Proof,
    /// Records that stood as present before.
    pub stored: usize,
    /// How many former and how many future employees were seen.
    pub seen_former: usize,
    /// See `seen_former`.
    pub seen_future: usize,
    /// Those of the stored that were not seen.
    pub missing: &'a [Missing],
    /// Whether the key was found, in this run, to have lost a permission.
    pub permission_lost: bool,
    /// The brake; none when a person has looked and agreed.
    pub brake: Option<Brake>,
}

/// What is to become of a missing record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Judgement {
    /// It is no longer at the source.
    Gone,
    /// The key no longer shows it.
    Hidden,
    /// It stays as it is.
    Held(HeldBecause),
}

/// Why a missing record stays as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeldBecause {
    /// The enumeration was not provably complete.
    Unproven,
    /// Too many are missing at once.
    Brake,
    /// The key lost a permission in the same run, which may be the reason.
    PermissionLost,
    /// Asking for it once more failed.
    Unconfirmed,
    /// Whom it belongs to is not shown either, and is not judged yet.
    OwnerInDoubt,
}

impl HeldBecause {
    /// Whether only a person can decide.
    pub fn asks_a_person(self) -> bool {
        self == Self::Brake
    }

    /// The reason, as a sentence fragment.
    pub fn reason(self) -> &'static str {
        match self {
            Self::Unproven => "the list was not provably complete",
            Self::Brake => "too many are missing at once; a person has to look",
            Self::PermissionLost => {
                "the key seems to have lost a permission, which may be why they are missing"
            }
            Self::Unconfirmed => "asking for them once more failed",
            Self::OwnerInDoubt => "whom they belong to is not shown either, and it is not known why",
        }
    }
}

/// Judges every missing record, in order.
///
/// All former employees vanishing at once, with none left, is what losing *See former employees* looks like;
/// likewise for future ones, and for everybody of an establishment when the key's scope is narrowed. Such
/// records are hidden, and so is what belongs to them, and every employee who vanishes with them: the evidence is there
/// in that run only, and who left since the run before was stored as active. Nor is an employee gone while no former
/// ones are seen: one who left vanishes just so. What else is missing is held.
pub fn judge(evidence: &Evidence<'_>) -> Vec<Judgement> {
    let all = |judgement| vec![judgement; evidence.missing.len()];
    if !evidence.proof.is_complete() {
        return all(Judgement::Held(HeldBecause::Unproven));
    }
    if evidence.missing.iter().any(|missing| missing.unconfirmed) {
        // All of them, so that the next run has all the evidence again.
        return all(Judgement::Held(HeldBecause::Unconfirmed));
    }
    let is_hidden = |missing: &Missing| {
        missing.owner_is_hidden
            || missing.is_referenced
            || missing.establishment_vanished
            || match missing.status {
                Some(EmployeeStatus::Former) => evidence.seen_former == 0,
                Some(EmployeeStatus::Future) => evidence.seen_future == 0,
                Some(EmployeeStatus::Active) | None => false,
            }
    };
    // A key that sees no former employees sees nobody leave: they vanish as if they were deleted.
    let may_have_left =
        |missing: &Missing| missing.status == Some(EmployeeStatus::Active) && evidence.seen_former == 0;
    let hidden = evidence.missing.iter().filter(|missing| is_hidden(missing)).count();
    let may_go = |missing: &&Missing| !is_hidden(missing) && !missing.owner_in_doubt;
    let vanished = evidence.missing.iter().filter(may_go).count();
    let is_braked = evidence
        .brake
        .is_some_and(|brake| vanished > brake.records || vanished * 100 > brake.percent * evidence.stored);
    let sees_nobody = evidence.stored > 0 && evidence.missing.len() == evidence.stored;
    if is_braked || sees_nobody && evidence.brake.is_some() {
        // Whatever makes so many vanish may be what hides the others, too.
        return all(Judgement::Held(HeldBecause::Brake));
    }
    let permission_lost = evidence.permission_lost || hidden > 0;
    evidence
        .missing
        .iter()
        .map(|missing| {
            if is_hidden(missing) || may_have_left(missing) || hidden > 0 && missing.status.is_some() {
                Judgement::Hidden
            } else if missing.owner_in_doubt {
                Judgement::Held(HeldBecause::OwnerInDoubt)
            } else if permission_lost {
                Judgement::Held(HeldBecause::PermissionLost)
            } else {
                Judgement::Gone
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
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
            seen_former: 1,
            seen_future: 1,
            missing,
            permission_lost: false,
            brake: Some(Brake::default()),
        }
    }

    #[test]
    fn the_brake_holds_above_fifty_records_or_a_fifth() {
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
    fn losing_sight_of_all_former_employees_is_not_a_deletion() {
        let former = missing(Some(EmployeeStatus::Former), 300);
        let judged = judge(&Evidence { seen_former: 0, ..evidence(1000, &former) });
        assert!(judged.iter().all(|judgement| *judgement == Judgement::Hidden));
        let few = missing(Some(EmployeeStatus::Former), 3);
        assert_eq!(judge(&evidence(1000, &few))[0], Judgement::Gone);
    }

    #[test]
    fn who_vanishes_from_a_key_without_former_employees_may_have_left() {
        let one = missing(Some(EmployeeStatus::Active), 1);
        assert_eq!(judge(&evidence(1000, &one)), [Judgement::Gone]);
        assert_eq!(judge(&Evidence { seen_former: 0, ..evidence(1000, &one) }), [Judgement::Hidden]);
        let many = missing(Some(EmployeeStatus::Active), 51);
        let judged = judge(&Evidence { seen_former: 0, ..evidence(1000, &many) });
        assert_eq!(judged[0], Judgement::Held(HeldBecause::Brake));
    }

    #[test]
    fn nothing_is_gone_in_the_run_in_which_a_permission_was_lost() {
        let mut some = missing(Some(EmployeeStatus::Former), 30);
        some.extend(missing(Some(EmployeeStatus::Active), 3));
        let judged = judge(&Evidence { seen_former: 0, ..evidence(1000, &some) });
        // Nor in the next one, which has no evidence of it any more.
        assert_eq!(judged, [Judgement::Hidden; 33]);
        let three = missing(None, 3);
        let judged = judge(&Evidence { permission_lost: true, ..evidence(1000, &three) });
        assert_eq!(judged, [Judgement::Held(HeldBecause::PermissionLost); 3]);
    }

    #[test]
    fn an_establishment_that_vanishes_whole_is_a_narrowed_scope() {
        let moved = [Missing { establishment_vanished: true, ..Missing::default() }];
        assert_eq!(judge(&evidence(1000, &moved)), [Judgement::Hidden]);
    }

    #[test]
    fn without_a_second_look_all_of_the_evidence_waits_for_the_next_run() {
        let unsure = [
            Missing { unconfirmed: true, ..Missing::default() },
            Missing { establishment_vanished: true, ..Missing::default() },
        ];
        assert_eq!(judge(&evidence(1000, &unsure)), [Judgement::Held(HeldBecause::Unconfirmed); 2]);
    }

    #[test]
    fn what_belongs_to_somebody_in_doubt_stays_until_they_are_judged() {
        let doubt = Missing { owner_in_doubt: true, ..Missing::default() };
        let judged = judge(&evidence(1000, &[doubt, Missing::default()]));
        assert_eq!(judged, [Judgement::Held(HeldBecause::OwnerInDoubt), Judgement::Gone]);
    }

    #[test]
    fn who_is_still_referred_to_is_hidden_and_not_gone() {
        let referred = [Missing { is_referenced: true, ..Missing::default() }];
        assert_eq!(judge(&evidence(1000, &referred)), [Judgement::Hidden]);
    }

    #[test]
    fn when_everybody_vanishes_nobody_is_hidden() {
        let mut everybody = missing(Some(EmployeeStatus::Former), 30);
        everybody.extend(missing(Some(EmployeeStatus::Active), 210));
        let judged = judge(&Evidence { seen_former: 0, seen_future: 0, ..evidence(240, &everybody) });
        assert!(judged.iter().all(|judgement| *judgement == Judgement::Held(HeldBecause::Brake)));
    }

    proptest! {
        #[test]
        fn nothing_is_gone_without_a_proof(count in 0usize..200, stored in 0usize..400, braked: bool) {
            let missing = missing(None, count);
            let proof = Proof::Unproven { rows: 1, why: lucca::Unproven::NoCount };
            let brake = braked.then(Brake::default);
            let judged = judge(&Evidence { proof, brake, ..evidence(stored, &missing) });
            prop_assert_eq!(judged.len(), count);
            prop_assert!(judged.iter().all(|j| matches!(j, Judgement::Held(_))));
        }
    }
}
