//! Extractors that authenticate a request of the linking flow: the link token in the path, its flow, and the
//! form's proof. Handlers take a [`Visit`] or a [`Posted`] form, so none can omit the check.

use std::sync::Arc;

use axum::extract::{FromRequest, FromRequestParts, Path, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use lucca::Method;
use people::Features;
use people::Language;
use secrecy::SecretString;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use store::{FlowStatus, LinkFlow, LinkedAccount};
use web::app::App;
use web::flow_progress::{Progress, Step};
use web::sender::Sender;
use web::tokens;

use super::refusal::Refusal;
use crate::page_response::page_response;

/// A request with the link token of an open or finished flow.
pub(crate) struct Visit {
    pub(crate) app: App,
    /// The link token as it appears in the path.
    pub(crate) token: Arc<str>,
    pub(crate) flow: LinkFlow,
    pub(crate) progress: Progress,
    pub(crate) language: Language,
    /// When the link token expires.
    pub(crate) expires_at: jiff::Timestamp,
}

#[derive(Deserialize)]
struct InPath {
    token: String,
}

impl FromRequestParts<App> for Visit {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Response> {
        let language = language_of(&parts.headers);
        let refuse = |refusal: Refusal| refusal.page(app, language, None, None);
        let Ok(Path(InPath { token })) = Path::<InPath>::from_request_parts(parts, app).await else {
            return Err(refuse(Refusal::Unknown));
        };
        let Ok(Sender(from)) = Sender::from_request_parts(parts, app).await;
        let now = app.services.clock.now();
        let found = app.services.store.link_flow_by_token(&SecretString::from(token.as_str())).await;
        let (flow, shown) = match found {
            Ok(Some(found)) => found,
            Ok(None) => {
                let tried = app.limits.unknown_token(from);
                return Err(refuse(if tried.is_ok() { Refusal::Unknown } else { Refusal::TooOften }));
            }
            Err(error) => return Err(refuse(Refusal::failed(&error))),
        };
        if app.limits.visit(flow.id).is_err() {
            return Err(refuse(Refusal::TooOften));
        }
        let progress = Progress::read(&flow.state);
        let wanted = progress.language.or_else(|| flow.language.as_ref()?.parse().ok());
        let language = wanted.unwrap_or(language);
        let refuse =
            |refusal: Refusal| Err(refusal.page(app, language, None, flow.allowed_origin.as_deref()));
        if flow.status == FlowStatus::Cancelled {
            return refuse(Refusal::Cancelled);
        }
        if shown.is_expired(now) {
            let is_finished = flow.status == FlowStatus::Finished;
            return refuse(if is_finished { Refusal::AlreadyLinked } else { Refusal::Expired });
        }
        let (expires_at, token) = (shown.expires_at, token.into());
        Ok(Self { app: app.clone(), token, flow, progress, language, expires_at })
    }
}

/// The browser's preferred language, used if the flow has none.
fn language_of(headers: &HeaderMap) -> Language {
    let accepted =
        headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    // Browsers list their languages in order of preference; weights only repeat that order.
    let first = accepted.split(',').find_map(|item| {
        let tag = item.split([';', '-']).next()?.trim().to_ascii_lowercase();
        tag.parse::<Language>().ok()
    });
    first.unwrap_or(Language::English)
}

impl Visit {
    /// The features that the app requested and the customer did not decline.
    pub(crate) fn features(&self) -> Features {
        let wanted = self.flow.features.iter().filter_map(|name| name.parse().ok());
        wanted.filter(|feature| !self.progress.declined.contains(feature)).collect()
    }

    /// The sentence on what these features write to Lucca; `None` if the operator allows writing passthrough
    /// requests, whose content is unknown.
    pub(crate) fn written_text(&self) -> Option<&'static str> {
        let changes = |name: &String| !name.eq_ignore_ascii_case(Method::Get.name());
        let is_known = !self.app.config.passthrough.methods.iter().any(changes);
        is_known.then(|| linking::written_text(&self.features(), self.language))
    }

    /// Whether the account is linked; the steps before that are then closed.
    pub(crate) fn is_finished(&self) -> bool {
        self.flow.status == FlowStatus::Finished
    }

    /// Checks that a step may be opened; otherwise redirects to the furthest one.
    pub(crate) fn may_open(&self, step: Step) -> Result<(), Response> {
        if self.is_finished() && step < Step::Sync {
            return Err(self.redirect(Step::Sync));
        }
        if step > self.progress.furthest { Err(self.redirect(self.progress.furthest)) } else { Ok(()) }
    }

    /// The flow's path.
    pub(crate) fn base(&self) -> String {
        format!("/link/{}", self.token)
    }

    /// The tenant's origin; empty until it is entered.
    pub(crate) fn tenant(&self) -> String {
        self.progress.tenant.as_ref().map(|tenant| tenant.origin.clone()).unwrap_or_default()
    }

    /// The path of a step, or of an action in it.
    pub(crate) fn path(&self, step: &str) -> String {
        format!("/link/{}/{step}", self.token)
    }

    /// The flow's full URL, to be opened on another device.
    pub(crate) fn url(&self) -> String {
        format!("{}/link/{}", self.app.public_url, self.token)
    }

    pub(crate) fn redirect(&self, step: Step) -> Response {
        Redirect::to(&self.path(step.name())).into_response()
    }

    /// Responds with a page of this flow. Only the allowed origin may frame it.
    pub(crate) fn page(&self, html: Result<String, askama::Error>) -> Response {
        page_response(StatusCode::OK, html, self.flow.allowed_origin.as_deref())
    }

    /// Responds with a form again, showing its error.
    pub(crate) fn form_again(&self, html: Result<String, askama::Error>) -> Response {
        page_response(StatusCode::UNPROCESSABLE_ENTITY, html, self.flow.allowed_origin.as_deref())
    }

    /// Responds with an error page.
    pub(crate) fn refuse(&self, refusal: Refusal) -> Response {
        refusal.page(&self.app, self.language, Some(&self.base()), self.flow.allowed_origin.as_deref())
    }

    /// Changes the flow's state. Two devices may do so at the same time: the change is then repeated on the
    /// stored state.
    pub(crate) async fn change(&mut self, mut change: impl FnMut(&mut Progress)) -> Result<(), Response> {
        match update(&self.app, &self.flow, &mut change).await {
            Ok(Some(flow)) => {
                self.progress = Progress::read(&flow.state);
                self.flow = flow;
                Ok(())
            }
            Ok(None) => Err(self.refuse(Refusal::Conflict)),
            Err(error) => Err(self.refuse(Refusal::failed(&error))),
        }
    }
}

impl Visit {
    /// Reads the flow again, since it may have changed.
    pub(crate) async fn refresh(&mut self) -> Result<(), Response> {
        match self.app.services.store.link_flow(self.flow.id).await {
            Ok(Some(flow)) => {
                self.progress = Progress::read(&flow.state);
                self.flow = flow;
                Ok(())
            }
            Ok(None) => Err(self.refuse(Refusal::Cancelled)),
            Err(error) => Err(self.refuse(Refusal::failed(&error))),
        }
    }

    /// The account that the flow has linked; before that, a redirect to the furthest step.
    pub(crate) async fn linked_account(&self) -> Result<LinkedAccount, Response> {
        if !self.is_finished() {
            return Err(self.redirect(self.progress.furthest.min(Step::Checks)));
        }
        let found = match self.flow.account_id {
            Some(id) => self.app.services.store.account(id).await,
            None => Ok(None),
        };
        match found {
            Ok(Some(account)) => Ok(account),
            Ok(None) => Err(self.refuse(Refusal::Cancelled)),
            Err(error) => Err(self.refuse(Refusal::failed(&error))),
        }
    }
}

/// Changes a flow's state; `None` if the flow is gone or other devices keep changing it.
pub(crate) async fn update(
    app: &App,
    flow: &LinkFlow,
    change: &mut impl FnMut(&mut Progress),
) -> Result<Option<LinkFlow>, store::Error> {
    const MAX_ATTEMPTS: usize = 5;
    let store = &app.services.store;
    for _ in 0..MAX_ATTEMPTS {
        let Some(flow) = store.link_flow(flow.id).await? else { return Ok(None) };
        let mut progress = Progress::read(&flow.state);
        change(&mut progress);
        if store.save_link_flow(flow.id, flow.version, &progress.to_json(), app.services.clock.now()).await? {
            return store.link_flow(flow.id).await;
        }
    }
    Ok(None)
}

/// A form that one of the flow's own pages sent.
pub(crate) struct Posted<T> {
    pub(crate) visit: Visit,
    pub(crate) form: T,
}

#[derive(Deserialize)]
struct Proof {
    #[serde(default)]
    csrf: String,
}

impl<T: DeserializeOwned> FromRequest<App> for Posted<T> {
    type Rejection = Response;

    async fn from_request(request: Request, app: &App) -> Result<Self, Response> {
        let (mut parts, body) = request.into_parts();
        let visit = Visit::from_request_parts(&mut parts, app).await?;
        if !is_same_origin(&parts.headers, &app.public_url) {
            return Err(visit.refuse(Refusal::Forged));
        }
        let is_form = parts
            .headers
            .get(header::CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .is_some_and(|value| value.starts_with("application/x-www-form-urlencoded"));
        let Ok(bytes) = axum::body::to_bytes(body, LARGEST_FORM).await else {
            return Err(visit.refuse(Refusal::Unreadable));
        };
        if !is_form {
            return Err(visit.refuse(Refusal::Unreadable));
        }
        let proof: Proof = read(&bytes).ok_or_else(|| visit.refuse(Refusal::Unreadable))?;
        if !tokens::is_form_proof(&visit.token, &proof.csrf) {
            return Err(visit.refuse(Refusal::Forged));
        }
        let form = read(&bytes).ok_or_else(|| visit.refuse(Refusal::Unreadable))?;
        Ok(Self { visit, form })
    }
}

const LARGEST_FORM: usize = 64 * 1024;

/// A repeated name becomes a list, as checkboxes need.
fn read<T: DeserializeOwned>(bytes: &[u8]) -> Option<T> {
    serde_html_form::from_bytes(bytes).ok()
}

/// Whether the browser reports that a page of this service sent the form. If it reports nothing, the form's
/// own proof has to suffice.
fn is_same_origin(headers: &HeaderMap, public_url: &str) -> bool {
    let says = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    if let Some(site) = says("sec-fetch-site") {
        return matches!(site, "same-origin" | "none");
    }
    match says("origin") {
        // Our pages send no referrer, and older browsers then send no origin either.
        None | Some("null") => true,
        Some(origin) => {
            url::Url::parse(public_url).is_ok_and(|url| url.origin().ascii_serialization() == origin)
        }
    }
}
