//! The API key never appears: not in output, not in logs at their most verbose, not in files.

use crate::{run, run_with};

#[tokio::test(flavor = "multi_thread")]
async fn key_is_in_no_output_log_or_file() {
    let emulator = crate::emulator(70).await;
    let dir = tempfile::tempdir().unwrap();
    let key = emulator.api_key().to_owned();
    let url = emulator.url();
    let secret = dir.path().join("key.txt");
    std::fs::write(&secret, format!("{{{}}}\n", key.to_uppercase())).unwrap();
    let secret_path = secret.to_str().unwrap();
    let data = dir.path().join("data");
    let data = data.as_path();
    let runs = [
        run(data, &["link", &url, "--key-file", secret_path, "--allow-loopback", "--requests-per-minute=0"]),
        run_with(
            data,
            &["check", &url, "--key-stdin", "--allow-loopback", "--requests-per-minute=0", "--json"],
            &key,
        ),
        run(data, &["sync"]),
        run(data, &["accounts", "--json"]),
        run(data, &["runs", "show"]),
        run(data, &["changes", "--json"]),
        // A key in the wrong place.
        run(data, &["link", &key]),
        run_with(data, &["link", &url, "--key-stdin", "--allow-loopback"], &format!("Bearer {key}x")),
    ];
    let codes: Vec<i32> = runs.iter().map(|ran| ran.code).collect();
    assert_eq!(codes[0], 0, "{}", runs[0].err);
    assert_eq!(codes[2..], [0, 0, 0, 0, 2, 2]);
    assert!(runs[2].err.contains("GET"), "the log is on, or this test would prove nothing");

    let spellings =
        [key.clone(), key.replace('-', ""), key.to_uppercase(), key.replace('-', "").to_uppercase()];
    for ran in &runs {
        for spelling in &spellings {
            assert!(!ran.out.contains(spelling) && !ran.err.contains(spelling));
        }
    }
    let mut files = 0;
    for file in std::fs::read_dir(data).unwrap() {
        let content = std::fs::read(file.unwrap().path()).unwrap();
        files += 1;
        for spelling in &spellings {
            assert!(!content.windows(spelling.len()).any(|window| window == spelling.as_bytes()));
        }
    }
    assert!(files >= 2);
}

#[cfg(unix)]
#[test]
fn secret_files_are_readable_only_by_owner() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    run(&data, &["demo", "--employees", "1", "--once", "--json"]).ok_json();
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&data), 0o700);
    for file in ["master.key", "connector.db"] {
        assert_eq!(mode(&data.join(file)), 0o600, "{file}");
    }
}
