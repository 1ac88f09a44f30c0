//! Absences compared with their leaves, through the public API.

use jiff::ToSpan;
use jiff::civil::date;
use proptest::prelude::*;

use super::*;

fn leave(id: &str, day: i8, half: Half) -> Leave {
    Leave {
        id: id.into(),
        date: date(2026, 5, day),
        half,
        leave_type_id: Some("7".into()),
        minutes: None,
        value: None,
        is_active: true,
        created_at: None,
        cancelled_at: None,
        cancelled_by: None,
        comment: None,
    }
}

fn absence(leaves: Vec<Leave>) -> Absence {
    let confirmed = Confirmation { is_confirmed: Some(true), confirmed_at: None };
    Absence::from_leaves("9".into(), Some("42".into()), confirmed, leaves).unwrap()
}

fn at(day: i8, half: Half) -> HalfDay {
    HalfDay::new(date(2026, 5, day), half)
}

#[test]
fn json_is_short_and_read_back() {
    let absence = absence(vec![leave("9-20260504-AM", 4, Half::Am)]);
    let json = serde_json::to_string(&absence).unwrap();
    assert_eq!(
        json,
        r#"{"id":"9","employee_id":"42","is_confirmed":true,"first":"2026-05-04 AM","last":"2026-05-04 AM","leave_type_ids":["7"],"half_days":1,"is_active":true,"leaves":[{"id":"9-20260504-AM","date":"2026-05-04","half":"am","leave_type_id":"7"}]}"#
    );
    assert_eq!(serde_json::from_str::<Absence>(&json).unwrap(), absence);
}

#[test]
fn no_leaves_no_absence() {
    assert_eq!(Absence::from_leaves("9".into(), None, Confirmation::default(), []), None);
    let one = absence(vec![leave("a", 4, Half::Am)]);
    assert_eq!(one.without([&"a".into()]), None);
}

#[test]
fn extent_prefers_active_leaves() {
    let cancelled = |id: &str, day, half| Leave { is_active: false, ..leave(id, day, half) };
    let mut taken = leave("b", 5, Half::Am);
    taken.minutes = Some(90);
    let partly = absence(vec![cancelled("c", 6, Half::Pm), taken, cancelled("a", 4, Half::Am)]);
    assert_eq!((partly.first, partly.last), (at(5, Half::Am), at(5, Half::Am)));
    assert_eq!((partly.half_days, partly.duration(), partly.minutes), (1, 1, Some(90)));
    assert!(partly.covers(at(5, Half::Am)) && !partly.covers(at(4, Half::Am)));

    let none = partly.merge([cancelled("b", 5, Half::Am)], Confirmation::default());
    assert_eq!((none.first, none.last), (at(4, Half::Am), at(6, Half::Pm)));
    assert_eq!((none.half_days, none.duration(), none.minutes, none.is_active), (0, 3, None, false));
    assert_eq!(none.leave_type_ids, ["7".into()]);
    assert_eq!(none.is_confirmed, Some(true), "nothing was told of the confirmation");
}

#[test]
fn absences_overlap_on_shared_half_days() {
    let early = absence(vec![leave("a", 4, Half::Am), leave("b", 6, Half::Am)]);
    let between = absence(vec![leave("c", 5, Half::Am), leave("d", 5, Half::Pm)]);
    assert!(!early.overlaps(&between) && !between.overlaps(&early));
    let late = between.merge([leave("e", 6, Half::Am)], Confirmation::default());
    assert!(early.overlaps(&late) && late.overlaps(&early));
}

prop_compose! {
    /// A leave of one of 40 half-days, with the id that Lucca gives it.
    fn leaves()(
        slot in 0i64..40,
        leave_type in prop::option::of(0i64..3),
        minutes in prop::option::of(1i64..300),
        quarters in prop::option::of(0u8..20),
        is_active in any::<bool>(),
        comment in prop::option::of("[a-z]{0,5}"),
    ) -> Leave {
        let date = date(2026, 5, 4).checked_add((slot / 2).days()).unwrap();
        let half = Half::BOTH[usize::try_from(slot % 2).unwrap()];
        Leave {
            id: format!("9-{}-{half}", date.strftime("%Y%m%d")).into(),
            date,
            half,
            leave_type_id: leave_type.map(Into::into),
            minutes,
            value: quarters.map(|quarters| f64::from(quarters) / 4.0),
            is_active,
            created_at: "2026-04-01T10:00:00".parse().ok(),
            cancelled_at: (!is_active).then(|| "2026-04-02T10:00:00Z".parse().unwrap()),
            cancelled_by: (!is_active).then(|| 3.into()),
            comment,
        }
    }
}

fn unique(leaves: Vec<Leave>) -> Vec<Leave> {
    let by_id: std::collections::BTreeMap<_, _> =
        leaves.into_iter().map(|leave| ((leave.date, leave.half), leave)).collect();
    by_id.into_values().collect()
}

proptest! {
    #[test]
    fn half_days_round_trip_through_absences(
        (leaves, shuffled) in prop::collection::vec(leaves(), 1..40)
            .prop_map(unique)
            .prop_flat_map(|leaves| (Just(leaves.clone()), Just(leaves).prop_shuffle())),
    ) {
        let absence = absence(shuffled);
        let json = serde_json::to_string(&absence).unwrap();
        let read: Absence = serde_json::from_str(&json).unwrap();
        prop_assert_eq!(&read, &absence);
        prop_assert_eq!(&read.leaves, &leaves);
        for leave in &leaves {
            prop_assert_eq!(read.covers(leave.at()), leave.is_active);
        }
        let again = Absence::from_leaves(read.id.clone(), read.employee_id.clone(), read.confirmation(), read.leaves.clone());
        prop_assert_eq!(again, Some(read));
    }

    #[test]
    fn page_by_page_is_as_all_at_once(
        first in prop::collection::vec(leaves(), 1..30),
        second in prop::collection::vec(leaves(), 0..30),
    ) {
        let all: Vec<Leave> = first.iter().chain(&second).cloned().collect();
        let at_once = absence(all.clone());
        let paged = absence(first).merge(second, Confirmation::default());
        prop_assert_eq!(&paged, &at_once);
        // The last one counts among two leaves of one half-day.
        prop_assert_eq!(&paged.leaves, &unique(all));
    }

    #[test]
    fn without_takes_out_and_merge_puts_back(leaves in prop::collection::vec(leaves(), 1..40), keep in 0usize..40) {
        let whole = absence(leaves);
        let (kept, taken) = whole.leaves.split_at(keep.min(whole.leaves.len()));
        let rest = whole.clone().without(taken.iter().map(|leave| &leave.id));
        match rest {
            None => prop_assert!(kept.is_empty()),
            Some(rest) => {
                prop_assert_eq!(&rest.leaves, kept);
                prop_assert_eq!(rest.merge(taken.to_vec(), Confirmation::default()), whole);
            }
        }
    }
}
