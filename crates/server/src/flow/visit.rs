//! Who is at the door: the link token in the path, the flow it opens, and what may be done with it. Handlers take a
//! [`Visit`] or a [`Posted`] form and can't forget to ask.

use std::sync::Arc;

use axum::extract::{FromRequest, FromRequestParts, Path, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use people::Language;
use lucca::Method;
use people::Features;
use secrecy::SecretString;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use store::{FlowStatus, LinkFlow};

use super::progress::{Progress, Step};
use super::refusal::Refusal;
use crate::app::App;
use crate::limits::Sender;
use crate::security::FrameAncestor;
use crate::tokens;

/// A visit to an open or finished flow.
pub(crate) struct Visit {
    pub(crate) app: App,
    /// The link token as it stands in the address.
    pub(crate) token: Arc<str>,
    pub(crate) flow: LinkFlow,
    pub(crate) progress: Progress,
    pub(crate) language: Language,
    /// Until when the link opens.
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
        let now = app.machinery.clock.now();
        let found = app.machinery.store.link_flow_by_token(&SecretString::from(token.as_str())).await;
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

/// What the browser asks for, where the flow says nothing.
fn language_of(headers: &HeaderMap) -> Language {
    let accepted =
        headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    // Browsers send their languages best first; weights only repeat that order.
    let first = accepted.split(',').find_map(|item| {
        let tag = item.split([';', '-']).next()?.trim().to_ascii_lowercase();
        tag.parse::<Language>().ok()
    });
    first.unwrap_or(Language::English)
}

impl Visit {
    /// What the app wants and the customer has not switched off.
    pub(crate) fn features(&self) -> Features {
        let wanted = self.flow.features.iter().filter_map(|name| name.parse().ok());
        wanted.filter(|feature| !self.progress.declined.contains(feature)).collect()
    }

    /// What is written to Lucca with these features, as a sentence; none where the operator lets more through, of which
    /// nothing is known here.
    pub(crate) fn written_text(&self) -> Option<&'static str> {
        let changes = |name: &String| !name.eq_ignore_ascii_case(Method::Get.name());
        let is_known = !self.app.config.passthrough.methods.iter().any(changes);
        is_known.then(|| linking::written_text(&self.features(), self.language))
    }

    /// Whether the account is linked already: then what led there is over.
    pub(crate) fn is_finished(&self) -> bool {
        self.flow.status == FlowStatus::Finished
    }

    /// Whether a step may be opened; else where to go instead.
    pub(crate) fn may_open(&self, step: Step) -> Result<(), Response> {
        if self.is_finished() && step < Step::Sync {
            return Err(self.redirect(Step::Sync));
        }
        if step > self.progress.furthest { Err(self.redirect(self.progress.furthest)) } else { Ok(()) }
    }

    /// Where the flow is, without its host.
    pub(crate) fn base(&self) -> String {
        format!("/link/{}", self.token)
    }

    /// The tenant's origin, once it is named.
    pub(crate) fn tenant(&self) -> String {
        self.progress.tenant.as_ref().map(|tenant| tenant.origin.clone()).unwrap_or_default()
    }

    /// The address of a step, or of an action in it.
    pub(crate) fn path(&self, step: &str) -> String {
        format!("/link/{}/{step}", self.token)
    }

    /// The whole address of the flow, to be opened on another device.
    pub(crate) fn url(&self) -> String {
        format!("{}/link/{}", self.app.public_url, self.token)
    }

    pub(crate) fn redirect(&self, step: Step) -> Response {
        Redirect::to(&self.path(step.name())).into_response()
    }

    /// A page of this flow: only who may embed it can frame it.
    pub(crate) fn page(&self, html: Result<String, askama::Error>) -> Response {
        page(StatusCode::OK, html, self.flow.allowed_origin.as_deref())
    }

    /// A page that shows a form again, with what is wrong.
    pub(crate) fn form_again(&self, html: Result<String, askama::Error>) -> Response {
        page(StatusCode::UNPROCESSABLE_ENTITY, html, self.flow.allowed_origin.as_deref())
    }

    /// Says why it can't go on.
    pub(crate) fn refuse(&self, refusal: Refusal) -> Response {
        refusal.page(&self.app, self.language, Some(&self.base()), self.flow.allowed_origin.as_deref())
    }

    /// Changes what is known of the flow. Two devices may do so at once: the change is made to what is stored then.
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
    /// Reads the flow again: it may have gone on since.
    pub(crate) async fn refresh(&mut self) -> Result<(), Response> {
        match self.app.machinery.store.link_flow(self.flow.id).await {
            Ok(Some(flow)) => {
                self.progress = Progress::read(&flow.state);
                self.flow = flow;
                Ok(())
            }
            Ok(None) => Err(self.refuse(Refusal::Cancelled)),
            Err(error) => Err(self.refuse(Refusal::failed(&error))),
        }
    }
}

/// Changes a flow's progress; none if it is gone or changes all the time.
pub(crate) async fn update(
    app: &App,
    flow: &LinkFlow,
    change: &mut impl FnMut(&mut Progress),
) -> Result<Option<LinkFlow>, store::Error> {
    const TIMES: usize = 5;
    let store = &app.machinery.store;
    for _ in 0..TIMES {
        let Some(flow) = store.link_flow(flow.id).await? else { return Ok(None) };
        let mut progress = Progress::read(&flow.state);
        change(&mut progress);
        if store.save_link_flow(flow.id, flow.version, &progress.to_json(), app.machinery.clock.now()).await?
        {
            return store.link_flow(flow.id).await;
        }
    }
    Ok(None)
}

/// A page, in a frame of `ancestor` or in none.
pub(crate) fn page(
    status: StatusCode,
    html: Result<String, askama::Error>,
    ancestor: Option<&str>,
) -> Response {
    let mut response = match html {
        Ok(html) => (status, [(header::CONTENT_TYPE, "text/html; charset=utf-8")], html).into_response(),
        Err(error) => {
            tracing::error!(%error, "a page could not be written");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    };
    if let Some(ancestor) = ancestor {
        response.extensions_mut().insert(FrameAncestor(ancestor.to_owned()));
    }
    response
}

/// A form that was sent by one of the flow's own pages.
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

/// A name that is there several times is a list: checkboxes.
fn read<T: DeserializeOwned>(bytes: &[u8]) -> Option<T> {
    serde_html_form::from_bytes(bytes).ok()
}

/// Whether a browser says that the form was sent from a page of ours. Those that say nothing are held to the form's
/// own proof alone.
fn is_same_origin(headers: &HeaderMap, public_url: &str) -> bool {
    let says = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    if let Some(site) = says("sec-fetch-site") {
        return matches!(site, "same-origin" | "none");
    }
    match says("origin") {
        // Of a page without referrer, as ours are, older browsers tell no origin.
        None | Some("null") => true,
        Some(origin) => {
            url::Url::parse(public_url).is_ok_and(|url| url.origin().ascii_serialization() == origin)
        }
    }
}
