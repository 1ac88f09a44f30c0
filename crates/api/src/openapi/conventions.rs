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
        "The body is no JSON, or a header or the address can't be read.",
        ("request.not_json", "The body is not JSON."),
    ),
    refusal(
        "401",
        "Unauthorized",
        "There is no API key, or one that opens nothing.",
        ("unauthorized", "Send an API key as Authorization: Bearer KEY."),
    ),
    refusal(
        "403",
        "Forbidden",
        "The key's role does not allow it; or, where Lucca is asked, Lucca's key lacks a permission.",
        ("forbidden", "This API key may not do this: it has a lesser role."),
    ),
    refusal(
        "404",
        "NotFound",
        "There is no such thing, or none that the key opens.",
        ("not_found", "There is no such linked account."),
    ),
    refusal(
        "409",
        "Conflict",
        "It can't be done as things stand.",
        (
            "request.under_way",
            "The first request with this Idempotency-Key is still being done. Send the same again in a moment.",
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
        "The body is of another kind.",
        ("request.not_json", "Send JSON with Content-Type: application/json."),
    ),
    refusal(
        "422",
        "UnprocessableContent",
        "A parameter or a member of the body can't be used; `field` names it.",
        ("request.invalid", "It is between 1 and 500."),
    ),
    refusal(
        "429",
        "TooManyRequests",
        "Too many requests: wait for as long as Retry-After says.",
        ("too_many_requests", "Too many requests. Wait for as long as Retry-After says, then go on."),
    ),
    refusal(
        "500",
        "InternalServerError",
        "Something failed in the service; its log says what.",
        ("internal", "Something failed in the service."),
    ),
    refusal(
        "502",
        "BadGateway",
        "Lucca answered something else than was needed.",
        ("lucca.unexpected", "Lucca could not be asked."),
    ),
    refusal(
        "503",
        "ServiceUnavailable",
        "It took too long, or Lucca asks to wait: send the same again after Retry-After.",
        ("request.took_too_long", "This took too long. Try again, or ask for less."),
    ),
    refusal(
        "504",
        "GatewayTimeout",
        "Lucca did not answer in time.",
        ("lucca.timeout", "Lucca could not be asked."),
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
    headers.insert("Retry-After".to_owned(), text("In how many seconds to try again.", "12"));
    headers.insert(
        REPLAYED.to_owned(),
        text("That this was answered before, under the same Idempotency-Key; absent otherwise.", "true"),
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
                shown.insert("WWW-Authenticate".to_owned(), text("How to say who asks.", "Bearer"));
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
            "description": "The caller's name for this request, such as a UUID: 1 to 200 visible ASCII characters. Sent \
                            again with the same key within 24 hours, it is not done again, and its answer is given again.",
            "schema": idempotency_key(),
            "example": "6f1c0f6e-3f0a-4c6b-9a52-0d8f1f5c7a11",
        },
        "IfNoneMatch": {
            "name": "If-None-Match",
            "in": "header",
            "required": false,
            "description": "The ETag of what the caller has: 304 without a body if it is still that.",
            "schema": { "type": "string" },
        },
    });
}
