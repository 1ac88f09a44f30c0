//! The service's settings, as its configuration file holds them. Reading the file is the binary's business.
//!
//! Every setting has a default that works; an unknown key is an error, because a mistyped one would be ignored in
//! silence.

use lucca::Method;
use serde::Deserialize;
use url::Url;

/// The longest that a mailed or handed-over link may be valid, in days.
pub const LONGEST_LINK_DAYS: u16 = 30;

/// The service's settings.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Where browsers find the service, such as `https://lucca.example.com`; by default the address it listens on.
    pub public_url: Option<Url>,
    /// Whether the last address in `X-Forwarded-For` is the client's: only behind a proxy of one's own that sets it.
    pub trust_forwarded_for: bool,
    /// Who embeds the flow.
    pub vendor: Vendor,
    /// How the flow behaves.
    pub linking: Linking,
    /// What may be asked of Lucca in one's own words.
    pub passthrough: Passthrough,
    /// How the API behaves.
    pub api: Api,
    /// For how many days what is kept.
    pub retention: jobs::Retention,
}

/// What may be asked of Lucca in one's own words.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Passthrough {
    /// The methods that are passed on: by default `GET`, which changes nothing; none switches it off.
    pub methods: Vec<String>,
}

impl Default for Passthrough {
    fn default() -> Self {
        Self { methods: vec![Method::Get.name().to_owned()] }
    }
}

/// How the API behaves.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Api {
    /// How many requests a key for the API may send in a minute, 0 for as many as it likes.
    pub requests_per_minute: u32,
}

impl Default for Api {
    fn default() -> Self {
        Self { requests_per_minute: 6000 }
    }
}

/// Who embeds the flow: what customers see of them.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Vendor {
    /// The vendor's name, as customers know it.
    pub name: String,
    /// The file of the vendor's logo: SVG, PNG, JPEG or WebP, at most 256 kB.
    pub logo: Option<std::path::PathBuf>,
    /// The vendor's colour: `#rrggbb`. Text on it is made readable whatever it is.
    pub colour: String,
    /// Where customers read how the vendor treats their data.
    pub privacy_url: Option<Url>,
    /// Where customers get help: an e-mail address.
    pub support_email: Option<String>,
}

impl Default for Vendor {
    fn default() -> Self {
        Self {
            name: "lucca-connector".to_owned(),
            logo: None,
            colour: "#2f5d50".to_owned(),
            privacy_url: None,
            support_email: None,
        }
    }
}

/// What happens when a customer links a tenant that another customer has linked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SameTenant {
    /// It is refused, and both are told in the audit log.
    #[default]
    Refuse,
    /// Both are kept, each with its own key; they share the tenant's request budget.
    Allow,
}

/// How the flow behaves.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Linking {
    /// What happens when a customer links a tenant that another customer has linked.
    pub same_tenant: SameTenant,
    /// Whether a customer may go on although a required permission is missing, having read the consequence.
    pub allow_missing_permissions: bool,
    /// For how many days a link that is handed over to an administrator is valid, 1 to 30.
    pub hand_over_days: u16,
    /// The most requests to send to a tenant in a minute, 0 for no limit of ours; by default 40 of Lucca's 50.
    pub requests_per_minute: Option<u32>,
}

impl Default for Linking {
    fn default() -> Self {
        Self {
            same_tenant: SameTenant::Refuse,
            allow_missing_permissions: true,
            hand_over_days: 7,
            requests_per_minute: None,
        }
    }
}

/// The configuration file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// It is no TOML, or holds what no setting is.
    #[error("the configuration file cannot be read")]
    Toml(#[from] toml::de::Error),
    /// A setting has a value that it can't have.
    #[error("the setting {setting} {must}")]
    Value {
        /// The setting's path, such as `vendor.colour`.
        setting: &'static str,
        /// What it must be.
        must: &'static str,
    },
}

impl Config {
    /// Reads the text of a configuration file.
    ///
    /// # Errors
    ///
    /// What is wrong with it, with the place in the file where there is one.
    pub fn parse(text: &str) -> Result<Self, ConfigError> {
        let config: Self = toml::from_str(text)?;
        config.check()?;
        Ok(config)
    }

    fn check(&self) -> Result<(), ConfigError> {
        let must = |setting, is_fine: bool, must| {
            if is_fine { Ok(()) } else { Err(ConfigError::Value { setting, must }) }
        };
        let colour = self.vendor.colour.strip_prefix('#').unwrap_or_default();
        must(
            "vendor.colour",
            colour.len() == 6 && colour.bytes().all(|byte| byte.is_ascii_hexdigit()),
            "must be a colour of the form #rrggbb",
        )?;
        must("vendor.name", !self.vendor.name.trim().is_empty(), "must not be empty")?;
        must(
            "linking.hand_over_days",
            (1..=LONGEST_LINK_DAYS).contains(&self.linking.hand_over_days),
            "must be 1 to 30",
        )?;
        must(
            "passthrough.methods",
            self.passthrough.methods.iter().all(|name| name.parse::<Method>().is_ok()),
            "must be a list of GET, POST, PUT, PATCH and DELETE",
        )?;
        must(
            "retention.changes_days",
            self.retention.keeps_enough_changes(),
            "must be 0, for ever, or at least 90: whoever reads the change log may be away for as long",
        )?;
        let is_web = |url: &Url| matches!(url.scheme(), "http" | "https");
        must(
            "public_url",
            self.public_url.as_ref().is_none_or(|url| {
                is_web(url) && url.query().is_none() && url.fragment().is_none() && url.username().is_empty()
            }),
            "must be an http or https address without user, query and fragment",
        )?;
        must(
            "vendor.privacy_url",
            self.vendor.privacy_url.as_ref().is_none_or(is_web),
            "must be an http or https address",
        )?;
        must(
            "vendor.support_email",
            self.vendor.support_email.as_ref().is_none_or(|address| {
                address.contains('@')
                    && !address.contains(|c: char| c.is_whitespace() || "?&#%<>\"".contains(c))
            }),
            "must be an e-mail address",
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_file_is_the_default_and_a_typo_is_told() {
        assert_eq!(Config::parse("").unwrap().linking.hand_over_days, 7);
        let error = Config::parse("[vendor]\ncolor = \"#ffffff\"").unwrap_err();
        assert!(std::error::Error::source(&error).unwrap().to_string().contains("color"));
    }

    #[test]
    fn values_that_cannot_be_are_refused_by_name() {
        for (text, setting) in [
            ("[vendor]\ncolour = \"red\"", "vendor.colour"),
            ("[vendor]\ncolour = \"#12345g\"", "vendor.colour"),
            ("[vendor]\nname = \" \"", "vendor.name"),
            ("[passthrough]\nmethods = [\"get\"]", "passthrough.methods"),
            ("[linking]\nhand_over_days = 31", "linking.hand_over_days"),
            ("public_url = \"javascript:alert(1)\"", "public_url"),
            ("[vendor]\nprivacy_url = \"javascript:alert(1)\"", "vendor.privacy_url"),
            ("[vendor]\nsupport_email = \"a@b.example?cc=x\"", "vendor.support_email"),
        ] {
            let error = Config::parse(text).unwrap_err().to_string();
            assert!(error.contains(setting), "{text}: {error}");
        }
    }
}
