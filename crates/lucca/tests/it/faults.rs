//! Faults in the middle of an enumeration, with pages in flight: temporary ones go unnoticed, others are
//! errors that do not end the enumeration, and none makes a part look like the whole.

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use lucca::{Action, Client, Proof, UserQuery};
use net::clock::Clock;
use serde_json::{Value, json};

use crate::support::{block_on, builder, rows};

/// A server's reaction to a request.
#[derive(Clone, Debug)]
enum Reply {
    /// A status, a header line or none, a body.
    Answer(u16, String, String),
    /// The first half of a body, then the end of the connection.
    CutOff(String),
    /// The first half of a body, then nothing.
    Stuck(String),
    /// A byte now and then, without end.
    Drip,
    /// No answer at all.
    Hang,
    /// The connection is closed before anything is read.
    Reset,
}

/// A server of one request per connection. `reply` receives the request's target.
fn server(reply: impl Fn(&str) -> Reply + Send + Sync + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let reply = Arc::new(reply);
    std::thread::spawn(move || {
        for connection in listener.incoming().map_while(Result::ok) {
            let reply = Arc::clone(&reply);
            std::thread::spawn(move || serve(connection, |target| reply(target)));
        }
    });
    url
}

/// Serves one connection. A client that hangs up is not a failure here.
fn serve(mut connection: TcpStream, reply: impl Fn(&str) -> Reply) -> Option<()> {
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        connection.read_exact(&mut byte).ok()?;
        request.push(byte[0]);
    }
    let text = String::from_utf8(request).ok()?;
    let head = |status: u16, line: &str, length: usize| {
        format!("HTTP/1.1 {status} X\r\nconnection: close\r\n{line}content-length: {length}\r\n\r\n")
    };
    let mut write = |text: &str| connection.write_all(text.as_bytes()).ok();
    match reply(text.split(' ').nth(1)?) {
        Reply::Answer(status, line, body) => write(&(head(status, &line, body.len()) + &body))?,
        Reply::CutOff(body) => write(&(head(200, "", body.len()) + &body[..body.len() / 2]))?,
        Reply::Stuck(body) => {
            write(&(head(200, "", body.len()) + &body[..body.len() / 2]))?;
            wait_for_the_end(&mut connection);
        }
        Reply::Drip => {
            write(&head(200, "", 1_000_000))?;
            connection.set_read_timeout(Some(Duration::from_millis(5))).ok()?;
            // The expected data never arrives: the timeout sets the pace.
            while connection.write_all(b" ").is_ok() {
                let _ = connection.read(&mut [0]);
            }
        }
        Reply::Hang => wait_for_the_end(&mut connection),
        Reply::Reset => {}
    }
    Some(())
}

fn wait_for_the_end(connection: &mut TcpStream) {
    while connection.read(&mut [0]).is_ok_and(|read| read > 0) {}
}

const TOTAL: usize = 600;
const PAGE: u32 = 100;

fn paging(target: &str) -> (usize, usize) {
    let (_, paging) = target.split_once("paging=").unwrap();
    let (offset, rest) = paging.split_once(',').unwrap();
    (offset.parse().unwrap(), rest.split('&').next().unwrap().parse().unwrap())
}

fn body(items: &[Value], count: Option<usize>) -> String {
    json!({"data": {"items": items, "count": count}}).to_string()
}

fn right(target: &str) -> String {
    let (offset, limit) = paging(target);
    body(&rows((offset..TOTAL).take(limit)), Some(TOTAL))
}

fn answer(status: u16, body: &str) -> Reply {
    Reply::Answer(status, String::new(), body.to_owned())
}

fn client(url: &str, pages: usize) -> (Client, Arc<net::clock::TestClock>) {
    let (builder, clock) = builder(url);
    (builder.pages_in_flight(pages).request_timeout(Duration::from_millis(250)).build().unwrap(), clock)
}

/// Reads everything from a server that does `fault` with the page at `at`, `times` times; after an error it
/// continues. Returns the records in order; the proof; the codes of the errors.
fn read(
    fault: &(impl Fn(&str) -> Reply + Clone + Send + Sync + 'static),
    at: usize,
    times: usize,
    pages: usize,
) -> (Vec<u64>, Proof, Vec<&'static str>) {
    let (fault, met) = (fault.clone(), AtomicUsize::new(0));
    let url = server(move |target| {
        if paging(target).0 == at && met.fetch_add(1, Ordering::SeqCst) < times {
            fault(target)
        } else {
            answer(200, &right(target))
        }
    });
    block_on(async {
        let mut users = client(&url, pages).0.users(UserQuery::default()).with_page_size(PAGE);
        let (mut ids, mut codes) = (Vec::new(), Vec::new());
        loop {
            match users.next_page().await {
                Ok(Some(page)) => {
                    let read = page
                        .items
                        .iter()
                        .map(|item| item.id.as_ref().unwrap().as_str().parse::<u64>().unwrap());
                    ids.extend(read);
                }
                Ok(None) => return (ids, users.proof(), codes),
                Err(error) => {
                    codes.push(error.code());
                    assert!(codes.len() < 10, "{error:?}");
                }
            }
        }
    })
}

fn everything() -> Vec<u64> {
    (0..TOTAL as u64).collect()
}

#[test]
fn temporary_faults_go_unnoticed() {
    let later = |line: &str| Reply::Answer(429, format!("{line}\r\n"), String::new());
    let faults: Vec<Reply> = vec![
        answer(429, ""),
        later("retry-after: 3"),
        later("retry-after: Sun, 01 Mar 2026 12:00:09 GMT"),
        answer(408, ""),
        answer(500, ""),
        answer(500, r#"{"Status":500,"Message":"Oops"}"#),
        answer(502, "<html>Bad gateway</html>"),
        answer(503, ""),
        answer(504, ""),
        Reply::Reset,
        Reply::Hang,
        Reply::Drip,
        answer(200, ""),
        answer(200, r#"{"data":{"items":[{"id":1"#),
        Reply::CutOff(body(&rows(0..50), Some(TOTAL))),
        Reply::Stuck(body(&rows(0..50), Some(TOTAL))),
    ];
    for fault in faults {
        for (at, pages) in [(0, 4), (200, 1), (200, 4), (500, 4)] {
            let reply = fault.clone();
            let (ids, proof, codes) = read(&move |_: &str| reply.clone(), at, 1, pages);
            assert_eq!(codes, [""; 0], "{fault:?} at {at}");
            assert_eq!(ids, everything(), "{fault:?} at {at}");
            assert_eq!(proof, Proof::Complete { rows: TOTAL as u64 }, "{fault:?} at {at}");
        }
    }
}

#[test]
fn permanent_faults_are_resumable_errors() {
    for (fault, code) in [
        (answer(401, ""), "lucca.key_refused"),
        (answer(403, ""), "lucca.permission_missing"),
        (answer(200, "<!doctype html><html>Sign in</html>"), "lucca.not_lucca"),
        (answer(200, r#"{"result":{"rows":[]}}"#), "lucca.not_lucca"),
        (answer(302, ""), "lucca.not_lucca"),
    ] {
        for (at, pages) in [(0, 4), (200, 1), (200, 4), (500, 4)] {
            let reply = fault.clone();
            let (ids, proof, codes) = read(&move |_: &str| reply.clone(), at, 1, pages);
            assert_eq!(codes, [code], "{fault:?} at {at}");
            assert_eq!(ids, everything(), "{fault:?} at {at}");
            assert!(proof.is_complete(), "{fault:?} at {at}");
        }
    }
}

type Fault = fn(&str) -> Reply;

/// Well-formed pages with wrong content.
fn wrong_pages() -> Vec<(&'static str, Fault)> {
    fn page(ids: impl IntoIterator<Item = usize>, count: Option<usize>) -> Reply {
        answer(200, &body(&rows(ids), count))
    }
    vec![
        ("the page before", |target| page((paging(target).0.saturating_sub(100)..).take(100), Some(TOTAL))),
        ("the first page", |_| page(0..100, Some(TOTAL))),
        ("half a page", |target| page((paging(target).0..TOTAL).take(50), Some(TOTAL))),
        ("every second record", |target| page((paging(target).0..TOTAL).step_by(2).take(50), Some(TOTAL))),
        ("all but one", |target| page((paging(target).0 + 1..TOTAL).take(99), Some(TOTAL))),
        ("no record", |_| page([], Some(TOTAL))),
        ("no record and none counted", |_| page([], Some(0))),
        ("no record and no count", |_| page([], None)),
        ("no list", |_| answer(200, r#"{"data":{"items":null}}"#)),
        ("a page without a count", |target| page((paging(target).0..TOTAL).take(100), None)),
        ("too small a count", |target| page((paging(target).0..TOTAL).take(100), Some(3))),
    ]
}

#[test]
fn wrong_pages_never_prove_completeness() {
    for (name, fault) in wrong_pages() {
        for (at, pages) in [(100, 4), (200, 1), (200, 4), (500, 4)] {
            for times in [1, usize::MAX] {
                let (ids, proof, codes) = read(&fault, at, times, pages);
                let distinct: BTreeSet<u64> = ids.iter().copied().collect();
                assert_eq!(distinct.len(), ids.len(), "{name} at {at}: once each");
                assert_eq!(codes, [""; 0], "{name} at {at}");
                if proof.is_complete() {
                    assert_eq!(distinct.len(), TOTAL, "{name} at {at}, {times} times, {pages} ahead");
                }
            }
        }
    }
}

#[test]
fn a_wrong_page_that_comes_once_is_made_good() {
    for (name, fault) in wrong_pages() {
        // A missing or smaller count may be true.
        if name.contains("count") && !name.starts_with("no record and no") {
            continue;
        }
        for pages in [1, 4] {
            let (ids, proof, _) = read(&fault, 200, 1, pages);
            assert_eq!(ids.into_iter().collect::<BTreeSet<_>>().len(), TOTAL, "{name}, {pages} ahead");
            assert_eq!(proof, Proof::Complete { rows: TOTAL as u64 }, "{name}, {pages} ahead");
        }
    }
}

#[test]
fn retry_after_holds_every_prefetched_page() {
    let met = AtomicUsize::new(0);
    let url = server(move |target| {
        if paging(target).0 == 200 && met.fetch_add(1, Ordering::SeqCst) == 0 {
            Reply::Answer(429, "retry-after: 30\r\n".to_owned(), String::new())
        } else {
            answer(200, &right(target))
        }
    });
    block_on(async {
        let (client, clock) = client(&url, 4);
        let began = clock.now();
        let mut users = client.users(UserQuery::default()).with_page_size(PAGE);
        while users.next_page().await.unwrap().is_some() {}
        assert!(users.proof().is_complete());
        let waited = clock.now().duration_since(began).as_secs();
        assert!((30..60).contains(&waited), "{waited}");
        assert_eq!(client.stats().by_stream.values().map(|stats| stats.throttled).sum::<u64>(), 1);
    });
}

#[test]
fn server_that_stays_down_gets_few_requests() {
    for (fault, most) in [(answer(503, ""), 5), (answer(500, ""), 6), (Reply::Hang, 8), (Reply::Reset, 5)] {
        let (reply, sent) = (fault.clone(), Arc::new(AtomicUsize::new(0)));
        let count = Arc::clone(&sent);
        let url = server(move |target| {
            if paging(target).0 < 200 && !target.contains("greaterthan") {
                return answer(200, &right(target));
            }
            count.fetch_add(1, Ordering::SeqCst);
            reply.clone()
        });
        block_on(async {
            let mut users = client(&url, 1).0.users(UserQuery::default()).with_page_size(PAGE);
            users.next_page().await.unwrap();
            users.next_page().await.unwrap();
            let size = users.page_size();
            let error = users.next_page().await.unwrap_err();
            assert_eq!(error.action(), Action::Retry, "{fault:?}");
            assert_eq!(users.page_size(), size, "what was tried in vain is forgotten");
            let sent = sent.load(Ordering::SeqCst);
            assert!(sent <= most, "{fault:?}: {sent}");
        });
    }
}
