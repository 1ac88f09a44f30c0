//! The page to which the `type` of an error response leads: every code of the API with its meaning, from the table in
//! docs/api.md.

use std::fmt::Write as _;

use axum::Router;
use axum::http::header;
use axum::response::IntoResponse;
use axum::routing::get;
use web::app::App;
use web::problem::PROBLEMS_PATH;

const API_DOCS: &str = include_str!("../../../docs/api.md");

pub(crate) fn router() -> Router<App> {
    let page = page();
    let headers =
        [(header::CONTENT_TYPE, "text/html; charset=utf-8"), (header::CACHE_CONTROL, "public, max-age=3600")];
    Router::new().route(PROBLEMS_PATH, get(move || async move { (headers, page).into_response() }))
}

/// The rows of the table of codes: the codes, and their meaning as Markdown.
fn rows(docs: &str) -> impl Iterator<Item = (Vec<&str>, &str)> {
    let (_, table) = docs.split_once("## Error codes").unwrap_or_default();
    table.lines().filter_map(|line| {
        let (codes, meaning) = line.strip_prefix("| `")?.strip_suffix(" |")?.split_once(" | ")?;
        let codes = codes.split(',').map(|code| code.trim().trim_matches('`')).collect();
        Some((codes, meaning))
    })
}

fn page() -> String {
    let mut items = String::new();
    for (codes, meaning) in rows(API_DOCS) {
        items.push_str("<dt>");
        for code in codes {
            let code = escape(code);
            // Writing to a string can't fail.
            let _ = write!(items, "<code id=\"{code}\">{code}</code> ");
        }
        let _ = writeln!(items, "</dt>\n<dd>{}</dd>", html(meaning));
    }
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>Error codes</title>\n\
         <link rel=\"stylesheet\" href=\"/assets/flow.css\">\n</head>\n<body class=\"reference\">\n<main>\n\
         <h1>Error codes</h1>\n<p>The <code>code</code> of an error response is one of these. \
         Its <code>detail</code> has the failure and the next step.</p>\n<dl>\n{items}</dl>\n</main>\n</body>\n</html>\n"
    )
}

/// A line of Markdown as HTML: code spans, and the texts of links, whose targets are files of the documentation.
fn html(markdown: &str) -> String {
    let mut html = String::new();
    for (n, part) in markdown.split('`').enumerate() {
        if n % 2 == 1 {
            let _ = write!(html, "<code>{}</code>", escape(part));
            continue;
        }
        let mut rest = part;
        while let Some((before, text, after)) = link(rest) {
            html.push_str(&escape(before));
            html.push_str(&escape(text));
            rest = after;
        }
        html.push_str(&escape(rest));
    }
    html
}

/// The text before the first link, the link's text, and the text behind it.
fn link(markdown: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = markdown.split_once('[')?;
    let (text, rest) = rest.split_once("](")?;
    let (_, after) = rest.split_once(')')?;
    Some((before, text, after))
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn table_becomes_a_page_with_anchors() {
        let docs = "x\n## Error codes\n\n| code | meaning |\n|---|---|\n| `a.b`, `c` | see [here](x.md#y), `<d>` (4 & 5) |\n";
        let rows: Vec<_> = rows(docs).collect();
        assert_eq!(rows, [(vec!["a.b", "c"], "see [here](x.md#y), `<d>` (4 & 5)")]);
        assert_eq!(html(rows[0].1), "see here, <code>&lt;d&gt;</code> (4 &amp; 5)");
        assert!(page().contains("<code id=\"request.invalid\">request.invalid</code>"));
    }
}
