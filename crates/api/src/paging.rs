//! Pages of lists: their size, their cursors, and the address of the next page in the header `Link` (RFC 8288).

use api_types::List;
use axum::Json;
use axum::http::{HeaderValue, Uri, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use url::form_urlencoded;
use web::problem::Problem;

/// The page size: the requested one, from 1 to `most`, or `usual` by default.
pub(crate) fn page_size<N>(asked: Option<N>, usual: N, most: N) -> Result<N, Problem>
where
    N: Copy + PartialOrd + From<u8> + std::fmt::Display,
{
    let size = asked.unwrap_or(usual);
    if N::from(1) <= size && size <= most {
        return Ok(size);
    }
    Err(Problem::field("limit", "request.invalid", format!("`limit` must be between 1 and {most}.")))
}

/// Cuts what was read beyond a page. Returns the page's last item if there is more.
pub(crate) fn cut<T>(found: &mut Vec<T>, limit: u32) -> Option<&T> {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let has_more = found.len() > limit;
    found.truncate(limit);
    found.last().filter(|_| has_more)
}

/// The refusal of a cursor that no page of the list returned.
pub(crate) fn unknown_cursor() -> Problem {
    Problem::field("cursor", "request.invalid", "`cursor` must be the `next_cursor` of a page of this list.")
}

/// A page of a list as a response.
pub(crate) struct Page<T>(pub(crate) List<T>);

impl<T: Serialize> IntoResponse for Page<T> {
    fn into_response(self) -> Response {
        let next = self.0.next_cursor.clone();
        with_next(Json(self.0).into_response(), next.map(|cursor| ("cursor", cursor)))
    }
}

/// The parameter that requests the next page, with its value.
#[derive(Clone)]
struct Next(&'static str, String);

/// Marks a response as a page that another one follows, for [`write_link`].
pub(crate) fn with_next(mut response: Response, next: Option<(&'static str, String)>) -> Response {
    if let Some((parameter, value)) = next {
        response.extensions_mut().insert(Next(parameter, value));
    }
    response
}

/// The value of `next_cursor` at the end of a page that is JSON already.
pub(crate) fn cursor_of(page: &[u8]) -> Option<String> {
    // No cursor contains a quote, and the page ends with it.
    let page = page.strip_suffix(b"\"}")?;
    let begin = page.iter().rposition(|byte| *byte == b'"')? + 1;
    let (before, cursor) = page.split_at(begin);
    before.ends_with(b"\"next_cursor\":\"").then(|| String::from_utf8_lossy(cursor).into_owned())
}

/// Writes the header `Link` of a page that another one follows. `public_url` is the service's address as its users see
/// it, and `asked` the address of the request.
pub(crate) fn write_link(response: &mut Response, public_url: &str, asked: &Uri) {
    let Some(Next(parameter, value)) = response.extensions_mut().remove::<Next>() else { return };
    let link = link(public_url, asked, parameter, &value);
    if let Ok(link) = HeaderValue::from_str(&link) {
        response.headers_mut().insert(header::LINK, link);
    }
}

fn link(public_url: &str, asked: &Uri, parameter: &str, value: &str) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    let asked_query = asked.query().unwrap_or_default();
    query.extend_pairs(form_urlencoded::parse(asked_query.as_bytes()).filter(|(name, _)| name != parameter));
    let query = query.append_pair(parameter, value).finish();
    format!("<{}{}?{query}>; rel=\"next\"", public_url.trim_end_matches('/'), asked.path())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn next_page_keeps_the_filters() {
        let asked = "/v1/linked-accounts/a/employees?search=a%20b&cursor=one&limit=2".parse().unwrap();
        let expected = "<https://x.example/app/v1/linked-accounts/a/employees?search=a+b&limit=2&cursor=two>; rel=\"next\"";
        assert_eq!(link("https://x.example/app/", &asked, "cursor", "two"), expected);
    }

    #[test]
    fn cursor_is_read_from_a_rendered_page() {
        let page = |next: &str| format!("{{\"items\":[{{\"name\":\"é\"}}],\"next_cursor\":{next}}}");
        assert_eq!(cursor_of(page("\"eyJ2\"").as_bytes()).as_deref(), Some("eyJ2"));
        assert_eq!(cursor_of(page("null").as_bytes()), None);
        let long = format!("{{\"items\":[\"{}\"],\"next_cursor\":\"x\"}}", "é".repeat(1_500));
        assert_eq!(cursor_of(long.as_bytes()).as_deref(), Some("x"));
    }
}
