//! The widget's script, with its texts in every language.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use people::Language;
use texts::Texts;

/// The script as vendors bundle it, with texts in English and French.
const BUNDLED: &str = include_str!("../../../web/widget/lucca-connector.js");

/// The script that the connector serves: the bundled one with the texts of every catalog.
pub(crate) fn script() -> &'static str {
    static SCRIPT: LazyLock<String> = LazyLock::new(|| {
        let (before, rest) = BUNDLED.split_once(BEGIN).unwrap_or((BUNDLED, ""));
        let (_, after) = rest.split_once(END).unwrap_or(("", rest));
        let texts: BTreeMap<&str, BTreeMap<&str, &str>> =
            Language::ALL.into_iter().map(|language| (language.code(), texts(language).into())).collect();
        let texts = serde_json::to_string(&texts).unwrap_or_default();
        format!("{before}{BEGIN}{texts}{END}{after}")
    });
    &SCRIPT
}

/// The begin and the end of the texts in the script.
const BEGIN: &str = "  const TEXTS = ";
const END: &str = ";\n\n";

fn texts(language: Language) -> [(&'static str, &'static str); 4] {
    [
        ("title", language.text("widget-title")),
        ("close", language.text("widget-close")),
        ("loading", language.text("widget-loading")),
        ("silent", language.text("widget-silent")),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bundled_texts_are_those_of_the_catalogs() {
        for language in [Language::English, Language::French] {
            let texts = texts(language).map(|(name, text)| format!("      {name}: '{text}',\n")).concat();
            assert!(BUNDLED.contains(&format!("    {language}: {{\n{texts}    }},\n")), "{texts}");
        }
    }

    #[test]
    fn served_script_has_every_language() {
        let (before, rest) = script().split_once(BEGIN).unwrap();
        let (texts, after) = rest.split_once(END).unwrap();
        let texts: BTreeMap<String, BTreeMap<String, String>> = serde_json::from_str(texts).unwrap();
        assert_eq!(texts.keys().collect::<Vec<_>>(), Language::CODES.iter().collect::<Vec<_>>());
        assert!(BUNDLED.starts_with(before) && BUNDLED.ends_with(after) && after.len() > 10_000);
    }
}
