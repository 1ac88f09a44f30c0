//! References to employees: each leads to the employee it was written for, or is refused with the candidates.

use absences::{Error, ProblemCode, Report};
use jiff::ToSpan;
use jiff::civil::{Date, Weekday, date};
use lucca_emulator::{ImportUnapproved, PersonPatch, PersonSummary, Status, Switches};
use people::{PersonStanding, ReferenceKind};
use test_database::Engine;

use crate::support::{App, REMOTE, app_on};

/// Permanent employees who work on every weekday of January and February, and have no absence then.
fn free_people(app: &App, count: usize) -> Vec<PersonSummary> {
    let tenant = app.emulator.tenant();
    let (from, to) = (date(2027, 1, 1), date(2027, 2, 28));
    let is_free = |person: &PersonSummary| {
        person.ends_on.is_none_or(|end| end > to)
            && tenant.what_it_would_take(person.id, from, true, to, false).len() == 80
            && !tenant.absences_of(person.id).iter().any(|one| one.ends_on >= from && one.starts_on <= to)
    };
    let people: Vec<_> =
        tenant.people(Some(Status::Active), usize::MAX).into_iter().filter(is_free).take(count).collect();
    assert_eq!(people.len(), count, "not enough people are free");
    people
}

fn weekdays() -> Vec<Date> {
    let first = date(2027, 1, 4);
    let days = (0..56).map(|plus| first + plus.days());
    let is_worked = |day: &Date| !matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday);
    days.filter(is_worked).collect()
}

/// A tenant with employees that are easily confused.
struct Lookalikes {
    app: App,
    people: Vec<PersonSummary>,
    numbers: Vec<String>,
    /// A deleted employee whose id is another employee's number.
    deleted: i64,
}

async fn lookalikes(engine: Engine) -> Lookalikes {
    let app =
        app_on(engine, 150, Switches { import_unapproved: ImportUnapproved::Period, ..Switches::default() })
            .await;
    let people = free_people(&app, 16);
    let tenant = app.emulator.tenant();
    let id = |at: usize| people[at].id.to_string();
    let mut numbers = vec![
        id(1), // another's id
        format!("B{}", id(1)),
        format!("00{}", id(3)), // another's id but for zeros
        format!("0{}", id(3)),
        "90007".to_owned(),
        "090007".to_owned(), // zeros tell it apart from the one before
        "0090007".to_owned(),
        id(7), // one's own id
        "AB-1".to_owned(),
        "ab-1".to_owned(),                   // case tells it apart
        "lookalike@acme.example".to_owned(), // another's address
        "C11".to_owned(),
        "C12".to_owned(),
        "C13".to_owned(),
        "C14".to_owned(),
    ];
    let deleted = people[15].id;
    numbers[14] = deleted.to_string();
    for (person, number) in people.iter().zip(&numbers) {
        let patch = PersonPatch { employee_number: Some(Some(number.clone())), ..PersonPatch::default() };
        tenant.change(person.id, patch).unwrap();
    }
    let mail = |at: usize, mail: &str| {
        let patch = PersonPatch { mail: Some(Some(mail.to_owned())), ..PersonPatch::default() };
        tenant.change(people[at].id, patch).unwrap();
    };
    mail(11, "lookalike@acme.example");
    mail(12, "shared@acme.example");
    mail(13, "Shared@ACME.example");
    for at in [4, 5] {
        let (first_name, last_name) = (Some("Noa".to_owned()), Some("Perrin".to_owned()));
        tenant
            .change(people[at].id, PersonPatch { first_name, last_name, ..PersonPatch::default() })
            .unwrap();
    }
    assert!(tenant.remove(deleted));
    app.sync().await;
    app.emulator.tenant().clear_requests();
    let people = tenant_people(&app, &people);
    Lookalikes { app, people, numbers, deleted }
}

/// The current state of the same employees, without the deleted one.
fn tenant_people(app: &App, before: &[PersonSummary]) -> Vec<PersonSummary> {
    let now = app.emulator.tenant().people(None, usize::MAX);
    before.iter().filter_map(|one| now.iter().find(|person| person.id == one.id).cloned()).collect()
}

impl Lookalikes {
    /// Every way to write each reference, with the intended employee: column, text, id.
    fn references(&self) -> Vec<(&'static str, String, i64)> {
        let mut all = Vec::new();
        for (person, number) in self.people.iter().zip(&self.numbers) {
            let id = person.id;
            let mail = person.mail.clone().unwrap_or_default();
            let dropped = number.trim_start_matches('0').to_owned();
            all.extend([
                ("employee", id.to_string(), id),
                ("employee", number.clone(), id),
                ("employee", format!("id:{id}"), id),
                ("employee", format!("Number: {number}"), id),
                ("employee", mail.to_uppercase(), id),
                ("lucca_id", id.to_string(), id),
                ("matricule", number.clone(), id),
                ("employeeNumber", dropped.clone(), id),
                ("employee", dropped, id),
                ("email", mail, id),
            ]);
        }
        all.push(("employee", self.deleted.to_string(), self.deleted));
        all.push(("lucca_id", self.deleted.to_string(), self.deleted));
        all
    }
}

#[tokio::test]
async fn every_row_books_its_employee_or_is_refused() {
    for engine in Engine::available() {
        let lookalikes = lookalikes(engine).await;
        let app = &lookalikes.app;
        let references = lookalikes.references();
        assert!(references.len() >= 100, "{}", references.len());
        let days = weekdays();
        let everyone = app.emulator.tenant().people(None, usize::MAX);
        let before: Vec<(i64, usize)> =
            everyone.into_iter().map(|person| (person.id, app.facts(person.id).len())).collect();
        let (mut refused, mut booked) = (0, Vec::new());
        for (at, (column, text, meant)) in references.iter().enumerate() {
            let day = days[at % 10 + 10 * (at % 3)];
            let file =
                format!("{column};leave_type;starts;ends;approved\n{text};{REMOTE};{day};{day};true\n");
            let batch = app.absences().read_batch(file.as_bytes()).await.unwrap();
            let row = &batch.rows[0];
            let Some(person) = &row.person else {
                refused += 1;
                let problem = &row.problems[0];
                assert!(
                    matches!(problem.code, ProblemCode::AmbiguousEmployee | ProblemCode::NotImportable),
                    "{problem:?}"
                );
                assert!(row.ask.is_none() && !batch.is_good());
                continue;
            };
            assert_eq!(person.id.to_string(), meant.to_string(), "{column} {text:?}");
            // Each employee's first row is imported; later rows would overlap it on some days.
            if row.problems.is_empty() && !booked.contains(meant) {
                let made = app.absences().make_batch(&batch, |_| app.mint(), |_| ()).await.unwrap();
                assert!(Report::of(&made[0]).unwrap().absence_id.is_some());
                booked.push(*meant);
            }
        }
        assert!(refused >= 10 && booked.len() >= 14, "{refused} refused, {booked:?} booked");
        for (owner, before) in before {
            let added = app.facts(owner).len() - before;
            assert_eq!(added, usize::from(booked.contains(&owner)), "absences of a person who was not meant");
        }
    }
}

#[tokio::test]
async fn typed_references_always_lead_to_their_person() {
    let lookalikes = lookalikes(Engine::Sqlite).await;
    let absences = lookalikes.app.absences();
    for (person, number) in lookalikes.people.iter().zip(&lookalikes.numbers) {
        for text in [format!("id:{}", person.id), format!("number:{number}")] {
            assert_eq!(
                absences.find_person(&text).await.unwrap().id.to_string(),
                person.id.to_string(),
                "{text}"
            );
        }
    }
}

#[tokio::test]
async fn ambiguous_value_lists_both_employees() {
    let lookalikes = lookalikes(Engine::Sqlite).await;
    let absences = lookalikes.app.absences();
    let (numbered, identified) = (lookalikes.people[0].id, lookalikes.people[1].id);
    let error = absences.find_person(&identified.to_string()).await.unwrap_err();
    assert_eq!(error.code(), "absence.ambiguous_employee");
    let Error::AmbiguousEmployee(candidates) = &error else { panic!("{error:?}") };
    let mut fits: Vec<(String, Vec<ReferenceKind>)> = candidates
        .iter()
        .map(|one| (one.person.as_ref().unwrap().id.to_string(), one.fits.iter().copied().collect()))
        .collect();
    fits.sort();
    let mut expected = [
        (numbered.to_string(), vec![ReferenceKind::Number]),
        (identified.to_string(), vec![ReferenceKind::Id]),
    ];
    expected.sort();
    assert_eq!(fits, expected);
    // Errors are logged; only candidates have names.
    for candidate in candidates {
        let name = &candidate.person.as_ref().unwrap().name;
        assert!(!error.to_string().contains(name) && !error.advice().contains(name));
    }

    let Error::AmbiguousEmployee(candidates) =
        absences.find_person(&lookalikes.deleted.to_string()).await.unwrap_err()
    else {
        panic!("the id of a deleted person led to another one")
    };
    assert!(candidates.iter().any(|one| one.standing != PersonStanding::Present));
}

#[tokio::test]
async fn columns_of_different_people_are_refused() {
    let lookalikes = lookalikes(Engine::Sqlite).await;
    let (one, other) = (&lookalikes.people[12], &lookalikes.people[13]);
    let read = async |number: &str| {
        let file = format!(
            "lucca_id,matricule,leave_type,starts,ends\n{},{number},{REMOTE},2027-01-18,2027-01-18\n",
            one.id
        );
        lookalikes.app.absences().read_batch(file.as_bytes()).await.unwrap()
    };
    assert!(read("C12").await.is_good() && read("").await.is_good());
    let batch = read("C13").await;
    let problem = &batch.rows[0].problems[0];
    assert_eq!(problem.code, ProblemCode::AmbiguousEmployee);
    let named: Vec<String> =
        problem.candidates.iter().map(|one| one.person.as_ref().unwrap().id.to_string()).collect();
    assert_eq!(named, [one.id.to_string(), other.id.to_string()]);
}

#[tokio::test]
async fn import_refuses_shared_employee_numbers() {
    let lookalikes = lookalikes(Engine::Sqlite).await;
    let app = &lookalikes.app;
    let (one, other) = (&lookalikes.people[12], &lookalikes.people[13]);
    let patch = PersonPatch {
        employee_number: Some(Some("C12".to_owned())),
        establishment_id: Some(one.establishment_id),
        ..PersonPatch::default()
    };
    app.emulator.tenant().change(other.id, patch).unwrap();
    app.sync().await;
    let file = format!("lucca_id,leave_type,starts,ends\n{},{REMOTE},2027-01-18,2027-01-18\n", one.id);
    let batch = app.absences().read_batch(file.as_bytes()).await.unwrap();
    let problem = &batch.rows[0].problems[0];
    assert_eq!(problem.code, ProblemCode::NotImportable);
    assert!(problem.message.contains("same employee number"), "{}", problem.message);
}
