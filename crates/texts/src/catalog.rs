//! Catalogs: parsed once per process, from sources that are compiled in.

use std::collections::HashMap;
use std::sync::LazyLock;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::types::FluentNumber;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use fluent_syntax::ast::{Entry, Pattern};
use intl_memoizer::Memoizable;
use intl_memoizer::concurrent::IntlLangMemoizer;
use jiff::Timestamp;
use people::Language;
use unic_langid::LanguageIdentifier;

use crate::value::{Value, grouped};

macro_rules! define_sources {
    ($($language:ident = $code:literal),+ $(,)?) => {
        const fn source(language: Language) -> &'static str {
            match language {
                $(Language::$language => include_str!(concat!("../catalogs/", $code, ".ftl")),)+
            }
        }
    };
}

people::with_languages!(define_sources);

static CATALOGS: LazyLock<[Catalog; Language::ALL.len()]> =
    LazyLock::new(|| Language::ALL.map(Catalog::parse));

pub(crate) fn of(language: Language) -> &'static Catalog {
    &CATALOGS[language as usize]
}

pub(crate) struct Catalog {
    /// Texts without placeholders.
    texts: HashMap<String, String>,
    /// Attributes, as `key.name`.
    attributes: HashMap<String, String>,
    /// Every text.
    bundle: FluentBundle<FluentResource>,
}

impl Catalog {
    fn parse(language: Language) -> Self {
        // Tests find unreadable messages; the others are still served.
        let resource =
            FluentResource::try_new(source(language).to_owned()).unwrap_or_else(|(rest, errors)| {
                debug_assert!(errors.is_empty(), "catalog {language}: {errors:?}");
                rest
            });
        let mut bundle = FluentBundle::new_concurrent(vec![
            language.code().parse::<LanguageIdentifier>().unwrap_or_default(),
        ]);
        // Isolation marks around placeholders would end up in e-mails, calendars and JSON.
        bundle.set_use_isolating(false);
        bundle.set_formatter(Some(format_number));
        let (mut names, mut texts, mut attributes) = (Vec::new(), HashMap::new(), HashMap::new());
        for entry in resource.entries() {
            let Entry::Message(message) = entry else { continue };
            let own = message.attributes.iter().map(|attribute| attribute.id.name.to_owned());
            names.push((message.id.name.to_owned(), own.collect::<Vec<_>>()));
        }
        let added = bundle.add_resource(resource);
        debug_assert!(added.is_ok(), "catalog {language}: {added:?}");
        for (key, own) in names {
            let Some(message) = bundle.get_message(&key) else { continue };
            for name in own {
                let value = message.get_attribute(&name).and_then(|one| plain(&bundle, one.value()));
                attributes.extend(value.map(|value| (format!("{key}.{name}"), value)));
            }
            texts.extend(message.value().and_then(|value| plain(&bundle, value)).map(|text| (key, text)));
        }
        Self { texts, attributes, bundle }
    }

    pub(crate) fn text(&self, key: &str) -> &str {
        let text = self.texts.get(key);
        debug_assert!(text.is_some(), "no text without placeholders has the key {key:?}");
        text.map_or("", String::as_str)
    }

    pub(crate) fn attribute(&self, key: &str, name: &str) -> Option<&str> {
        self.attributes.get(&format!("{key}.{name}")).map(String::as_str)
    }

    pub(crate) fn fill(
        &self,
        key: &str,
        values: &[(&str, Value<'_>)],
        moment: impl Fn(Timestamp) -> String,
    ) -> String {
        let message = self.bundle.get_message(key).and_then(|message| message.value());
        debug_assert!(message.is_some(), "no text has the key {key:?}");
        let Some(pattern) = message else { return String::new() };
        let args: FluentArgs<'_> = values
            .iter()
            .map(|(name, value)| {
                let value = match value {
                    Value::Text(text) => FluentValue::String(text.as_ref().into()),
                    Value::Count(count) => {
                        FluentValue::Number(FluentNumber::new(*count as f64, Default::default()))
                    }
                    Value::Moment(at) => FluentValue::String(moment(*at).into()),
                };
                (*name, value)
            })
            .collect();
        let mut errors = Vec::new();
        let text = self.bundle.format_pattern(pattern, Some(&args), &mut errors);
        debug_assert!(errors.is_empty(), "{key}: {errors:?}");
        text.into_owned()
    }
}

/// The text of a pattern; `None` if it has placeholders.
fn plain(bundle: &FluentBundle<FluentResource>, pattern: &Pattern<&str>) -> Option<String> {
    let mut errors = Vec::new();
    let text = bundle.format_pattern(pattern, None, &mut errors).into_owned();
    errors.is_empty().then_some(text)
}

/// The thousands separator of a bundle's language. Fluent's formatters are plain functions, so it comes from
/// the bundle's memoizer.
struct ThousandsSeparator(&'static str);

impl Memoizable for ThousandsSeparator {
    type Args = ();
    type Error = ();

    fn construct(language: LanguageIdentifier, (): ()) -> Result<Self, ()> {
        let language = language.language.as_str().parse().map_err(|_| ())?;
        Ok(Self(of(language).text("format-thousands-separator")))
    }
}

fn format_number(value: &FluentValue<'_>, memoizer: &IntlLangMemoizer) -> Option<String> {
    let FluentValue::Number(number) = value else { return None };
    let digits = format!("{:.0}", number.value);
    let format = |separator: &ThousandsSeparator| grouped(&digits, separator.0);
    memoizer.with_try_get::<ThousandsSeparator, _, _>((), format).ok()
}
