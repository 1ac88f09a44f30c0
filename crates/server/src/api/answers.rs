//! The answers that many endpoints may give, as the API's description has them. What is said in them is `problem`'s.

// Not doc comments: those would be in the description, and each problem says better what it is.

use utoipa::IntoResponses;

use crate::problem::Problem;

// The operator's key is missing or wrong.
#[derive(IntoResponses)]
#[response(status = 401, content_type = "application/problem+json")]
#[expect(dead_code, reason = "only described: the extractor answers it")]
pub(crate) struct Unauthorized(Problem);

// There is no such thing.
#[derive(IntoResponses)]
#[response(status = 404, content_type = "application/problem+json")]
#[expect(dead_code, reason = "only described: handlers answer a problem")]
pub(crate) struct NotFound(Problem);

// What was sent can't be used.
#[derive(IntoResponses)]
#[response(status = 422, content_type = "application/problem+json")]
#[expect(dead_code, reason = "only described: handlers answer a problem")]
pub(crate) struct Unprocessable(Problem);

// A header is missing or wrong.
#[derive(IntoResponses)]
#[response(status = 400, content_type = "application/problem+json")]
#[expect(dead_code, reason = "only described: handlers answer a problem")]
pub(crate) struct BadRequest(Problem);

// The account was linked without it, or its key lacks a permission.
#[derive(IntoResponses)]
#[response(status = 403, content_type = "application/problem+json")]
#[expect(dead_code, reason = "only described: handlers answer a problem")]
pub(crate) struct Forbidden(Problem);

// It can't be done as things stand: unlinked, decided already, to be confirmed first.
#[derive(IntoResponses)]
#[response(status = 409, content_type = "application/problem+json")]
#[expect(dead_code, reason = "only described: handlers answer a problem")]
pub(crate) struct NotNow(Problem);

// It was there, and is not any more.
#[derive(IntoResponses)]
#[response(status = 410, content_type = "application/problem+json")]
#[expect(dead_code, reason = "only described: handlers answer a problem")]
pub(crate) struct Gone(Problem);

// The body is too large.
#[derive(IntoResponses)]
#[response(status = 413, content_type = "application/problem+json")]
#[expect(dead_code, reason = "only described: handlers answer a problem")]
pub(crate) struct TooLarge(Problem);

// The body is of another kind.
#[derive(IntoResponses)]
#[response(status = 415, content_type = "application/problem+json")]
#[expect(dead_code, reason = "only described: handlers answer a problem")]
pub(crate) struct Unsupported(Problem);

// Lucca did not answer, or not as was needed.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "only described: handlers answer a problem")]
pub(crate) enum LuccaFails {
    #[response(status = 502, content_type = "application/problem+json")]
    BadGateway(Problem),
    #[response(status = 503, content_type = "application/problem+json")]
    Unavailable(Problem),
    #[response(status = 504, content_type = "application/problem+json")]
    Timeout(Problem),
}
