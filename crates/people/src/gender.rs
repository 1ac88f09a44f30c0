//! The gender of an employee.

use serde::{Deserialize, Deserializer, Serialize};

/// The gender of an employee, as it is entered in Lucca.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Gender {
    /// Female.
    Female,
    /// Male.
    Male,
    /// Another one.
    Other,
}

crate::names! { Gender: "gender" { Female = "female", Male = "male", Other = "other" } }

impl Gender {
    /// Reads a stored gender. Earlier versions stored Lucca's word, which the next full read replaces.
    pub(crate) fn read_stored<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Self>, D::Error> {
        Ok(Option::<String>::deserialize(deserializer)?.and_then(|word| Self::of_word(&word)))
    }

    /// The gender that Lucca's word means. `None` for `Undefined`, and for a word that is not known.
    ///
    /// Source: directory.md §6.3, `Undefined`, `Male`, `Female`.
    // unverified: the fourth word, which begins with `Misc`.
    pub fn of_word(word: &str) -> Option<Self> {
        let word = word.trim().to_ascii_lowercase();
        match word.as_str() {
            "female" => Some(Self::Female),
            "male" => Some(Self::Male),
            "other" => Some(Self::Other),
            other if other.starts_with("misc") => Some(Self::Other),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_that_earlier_versions_stored_are_read() {
        let birth = |json: &str| serde_json::from_str::<crate::Birth>(json).unwrap();
        let stored = birth(r#"{"date":null,"gender":"Male","nationality":null}"#);
        assert_eq!(stored.gender, Some(Gender::Male));
        let json = serde_json::to_string(&stored).unwrap();
        assert_eq!(birth(&json), stored, "{json}");
        assert_eq!(birth(r#"{"date":null,"gender":"?","nationality":null}"#).gender, None);
    }

    #[test]
    fn words_of_the_server_are_recognised() {
        let of = |word| Gender::of_word(word).map(Gender::name);
        let all = ["Female", "male", "Miscellaneous", "Undefined", "x"].map(of);
        assert_eq!(all, [Some("female"), Some("male"), Some("other"), None, None]);
    }
}
