//! Calendar feeds of absences: created by a vendor, readable by their secret address, and gone once they are
//! removed.

use std::collections::BTreeSet;

use jiff::ToSpan;
use lucca_emulator::Rights;
use people::{Absence, Employee, LeaveType};
use reqwest::{Method, StatusCode, header};
use serde_json::json;
use store::DataPolicy;
use test_database::Engine;

use crate::support::{Service, TODAY, tenant};

/// Fetches a feed as a calendar app does.
async fn open(service: &Service, url: &str) -> (StatusCode, String) {
    let answer = service.http.get(url).send().await.unwrap();
    (answer.status(), answer.text().await.unwrap())
}

fn values<'a>(feed: &'a str, name: &str) -> Vec<&'a str> {
    feed.split("\r\n").filter_map(|line| line.strip_prefix(name)).collect()
}

#[tokio::test]
async fn feed_shows_only_the_absences_of_its_team() {
    for engine in Engine::available() {
        let service = Service::on(engine, "").await;
        let emulator = tenant(80, Rights::all()).await;
        let account = service.linked(&emulator, &[]).await;
        service.sync(&account).await;
        let base = format!("/v1/linked-accounts/{}/calendar-feeds", account.id);
        let store = &service.database.store;
        assert_eq!(service.get(&base).await.1, json!({ "items": [], "next_cursor": null }));

        // Employees with an approved absence today or soon, by the stored records.
        let absences: Vec<Absence> = store.all(account.no).await.unwrap();
        let types: Vec<LeaveType> = store.all(account.no).await.unwrap();
        let remote: Vec<_> =
            types.iter().filter(|one| one.is_remote_work == Some(true)).map(|one| &one.id).collect();
        let is_shown = |one: &&Absence| {
            one.is_active
                && one.is_confirmed == Some(true)
                && one.last.date >= TODAY
                && one.first.date <= TODAY.saturating_add(300.days())
                && !one.leave_type_ids.iter().any(|id| remote.contains(&id))
        };
        let owners: BTreeSet<_> =
            absences.iter().filter(is_shown).filter_map(|one| one.employee_id.clone()).collect();
        let team: Vec<_> = owners.iter().take(2).map(ToString::to_string).collect();
        assert!(team.len() == 2, "a tenant without absences");
        let wanted = json!({ "name": "Absences; Paris", "team": { "employee_ids": team }, "language": "fr" });
        let (status, made) = service.post(&base, wanted).await;
        assert_eq!(status, 201, "{made}");
        assert_eq!((&made["show_type"], &made["with_pending"]), (&json!(false), &json!(false)));

        let (status, feed) = open(&service, made["url"].as_str().unwrap()).await;
        assert_eq!(status, StatusCode::OK);
        assert_eq!(values(&feed, "NAME:"), ["Absences\\; Paris"]);
        let people: Vec<Employee> = store.all(account.no).await.unwrap();
        let name = |id: &str| people.iter().find(|one| one.id.as_str() == id).unwrap().shown_name();
        let unfolded = feed.replace("\r\n ", "");
        let summaries = values(&unfolded, "SUMMARY:");
        for id in &team {
            let summary = format!("{}\u{a0}: absence", name(id));
            assert!(summaries.iter().any(|one| one.starts_with(&summary)), "an absence is missing");
        }
        let allowed: Vec<String> = team.iter().map(|id| format!("{}\u{a0}: absence", name(id))).collect();
        for summary in &summaries {
            assert!(allowed.iter().any(|one| summary.starts_with(one)), "another employee, or a leave type");
        }
        let uids = values(&unfolded, "UID:");
        assert_eq!(uids.iter().collect::<BTreeSet<_>>().len(), uids.len());
        assert_eq!(values(&feed, "STATUS:TENTATIVE").len(), 0);
        assert!(!unfolded.contains("DESCRIPTION"));

        // With leave types and pending absences.
        let wanted = json!({ "name": "All", "team": { "employee_ids": team }, "show_type": true, "with_pending": true });
        let with_type = service.post(&base, wanted).await.1;
        let (_, more) = open(&service, with_type["url"].as_str().unwrap()).await;
        assert!(values(&more, "SUMMARY:").iter().all(|one| !one.contains(": absent")));
        assert!(values(&more, "UID:").len() >= uids.len());

        // Lists have no addresses; removed feeds are gone.
        let (_, listed) = service.get(&base).await;
        assert_eq!(listed["items"].as_array().unwrap().len(), 2);
        assert!(!listed.to_string().contains("cal_"));
        let id = made["id"].as_str().unwrap();
        assert_eq!(service.api(Method::DELETE, &format!("{base}/{id}"), None).await.0, 204);
        assert_eq!(service.api(Method::DELETE, &format!("{base}/{id}"), None).await.0, 404);
        assert_eq!(open(&service, made["url"].as_str().unwrap()).await.0, StatusCode::NOT_FOUND);
        // Feeds are removed together with their account.
        let now = service.services.clock.now();
        store.unlink(&account, DataPolicy::Erase, store::Actor::Cli, now).await.unwrap();
        assert_eq!(open(&service, with_type["url"].as_str().unwrap()).await.0, StatusCode::NOT_FOUND);
        assert_eq!(service.get(&base).await.1, json!({ "items": [], "next_cursor": null }));
    }
}

#[tokio::test]
async fn feed_of_department_and_of_manager() {
    let service = Service::start("").await;
    let emulator = tenant(120, Rights::all()).await;
    let account = service.linked(&emulator, &[]).await;
    service.sync(&account).await;
    let base = format!("/v1/linked-accounts/{}/calendar-feeds", account.id);
    let store = &service.database.store;
    let departments: Vec<people::Department> = store.all(account.no).await.unwrap();
    let top = departments.iter().find(|one| one.parent_id.is_none()).unwrap();
    let people: Vec<Employee> = store.all(account.no).await.unwrap();
    let manager = people.iter().find_map(|one| one.manager_id.clone()).unwrap();
    let mut counts = Vec::new();
    for team in [json!({ "department_id": top.id }), json!({ "manager_id": manager })] {
        let made = service.post(&base, json!({ "name": "Team", "team": team })).await.1;
        let feed = open(&service, made["url"].as_str().unwrap()).await.1.replace("\r\n ", "");
        let names: BTreeSet<String> =
            values(&feed, "SUMMARY:").iter().map(|one| one.split(": ").next().unwrap().to_owned()).collect();
        counts.push(names);
    }
    assert!(counts[0].is_superset(&counts[1]) && counts[0].len() > counts[1].len());
    let reports = people.iter().filter(|one| one.manager_id.as_ref() == Some(&manager));
    let reports: BTreeSet<String> = reports.map(Employee::shown_name).collect();
    assert!(counts[1].is_subset(&reports));
}

#[tokio::test]
async fn feed_has_etag_and_invalid_feeds_are_refused() {
    let service = Service::start("").await;
    let emulator = tenant(40, Rights::all()).await;
    let account = service.linked(&emulator, &[]).await;
    service.sync(&account).await;
    let base = format!("/v1/linked-accounts/{}/calendar-feeds", account.id);
    let made = service.post(&base, json!({ "name": "Team", "team": { "manager_id": "1" } })).await.1;
    let url = made["url"].as_str().unwrap();
    let answer = service.http.get(url).send().await.unwrap();
    let headers = answer.headers().clone();
    assert_eq!(headers[header::CONTENT_TYPE], "text/calendar; charset=utf-8");
    assert_eq!(headers[header::CACHE_CONTROL], "private, no-cache");
    let again =
        service.http.get(url).header(header::IF_NONE_MATCH, &headers[header::ETAG]).send().await.unwrap();
    assert_eq!(again.status(), StatusCode::NOT_MODIFIED);

    let refused = [
        json!({ "name": "Team", "team": {} }),
        json!({ "name": "Team", "team": { "manager_id": "1", "department_id": "2" } }),
        json!({ "name": "Team", "team": { "employee_ids": [] } }),
        json!({ "name": " ", "team": { "manager_id": "1" } }),
        json!({ "name": "Team", "team": { "manager_id": "1" }, "language": "de" }),
        json!({ "name": "Team", "team": { "manager_id": "1" }, "days_ahead": 0 }),
        json!({ "name": "Team", "team": { "manager_id": "1" }, "show_comments": true }),
    ];
    for body in refused {
        let (status, problem) = service.post(&base, body.clone()).await;
        assert_eq!((status, &problem["code"]), (422, &json!("request.invalid")), "{body}");
    }
    let key = json!({ "name": "a reader", "role": "read_only", "linked_account_id": account.id });
    let key = service.post("/v1/api-keys", key).await.1["key"].as_str().unwrap().to_owned();
    let address = format!("{}{base}", service.url);
    let answer = service.http.get(address).bearer_auth(key).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::FORBIDDEN);
}
