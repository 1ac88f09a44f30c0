//! Every shape of answer, and the resulting error or records.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use lucca::{Action, Error, RequestBudget, Stream, UserQuery};
use net::clock::Clock;
use serde_json::json;
use wiremock::ResponseTemplate;

use crate::support::{KEY, block_on, builder, client, counted, ok, tenant, text};

/// The error of an enumeration of legal units if every answer is `answer`; and the number of requests.
fn refused_with(answer: ResponseTemplate) -> (Error, u64) {
    block_on(async {
        let server = tenant(move |_, _| answer.clone()).await;
        let client = client(&server);
        let error = client.legal_units().with_page_size(10).next_page().await.unwrap_err();
        let requests = client.stats().by_stream[&Stream::LegalUnits].requests;
        assert_eq!(server.received_requests().await.unwrap().len() as u64, requests);
        (error, requests)
    })
}

#[test]
fn every_error_shape() {
    let lucca = json!({"Status": 403, "Message": "You may not read establishments"});
    let framework = json!({"status": 404, "message": "Resource with ID 23 not found", "data": null});
    let problem = json!({
        "type": "https://tools.ietf.org/html/rfc7231#section-6.5.1",
        "title": "One or more validation errors occurred.",
        "status": 409,
        "errors": {"Id": ["The id field is required."], "Date": ["The date field is required."]}
    });
    let detailed = json!({"title": "Forbidden", "detail": "Not for this key", "status": 403});
    let missed = json!({"id": 23, "error": "Resource 23 not found"});
    for (status, body, code, action, message, requests) in [
        (
            403,
            lucca.to_string(),
            "lucca.permission_missing",
            Action::MissingPermission,
            Some("You may not read establishments"),
            1,
        ),
        (
            404,
            framework.to_string(),
            "lucca.not_found",
            Action::Stop,
            Some("Resource with ID 23 not found"),
            1,
        ),
        (
            409,
            problem.to_string(),
            "lucca.bad_request",
            Action::Stop,
            Some(
                "One or more validation errors occurred.; Date: The date field is required.; Id: The id field is required.",
            ),
            1,
        ),
        (
            403,
            detailed.to_string(),
            "lucca.permission_missing",
            Action::MissingPermission,
            Some("Not for this key"),
            1,
        ),
        (404, missed.to_string(), "lucca.not_found", Action::Stop, Some("Resource 23 not found"), 1),
        (410, String::new(), "lucca.not_found", Action::Stop, None, 1),
        (
            401,
            "Your token is invalid or you did not provide any".into(),
            "lucca.key_refused",
            Action::Relink,
            Some("Your token is invalid or you did not provide any"),
            1,
        ),
        (401, String::new(), "lucca.key_refused", Action::Relink, None, 1),
        (401, "\"Quoted text\"".into(), "lucca.key_refused", Action::Relink, Some("Quoted text"), 1),
        (405, "{\"status\":405}".into(), "lucca.bad_request", Action::Stop, None, 1),
        (
            415,
            "Unsupported media type X".into(),
            "lucca.bad_request",
            Action::Stop,
            Some("Unsupported media type X"),
            1,
        ),
        (404, "<html><body>404</body></html>".into(), "lucca.not_found", Action::Stop, None, 1),
        (403, "{not json".into(), "lucca.permission_missing", Action::MissingPermission, None, 1),
        // One more request without the count, the only part that can be omitted here.
        (500, String::new(), "lucca.unavailable", Action::Retry, None, 4),
        (
            500,
            "{\"Message\":\"Object reference not set\"}".into(),
            "lucca.unavailable",
            Action::Retry,
            Some("Object reference not set"),
            4,
        ),
        (
            500,
            "{\"Message\":\"Paging value is invalid\"}".into(),
            "lucca.unavailable",
            Action::Retry,
            Some("Paging value is invalid"),
            2,
        ),
        (502, "<html>bad gateway</html>".into(), "lucca.unavailable", Action::Retry, None, 5),
        (503, String::new(), "lucca.unavailable", Action::Retry, None, 5),
        (504, String::new(), "lucca.unavailable", Action::Retry, None, 5),
        (507, String::new(), "lucca.unavailable", Action::Retry, None, 5),
        (408, String::new(), "lucca.timeout", Action::Retry, None, 2),
        (413, String::new(), "lucca.body_too_large", Action::Stop, None, 1),
    ] {
        let (error, sent) = refused_with(text(status, &body));
        assert_eq!((error.code(), error.action()), (code, action), "{status} {body}");
        assert_eq!((error.lucca_message(), sent), (message, requests), "{status} {body}");
        assert_eq!((error.status(), error.stream()), (Some(status), Some(Stream::LegalUnits)));
        assert!(!error.advice().is_empty());
        assert!(error.to_string().contains("/organization/structure/api/legal-units"), "{error}");
    }
}

#[test]
fn answers_that_are_not_lucca() {
    for answer in [
        ResponseTemplate::new(200).set_body_raw("<!doctype html><title>Sign in</title>", "text/html"),
        ResponseTemplate::new(302).insert_header("location", "https://evil.example/"),
        ResponseTemplate::new(301).insert_header("location", "/identity/login"),
        ResponseTemplate::new(307).insert_header("location", "http://169.254.169.254/"),
        ok(json!({"hello": "world"})),
        ok(json!("text")),
        ok(json!(12)),
        ok(json!(null)),
        ok(json!({"data": "text"})),
        ok(json!({"data": {"foo": 1}})),
        ok(json!({"items": {"a": 1}})),
    ] {
        let (error, sent) = refused_with(answer);
        assert_eq!((error.code(), error.action(), sent), ("lucca.not_lucca", Action::Stop, 1), "{error:?}");
    }
}

#[test]
fn an_error_sent_as_a_success() {
    let (error, sent) = refused_with(ok(json!({"Status": 401, "Message": "Your token is invalid"})));
    assert_eq!((error.code(), error.status(), sent), ("lucca.key_refused", Some(401), 1));
    let (error, _) = refused_with(ok(json!({"Message": "No"})));
    assert_eq!((error.code(), error.lucca_message()), ("lucca.bad_request", Some("No")));
}

#[test]
fn every_envelope() {
    let item = json!({"id": 1, "name": "One"});
    for body in [
        json!({"header": {"generated": "x"}, "data": {"items": [item], "count": 1}}),
        json!({"Header": null, "Data": {"Items": [item], "Count": 1.0}}),
        json!({"data": {"items": [item], "count": "1"}}),
        json!({"header": {"paging": {"count": 1}}, "data": [item]}),
        json!({"items": [item], "count": 1, "prev": null, "next": null}),
        json!({"ITEMS": [item], "COUNT": 1}),
        json!({"data": item, "count": 1}),
    ] {
        let rows = block_on(async {
            let server = tenant(move |_, _| ok(body.clone())).await;
            let mut units = client(&server).legal_units();
            let page = units.next_page().await.unwrap().unwrap();
            assert!(units.next_page().await.unwrap().is_none());
            assert!(units.proof().is_complete(), "{}", units.proof());
            page.items.len()
        });
        assert_eq!(rows, 1);
    }
    let unproven = block_on(async {
        let server = tenant(move |_, n| ok(if n == 0 { json!([{"id": 1}]) } else { json!([]) })).await;
        let mut units = client(&server).legal_units();
        assert_eq!(units.next_page().await.unwrap().unwrap().items.len(), 1);
        assert!(units.next_page().await.unwrap().is_none());
        units.proof().is_complete()
    });
    assert!(!unproven);
}

#[test]
fn cut_off_and_broken_json_is_asked_for_again() {
    let (error, sent) = refused_with(text(200, "{\"items\":[{\"id\":1},{\"id\""));
    assert_eq!((error.code(), error.action(), sent), ("lucca.malformed", Action::Retry, 3));
    let (error, sent) = refused_with(text(200, ""));
    assert_eq!((error.code(), sent), ("lucca.malformed", 3));
    let (client, rows) = block_on(async {
        let server = tenant(|_, n| match n {
            0 => text(200, "{\"items\":[{\"id\""),
            1 => text(503, ""),
            _ => ok(json!({"items": [{"id": 7}], "count": 1})),
        })
        .await;
        let client = client(&server);
        let page = client.legal_units().next_page().await.unwrap().unwrap();
        (client, page.items.len())
    });
    assert_eq!(rows, 1);
    let stats = client.stats().by_stream[&Stream::LegalUnits];
    assert_eq!((stats.requests, stats.retries), (3, 2));
    assert!(stats.bytes > 0);
}

/// A server that answers every connection with `answer` and closes it.
fn raw_server(answer: &'static [u8]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for connection in listener.incoming() {
            let mut connection = connection.unwrap();
            let mut request = [0; 4096];
            let _ = connection.read(&mut request);
            let _ = connection.write_all(answer);
        }
    });
    url
}

#[test]
fn a_body_shorter_than_announced() {
    let url = raw_server(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"items\":[");
    let client = builder(&url).0.build().unwrap();
    let error = block_on(client.establishments().next_page()).unwrap_err();
    assert_eq!(error.code(), "lucca.malformed");
    assert_eq!(client.stats().requests(), 3);
    assert!(std::error::Error::source(&error).is_some());
}

#[test]
fn a_body_that_is_not_what_its_encoding_says() {
    let url = raw_server(b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 8\r\n\r\nnot gzip");
    let client = builder(&url).0.build().unwrap();
    assert_eq!(block_on(client.establishments().next_page()).unwrap_err().code(), "lucca.malformed");
}

#[test]
fn connections_that_break_are_made_again() {
    let url = raw_server(b"");
    let client = builder(&url).0.build().unwrap();
    let error = block_on(client.establishments().next_page()).unwrap_err();
    assert_eq!((error.code(), error.action()), ("lucca.unreachable", Action::Retry));
    assert_eq!(client.stats().requests(), 5);
}

#[test]
fn a_server_that_speaks_no_tls() {
    let url = raw_server(b"HTTP/1.1 400 Bad Request\r\n\r\n").replace("http://", "https://");
    let client = builder(&url).0.build().unwrap();
    let error = block_on(client.establishments().next_page()).unwrap_err();
    assert_eq!((error.code(), error.action()), ("lucca.tls", Action::Stop), "{error:?}");
    assert_eq!(client.stats().requests(), 1);
}

#[test]
fn unreachable_server() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let (builder, clock) = builder(&format!("http://{free}"));
    let client = builder.max_attempts(2).build().unwrap();
    let error = block_on(client.establishments().next_page()).unwrap_err();
    assert_eq!(error.code(), "lucca.unreachable");
    assert_eq!((client.stats().requests(), clock.sleeps().len()), (2, 1));
    assert!(!format!("{error:?}").contains("isArchived"), "no query in errors: {error:?}");
}

#[test]
fn a_slow_server_is_asked_for_less() {
    block_on(async {
        let server = tenant(|request, _| {
            let answer = ok(json!({"items": [{"id": 1}], "count": 1}));
            let large = request.url.query().unwrap().contains("limit=1000");
            if large { answer.set_delay(Duration::from_secs(20)) } else { answer }
        })
        .await;
        let client = builder(&server.uri()).0.request_timeout(Duration::from_millis(60)).build().unwrap();
        let mut types = client.hiring_types();
        assert_eq!(types.next_page().await.unwrap().unwrap().items.len(), 1);
        assert_eq!((types.page_size(), client.stats().requests()), (500, 3));
    });
}

#[test]
fn bodies_have_a_limit() {
    block_on(async {
        let server =
            tenant(|_, _| ok(json!({"items": [{"id": 1, "name": "x".repeat(2000)}], "count": 1}))).await;
        let client = builder(&server.uri()).0.max_body_bytes(1000).build().unwrap();
        let error = client.establishments().with_page_size(10).next_page().await.unwrap_err();
        assert_eq!((error.code(), error.action()), ("lucca.body_too_large", Action::Stop));
    });
}

#[test]
fn retry_after_holds_all_clients() {
    for (header, seconds) in [("7", 7), ("Sun, 01 Mar 2026 12:00:30 GMT", 30), ("0", 1), ("nonsense", 60)] {
        block_on(async {
            let server = tenant(move |request, n| match n {
                0 => ResponseTemplate::new(429).insert_header("retry-after", header),
                _ => counted_v4(request),
            })
            .await;
            let budget = Arc::new(RequestBudget::unlimited());
            let (builder, clock) = builder(&server.uri());
            let client = builder.budget(Arc::clone(&budget)).build().unwrap();
            let began = clock.now();
            assert!(client.establishments().next_page().await.unwrap().is_some());
            let waited = clock.now().duration_since(began).as_secs_f64();
            assert!((f64::from(seconds)..f64::from(seconds) + 0.6).contains(&waited), "{header}: {waited}");
            let stats = client.stats().by_stream[&Stream::Establishments];
            assert_eq!((stats.requests, stats.throttled, stats.retries), (2, 1, 1));
        });
    }
}

fn counted_v4(_: &wiremock::Request) -> ResponseTemplate {
    ok(json!({"items": [{"id": 1}], "count": 1}))
}

#[test]
fn a_wait_beyond_reason_is_handed_to_the_caller() {
    let (error, sent) = refused_with(ResponseTemplate::new(429).insert_header("retry-after", "7200"));
    assert_eq!((error.action(), sent), (Action::Wait(Duration::from_secs(7200)), 1));
    assert_eq!(error.code(), "lucca.rate_limited");
    assert!(error.advice().contains("7200 seconds"));
}

#[test]
fn endless_throttling_ends() {
    let (error, sent) = refused_with(ResponseTemplate::new(429));
    // Once a minute, for ten minutes.
    assert_eq!((error.code(), sent), ("lucca.rate_limited", 11));
    assert!(matches!(error.action(), Action::Wait(_)));
}

#[test]
fn a_message_is_short_and_without_the_key() {
    let long = format!("bad\n key {} and {} {}", KEY.to_uppercase(), KEY.replace('-', ""), "x".repeat(5000));
    let (error, _) = refused_with(text(403, &long));
    let message = error.lucca_message().unwrap();
    assert!(message.starts_with("bad key … and … xxx"), "{message}");
    assert_eq!(message.chars().count(), 500);
}

#[test]
fn the_request_is_as_documented() {
    block_on(async {
        let server = tenant(|request, _| counted(request, 0)).await;
        let client = client(&server);
        assert!(client.users(UserQuery::default()).next_page().await.unwrap().is_none());
        let request = &server.received_requests().await.unwrap()[0];
        let header = |name: &str| request.headers[name].to_str().unwrap().to_owned();
        assert_eq!(header("authorization"), format!("lucca application={KEY}"));
        assert!(request.headers["authorization"].to_str().is_ok());
        assert_eq!(header("user-agent"), concat!("lucca/", env!("CARGO_PKG_VERSION")));
        assert!(header("accept-encoding").contains("gzip") && header("accept-encoding").contains("br"));
        let query = request.url.query().unwrap();
        assert!(query.starts_with("paging=0,1000&orderBy=id,asc&formerEmployees=true&fields=id,"), "{query}");
        assert!(query.ends_with(",collection.count"), "{query}");
        assert!(!query.contains('['), "{query}");
    });
}
