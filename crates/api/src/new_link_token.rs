//! `POST /v1/link-tokens`: opens a linking flow for one customer.

use std::str::FromStr;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use jiff::ToSpan;
use people::Feature;
use people::Language;
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use store::{AccountId, FlowId, NewLinkFlow, TokenKind};
use url::Url;
use utoipa::ToSchema;
use web::app::App;
use web::auth::Vendor;
use web::config::LONGEST_LINK_DAYS;
use web::flow_progress::Progress;
use web::problem::Problem;
use web::tokens;

use super::Body;
use super::answers::{Unauthorized, Unprocessable};
use api_types::time;

/// The customer and the options of a new linking flow.
#[derive(Deserialize, ToSchema)]
#[schema(example = json!({
    "customer_id": "cust_42",
    "organization": "Acme SAS",
    "email": "it@acme.example",
    "features": ["employees", "leaves", "jobs", "managers"],
    "language": "fr",
    "allowed_origin": "https://app.example.com",
}))]
#[serde(deny_unknown_fields)]
pub(crate) struct LinkTokenCreate {
    /// The vendor's own id of the customer, 1 to 200 characters. Linked accounts can be searched by it.
    #[schema(example = "cust_42", min_length = 1, max_length = 200)]
    customer_id: String,
    /// The customer's name, shown to the administrator who links.
    #[schema(example = "Acme SAS", max_length = 200)]
    organization: Option<String>,
    /// The e-mail address of the administrator who links, suggested as technical contact of the API key.
    #[schema(example = "it@acme.example", max_length = 254)]
    email: Option<String>,
    /// Features that the app needs: employees (always), leaves, absence_requests, jobs, managers,
    /// qualifications, custom_fields. By default all except absence_requests and custom_fields. The flow asks
    /// for their permissions only.
    #[schema(example = json!(["employees", "leaves", "jobs", "managers"]))]
    features: Option<Vec<String>>,
    /// The ISO 639-1 code of the flow's language, such as `en` or `fr`; by default the browser's language.
    #[schema(example = "fr", pattern = "^[a-z]{2}$")]
    language: Option<String>,
    /// The origin that may embed the flow and is notified of its end. Exclusive with `return_url`.
    #[schema(example = "https://app.example.com")]
    allowed_origin: Option<String>,
    /// The address to which the browser returns, with `public_token` added to its query.
    #[schema(example = "https://app.example.com/settings/lucca")]
    return_url: Option<String>,
    /// Whether the link is mailed instead of opened at once. A mailed link may be valid for longer.
    #[serde(default)]
    mailed: bool,
    /// Validity in minutes: up to 30 (the default), or for mailed links up to 43,200 (30 days; 7 days by
    /// default).
    #[schema(example = 30, minimum = 1, maximum = 43200)]
    valid_minutes: Option<u32>,
    /// The linked account to relink. It keeps its id, its data and its tenant.
    #[schema(example = "acct_0193a5b0c2d47b3e9f1a2b3c4d5e6f70")]
    linked_account_id: Option<String>,
}

/// A link token and the address of its flow.
#[derive(Serialize, ToSchema)]
pub(crate) struct LinkToken {
    /// The flow's id, by which its progress can be queried.
    #[schema(example = "flow_0193a5b0c2d47b3e9f1a2b3c4d5e6f70")]
    flow_id: String,
    /// The secret that opens the flow. It is shown once.
    #[schema(example = "lnk_q8bq3k3cXc0m2lYy0g7Jm3x1o0cQ3lq9F3m8c0bq1yA")]
    token: String,
    /// The flow's address: to open in the widget, to redirect to, or to mail.
    #[schema(example = "https://lucca.example.com/link/lnk_q8bq3k3cXc0m2lYy0g7Jm3x1o0cQ3lq9F3m8c0bq1yA")]
    url: String,
    /// When it expires, UTC.
    #[schema(example = "2026-11-25T12:30:00Z")]
    expires_at: String,
}

/// Opens a linking flow for one customer.
#[utoipa::path(
    post, path = "/v1/link-tokens", tag = "Linking", security(("key" = [])), request_body = LinkTokenCreate,
    responses(
        (status = 201, body = LinkToken),
        Unauthorized,
        (status = 404, description = "No such linked account.", body = Problem, content_type = "application/problem+json"),
        Unprocessable,
    )
)]
pub(crate) async fn create_link_token(
    State(app): State<App>,
    vendor: Vendor,
    Body(wanted): Body<LinkTokenCreate>,
) -> Result<(StatusCode, Json<LinkToken>), Problem> {
    let wanted = wanted.check()?;
    let store = &app.services.store;
    if let Some(id) = wanted.relink {
        let account = store.account(id).await?.ok_or_else(|| Problem::not_found("linked account"))?;
        if account.customer_id.as_ref().is_some_and(|customer| *customer != wanted.customer_id) {
            return Err(Problem::field(
                "linked_account_id",
                "link_token.other_customer",
                "This linked account belongs to another customer_id.",
            ));
        }
    }
    let now = app.services.clock.now();
    let token = tokens::new_link_token(&app.services.entropy)?;
    let flow_id = FlowId::mint(now, app.services.entropy.bytes()?);
    let expires_at = now.checked_add(i64::from(wanted.minutes).minutes()).unwrap_or(now);
    let state = Progress::new(wanted.language).to_json();
    let features: Vec<String> = wanted.features.iter().map(|feature| feature.name().to_owned()).collect();
    let flow = NewLinkFlow {
        id: flow_id,
        customer_id: &wanted.customer_id,
        organization: wanted.organization.as_deref(),
        email: wanted.email.as_deref(),
        features: &features,
        language: wanted.language.map(Language::code),
        allowed_origin: wanted.allowed_origin.as_deref(),
        return_url: wanted.return_url.as_deref(),
        relink: wanted.relink,
        state: &state,
        actor: vendor.actor(),
        at: now,
    };
    store.create_link_flow(flow, &token, wanted.kind, expires_at).await?;
    let token = token.expose_secret().to_owned();
    Ok((
        StatusCode::CREATED,
        Json(LinkToken {
            flow_id: flow_id.to_string(),
            url: format!("{}/link/{token}", app.public_url),
            token,
            expires_at: time(expires_at),
        }),
    ))
}

/// A validated request.
struct CheckedLinkToken {
    customer_id: String,
    organization: Option<String>,
    email: Option<String>,
    features: Vec<Feature>,
    language: Option<Language>,
    allowed_origin: Option<String>,
    return_url: Option<String>,
    kind: TokenKind,
    minutes: u32,
    relink: Option<AccountId>,
}

const EMBEDDED_MINUTES: u32 = 30;
const MAILED_MINUTES: u32 = 7 * 24 * 60;
const LONGEST_MAILED: u32 = LONGEST_LINK_DAYS as u32 * 24 * 60;

/// The default features: everything that a people app shows, and no right to write.
pub(crate) const DEFAULT_FEATURES: [Feature; 5] =
    [Feature::Employees, Feature::Leaves, Feature::Jobs, Feature::Managers, Feature::Qualifications];

impl LinkTokenCreate {
    fn check(self) -> Result<CheckedLinkToken, Problem> {
        let customer_id = text("customer_id", Some(self.customer_id), 200)?.ok_or_else(|| {
            Problem::field("customer_id", "link_token.customer_id", "It must not be empty.")
        })?;
        let features = match self.features {
            None => DEFAULT_FEATURES.to_vec(),
            Some(names) => features(&names)?,
        };
        let language = self.language.map(|code| Language::from_str(&code)).transpose().map_err(|_| {
            let detail = format!("Use one of these language codes: {}.", Language::CODES.join(", "));
            Problem::field("language", "link_token.language", detail)
        })?;
        if self.allowed_origin.is_some() && self.return_url.is_some() {
            return Err(Problem::field(
                "return_url",
                "link_token.conflicting_ends",
                "Name allowed_origin (the widget) or return_url (a redirect), not both.",
            ));
        }
        let (kind, usual, longest) = if self.mailed {
            (TokenKind::Mailed, MAILED_MINUTES, LONGEST_MAILED)
        } else {
            (TokenKind::Embedded, EMBEDDED_MINUTES, EMBEDDED_MINUTES)
        };
        let minutes = self.valid_minutes.unwrap_or(usual);
        if !(1..=longest).contains(&minutes) {
            return Err(Problem::field(
                "valid_minutes",
                "link_token.validity",
                format!(
                    "It must be 1 to {longest}; a mailed link may be valid for {LONGEST_MAILED} minutes."
                ),
            ));
        }
        let relink = self.linked_account_id.map(|id| id.parse()).transpose().map_err(|_| {
            Problem::field(
                "linked_account_id",
                "link_token.linked_account_id",
                "It must be the id of a linked account: acct_….",
            )
        })?;
        Ok(CheckedLinkToken {
            customer_id,
            organization: text("organization", self.organization, 200)?,
            email: email(self.email)?,
            features,
            language,
            allowed_origin: self.allowed_origin.as_deref().map(origin).transpose()?,
            return_url: self.return_url.as_deref().map(return_url).transpose()?,
            kind,
            minutes,
            relink,
        })
    }
}

/// Trims a text and refuses control characters; `None` if nothing is left.
pub(crate) fn text(
    field: &'static str,
    value: Option<String>,
    longest: usize,
) -> Result<Option<String>, Problem> {
    let Some(value) = value.map(|value| value.trim().to_owned()).filter(|value| !value.is_empty()) else {
        return Ok(None);
    };
    if value.chars().count() > longest || value.chars().any(char::is_control) {
        return Err(Problem::field(
            field,
            "link_token.text",
            format!("It must be at most {longest} characters, none of them a control character."),
        ));
    }
    Ok(Some(value))
}

fn email(value: Option<String>) -> Result<Option<String>, Problem> {
    let value = text("email", value, 254)?;
    let is_fine = |value: &String| {
        let is_odd = |c: char| c.is_whitespace() || "<>\"'?&#%,;:/\\".contains(c);
        value.split_once('@').is_some_and(|(name, host)| !name.is_empty() && host.contains('.'))
            && !value.contains(is_odd)
    };
    match value {
        Some(value) if !is_fine(&value) => {
            Err(Problem::field("email", "link_token.email", "It must be one plain e-mail address."))
        }
        value => Ok(value),
    }
}

pub(crate) fn features(names: &[String]) -> Result<Vec<Feature>, Problem> {
    let unknown = |_| {
        let known: Vec<&str> = Feature::ALL.iter().map(|feature| feature.name()).collect();
        let detail = format!("It must be a list of: {}.", known.join(", "));
        Problem::field("features", "link_token.unknown_feature", detail)
    };
    let named =
        names.iter().map(|name| name.parse()).collect::<Result<Vec<Feature>, _>>().map_err(unknown)?;
    // Creating or following absence requests requires seeing absences.
    let implied = named.contains(&Feature::AbsenceRequests).then_some(Feature::Leaves);
    let is_wanted = |feature: &Feature| {
        *feature == Feature::Employees || named.contains(feature) || implied == Some(*feature)
    };
    Ok(Feature::ALL.into_iter().filter(is_wanted).collect())
}

/// An origin as browsers write it. Plain http only for localhost, for development.
fn origin(value: &str) -> Result<String, Problem> {
    let refused = || {
        Problem::field(
            "allowed_origin",
            "link_token.origin",
            "It must be an origin such as https://app.example.com, without a path; http only for localhost.",
        )
    };
    let url = Url::parse(value).map_err(|_| refused())?;
    let origin = url.origin().ascii_serialization();
    let is_bare = value.strip_suffix('/').unwrap_or(value).eq_ignore_ascii_case(&origin);
    // The origin is used in a header, where a wildcard, a quote or a semicolon would allow further origins.
    // URLs may have them in hosts.
    let is_plain = url.host_str().is_some_and(|host| {
        let is_label = |label: &str| {
            !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        };
        matches!(url.host(), Some(url::Host::Ipv6(_))) || host.split('.').all(is_label)
    });
    if is_bare && is_plain && is_safe(&url) { Ok(origin) } else { Err(refused()) }
}

fn return_url(value: &str) -> Result<String, Problem> {
    let refused = || {
        Problem::field(
            "return_url",
            "link_token.return_url",
            "It must be an https address without a fragment, of at most 2,000 characters; http only for localhost.",
        )
    };
    let url = Url::parse(value).map_err(|_| refused())?;
    let is_fine = is_safe(&url) && url.fragment().is_none() && url.as_str().len() <= 2000;
    if is_fine { Ok(url.into()) } else { Err(refused()) }
}

fn is_safe(url: &Url) -> bool {
    let is_here = match url.host() {
        Some(url::Host::Domain(host)) => host == "localhost",
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    let is_secure = url.scheme() == "https" || (url.scheme() == "http" && is_here);
    is_secure && url.host().is_some() && url.username().is_empty() && url.password().is_none()
}
