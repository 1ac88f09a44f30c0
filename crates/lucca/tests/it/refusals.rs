//! Servers that refuse requests, with a reason or without.

use lucca::{Learned, Note, Proof, Stream, Unproven, UserQuery};
use serde_json::json;
use wiremock::{Request, ResponseTemplate};

use crate::support::{
    block_on, client, counted, ids, ok, paging, parameter, rows, tenant, text, users, users_with,
};

#[test]
fn a_page_size_that_is_too_large() {
    let outcome = users(|request, _| {
        let (_, limit) = paging(request);
        if limit > 250 {
            text(400, "Paging limit should be between 1 and 250")
        } else {
            counted(request, 600)
        }
    });
    outcome.has_each_once(600);
    assert_eq!((outcome.proof, outcome.requests, outcome.page_size), (Proof::Complete { rows: 600 }, 4, 250));
    assert_eq!(outcome.notes, [Note::PageSizeReduced { from: 1000, to: 250 }]);
}

#[test]
fn a_silent_refusal_of_the_page_size() {
    let outcome =
        users(|request, _| if paging(request).1 > 20 { text(400, "") } else { counted(request, 45) });
    outcome.has_each_once(45);
    assert_eq!((outcome.page_size, outcome.requests), (20, 11));
    assert_eq!(outcome.notes, [Note::PageSizeReduced { from: 1000, to: 20 }]);
}

#[test]
fn a_silent_refusal_of_a_field() {
    let outcome = users(|request, _| {
        let fields = parameter(request, "fields").unwrap_or_default();
        if fields.contains("habilitedRoles") { text(400, "") } else { counted(request, 1500) }
    });
    outcome.has_each_once(1500);
    assert_eq!((outcome.proof, outcome.page_size), (Proof::Complete { rows: 1500 }, 1000));
    let dropped = outcome.notes.iter().find_map(|note| match note {
        Note::FieldsDropped { names } => Some(names.clone()),
        _ => None,
    });
    assert!(dropped.unwrap().contains(&"habilitedRoles".to_owned()));
}

#[test]
fn fields_refused_by_name_are_dropped_in_turn() {
    let outcome = users(|request, _| {
        let fields = parameter(request, "fields").unwrap();
        for unknown in ["userWorkCycles", "jobQualification", "quote"] {
            if fields.contains(unknown) {
                return text(
                    400,
                    &format!("Selected property {unknown} does not exist on objet of type User"),
                );
            }
        }
        counted(request, 3)
    });
    outcome.has_each_once(3);
    let names = ["userWorkCycles", "jobQualification", "quote"].map(str::to_owned).to_vec();
    assert_eq!((outcome.requests, outcome.notes), (4, vec![Note::FieldsDropped { names }]));
}

#[test]
fn server_without_fields_or_large_pages() {
    let outcome = users(|request, _| {
        if parameter(request, "fields").is_some() || paging(request).1 > 100 {
            return text(400, "");
        }
        let (offset, limit) = paging(request);
        ok(json!({"data": {"items": rows((offset..130).take(limit))}}))
    });
    outcome.has_each_once(130);
    assert_eq!(outcome.proof, Proof::Unproven { rows: 130, why: Unproven::NoCount });
    assert!(outcome.notes.contains(&Note::DefaultFields));
}

#[test]
fn a_server_that_does_not_know_former_employees() {
    for status in [400, 500] {
        let outcome = users(move |request, _| {
            if parameter(request, "formerEmployees").is_some() {
                return text(status, r#"{"Status":500,"Message":"Unknown property formerEmployees"}"#);
            }
            assert_eq!(parameter(request, "dtContractEnd").as_deref(), Some("until,2999-12-31,null"));
            counted(request, 5)
        });
        outcome.has_each_once(5);
        assert_eq!((outcome.notes, outcome.requests), (vec![Note::FormerFilterFallback], 2));
    }
}

#[test]
fn refusal_of_every_fallback_is_an_error() {
    block_on(async {
        let server = tenant(|_, _| text(400, "")).await;
        let client = client(&server);
        let error = client.users(UserQuery::default()).next_page().await.unwrap_err();
        assert_eq!((error.code(), error.stream()), ("lucca.bad_request", Some(Stream::Users)));
        assert!(client.stats().requests() <= 24);
    });
}

#[test]
fn departments_come_from_v4_or_from_v3() {
    for status in [404, 405, 410] {
        let outcome = users_with(
            move |request, _| match request.url.path() {
                "/api/v3/departments" => counted(request, 12),
                _ => text(status, ""),
            },
            |client| client.departments(),
        );
        outcome.has_each_once(12);
        assert!(outcome.proof.is_complete());
        assert!(matches!(outcome.notes[..], [Note::FallbackRoute { to: "/api/v3/departments", .. }]));
    }
    block_on(async {
        let server = tenant(|_, _| text(404, "<html>")).await;
        let error = client(&server).departments().next_page().await.unwrap_err();
        assert_eq!((error.code(), error.stream()), ("lucca.not_found", Some(Stream::Departments)));
    });
}

#[test]
fn a_server_that_knows_one_page_size_only() {
    for size in [500, 250, 200, 100, 50, 30, 25, 20, 10] {
        let outcome = users(
            move |request, _| {
                if paging(request).1 == size { counted(request, 60) } else { text(400, "") }
            },
        );
        outcome.has_each_once(60);
        assert!(outcome.proof.is_complete());
        assert_eq!(outcome.notes, [Note::PageSizeReduced { from: 1000, to: outcome.page_size }]);
        assert!(outcome.requests <= 16, "{size}: {}", outcome.requests);
    }
}

#[test]
fn a_server_that_refuses_an_order() {
    let problem = r#"{"title":"Bad request","status":400,"errors":{"orderBy":"Unknown parameter"}}"#;
    for (answer, requests) in [("Order by query parameter is invalid", 3), (problem, 3), ("", 13)] {
        let outcome = users(move |request, _| {
            if parameter(request, "orderBy").is_some() { text(400, answer) } else { counted(request, 1500) }
        });
        outcome.has_each_once(1500);
        assert_eq!((outcome.proof, outcome.requests), (Proof::Complete { rows: 1500 }, requests), "{answer}");
        assert_eq!(outcome.notes, [Note::OrderNotAsked]);
    }
}

/// A server that refuses, without a reason, every request for which `is_refused` is true.
fn silently(
    is_refused: impl Fn(&Request) -> bool + Send + Sync,
) -> impl Fn(&Request, usize) -> ResponseTemplate {
    move |request, _| if is_refused(request) { text(400, "") } else { counted(request, 250) }
}

#[test]
fn several_silent_refusals_at_once() {
    let has = |request: &Request, name| parameter(request, name).is_some();
    let fields = |request: &Request| parameter(request, "fields").unwrap_or_default();

    let outcome = users(silently(move |request| has(request, "orderBy") || has(request, "formerEmployees")));
    outcome.has_each_once(250);
    assert_eq!(outcome.notes, [Note::FormerFilterFallback, Note::OrderNotAsked]);
    assert!(outcome.proof.is_complete());

    let outcome = users(silently(move |request| {
        has(request, "formerEmployees") || fields(request).contains("habilitedRoles")
    }));
    assert!(matches!(outcome.notes[..], [Note::FormerFilterFallback, Note::FieldsDropped { .. }]));
    assert!(outcome.proof.is_complete());

    // Known parameters are requested again, once the plainest request was answered.
    let outcome = users(silently(move |request| has(request, "orderBy") || paging(request).1 > 100));
    outcome.has_each_once(250);
    assert_eq!(outcome.notes, [Note::PageSizeReduced { from: 1000, to: 100 }, Note::OrderNotAsked]);
    assert!(outcome.requests <= 26, "{}", outcome.requests);
}

#[test]
fn a_vague_500_for_an_unknown_key_or_field() {
    for body in ["", r#"{"Message":"Object reference not set to an instance of an object."}"#] {
        let outcome = users(move |request, _| {
            let fields = parameter(request, "fields").unwrap_or_default();
            let is_unknown = parameter(request, "formerEmployees").is_some() || fields.contains("quote");
            if is_unknown { text(500, body) } else { counted(request, 30) }
        });
        outcome.has_each_once(30);
        assert!(outcome.proof.is_complete());
        assert!(matches!(outcome.notes[..], [Note::FormerFilterFallback, Note::FieldsDropped { .. }]));
        assert!(outcome.requests <= 14, "{}", outcome.requests);
    }
    block_on(async {
        let server = tenant(|_, _| text(500, "")).await;
        let client = client(&server);
        let mut users = client.users(UserQuery::default());
        assert_eq!(users.next_page().await.unwrap_err().code(), "lucca.unavailable");
        assert_eq!((client.stats().requests(), users.notes().len()), (9, 0));
        assert_eq!(users.learned(), None);
    });
}

#[test]
fn learned_plan_avoids_refusals() {
    fn answer(request: &Request) -> ResponseTemplate {
        if paging(request).1 > 100 {
            return text(400, "Paging limit should be between 1 and 100");
        }
        let fields = parameter(request, "fields").unwrap();
        for unknown in ["quote", "orderBy"] {
            if fields.contains(unknown) || parameter(request, unknown).is_some() {
                return text(400, &format!("Unknown property {unknown}"));
            }
        }
        counted(request, 130)
    }
    block_on(async {
        let server = tenant(|request, _| answer(request)).await;
        let client = client(&server);
        let mut first = client.users(UserQuery::default());
        assert_eq!(first.learned(), None);
        assert_eq!((ids(&mut first).await.len(), client.stats().requests()), (130, 5));

        let json = serde_json::to_string(&first.learned().unwrap()).unwrap();
        let learned: Learned = serde_json::from_str(&json).unwrap();
        let mut second = client.users(UserQuery::default()).with_learned(&learned);
        assert_eq!((ids(&mut second).await.len(), client.stats().requests()), (130, 7));
        assert_eq!((second.notes(), second.learned()), (first.notes(), Some(learned)));
        assert!(second.notes().contains(&Note::FieldsDropped { names: vec!["quote".into()] }));
    });
}

#[test]
fn failed_fallbacks_are_not_noted() {
    let outcome = users(|request, _| {
        if parameter(request, "formerEmployees").is_some() { text(400, "") } else { counted(request, 5) }
    });
    assert_eq!((outcome.notes, outcome.page_size), (vec![Note::FormerFilterFallback], 1000));
}

#[test]
fn a_page_past_the_end_that_is_refused() {
    for status in [400, 404, 416, 500] {
        let outcome = users(move |request, _| {
            let (offset, limit) = paging(request);
            if offset > 0 {
                text(status, "")
            } else {
                ok(json!({"data": {"items": rows((0..240).take(limit))}}))
            }
        });
        outcome.has_each_once(240);
        assert_eq!(outcome.proof, Proof::Unproven { rows: 240, why: Unproven::PageRefused }, "{status}");
        assert_eq!(outcome.notes, [Note::PageRefused { offset: 240 }]);
    }
    let outcome = users_with(
        |request, _| match parameter(request, "page").as_deref() {
            Some("1") => ok(json!({"items": rows(0..100)})),
            _ => text(404, ""),
        },
        |client| client.legal_units(),
    );
    assert_eq!(outcome.proof, Proof::Unproven { rows: 100, why: Unproven::PageRefused });
}

#[test]
fn offsets_beyond_a_thousand_that_are_refused() {
    // A filter by id gives the rest, with or without a count.
    for (status, is_counted, requests) in [(400, true, 4), (400, false, 5), (500, true, 9)] {
        let outcome = users(move |request, _| {
            let (offset, limit) = paging(request);
            if offset >= 1000 {
                return text(status, "Paging offset should be between 0 and 999");
            }
            let filter = parameter(request, "id");
            let after =
                filter.map(|text| text.strip_prefix("greaterthan,").unwrap().parse::<usize>().unwrap());
            let first = after.map_or(offset, |after| after + 1);
            let count = is_counted.then_some(2500 - after.map_or(0, |after| after + 1));
            ok(json!({"data": {"items": rows((first..2500).take(limit)), "count": count}}))
        });
        outcome.has_each_once(2500);
        assert_eq!(outcome.proof.is_complete(), is_counted, "{}", outcome.proof);
        assert_eq!((outcome.notes, outcome.requests), (vec![Note::ReadById { offset: 1000 }], requests));
    }
    // One server that ignores the filter, and one that can't be trusted to have an order.
    for is_ordered in [true, false] {
        let outcome = users(move |request, _| {
            let (offset, limit) = paging(request);
            let first = (offset..2500).take(limit);
            let items = if is_ordered { rows(first) } else { rows(first.rev()) };
            if offset >= 1000 { text(400, "") } else { ok(json!({"data": {"items": items, "count": 2500}})) }
        });
        assert_eq!(outcome.proof, Proof::Unproven { rows: 1000, why: Unproven::PageRefused });
        assert_eq!(outcome.notes, [Note::PageRefused { offset: 1000 }]);
    }
}

#[test]
fn late_failure_does_not_end_reading() {
    block_on(async {
        let server =
            tenant(|request, n| if (1..=9).contains(&n) { text(500, "") } else { counted(request, 1500) })
                .await;
        let mut users = client(&server).users(UserQuery::default());
        assert_eq!(users.next_page().await.unwrap().unwrap().items.len(), 1000);
        assert_eq!(users.next_page().await.unwrap_err().code(), "lucca.unavailable");
        assert_eq!((users.notes().len(), users.next_page().await.unwrap().unwrap().offset), (0, 1000));
        assert!(users.next_page().await.unwrap().is_none());
        assert!(users.proof().is_complete());
    });
}

#[test]
fn a_count_instead_of_records() {
    for is_bare in [true, false] {
        let outcome = users_with(
            move |request, _| match (parameter(request, "fields.root").is_some(), is_bare) {
                (true, true) => ok(json!({"count": 3})),
                (true, false) => ok(json!({"items": [], "count": 3})),
                (false, _) if parameter(request, "page").as_deref() == Some("1") => {
                    ok(json!({"items": rows(0..3)}))
                }
                (false, _) => ok(json!({"items": []})),
            },
            |client| client.hiring_types(),
        );
        outcome.has_each_once(3);
        assert_eq!(outcome.proof, Proof::Unproven { rows: 3, why: Unproven::NoCount });
        assert_eq!((outcome.notes, outcome.requests), (vec![Note::CountNotAsked], 3));
    }
    // A server that counts users but sends none gets one more request, in vain.
    let outcome = users(|_, _| ok(json!({"data": {"items": [], "count": 3}})));
    assert_eq!((outcome.ids.len(), outcome.notes), (0, vec![Note::PassRepeated { pass: 2 }]));
    assert_eq!(
        outcome.proof.to_string(),
        "0 records, not proven complete: the server counts 3 but returned 0"
    );
}

#[test]
fn departments_of_server_redirecting_v4() {
    let elsewhere = ResponseTemplate::new(302).insert_header("location", "/identity/login");
    let html = ResponseTemplate::new(200).set_body_raw("<!doctype html>", "text/html");
    for answer in [elsewhere, html] {
        let outcome = users_with(
            move |request, _| match request.url.path() {
                "/api/v3/departments" => counted(request, 12),
                _ => answer.clone(),
            },
            |client| client.departments(),
        );
        outcome.has_each_once(12);
        assert!(outcome.proof.is_complete());
    }
    block_on(async {
        let server = tenant(|_, _| ResponseTemplate::new(302)).await;
        let error = client(&server).departments().next_page().await.unwrap_err();
        assert_eq!(error.code(), "lucca.not_lucca");
    });
}

#[test]
fn departments_that_come_as_a_tree() {
    let tree = json!({"node": null, "children": [
        {"node": {"id": 0, "name": "All"}, "children": [
            {"node": {"id": 1, "name": "Left"}, "children": [{"node": {"id": 2, "name": "Leaf"}, "children": []}]},
            {"node": {"id": 3, "name": "Right"}, "children": []},
        ]},
    ]});
    let enveloped = json!({"data": tree, "metadata": null});
    for (path, body) in
        [("/api/v3/departments/tree", enveloped), ("/organization/structure/api/departments/tree", tree)]
    {
        block_on(async {
            let server = tenant(move |request, _| {
                if request.url.path() != path {
                    return text(404, "");
                }
                assert_eq!(request.url.query(), None);
                ok(body.clone())
            })
            .await;
            let client = client(&server);
            let mut departments = client.departments();
            let page = departments.next_page().await.unwrap().unwrap();
            let parents: Vec<_> = page
                .items
                .iter()
                .map(|item| &item.outcome.as_ref().unwrap().value)
                .map(|department| department.parent_id.as_ref().map(|id| id.as_str().to_owned()))
                .collect();
            assert_eq!(parents, [None, Some("0".into()), Some("1".into()), Some("0".into())]);
            assert!(departments.next_page().await.unwrap().is_none());
            assert_eq!(departments.proof(), Proof::Unproven { rows: 4, why: Unproven::NoCount });
            assert!(
                matches!(departments.notes(), [Note::FallbackRoute { to, .. }, Note::DefaultFields] if *to == path)
            );

            let before = client.stats().requests();
            let mut again = client.departments().with_learned(&departments.learned().unwrap());
            assert_eq!((ids(&mut again).await.len(), client.stats().requests() - before), (4, 1));
        });
    }
}
