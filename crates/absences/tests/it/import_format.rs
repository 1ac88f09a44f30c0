//! Lucca's import, if a tenant accepts another format than the documented one.

use absences::{AbsenceApi, ProblemCode, Report, Status};
use lucca_emulator::{Change, ImportEstablishment, NewAbsence, Switches, WriteKind};

use crate::support::{App, RECOVERY, REMOTE, UNPAID, active_halves, app, ask};

async fn importing(switches: Switches) -> App {
    let mut app = app(switches).await;
    app.account.settings.absence_api = Some("import".to_owned());
    app
}

/// The number of simulated files since the last call.
fn simulations(app: &App) -> usize {
    let requests = app.emulator.tenant().requests();
    app.emulator.tenant().clear_requests();
    requests.iter().filter(|request| request.query.contains("create=false")).count()
}

#[tokio::test]
async fn establishments_go_by_name_or_by_code() {
    for (import_establishment, first, then) in [
        (ImportEstablishment::Name, 1, 1),
        (ImportEstablishment::Either, 1, 1),
        (ImportEstablishment::Code, 2, 1),
    ] {
        let app = importing(Switches { import_establishment, ..Switches::default() }).await;
        let owner = app.free_employee();
        let wanted = ask(owner, REMOTE, "2027-01-18 PM", "2027-01-20 AM");
        let preview = app.absences().preview(&wanted).await.unwrap();
        assert!(preview.can_be_requested, "{import_establishment:?}: {:?}", preview.problems);
        assert_eq!((preview.lucca_api, simulations(&app)), (AbsenceApi::Import, first));
        assert!(preview.leave_type_name.is_some());
        let report = Report::of(&app.request("key-1", &wanted).await.unwrap()).unwrap();
        assert_eq!(report.status, Status::Pending);
        assert_eq!(active_halves(&app.facts(owner).pop().unwrap()), preview.plan.taken);
        // The accepted column is remembered.
        assert_eq!(simulations(&app), then, "{import_establishment:?}");

        let file = format!("employee,leave_type,starts,ends\nid:{owner},{REMOTE},2027-02-01,2027-02-01\n");
        let mut batch = app.absences().read_batch(file.as_bytes()).await.unwrap();
        assert!(app.absences().simulate_batch(&mut batch).await.unwrap().is_empty());
        assert_eq!(simulations(&app), then);
        let made = app.absences().make_batch(&batch, |_| app.mint(), |_| ()).await.unwrap();
        assert_eq!(Report::of(&made[0]).unwrap().status, Status::Pending);
        assert_eq!(simulations(&app), 0, "a file that was simulated is not simulated again");
    }
}

#[tokio::test]
async fn approval_is_blank_if_not_needed() {
    let accounts_without_approval = vec![REMOTE];
    let switches = Switches {
        accounts_without_approval,
        import_establishment: ImportEstablishment::Code,
        ..Switches::default()
    };
    let app = importing(switches).await;
    let owner = app.free_employee();
    let report =
        Report::of(&app.request("key-1", &ask(owner, REMOTE, "2027-01-18", "2027-01-18")).await.unwrap());
    assert_eq!(report.unwrap().status, Status::Approved);

    // In one file with leave types that need an approval.
    let file = format!(
        "employee,leave_type,starts,ends,approved\n\
         {owner},{REMOTE},2027-01-25,2027-01-25,\n\
         {owner},{UNPAID},2027-01-26,2027-01-26,false\n\
         {owner},{UNPAID},2027-01-27,2027-01-27,true\n"
    );
    let batch = app.absences().read_batch(file.as_bytes()).await.unwrap();
    let made = app.absences().make_batch(&batch, |_| app.mint(), |_| ()).await.unwrap();
    let statuses: Vec<Status> = made.iter().map(|one| Report::of(one).unwrap().status).collect();
    assert_eq!(statuses, [Status::Approved, Status::Pending, Status::Approved]);
}

#[tokio::test]
async fn a_refusal_names_the_leave_type() {
    let app = importing(Switches { accounts_without_approval: vec![REMOTE], ..Switches::default() }).await;
    let owner = app.free_employee();
    let file = format!(
        "employee,leave_type,starts,ends\n{owner},{REMOTE},2027-01-18,2027-01-18\n{owner},{UNPAID},2027-01-19,2027-01-19\n"
    );
    let mut batch = app.absences().read_batch(file.as_bytes()).await.unwrap();
    // Entered in Lucca since the last sync.
    let day = jiff::civil::date(2027, 1, 19);
    app.emulator.tenant().make(Change::Absence(NewAbsence::days(owner, REMOTE, day, day))).unwrap();
    let problems = app.absences().simulate_batch(&mut batch).await.unwrap();
    assert_eq!(problems.len(), 1);
    assert!(problems[0].message.contains(&format!("leave type {UNPAID}")), "{}", problems[0].message);
    // Without an earlier simulation, the import simulates first, and sends nothing.
    let made = app.absences().make_batch(&batch, |_| app.mint(), |_| ()).await.unwrap();
    for submission in &made {
        let report = Report::of(submission).unwrap();
        assert_eq!((report.status, report.problems[0].code), (Status::Refused, ProblemCode::Refused));
    }
    assert!(app.emulator.tenant().writes().iter().all(|write| write.kind != WriteKind::Import));
}

#[tokio::test]
async fn hours_are_imported_for_leave_types_in_hours() {
    let app = importing(Switches::default()).await;
    let owner = app.free_employee();
    let mut wanted = ask(owner, RECOVERY, "2027-01-18 AM", "2027-01-18 AM");
    wanted.minutes = Some(150);
    let preview = app.absences().preview(&wanted).await.unwrap();
    assert!(preview.can_be_requested, "{:?}", preview.problems);
    assert_eq!(preview.amount.unwrap().value, 2.5);
    let report = Report::of(&app.request("key-1", &wanted).await.unwrap()).unwrap();
    assert_eq!(report.status, Status::Pending);
    let minutes = |app: &App| -> Option<u32> {
        app.facts(owner).pop().unwrap().halves.iter().map(|half| half.minutes).sum()
    };
    assert_eq!(minutes(&app), Some(150));

    for (line, written) in [(2, "7,5"), (3, "7h30"), (4, "soon")] {
        let day = 24 + line;
        let file = format!(
            "employee;leave_type;starts;ends;hours\n{owner};{RECOVERY};2027-01-{day};2027-01-{day};{written}\n"
        );
        let batch = app.absences().read_batch(file.as_bytes()).await.unwrap();
        if line < 4 {
            assert!(batch.is_good(), "{:?}", batch.rows);
            assert_eq!(batch.rows[0].ask.as_ref().unwrap().minutes, Some(450));
        } else {
            assert_eq!(batch.rows[0].problems[0].code, ProblemCode::InvalidDuration);
        }
    }
}
