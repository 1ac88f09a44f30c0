//! The service's settings, as its configuration file holds them. The binary reads the file itself.
//!
//! Every setting has a working default. Unknown keys are ignored, so that one file serves several versions,
//! and reported, since a mistyped key would otherwise go unnoticed (`reading`). docs/config.default.toml
//! explains each key.

mod reading;

use lucca::Method;
use serde::{Deserialize, Serialize};
use url::Url;

pub use reading::{Finding, Reading};

/// The longest validity of a mailed or handed-over link, in days.
pub const LONGEST_LINK_DAYS: u16 = 30;

/// The service's settings.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub struct Config {
    /// The service's address for browsers, such as `https://lucca.example.com`; by default the address it
    /// listens on.
    pub public_url: Option<Url>,
    /// Whether the last address in `X-Forwarded-For` is the client's. Set it only behind your own proxy that
    /// sets the header.
    pub trust_forwarded_for: bool,
    /// The vendor who embeds the flow.
    pub vendor: Vendor,
    /// The linking flow.
    pub linking: Linking,
    /// Passthrough requests to Lucca.
    pub passthrough: Passthrough,
    /// The API.
    pub api: Api,
    /// Retention periods, in days.
    pub retention: jobs::Retention,
}

/// Passthrough requests to Lucca.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default)]
pub struct Passthrough {
    /// The HTTP methods that are allowed: by default `GET`, which changes nothing. An empty list disables
    /// passthrough.
    pub methods: Vec<String>,
}

impl Default for Passthrough {
    fn default() -> Self {
        Self { methods: vec![Method::Get.name().to_owned()] }
    }
}

/// The API.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default)]
pub struct Api {
    /// Maximum number of requests per minute for each API key; 0 for no limit.
    pub requests_per_minute: u32,
}

impl Default for Api {
    fn default() -> Self {
        Self { requests_per_minute: 6000 }
    }
}

/// The vendor who embeds the flow, as customers see them.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default)]
pub struct Vendor {
    /// The vendor's name, as customers know it.
    pub name: String,
    /// The file of the vendor's logo: SVG, PNG, JPEG or WebP, at most 256 kB.
    pub logo: Option<std::path::PathBuf>,
    /// The vendor's colour: `#rrggbb`. The pages adjust it so that text on it stays readable.
    pub colour: String,
    /// The vendor's privacy policy.
    pub privacy_url: Option<Url>,
    /// The e-mail address of the vendor's support.
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

/// The policy when a customer links a tenant that another customer has linked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SameTenant {
    /// The link is refused, and the audit log records it for both customers.
    #[default]
    Refuse,
    /// Both links are kept, each with its own key; they share the tenant's request budget.
    Allow,
}

/// The linking flow.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default)]
pub struct Linking {
    /// The policy when a customer links a tenant that another customer has linked.
    pub same_tenant: SameTenant,
    /// Whether a customer may continue without a required permission, after the page has shown the
    /// consequence.
    pub allow_missing_permissions: bool,
    /// Number of days that a link that is handed over to an administrator is valid, 1 to 30.
    pub hand_over_days: u16,
    /// Limit on requests per minute to a tenant; 0 for no limit of the connector's own. The default is 40 of
    /// Lucca's 50.
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

/// The default configuration: every key with its explanation.
pub const DEFAULT_FILE: &str = include_str!("../../../docs/config.default.toml");

/// The configuration file cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("the configuration file has errors: {}", joined(.0))]
pub struct ConfigError(pub Vec<Finding>);

fn joined(findings: &[Finding]) -> String {
    findings.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

impl Config {
    /// Parses the text of a configuration file.
    ///
    /// # Errors
    ///
    /// Every error in the file, with its line.
    pub fn parse(text: &str) -> Result<Self, ConfigError> {
        let Reading { config, errors, .. } = Self::read(text);
        config.ok_or(ConfigError(errors))
    }

    /// The settings with invalid values: their path, and the rule that they break.
    fn check(&self) -> Vec<(&'static str, &'static str)> {
        let colour = self.vendor.colour.strip_prefix('#').unwrap_or_default();
        let is_web = |url: &Url| matches!(url.scheme(), "http" | "https");
        let is_address = |address: &String| {
            address.contains('@') && !address.contains(|c: char| c.is_whitespace() || "?&#%<>\"".contains(c))
        };
        let is_public = |url: &Url| {
            is_web(url) && url.query().is_none() && url.fragment().is_none() && url.username().is_empty()
        };
        let rules = [
            (
                "vendor.colour",
                colour.len() == 6 && colour.bytes().all(|byte| byte.is_ascii_hexdigit()),
                "must be a colour of the form #rrggbb",
            ),
            ("vendor.name", !self.vendor.name.trim().is_empty(), "must not be empty"),
            (
                "linking.hand_over_days",
                (1..=LONGEST_LINK_DAYS).contains(&self.linking.hand_over_days),
                "must be between 1 and 30",
            ),
            (
                "passthrough.methods",
                self.passthrough.methods.iter().all(|name| name.parse::<Method>().is_ok()),
                "must be a list of GET, POST, PUT, PATCH and DELETE",
            ),
            (
                "retention.changes_days",
                self.retention.keeps_enough_changes(),
                "must be 0 (keep for ever) or at least 90, so that change log readers can be offline that \
                 long",
            ),
            (
                "public_url",
                self.public_url.as_ref().is_none_or(is_public),
                "must be an http or https address without user, query and fragment",
            ),
            (
                "vendor.privacy_url",
                self.vendor.privacy_url.as_ref().is_none_or(is_web),
                "must be an http or https address",
            ),
            (
                "vendor.support_email",
                self.vendor.support_email.as_ref().is_none_or(is_address),
                "must be an e-mail address",
            ),
        ];
        rules.into_iter().filter(|(_, is_fine, _)| !is_fine).map(|(path, _, must)| (path, must)).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::Value;

    use super::*;

    #[test]
    fn empty_file_is_the_default() {
        assert_eq!(Config::parse("").unwrap().linking.hand_over_days, 7);
    }

    /// Every path of a value's members.
    fn paths(of: &Value, before: &str) -> BTreeSet<String> {
        let members = of.as_object().into_iter().flatten();
        let deeper = members.flat_map(|(key, value)| match value {
            Value::Object(_) => paths(value, &format!("{before}{key}.")),
            _ => BTreeSet::from([format!("{before}{key}")]),
        });
        deeper.collect()
    }

    /// The default file with all its commented-out keys set.
    fn uncommented() -> String {
        let is_key = |line: &str| {
            line.split_once(" = ").is_some_and(|(key, _)| {
                !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
            })
        };
        let set = |line: &str| match line.strip_prefix("# ").filter(|line| is_key(line)) {
            Some(line) => format!("{line}\n"),
            None => format!("{line}\n"),
        };
        DEFAULT_FILE.lines().map(set).collect()
    }

    #[test]
    fn default_file_has_every_key_and_default() {
        let default = serde_json::to_value(Config::default()).unwrap();
        assert_eq!(serde_json::to_value(Config::parse(DEFAULT_FILE).unwrap()).unwrap(), default);
        let Reading { config, errors, warnings } = Config::read(&uncommented());
        assert!(errors.is_empty() && warnings.is_empty(), "{errors:?} {warnings:?}");
        let set: toml::Table = uncommented().parse().unwrap();
        let set = serde_json::to_value(set).unwrap();
        assert_eq!(paths(&set, ""), paths(&default, ""));
        // Keys with a default show it; keys without one show an example.
        let shown = serde_json::to_value(config.unwrap()).unwrap();
        for path in paths(&default, "") {
            let pointer = format!("/{}", path.replace('.', "/"));
            let value = default.pointer(&pointer).unwrap();
            assert!(value.is_null() || shown.pointer(&pointer) == Some(value), "{path}");
        }
    }

    #[test]
    fn invalid_values_are_refused_by_name() {
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
