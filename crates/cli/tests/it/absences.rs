//! The binary requests, follows, decides on, cancels, imports and draws absences against the emulated tenant.

use std::path::Path;

use jiff::ToSpan;
use jiff::civil::{Date, date};
use lucca_emulator::{AbsenceFacts, Config, Emulator, Fault, FaultKind, Loss, Rights, Status, Switches};
use serde_json::{Value, json};

use crate::{Ran, link, run, run_with, today};

/// Leave types of the emulated tenant.
const REMOTE: &str = "34";
const UNPAID: i64 = 5;
const RECOVERY: &str = "41";

/// A linked and synced tenant, with an employee who works every weekday of the next two months.
struct Office {
    dir: tempfile::TempDir,
    emulator: Emulator,
    who: String,
    /// A Monday; the employee works every day until Friday.
    monday: Date,
}

async fn office(more: &[&str]) -> Office {
    office_of(Switches::default(), more).await
}

async fn office_of(switches: Switches, more: &[&str]) -> Office {
    let mut config = Config::new(60, 7, today());
    config.switches = Switches { rate_limit: None, ..switches };
    let emulator = Emulator::start(config).await.unwrap();
    let dir = tempfile::tempdir().unwrap();
    link(dir.path(), &emulator, more).ok_json();
    run(dir.path(), &["sync", "--json"]).ok_json();
    let (who, monday) = free_employee(&emulator);
    emulator.tenant().clear_requests();
    Office { dir, emulator, who: who.to_string(), monday }
}

/// The employees: Lucca's own administrator, number 0, takes no leave.
fn staff(emulator: &Emulator) -> Vec<i64> {
    let people = emulator.tenant().people(Some(Status::Active), usize::MAX).into_iter();
    people.map(|person| person.id).filter(|id| *id > 0).collect()
}

/// An employee without absences in a full working week, and that week's Monday.
fn free_employee(emulator: &Emulator) -> (i64, Date) {
    let tenant = emulator.tenant();
    let today = today();
    let next_monday = today + (7 - i64::from(today.weekday().to_monday_zero_offset())).days();
    let people = staff(emulator);
    for week in 5..12 {
        let monday = next_monday + (7 * week).days();
        let sunday = monday + 6.days();
        for id in people.iter().copied() {
            let busy = |facts: &AbsenceFacts| facts.ends_on >= monday && facts.starts_on <= sunday;
            if tenant.what_it_would_take(id, monday, true, sunday, false).len() == 10
                && !tenant.absences_of(id).iter().any(busy)
            {
                return (id, monday);
            }
        }
    }
    panic!("no employee is free");
}

impl Office {
    fn path(&self) -> &Path {
        self.dir.path()
    }

    fn day(&self, plus: i64) -> String {
        (self.monday + plus.days()).to_string()
    }

    fn run(&self, arguments: &[&str]) -> Ran {
        run(self.path(), &[&["absences"], arguments].concat())
    }

    fn absence_command(&self, command: &str, leave_type: &str, from: &str, to: &str, more: &[&str]) -> Ran {
        let arguments = [command, &self.who, "--type", leave_type, "--from", from, "--to", to];
        self.run(&[&arguments[..], more].concat())
    }

    fn writes(&self) -> usize {
        self.emulator.tenant().writes().len()
    }
}

fn code(ran: &Ran) -> String {
    ran.json()["error"]["code"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn absence_is_previewed_made_once_and_cancelled() {
    let office = office(&[]).await;
    let types = office.run(&["types", &office.who, "--json"]).ok_json();
    assert_eq!(types["is_offered"], true);
    let of =
        |id: &str| types["items"].as_array().unwrap().iter().find(|one| one["id"] == id).unwrap().clone();
    let name = of(REMOTE)["name"].as_str().unwrap().to_uppercase();
    assert!(office.run(&["types", &office.who]).out.to_uppercase().contains(&name));

    let (from, to) = (format!("{}PM", office.day(0)), format!("{} am", office.day(2)));
    let preview = office.absence_command("preview", &name, &from, &to, &["--json"]).ok_json();
    assert_eq!((&preview["can_be_requested"], &preview["leave_type_id"]), (&true.into(), &json!(REMOTE)));
    let taken: Vec<String> = [(0, "PM"), (1, "AM"), (1, "PM"), (2, "AM")]
        .map(|(day, half)| format!("{} {half}", office.day(day)))
        .into();
    assert_eq!(preview["plan"]["taken"], json!(taken));
    assert_eq!(preview["amount"]["value"], 2.0);
    assert_eq!(office.writes(), 0);

    // No terminal to confirm on.
    let refused = office.absence_command("request", REMOTE, &from, &to, &["--json"]);
    assert_eq!((refused.code, code(&refused)), (2, "cli.not_confirmed".to_owned()));
    assert_eq!(office.absence_command("request", REMOTE, &from, &to, &[]).code, 2);
    assert_eq!(office.writes(), 0);

    let how = ["--yes", "--key", "holiday-1", "--json"];
    let made = office.absence_command("request", &name, &from, &to, &how).ok_json();
    assert_eq!((&made["status"], &made["idempotency_key"]), (&"pending".into(), &"holiday-1".into()));
    assert!(made["next_approver_name"].is_string() && made["employee_name"].is_string(), "{made}");
    let halves: Vec<&Value> =
        made["half_days"].as_array().unwrap().iter().map(|half| &half["half_day"]).collect();
    assert_eq!(json!(halves), json!(taken));
    let again = office.absence_command("request", REMOTE, &from, &to, &how).ok_json();
    assert_eq!((&again["id"], office.writes()), (&made["id"], 1));
    let other = office.absence_command("request", REMOTE, &from, &office.day(3), &how);
    assert_eq!((other.code, code(&other)), (2, "absence.idempotency_key_reused".to_owned()));

    // The request overlaps with itself under another key.
    let overlap = office.absence_command("preview", REMOTE, &from, &to, &["--json"]);
    assert_eq!((overlap.code, &overlap.json()["problems"][0]["code"]), (2, &"absence.overlap".into()));
    let text = office.absence_command("preview", REMOTE, &from, &to, &[]);
    assert!(text.code == 2 && text.out.contains("!") && text.out.contains("absence.overlap"), "{}", text.out);
    let overlap = office.absence_command("request", REMOTE, &from, &to, &["--yes", "--json"]);
    assert_eq!((overlap.code, code(&overlap)), (2, "absence.overlap".to_owned()));
    assert_eq!(overlap.json()["error"]["problems"][0]["half_days"], json!(taken));

    // Visible before the next sync.
    let month = ["calendar", &office.who, "--from", &office.day(0), "--to", &office.day(4), "--json"];
    let drawn = office.run(&month).ok_json();
    assert_eq!(drawn["people"][0]["is_estimated"], false, "the sync read these days");
    let states: Vec<&str> = drawn["people"][0]["half_days"]
        .as_array()
        .unwrap()
        .iter()
        .map(|half| half["state"].as_str().unwrap())
        .collect();
    let (free, away) = ("free", "remote_pending");
    assert_eq!(states, [free, away, away, away, away, free, free, free, free, free]);

    let id = made["id"].as_str().unwrap();
    let approved = office.run(&["approve", id, "--comment", "Enjoy", "--json"]).ok_json();
    assert_eq!(approved["was_changed"], true, "{approved}");
    let status = office.run(&["status", id, "--json"]).ok_json();
    assert_eq!(status["approvals"][0]["comment"], "Enjoy", "{status}");
    let text = office.run(&["status", id]).out;
    assert!(text.contains("approved") && text.contains(": Enjoy"), "{text}");
    let by_absence = office.run(&["status", made["absence_id"].as_str().unwrap(), "--no-refresh", "--json"]);
    assert_eq!(by_absence.ok_json()["id"], made["id"]);
    let listed = office.run(&["status", "--employee", &office.who, "--json"]).ok_json();
    assert_eq!((listed.as_array().unwrap().len(), &listed[0]["id"]), (1, &made["id"]));
    assert!(office.run(&["status"]).out.contains(id));

    let half = format!("{} AM", office.day(2));
    assert_eq!(code(&office.run(&["cancel", id, "--half-day", &half, "--json"])), "cli.not_confirmed");
    let less = office.run(&["cancel", id, "--half-day", &half, "--yes", "--json"]).ok_json();
    assert_eq!(less["half_days"], json!(taken[..3]));
    let gone = office.run(&["cancel", id, "--yes", "--json"]).ok_json();
    assert!(["cancelled", "cancellation_pending"].contains(&gone["status"].as_str().unwrap()), "{gone}");
    let not_its =
        office.run(&["cancel", id, "--half-day", &format!("{} PM", office.day(4)), "--yes", "--json"]);
    assert_eq!((not_its.code, code(&not_its)), (2, "absence.unknown_half_day".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn denial_needs_a_comment() {
    let office = office(&[]).await;
    let made =
        office.absence_command("request", REMOTE, &office.day(1), &office.day(1), &["--yes", "--json"]);
    assert!(made.err.contains("--key "), "the new key is printed: {}", made.err);
    let made = made.ok_json();
    let id = made["id"].as_str().unwrap();
    assert_eq!(office.run(&["deny", id, "--json"]).code, 2);
    assert_eq!(code(&office.run(&["deny", id, "--comment", " ", "--json"])), "absence.comment_required");
    let denied = office.run(&["deny", id, "--comment", "Stocktaking", "--json"]).ok_json();
    assert_eq!((&denied["status"], &denied["half_days"]), (&"denied".into(), &json!([])));
    let over = office.run(&["approve", id, "--json"]);
    assert_eq!((over.code, code(&over)), (2, "absence.wrong_state".to_owned()));
    let text = office.run(&["status", id]).out;
    assert!(text.contains("denied") && text.contains("Stocktaking"), "{text}");
    let unknown = office.run(&["status", "abr_01", "--json"]);
    assert_eq!((unknown.code, code(&unknown)), (2, "absence.unknown".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn warnings_are_acknowledged_by_id() {
    let office = office(&[]).await;
    // A past day is late, which Lucca asks to confirm.
    let tenant = office.emulator.tenant();
    let free = (1..40).map(|back| today() - back.days()).find_map(|day| {
        let is_free = |id: &i64| {
            let busy = |facts: &AbsenceFacts| facts.ends_on >= day && facts.starts_on <= day;
            tenant.what_it_would_take(*id, day, true, day, false).len() == 2
                && !tenant.absences_of(*id).iter().any(busy)
        };
        staff(&office.emulator).into_iter().find(is_free).map(|id| (id.to_string(), day.to_string()))
    });
    let (who, day) = free.unwrap();
    let unpaid = UNPAID.to_string();
    let arguments = ["request", &who, "--type", &unpaid, "--from", &day, "--to", &day, "--yes", "--json"];
    let refused = office.run(&arguments);
    assert_eq!((refused.code, code(&refused)), (2, "absence.confirmation_needed".to_owned()));
    assert_eq!(office.writes(), 0);
    let warning = &refused.json()["error"]["warnings"][0];
    assert_eq!(warning["must_be_confirmed"], true);
    let shown = office.run(&arguments[..9]);
    assert!(shown.err.contains("--acknowledge "), "{}", shown.err);
    let made =
        office.run(&[&arguments[..], &["--acknowledge", warning["id"].as_str().unwrap()]].concat()).ok_json();
    assert_eq!(made["status"], "pending");
}

#[tokio::test(flavor = "multi_thread")]
async fn lost_answer_is_searched_and_not_sent_again() {
    for (accepted, kind) in [
        (true, FaultKind::LoseAnswer { how: Loss::Status { code: 504 } }),
        (false, FaultKind::Status { code: 504, body: String::new() }),
    ] {
        let office = office(&[]).await;
        let path = "/api/v3/leaveRequestFactory".to_owned();
        let fault = Fault { path, query_contains: None, nth: Some(1), probability: None, kind };
        office.emulator.tenant().set_faults(vec![fault]);
        let day = office.day(3);
        let how = ["--yes", "--no-wait", "--key", "k", "--json"];
        let made = office.absence_command("request", REMOTE, &day, &day, &how).ok_json();
        let again = office.absence_command("request", REMOTE, &day, &day, &how).ok_json();
        assert_eq!(again["id"], made["id"]);
        let status = if accepted { "pending" } else { "in_doubt" };
        assert_eq!((&again["status"], office.writes()), (&status.into(), usize::from(accepted)), "{again}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn invalid_input_is_refused_before_sending() {
    let office = office(&[]).await;
    let (monday, tuesday) = (office.day(0), office.day(1));
    for (from, to) in
        [("2026-02-30", "2026-03-01"), ("04/05/2026", "2026-05-05"), ("2026-05-04 XM", "2026-05-05")]
    {
        let ran = office.absence_command("preview", REMOTE, from, to, &["--json"]);
        assert_eq!((ran.code, code(&ran)), (2, "cli.arguments".to_owned()), "{from}");
        assert!(ran.json()["error"]["message"].as_str().unwrap().contains("2026-05-04 PM"));
    }
    let backwards = office.absence_command("preview", REMOTE, &tuesday, &monday, &["--json"]);
    assert_eq!((backwards.code, code(&backwards)), (2, "absence.invalid_period".to_owned()));
    assert_eq!(backwards.json()["error"]["problems"][0]["field"], "ends_on");
    let ran = office.absence_command("preview", REMOTE, &monday, &tuesday, &["--hours", "soon", "--json"]);
    assert_eq!(code(&ran), "cli.arguments");
    let ran = office.run(&[
        "preview",
        "no-such-person",
        "--type",
        REMOTE,
        "--from",
        &monday,
        "--to",
        &monday,
        "--json",
    ]);
    assert_eq!(code(&ran), "cli.unknown_employee");
    assert!(office.emulator.requests().is_empty());

    let ran = office.absence_command("preview", "Vacances", &monday, &tuesday, &["--json"]);
    assert_eq!((ran.code, code(&ran)), (2, "cli.unknown_leave_type".to_owned()));
    let saturday = office.day(5);
    let rest = office.absence_command("preview", REMOTE, &saturday, &saturday, &["--json"]);
    assert_eq!((rest.code, &rest.json()["problems"][0]["code"]), (2, &"absence.nothing_to_take".into()));
    let hours = office
        .absence_command("preview", RECOVERY, &monday, &monday, &["--hours", "2.5", "--json"])
        .ok_json();
    assert_eq!((&hours["minutes"], &hours["amount"]["value"]), (&150.into(), &2.5.into()));
    assert_eq!(office.writes(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn account_without_the_feature_sends_no_request() {
    let office = office(&["--features", "employees,leaves"]).await;
    let day = office.day(0);
    office.emulator.tenant().clear_requests();
    let asks = [
        vec!["types", &office.who],
        vec!["preview", &office.who, "--type", REMOTE, "--from", &day, "--to", &day],
        vec!["request", &office.who, "--type", REMOTE, "--from", &day, "--to", &day, "--yes"],
        vec!["approve", "1"],
        vec!["cancel", "1", "--yes"],
    ];
    for arguments in asks {
        let ran = office.run(&[&arguments[..], &["--json"]].concat());
        assert_eq!((ran.code, code(&ran)), (5, "absence.not_permitted".to_owned()), "{arguments:?}");
        let advice = ran.json()["error"]["advice"].as_str().unwrap().to_owned();
        assert!(advice.contains("--accept absence_requests"), "{advice}");
    }
    assert!(office.emulator.requests().is_empty());
    run(office.path(), &["accounts", "configure", "--accept", "absence_requests", "--json"]).ok_json();
    let preview = office.absence_command("preview", REMOTE, &day, &day, &["--json"]).ok_json();
    assert_eq!(preview["can_be_requested"], true);

    // The customer accepts the feature, and the key lacks the permission.
    let rights = Rights { make_absence_requests: false, ..Rights::all() };
    office.emulator.tenant().set_rights(office.emulator.api_key(), rights);
    let ran = office.absence_command("preview", REMOTE, &day, &day, &["--json"]);
    assert_eq!((ran.code, code(&ran)), (5, "absence.not_permitted".to_owned()), "{}", ran.out);
}

#[tokio::test(flavor = "multi_thread")]
async fn file_is_imported_once_its_rows_are_valid() {
    let office = office(&[]).await;
    let (monday, tuesday, who) = (office.day(0), office.day(1), &office.who);
    let header = "employee,leave_type,starts,ends,approved\n";
    let bad = format!(
        "{header}{who},{REMOTE},{monday},{monday},\n{who},{REMOTE},{monday} PM,{tuesday},true\nnobody,Vacances,x,{tuesday},\n"
    );
    let file = office.path().join("absences.csv");
    std::fs::write(&file, bad).unwrap();
    let name = file.to_str().unwrap();
    office.emulator.tenant().clear_requests();
    let refused = office.run(&["import", name, "--yes", "--json"]);
    assert_eq!((refused.code, code(&refused)), (2, "absence.not_importable".to_owned()));
    let rows = refused.json()["error"]["rows"].clone();
    assert_eq!((rows[0]["line"].clone(), rows[1]["line"].clone()), (json!(3), json!(4)));
    let fields: Vec<&Value> =
        rows[1]["problems"].as_array().unwrap().iter().map(|one| &one["field"]).collect();
    assert_eq!(json!(fields), json!(["employee", "leave_type", "starts"]));
    let errors = office.run(&["import", name, "--simulate"]).err;
    assert!(
        errors.contains("line 3: ") && errors.contains("line 4: ") && errors.contains("starts: "),
        "{errors}"
    );
    assert!(office.emulator.requests().is_empty());

    let good =
        format!("{header}{who},{REMOTE},{monday},{monday},\n{who},{REMOTE},{tuesday} PM,{tuesday},true\n");
    std::fs::write(&file, &good).unwrap();
    assert_eq!(code(&office.run(&["import", name, "--json"])), "cli.not_confirmed");
    let simulated = office.run(&["import", name, "--simulate", "--json"]).ok_json();
    assert_eq!((&simulated["simulated"], office.writes()), (&true.into(), 0));
    let arguments = ["absences", "import", "-", "--yes", "--json"];
    let made = run_with(office.path(), &arguments, &good).ok_json();
    let statuses: Vec<&Value> =
        made["submissions"].as_array().unwrap().iter().map(|row| &row["status"]).collect();
    assert_eq!(json!(statuses), json!(["pending", "approved"]), "{made}");
    assert_eq!((&made["submissions"][0]["line"], &made["submissions"][1]["line"]), (&2.into(), &3.into()));
    let writes = office.writes();
    let again = run_with(office.path(), &arguments, &good).ok_json();
    assert_eq!((&again["submissions"][0]["id"], office.writes()), (&made["submissions"][0]["id"], writes));
    let text = run_with(office.path(), &["absences", "import", "-", "--yes"], &good).out;
    assert!(
        text.contains("approved") && text.contains(made["submissions"][1]["id"].as_str().unwrap()),
        "{text}"
    );
    assert_eq!(office.run(&["import", "nowhere.csv", "--yes", "--json"]).code, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn configured_api_is_used() {
    let office = office(&[]).await;
    let configure = |lucca_api: &str| {
        run(office.path(), &["accounts", "configure", "--absence-api", lucca_api, "--json"])
    };
    assert_eq!(configure("import").ok_json()["absence_api"], "import");
    let day = office.day(2);
    let preview = office.absence_command("preview", REMOTE, &day, &day, &["--json"]).ok_json();
    assert_eq!(preview["lucca_api"], "import");
    assert!(run(office.path(), &["accounts", "configure"]).out.contains("import"));
    assert_eq!(configure("auto").ok_json()["absence_api"], "auto");
    assert_eq!(
        office.absence_command("preview", REMOTE, &day, &day, &["--json"]).ok_json()["lucca_api"],
        "factory"
    );
    assert_eq!(configure("window").code, 2);
}

/// A tenant linked and synced years ago, so that its drawings are the same on every day.
async fn long_ago() -> (tempfile::TempDir, Emulator) {
    let mut config = Config::new(40, 7, date(2021, 5, 10));
    config.switches.rate_limit = None;
    let emulator = Emulator::start(config).await.unwrap();
    let dir = tempfile::tempdir().unwrap();
    link(dir.path(), &emulator, &[]).ok_json();
    run(dir.path(), &["accounts", "configure", "--absences-since", "2020-01-01"]);
    run(dir.path(), &["sync", "--json"]).ok_json();
    emulator.tenant().clear_requests();
    (dir, emulator)
}

/// Masks the text's parts that differ between runs.
fn steady(text: &str) -> String {
    let is_id = |word: &str| {
        word.trim_end_matches([':', ',', '`']).strip_prefix("abr_").is_some_and(|id| id.len() == 32)
    };
    let word = |word: &str| match word {
        word if is_id(word) => word.replace(word.trim_end_matches([':', ',', '`']), "abr_…"),
        word => word.to_owned(),
    };
    let line = |line: &str| match line.split_once("created at") {
        Some((before, _)) => format!("{before}created at …"),
        None => line.split(' ').map(word).collect::<Vec<_>>().join(" "),
    };
    text.lines().map(line).collect::<Vec<_>>().join("\n")
}

#[tokio::test(flavor = "multi_thread")]
async fn preview_and_request_read_as_text() {
    let (dir, emulator) = long_ago().await;
    let tenant = emulator.tenant();
    // Ascension is a Thursday, Whit Monday a week later.
    let (from, to) = (date(2021, 5, 12), date(2021, 5, 25));
    let is_free = |id: &i64| {
        let busy = |facts: &AbsenceFacts| facts.ends_on >= from && facts.starts_on <= to;
        tenant.what_it_would_take(*id, from, true, to, false).len() == 16
            && !tenant.absences_of(*id).iter().any(busy)
    };
    let who = staff(&emulator).into_iter().find(is_free).unwrap().to_string();
    let ask = |command: &str, more: &[&str]| {
        let arguments =
            ["absences", command, &who, "--type", REMOTE, "--from", "2021-05-12PM", "--to", "2021-05-25 AM"];
        run(dir.path(), &[&arguments[..], more].concat())
    };
    let mut output = ask("preview", &[]).out;
    let requested = ask("request", &["--yes", "--key", "k-1", "--comment", "Back on Tuesday"]);
    assert_eq!(requested.code, 0, "{} {}", requested.out, requested.err);
    output.push_str(&format!("\n$ request\n{}", requested.out));
    let refused = ask("request", &["--yes", "--key", "k-2"]);
    assert_eq!(refused.code, 2);
    let error: Vec<&str> =
        refused.err.lines().filter(|line| !line.contains("TRACE") && !line.contains("DEBUG")).collect();
    output.push_str(&format!("\n$ request, again\n{}\n", error.join("\n")));
    let again = ask("preview", &[]);
    output.push_str(&format!("\n$ preview, again\n{}", again.out));
    insta::assert_snapshot!(steady(&output));
}

#[tokio::test(flavor = "multi_thread")]
async fn calendar_is_drawn_from_the_store() {
    let (dir, emulator) = long_ago().await;
    let draw = |arguments: &[&str]| run(dir.path(), &[&["absences", "calendar"], arguments].concat());
    let days = ["--from", "2021-05-01", "--to", "2021-05-31"];
    let away = draw(&days);
    assert_eq!(away.code, 0, "{}", away.err);
    let json = draw(&[&days[..], &["--json"]].concat()).ok_json();
    let someone = json["people"][0]["employee_id"].as_str().unwrap().to_owned();
    assert_eq!(json["people"][0]["half_days"].as_array().unwrap().len(), 62);
    let one = draw(&[&[someone.as_str()], &days[..]].concat());
    assert!(emulator.requests().is_empty(), "no request is sent to Lucca");
    insta::assert_snapshot!(format!("{}\n{}", away.out, one.out));

    let department = json["people"][0]["department_id"].as_str().unwrap().to_owned();
    let team = draw(&[&["--department", &department], &days[..], &["--json"]].concat()).ok_json();
    let ids: Vec<&Value> = team["people"].as_array().unwrap().iter().map(|row| &row["employee_id"]).collect();
    assert!(ids.contains(&&json!(someone)));
    let backwards = draw(&["--from", "2026-05-02", "--to", "2026-05-01", "--json"]);
    assert_eq!((backwards.code, code(&backwards)), (2, "cli.dates".to_owned()));
    assert_eq!(code(&draw(&["--department", "Nowhere", "--json"])), "cli.unknown_department");
}
