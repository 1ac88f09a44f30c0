//! Actions that a key or a linked account may not take: refused with the missing permission, and not sent.

use absences::{Error, Lacking};
use linking::Permission;
use lucca_emulator::{AbsenceFactory, FactoryAccess, Rights, Switches};

use crate::support::{App, REMOTE, app, ask};

fn was_written(app: &App) -> bool {
    let asked = app.emulator.tenant().requests();
    asked.iter().any(|request| request.method != "GET") || !app.emulator.tenant().writes().is_empty()
}

#[tokio::test]
async fn read_only_account_sends_nothing() {
    let mut app = app(Switches::default()).await;
    app.account.settings.declined_features = vec!["absence_requests".to_owned()];
    let wanted = ask(app.free_employee(), REMOTE, "2027-01-18", "2027-01-19");
    let absences = app.absences();
    let errors = [
        absences.preview(&wanted).await.map(drop).unwrap_err(),
        absences.request(app.mint(), "k", &wanted, &[]).await.map(drop).unwrap_err(),
        absences.leave_types(&wanted.employee_id, wanted.first, wanted.last).await.map(drop).unwrap_err(),
        absences.cancel("1", None).await.map(drop).unwrap_err(),
        absences.decide("1", true, None).await.map(drop).unwrap_err(),
        absences.read_batch(b"employee").await.map(drop).unwrap_err(),
    ];
    for error in errors {
        assert!(matches!(error, Error::NotPermitted(Lacking::Feature)), "{error:?}");
        assert!(error.advice().contains("Make absence requests"));
    }
    assert!(app.emulator.tenant().requests().is_empty());
}

#[tokio::test]
async fn missing_permission_is_remembered() {
    for no_right_status in [403, 401] {
        let app = app(Switches { no_right_status, ..Switches::default() }).await;
        app.set_rights(|rights| rights.make_absence_requests = false);
        let wanted = ask(app.free_employee(), REMOTE, "2027-01-18", "2027-01-19");
        let error = app.request("k", &wanted).await.unwrap_err();
        let lacks = Lacking::Permission(Permission::MakeAbsenceRequests);
        assert!(matches!(&error, Error::NotPermitted(lacking) if *lacking == lacks), "{error:?}");
        assert!(error.advice().contains("Make absence requests"));
        assert!(!was_written(&app));
        app.emulator.tenant().clear_requests();
        assert_eq!(app.request("k", &wanted).await.unwrap_err().code(), "absence.not_permitted");
        assert!(app.emulator.tenant().requests().is_empty(), "it was refused a moment ago");
        // The permission is granted.
        app.set_rights(|_| {});
        app.advance(16);
        app.request("k", &wanted).await.unwrap();
        assert_eq!(app.emulator.tenant().writes().len(), 1);
    }
}

#[tokio::test]
async fn keyless_factory_is_a_missing_permission() {
    for factory_access in [FactoryAccess::Forbidden, FactoryAccess::Unauthorized] {
        let mut app = app(Switches { factory_access, ..Switches::default() }).await;
        let wanted = ask(app.free_employee(), REMOTE, "2027-01-18", "2027-01-19");
        assert_eq!(app.request("k", &wanted).await.unwrap_err().code(), "absence.not_permitted");
        assert!(!was_written(&app));
        // The account can select the import instead.
        app.account.settings.absence_api = Some("import".to_owned());
        app.request("k", &wanted).await.unwrap();
        assert_eq!(app.emulator.tenant().writes().len(), 1);
    }
}

#[tokio::test]
async fn no_api_is_an_error() {
    let app =
        app(Switches { absence_factory: AbsenceFactory::None, absence_import: false, ..Switches::default() })
            .await;
    let wanted = ask(app.free_employee(), REMOTE, "2027-01-18", "2027-01-19");
    assert_eq!(app.request("k", &wanted).await.unwrap_err().code(), "absence.no_api");
    assert!(app.emulator.tenant().writes().is_empty());
}

#[tokio::test]
async fn unreadable_absences_prevent_requests() {
    let app = app(Switches::default()).await;
    app.set_rights(|rights| rights.consult_leaves = false);
    let wanted = ask(app.free_employee(), REMOTE, "2027-01-18", "2027-01-19");
    let error = app.request("k", &wanted).await.unwrap_err();
    let lacks = Lacking::Permission(Permission::ConsultLeaves);
    assert!(matches!(&error, Error::NotPermitted(lacking) if *lacking == lacks), "{error:?}");
    assert!(!was_written(&app), "what became of it could not be followed");
}

#[tokio::test]
async fn deciding_and_deleting_need_own_permissions() {
    let app = app(Switches::default()).await;
    let owner = app.free_employee();
    let id = app.request("k", &ask(owner, REMOTE, "2027-01-18", "2027-01-19")).await.unwrap().id.to_string();
    app.set_rights(|rights: &mut Rights| {
        rights.approve_absence_requests = false;
        rights.delete_leaves = false;
    });
    let error = app.absences().decide(&id, true, None).await.unwrap_err();
    assert!(error.advice().contains("Approve requests"), "{error}");
    let morning = people::first_half_day("2027-01-18").unwrap();
    let error = app.absences().cancel(&id, Some(&[morning])).await.unwrap_err();
    assert!(error.advice().contains("Delete a leave"), "{error}");
    assert_eq!(app.emulator.tenant().writes().len(), 1);
}

#[tokio::test]
async fn records_of_other_accounts_are_unknown() {
    let app = app(Switches::default()).await;
    let wanted = ask(999_999, REMOTE, "2027-01-18", "2027-01-19");
    assert!(matches!(app.request("k", &wanted).await, Err(Error::UnknownEmployee)));
    for id in ["999999", "abr_01a21343ecf775539c12e8fd2e370beb", "../users/1", ""] {
        assert!(matches!(app.absences().cancel(id, None).await, Err(Error::UnknownAbsence)), "{id}");
    }
    for key in ["", "a b", "é", &"k".repeat(201)] {
        let owner = app.free_employee();
        let asked = app.request(key, &ask(owner, REMOTE, "2027-01-18", "2027-01-19")).await;
        assert!(matches!(asked, Err(Error::InvalidKey)));
    }
}
