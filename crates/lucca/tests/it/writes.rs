//! Changes of absences: sent once, except if certainly not accepted; both wire formats of the factory.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use jiff::civil::date;
use lucca::{AbsencePeriod, FactoryGeneration, LeaveImport, LeaveImportRow, LeaveRequestDraft, WarningLevel};
use people::{Half, HalfDay, LeaveUnit};
use serde_json::{Value, json};
use wiremock::{Request, ResponseTemplate};

use crate::support::{block_on, client, tenant};

fn period() -> AbsencePeriod {
    let on = |day, half| HalfDay::new(date(2026, 5, day), half);
    AbsencePeriod { owner: 42.into(), first: on(4, Half::Pm), last: on(5, Half::Pm) }
}

/// The factory's answer to a browser, shortened. Source: absences.md §5.1.
fn offered(is_newer: bool) -> Value {
    let confirm = json!({"ruleId": 1, "description": "La demande est faite en retard.", "error": false, "info": false, "concernedUsers": []});
    let informs = json!({"ruleId": 49, "description": "Le plafond est de 2 jours par semaine.", "error": false, "info": true, "accountId": 34});
    let remote = json!({"leaveAccountId": 34, "leaveAccountName": "Télétravail", "unit": 0, "duration": 1.5, "isRemoteWork": false,
        "constraint": {"allowHalfDay": true, "stepHour": 0.5, "entitlementEndDateBalance": null, "warnings": [informs]}});
    let paid = json!({"leaveAccountId": 1123, "leaveAccountName": "Congés payés 2026", "unit": 0, "duration": 0, "autoCredit": true,
        "constraint": {"currentBalance": 12.5, "maxValue": 12.5, "leaveAccountForbiddenPeriodMessage": null}});
    let mut answer = json!({"daysUnit": true, "warnings": [confirm], "duration": 1.5, "isValid": true, "unheardOf": {"kept": [1]},
        "startsOn": "2026-05-04T00:00:00"});
    if is_newer {
        answer["accounts"] = json!([paid, remote]);
    } else {
        answer["availableAccounts"] = json!([paid]);
        answer["otherAvailableAccounts"] = json!([remote]);
    }
    answer
}

#[test]
fn offers_round_trip_in_both_formats() {
    block_on(async {
        for is_newer in [false, true] {
            let server = tenant(move |request, _| match request.method.as_str() {
                "GET" => ResponseTemplate::new(200).set_body_json(offered(is_newer)),
                _ => ResponseTemplate::new(200).set_body_json(json!({"header": {}, "data": {"id": 8123}})),
            })
            .await;
            let client = client(&server);
            let offer = client.leave_request_offer(&period()).await.unwrap();
            let generation = if is_newer { FactoryGeneration::Newer } else { FactoryGeneration::Older };
            assert_eq!(
                (offer.generation, offer.duration, offer.is_valid),
                (generation, Some(1.5), Some(true))
            );
            let [paid, remote] = &offer.accounts[..] else { panic!("{:?}", offer.accounts) };
            assert_eq!((paid.id.as_str(), paid.constraint.current_balance), ("1123", Some(12.5)));
            assert_eq!((remote.unit, remote.duration), (Some(LeaveUnit::Days), Some(1.5)));
            assert_eq!(remote.warnings[0].level, WarningLevel::Informs);
            assert_eq!(offer.warnings[0].level, WarningLevel::Confirm);

            let accounts = [("34".into(), 1.5)];
            let (period, comment) = (period(), Some("…"));
            let draft = LeaveRequestDraft {
                period: &period,
                offer: &offer,
                accounts: &accounts,
                comment,
                acknowledges: true,
            };
            let created = client.create_leave_request(generation, &draft).await.unwrap();
            assert_eq!(created.request_id, Some(8123.into()));
            let sent = server.received_requests().await.unwrap();
            assert_eq!(
                sent[0].url.query(),
                Some("ownerId=42&startsOn=2026-05-04&startsAM=false&endsOn=2026-05-05&endsAM=false")
            );
            let body: Value = serde_json::from_slice(&sent[1].body).unwrap();
            let name = format!("created_{}", if is_newer { "newer" } else { "older" });
            insta::assert_json_snapshot!(
                name,
                json!({"path": sent[1].url.path(), "query": sent[1].url.query(), "body": body})
            );
        }
    });
}

#[test]
fn factory_answer_is_read_without_guessing() {
    let read = |body: &'static str| {
        block_on(async {
            let server = tenant(move |request, _| match request.method.as_str() {
                "GET" => ResponseTemplate::new(200).set_body_json(offered(false)),
                _ => ResponseTemplate::new(200).set_body_raw(body, "application/json"),
            })
            .await;
            let client = client(&server);
            let (period, offer) = (period(), client.leave_request_offer(&period()).await.unwrap());
            let draft = LeaveRequestDraft {
                period: &period,
                offer: &offer,
                accounts: &[],
                comment: None,
                acknowledges: false,
            };
            client.create_leave_request(FactoryGeneration::Older, &draft).await
        })
    };
    for nothing in ["", "null", "\"ok\"", "[]", "{}", r#"{"data":{}}"#] {
        assert_eq!(read(nothing).unwrap(), lucca::Created::default(), "{nothing}");
    }
    let ids = read(r#"{"leaveRequest":{"id":5},"leavePeriodId":"7"}"#).unwrap();
    assert_eq!((ids.request_id, ids.period_id), (Some(5.into()), Some(7.into())));
    let refused =
        read(r#"{"isValid":false,"warnings":[{"ruleId":3,"description":"Non","error":true}]}"#).unwrap();
    assert_eq!((refused.is_valid, refused.warnings[0].level), (Some(false), WarningLevel::Blocks));
    // A refusal sent as a success is a refusal; an answer that is not Lucca's may hide a success.
    assert!(!read(r#"{"Status":400,"Message":"Non"}"#).unwrap_err().may_have_happened());
    assert!(read("<html>sign in</html>").unwrap_err().may_have_happened());
    assert!(read(r#"{"cut":"#).unwrap_err().may_have_happened());
}

#[test]
fn possibly_accepted_changes_are_not_resent() {
    for (status, times, is_in_doubt) in [
        (400, 1, false),
        (401, 1, false),
        (403, 1, false),
        (404, 1, false),
        (409, 1, false),
        (408, 1, true),
        (500, 1, true),
        (502, 1, true),
        (503, 1, true),
        (504, 1, true),
        (302, 1, true),
        // The server did not process the request.
        (429, 5, false),
    ] {
        let sent = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&sent);
        let error = block_on(async move {
            let server = tenant(move |_: &Request, _| {
                counted.fetch_add(1, Ordering::SeqCst);
                ResponseTemplate::new(status)
            })
            .await;
            client(&server).delete_leave_request(&7.into()).await.unwrap_err()
        });
        assert_eq!(sent.load(Ordering::SeqCst), times, "{status}");
        assert_eq!(error.may_have_happened(), is_in_doubt, "{status}");
        assert!(error.to_string().contains("DELETE /api/v3/leaveRequests/7"), "{error}");
    }
    let unsent = block_on(async {
        let url = {
            let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
            format!("http://{}", listener.local_addr().unwrap())
        };
        crate::support::builder(&url)
            .0
            .build()
            .unwrap()
            .delete_leave(&"7-20260504-AM".into())
            .await
            .unwrap_err()
    });
    assert!(!unsent.may_have_happened(), "without a connection nothing was sent");
}

#[test]
fn ids_that_alter_the_path_are_not_found() {
    block_on(async {
        let server = tenant(|_, _| ResponseTemplate::new(200)).await;
        let client = client(&server);
        for id in ["", "../users/1", "7/approvals", "7?x=1", "é", "7 "] {
            assert_eq!(client.delete_leave_request(&id.into()).await.unwrap_err().code(), "lucca.not_found");
            assert_eq!(client.delete_leave(&id.into()).await.unwrap_err().code(), "lucca.not_found");
            assert!(client.decide_leave_request(&id.into(), true, None).await.is_err());
            assert!(client.leave_import_progress(&id.into()).await.is_err());
            assert!(client.leave_request(&id.into(), people::FieldGroups::NONE).await.unwrap().is_none());
        }
        assert!(server.received_requests().await.unwrap().is_empty());
    });
}

#[test]
fn an_import_is_the_documented_form() {
    block_on(async {
        let server = tenant(|_, _| {
            ResponseTemplate::new(200)
                .set_body_json(json!({"summaryId": "51564472-08cc-4410-94cc-a2b67f77f980", "hasError": true}))
        })
        .await;
        let row = LeaveImportRow {
            establishment: "Lucca FR".into(),
            employee_number: "M0029".into(),
            last_name: "Bart".into(),
            first_name: "Maurice".into(),
            account_id: 1322.into(),
            first: period().first,
            last: period().last,
            minutes: None,
            is_approved: Some(false),
        };
        let import = LeaveImport { create: false, is_async: true };
        let summary = client(&server).import_leaves(&[row], import).await.unwrap();
        assert!(summary.has_error);
        let request = &server.received_requests().await.unwrap()[0];
        let content_type = request.headers["content-type"].to_str().unwrap();
        assert!(content_type.starts_with("multipart/form-data; boundary="), "{content_type}");
        let query = request.url.query().unwrap();
        assert!(
            query.contains("create=false")
                && query.contains("async=true")
                && query.contains("recredit=false")
        );
        let body = String::from_utf8(request.body.clone()).unwrap();
        assert!(
            body.contains("Lucca FR;M0029;Bart;Maurice;1322;04/05/2026;pm;05/05/2026;pm;false"),
            "{body}"
        );
    });
}
