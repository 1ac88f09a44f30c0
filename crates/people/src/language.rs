//! The languages of pages, messages and summaries.

use std::fmt;
use std::str::FromStr;

use crate::UnknownName;
use serde::{Deserialize, Serialize};

/// Passes every language with its ISO 639-1 code to a macro. A new language takes a line here and the catalog
/// `crates/texts/catalogs/{code}.ftl`.
#[macro_export]
macro_rules! with_languages {
    ($define:ident) => {
        $define! {
            English = "en",
            French = "fr",
        }
    };
}

macro_rules! define_languages {
    ($($language:ident = $code:literal),+ $(,)?) => {
        /// A language that has a catalog of texts.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub enum Language {
            $(
                #[doc = concat!("Code `", $code, "`.")]
                #[serde(rename = $code)]
                $language,
            )+
        }

        impl Language {
            /// Every language.
            pub const ALL: [Self; [$($code),+].len()] = [$(Self::$language),+];

            /// The codes of every language.
            pub const CODES: &[&str] = &[$($code),+];

            /// The ISO 639-1 code.
            pub const fn code(self) -> &'static str {
                match self {
                    $(Self::$language => $code,)+
                }
            }
        }
    };
}

with_languages!(define_languages);

impl Default for Language {
    fn default() -> Self {
        Self::English
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.code())
    }
}

impl FromStr for Language {
    type Err = UnknownName;

    /// Parses a code, also with a region (`fr-CH`, `en_GB`), in any case.
    fn from_str(text: &str) -> Result<Self, UnknownName> {
        let code = text.split(['-', '_']).next().unwrap_or_default();
        Self::ALL
            .into_iter()
            .find(|language| language.code().eq_ignore_ascii_case(code))
            .ok_or_else(|| UnknownName { what: "language", text: text.to_owned(), known: Self::CODES })
    }
}
