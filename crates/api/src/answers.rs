//! Response types shared by many endpoints, for the API's description. `web::problem` builds their bodies.

// Not doc comments: those would appear in the description, and each problem explains itself better.

use utoipa::IntoResponses;
use web::problem::Problem;

// The API key is missing or wrong.
#[derive(IntoResponses)]
#[response(status = 401, content_type = "application/problem+json")]
#[expect(dead_code, reason = "only described: the extractor answers it")]
pub(crate) struct Unauthorized(Problem);

// The resource does not exist.
#[derive(IntoResponses)]
#[response(status = 404, content_type = "application/problem+json")]
#[expect(dead_code, reason = "only described: handlers answer a problem")]
pub(crate) struct NotFound(Problem);

// A parameter or a member of the body is unusable.
#[derive(IntoResponses)]
#[response(status = 422, content_type = "application/problem+json")]
#[expect(dead_code, reason = "only described: handlers answer a problem")]
pub(crate) struct Unprocessable(Problem);

// A header is missing or wrong.
#[derive(IntoResponses)]
#[response(status = 400, content_type = "application/problem+json")]
#[expect(dead_code, reason = "only described: handlers answer a problem")]
pub(crate) struct BadRequest(Problem);

// The account was linked without the feature, or its key lacks a permission.
#[derive(IntoResponses)]
#[response(status = 403, content_type = "application/problem+json")]
#[expect(dead_code, reason = "only described: handlers answer a problem")]
pub(crate) struct Forbidden(Problem);

// The current state forbids it: the account is unlinked, the request is decided, a warning is unconfirmed.
#[derive(IntoResponses)]
#[response(status = 409, content_type = "application/problem+json")]
#[expect(dead_code, reason = "only described: handlers answer a problem")]
pub(crate) struct Conflict(Problem);

// The resource existed and is gone.
#[derive(IntoResponses)]
#[response(status = 410, content_type = "application/problem+json")]
#[expect(dead_code, reason = "only described: handlers answer a problem")]
pub(crate) struct Gone(Problem);

// The body is too large.
#[derive(IntoResponses)]
#[response(status = 413, content_type = "application/problem+json")]
#[expect(dead_code, reason = "only described: handlers answer a problem")]
pub(crate) struct TooLarge(Problem);

// The body has another media type.
#[derive(IntoResponses)]
#[response(status = 415, content_type = "application/problem+json")]
#[expect(dead_code, reason = "only described: handlers answer a problem")]
pub(crate) struct Unsupported(Problem);

// Lucca did not respond, or its response was unusable.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "only described: handlers answer a problem")]
pub(crate) enum LuccaErrors {
    #[response(status = 502, content_type = "application/problem+json")]
    BadGateway(Problem),
    #[response(status = 503, content_type = "application/problem+json")]
    Unavailable(Problem),
    #[response(status = 504, content_type = "application/problem+json")]
    Timeout(Problem),
}
