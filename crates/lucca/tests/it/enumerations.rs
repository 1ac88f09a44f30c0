//! Complete reads from servers with difficult paging.

use std::sync::Mutex;

use futures::{StreamExt, TryStreamExt, pin_mut};
use lucca::{Note, Proof, Unproven, UserQuery};
use net::clock::Clock as _;
use serde_json::json;

use crate::support::{
    block_on, builder, client, counted, ids, ok, paging, parameter, rows, tenant, text, users, users_with,
};

#[test]
fn a_counted_set_takes_no_request_too_many() {
    for (total, requests) in [(0, 1), (1, 1), (999, 1), (1000, 2), (1001, 2), (2500, 3), (20_000, 20)] {
        let outcome = users(move |request, _| counted(request, total));
        outcome.has_each_once(total as u64);
        assert_eq!(outcome.proof, Proof::Complete { rows: total as u64 });
        assert_eq!((outcome.requests, outcome.notes.len()), (requests, 0), "{total}");
    }
}

#[test]
fn an_address_that_serves_pages_only() {
    // No count, no header, and no page size but 1000.
    for (total, requests) in [(0_usize, 1), (1, 2), (1000, 2), (2001, 4)] {
        let outcome = users(move |request, _| {
            let (offset, limit) = paging(request);
            if limit != 1000 {
                return text(400, "bad paging\n");
            }
            ok(json!({"data": {"items": rows((offset..total).take(limit))}}))
        });
        outcome.has_each_once(total as u64);
        assert_eq!(outcome.proof, Proof::Unproven { rows: total as u64, why: Unproven::NoCount });
        assert_eq!((outcome.requests, outcome.notes.len()), (requests, 0), "{total}");
    }
}

#[test]
fn pages_that_are_silently_cut() {
    let outcome = users(|request, _| {
        let (offset, limit) = paging(request);
        let items = rows((offset..1234).take(limit.min(100)));
        ok(json!({"data": {"items": items, "count": 1234}}))
    });
    outcome.has_each_once(1234);
    assert_eq!((outcome.proof, outcome.requests), (Proof::Complete { rows: 1234 }, 13));
}

#[test]
fn numbered_pages_that_are_silently_cut() {
    // The result must not depend on whether the server numbers pages by its own size or by ours.
    for numbered_in_ours in [false, true] {
        let outcome = users_with(
            move |request, _| {
                let number = |name| parameter(request, name).unwrap().parse::<usize>().unwrap();
                let (page, limit) = (number("page"), number("limit"));
                let size = limit.min(40);
                let offset = (page - 1) * if numbered_in_ours { limit } else { size };
                ok(json!({"items": rows((offset..250).take(size)), "count": 250}))
            },
            |client| client.work_contracts(),
        );
        outcome.has_each_once(250);
        assert_eq!((outcome.proof, outcome.page_size), (Proof::Complete { rows: 250 }, 40));
        assert_eq!(outcome.notes, [Note::PageSizeReduced { from: 1000, to: 40 }]);
    }
}

#[test]
fn numbered_pages_without_a_count() {
    let outcome = users_with(
        |request, _| {
            let page: usize = parameter(request, "page").unwrap().parse().unwrap();
            assert_eq!(parameter(request, "isArchived").as_deref(), Some("true,false"));
            assert_eq!(parameter(request, "limit").as_deref(), Some("100"));
            ok(json!({"items": rows(((page - 1) * 100..130).take(100))}))
        },
        |client| client.legal_units(),
    );
    outcome.has_each_once(130);
    assert_eq!(outcome.proof, Proof::Unproven { rows: 130, why: Unproven::NoCount });
    assert_eq!(outcome.requests, 3);
}

#[test]
fn a_count_that_is_only_the_pages() {
    let outcome = users(|request, _| {
        let (offset, limit) = paging(request);
        let items = rows((offset..2300).take(limit));
        ok(json!({"data": {"count": items.len(), "items": items}}))
    });
    outcome.has_each_once(2300);
    assert_eq!(outcome.proof, Proof::Unproven { rows: 2300, why: Unproven::NoCount });
}

#[test]
fn a_count_that_is_nonsense() {
    for count in [json!(0), json!(-3), json!("many"), json!(null), json!(7)] {
        let outcome = users(move |request, _| {
            let (offset, limit) = paging(request);
            ok(json!({"data": {"count": count, "items": rows((offset..1500).take(limit))}}))
        });
        outcome.has_each_once(1500);
        assert_eq!(outcome.proof, Proof::Unproven { rows: 1500, why: Unproven::NoCount });
    }
}

#[test]
fn a_server_that_ignores_paging() {
    let everything = users(|_, _| ok(json!({"data": {"items": rows(0..1500), "count": 1500}})));
    everything.has_each_once(1500);
    assert_eq!((everything.proof, everything.requests), (Proof::Complete { rows: 1500 }, 1));

    let uncounted = users(|_, _| ok(json!({"data": {"items": rows(0..1500)}})));
    uncounted.has_each_once(1500);
    assert_eq!(uncounted.proof, Proof::Unproven { rows: 1500, why: Unproven::PagingIgnored });
    assert_eq!(uncounted.requests, 2);

    let first_page = users(|_, _| ok(json!({"data": {"items": rows(0..1000), "count": 1500}})));
    assert_eq!(first_page.proof, Proof::Unproven { rows: 1000, why: Unproven::PagingIgnored });
}

#[test]
fn a_record_that_comes_while_pages_are_read() {
    let outcome = users(|request, n| counted(request, if n == 0 { 2500 } else { 2501 }));
    outcome.has_each_once(2501);
    assert_eq!(outcome.proof, Proof::Complete { rows: 2501 });
    assert_eq!(outcome.notes, [Note::PassRepeated { pass: 2 }]);
    assert_eq!(outcome.requests, 6);
}

#[test]
fn a_record_that_goes_while_pages_are_read() {
    // Record 3 is removed after the first page: all others move, one over the border between pages.
    let outcome = users(|request, n| {
        let (offset, limit) = paging(request);
        let set: Vec<usize> = (0..2500).filter(|id| n == 0 || *id != 3).collect();
        let items = rows(set.iter().copied().skip(offset).take(limit));
        ok(json!({"data": {"items": items, "count": set.len()}}))
    });
    outcome.has_each_once(2500);
    assert_eq!(outcome.proof, Proof::Complete { rows: 2499 });
    assert_eq!(outcome.notes, [Note::PassRepeated { pass: 2 }]);
}

#[test]
fn a_set_that_never_rests() {
    let outcome = users(|request, n| counted(request, 2500 + n));
    assert!(matches!(outcome.proof, Proof::Unproven { why: Unproven::Shifting, .. }), "{}", outcome.proof);
    assert_eq!(outcome.requests, 9);
}

#[test]
fn a_count_that_stays_different() {
    let outcome = users(|request, _| {
        let (offset, limit) = paging(request);
        ok(json!({"data": {"items": rows((offset..1200).take(limit)), "count": 1300}}))
    });
    outcome.has_each_once(1200);
    let why = Unproven::CountDiffers { counted: 1300, seen: 1200 };
    assert_eq!(outcome.proof, Proof::Unproven { rows: 1200, why });
    assert_eq!(outcome.requests, 7);
}

#[test]
fn records_without_id_prevent_a_proof() {
    block_on(async {
        let items =
            json!([{"id": 1}, {"name": "without id"}, {"id": {"x": 1}}, "text", 5, null, {"ID": "2"}]);
        let server = tenant(move |_, n| {
            ok(json!({"items": if n == 0 { items.clone() } else { json!([]) }, "count": 7}))
        })
        .await;
        let mut units = client(&server).legal_units();
        let page = units.next_page().await.unwrap().unwrap();
        let read: Vec<bool> = page.items.iter().map(|item| item.outcome.is_ok()).collect();
        assert_eq!(read, [true, false, false, false, false, false, true]);
        assert_eq!(page.items[3].raw.get(), "\"text\"");
        assert_eq!(page.items[1].outcome.as_ref().unwrap_err().field, "id");
        assert!(units.next_page().await.unwrap().is_none());
        assert!(matches!(units.proof(), Proof::Unproven { why: Unproven::UnidentifiedRows { rows: 5 }, .. }));
    });
}

#[test]
fn an_error_ends_nothing() {
    block_on(async {
        let server = tenant(|request, n| if n == 1 { text(403, "") } else { counted(request, 1500) }).await;
        let mut users = client(&server).users(UserQuery::default());
        assert_eq!(users.next_page().await.unwrap().unwrap().items.len(), 1000);
        assert_eq!(users.next_page().await.unwrap_err().code(), "lucca.permission_missing");
        assert_eq!(users.proof(), Proof::Unproven { rows: 1000, why: Unproven::Unfinished });
        assert_eq!(users.next_page().await.unwrap().unwrap().offset, 1000);
        assert!(users.next_page().await.unwrap().is_none());
        assert!(users.proof().is_complete());
    });
}

#[test]
fn page_sizes_can_be_capped_from_both_sides() {
    block_on(async {
        let server = tenant(|request, _| counted(request, 25)).await;
        let client = builder(&server.uri()).0.max_page_size(10).build().unwrap();
        let mut users = client.users(UserQuery::default());
        assert_eq!(ids(&mut users).await.len(), 25);
        assert_eq!((users.page_size(), users.total(), client.stats().requests()), (10, Some(25), 3));
        assert_eq!(client.users(UserQuery::default()).with_page_size(50).page_size(), 10);
        assert_eq!(client.users(UserQuery::default()).with_page_size(0).page_size(), 1);
    });
}

#[test]
fn as_a_stream() {
    block_on(async {
        let server = tenant(|request, _| counted(request, 2345)).await;
        let stream = client(&server).users(UserQuery::default()).into_stream();
        let items: Vec<_> = stream.try_collect().await.unwrap();
        assert_eq!(items.len(), 2345);

        let server = tenant(|_, _| text(401, "")).await;
        let stream = client(&server).users(UserQuery::default()).into_stream();
        pin_mut!(stream);
        assert!(stream.next().await.unwrap().is_err());
        assert!(stream.next().await.is_none());
    });
}

#[test]
fn never_more_than_the_budget_in_a_minute() {
    block_on(async {
        static SENT: Mutex<usize> = Mutex::new(0);
        let server = tenant(|request, _| {
            *SENT.lock().unwrap() += 1;
            counted(request, 900)
        })
        .await;
        let (builder, clock) = builder(&server.uri());
        let began = clock.now();
        let budget = std::sync::Arc::new(lucca::RequestBudget::default());
        let client = builder.budget(budget).max_page_size(10).build().unwrap();
        assert_eq!(ids(&mut client.users(UserQuery::default())).await.len(), 900);
        assert_eq!(*SENT.lock().unwrap(), 90);
        // 20 at once, 39 within the first minute, then 38 a minute.
        assert_eq!(clock.sleeps().len(), 70);
        assert_eq!(clock.now().duration_since(began).as_secs(), 140);
    });
}

#[test]
fn a_list_without_end_is_left_off() {
    block_on(async {
        let server = tenant(|request, _| {
            let (offset, limit) = paging(request);
            let items = rows(offset..offset + limit);
            ok(json!({"data": {"items": items, "count": offset + 2 * limit}}))
        })
        .await;
        let mut users = client(&server).users(UserQuery::default()).at_most(5000);
        let mut read = 0;
        let error = loop {
            match users.next_page().await {
                Ok(page) => read += page.expect("it has no end").items.len(),
                Err(error) => break error,
            }
        };
        assert_eq!((error.code(), read), ("lucca.endless_list", 5000));
        assert!(matches!(users.proof(), Proof::Unproven { why: Unproven::Endless, .. }));
        assert_eq!(users.next_page().await.unwrap_err().code(), "lucca.endless_list", "it stays so");
    });
}
