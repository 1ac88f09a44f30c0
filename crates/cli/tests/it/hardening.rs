//! Protects secrets and data on the machine: files written completely or not at all, no core dumps, warnings.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::process::{Child, Command, Stdio};

use test_database::DatabaseLocation;

use crate::{command, emulator, ended, link, run};

/// A command whose files can't grow beyond `blocks` of 512 bytes, as on a full disk.
fn on_full_disk(of: &Command, blocks: u32) -> Command {
    let mut command = Command::new("sh");
    // SIGXFSZ is ignored, so that writing fails instead of ending the process.
    let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" \"$@\"");
    command.args(["-c", &script]).arg(of.get_program()).args(of.get_args());
    command.envs(of.get_envs().filter_map(|(name, value)| Some((name, value?))));
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

#[test]
fn full_disk_leaves_no_empty_key() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let first = command(&data, &["serve", "--listen", "127.0.0.1:0", "--json"]);
    let ran = ended(on_full_disk(&first, 0).spawn().unwrap());
    assert_ne!(ran.code, 0, "{}", ran.out);
    assert!(ran.out.contains("make room"), "{}", ran.out);
    let left: Vec<_> = fs::read_dir(&data).unwrap().map(|file| file.unwrap().file_name()).collect();
    assert!(left.is_empty(), "{left:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn failed_backup_leaves_no_file() {
    let (emulator, dir) = (emulator(20).await, tempfile::tempdir().unwrap());
    let data = dir.path().join("data");
    link(&data, &emulator, &[]).ok_json();
    let target = dir.path().join("backups");
    fs::create_dir(&target).unwrap();
    let backup = command(&data, &["backup", target.to_str().unwrap(), "--json"]);
    let ran = ended(on_full_disk(&backup, 100).spawn().unwrap());
    assert_ne!(ran.code, 0, "{}", ran.out);
    let left: Vec<_> = fs::read_dir(&target).unwrap().map(|file| file.unwrap().file_name()).collect();
    assert!(left.is_empty(), "{left:?}");
}

/// A started service, and its first line.
fn serving(mut command: Command) -> (Child, String) {
    let mut child = command.stdin(Stdio::null()).spawn().unwrap();
    let mut first_line = String::new();
    BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut first_line).unwrap();
    (child, first_line)
}

#[test]
fn service_dumps_no_core_and_warns() {
    let dir = tempfile::tempdir().unwrap();
    run(dir.path(), &["migrate"]);
    // Creates the folder and its key.
    let (mut child, _) = serving(command(dir.path(), &["serve", "--listen", "127.0.0.1:0", "--json"]));
    let limits = fs::read_to_string(format!("/proc/{}/limits", child.id())).unwrap();
    let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
    let soft = core.split_whitespace().nth(4).unwrap();
    assert!(["0", "1"].contains(&soft), "{core}");
    child.kill().unwrap();
    child.wait().unwrap();

    let key = dir.path().join("master.key");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
    let (mut child, _) = serving(command(dir.path(), &["serve", "--listen", "127.0.0.1:0", "--json"]));
    child.kill().unwrap();
    let mut log = String::new();
    child.stderr.as_mut().unwrap().read_to_string(&mut log).unwrap();
    child.wait().unwrap();
    assert!(log.contains("master.key") && log.contains("chmod 600"), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn sync_sends_beats() {
    let (emulator, dir) = (emulator(20).await, tempfile::tempdir().unwrap());
    link(dir.path(), &emulator, &[]).ok_json();
    run(dir.path(), &["sync", "--json"]).ok_json();
    // Other processes take over from one that sends no more beats.
    let database = DatabaseLocation::File(dir.path().join("connector.db"));
    let beats = database.texts("SELECT count(*) || '' FROM workers").await.unwrap();
    assert_eq!(beats, ["1"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn doctor_verifies_the_audit_log() {
    let (emulator, dir) = (emulator(20).await, tempfile::tempdir().unwrap());
    link(dir.path(), &emulator, &[]).ok_json();
    let check = || {
        let report = run(dir.path(), &["doctor", "--json"]).json();
        let checks = report["checks"].as_array().unwrap().clone();
        checks.into_iter().find(|check| check["check"] == "audit_log").unwrap()["state"].clone()
    };
    assert_eq!(check(), "ok");
    let database = DatabaseLocation::File(dir.path().join("connector.db"));
    database
        .execute("DROP TRIGGER audit_chain_is_not_changed; UPDATE audit_chain SET detail = '{\"x\":1}' WHERE seq = 1")
        .await
        .unwrap();
    assert_eq!(check(), "fail");
}

#[test]
fn ignored_forwarded_headers_are_warned_of_once() {
    let dir = tempfile::tempdir().unwrap();
    let mut serve = command(dir.path(), &["serve", "--listen", "127.0.0.1:0", "--json"]);
    serve.env("LUCCA_CONNECTOR_LOG", "warn");
    let (mut child, first_line) = serving(serve);
    let first_line: serde_json::Value = serde_json::from_str(&first_line).unwrap();
    let address = first_line["listening"].as_str().unwrap().strip_prefix("http://").unwrap().to_owned();
    for _ in 0..3 {
        let mut stream = std::net::TcpStream::connect(&address).unwrap();
        let request =
            "GET /healthz HTTP/1.1\r\nhost: x\r\nx-forwarded-for: 192.0.2.1\r\nconnection: close\r\n\r\n";
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }
    child.kill().unwrap();
    let mut log = String::new();
    child.stderr.as_mut().unwrap().read_to_string(&mut log).unwrap();
    child.wait().unwrap();
    assert_eq!(log.matches("trust_forwarded_for").count(), 1, "{log}");
}
