use jiff::civil::date;
use proptest::prelude::*;

use super::*;

/// Public holidays of 2026 and 2027, copied by hand from printed calendars.
const FRANCE: &[&str] = &[
    "2026-01-01",
    "2026-04-06",
    "2026-05-01",
    "2026-05-08",
    "2026-05-14",
    "2026-05-25",
    "2026-07-14",
    "2026-08-15",
    "2026-11-01",
    "2026-11-11",
    "2026-12-25",
    "2027-01-01",
    "2027-03-29",
    "2027-05-01",
    "2027-05-06",
    "2027-05-08",
    "2027-05-17",
    "2027-07-14",
    "2027-08-15",
    "2027-11-01",
    "2027-11-11",
    "2027-12-25",
];
/// Two more than the rest of France: Good Friday and St Stephen's Day.
const ALSACE_ONLY: &[&str] = &["2026-04-03", "2026-12-26", "2027-03-26", "2027-12-26"];
/// Holidays of the whole canton of Geneva.
const GENEVA: &[&str] = &[
    "2026-01-01",
    "2026-04-03",
    "2026-04-06",
    "2026-05-14",
    "2026-05-25",
    "2026-08-01",
    "2026-09-10",
    "2026-12-25",
    "2026-12-31",
];

/// Half-days worked a week: Monday to Friday, `2` a whole day, `a` the morning, `p` the afternoon, `0` none.
fn calendar(
    holidays: &'static [&'static str],
    more: &'static [&'static str],
    week: &'static str,
) -> impl Fn(Date) -> Option<WorkingDay> {
    move |at| {
        let text = at.to_string();
        let weekday = usize::try_from(at.weekday().to_monday_zero_offset()).unwrap();
        let works = week.chars().nth(weekday).unwrap_or('0');
        let minutes = |half: char| Some(if works == '2' || works == half { 210 } else { 0 });
        Some(WorkingDay {
            id: WorkingDay::id_of(None, None, at),
            calendar_id: None,
            work_cycle_id: None,
            date: at,
            is_public_holiday: holidays.contains(&&*text) || more.contains(&&*text),
            is_weekly_rest: weekday > 4,
            am_minutes: minutes('a'),
            pm_minutes: minutes('p'),
        })
    }
}

fn taken(from: &str, to: &str, day: impl Fn(Date) -> Option<WorkingDay>) -> usize {
    let plan = plan(first_half_day(from).unwrap(), last_half_day(to).unwrap(), day);
    assert!(!plan.is_estimated);
    plan.taken.len()
}

/// Name of the case, holidays, more holidays, the week, from, to, the half-days taken.
type Case = (
    &'static str,
    &'static [&'static str],
    &'static [&'static str],
    &'static str,
    &'static str,
    &'static str,
    usize,
);

#[test]
fn cases_written_by_hand() {
    let full = "22222";
    #[rustfmt::skip]
    let cases: &[Case] = &[
        ("one day", FRANCE, &[], full, "2026-03-04", "2026-03-04", 2),
        ("a morning", FRANCE, &[], full, "2026-03-04 AM", "2026-03-04 AM", 1),
        ("an afternoon", FRANCE, &[], full, "2026-03-04 PM", "2026-03-04 PM", 1),
        ("noon to noon", FRANCE, &[], full, "2026-03-04 PM", "2026-03-05 AM", 2),
        ("a week", FRANCE, &[], full, "2026-03-02", "2026-03-06", 10),
        ("a week and its weekend", FRANCE, &[], full, "2026-03-02", "2026-03-08", 10),
        ("Friday noon to Monday noon", FRANCE, &[], full, "2026-03-06 PM", "2026-03-09 AM", 2),
        ("a weekend", FRANCE, &[], full, "2026-03-07", "2026-03-08", 0),
        ("three weeks of August with the 15th, a Saturday", FRANCE, &[], full, "2026-08-03", "2026-08-21", 30),
        ("the week of the 14th of July", FRANCE, &[], full, "2026-07-13", "2026-07-17", 8),
        ("the week of Ascension", FRANCE, &[], full, "2026-05-11", "2026-05-15", 8),
        ("the bridge after Ascension", FRANCE, &[], full, "2026-05-15", "2026-05-15", 2),
        ("May with its four holidays", FRANCE, &[], full, "2026-05-01", "2026-05-31", 34),
        ("Easter week", FRANCE, &[], full, "2026-04-03", "2026-04-10", 10),
        ("Easter week in Alsace", FRANCE, ALSACE_ONLY, full, "2026-04-03", "2026-04-10", 8),
        ("Easter week in Geneva", GENEVA, &[], full, "2026-04-03", "2026-04-10", 8),
        ("the Genevan fast", GENEVA, &[], full, "2026-09-07", "2026-09-11", 8),
        ("the last day of the year in Geneva", GENEVA, &[], full, "2026-12-28", "2026-12-31", 6),
        ("Christmas to New Year", FRANCE, &[], full, "2026-12-24", "2027-01-04", 12),
        ("from Christmas Eve's afternoon", FRANCE, &[], full, "2026-12-24 PM", "2026-12-28 AM", 2),
        ("across the year's end in Alsace: the 26th is a Saturday", FRANCE, ALSACE_ONLY, full, "2026-12-24", "2027-01-01", 10),
        ("the day clocks go forward", FRANCE, &[], full, "2026-03-27 PM", "2026-03-30 AM", 2),
        ("the day clocks go back", FRANCE, &[], full, "2026-10-23 PM", "2026-10-26 AM", 2),
        ("the 29th of February 2028", &[], &[], full, "2028-02-28", "2028-03-01", 6),
        ("Wednesdays off", FRANCE, &[], "22022", "2026-03-02", "2026-03-08", 8),
        ("Wednesdays off, asked for a Wednesday", FRANCE, &[], "22022", "2026-03-04", "2026-03-04", 0),
        ("Wednesday and Friday afternoons off", FRANCE, &[], "22a2a", "2026-03-02", "2026-03-06", 8),
        ("mornings only", FRANCE, &[], "aaaaa", "2026-03-02", "2026-03-13", 10),
        ("mornings only, an afternoon", FRANCE, &[], "aaaaa", "2026-03-04 PM", "2026-03-04 PM", 0),
        ("mornings only, noon to noon", FRANCE, &[], "aaaaa", "2026-03-04 PM", "2026-03-05 AM", 1),
        ("half-time: Monday, Tuesday, Wednesday morning", FRANCE, &[], "22a00", "2026-04-06", "2026-04-12", 3),
        ("four fifths without Mondays, Easter and Whit Monday are off anyway", FRANCE, &[], "02222", "2026-05-25", "2026-05-29", 8),
        ("four fifths without Fridays, the 1st of May is one", FRANCE, &[], "22220", "2026-04-27", "2026-05-01", 8),
        ("the whole of 2026 in France", FRANCE, &[], full, "2026-01-01", "2026-12-31", 504),
        ("the whole of 2027 in France", FRANCE, &[], full, "2027-01-01", "2027-12-31", 508),
    ];
    for (what, holidays, more, week, from, to, half_days) in cases {
        assert_eq!(taken(from, to, calendar(holidays, more, week)), *half_days, "{what}");
    }
}

#[test]
fn days_off_have_a_reason() {
    let first = first_half_day("2026-05-13").unwrap();
    let last = last_half_day("2026-05-16").unwrap();
    let plan = plan(first, last, calendar(FRANCE, &[], "22a2a"));
    let why: Vec<String> = plan.off.iter().map(|off| format!("{} {:?}", off.at, off.why)).collect();
    assert_eq!(
        why,
        [
            "2026-05-13 PM NotWorked",
            "2026-05-14 AM PublicHoliday",
            "2026-05-14 PM PublicHoliday",
            "2026-05-15 PM NotWorked",
            "2026-05-16 AM WeeklyRest",
            "2026-05-16 PM WeeklyRest",
        ]
    );
    assert!((plan.days() - 1.0).abs() < f64::EPSILON);
    let busy = BTreeSet::from([
        HalfDay::new(date(2026, 5, 15), Half::Am),
        HalfDay::new(date(2026, 5, 14), Half::Am),
    ]);
    assert_eq!(plan.overlap(&busy), [HalfDay::new(date(2026, 5, 15), Half::Am)]);
}

#[test]
fn days_unknown_to_lucca_are_estimated() {
    let first = first_half_day("2026-05-13").unwrap();
    let plan = plan(first, last_half_day("2026-05-17").unwrap(), |_| None);
    assert!(plan.is_estimated);
    assert_eq!((plan.taken.len(), plan.off.len()), (6, 4));
}

#[test]
fn dates_as_people_write_them() {
    let text = |half: Option<HalfDay>| half.map(|half| half.to_string());
    assert_eq!(text(first_half_day("2026-05-04")).as_deref(), Some("2026-05-04 AM"));
    assert_eq!(text(last_half_day(" 2026-05-04 ")).as_deref(), Some("2026-05-04 PM"));
    for text_of in ["2026-05-04 pm", "2026-05-04PM", "2026-05-04TPM"] {
        assert_eq!(text(first_half_day(text_of)).as_deref(), Some("2026-05-04 PM"), "{text_of}");
    }
    for wrong in
        ["", "2026-05", "2026-02-30", "2026-05-04 noon", "04/05/2026", "2026-05-04 AM PM", "été 2026-05"]
    {
        assert_eq!(first_half_day(wrong), None, "{wrong}");
    }
}

proptest! {
    #[test]
    fn plan_covers_each_half_day_once(
        start in 0i32..2_000, length in 0usize..120, week in "[2ap0]{5}", afternoon in any::<bool>(),
    ) {
        let first = date(2026, 1, 1).checked_add(jiff::ToSpan::days(start)).unwrap();
        let first = HalfDay::new(first, if afternoon { Half::Pm } else { Half::Am });
        let last = (0..length).try_fold(first, |at, _| at.next()).unwrap();
        let week: &'static str = Box::leak(week.into_boxed_str());
        let plan = plan(first, last, calendar(FRANCE, &[], week));
        let mut all: Vec<HalfDay> = plan.taken.iter().copied().chain(plan.off.iter().map(|off| off.at)).collect();
        all.sort();
        prop_assert_eq!(all, half_days_between(first, last).collect::<Vec<_>>());
        prop_assert!(plan.taken.windows(2).all(|pair| pair[0] < pair[1]));
    }
}
