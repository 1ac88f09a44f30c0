//! Adds the parts that all operations share to the description: error responses, headers, idempotency keys.
//! New handlers get them without any code of their own.

use serde_json::{Map, Value, json};
use web::limits;
use web::problem::Problem;

use super::operations::{is_keyed, operations, reference};
use super::shapes;

/// An error response: its status, the name of its component, its meaning, and an example of a code and its
/// text.
struct Refusal {
    status: &'static str,
    name: &'static str,
    means: &'static str,
    example: (&'static str, &'static str),
}

const fn refusal(
    status: &'static str,
    name: &'static str,
    means: &'static str,
    example: (&'static str, &'static str),
) -> Refusal {
    Refusal { status, name, means, example }
}

const REFUSALS: [Refusal; 13] = [
    refusal(
        "400",
        "BadRequest",
        "The body is not JSON, or a header or the address can't be parsed.",
        ("request.not_json", "The body is not JSON."),
    ),
    refusal(
        "401",
        "Unauthorized",
        "The API key is missing, unknown or revoked.",
        ("unauthorized", "Send an API key as Authorization: Bearer KEY."),
    ),
    refusal(
        "403",
        "Forbidden",
        "The role of the API key does not allow the call; or, if the call sends a request to Lucca, Lucca's API key lacks a permission.",
        ("forbidden", "The role of this API key does not allow the call."),
    ),
    refusal(
        "404",
        "NotFound",
        "The resource does not exist, or the API key may not see it.",
        ("not_found", "No such linked account. Check the URL and the API key's access."),
    ),
    refusal(
        "409",
        "Conflict",
        "The state of the resource does not allow the call, or the same call is running.",
        (
            "request.in_progress",
            "The first request with this Idempotency-Key is still running. Send the same request again in a moment.",
        ),
    ),
    refusal(
        "413",
        "ContentTooLarge",
        "The body is too large.",
        ("request.too_large", "The body is larger than any request needs to be."),
    ),
    refusal(
        "415",
        "UnsupportedMediaType",
        "The body has another media type.",
        ("request.not_json", "Send JSON with Content-Type: application/json."),
    ),
    refusal(
        "422",
        "UnprocessableContent",
        "A parameter or a member of the body is invalid or unknown; `field` names it.",
        ("request.invalid", "`limit` must be between 1 and 500."),
    ),
    refusal(
        "429",
        "TooManyRequests",
        "Too many requests. Send the request again after the time in Retry-After.",
        ("too_many_requests", "Too many requests. Send the request again after the time in Retry-After."),
    ),
    refusal(
        "500",
        "InternalServerError",
        "The service failed. Its log has the reason.",
        ("internal", "The service failed. Its log has the reason."),
    ),
    refusal(
        "502",
        "BadGateway",
        "Lucca's response is not as expected.",
        ("lucca.unexpected", "The request to Lucca failed."),
    ),
    refusal(
        "503",
        "ServiceUnavailable",
        "The request took too long, or Lucca requests a pause. Send the request again after the time in Retry-After.",
        ("request.timeout", "The request took too long. Send it again, or request less."),
    ),
    refusal(
        "504",
        "GatewayTimeout",
        "Lucca did not respond in time.",
        ("lucca.timeout", "The request to Lucca failed."),
    ),
];

const PROBLEM: &str = "application/problem+json";

/// The header with the caller's key for a request, so that it is processed once.
pub(crate) const IDEMPOTENCY_KEY: &str = "Idempotency-Key";
/// The header that marks a replayed response.
pub(crate) const REPLAYED: &str = "Idempotent-Replayed";

/// Adds the shared parts to all operations.
pub(super) fn complete(description: &mut Value) {
    shapes::complete(description);
    list_examples(description);
    for (path, method, operation) in operations(description) {
        parameters(method, operation);
        refusals(path, method, operation);
        answers(operation);
    }
    components(description);
}

/// Moves each schema's declared `example` to the list `examples`, where OpenAPI 3.1 keeps it.
fn list_examples(description: &mut Value) {
    fn listed(schema: &mut Value) {
        match schema {
            Value::Object(words) => {
                if let Some(example) = words.remove("example") {
                    words.insert("examples".to_owned(), json!([example]));
                }
                for (word, value) in words {
                    match word.as_str() {
                        "properties" => each_of(value),
                        "examples" | "default" | "enum" | "const" => {}
                        _ => listed(value),
                    }
                }
            }
            Value::Array(schemas) => schemas.iter_mut().for_each(listed),
            _ => {}
        }
    }
    fn each_of(schemas: &mut Value) {
        schemas.as_object_mut().into_iter().flat_map(Map::values_mut).for_each(listed);
    }
    each_of(&mut description["components"]["schemas"]);
}

fn parameters(method: &str, operation: &mut Value) {
    if operation.get("parameters").is_none() {
        operation["parameters"] = json!([]);
    }
    let is_keyed = is_keyed(operation);
    let is_revalidated = operation["responses"].get("304").is_some();
    let Some(parameters) = operation["parameters"].as_array_mut() else { return };
    match parameters.iter_mut().find(|one| one["name"] == IDEMPOTENCY_KEY) {
        // Its handler processes the key, and declares whether it is required.
        Some(own) => own["schema"] = idempotency_key(),
        None if method == "post" && is_keyed => {
            parameters.push(json!({ "$ref": "#/components/parameters/IdempotencyKey" }));
        }
        None => {}
    }
    if is_revalidated {
        parameters.push(json!({ "$ref": "#/components/parameters/IfNoneMatch" }));
    }
    if parameters.is_empty() {
        operation.as_object_mut().map(|members| members.remove("parameters"));
    }
}

/// Declares the error responses that the operation may return.
fn refusals(path: &str, method: &str, operation: &mut Value) {
    let is_of_api = is_keyed(operation);
    let takes_body = operation.get("requestBody").is_some();
    let has_parameters = operation["parameters"].as_array().is_some_and(|all| !all.is_empty());
    let Some(responses) = operation["responses"].as_object_mut() else { return };
    let may_be = |status: &str| match status {
        "401" | "403" | "503" => is_of_api,
        "400" => takes_body || has_parameters,
        "404" => path.contains('{'),
        "409" => method == "post",
        "413" | "415" => takes_body,
        // Unknown parameters are refused.
        "422" | "429" | "500" => true,
        _ => false,
    };
    for refusal in &REFUSALS {
        let common = json!({ "$ref": format!("#/components/responses/{}", refusal.name) });
        match responses.get_mut(refusal.status) {
            // A handler's own description of a refusal stays.
            Some(own) if own["description"].as_str().is_some_and(|text| !text.is_empty()) => {
                own["content"] = problem(refusal);
            }
            Some(own) => *own = common,
            None if may_be(refusal.status) => {
                responses.insert(refusal.status.to_owned(), common);
            }
            None => {}
        }
    }
}

fn problem(refusal: &Refusal) -> Value {
    let status = refusal.status.parse().unwrap_or_default();
    let (code, detail) = refusal.example;
    let example = serde_json::to_value(Problem::new(status, code, detail)).unwrap_or_default();
    json!({ PROBLEM: { "schema": reference("Problem"), "example": example } })
}

/// Adds descriptions and headers to responses.
fn answers(operation: &mut Value) {
    let summary = operation["summary"].as_str().unwrap_or_default().to_owned();
    let is_keyed = is_keyed(operation);
    let has_pages = operation["parameters"]
        .as_array()
        .is_some_and(|all| all.iter().any(|one| one["name"] == "cursor" || one["name"] == "after"));
    let named = json!({ "$ref": "#/components/parameters/IdempotencyKey" });
    let is_named = operation["parameters"].as_array().is_some_and(|all| all.contains(&named));
    for (status, response) in operation["responses"].as_object_mut().into_iter().flatten() {
        if response.get("$ref").is_some() {
            continue;
        }
        if response["description"].as_str().is_none_or(str::is_empty) {
            let done = if status.starts_with('2') { summary.as_str() } else { "Done." };
            response["description"] = json!(if status == "204" { "Done." } else { done });
        }
        if is_keyed {
            let mut headers = response["headers"].as_object().cloned().unwrap_or_default();
            headers.extend(limit_headers());
            if is_named && status.starts_with('2') {
                headers.insert(
                    REPLAYED.to_owned(),
                    json!({ "$ref": format!("#/components/headers/{REPLAYED}") }),
                );
            }
            if has_pages && status == "200" {
                headers.insert("Link".to_owned(), json!({ "$ref": "#/components/headers/Link" }));
            }
            response["headers"] = Value::Object(headers);
        }
    }
}

fn limit_headers() -> Map<String, Value> {
    let reference = |name: &str| json!({ "$ref": format!("#/components/headers/{name}") });
    limits::HEADERS.iter().map(|(name, _)| ((*name).to_owned(), reference(name))).collect()
}

fn idempotency_key() -> Value {
    json!({ "type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[!-~]+$" })
}

/// Adds the components that operations refer to.
fn components(description: &mut Value) {
    let text = |means: &str, example: &str| json!({ "description": means, "schema": { "type": "string" }, "example": example });
    let mut headers: Map<String, Value> = limits::HEADERS
        .iter()
        .map(|(name, example)| ((*name).to_owned(), text(limits::HEADERS_DESCRIPTION, example)))
        .collect();
    headers.insert(
        "Link".to_owned(),
        text(
            "The address of the next page (RFC 8288); absent on the last page.",
            "<https://lucca.example.com/v1/issues?limit=2&cursor=eyJ2>; rel=\"next\"",
        ),
    );
    headers.insert(
        "Retry-After".to_owned(),
        text("The number of seconds after which to send the request again.", "12"),
    );
    headers.insert(
        REPLAYED.to_owned(),
        text("Whether the response is that of an earlier request with the same Idempotency-Key; absent otherwise.", "true"),
    );
    let mut responses = Map::new();
    for refusal in &REFUSALS {
        let mut shown = limit_headers();
        match refusal.status {
            "429" | "503" => {
                shown.insert("Retry-After".to_owned(), json!({ "$ref": "#/components/headers/Retry-After" }));
            }
            "401" => {
                shown = Map::new();
                shown.insert("WWW-Authenticate".to_owned(), text("The authentication scheme.", "Bearer"));
            }
            _ => {}
        }
        responses.insert(
            refusal.name.to_owned(),
            json!({ "description": refusal.means, "headers": shown, "content": problem(refusal) }),
        );
    }
    let components = &mut description["components"];
    components["headers"] = Value::Object(headers);
    components["responses"] = Value::Object(responses);
    components["parameters"] = json!({
        "IdempotencyKey": {
            "name": IDEMPOTENCY_KEY,
            "in": "header",
            "required": false,
            "description": "A key that the caller creates for this operation, such as a UUID: 1 to 200 visible ASCII \
                            characters. A request with the same key within 24 hours is not processed again: it returns the \
                            first response.",
            "schema": idempotency_key(),
            "example": "6f1c0f6e-3f0a-4c6b-9a52-0d8f1f5c7a11",
        },
        "IfNoneMatch": {
            "name": "If-None-Match",
            "in": "header",
            "required": false,
            "description": "The ETag of the version that the caller has. If it is the current one, the response is 304 without a body.",
            "schema": { "type": "string" },
        },
    });
}
