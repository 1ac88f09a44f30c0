//! Prefetched pages, oversized pages, and resumed enumerations.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::date;
use lucca::{Checkpoint, Client, DateFilter, Enumeration, LeaveQuery, Note, Proof, Unproven, UserQuery};
use net::clock::{Clock, TestClock};
use serde_json::json;
use wiremock::{MockServer, Request, ResponseTemplate};

use crate::support::{block_on, builder, counted, ids, ok, paging, parameter, rows, tenant, text};

fn ahead(server: &MockServer, pages: usize) -> Client {
    builder(&server.uri()).0.pages_in_flight(pages).build().unwrap()
}

fn users_of(client: &Client) -> Enumeration<lucca::resources::User> {
    client.users(UserQuery::default())
}

#[test]
fn prefetched_pages_keep_order_without_waste() {
    for pages in [1, 2, 4, 9] {
        block_on(async {
            let server = tenant(|request, n| {
                // The later a page was requested, the sooner it arrives.
                let delay = Duration::from_millis(20 / (n as u64 + 1));
                counted(request, 8500).set_delay(delay)
            })
            .await;
            let client = ahead(&server, pages);
            let mut users = users_of(&client);
            assert_eq!(ids(&mut users).await, (0..8500).collect::<Vec<_>>());
            assert_eq!(users.proof(), Proof::Complete { rows: 8500 });
            assert_eq!((client.stats().requests(), users.notes().len()), (9, 0));
        });
    }
}

#[test]
fn first_page_alone_prefetches_nothing() {
    block_on(async {
        let server = tenant(|request, _| counted(request, 8500)).await;
        let client = ahead(&server, 4);
        let mut users = users_of(&client).one_page_at_a_time();
        assert_eq!(users.next_page().await.unwrap().unwrap().items.len(), 1000);
        assert_eq!(users.total(), Some(8500));
        // The second page arrives on demand, after any prefetched request would have been sent.
        users.next_page().await.unwrap();
        assert_eq!(client.stats().requests(), 2);
    });
}

#[test]
fn configured_number_of_pages_is_in_flight() {
    block_on(async {
        let there = Arc::new(AtomicUsize::new(0));
        let seen = Arc::clone(&there);
        let server = tenant(move |request, n| {
            if n > 0 {
                seen.fetch_add(1, Ordering::SeqCst);
            }
            counted(request, 9000).set_delay(Duration::from_millis(if n == 0 { 0 } else { 150 }))
        })
        .await;
        let client = ahead(&server, 4);
        let mut users = users_of(&client);
        users.next_page().await.unwrap();
        users.next_page().await.unwrap();
        // The second page took as long as all those requested with it.
        assert_eq!(there.load(Ordering::SeqCst), 4);
    });
}

#[test]
fn missing_count_wastes_few_requests() {
    block_on(async {
        let server = tenant(|request, _| {
            let (offset, limit) = paging(request);
            ok(json!({"data": {"items": rows((offset..2300).take(limit))}}))
        })
        .await;
        let client = ahead(&server, 4);
        let mut users = users_of(&client);
        assert_eq!(ids(&mut users).await, (0..2300).collect::<Vec<_>>());
        assert_eq!(users.proof(), Proof::Unproven { rows: 2300, why: Unproven::NoCount });
        // Three pages, one empty page as the end, and at most three prefetched after it.
        assert!(client.stats().requests() <= 3 + 1 + 3, "{}", client.stats().requests());
    });
}

#[test]
fn a_set_that_moves_under_pages_ahead() {
    // Records are removed and added while pages are in flight; those that stay are yielded once each.
    for moved_at in 1..6 {
        for pages in [1, 4] {
            block_on(async {
                let server = tenant(move |request, n| {
                    let (offset, limit) = paging(request);
                    let set: Vec<usize> =
                        if n < moved_at { (0..4500).collect() } else { (300..4700).collect() };
                    let items = rows(set.iter().copied().skip(offset).take(limit));
                    ok(json!({"data": {"items": items, "count": set.len()}}))
                })
                .await;
                let mut users = users_of(&ahead(&server, pages));
                let mut ids = ids(&mut users).await;
                let yielded = ids.len();
                ids.sort_unstable();
                ids.dedup();
                assert_eq!(ids.len(), yielded, "once each");
                assert!((300..4500).all(|id| ids.binary_search(&id).is_ok()), "{moved_at} {pages}");
            });
        }
    }
}

#[test]
fn a_page_repeated_or_short_is_found_out() {
    for pages in [1, 4] {
        block_on(async {
            let met = Mutex::new(BTreeSet::new());
            let server = tenant(move |request, _| {
                let (offset, limit) = paging(request);
                let is_first = met.lock().unwrap().insert(offset);
                // Once, the page at 2000 repeats the one before; once, the page at 3000 lacks its middle.
                let mut ids: Vec<usize> = (offset..6000).take(limit).collect();
                match offset {
                    2000 if is_first => ids = (1000..2000).collect(),
                    3000 if is_first => drop(ids.drain(200..500)),
                    _ => {}
                }
                ok(json!({"data": {"items": rows(ids), "count": 6000}}))
            })
            .await;
            let mut users = users_of(&ahead(&server, pages));
            let mut ids = ids(&mut users).await;
            ids.sort_unstable();
            assert_eq!(ids, (0..6000).collect::<Vec<_>>());
            assert_eq!(users.proof(), Proof::Complete { rows: 6000 });
        });
        // If it persists, nothing is proven.
        block_on(async {
            let server = tenant(|request, _| {
                let (offset, limit) = paging(request);
                let mut ids: Vec<usize> = (offset..6000).take(limit).collect();
                ids.retain(|id| !(3200..3500).contains(id));
                ok(json!({"data": {"items": rows(ids), "count": 6000}}))
            })
            .await;
            let mut users = users_of(&ahead(&server, pages));
            assert_eq!(ids(&mut users).await.len(), 5700);
            assert!(!users.proof().is_complete());
        });
        block_on(async {
            let server = tenant(|request, _| {
                let (offset, limit) = paging(request);
                let offset = if offset == 2000 { 1000 } else { offset };
                ok(json!({"data": {"items": rows((offset..6000).take(limit)), "count": 6000}}))
            })
            .await;
            let mut users = users_of(&ahead(&server, pages));
            assert!(ids(&mut users).await.len() < 6000);
            assert!(!users.proof().is_complete());
        });
    }
}

#[test]
fn failed_prefetch_fails_in_order_and_retries() {
    block_on(async {
        let broken = Arc::new(AtomicUsize::new(1));
        let is_broken = Arc::clone(&broken);
        let server = tenant(move |request, _| match (paging(request).0, is_broken.load(Ordering::SeqCst)) {
            (3000, 1) => text(403, ""),
            _ => counted(request, 5000),
        })
        .await;
        let mut users = users_of(&ahead(&server, 4));
        for _ in 0..3 {
            users.next_page().await.unwrap().unwrap();
        }
        assert_eq!(users.next_page().await.unwrap_err().code(), "lucca.permission_missing");
        broken.store(0, Ordering::SeqCst);
        assert_eq!(users.next_page().await.unwrap().unwrap().offset, 3000);
        assert_eq!(users.next_page().await.unwrap().unwrap().offset, 4000);
        assert!(users.next_page().await.unwrap().is_none());
        assert!(users.proof().is_complete());
    });
}

/// Answers every page after the given number of milliseconds, by the test's clock.
async fn slow(
    clock: Arc<TestClock>,
    total: usize,
    ms: impl Fn(usize) -> u64 + Send + Sync + 'static,
) -> MockServer {
    tenant(move |request, _| {
        clock.advance(Duration::from_millis(ms(paging(request).1)));
        counted(request, total)
    })
    .await
}

fn march() -> LeaveQuery {
    LeaveQuery::on(DateFilter::Between(date(2026, 3, 1), date(2026, 3, 31)))
}

#[test]
fn largest_fast_page_size_is_learned() {
    block_on(async {
        let clock = Arc::new(TestClock::new("2026-03-01T12:00:00Z".parse::<Timestamp>().unwrap()));
        // A millisecond per record: 2500 is the largest page within the limit.
        let server = slow(Arc::clone(&clock), 40_000, |limit| limit as u64).await;
        let client = builder(&server.uri()).0.clock(Arc::clone(&clock) as Arc<dyn Clock>).build().unwrap();
        let mut enumeration = client.leave_requests(lucca::LeaveRequestQuery::default());
        let ids = ids(&mut enumeration).await;
        assert_eq!(ids, (0..40_000).collect::<Vec<_>>());
        assert!(enumeration.proof().is_complete());
        assert_eq!(enumeration.page_size(), 2500);
        assert_eq!(enumeration.notes(), [Note::PageSizeReduced { from: 10_000, to: 2500 }]);
        // 10,000, then 5000, then ten of 2500.
        assert_eq!(client.stats().requests(), 12);
        let learned = enumeration.learned().unwrap();
        let again = client.leave_requests(lucca::LeaveRequestQuery::default()).with_learned(&learned);
        assert_eq!(again.page_size(), 2500);
    });
}

#[test]
fn numbered_pages_become_smaller_on_the_way() {
    for pages in [1, 4] {
        block_on(async {
            let clock = Arc::new(TestClock::new("2026-03-01T12:00:00Z".parse::<Timestamp>().unwrap()));
            let slow = Arc::clone(&clock);
            let server = tenant(move |request, n| {
                let number = |name| parameter(request, name).unwrap().parse::<usize>().unwrap();
                let (page, limit) = (number("page"), number("limit"));
                if n > 0 && limit > 250 {
                    slow.advance(Duration::from_secs(3));
                }
                ok(json!({"items": rows(((page - 1) * limit..9120).take(limit)), "count": 9120}))
            })
            .await;
            let client =
                builder(&server.uri()).0.clock(clock as Arc<dyn Clock>).pages_in_flight(pages).build();
            let client = client.unwrap();
            let mut contracts = client.work_contracts();
            assert_eq!(ids(&mut contracts).await, (0..9120).collect::<Vec<_>>());
            assert_eq!(contracts.proof(), Proof::Complete { rows: 9120 });
            if pages == 1 {
                // With others in flight, a fast page can look slow: the test's clock moves for all of them.
                assert_eq!(contracts.page_size(), 250);
                assert_eq!(client.stats().requests(), 1 + 1 + 1 + (9120_u64 - 2500).div_ceil(250));
            }
            assert!(contracts.page_size() <= 250);

            // Resumed at the last page, which is shorter because the list ends.
            let checkpoint: Checkpoint =
                serde_json::from_str(r#"{"version":1,"after":null,"offset":9120,"page_size":120}"#).unwrap();
            let mut rest = client.work_contracts().resume_after(checkpoint);
            assert_eq!(ids(&mut rest).await, (9000..9120).collect::<Vec<_>>());
            assert_eq!(rest.page_size(), 1000);
        });
    }
}

#[test]
fn page_size_kept_if_slowness_is_unrelated() {
    block_on(async {
        let clock = Arc::new(TestClock::new("2026-03-01T12:00:00Z".parse::<Timestamp>().unwrap()));
        // Slow for any request: not below a hundred. A smaller page would not speed up one that is not full.
        for (total, size) in [(3000, 100), (90, 1000)] {
            let server = slow(Arc::clone(&clock), total, |_| 4000).await;
            let client =
                builder(&server.uri()).0.clock(Arc::clone(&clock) as Arc<dyn Clock>).build().unwrap();
            let mut users = client.users(UserQuery::default());
            assert_eq!(ids(&mut users).await.len(), total);
            assert_eq!(users.page_size(), size);
        }
    });
}

#[test]
fn refused_page_size_falls_to_accepted_one() {
    for (status, most, message) in [
        (400, 1000, "Paging limit should be between 1 and 1000"),
        (400, 1000, ""),
        (408, 250, ""),
        (413, 100, ""),
        (500, 1000, ""),
        (502, 1000, ""),
        (504, 1000, ""),
    ] {
        block_on(async {
            let server =
                tenant(
                    move |request, _| {
                        if paging(request).1 > most { text(status, message) } else { counted(request, 2100) }
                    },
                )
                .await;
            let client = builder(&server.uri()).0.max_attempts(2).build().unwrap();
            let mut requests = client.leave_requests(lucca::LeaveRequestQuery::default());
            assert_eq!(ids(&mut requests).await, (0..2100).collect::<Vec<_>>(), "{status}");
            assert!(requests.proof().is_complete());
            assert_eq!(requests.page_size() as usize, most, "{status}");
            assert_eq!(requests.notes().len(), 1, "{status} {:?}", requests.notes());
        });
    }
}

#[test]
fn late_oversized_page_drops_prefetched_ones() {
    block_on(async {
        let server = tenant(|request, _| match paging(request) {
            (offset, limit) if offset >= 2000 && limit > 500 => text(413, ""),
            _ => counted(request, 6200),
        })
        .await;
        let mut users = users_of(&ahead(&server, 4));
        assert_eq!(ids(&mut users).await, (0..6200).collect::<Vec<_>>());
        assert_eq!((users.proof(), users.page_size()), (Proof::Complete { rows: 6200 }, 500));
    });
}

/// Reads some pages, then resumes from a checkpoint that was serialised to JSON.
async fn interrupted(server: &MockServer, pages: usize) -> (Vec<u64>, Vec<u64>, Proof) {
    let client = ahead(server, 4);
    let mut users = client.users(UserQuery::default());
    assert_eq!(users.checkpoint(), None);
    let mut first = Vec::new();
    for _ in 0..pages {
        let page = users.next_page().await.unwrap().unwrap();
        first
            .extend(page.items.iter().map(|item| item.id.as_ref().unwrap().as_str().parse::<u64>().unwrap()));
    }
    let json = serde_json::to_string(&users.checkpoint().unwrap()).unwrap();
    let checkpoint: Checkpoint = serde_json::from_str(&json).unwrap();
    let mut rest = client.users(UserQuery::default()).resume_after(checkpoint.clone());
    assert_eq!(rest.checkpoint(), Some(checkpoint));
    let ids = ids(&mut rest).await;
    assert_eq!(rest.checkpoint(), None);
    (first, ids, rest.proof())
}

fn behind(request: &Request) -> Option<usize> {
    parameter(request, "id").map(|id| id.strip_prefix("greaterthan,").unwrap().parse::<usize>().unwrap())
}

#[test]
fn resume_continues_after_last_id() {
    block_on(async {
        let asked = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&asked);
        let server = tenant(move |request, _| {
            let (offset, limit) = paging(request);
            let first = behind(request).map_or(0, |id| id + 1);
            log.lock().unwrap().push((behind(request), offset));
            let items = rows((first + offset..5500).take(limit));
            ok(json!({"data": {"items": items, "count": 5500 - first}}))
        })
        .await;
        let (first, rest, proof) = interrupted(&server, 2).await;
        assert_eq!((first, rest), ((0..2000).collect(), (2000..5500).collect()));
        assert_eq!(proof, Proof::Unproven { rows: 3500, why: Unproven::Resumed });
        let mut behind: Vec<_> =
            asked.lock().unwrap().iter().filter(|(id, _)| id.is_some()).copied().collect();
        behind.sort_unstable();
        assert_eq!(behind, [0, 1000, 2000, 3000].map(|offset| (Some(1999), offset)));
    });
}

#[test]
fn resume_steps_back_a_page_without_ids() {
    block_on(async {
        // Ids in no order; a server that refuses the condition; one that ignores it.
        let orders: [fn(&Request, usize) -> ResponseTemplate; 3] = [
            |request, _| {
                let (offset, limit) = paging(request);
                assert!(parameter(request, "id").is_none());
                ok(json!({"data": {"items": rows((0..5500).rev().skip(offset).take(limit)), "count": 5500}}))
            },
            |request, _| {
                if parameter(request, "id").is_some() { text(400, "") } else { counted(request, 5500) }
            },
            |request, _| counted(request, 5500),
        ];
        for answer in orders {
            let server = tenant(answer).await;
            let (first, rest, proof) = interrupted(&server, 3).await;
            assert_eq!((first.len(), rest.len()), (3000, 3500));
            let all: BTreeSet<u64> = first.into_iter().chain(rest).collect();
            assert_eq!(all.len(), 5500);
            assert_eq!(proof, Proof::Unproven { rows: 3500, why: Unproven::Resumed });
        }
    });
}

#[test]
fn numbered_pages_and_leaves_resume_by_offset() {
    block_on(async {
        let server = tenant(|request, _| match parameter(request, "page") {
            Some(page) => {
                let offset = (page.parse::<usize>().unwrap() - 1) * 100;
                ok(json!({"items": rows((offset..430).take(100)), "count": 430}))
            }
            None => {
                let (offset, limit) = paging(request);
                let id = |n: usize| format!("{}-202603{:02}-{}", n / 10, n / 2 % 5 + 1, ["AM", "PM"][n % 2]);
                let items: Vec<_> = (offset..3000).take(limit).map(|n| json!({"id": id(n)})).collect();
                ok(json!({"data": {"items": items, "count": 3000}}))
            }
        })
        .await;
        let client = ahead(&server, 4);
        let mut units = client.legal_units();
        units.next_page().await.unwrap();
        units.next_page().await.unwrap();
        let checkpoint = units.checkpoint().unwrap();
        let mut rest = client.legal_units().resume_after(checkpoint);
        assert_eq!(ids(&mut rest).await, (100..430).collect::<Vec<_>>());
        assert_eq!(rest.proof(), Proof::Unproven { rows: 330, why: Unproven::Resumed });

        let mut leaves = client.leaves(march()).with_page_size(1000).without_raw();
        let page = leaves.next_page().await.unwrap().unwrap();
        assert!(page.items.iter().all(|item| !item.raw.is_kept() && item.raw.get() == "null"));
        leaves.next_page().await.unwrap();
        let mut rest = client.leaves(march()).with_page_size(1000).resume_after(leaves.checkpoint().unwrap());
        let page = rest.next_page().await.unwrap().unwrap();
        assert_eq!((page.offset, page.items.len()), (1000, 1000));
        assert!(page.items.iter().all(|item| item.raw.is_kept()));
    });
}
