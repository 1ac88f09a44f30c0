//! `POST language`: changes the language of the flow.

use axum::response::Response;
use people::Language;
use serde::Deserialize;
use web::flow_progress::Step;

use super::visit::Posted;

#[derive(Deserialize)]
pub(crate) struct LanguageForm {
    #[serde(default)]
    language: String,
    #[serde(default)]
    step: String,
}

pub(crate) async fn choose(Posted { mut visit, form }: Posted<LanguageForm>) -> Response {
    if let Ok(language) = form.language.parse::<Language>()
        && let Err(refused) = visit.change(|progress| progress.language = Some(language)).await
    {
        return refused;
    }
    visit.redirect(Step::from_name(&form.step).unwrap_or(visit.progress.furthest))
}
