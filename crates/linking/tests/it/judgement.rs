//! The judgement on its own, over random counts: no verdict exceeds what the counts can prove.

use linking::{
    Diagnosis, DiagnosisSummary, Drift, Evidence, FieldSight, Finding, Hidden, Likelier, ListSight, Need,
    Observations, PeopleSeen, Permission, Readiness, References, Unseen, Verdict, drift, judge, judge_all,
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
            dated, former_shown, future_shown, without_former, unseen, references: References::default(),
            hidden: Hidden { active: hidden.0, future: hidden.1, former: hidden.2 },
            job_titles: fields[0].clone(), managers: fields[1].clone(), qualifications: fields[2].clone(),
            custom_fields: fields[3].clone(), qualified, counted: PeopleSeen::default(),
        }
    }
}

/// Whether the counts include anything that only this permission opens.
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
    fn verdicts_have_sufficient_evidence(seen in observations()) {
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
                    // While people are refused, no other permission is reported as missing.
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
    fn more_data_never_revokes_a_verdict(seen in observations(), more in 1_u64..9) {
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
    fn opened_issues_stay_open_on_the_same_data(before in observations(), seen in observations(), features in any::<u8>()) {
        let features: Features =
            Feature::ALL.into_iter().enumerate().filter(|(n, _)| features >> n & 1 == 1).map(|(_, f)| f).collect();
        let (before, now) = (diagnosis(&before, &features), diagnosis(&seen, &features));
        let kept = |before: Option<&DiagnosisSummary>, now: &Diagnosis| DiagnosisSummary::new(before, now, &[]);
        let before = kept(None, &before);
        let now_kept = kept(Some(&before), &now);
        let first = drift(&now_kept, &[]);
        prop_assert_eq!(&first.resolve, &Vec::<String>::new());
        let open: Vec<String> = first.open.iter().map(|issue| issue.code.clone()).collect();
        // The same observations keep the same issues open, independent of the summary before them.
        let again = kept(Some(&now_kept), &now);
        prop_assert_eq!(&drift(&again, &open), &first);
        // The headline agrees with the open issues.
        let required = |permission: &Permission| permission.need() == Need::Required;
        let is_blocked = again.findings.iter().any(|kept| !kept.is_settled && required(&kept.finding.permission));
        prop_assert_eq!(again.headline.readiness == Readiness::NotReady, is_blocked);
        prop_assert!(again.headline.readiness != Readiness::Ready || first.open.is_empty());
        // With everything confirmed, only permissions that are proven to be missing stay open.
        let confirmed = drift(&DiagnosisSummary::new(Some(&now_kept), &now, &Permission::ALL), &open);
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
fn lost_permission_is_open_until_confirmed() {
    let features = Features::default();
    let good = diagnosis(&three_hundred(), &features);
    let seen_again = diagnosis(&Observations { future_shown: 3, ..three_hundred() }, &features);
    let bad = diagnosis(&Observations { former_shown: 0, ..three_hundred() }, &features);
    let kept = |before: Option<&DiagnosisSummary>, now: &Diagnosis| DiagnosisSummary::new(before, now, &[]);
    let (good, bad_at_first) = (kept(None, &good), kept(None, &bad));
    let bad_now = kept(Some(&good), &bad);
    let lost = drift(&bad_now, &[]);
    let codes = |drift: &Drift| drift.open.iter().map(|issue| issue.code.clone()).collect::<Vec<_>>();
    let future = "permission.unconfirmed.see_future_employees";
    assert_eq!(codes(&lost), [future, "permission.lost.see_former_employees"]);
    let unproven = drift(&bad_at_first, &[]);
    assert_eq!(codes(&unproven), [future, "permission.unconfirmed.see_former_employees"]);
    let open = codes(&lost);
    assert_eq!(drift(&kept(Some(&bad_now), &seen_again), &open).resolve, open);
    let both = [Permission::SeeFutureEmployees, Permission::SeeFormerEmployees];
    let confirmed = drift(&DiagnosisSummary::new(Some(&bad_now), &bad, &both), &open);
    assert_eq!((confirmed.open.len(), confirmed.resolve), (0, open));
}

#[test]
fn refused_permission_cannot_be_confirmed() {
    let features = Features::default();
    let refused = Observations { contracts: ListSight::Refused { status: Some(403) }, ..three_hundred() };
    let refused = diagnosis(&refused, &features);
    let kept = |now: &Diagnosis| DiagnosisSummary::new(None, now, &Permission::ALL);
    let told = drift(&kept(&refused), &["permission.lost.view_contracts".to_owned(), "other".to_owned()]);
    assert_eq!(told.open[0].code, "permission.missing.view_contracts");
    assert_eq!(told.resolve, ["permission.lost.view_contracts"]);
    // No feature needs the permission any more.
    let unwanted = Diagnosis { findings: Vec::new(), ..refused };
    let told = drift(&kept(&unwanted), &["permission.missing.view_contracts".to_owned()]);
    assert_eq!(told.resolve, ["permission.missing.view_contracts"]);
}

#[test]
fn company_size_decides_the_likelier_cause() {
    let likelier = |people| {
        let seen = Observations { people: answered(people), dated: people, ..Observations::default() };
        let Finding { verdict, likelier, .. } = judge(&seen, Permission::SeeFormerEmployees);
        assert_eq!(verdict, Verdict::CannotTell);
        likelier
    };
    assert_eq!((likelier(0), likelier(5), likelier(300)), (None, None, Some(Likelier::Missing)));
}

#[test]
fn only_examined_people_count() {
    let people = ListSight::Answered { rows: 40, total: Some(5000) };
    let ignored = Observations { people, former_people: answered(40), dated: 40, ..Observations::default() };
    let finding = judge(&ignored, Permission::SeeFormerEmployees);
    assert_eq!((finding.likelier, finding.evidence), (None, Evidence::NoneAmong { people: 40 }));
    let failed = ListSight::Unreadable { code: "lucca.timeout".to_owned() };
    let finding = judge(&Observations { former_people: failed, ..ignored }, Permission::SeeFormerEmployees);
    assert_eq!(finding.evidence, Evidence::ListUnreadable { code: "lucca.timeout".to_owned() });
}

#[test]
fn empty_contract_list_reports_why() {
    let no_contracts = Observations { contracts: answered(0), ..three_hundred() };
    let refused = Observations { people: ListSight::Refused { status: Some(403) }, ..no_contracts.clone() };
    assert_eq!(judge(&refused, Permission::ViewContracts).evidence, Evidence::PeopleRefused);
    let empty = Observations { people: answered(0), ..no_contracts };
    assert_eq!(judge(&empty, Permission::ViewContracts).evidence, Evidence::NobodyShown);
}

#[test]
fn proven_future_permission_stays_settled() {
    let features = Features::default();
    let kept = |before, seen: &Observations| DiagnosisSummary::new(before, &diagnosis(seen, &features), &[]);
    let future = |kept: &DiagnosisSummary| kept.finding(Permission::SeeFutureEmployees).unwrap().clone();
    let first = kept(None, &Observations { future_shown: 2, ..three_hundred() });
    assert_eq!(first.headline.readiness, Readiness::Ready);
    // The last future employee has begun.
    let later = kept(Some(&first), &three_hundred());
    assert_eq!(future(&later).finding.verdict, Verdict::CannotTell);
    assert!(future(&later).is_settled && !future(&later).is_lost);
    assert_eq!((later.headline.readiness, drift(&later, &[])), (Readiness::Ready, Drift::default()));
    // Proofs don't carry over to another key.
    assert_eq!(kept(None, &three_hundred()).headline.readiness, Readiness::NotReady);
}

#[test]
fn unexamined_permission_keeps_its_finding() {
    let features = Features::default();
    let kept = |before, seen: &Observations| DiagnosisSummary::new(before, &diagnosis(seen, &features), &[]);
    let refused = Observations { contracts: ListSight::Refused { status: Some(403) }, ..three_hundred() };
    let first = kept(None, &refused);
    for contracts in [ListSight::NotAsked, answered(0)] {
        let later = kept(Some(&first), &Observations { contracts, ..refused.clone() });
        let contracts = &later.finding(Permission::ViewContracts).unwrap().finding;
        assert_eq!(contracts.verdict, Verdict::Missing);
        assert_eq!(drift(&later, &[]).open[1].code, "permission.missing.view_contracts");
    }
    let seen = kept(Some(&first), &three_hundred());
    assert_eq!(seen.finding(Permission::ViewContracts).unwrap().finding.verdict, Verdict::Granted);
}

#[test]
fn narrowed_role_is_reported_from_five_percent() {
    use linking::Narrowed;
    for (dangling, followed, is_raised) in
        [(0, 0, false), (4, 4, false), (5, 5, true), (5, 100, true), (5, 101, false), (31, 34, true)]
    {
        let references = References { followed, dangling };
        let seen = Observations { references, ..three_hundred() };
        let narrowed = linking::narrowed(&seen);
        assert_eq!(narrowed, is_raised.then_some(Narrowed { unseen: dangling, of: followed }));
    }
}
