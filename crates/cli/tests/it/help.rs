//! The help texts, as people and scripts read them.

use crate::run;

#[test]
fn help_texts() {
    let dir = tempfile::tempdir().unwrap();
    let mut texts = String::new();
    for command in [
        &["--help"][..],
        &["demo", "--help"],
        &["emulator", "--help"],
        &["doctor", "--help"],
        &["config", "--help"],
        &["config", "check", "--help"],
        &["link", "--help"],
        &["check", "--help"],
        &["accounts", "--help"],
        &["accounts", "release", "--help"],
        &["accounts", "configure", "--help"],
        &["accounts", "inbound", "--help"],
        &["accounts", "unlink", "--help"],
        &["accounts", "audit", "--help"],
        &["issues", "list", "--help"],
        &["sync", "--help"],
        &["runs", "list", "--help"],
        &["runs", "show", "--help"],
        &["changes", "--help"],
        &["employees", "list", "--help"],
        &["employees", "show", "--help"],
        &["employees", "duplicates", "--help"],
        &["employees", "erase", "--help"],
        &["employees", "erasures", "--help"],
        &["employees", "allow", "--help"],
        &["absences", "--help"],
        &["absences", "list", "--help"],
        &["absences", "calendar", "--help"],
        &["absences", "types", "--help"],
        &["absences", "preview", "--help"],
        &["absences", "request", "--help"],
        &["absences", "status", "--help"],
        &["absences", "cancel", "--help"],
        &["absences", "approve", "--help"],
        &["absences", "deny", "--help"],
        &["absences", "import", "--help"],
        &["org-chart", "--help"],
        &["export", "--help"],
        &["calendar-feeds", "--help"],
        &["calendar-feeds", "add", "--help"],
        &["airbyte", "--help"],
        &["airbyte", "read", "--help"],
        &["tap", "--help"],
        &["completions", "--help"],
        &["man", "--help"],
    ] {
        let ran = run(dir.path(), command);
        assert_eq!(ran.code, 0);
        // The terminal's width decides where lines break.
        let text: Vec<String> =
            ran.out.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
        texts.push_str(&format!("$ lucca-connector {}\n{}\n\n", command.join(" "), text.join("\n")));
    }
    insta::assert_snapshot!(texts);
}
