//! Texts that people paste as an API key.

use lucca::{ApiKey, ApiKeyError as E};

use crate::support::KEY;

#[test]
fn good_ones() {
    for text in [
        KEY,
        "F3A1C0DE-1234-4ABC-8DEF-0123456789AB",
        "f3a1c0de12344abc8def0123456789ab",
        "F3A1C0DE12344ABC8DEF0123456789AB",
        "{f3a1c0de-1234-4abc-8def-0123456789ab}",
        "{F3A1C0DE12344ABC8DEF0123456789AB}",
        "(f3a1c0de-1234-4abc-8def-0123456789ab)",
        " f3a1c0de-1234-4abc-8def-0123456789ab ",
        "f3a1c0de-1234-4abc-8def-0123456789ab\r\n",
        "\"f3a1c0de-1234-4abc-8def-0123456789ab\"",
        "'f3a1c0de-1234-4abc-8def-0123456789ab',",
        "`f3a1c0de-1234-4abc-8def-0123456789ab`",
        "“f3a1c0de-1234-4abc-8def-0123456789ab”",
        "\u{feff}f3a1c0de-1234-4abc-8def-0123456789ab",
        "f3a1c0de-1234-4abc\u{200b}-8def-0123456789ab",
        "lucca application=f3a1c0de-1234-4abc-8def-0123456789ab",
        "Lucca application={f3a1c0de-1234-4abc-8def-0123456789ab}",
        "application=f3a1c0de-1234-4abc-8def-0123456789ab",
        "Authorization: lucca application=f3a1c0de-1234-4abc-8def-0123456789ab",
        "Authorization = lucca application = f3a1c0de-1234-4abc-8def-0123456789ab",
        "\"Authorization\": \"lucca application=f3a1c0de-1234-4abc-8def-0123456789ab\"",
        "LUCCA APPLICATION=F3A1C0DE-1234-4ABC-8DEF-0123456789AB",
    ] {
        match ApiKey::parse(text) {
            Ok(key) => assert_eq!(key.expose(), KEY, "{text:?}"),
            Err(error) => panic!("{text:?}: {error}"),
        }
    }
}

#[test]
fn bad_ones() {
    for (text, expected) in [
        ("", E::Empty),
        ("  \n", E::Empty),
        ("{}", E::Empty),
        ("{f3a1c0de-1234-4abc-8def-0123456789ab", E::UnmatchedBraces),
        ("f3a1c0de-1234-4abc-8def-0123456789ab}", E::UnmatchedBraces),
        ("{{f3a1c0de-1234-4abc-8def-0123456789ab}}", E::UnmatchedBraces),
        ("[f3a1c0de-1234-4abc-8def-0123456789ab]", E::OtherSecret),
        ("\"\"", E::Empty),
        ("lucca application=", E::Empty),
        ("jane.doe@acme.com", E::Email),
        ("f3a1c0de@acme.com", E::Email),
        ("https://acme.ilucca.net", E::Url),
        ("acme.ilucca.net", E::Url),
        ("www.acme.com/key", E::Url),
        ("https://acme.ilucca.net/f3a1c0de-1234-4abc-8def-0123456789ab", E::Url),
        ("f3a1c0de-****-****-****-0123456789ab", E::Masked),
        ("••••••••••••89ab", E::Masked),
        ("f3a1c0de-1234-4abc-8def-01234…", E::Masked),
        ("f3a1c0de-1234-4abc...", E::Masked),
        ("f3a1c0de-1234-4abc-8def-0123456789a", E::Truncated { digits: 31 }),
        ("f3a1c0de-1234-4abc-8def", E::Truncated { digits: 20 }),
        ("f3a1c0de", E::Truncated { digits: 8 }),
        ("{f3a1c0de-1234-4abc-8def-01234567", E::Truncated { digits: 28 }),
        ("f3a1c0de-1234-4abc-8def-0123456789abc", E::TooLong { digits: 33 }),
        (
            "f3a1c0de-1234-4abc-8def-0123456789abf3a1c0de-1234-4abc-8def-0123456789ab",
            E::TooLong { digits: 64 },
        ),
        ("9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", E::TooLong { digits: 64 }),
        ("f3a1-c0de-1234-4abc-8def-0123456789ab", E::MisplacedDashes),
        ("f3a1c0de1-234-4abc-8def-0123456789ab", E::MisplacedDashes),
        ("f3a1c0de--1234-4abc-8def-0123456789ab", E::MisplacedDashes),
        ("g3a1c0de-1234-4abc-8def-0123456789ab", E::NotHexadecimal),
        ("f3a1c0de-1234-4abc-8def-0123456789aé", E::NotHexadecimal),
        ("O3a1c0de12344abc8def0123456789ab", E::NotHexadecimal),
        ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.dBjftJeZ4CVPmB92K27uhbUJU1p1r_wW1gFWFOEjXk", E::Token),
        ("Bearer f3a1c0de-1234-4abc-8def-0123456789ab", E::OtherScheme),
        ("Authorization: Bearer abc", E::OtherScheme),
        ("Basic dXNlcjpwYXNz", E::OtherScheme),
        ("client_secret=abcdef", E::OtherScheme),
        ("lucca user=f3a1c0de-1234-4abc-8def-0123456789ab", E::OtherLuccaToken),
        ("Lucca webservice=f3a1c0de-1234-4abc-8def-0123456789ab", E::OtherLuccaToken),
        ("K7gNU3sdo+OL0wNhqoVWhr3g6s1xYv72ol/pe/Unols=", E::OtherSecret),
        ("sk_live_51H8xYzAbCdEfGhIjKlMn", E::OtherSecret),
        ("ZXCVBNMASDFGHJKLQWERTYUIOP", E::OtherSecret),
        ("{API_KEY}", E::Placeholder),
        ("YOUR_API_KEY", E::Placeholder),
        ("<your-key>", E::Placeholder),
        ("xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx", E::Placeholder),
        ("00000000-0000-0000-0000-000000000000", E::Placeholder),
        ("lucca application={API_KEY}", E::Placeholder),
        ("null", E::Placeholder),
        ("my key is f3a1c0de-1234-4abc-8def-0123456789ab", E::SeveralWords),
        ("f3a1c0de-1234-4abc-8def-0123456789ab extra", E::SeveralWords),
        ("f3a1c0de 1234 4abc 8def 0123456789ab", E::SeveralWords),
        ("f3a1c0de-1234-\n4abc-8def-0123456789ab", E::SeveralWords),
        ("secret", E::TooShort),
        ("1234", E::TooShort),
        ("hunter2", E::TooShort),
    ] {
        match ApiKey::parse(text) {
            Err(error) => {
                assert_eq!(error, expected, "{text:?}");
                let said = error.to_string();
                assert!(said.contains("32 hexadecimal digits"), "says what one looks like: {said}");
                assert!(!said.contains("f3a1c0de") && !said.contains("jane"), "never holds the text: {said}");
                assert!(error.code().starts_with("api_key."));
            }
            Ok(_) => panic!("{text:?} was taken for a key"),
        }
    }
}

#[test]
fn a_key_does_not_print() {
    let key = ApiKey::parse(KEY).unwrap();
    assert_eq!(format!("{key:?} {:#?}", key.clone()), "ApiKey(…) ApiKey(…)");
}
