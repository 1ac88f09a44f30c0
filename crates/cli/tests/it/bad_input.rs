//! Bad tenant URLs, keys and arguments give a clear error with a stable code; nothing is stored or sent.

use std::net::TcpListener;

use crate::{command, ended, run, run_with};

const KEY: &str = "0f8fad5b-d9cb-469f-a165-70867728950e";

#[test]
fn bad_tenant_urls_give_an_example() {
    let dir = tempfile::tempdir().unwrap();
    for text in [
        "",
        "acme.ilucca.net.evil.com",
        "https://evil.com/acme.ilucca.net",
        "https://user:pass@acme.ilucca.net",
        "acme@example.org",
        "http://169.254.169.254/latest",
        "http://127.0.0.1:9",
        "https://acme.ilucca.net:8443",
        "ftp://acme.ilucca.net",
        "https://support.lucca.fr/hc",
    ] {
        let ran = command(dir.path(), &["link", text, "--key-stdin", "--json"])
            .env("LUCCA_CONNECTOR_ALLOW_LOOPBACK", "false")
            .spawn()
            .map(ended)
            .unwrap();
        assert_eq!(ran.code, 2, "{text:?}: {}", ran.out);
        let error = &ran.json()["error"];
        assert!(error["code"].as_str().unwrap().starts_with("tenant_url."), "{text:?}: {error}");
        assert!(error["advice"].is_string());
    }
    assert!(std::fs::read_dir(dir.path()).unwrap().next().is_none(), "nothing is kept");
}

#[test]
fn environment_switches_accept_common_values() {
    let dir = tempfile::tempdir().unwrap();
    for (word, code) in [("1", "api_key."), ("true", "api_key."), ("no", "tenant_url."), ("0", "tenant_url.")]
    {
        let ran = command(dir.path(), &["link", "http://127.0.0.1:9", "--key-stdin", "--json"])
            .env("LUCCA_CONNECTOR_ALLOW_LOOPBACK", word)
            .spawn()
            .map(ended)
            .unwrap();
        assert_eq!(ran.code, 2, "{word}: {}", ran.out);
        assert!(ran.json()["error"]["code"].as_str().unwrap().starts_with(code), "{word}: {}", ran.out);
    }
}

#[test]
fn bad_keys_are_refused_before_anything_is_sent() {
    let dir = tempfile::tempdir().unwrap();
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    server.set_nonblocking(true).unwrap();
    let url = format!("http://{}", server.local_addr().unwrap());
    for text in [
        "",
        "  ",
        "hunter2",
        "0f8fad5b-d9cb-469f-a165",
        "me@example.org",
        "https://acme.ilucca.net",
        "\0\u{fffd}",
    ] {
        let ran = run_with(dir.path(), &["link", &url, "--key-stdin", "--allow-loopback", "--json"], text);
        assert_eq!(ran.code, 2, "{text:?}: {}", ran.out);
        assert!(ran.json()["error"]["code"].as_str().unwrap().starts_with("api_key."), "{}", ran.out);
    }
    assert!(server.accept().is_err(), "no connection was made");
}

#[test]
fn key_is_never_taken_from_an_argument() {
    let dir = tempfile::tempdir().unwrap();
    for arguments in [&["link", "acme", "--key", KEY][..], &["link", "acme", KEY], &["check", "acme", KEY]] {
        assert_eq!(run(dir.path(), arguments).code, 2);
    }
    let ran = run(dir.path(), &["link", "acme", "--json"]);
    assert_eq!(ran.json()["error"]["code"], "cli.no_key", "nor from standard input unless asked");
}

#[test]
fn argument_errors_are_json_with_json() {
    let dir = tempfile::tempdir().unwrap();
    let ran = run(dir.path(), &["employees", "list", "--status", "asleep", "--json"]);
    assert_eq!((ran.code, &ran.json()["error"]["code"]), (2, &"cli.arguments".into()));
}

#[test]
fn database_without_its_master_key_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    run(dir.path(), &["demo", "--employees", "1", "--once", "--json"]).ok_json();
    std::fs::remove_file(dir.path().join("master.key")).unwrap();
    let ran = run(dir.path(), &["accounts", "--json"]);
    assert_eq!((ran.code, &ran.json()["error"]["code"]), (2, &"cli.master_key".into()));
    assert!(!dir.path().join("master.key").exists(), "no other key takes its place");
}

#[test]
fn missing_file_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let ran = run(dir.path(), &["link", "acme", "--key-file", "nowhere.txt", "--json"]);
    assert_eq!(ran.code, 2);
    assert!(ran.json()["error"]["message"].as_str().unwrap().contains("nowhere.txt"));
}

#[test]
fn log_filter_is_checked() {
    let dir = tempfile::tempdir().unwrap();
    let codes: Vec<String> = ["sync=debug,info", "off", "sync=loud"]
        .iter()
        .map(|filter| {
            let mut command = command(dir.path(), &["accounts", "--json"]);
            command.env("LUCCA_CONNECTOR_LOG", filter);
            ended(command.spawn().unwrap()).json()["error"]["code"].as_str().unwrap().to_owned()
        })
        .collect();
    assert_eq!(codes, ["cli.no_data", "cli.no_data", "cli.log_filter"]);
}
