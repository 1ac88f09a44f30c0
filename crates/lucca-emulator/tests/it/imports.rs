//! The import of absences from a file.

use jiff::civil::{Date, date};
use lucca_emulator::{ImportEstablishment, ImportUnapproved, Tenant, WriteKind};

use crate::{
    client::{Answer, Lab},
    requests::{MONDAY, REMOTE, UNPAID, free_user},
};

const IMPORT: &str = "/timmi-absences/api/imports/v1.0/leavePeriods";
const HEADER: &str = "legalEntity;employeeNumber;lastName;firstName;accountId;startDate;flagStartDate;endDate;flagEndDate;isApproved";

/// The first four columns of an employee.
async fn identity(lab: &Lab, owner: i64) -> String {
    let path = format!("/api/v3/users/{owner}?fields=employeeNumber,lastName,firstName,legalEntity.name");
    let person = lab.get(&path).await.json()["data"].clone();
    let text = |key: &str| person[key].as_str().unwrap_or_default().to_owned();
    let site = person["legalEntity"]["name"].as_str().unwrap_or_default();
    format!("{site};{};{};{}", text("employeeNumber"), text("lastName"), text("firstName"))
}

fn line(identity: &str, account: i64, day: Date, approved: bool) -> String {
    let day = day.strftime("%d/%m/%Y");
    format!("{identity};{account};{day};am;{day};PM;{approved}")
}

async fn send(lab: &Lab, query: &str, lines: &[String]) -> Answer {
    let body = format!(
        "--edge\r\nContent-Disposition: form-data; name=\"import-1.csv\"; filename=\"import-1.csv\"\r\nContent-Type: application/vnd.ms-excel\r\n\r\n{HEADER}\r\n{}\r\n--edge--\r\n",
        lines.join("\r\n")
    );
    lab.write_as("POST", &format!("{IMPORT}?{query}"), "multipart/form-data; boundary=edge", body).await
}

fn after(tenant: &Tenant, owner: i64) -> Vec<lucca_emulator::AbsenceFacts> {
    tenant.absences_of(owner).into_iter().filter(|one| one.starts_on >= MONDAY).collect()
}

#[tokio::test]
async fn simulation_changes_nothing_and_import_does() {
    let lab = Lab::of(120).await;
    let (tenant, owner) = (lab.emulator.tenant(), free_user(&lab));
    let who = identity(&lab, owner).await;
    let lines = [line(&who, REMOTE, MONDAY, true), line(&who, UNPAID, date(2027, 3, 2), false)];
    let simulated = send(&lab, "create=false", &lines).await;
    assert_eq!((simulated.status, &simulated.json()["hasError"]), (200, &false.into()), "{}", simulated.text);
    assert_eq!((after(&tenant, owner).len(), tenant.writes().len()), (0, 0));
    let done = send(&lab, "create=true&originalFileName=x.csv", &lines).await.json();
    assert_eq!(done["hasError"], false);
    let made = after(&tenant, owner);
    assert_eq!(made.iter().map(|one| one.status).collect::<Vec<_>>(), [2, 0]);
    assert!(made[0].leave_request_id.is_none() && made[1].leave_request_id.is_some());
    assert_eq!(tenant.writes().iter().map(|one| one.kind).collect::<Vec<_>>(), [WriteKind::Import; 2]);
    let progress = format!("{IMPORT}/{}/progress", done["summaryId"].as_str().expect("an id"));
    assert_eq!(lab.get(&progress).await.text, "100");
    assert_eq!(lab.get(&format!("{IMPORT}/nothing/progress")).await.status, 404);
    assert_eq!(send(&lab, "create=true", &lines).await.json()["hasError"], true, "they are there already");
    assert_eq!(after(&tenant, owner).len(), 2);
    let later =
        send(&lab, "create=true&async=true", &[line(&who, REMOTE, date(2027, 3, 4), true)]).await.json();
    let progress = format!("{IMPORT}/{}/progress", later["summaryId"].as_str().expect("an id"));
    lab.switch(|switches| switches.import_polls = 1);
    let polls = [lab.get(&progress).await.text, lab.get(&progress).await.text, lab.get(&progress).await.text];
    assert_eq!(polls, ["0", "50", "100"], "as many as when it began");
    lab.switch(|switches| switches.import_unapproved = ImportUnapproved::Period);
    send(&lab, "create=true", &[line(&who, UNPAID, date(2027, 3, 3), false)]).await;
    let last = after(&tenant, owner).pop().expect("a third");
    assert_eq!((last.status, last.leave_request_id), (0, None));
}

#[tokio::test]
async fn every_bad_line_is_an_error() {
    let lab = Lab::of(120).await;
    let (tenant, owner) = (lab.emulator.tenant(), free_user(&lab));
    let who = identity(&lab, owner).await;
    let good = line(&who, REMOTE, MONDAY, true);
    let number = who.split(';').nth(1).expect("a number");
    let bad = [
        good.replacen(';', " bis;", 1),
        good.replace(number, "no such number"),
        good.replacen(&format!("{number};"), &format!("{number};Z"), 1),
        good.replace(";34;", ";424242;"),
        good.replace("01/03/2027;am", "1/3/2027;am"),
        good.replace("01/03/2027;am", "2027-03-01;am"),
        good.replace(";am;", ";morning;"),
        good.replace(";true", ";yes"),
        good.replace("01/03/2027", "06/03/2027"),
        format!("{good};more"),
        good.replace(";34", ""),
    ];
    for bad in bad {
        assert_ne!(bad, good);
        let answer =
            send(&lab, "create=true", &[line(&who, REMOTE, date(2027, 3, 2), true), bad.clone()]).await;
        assert_eq!((answer.status, &answer.json()["hasError"]), (200, &true.into()), "{bad}");
        assert_eq!(after(&tenant, owner).len(), 0, "{bad}");
    }
    assert_eq!(send(&lab, "create=true", &[good.clone(), good.clone()]).await.json()["hasError"], true);
    let late = send(&lab, "create=true&async=true", &[good.replace(";34;", ";424242;")]).await.json();
    assert_eq!(late["hasError"], false, "it is not looked at yet");
    let progress = format!("{IMPORT}/{}/progress", late["summaryId"].as_str().expect("an id"));
    let mut polls = Vec::new();
    for _ in 0..4 {
        polls.push(lab.get(&progress).await.text);
    }
    assert_eq!(polls, ["0", "50", "-1", "-1"]);
    assert_eq!(lab.write_as("POST", IMPORT, "text/csv", good.clone()).await.status, 400);
    lab.switch(|switches| switches.import_partial = true);
    let answer = send(&lab, "create=true", &[good.clone(), good.replace(";34;", ";424242;")]).await;
    assert_eq!((&answer.json()["hasError"], after(&tenant, owner).len()), (&true.into(), 1));
    lab.switch(|switches| switches.absence_import = false);
    assert_eq!(send(&lab, "create=true", &[good]).await.status, 404);
}

#[tokio::test]
async fn the_establishment_column_is_a_name_or_a_code() {
    let lab = Lab::of(120).await;
    let owner = free_user(&lab);
    let by_name = identity(&lab, owner).await;
    let path = format!("/api/v3/users/{owner}?fields=legalEntity.code");
    let code = lab.get(&path).await.json()["data"]["legalEntity"]["code"].as_str().unwrap_or("").to_owned();
    let (name, rest) = by_name.split_once(';').expect("columns");
    let by_code = format!("{code};{rest}");
    assert_ne!(code, name);
    for (switch, name_fails, code_fails) in [
        (ImportEstablishment::Name, false, true),
        (ImportEstablishment::Code, true, false),
        (ImportEstablishment::Either, false, false),
    ] {
        lab.switch(|switches| switches.import_establishment = switch);
        for (who, fails) in [(&by_name, name_fails), (&by_code, code_fails)] {
            let answer = send(&lab, "create=false", &[line(who, REMOTE, MONDAY, true)]).await;
            assert_eq!(answer.json()["hasError"], fails, "{switch:?} {who}");
        }
    }
}

#[tokio::test]
async fn approval_is_blank_where_none_is_needed() {
    let lab = Lab::of(120).await;
    let (tenant, owner) = (lab.emulator.tenant(), free_user(&lab));
    let blank = line(&identity(&lab, owner).await, REMOTE, MONDAY, true).replace(";true", ";");
    assert_eq!(send(&lab, "create=false", std::slice::from_ref(&blank)).await.json()["hasError"], true);
    lab.switch(|switches| switches.accounts_without_approval = vec![REMOTE]);
    let told = format!("{blank}true");
    assert_eq!(send(&lab, "create=false", &[told]).await.json()["hasError"], true);
    lab.switch(|switches| switches.accounts_without_approval = Vec::new());
    lab.switch(|switches| switches.request_levels = Some(0));
    assert_eq!(send(&lab, "create=true", &[blank]).await.json()["hasError"], false);
    assert_eq!(after(&tenant, owner).iter().map(|one| one.status).collect::<Vec<_>>(), [2]);
}

#[tokio::test]
async fn an_import_may_spare_the_balance() {
    let lab = Lab::of(120).await;
    let (tenant, owner) = (lab.emulator.tenant(), free_user(&lab));
    let who = identity(&lab, owner).await;
    let left = || {
        tenant.balances_of(owner).into_iter().find(|one| one.account_id == 1124).and_then(|one| one.balance)
    };
    let before = left();
    send(&lab, "create=true&recredit=true", &[line(&who, 1124, MONDAY, true)]).await;
    assert_eq!((left(), after(&tenant, owner).len()), (before, 1));
    send(&lab, "create=true", &[line(&who, 1124, date(2027, 3, 2), true)]).await;
    assert_eq!((left(), after(&tenant, owner).len()), (before.map(|left| left - 1.0), 2));
}
