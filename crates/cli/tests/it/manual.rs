//! The manual and the shell completions, which are generated from the help texts.

use crate::run;

#[test]
fn manual_pages_list_every_option() {
    let dir = tempfile::tempdir().unwrap();
    let manual = dir.path().join("share/man1");
    let report = run(dir.path(), &["man", manual.to_str().unwrap(), "--json"]).ok_json();
    assert_eq!(report["folder"], manual.to_str().unwrap());
    let page = |name: &str| std::fs::read_to_string(manual.join(name)).unwrap();
    assert!(page("lucca-connector-serve.1").contains(r"\-\-listen"));
    assert!(page("lucca-connector-accounts-configure.1").contains(r"\-\-decline"));
    assert!(page("lucca-connector.1").contains(r"lucca\-connector\-org\-chart(1)"));
    let pages =
        std::fs::read_dir(&manual).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    assert!(pages.into_iter().all(|name| !name.contains("-help")), "a page that says nothing");
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1, "nothing else is made");
}

#[test]
fn shells_get_completion_scripts() {
    let dir = tempfile::tempdir().unwrap();
    for (shell, begins) in
        [("bash", "_lucca__connector()"), ("zsh", "#compdef lucca-connector"), ("fish", "# Print")]
    {
        let ran = run(dir.path(), &["completions", shell]);
        assert_eq!(ran.code, 0, "{}", ran.err);
        assert!(ran.out.starts_with(begins), "{shell}: {}", &ran.out[..200]);
        assert!(ran.out.contains("org-chart") && ran.out.contains("as-of"), "{shell}");
    }
    assert_eq!(run(dir.path(), &["completions", "cmd.exe"]).code, 2);
}
