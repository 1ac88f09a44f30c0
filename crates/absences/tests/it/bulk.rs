//! Absence files.

use absences::{Error, ProblemCode, Report, Status};
use lucca_emulator::{Fault, FaultKind, ImportUnapproved, Loss, Switches, WriteKind};
use store::SubmissionFilter;

use crate::support::{App, REMOTE, UNPAID, app};

/// Employees without absences in January and February who work on every weekday.
fn free(app: &App, count: usize) -> Vec<i64> {
    let tenant = app.emulator.tenant();
    let (from, to) = (jiff::civil::date(2027, 1, 1), jiff::civil::date(2027, 2, 28));
    let people = tenant.people(Some(lucca_emulator::Status::Active), usize::MAX).into_iter();
    let ids = people.map(|person| person.id).filter(|id| {
        tenant.what_it_would_take(*id, from, true, to, false).len() == 80
            && !tenant.absences_of(*id).iter().any(|one| one.ends_on >= from && one.starts_on <= to)
    });
    ids.take(count).collect()
}

#[tokio::test]
async fn file_rows_are_checked_before_sending() {
    let app = app(Switches::default()).await;
    let owner = app.free_employee();
    let file = format!(
        "employee,leave_type,starts,ends,approved\n\
         {owner},{REMOTE},2027-01-18,2027-01-19,\n\
         {owner},{REMOTE},2027-01-19 PM,2027-01-20,true\n\
         999999,{REMOTE},2027-01-18,2027-01-19,\n\
         {owner},Vacances,2027-01-25,2027-01-25,\n\
         {owner},{UNPAID},2027-02-30,2027-03-01,\n\
         {owner},{UNPAID},2027-02-06,2027-02-07,\n\
         {owner},{UNPAID},2027-02-09,2027-02-08,peut-être\n"
    );
    let mut batch = app.absences().read_batch(file.as_bytes()).await.unwrap();
    let problems: Vec<(u64, Vec<ProblemCode>)> = batch
        .rows
        .iter()
        .map(|row| (row.line, row.problems.iter().map(|problem| problem.code).collect()))
        .collect();
    use ProblemCode::{InvalidPeriod, NotImportable, NothingToTake, Overlap, TypeNotOffered};
    assert_eq!(
        problems,
        [
            (2, vec![]),
            (3, vec![Overlap]),
            (4, vec![NotImportable]),
            (5, vec![TypeNotOffered]),
            (6, vec![InvalidPeriod]),
            (7, vec![NothingToTake]),
            (8, vec![NotImportable, InvalidPeriod]),
        ]
    );
    assert!(matches!(app.absences().simulate_batch(&mut batch).await, Err(Error::Problems(_))));
    let made = app.absences().make_batch(&batch, |_| app.mint(), |_| ()).await;
    assert!(matches!(made, Err(Error::Problems(_))));
    assert!(app.emulator.tenant().requests().is_empty());
    for whole in ["", "employee,starts,ends\n1,2,3\n", "\u{0}\u{1}"] {
        assert!(app.absences().read_batch(whole.as_bytes()).await.is_err(), "{whole:?}");
    }
    assert!(app.absences().read_batch(b"employee,leave_type,starts,ends\n\xff").await.is_err());
}

#[tokio::test]
async fn valid_file_is_simulated_and_imported_once() {
    for import_unapproved in [ImportUnapproved::Request, ImportUnapproved::Period] {
        let app = app(Switches { import_unapproved, ..Switches::default() }).await;
        let people = free(&app, 3);
        let mut file = "legalEntity;employeeNumber;lastName;firstName;accountId;startDate;flagStartDate;endDate;flagEndDate;isApproved\n".to_owned();
        for (at, id) in people.iter().enumerate() {
            let approved = at == 0;
            let number = format!("{id:05}");
            file.push_str(&format!("x;{number};x;x;{REMOTE};18/01/2027;pm;20/01/2027;am;{approved}\n"));
        }
        let mut batch = app.absences().read_batch(file.as_bytes()).await.unwrap();
        assert!(batch.is_good(), "{:?}", batch.rows);
        assert!(app.absences().simulate_batch(&mut batch).await.unwrap().is_empty());
        assert!(app.emulator.tenant().writes().is_empty());
        assert!(!app.absences().was_begun(&batch).await.unwrap());
        let mut steps = 0;
        let made = app.absences().make_batch(&batch, |_| app.mint(), |_| steps += 1).await.unwrap();
        assert!(steps > 0);
        let reports: Vec<Report> = made.iter().map(|one| Report::of(one).unwrap()).collect();
        let statuses: Vec<Status> = reports.iter().map(|report| report.status).collect();
        assert_eq!(statuses, [Status::Approved, Status::Pending, Status::Pending]);
        assert!(reports.iter().all(|report| report.half_days.len() == 4));
        assert!(app.absences().was_begun(&batch).await.unwrap());
        let before = app.emulator.tenant().writes().len();
        // After a sync, the file's own absences don't overlap it.
        app.sync().await;
        let batch = app.absences().read_batch(file.as_bytes()).await.unwrap();
        assert!(batch.is_good(), "{:?}", batch.rows);
        let again = app.absences().make_batch(&batch, |_| app.mint(), |_| ()).await.unwrap();
        assert_eq!(
            again.iter().map(|one| one.id).collect::<Vec<_>>(),
            made.iter().map(|one| one.id).collect::<Vec<_>>()
        );
        assert_eq!(app.emulator.tenant().writes().len(), before, "the same file is not imported twice");
        assert_eq!(
            app.absences().cancel(&made[0].id.to_string(), None).await.unwrap().status,
            Status::Cancelled
        );
    }
}

#[tokio::test]
async fn lost_import_response_is_looked_up() {
    for accepted in [true, false] {
        let app = app(Switches::default()).await;
        let people = free(&app, 2);
        let mut file = "employee;leave_type;starts;ends\n".to_owned();
        for id in &people {
            file.push_str(&format!("{id};{REMOTE};2027-01-18;2027-01-18\n"));
        }
        let mut batch = app.absences().read_batch(file.as_bytes()).await.unwrap();
        assert!(app.absences().simulate_batch(&mut batch).await.unwrap().is_empty());
        let kind = if accepted {
            FaultKind::LoseAnswer { how: Loss::Status { code: 504 } }
        } else {
            FaultKind::ResetConnection
        };
        let path = "/timmi-absences/api/imports/v1.0/leavePeriods".to_owned();
        app.emulator.tenant().set_faults(vec![Fault {
            path,
            query_contains: None,
            nth: Some(1),
            probability: None,
            kind,
        }]);
        let made = app.absences().make_batch(&batch, |_| app.mint(), |_| ()).await.unwrap();
        for submission in made {
            let report = app.settled(submission).await;
            assert_eq!(report.status, if accepted { Status::Pending } else { Status::NotCreated });
        }
        let halves: usize = people
            .iter()
            .map(|id| {
                app.facts(*id).iter().filter(|one| one.starts_on == jiff::civil::date(2027, 1, 18)).count()
            })
            .sum();
        assert_eq!(halves, if accepted { 2 } else { 0 });
        // A repeated import creates the missing rows.
        let again = app.absences().make_batch(&batch, |_| app.mint(), |_| ()).await.unwrap();
        for submission in again {
            assert_eq!(app.settled(submission).await.status, Status::Pending);
        }
        let writes = app.emulator.tenant().writes();
        assert_eq!(writes.iter().filter(|write| write.kind == WriteKind::Import).count(), 2, "{writes:?}");
    }
}

#[tokio::test]
async fn repeated_file_completes_a_cut_import() {
    let app = app(Switches::default()).await;
    let people = free(&app, 3);
    let rows: String =
        people.iter().map(|id| format!("{id};{REMOTE};2027-01-18;2027-01-18;true\n")).collect();
    let file = format!("employee;leave_type;starts;ends;approved\n{rows}");
    let absences = app.absences();
    let batch = absences.read_batch(file.as_bytes()).await.unwrap();
    // Dropped while it stores rows, like a killed process.
    let mut making = Box::pin(absences.make_batch(&batch, |_| app.mint(), |_| ()));
    let store = &app.database.store;
    let written = async || store.submissions(&SubmissionFilter::default(), 10).await.unwrap();
    while written().await.is_empty() {
        assert!(one_step(making.as_mut()).await.is_none());
    }
    drop(making);
    app.advance(6);
    for submission in written().await {
        let report = Report::of(&absences.advance(submission).await.unwrap()).unwrap();
        assert_eq!(report.status, Status::NotCreated);
    }
    assert!(app.emulator.tenant().writes().is_empty());
    let made = absences.make_batch(&batch, |_| app.mint(), |_| ()).await.unwrap();
    assert_eq!(made.len(), 3);
    assert!(made.iter().all(|one| Report::of(one).unwrap().status == Status::Approved));
}

/// Polls a future once.
async fn one_step<T>(mut future: std::pin::Pin<&mut impl Future<Output = T>>) -> Option<T> {
    std::future::poll_fn(|context| {
        std::task::Poll::Ready(match future.as_mut().poll(context) {
            std::task::Poll::Ready(done) => Some(done),
            std::task::Poll::Pending => None,
        })
    })
    .await
}
