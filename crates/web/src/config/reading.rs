//! Parses a configuration file, and reports all its errors at once, with line and key.

use std::fmt;

use serde::Serialize;
use serde_json::Value;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::Config;

/// The result of parsing a configuration file.
#[derive(Clone, Debug)]
pub struct Reading {
    /// The settings; `None` if there are errors.
    pub config: Option<Config>,
    /// Errors that make the file unusable.
    pub errors: Vec<Finding>,
    /// Keys that were ignored.
    pub warnings: Vec<Finding>,
}

/// An error or a warning about a configuration file. Never contains a setting's value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The line, from 1, if known.
    pub line: Option<usize>,
    /// The key, such as `vendor.colour`, if it concerns one.
    pub key: Option<String>,
    /// The error or the warning.
    pub message: String,
    /// The known key that is most similar to an unknown one.
    pub did_you_mean: Option<String>,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(line) = self.line {
            write!(f, "line {line}: ")?;
        }
        if let Some(key) = &self.key {
            write!(f, "{key} ")?;
        }
        f.write_str(&self.message)?;
        match &self.did_you_mean {
            Some(meant) => write!(f, "; did you mean {meant}?"),
            None => Ok(()),
        }
    }
}

impl Config {
    /// Parses the text of a configuration file, and collects all its errors.
    pub fn read(text: &str) -> Reading {
        let whole = match DeTable::parse(text) {
            Ok(whole) => whole,
            Err(error) => {
                let errors = vec![toml_error(text, None, &error)];
                return Reading { config: None, errors, warnings: Vec::new() };
            }
        };
        let finding = |path: &str, message: &str, did_you_mean| Finding {
            line: offset_of(whole.get_ref(), path).map(|at| line_of(text, at)),
            key: Some(path.to_owned()),
            message: message.to_owned(),
            did_you_mean,
        };
        let (mut errors, mut rest) = (Vec::new(), whole.clone());
        loop {
            let mut warnings = Vec::new();
            let mut unknown = |path: serde_ignored::Path<'_>| {
                let path = path.to_string();
                warnings.push(finding(&path, "is not a known key and was ignored", similar_key(&path)));
            };
            let read = serde_ignored::deserialize(toml::Deserializer::from(rest.clone()), &mut unknown);
            warnings.sort_by_key(|warning| warning.line);
            let config: Option<Self> = match read {
                Ok(config) => Some(config),
                Err(error) => {
                    let key = error.span().and_then(|span| key_at(rest.get_ref(), span.start));
                    // Deserialisation stops at the first invalid value. Removing it finds the remaining
                    // errors.
                    let is_removed = key.as_ref().is_some_and(|key| remove(rest.get_mut(), key));
                    errors.push(toml_error(text, key, &error));
                    if is_removed {
                        continue;
                    }
                    None
                }
            };
            let broken = config.iter().flat_map(Self::check);
            errors.extend(broken.map(|(path, must)| finding(path, must, None)));
            errors.sort_by_key(|error| error.line);
            return Reading { config: config.filter(|_| errors.is_empty()), errors, warnings };
        }
    }
}

/// Converts an error of the TOML parser, whose text contains type names and no value except numbers.
fn toml_error(text: &str, key: Option<String>, error: &toml::de::Error) -> Finding {
    let line = error.span().map(|span| line_of(text, span.start));
    let is_value = key.is_some();
    let message = if is_value {
        format!("has an invalid value: {}", error.message())
    } else {
        error.message().to_owned()
    };
    Finding { line, key, message, did_you_mean: None }
}

/// The line at a byte offset, from 1.
fn line_of(text: &str, at: usize) -> usize {
    text.get(..at).unwrap_or(text).matches('\n').count() + 1
}

/// The byte offset of a key.
fn offset_of(table: &DeTable<'_>, path: &str) -> Option<usize> {
    let (key, deeper) = match path.split_once('.') {
        Some((key, deeper)) => (key, Some(deeper)),
        None => (path, None),
    };
    let (name, value) = table.iter().find(|(name, _)| name.get_ref() == key)?;
    match (deeper, value.get_ref()) {
        (Some(deeper), DeValue::Table(table)) => offset_of(table, deeper),
        _ => Some(name.span().start),
    }
}

/// Removes a key and its value. False if the key does not exist.
fn remove(table: &mut DeTable<'_>, path: &str) -> bool {
    match path.split_once('.') {
        None => table.remove(path).is_some(),
        Some((key, deeper)) => match table.get_mut(key).map(Spanned::get_mut) {
            Some(DeValue::Table(table)) => remove(table, deeper),
            _ => false,
        },
    }
}

/// The key whose value covers a byte offset.
fn key_at(table: &DeTable<'_>, at: usize) -> Option<String> {
    for (name, value) in table {
        if let DeValue::Table(inner) = value.get_ref()
            && let Some(key) = key_at(inner, at)
        {
            return Some(format!("{}.{key}", name.get_ref()));
        }
        if value.span().contains(&at) {
            return Some(name.get_ref().to_string());
        }
    }
    None
}

/// The known key that is most similar to an unknown one.
fn similar_key(unknown: &str) -> Option<String> {
    let default = serde_json::to_value(Config::default()).unwrap_or_default();
    let mut known = Vec::new();
    paths(&default, "", &mut known);
    let last = |path: &str| path.rsplit('.').next().unwrap_or_default().to_owned();
    // A key in the wrong section usually has the right name.
    let likeness = |path: &String| {
        strsim::jaro_winkler(path, unknown).max(strsim::jaro_winkler(&last(path), &last(unknown)))
    };
    let best = known.into_iter().max_by(|a, b| likeness(a).total_cmp(&likeness(b)))?;
    (likeness(&best) > 0.85).then_some(best)
}

fn paths(of: &Value, before: &str, into: &mut Vec<String>) {
    for (key, value) in of.as_object().into_iter().flatten() {
        match value {
            Value::Object(_) => {
                into.push(format!("{before}{key}"));
                paths(value, &format!("{before}{key}."), into);
            }
            _ => into.push(format!("{before}{key}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (Vec<String>, Vec<String>) {
        let Reading { config, errors, warnings } = Config::read(text);
        assert_eq!(config.is_some(), errors.is_empty());
        let texts = |findings: Vec<Finding>| findings.iter().map(ToString::to_string).collect();
        (texts(errors), texts(warnings))
    }

    #[test]
    fn unknown_keys_warn_with_a_suggestion() {
        let (errors, warnings) =
            read("[vendor]\nname = \"A\"\ncolor = \"#ffffff\"\n\n[linkin]\nx = 1\n[zzz]\ny = 1\n");
        assert!(errors.is_empty(), "{errors:?}");
        let passed_over = "is not a known key and was ignored";
        assert_eq!(
            warnings,
            [
                format!("line 3: vendor.color {passed_over}; did you mean vendor.colour?"),
                format!("line 5: linkin {passed_over}; did you mean linking?"),
                format!("line 7: zzz {passed_over}"),
            ]
        );
        let (_, warnings) = read("hand_over_days = 3");
        assert!(warnings[0].ends_with("did you mean linking.hand_over_days?"), "{warnings:?}");
    }

    #[test]
    fn all_invalid_values_are_reported_with_lines() {
        let text = "public_url = \"javascript:x\"\n[vendor]\ncolour = \"red\"\nname = \" \"\n";
        let (errors, _) = read(text);
        assert_eq!(errors.len(), 3, "{errors:?}");
        assert!(errors.contains(&"line 3: vendor.colour must be a colour of the form #rrggbb".to_owned()));

        let text = "[linking]\nhand_over_days = 99\nsame_tenant = \"perhaps\"\n[retention]\nrunz_days = 3\n\
                    runs_days = -4\n[passthrough]\nmethods = [1]\n";
        let (errors, warnings) = read(text);
        let about = [
            "line 2: linking.hand_over_days must",
            "line 3: linking.same_tenant has an invalid value",
            "line 6: retention.runs_days has an invalid value",
        ];
        assert_eq!(errors.len(), 4, "{errors:?}");
        for (error, about) in errors.iter().zip(about) {
            assert!(error.starts_with(about), "{error}");
        }
        assert!(errors[3].starts_with("line 8: passthrough.methods has an invalid value"), "{errors:?}");
        assert_eq!(warnings.len(), 1, "{warnings:?}");
        assert!(warnings[0].ends_with("did you mean retention.runs_days?"), "{warnings:?}");
    }

    #[test]
    fn type_and_syntax_errors_have_lines() {
        let (errors, _) = read("[api]\nrequests_per_minute = \"many\"\n");
        assert!(errors[0].starts_with("line 2: api.requests_per_minute has an invalid value"), "{errors:?}");
        let (errors, _) = read("[vendor]\nname = \"A\n");
        assert!(errors[0].starts_with("line 2: "), "{errors:?}");
        let (errors, _) = read("[linking]\nsame_tenant = \"perhaps\"\n");
        assert!(errors[0].starts_with("line 2: linking.same_tenant has an invalid value"), "{errors:?}");
    }
}
