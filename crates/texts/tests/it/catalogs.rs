//! Every catalog has the keys and placeholders of English, and no empty text; French keeps its punctuation on
//! the line.

use std::collections::BTreeSet;

use people::{Feature, FieldGroup, Kind, Language};
use texts::{Texts, key};

use crate::parsed::{Message, catalog};

#[test]
fn catalogs_have_the_keys_of_english() {
    let english: BTreeSet<String> = catalog(Language::English).into_keys().collect();
    for language in Language::ALL {
        let keys: BTreeSet<String> = catalog(language).into_keys().collect();
        let missing: Vec<&String> = english.difference(&keys).collect();
        let unknown: Vec<&String> = keys.difference(&english).collect();
        assert!(
            missing.is_empty() && unknown.is_empty(),
            "{language} lacks {missing:?}, and adds {unknown:?}"
        );
    }
}

#[test]
fn texts_have_the_placeholders_of_english() {
    let english = catalog(Language::English);
    for language in Language::ALL {
        for (key, message) in catalog(language) {
            assert_eq!(message.placeholders, english[&key].placeholders, "{language}: {key}");
        }
    }
}

#[test]
fn no_text_is_empty() {
    for language in Language::ALL {
        for (key, Message { parts, placeholders, has_text }) in catalog(language) {
            let is_empty = placeholders.is_empty() && parts.iter().all(|part| part.trim().is_empty());
            // Separators are blank in some languages.
            let may_be_blank = key.ends_with("-separator") && parts.concat() != "";
            assert!(has_text && (!is_empty || may_be_blank), "{language}: {key}");
        }
    }
}

#[test]
fn french_keeps_its_punctuation_on_the_line() {
    for (key, message) in catalog(Language::French) {
        for part in message.parts {
            for wrong in [" :", " ;", " ?", " !", " »", "« "] {
                assert!(!part.contains(wrong), "{key}: {wrong:?} takes a no-break space");
            }
        }
    }
}

#[test]
fn languages_have_a_name() {
    let names = Language::ALL.map(|language| language.text("language-name"));
    assert_eq!(names.into_iter().collect::<BTreeSet<_>>().len(), names.len(), "{names:?}");
}

#[test]
fn names_of_the_model_have_texts() {
    for language in Language::ALL {
        for kind in Kind::ALL {
            assert_ne!(language.fill(&key("record-count-", kind.name()), &[("count", 2_u64.into())]), "");
        }
        for group in FieldGroup::ALL {
            assert_ne!(language.text(&key("reads-group-", group.name())), "");
        }
        let values = [("vendor", "V".into()), ("fields", "F".into())];
        for feature in Feature::ALL {
            assert_ne!(language.text(&key("flow-welcome-feature-", feature.name())), "");
            assert_ne!(language.fill(&key("flow-welcome-why-", feature.name()), &values), "");
        }
    }
}
