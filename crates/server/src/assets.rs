//! Static files for browsers: the flow's style and scripts, the vendor's colour and logo, the widget and
//! example pages for vendors. All of them are compiled into the binary; no file comes from a third party.

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, header};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use web::app::App;
use web::problem::Problem;

use crate::{brand, widget};

/// One hour, since a new version of the service may bring new files.
const CACHED: &str = "public, max-age=3600";

const CSS: &str = "text/css; charset=utf-8";
const JS: &str = "text/javascript; charset=utf-8";

const HTML: &str = "text/html; charset=utf-8";

/// The files by path.
const FILES: [(&str, &str, &str); 9] = [
    ("/assets/flow.css", CSS, include_str!("../assets/flow.css")),
    ("/assets/flow.js", JS, include_str!("../assets/flow.js")),
    // htmx 2.0.7, Zero-Clause BSD licence.
    ("/assets/htmx.min.js", JS, include_str!("../assets/htmx.min.js")),
    ("/widget/index.mjs", JS, include_str!("../../../web/widget/index.mjs")),
    ("/widget/examples/embedded.html", HTML, include_str!("../../../web/examples/embedded.html")),
    ("/widget/examples/embedded.js", JS, include_str!("../../../web/examples/embedded.js")),
    ("/widget/examples/redirect.html", HTML, include_str!("../../../web/examples/redirect.html")),
    ("/widget/examples/redirect.js", JS, include_str!("../../../web/examples/redirect.js")),
    ("/widget/examples/example.css", CSS, include_str!("../../../web/examples/example.css")),
];

pub(crate) fn router() -> Router<App> {
    let own = Router::new().route("/assets/brand.css", get(brand_css)).route("/assets/logo", get(logo));
    let script = [("/widget/lucca-connector.js", JS, widget::script())];
    FILES.into_iter().chain(script).fold(own, |router, (path, media_type, text)| {
        router.route(path, get(move || async move { answer(media_type, text) }).layer(from_fn(shared)))
    })
}

/// Vendor pages on other origins load the widget, as a script or as a module.
async fn shared(request: Request, next: Next) -> Response {
    let is_widget = request.uri().path().starts_with("/widget/");
    let mut response = next.run(request).await;
    if is_widget {
        for (name, value) in
            [("access-control-allow-origin", "*"), ("cross-origin-resource-policy", "cross-origin")]
        {
            response.headers_mut().insert(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
    }
    response
}

fn answer(media_type: &'static str, body: impl IntoResponse) -> Response {
    ([(header::CONTENT_TYPE, media_type), (header::CACHE_CONTROL, CACHED)], body).into_response()
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
