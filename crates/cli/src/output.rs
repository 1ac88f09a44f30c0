//! Writes to standard output and standard error. A closed pipe ends output quietly.

use serde_json::Value;
use std::io::{IsTerminal, Write};

use comfy_table::{ContentArrangement, Table, presets};
use people::Language;
use serde::Serialize;
use texts::Texts;

/// Prints a line of the result to standard output.
pub(crate) fn line(text: &str) {
    write(text);
    write("\n");
}

/// A resource of the API with further members that only the command line shows.
pub(crate) fn extended(resource: impl Serialize, more: Value) -> Value {
    // Serialising the API's types to JSON can't fail.
    let mut value = serde_json::to_value(resource).unwrap_or_default();
    if let (Some(members), Value::Object(more)) = (value.as_object_mut(), more) {
        members.extend(more);
    }
    value
}

/// Prints one JSON document and a line end to standard output, for scripts.
pub(crate) fn json(value: &impl Serialize) {
    match serde_json::to_string(value) {
        Ok(text) => line(&text),
        Err(error) => stderr_line(&format!("error: the result cannot be written as JSON: {error}")),
    }
}

/// Prints a line about problems or progress to standard error.
pub(crate) fn stderr_line(text: &str) {
    // If standard error is closed, the line is lost.
    let _ = writeln!(std::io::stderr(), "{text}");
}

/// Prints text to standard output, unchanged, and flushes it.
pub(crate) fn write(text: &str) {
    let mut out = std::io::stdout().lock();
    if let Err(error) = out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        // `lucca-connector employees list | head` is no failure.
        let code = if error.kind() == std::io::ErrorKind::BrokenPipe { 0 } else { 1 };
        std::process::exit(code);
    }
}

/// Whether both outputs are a terminal.
pub(crate) fn is_terminal() -> bool {
    std::io::stdout().is_terminal() && std::io::stderr().is_terminal()
}

/// The terminal's width in columns; none without a terminal.
pub(crate) fn width() -> Option<usize> {
    Table::new().width().map(usize::from)
}

/// Whether non-ASCII characters may be drawn: on a terminal with a UTF-8 locale.
pub(crate) fn is_unicode() -> bool {
    // The first of them that is set decides, as in the C library.
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"]
        .into_iter()
        .filter_map(std::env::var_os)
        .find(|value| !value.is_empty())
        .map(|value| value.to_string_lossy().to_lowercase());
    let is_utf8 = locale.is_some_and(|locale| locale.contains("utf-8") || locale.contains("utf8"));
    std::io::stdout().is_terminal() && (is_utf8 || cfg!(windows))
}

/// A table that fits the terminal.
pub(crate) fn table(header: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header(header.iter().map(|name| name.to_uppercase()));
    table
}

/// A number with its noun in the singular or plural: `1 employee`, `2 people`, `20,000 records`.
pub(crate) fn counted(number: u64, noun: &str) -> String {
    let plural = match noun.strip_suffix('y') {
        _ if number == 1 => noun.to_owned(),
        _ if noun == "person" => "people".to_owned(),
        Some(stem) if !stem.ends_with(['a', 'e', 'o']) => format!("{stem}ies"),
        _ => format!("{noun}s"),
    };
    format!("{} {plural}", grouped(number))
}

/// A number with thousands separators: `20,000`.
pub(crate) fn grouped(number: u64) -> String {
    Language::English.number(number)
}

/// Text from Lucca made safe for a terminal: control characters could move the cursor or change colours, and
/// bidirectional marks could make it read as something else.
pub(crate) fn clean(text: &str) -> String {
    let is_unsafe =
        |c: char| c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    text.chars().map(|c| if is_unsafe(c) { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_nouns_read_well() {
        assert_eq!(counted(1, "employee"), "1 employee");
        assert_eq!(counted(0, "category"), "0 categories");
        assert_eq!(counted(2, "working day"), "2 working days");
        assert_eq!(counted(1_234_567, "record"), "1,234,567 records");
        assert_eq!(grouped(999), "999");
        assert_eq!(clean("a\u{1b}[31mb\n\u{202e}c"), "a [31mb  c");
    }
}
