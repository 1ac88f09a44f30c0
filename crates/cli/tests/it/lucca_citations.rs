//! Comments cite pages of `docs/lucca-api` by section (`directory.md §6.3`): each page and section exists.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

const PAGES: [&str; 6] =
    ["directory", "absences", "wire-grammar", "recorded", "recorded-more", "lucca-api-2024-11-01"];

#[test]
fn cited_sections_exist() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap();
    let page_path = |page: &str| root.join("docs/lucca-api").join(format!("{page}.md"));
    let headings: BTreeMap<_, _> = PAGES.map(|page| (page, heading_numbers(&page_path(page)))).into();
    let mut sources = Vec::new();
    list_sources(&root.join("crates"), &mut sources);
    list_sources(&root.join("xtask"), &mut sources);
    let (mut count, mut missing) = (0, BTreeSet::new());
    for source in sources {
        for (page, section) in citations(&fs::read_to_string(&source).unwrap()) {
            count += 1;
            if section.as_ref().is_some_and(|section| !headings[page].contains(section)) {
                missing.insert(format!("{}: {page}.md §{}", source.display(), section.unwrap_or_default()));
            }
        }
    }
    assert!(count > 0, "no citations found");
    let list = missing.into_iter().collect::<Vec<_>>().join("\n");
    assert!(list.is_empty(), "sections without a heading in docs/lucca-api:\n{list}");
}

#[test]
fn citations_continue_over_comment_lines() {
    let found =
        citations("// absences.md §1 (dates), directory.md\n/// §11.2–11.5. Not docs/design/absences.md §0");
    let found: Vec<_> = found.iter().map(|(page, section)| (*page, section.as_deref())).collect();
    let mut expected = vec![("absences", None), ("absences", Some("1")), ("directory", None)];
    expected.extend([("directory", Some("11.2")), ("directory", Some("11.5"))]);
    assert_eq!(found, expected);
}

/// Pages and sections named in a source file. A section belongs to the last page named before it in the same comment.
fn citations(source: &str) -> Vec<(&'static str, Option<String>)> {
    let mut found = Vec::new();
    let (mut page, mut was_comment) = (None::<&'static str>, false);
    for line in source.lines().map(str::trim_start) {
        let is_comment = line.starts_with("//");
        page = page.filter(|_| is_comment && was_comment);
        was_comment = is_comment;
        for word in line.split_whitespace() {
            if let Some((path, _)) = word.split_once(".md") {
                page = page_name(path);
                found.extend(page.map(|page| (page, None)));
            } else if let Some(page) = page.filter(|_| word.contains('§')) {
                let sections = word.split(['§', '–']).skip(1).map(leading_number);
                found.extend(sections.filter(|one| !one.is_empty()).map(|one| (page, Some(one))));
            }
        }
    }
    found
}

/// The page of a path without its extension. Pages of other folders may have the same names.
fn page_name(path: &str) -> Option<&'static str> {
    let (folder, name) = path.rsplit_once('/').unwrap_or(("lucca-api", path));
    let name = name.trim_start_matches(|c: char| !c.is_ascii_alphanumeric());
    PAGES.into_iter().find(|page| *page == name && folder.ends_with("lucca-api"))
}

fn heading_numbers(page: &Path) -> BTreeSet<String> {
    let text = fs::read_to_string(page).unwrap_or_else(|error| panic!("{}: {error}", page.display()));
    let headings = text.lines().filter(|line| line.starts_with('#'));
    headings.map(|line| leading_number(line.trim_start_matches('#').trim_start())).collect()
}

/// `11.2` of `11.2, …`, without a full stop at its end.
fn leading_number(text: &str) -> String {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    text[..end].trim_end_matches('.').to_owned()
}

fn list_sources(folder: &Path, sources: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            list_sources(&path, sources);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            sources.push(path);
        }
    }
}
