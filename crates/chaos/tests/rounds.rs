//! Some rounds on every available engine, as a step of their own of `cargo xtask test`.

use std::process::Command;

#[test]
#[ignore = "a step of its own: `cargo xtask test` runs it"]
fn kills_lose_no_data() {
    let status =
        Command::new(env!("CARGO_BIN_EXE_chaos")).args(["--rounds", "12", "--seed", "1"]).status().unwrap();
    assert!(status.success());
}
