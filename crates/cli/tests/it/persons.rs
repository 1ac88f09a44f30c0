//! Resolves exactly one person, or none: references on the command line, names in confirmations, searches as
//! typed.

use lucca_emulator::{Config, Emulator, Fault, FaultKind, PersonPatch, PersonSummary, Status};
use serde_json::{Value, json};

use crate::{Ran, link, run, run_with, today};

/// A tenant in which one person's employee number is another's Lucca id, but for a zero.
struct Office {
    dir: tempfile::TempDir,
    emulator: Emulator,
    numbered: PersonSummary,
    identified: PersonSummary,
}

async fn office() -> Office {
    let mut config = Config::new(40, 7, today());
    config.switches.rate_limit = None;
    let emulator = Emulator::start(config).await.unwrap();
    let people = emulator.tenant().people(Some(Status::Active), usize::MAX);
    let [numbered, identified, noel] = [&people[3], &people[4], &people[5]].map(|one| one.id);
    let patch =
        |number: String| PersonPatch { employee_number: Some(Some(number)), ..PersonPatch::default() };
    emulator.tenant().change(numbered, patch(format!("0{identified}"))).unwrap();
    emulator.tenant().change(identified, patch("N7".to_owned())).unwrap();
    let name = PersonPatch {
        first_name: Some("Noe\u{308}l".to_owned()),
        last_name: Some("Zélindèvre-Çelik".to_owned()),
        ..PersonPatch::default()
    };
    emulator.tenant().change(noel, name).unwrap();
    let dir = tempfile::tempdir().unwrap();
    link(dir.path(), &emulator, &[]).ok_json();
    run(dir.path(), &["sync", "--json"]).ok_json();
    emulator.tenant().clear_requests();
    let of = |id| emulator.tenant().people(None, usize::MAX).into_iter().find(|one| one.id == id).unwrap();
    let (numbered, identified) = (of(numbered), of(identified));
    Office { dir, emulator, numbered, identified }
}

impl Office {
    fn run(&self, arguments: &[&str]) -> Ran {
        run(self.dir.path(), arguments)
    }
}

fn code(ran: &Ran) -> Value {
    ran.json()["error"]["code"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn ambiguous_reference_names_both_people() {
    let office = office().await;
    let (bare, day) = (office.identified.id.to_string(), "2027-02-02");
    for arguments in [
        vec!["employees", "show", &bare],
        vec!["absences", "types", &bare],
        vec!["absences", "list", "--employee", &bare],
        vec!["absences", "preview", &bare, "--type", "34", "--from", day, "--to", day],
        vec!["absences", "request", &bare, "--type", "34", "--from", day, "--to", day, "--yes"],
        vec!["employees", "erase", &bare, "--yes"],
    ] {
        let ran = office.run(&[&arguments[..], &["--json"]].concat());
        assert_eq!((ran.code, code(&ran)), (2, json!("cli.which_employee")), "{arguments:?}");
        let text = office.run(&arguments).err;
        for person in [&office.numbered, &office.identified] {
            assert!(text.contains(&person.name) && text.contains(&format!("id:{}", person.id)), "{text}");
        }
    }
    assert!(office.emulator.tenant().writes().is_empty() && office.emulator.requests().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn typed_references_resolve_to_one_person() {
    let office = office().await;
    let (numbered, identified) = (office.numbered.id, office.identified.id);
    for (reference, id) in [
        (format!("id:{identified}"), identified),
        ("number:N7".to_owned(), identified),
        (format!("0{identified}"), numbered),
        (format!("number:0{identified}"), numbered),
        (format!("email:{}", office.numbered.mail.as_deref().unwrap().to_uppercase()), numbered),
    ] {
        let shown = office.run(&["employees", "show", &reference, "--json"]).ok_json();
        assert_eq!(shown["id"], id.to_string(), "{reference}");
        let types = office.run(&["absences", "types", &reference, "--json"]).ok_json();
        assert_eq!(types["employee"]["id"], id.to_string(), "{reference}");
    }
    let near = office.run(&["employees", "show", &format!("number:{identified}"), "--json"]);
    assert_eq!(code(&near), "cli.unknown_employee");
    assert_eq!(near.json()["error"]["candidates"][0]["id"], numbered.to_string());
}

#[tokio::test(flavor = "multi_thread")]
async fn simulation_names_the_person_of_each_row() {
    let office = office().await;
    let file = |reference: &str, column: &str| {
        format!("{column};leave_type;starts;ends\n{reference};34;2027-02-02;2027-02-02\n")
    };
    let import = ["absences", "import", "-", "--simulate"];
    let bare = run_with(
        office.dir.path(),
        &[&import[..], &["--json"]].concat(),
        &file(&office.identified.id.to_string(), "employee"),
    );
    let problem = &bare.json()["error"]["rows"][0]["problems"][0].clone();
    assert_eq!(problem["code"], "absence.ambiguous_employee");
    assert_eq!(problem["candidates"].as_array().unwrap().len(), 2);
    let typed = run_with(office.dir.path(), &import, &file(&office.identified.id.to_string(), "lucca_id"));
    assert!(typed.out.contains(&office.identified.name), "{} {}", typed.out, typed.err);
    assert!(!typed.out.contains(&office.numbered.name), "{}", typed.out);
    assert!(office.emulator.tenant().writes().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn search_ignores_accents_and_composition() {
    let office = office().await;
    for typed in [
        "zelindevre",
        "ZÉLINDÈVRE",
        "Ze\u{301}linde\u{300}vre",
        "noel zel",
        "Noël Zél",
        "noe\u{308}l z",
        "vre-celik",
    ] {
        let found = office.run(&["employees", "list", "--search", typed, "--json"]).ok_json();
        assert_eq!(found.as_array().unwrap().len(), 1, "{typed}");
        let day = today().to_string();
        let then = office.run(&["employees", "list", "--as-of", &day, "--search", typed, "--json"]).ok_json();
        assert_eq!(then.as_array().unwrap().len(), 1, "{typed} as of today");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sync_fails_when_everyone_is_unreadable() {
    let office = office().await;
    let corrupt = |person: PersonSummary| Fault {
        path: "/api/v3/users".to_owned(),
        query_contains: None,
        nth: None,
        probability: None,
        kind: FaultKind::CorruptRecord { id: person.id },
    };
    let people = office.emulator.tenant().people(None, usize::MAX);
    office.emulator.tenant().set_faults(people.into_iter().map(corrupt).collect());
    let ran = office.run(&["sync", "--full"]);
    assert_eq!(ran.code, 3, "{} {}", ran.out, ran.err);
    assert!(ran.err.contains("sync.people_unreadable"), "{}", ran.err);
}

#[tokio::test(flavor = "multi_thread")]
async fn narrowed_role_opens_one_issue() {
    let office = office().await;
    let tenant = office.emulator.tenant();
    let people = tenant.people(None, usize::MAX);
    let mut sites: std::collections::BTreeMap<i64, usize> = std::collections::BTreeMap::new();
    for person in &people {
        *sites.entry(person.establishment_id).or_default() += 1;
    }
    let (kept, count) = sites.iter().min_by_key(|(_, count)| **count).unwrap();
    assert!(tenant.scope(None, Some(vec![*kept])));
    assert_eq!(office.run(&["sync", "--full", "--json"]).code, 0);
    let issues = office.run(&["issues", "--json"]).ok_json();
    let codes: Vec<&str> =
        issues.as_array().unwrap().iter().map(|issue| issue["code"].as_str().unwrap()).collect();
    assert_eq!(codes, ["role.scope_narrowed"], "{issues:#}");
    let hidden = people.len() - count;
    assert_eq!(issues[0]["detail"], json!({ "people": hidden, "of": people.len() }));
    let text = issues[0].to_string();
    assert!(text.contains("scope"), "{text}");
    let shown = office.run(&["issues"]).out;
    assert!(shown.contains(&format!("{hidden} of {}", people.len())), "{shown}");
    // With the role widened again, the issue resolves by itself.
    assert!(tenant.scope(None, None));
    office.run(&["sync", "--full", "--json"]).ok_json();
    assert_eq!(office.run(&["issues", "--json"]).ok_json(), json!([]));
}
