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
