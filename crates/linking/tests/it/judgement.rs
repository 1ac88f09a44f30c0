//! The judgement on its own: over random counts, it keeps to what they can prove.

use linking::{
    Diagnosis, Drift, Evidence, FieldSight, Finding, Hidden, Likelier, ListSight, Observations, PeopleSeen,
    Permission, Unseen, Verdict, drift, judge, judge_all,
};
use people::{Feature, Features};
use proptest::prelude::*;

use crate::support::TODAY;

fn list() -> impl Strategy<Value = ListSight> {
    prop_oneof![
        Just(ListSight::NotAsked),
        prop_oneof![Just(Some(401)), Just(Some(403)), Just(None)]
            .prop_map(|status| ListSight::Refused { status }),
        Just(ListSight::Unreadable { code: "lucca.timeout".to_owned() }),
        (0_u64..2000, proptest::option::of(0_u64..20_000))
            .prop_map(|(rows, total)| ListSight::Answered { rows, total }),
    ]
}

fn field() -> impl Strategy<Value = FieldSight> {
    prop_oneof![
        Just(FieldSight::NotAsked),
        Just(FieldSight::Refused { status: Some(403) }),
        Just(FieldSight::Unknown),
        (0_u64..5, 0_u64..2000, any::<bool>()).prop_map(|(with, among, is_omitted)| FieldSight::Read {
            with,
            among,
            is_omitted
        }),
        (0_u64..2000).prop_map(|stored| FieldSight::Lost { stored }),
    ]
}

fn few() -> impl Strategy<Value = u64> {
    prop_oneof![Just(0), 0_u64..10]
}

prop_compose! {
    fn unseen()(
        running in few(), ended in few(), ended_nearby in few(), later in few(), later_nearby in few(),
        referred in few(), running_shown in few(),
    ) -> Unseen {
        Unseen {
            running, ended, ended_nearby: ended_nearby.min(ended), later,
            later_nearby: later_nearby.min(later), referred, running_shown,
        }
    }
}

prop_compose! {
    fn observations()(
        lists in proptest::collection::vec(list(), 7),
        fields in proptest::collection::vec(field(), 4),
        dated in few(), former_shown in few(), future_shown in few(),
        without_former in proptest::option::of(0_u64..20_000),
        unseen in unseen(),
        hidden in (few(), few(), few()),
        qualified in proptest::option::of(few()),
    ) -> Observations {
        Observations {
            people: lists[0].clone(), former_people: lists[1].clone(), future_people: lists[2].clone(),
            found_fields: Vec::new(),
            contracts: lists[3].clone(), definitions: lists[4].clone(), leaves: lists[5].clone(),
            requests: lists[6].clone(),
            dated, former_shown, future_shown, without_former, unseen,
            hidden: Hidden { active: hidden.0, future: hidden.1, former: hidden.2 },
            job_titles: fields[0].clone(), managers: fields[1].clone(), qualifications: fields[2].clone(),
            custom_fields: fields[3].clone(), qualified, counted: PeopleSeen::default(),
        }
    }
}

/// Whether anything was seen that only the permission opens.
fn is_seen(seen: &Observations, permission: Permission) -> bool {
    let with = |field: &FieldSight| matches!(field, FieldSight::Read { with: 1.., .. });
    match permission {
        Permission::ViewUsers => seen.people.count() > 0,
        Permission::SeeFutureEmployees => seen.future_shown > 0,
        Permission::SeeFormerEmployees => {
            let without = seen.without_former.filter(|_| seen.dated == 0);
            let more = without.map_or(0, |without| seen.people.count().saturating_sub(without));
            seen.former_shown > 0 || more >= 3
        }
        Permission::ViewContracts => seen.contracts.count() > 0,
        Permission::ViewJobs => with(&seen.job_titles),
        Permission::ViewManagers => with(&seen.managers),
        Permission::ViewQualifications => with(&seen.qualifications),
        Permission::ConsultLeaves => seen.leaves.count() > 0,
        Permission::MakeAbsenceRequests => false,
        Permission::ConsultHrFiles => with(&seen.custom_fields),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2000) })]

    #[test]
    fn verdicts_rest_on_what_can_prove_them(seen in observations()) {
        for permission in Permission::ALL {
            let finding = judge(&seen, permission);
            match finding.verdict {
                Verdict::Granted => prop_assert!(is_seen(&seen, permission), "{finding:?}"),
                Verdict::Missing => {
                    let is_hard = match finding.evidence {
                        Evidence::Refused { .. } => true,
                        Evidence::ContractsOfUnseen { people } => {
                            people >= 3 && seen.unseen.running == 0 && seen.unseen.running_shown >= 3
                        }
                        _ => false,
                    };
                    prop_assert!(is_hard, "{finding:?}");
                    prop_assert!(!is_seen(&seen, permission), "{finding:?}");
                    // While people are refused, nothing else is said to be missing.
                    prop_assert!(seen.people.is_answered() || permission == Permission::ViewUsers);
                }
                Verdict::CannotTell => {
                    let is_proof = matches!(finding.evidence, Evidence::Shown { .. } | Evidence::CountsDiffer { .. });
                    prop_assert!(!is_proof, "{finding:?}");
                }
            }
            prop_assert!(finding.verdict == Verdict::CannotTell || finding.likelier.is_none());
        }
    }

    #[test]
    fn seeing_more_never_takes_a_permission_away(seen in observations(), more in 1_u64..9) {
        for permission in Permission::ALL {
            let before = judge(&seen, permission);
            let mut better = seen.clone();
            match permission {
                Permission::SeeFormerEmployees => better.former_shown += more,
                Permission::SeeFutureEmployees => better.future_shown += more,
                _ => continue,
            }
            let after = judge(&better, permission);
            if better.people.is_answered() {
                prop_assert_eq!(after.verdict, Verdict::Granted);
            } else {
                prop_assert_eq!(before, after);
            }
        }
    }

    #[test]
    fn an_issue_that_is_opened_is_not_resolved_at_once(before in observations(), seen in observations(), features in any::<u8>()) {
        let features: Features =
            Feature::ALL.into_iter().enumerate().filter(|(n, _)| features >> n & 1 == 1).map(|(_, f)| f).collect();
        let (before, now) = (diagnosis(&before, &features), diagnosis(&seen, &features));
        let first = drift(Some(&before), &[], &now, &[]);
        prop_assert_eq!(&first.resolve, &Vec::<String>::new());
        let open: Vec<String> = first.open.iter().map(|issue| issue.code.clone()).collect();
        // Seen the same way once more, the same issues stay, whatever was before.
        let again = drift(Some(&now), &open, &now, &[]);
        prop_assert_eq!(&again, &first);
        // With everything confirmed only what is proven to be missing stays.
        let confirmed = drift(Some(&now), &open, &now, &Permission::ALL);
        prop_assert!(confirmed.open.iter().all(|issue| issue.finding.verdict == Verdict::Missing));
        prop_assert_eq!(confirmed.open.len() + confirmed.resolve.len(), open.len());
    }
}

fn diagnosis(seen: &Observations, features: &Features) -> Diagnosis {
    Diagnosis {
        today: TODAY,
        features: features.clone(),
        people: PeopleSeen::default(),
        findings: judge_all(seen, features),
        narrowed: None,
        excess: Vec::new(),
        observations: seen.clone(),
    }
}

fn answered(rows: u64) -> ListSight {
    ListSight::Answered { rows, total: Some(rows) }
}

fn three_hundred() -> Observations {
    Observations {
        people: answered(300),
        dated: 300,
        former_shown: 20,
        contracts: answered(310),
        ..Observations::default()
    }
}

#[test]
fn a_permission_that_is_lost_opens_an_issue_until_it_is_back_or_confirmed() {
    let features = Features::default();
    let good = diagnosis(&three_hundred(), &features);
    let bad = diagnosis(&Observations { former_shown: 0, ..three_hundred() }, &features);
    assert_eq!(drift(None, &[], &bad, &[]), Drift::default(), "it never was any different");
    let lost = drift(Some(&good), &[], &bad, &[]);
    let codes = |drift: &Drift| drift.open.iter().map(|issue| issue.code.clone()).collect::<Vec<_>>();
    assert_eq!(codes(&lost), ["permission.lost.see_former_employees"]);
    let open = codes(&lost);
    assert_eq!(drift(Some(&bad), &open, &good, &[]).resolve, open);
    let confirmed = drift(Some(&bad), &open, &bad, &[Permission::SeeFormerEmployees]);
    assert_eq!((confirmed.open.len(), confirmed.resolve), (0, open));
}

#[test]
fn what_is_refused_opens_an_issue_that_no_confirmation_settles() {
    let features = Features::default();
    let refused = Observations { contracts: ListSight::Refused { status: Some(403) }, ..three_hundred() };
    let refused = diagnosis(&refused, &features);
    let told = drift(
        None,
        &["permission.lost.view_contracts".to_owned(), "other".to_owned()],
        &refused,
        &Permission::ALL,
    );
    assert_eq!(told.open[0].code, "permission.missing.view_contracts");
    assert_eq!(told.resolve, ["permission.lost.view_contracts"]);
    // Nobody wants it any more.
    let unwanted = Diagnosis { findings: Vec::new(), ..refused };
    let told = drift(None, &["permission.missing.view_contracts".to_owned()], &unwanted, &[]);
    assert_eq!(told.resolve, ["permission.missing.view_contracts"]);
}

#[test]
fn how_many_there_are_decides_how_likely_it_is() {
    let likelier = |people| {
        let seen = Observations { people: answered(people), dated: people, ..Observations::default() };
        let Finding { verdict, likelier, .. } = judge(&seen, Permission::SeeFormerEmployees);
        assert_eq!(verdict, Verdict::CannotTell);
        likelier
    };
    assert_eq!((likelier(0), likelier(5), likelier(300)), (None, None, Some(Likelier::Missing)));
}

#[test]
fn who_was_not_looked_at_does_not_count() {
    let people = ListSight::Answered { rows: 40, total: Some(5000) };
    let ignored = Observations { people, former_people: answered(40), dated: 40, ..Observations::default() };
    let finding = judge(&ignored, Permission::SeeFormerEmployees);
    assert_eq!((finding.likelier, finding.evidence), (None, Evidence::NoneAmong { people: 40 }));
    let failed = ListSight::Unreadable { code: "lucca.timeout".to_owned() };
    let finding = judge(&Observations { former_people: failed, ..ignored }, Permission::SeeFormerEmployees);
    assert_eq!(finding.evidence, Evidence::ListUnreadable { code: "lucca.timeout".to_owned() });
}

#[test]
fn contracts_of_nobody_are_told_by_why_nobody_is_shown() {
    let nobody = Observations { contracts: answered(0), ..three_hundred() };
    let refused = Observations { people: ListSight::Refused { status: Some(403) }, ..nobody.clone() };
    assert_eq!(judge(&refused, Permission::ViewContracts).evidence, Evidence::PeopleRefused);
    let empty = Observations { people: answered(0), ..nobody };
    assert_eq!(judge(&empty, Permission::ViewContracts).evidence, Evidence::NobodyShown);
}
