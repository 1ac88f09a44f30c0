//! From a preview to a request in Lucca, through both APIs, with faults.

use absences::{AbsenceApi, Error, ProblemCode, Report, Status};
use lucca_emulator::{
    AbsenceFactory, AutoCreateFalse, FactoryAnswer, FactoryRefusal, FaultKind, Loss, Switches, Unconfirmed,
};
use people::AbsenceStatus;
use test_database::Engine;

use crate::support::{RECOVERY, REMOTE, UNPAID, active_halves, app, app_on, ask};

#[tokio::test]
async fn preview_matches_the_single_request() {
    for engine in Engine::available() {
        let app = app_on(engine, 40, Switches::default()).await;
        let owner = app.free_employee();
        let wanted = ask(owner, REMOTE, "2027-01-04 PM", "2027-01-06 AM");
        let preview = app.absences().preview(&wanted).await.unwrap();
        assert!(preview.can_be_requested, "{:?}", preview.problems);
        assert_eq!((preview.lucca_api, preview.plan.taken.len()), (AbsenceApi::Factory, 4));
        assert_eq!(preview.amount.unwrap().value, 2.0);
        assert!(app.emulator.tenant().writes().is_empty(), "a preview asks for nothing");

        let first = app.request("key-1", &wanted).await.unwrap();
        let again = app.request("key-1", &wanted).await.unwrap();
        assert_eq!(first.id, again.id);
        let report = Report::of(&again).unwrap();
        assert_eq!(report.status, Status::Pending);
        assert!(report.request_id.is_some() && report.next_approver_id.is_some());
        assert_eq!(app.emulator.tenant().writes().len(), 1);
        let facts = app.facts(owner).pop().unwrap();
        assert_eq!(active_halves(&facts), preview.plan.taken);
        assert_eq!(report.absence_id.unwrap().as_str(), facts.leave_period_id.to_string());

        let other = ask(owner, REMOTE, "2027-01-04 PM", "2027-01-07 AM");
        assert!(matches!(app.request("key-1", &other).await, Err(Error::KeyReused)));
        // The same absence under another key overlaps the first.
        let Err(Error::Problems(problems)) = app.request("key-2", &wanted).await else {
            panic!("an overlap")
        };
        assert_eq!(problems[0].code, ProblemCode::Overlap);
        assert_eq!(problems[0].half_days, preview.plan.taken);
    }
}

#[tokio::test]
async fn every_factory_variant_is_parsed() {
    let factories = [AbsenceFactory::GenerationA, AbsenceFactory::GenerationB, AbsenceFactory::Both];
    let answers = [FactoryAnswer::RequestId, FactoryAnswer::Echo, FactoryAnswer::Empty];
    for absence_factory in factories {
        for factory_answer in answers {
            for show in [true, false] {
                let app = app(Switches {
                    absence_factory,
                    factory_answer,
                    leaves_show_pending: show,
                    leaves_show_inactive: show,
                    ..Switches::default()
                })
                .await;
                let owner = app.free_employee();
                let submission =
                    app.request("k", &ask(owner, REMOTE, "2027-01-11", "2027-01-12")).await.unwrap();
                let report = Report::of(&submission).unwrap();
                let what = format!("{absence_factory:?} {factory_answer:?} {show}");
                assert_eq!(report.status, Status::Pending, "{what}: {:?}", report.problems);
                assert_eq!(report.half_days.len(), 4, "{what}");
                assert!(report.request_id.is_some(), "{what}");
            }
        }
    }
}

#[tokio::test]
async fn refusals_keep_luccas_text() {
    use FactoryRefusal::{Invalid200, Problem400, Problem409, Text400};
    for factory_refusal in [Problem400, Text400, Problem409, Invalid200] {
        let app = app(Switches { factory_refusal, ..Switches::default() }).await;
        let owner = app.free_employee();
        // Unpaid leave is taken in whole days.
        let error = app.request("k", &ask(owner, UNPAID, "2027-01-11 PM", "2027-01-12")).await.unwrap_err();
        let Error::Problems(problems) = &error else { panic!("{error:?}") };
        assert!(problems.iter().any(|one| one.code == ProblemCode::HalfDayNotAllowed), "{problems:?}");
        assert!(app.emulator.tenant().writes().is_empty());

        // Lucca itself refuses an absence that was entered between preview and request.
        let wanted = ask(owner, REMOTE, "2027-01-11", "2027-01-12");
        let busy = lucca_emulator::NewAbsence::days(owner, UNPAID, wanted.first.date, wanted.first.date);
        let then = FaultKind::Then { change: Box::new(lucca_emulator::Change::Absence(busy)) };
        app.once("/api/v3/services/leaveRequestFactory", then);
        let submission = app.request("late", &wanted).await.unwrap();
        let report = app.settled(submission).await;
        assert_eq!(report.status, Status::Refused, "{factory_refusal:?}");
        assert!(!report.problems.is_empty(), "{factory_refusal:?}");
        assert!(report.problems.iter().any(|one| one.lucca.is_some()), "{:?}", report.problems);
    }
}

#[tokio::test]
async fn only_the_caller_confirms_warnings() {
    for unconfirmed in [Unconfirmed::Echoed, Unconfirmed::Refused, Unconfirmed::Ignored] {
        let app = app(Switches { unconfirmed_warnings: unconfirmed, ..Switches::default() }).await;
        let owner = app.free_employee();
        // A past day: Lucca asks to confirm a late request.
        let wanted = ask(owner, UNPAID, "2026-11-20", "2026-11-20");
        let free = !app
            .facts(owner)
            .iter()
            .any(|one| one.ends_on >= wanted.first.date && one.starts_on <= wanted.last.date);
        assert!(free, "the test needs an employee who is free");
        let Err(Error::ConfirmationNeeded(warnings)) =
            app.absences().request(app.mint(), "k", &wanted, &[]).await
        else {
            panic!("something to confirm")
        };
        assert!(app.emulator.tenant().writes().is_empty());
        assert!(!warnings[0].text.is_empty());
        let ids: Vec<String> = warnings.into_iter().map(|one| one.id).collect();
        let submission = app.absences().request(app.mint(), "k", &wanted, &ids).await.unwrap();
        assert_eq!(Report::of(&submission).unwrap().status, Status::Pending, "{unconfirmed:?}");
    }
}

#[tokio::test]
async fn hours_follow_the_leave_types_step() {
    let app = app(Switches::default()).await;
    let owner = app.free_employee();
    let mut wanted = ask(owner, RECOVERY, "2027-01-11 AM", "2027-01-11 AM");
    let code = |error: Error| error.code();
    assert_eq!(
        app.request("a", &absences::AbsenceDraft { minutes: Some(25), ..wanted.clone() })
            .await
            .map_err(code)
            .unwrap_err(),
        "absence.invalid_duration"
    );
    wanted.minutes = Some(150);
    let preview = app.absences().preview(&wanted).await.unwrap();
    assert!(preview.can_be_requested, "{:?}", preview.problems);
    assert_eq!(preview.amount.unwrap().value, 2.5);
    let balance = preview.balance.unwrap();
    assert!((balance.before - balance.after - 2.5).abs() < 1e-9);
    let report = Report::of(&app.request("b", &wanted).await.unwrap()).unwrap();
    assert_eq!(report.half_days.iter().map(|half| half.minutes.unwrap()).sum::<i64>(), 150);
    let days = absences::AbsenceDraft { last: people::last_half_day("2027-01-13").unwrap(), ..wanted };
    assert_eq!(app.request("c", &days).await.map_err(code).unwrap_err(), "absence.invalid_duration");
}

#[tokio::test]
async fn lost_response_is_looked_up_not_resent() {
    for absence_factory in [AbsenceFactory::GenerationA, AbsenceFactory::GenerationB, AbsenceFactory::None] {
        for accepted in [true, false] {
            let app = app(Switches { absence_factory, ..Switches::default() }).await;
            let owner = app.free_employee();
            let wanted = ask(owner, REMOTE, "2027-01-18", "2027-01-18 AM");
            app.absences().preview(&wanted).await.unwrap();
            let path = match absence_factory {
                AbsenceFactory::GenerationA => "/api/v3/leaveRequestFactory",
                AbsenceFactory::GenerationB => "/timmi-absences/api/v1.0/leaveRequestFactory/create",
                _ => "/timmi-absences/api/imports/v1.0/leavePeriods",
            };
            // The import is simulated first.
            let nth = if absence_factory == AbsenceFactory::None { 2 } else { 1 };
            let kind = if accepted {
                FaultKind::LoseAnswer { how: Loss::Reset }
            } else {
                FaultKind::ResetConnection
            };
            let fault = lucca_emulator::Fault {
                path: path.to_owned(),
                query_contains: None,
                nth: Some(nth),
                probability: None,
                kind,
            };
            app.emulator.tenant().set_faults(vec![fault]);
            let submission = app.request("k", &wanted).await.unwrap();
            let report = app.settled(submission).await;
            let what = format!("{absence_factory:?}, accepted: {accepted}");
            let expected = if accepted { Status::Pending } else { Status::NotCreated };
            assert_eq!(report.status, expected, "{what}: {:?}", report.problems);
            assert_eq!(app.emulator.tenant().writes().len(), usize::from(accepted), "{what}");
            // A repeated call sends nothing more.
            let again = app.request("k", &wanted).await.unwrap();
            assert_eq!(again.id, report.id);
            assert_eq!(app.emulator.tenant().writes().len(), usize::from(accepted), "{what}");
        }
    }
}

#[tokio::test]
async fn unsent_request_is_sent_later() {
    let app = app(Switches::default()).await;
    let owner = app.free_employee();
    let wanted = ask(owner, REMOTE, "2027-01-18", "2027-01-18");
    app.once(
        "/api/v3/leaveRequestFactory",
        FaultKind::TooMany { retry_after_s: Some(3600), http_date: false },
    );
    let submission = app.request("k", &wanted).await.unwrap();
    assert_eq!(Report::of(&submission).unwrap().status, Status::Submitting);
    let report = app.settled(submission).await;
    assert_eq!(report.status, Status::Pending);
    assert_eq!(app.emulator.tenant().writes().len(), 1);
}

#[tokio::test]
async fn import_replaces_a_missing_factory() {
    let app = app(Switches { absence_factory: AbsenceFactory::None, ..Switches::default() }).await;
    let owner = app.free_employee();
    let wanted = ask(owner, REMOTE, "2027-01-18 PM", "2027-01-20 AM");
    let preview = app.absences().preview(&wanted).await.unwrap();
    assert_eq!(preview.lucca_api, AbsenceApi::Import);
    assert!(preview.can_be_requested, "{:?}", preview.problems);
    assert!(app.emulator.tenant().writes().is_empty(), "it was simulated");
    let report = app.settled(app.request("k", &wanted).await.unwrap()).await;
    assert_eq!((report.status, report.lucca_api), (Status::Pending, Some(AbsenceApi::Import)));
    assert_eq!(report.half_days.len(), 4);
    // A comment, which the import can't carry, is a problem of the preview.
    let words = absences::AbsenceDraft {
        comment: Some("…".into()),
        first: people::first_half_day("2027-01-25").unwrap(),
        last: people::last_half_day("2027-01-25").unwrap(),
        ..wanted
    };
    assert_eq!(app.request("w", &words).await.unwrap_err().code(), "absence.invalid_comment");
}

#[tokio::test]
async fn simulating_factory_creates_nothing() {
    let app = app(Switches {
        absence_factory: AbsenceFactory::GenerationB,
        auto_create_false: AutoCreateFalse::Simulates,
        factory_answer: FactoryAnswer::Empty,
        ..Switches::default()
    })
    .await;
    let submission =
        app.request("k", &ask(app.free_employee(), REMOTE, "2027-01-18", "2027-01-18")).await.unwrap();
    assert_eq!(Report::of(&submission).unwrap().status, Status::InDoubt);
    let report = app.settled(submission).await;
    assert_eq!(report.status, Status::NotCreated);
    assert_eq!(report.problems[0].code, ProblemCode::NotCreated);
}

#[tokio::test]
async fn a_request_is_followed_to_its_decision() {
    let app = app(Switches::default()).await;
    let owner = app.free_employee();
    let tenant = app.emulator.tenant();
    let submission = app.request("k", &ask(owner, UNPAID, "2027-01-18", "2027-01-19")).await.unwrap();
    let period = app.facts(owner).pop().unwrap().leave_period_id;
    let store = &app.database.store;
    let follow = async || {
        app.advance(3);
        let fresh = store.submission(submission.id).await.unwrap().unwrap();
        Report::of(&app.absences().advance(fresh).await.unwrap()).unwrap()
    };
    // Unpaid leave takes three approvals.
    for level in 1..=3 {
        tenant.approve(period).unwrap();
        let report = follow().await;
        assert_eq!(report.approvals.len(), level);
        assert_eq!(report.status, if level == 3 { Status::Approved } else { Status::Pending });
        assert!(report.approvals.iter().all(|one| one.at.is_some() && one.approver_id.is_some()));
    }
    let taken_out = app.facts(owner).pop().unwrap().halves[0].id.clone();
    tenant.delete_leave(&taken_out).unwrap();
    let report = follow().await;
    assert_eq!(report.half_days.iter().filter(|half| half.is_active).count(), 3);
    tenant.cancel(period).unwrap();
    assert_eq!(follow().await.status, Status::CancellationPending);
    tenant.approve(period).unwrap();
    let report = follow().await;
    assert_eq!(report.status, Status::Cancelled);
    assert_eq!(report.status, Status::from(AbsenceStatus::Cancelled));
    let last = store.submission(submission.id).await.unwrap().unwrap();
    assert_eq!(last.due_at, None, "nothing more can come of it");
}

#[tokio::test]
async fn denial_has_its_reason() {
    let app = app(Switches::default()).await;
    let owner = app.free_employee();
    let submission = app.request("k", &ask(owner, REMOTE, "2027-01-18", "2027-01-19")).await.unwrap();
    let period = app.facts(owner).pop().unwrap().leave_period_id;
    app.emulator.tenant().deny(period, Some("Réunion ce jour-là")).unwrap();
    let report = Report::of(&app.absences().advance(submission).await.unwrap()).unwrap();
    assert_eq!(report.status, Status::Denied);
    assert_eq!(report.approvals[0].comment.as_deref(), Some("Réunion ce jour-là"));
}
