//! Files that browsers load: the flow's style and scripts, the vendor's colour and logo. All of them are in the
//! binary; nothing comes from elsewhere.

use axum::Router;
use axum::extract::{Path, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use crate::app::App;
use crate::pages::brand;
use crate::problem::Problem;

/// An hour: a new version of the service may bring new ones.
const CACHED: &str = "public, max-age=3600";

const CSS: &str = "text/css; charset=utf-8";
const JS: &str = "text/javascript; charset=utf-8";

/// The files by their names under `/assets`.
const FILES: [(&str, &str, &str); 3] = [
    ("flow.css", CSS, include_str!("../assets/flow.css")),
    ("flow.js", JS, include_str!("../assets/flow.js")),
    // htmx 2.0.7, Zero-Clause BSD licence.
    ("htmx.min.js", JS, include_str!("../assets/htmx.min.js")),
];

pub(crate) fn router() -> Router<App> {
    Router::new()
        .route("/assets/brand.css", get(brand_css))
        .route("/assets/logo", get(logo))
        .route("/assets/{name}", get(file))
}

fn answer(media_type: &'static str, body: impl IntoResponse) -> Response {
    ([(header::CONTENT_TYPE, media_type), (header::CACHE_CONTROL, CACHED)], body).into_response()
}

async fn file(Path(name): Path<String>) -> Response {
    match FILES.iter().find(|(known, ..)| *known == name) {
        Some((_, media_type, text)) => answer(media_type, *text),
        None => Problem::not_found("file").into_response(),
    }
}

async fn brand_css(State(app): State<App>) -> Response {
    answer(CSS, brand::stylesheet(&app.config.vendor.colour))
}

async fn logo(State(app): State<App>) -> Response {
    match &app.logo {
        Some(logo) => answer(logo.media_type, logo.bytes.clone()),
        None => Problem::not_found("file").into_response(),
    }
}
