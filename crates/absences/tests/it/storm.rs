//! Random requests with random faults: lost responses, timeouts, refusals, killed processes. No request may
//! be lost or made twice, every half-day has to match the tenant's, and every refusal has to be explained.
//!
//! 300 requests by default; 5,000 with `cargo test -p absences --release -- --ignored storm`.

use std::collections::BTreeSet;
use std::future::Future;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use absences::{AbsenceDraft, Error, Report, Status};
use jiff::ToSpan;
use lucca_emulator::{
    AbsenceFactory, CancelApproved, FactoryAnswer, FactoryRefusal, Fault, FaultKind, Loss, Switches,
    Unconfirmed, WriteAnswer,
};
use net::clock::{Clock, SystemClock};
use people::{Half, HalfDay};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use test_database::Engine;

use crate::support::{App, CHILD, RECOVERY, REMOTE, TODAY, UNPAID, active_halves, app_on, client};

/// The client's timeout. On a loaded machine a good response may take as long, which is one more fault.
const PATIENCE: Duration = Duration::from_millis(700);

/// One request with its faults.
#[derive(Clone, Debug)]
struct Case {
    who: prop::sample::Index,
    on: prop::sample::Index,
    /// Days from today.
    starts: i64,
    length: i64,
    from_noon: bool,
    until_noon: bool,
    quarters: Option<u32>,
    words: bool,
    fault: Option<(prop::sample::Index, u64, FaultKind)>,
    /// The number of polls after which the process is killed.
    killed: Option<usize>,
    /// Whether the caller repeats the request afterwards; otherwise the service continues it.
    is_repeated: bool,
    after: After,
}

/// The later fate of a created request.
#[derive(Clone, Copy, Debug)]
enum After {
    Nothing,
    Approved,
    Denied,
    CancelledInLucca,
    HalfDayDeletedInLucca,
    MovedInLucca,
    CancelledHere,
    HalfDayCancelledHere,
    ApprovedHere,
}

/// The paths that a request uses.
const PATHS: &[&str] = &[
    "/api/v3/leaves",
    "/api/v3/userdates",
    "/api/v3/services/leaveRequestFactory",
    "/api/v3/leaveRequestFactory",
    "/api/v3/leaveRequestFactory",
    "/timmi-absences/api/v1.0/leaveRequestFactory/create",
    "/timmi-absences/api/imports/v1.0/leavePeriods",
    "/timmi-absences/api/imports/v1.0/leavePeriods",
    "/api/v3/leaveRequests",
    "",
];

fn fault() -> impl Strategy<Value = FaultKind> {
    let status = |code| FaultKind::Status { code, body: String::new() };
    let lost = |how| FaultKind::LoseAnswer { how };
    prop_oneof![
        4 => Just(lost(Loss::Reset)),
        1 => Just(lost(Loss::Hang)),
        3 => prop::sample::select(vec![500, 502, 504, 408]).prop_map(move |code| lost(Loss::Status { code })),
        2 => Just(FaultKind::ResetConnection),
        1 => Just(FaultKind::Hang),
        2 => prop::sample::select(vec![500, 502, 503, 408]).prop_map(status),
        1 => Just(FaultKind::TooMany { retry_after_s: Some(2), http_date: false }),
        1 => Just(FaultKind::ResetMidBody),
        1 => Just(FaultKind::TruncatedJson),
        1 => Just(FaultKind::Html200),
        1 => Just(FaultKind::Empty200),
    ]
}

/// Critical dates: around today, the turn of the year, public holidays, clock changes.
fn starts() -> impl Strategy<Value = i64> {
    let around = |month, day, year| {
        let to = jiff::civil::date(year, month, day);
        let days = i64::from(TODAY.until(to).unwrap().get_days());
        (-4..4_i64).prop_map(move |offset| days + offset)
    };
    prop_oneof![
        6 => -30..200_i64,
        2 => around(1, 1, 2027),
        1 => around(5, 8, 2027),
        1 => around(6, 1, 2027),
        1 => around(3, 28, 2027),
        1 => around(10, 31, 2027),
        1 => -400..600_i64,
    ]
}

fn case() -> impl Strategy<Value = Case> {
    let how = prop_oneof![
        4 => Just(After::Nothing),
        2 => Just(After::Approved),
        1 => Just(After::Denied),
        1 => Just(After::CancelledInLucca),
        1 => Just(After::HalfDayDeletedInLucca),
        1 => Just(After::MovedInLucca),
        1 => Just(After::CancelledHere),
        1 => Just(After::HalfDayCancelledHere),
        1 => Just(After::ApprovedHere),
    ];
    let length = prop_oneof![4 => Just(0_i64), 4 => 0..8_i64, 1 => 8..40_i64];
    let what = (any::<prop::sample::Index>(), any::<prop::sample::Index>(), starts(), length);
    let halves = (prop::bool::weighted(0.3), prop::bool::weighted(0.3));
    let quarters = prop_oneof![3 => (2..7_u32).prop_map(|halves| halves * 2), 1 => 1..40_u32];
    let more = (prop::option::weighted(0.8, quarters), prop::bool::weighted(0.2));
    let wrong = (any::<prop::sample::Index>(), 1..3_u64, fault());
    let fate = (prop::option::weighted(0.4, wrong), prop::option::weighted(0.4, 0..50_usize), any::<bool>());
    (what, halves, more, fate, how).prop_map(
        |(
            (who, on, starts, length),
            (from_noon, until_noon),
            (quarters, words),
            (fault, killed, is_repeated),
            after,
        )| Case {
            who,
            on,
            starts,
            length,
            from_noon,
            until_noon,
            quarters,
            words,
            fault,
            killed,
            is_repeated,
            after,
        },
    )
}

fn switches() -> impl Strategy<Value = Switches> {
    let factory = prop::sample::select(vec![
        AbsenceFactory::GenerationA,
        AbsenceFactory::GenerationB,
        AbsenceFactory::Both,
        AbsenceFactory::None,
    ]);
    let answer =
        prop::sample::select(vec![FactoryAnswer::RequestId, FactoryAnswer::Echo, FactoryAnswer::Empty]);
    let refusal = prop::sample::select(vec![
        FactoryRefusal::Problem400,
        FactoryRefusal::Text400,
        FactoryRefusal::Problem409,
        FactoryRefusal::Invalid200,
    ]);
    let unconfirmed =
        prop::sample::select(vec![Unconfirmed::Echoed, Unconfirmed::Refused, Unconfirmed::Ignored]);
    let write = prop::sample::select(vec![WriteAnswer::Empty, WriteAnswer::NoContent, WriteAnswer::Envelope]);
    let cancel = prop::sample::select(vec![CancelApproved::Asks, CancelApproved::AtOnce]);
    (factory, answer, refusal, unconfirmed, write, cancel, any::<bool>(), any::<bool>()).prop_map(
        |(
            absence_factory,
            factory_answer,
            factory_refusal,
            unconfirmed_warnings,
            write_answer,
            cancel_approved,
            pending,
            inactive,
        )| Switches {
            absence_factory,
            factory_answer,
            factory_refusal,
            unconfirmed_warnings,
            write_answer,
            cancel_approved,
            leaves_show_pending: pending,
            leaves_show_inactive: inactive,
            ..Switches::default()
        },
    )
}

/// Polls a future `steps` times, and drops it if it is not done by then, like a killed process.
async fn killed_after<T>(steps: Option<usize>, future: impl Future<Output = T>) -> Option<T> {
    let mut future = pin!(future);
    let mut left = steps;
    std::future::poll_fn(move |context| match future.as_mut().poll(context) {
        Poll::Ready(done) => Poll::Ready(Some(done)),
        Poll::Pending if left == Some(0) => Poll::Ready(None),
        Poll::Pending => {
            left = left.map(|left| left - 1);
            Poll::Pending
        }
    })
    .await
}

/// Counts of a storm's outcomes.
#[derive(Debug, Default)]
struct Tally {
    made: u32,
    refused_before: u32,
    refused_after: u32,
    not_made: u32,
    killed: u32,
    changed: u32,
}

/// Sends `requests` random requests to an emulated tenant.
async fn storm(seed: u64, requests: u32) -> Tally {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let switches = switches().new_tree(&mut runner).unwrap().current();
    let mut app = app_on(Engine::Sqlite, 60, switches).await;
    app.client = client(&app.emulator, &app.clock, PATIENCE);
    let mut tally = Tally::default();
    for n in 0..requests {
        let case = case().new_tree(&mut runner).unwrap().current();
        one(&app, &format!("storm-{seed}-{n}"), &case, &mut tally).await;
    }
    tally
}

fn ask_of(app: &App, case: &Case) -> (i64, AbsenceDraft) {
    let tenant = app.emulator.tenant();
    // Mostly a valid employee and leave type: requests that are refused outright test the least.
    let is_odd = case.who.index(10) == 0;
    let people = tenant.people(if is_odd { None } else { Some(lucca_emulator::Status::Active) }, usize::MAX);
    let owner = people[case.who.index(people.len())].id;
    let any = tenant.balances_of(owner);
    let usual = [REMOTE, REMOTE, REMOTE, UNPAID, CHILD, RECOVERY, RECOVERY];
    let account = match case.on.index(10) {
        0..=2 => any[case.on.index(any.len())].account_id,
        _ => usual[case.on.index(usual.len())],
    };
    let from = TODAY.checked_add(case.starts.days()).unwrap();
    let to = from.checked_add(case.length.days()).unwrap();
    // A single day from noon until noon would be empty.
    let until_noon = case.until_noon && !(case.from_noon && case.length == 0);
    let ask = AbsenceDraft {
        employee_id: owner.into(),
        leave_type_id: account.into(),
        first: HalfDay::new(from, if case.from_noon { Half::Pm } else { Half::Am }),
        last: HalfDay::new(to, if until_noon { Half::Am } else { Half::Pm }),
        minutes: case.quarters.filter(|_| account == RECOVERY || is_odd).map(|quarters| quarters * 15),
        comment: case.words.then(|| "Rendez-vous".to_owned()),
    };
    (owner, ask)
}

async fn one(app: &App, key: &str, case: &Case, tally: &mut Tally) {
    let (owner, ask) = ask_of(app, case);
    let absences = app.absences();
    let tenant = app.emulator.tenant();
    let before: BTreeSet<i64> = app.facts(owner).iter().map(|one| one.leave_period_id).collect();

    tenant.set_faults(Vec::new());
    let preview = absences.preview(&ask).await;
    let acknowledged: Vec<String> =
        preview.iter().flat_map(|preview| &preview.warnings).map(|warning| warning.id.clone()).collect();

    if let Some((path, nth, kind)) = &case.fault {
        let path = PATHS[path.index(PATHS.len())].to_owned();
        let fault =
            Fault { path, query_contains: None, nth: Some(*nth), probability: None, kind: kind.clone() };
        tenant.set_faults(vec![fault]);
    }
    let id = app.mint();
    let asked = killed_after(case.killed, absences.request(id, key, &ask, &acknowledged)).await;
    if asked.is_none() {
        tally.killed += 1;
        // The server may still process the killed process's request.
        SystemClock.sleep(Duration::from_millis(15)).await;
    }
    let store = &app.database.store;
    let known = store.submission_by_key(app.account.no, key).await.unwrap();
    let asked = match (asked, &known) {
        // The process died before it stored anything: the caller has no response and repeats.
        (None, None) => Some(absences.request(app.mint(), key, &ask, &acknowledged).await),
        (None, Some(_)) if case.is_repeated => {
            Some(absences.request(app.mint(), key, &ask, &acknowledged).await)
        }
        (asked, _) => asked,
    };
    let what = format!("{key} {case:?}");
    let known = store.submission_by_key(app.account.no, key).await.unwrap();
    let Some(known) = known else {
        // Nothing was stored, so nothing was sent, and the error says why.
        let error = asked.unwrap().unwrap_err();
        assert_eq!(new_of(app, owner, &before).len(), 0, "{what}");
        explained(&error, &what);
        if case.fault.is_none() && case.killed.is_none() {
            let promised = preview.as_ref().is_ok_and(|preview| preview.can_be_requested);
            assert!(!promised, "{what}: the preview promised it, then {error:?}");
        }
        tally.refused_before += 1;
        return;
    };
    let report = app.settled(known).await;
    tenant.set_faults(Vec::new());
    let new = new_of(app, owner, &before);
    if report.absence_id.is_none() {
        assert_eq!(new.len(), 0, "{what}: made, and not known: {report:?}");
        assert!(!report.problems.is_empty() || !report.warnings.is_empty(), "{what}: {report:?}");
        match report.status {
            Status::Refused => tally.refused_after += 1,
            Status::NotCreated => {
                assert!(case.fault.is_some() || case.killed.is_some(), "{what}: {report:?}");
                tally.not_made += 1;
            }
            other => panic!("{what}: {other:?} without an absence"),
        }
        return;
    }
    assert_eq!(new.len(), 1, "{what}: asked for once");
    assert_eq!(report.absence_id.as_ref().unwrap().as_str(), new[0].leave_period_id.to_string(), "{what}");
    let halves: Vec<HalfDay> = report.half_days.iter().map(|half| half.at).collect();
    assert_eq!(halves, active_halves(&new[0]), "{what}");
    let preview = preview.unwrap_or_else(|error| panic!("{what}: made after {error:?}"));
    assert!(preview.can_be_requested, "{what}: {:?}", preview.problems);
    assert_eq!(halves, preview.plan.taken, "{what}");
    tally.made += 1;
    after(app, &report, owner, case, tally, &what).await;
}

/// The employee's absences that did not exist before.
fn new_of(app: &App, owner: i64, before: &BTreeSet<i64>) -> Vec<lucca_emulator::AbsenceFacts> {
    app.facts(owner).into_iter().filter(|one| !before.contains(&one.leave_period_id)).collect()
}

/// Asserts that an error explains itself: with a message, advice, and its problems or warnings.
fn explained(error: &Error, what: &str) {
    assert!(!error.to_string().is_empty() && !error.advice().is_empty(), "{what}: {error:?}");
    match error {
        Error::Problems(problems) => {
            assert!(!problems.is_empty(), "{what}");
            assert!(problems.iter().all(|problem| !problem.message.is_empty()), "{what}");
        }
        Error::ConfirmationNeeded(warnings) => {
            assert!(warnings.iter().all(|one| !one.text.is_empty()), "{what}");
        }
        Error::Lucca(_) => {}
        other => panic!("{what}: {other:?}"),
    }
}

/// Later changes, in Lucca or through the connector, match the report.
async fn after(app: &App, report: &Report, owner: i64, case: &Case, tally: &mut Tally, what: &str) {
    let tenant = app.emulator.tenant();
    let period: i64 = report.absence_id.as_ref().unwrap().as_str().parse().unwrap();
    let facts = || app.facts(owner).into_iter().find(|one| one.leave_period_id == period).unwrap();
    let id = report.id.to_string();
    let first = report.half_days.first().map(|half| half.at).unwrap();
    match case.after {
        After::Nothing => return,
        After::Approved => drop(tenant.approve(period)),
        After::Denied => drop(tenant.deny(period, Some("Non"))),
        After::CancelledInLucca => drop(tenant.cancel(period)),
        After::HalfDayDeletedInLucca => drop(tenant.delete_leave(&facts().halves[0].id)),
        After::MovedInLucca => {
            let week = |day: jiff::civil::Date| day.checked_add(7.days()).unwrap();
            let (from, to) = (week(report.ask.first.date), week(report.ask.last.date));
            drop(tenant.move_absence(period, (from, false), (to, false)));
        }
        After::CancelledHere => drop(app.absences().cancel(&id, None).await.unwrap()),
        After::HalfDayCancelledHere => drop(app.absences().cancel(&id, Some(&[first])).await.unwrap()),
        After::ApprovedHere => drop(app.absences().decide(&id, true, None).await.unwrap()),
    }
    let kept = app.database.store.submission(report.id).await.unwrap().unwrap();
    let report = Report::of(&app.absences().advance(kept).await.unwrap()).unwrap();
    let facts = facts();
    let active = active_halves(&facts);
    let told: Vec<HalfDay> =
        report.half_days.iter().filter(|half| half.is_active).map(|half| half.at).collect();
    let expected = match facts.status {
        3 => Status::Denied,
        4 => Status::Cancelled,
        _ if active.is_empty() => Status::Cancelled,
        0 => Status::Pending,
        2 => Status::Approved,
        5 => Status::CancellationPending,
        other => panic!("{what}: status {other}"),
    };
    assert_eq!(report.status, expected, "{what}");
    if !matches!(expected, Status::Denied | Status::Cancelled) {
        assert_eq!(told, active, "{what}");
    }
    assert_eq!(report.approvals.len(), facts.deciders.len(), "{what}");
    tally.changed += 1;
}

/// A process is killed after its first, second, third … poll, through either API; another one completes the
/// request.
#[tokio::test]
async fn request_is_made_once_despite_kills() {
    for absence_factory in [AbsenceFactory::GenerationA, AbsenceFactory::None] {
        let app = app_on(Engine::Sqlite, 40, Switches { absence_factory, ..Switches::default() }).await;
        let owner = app.free_employee();
        let worked = app.emulator.tenant().what_it_would_take(
            owner,
            jiff::civil::date(2027, 1, 1),
            true,
            jiff::civil::date(2027, 2, 28),
            false,
        );
        let mut steps = 0;
        for half in worked {
            let at = HalfDay::new(half.date, if half.am { Half::Am } else { Half::Pm });
            let ask = AbsenceDraft {
                employee_id: owner.into(),
                leave_type_id: REMOTE.into(),
                first: at,
                last: at,
                minutes: None,
                comment: None,
            };
            let key = at.to_string().replace(' ', "-");
            let done = killed_after(Some(steps), app.absences().request(app.mint(), &key, &ask, &[])).await;
            SystemClock.sleep(Duration::from_millis(15)).await;
            let store = &app.database.store;
            let before = store.submission_by_key(app.account.no, &key).await.unwrap();
            let known = match before {
                Some(known) => known,
                None => app.absences().request(app.mint(), &key, &ask, &[]).await.unwrap(),
            };
            let mut report = app.settled(known).await;
            let taken = || app.facts(owner).iter().filter(|one| active_halves(one).contains(&at)).count();
            if report.status == Status::NotCreated {
                // It died after marking the submission and before sending: the caller is told, and repeats.
                assert_eq!(taken(), 0, "{absence_factory:?}, step {steps}");
                let again = app.absences().request(app.mint(), &format!("{key}-again"), &ask, &[]).await;
                report = app.settled(again.unwrap()).await;
            }
            assert_eq!(report.status, Status::Pending, "{absence_factory:?}, step {steps}");
            assert_eq!(taken(), 1, "{absence_factory:?}, step {steps}");
            if done.is_some() {
                break;
            }
            steps += 1;
        }
        assert!(steps > 10, "{absence_factory:?}: only {steps} steps to be killed at");
    }
}

#[tokio::test]
async fn a_storm_of_requests() {
    let mut all = Tally::default();
    for seed in 0..4 {
        let tally = storm(seed, 75).await;
        all.made += tally.made;
        all.refused_after += tally.refused_after;
        all.refused_before += tally.refused_before;
        all.not_made += tally.not_made;
        all.killed += tally.killed;
        all.changed += tally.changed;
    }
    println!("{all:?}");
    // The storm has to cause enough of each outcome.
    assert!(all.made > 40 && all.refused_before > 40 && all.killed > 20 && all.changed > 20, "{all:?}");
    assert!(all.not_made > 0, "{all:?}");
}

#[tokio::test]
#[ignore = "minutes"]
async fn a_storm_of_5_000_requests() {
    for seed in 100..150 {
        let tally = storm(seed, 100).await;
        println!("{seed}: {tally:?}");
    }
}
