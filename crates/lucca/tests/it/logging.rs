//! No log record, at any level, holds the key.

use std::io;
use std::sync::{Arc, Mutex};

use lucca::UserQuery;
use tracing_subscriber::fmt::MakeWriter;

use crate::support::{KEY, block_on, builder, counted, tenant, text};

#[derive(Clone, Default)]
struct Captured(Arc<Mutex<Vec<u8>>>);

impl io::Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Captured {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

#[test]
fn the_key_is_never_logged() {
    let captured = Captured::default();
    // For all threads, including records of the `log` crate: tests that run at the same time are checked too.
    tracing_subscriber::fmt()
        .with_max_level(tracing_subscriber::filter::LevelFilter::TRACE)
        .with_ansi(false)
        .with_writer(captured.clone())
        .init();
    let error = {
        block_on(async {
            let server = tenant(|request, n| match n {
                0 => text(503, KEY),
                1 => counted(request, 5),
                _ => text(401, &format!("Key {KEY} is unknown")),
            })
            .await;
            let client = builder(&server.uri()).0.build().unwrap();
            tracing::trace!(?client, "built");
            let mut users = client.users(UserQuery::default());
            tracing::trace!(?users, "began");
            while users.next_page().await.unwrap().is_some() {}
            client.users(UserQuery::default()).next_page().await.unwrap_err()
        })
    };
    let logged = String::from_utf8(captured.0.lock().unwrap().clone()).unwrap();
    for expected in
        ["Lucca answered", "request to Lucca failed", "stream=users", "path=\"/api/v3/users\"", "TRACE"]
    {
        assert!(logged.contains(expected), "{expected}: {logged}");
    }
    let said = format!("{error} {error:?} {}", error.advice());
    for text in [logged, said] {
        let text = text.to_lowercase();
        assert!(!text.contains(KEY) && !text.contains(&KEY.replace('-', "")), "{text}");
    }
}
