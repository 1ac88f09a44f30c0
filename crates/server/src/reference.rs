//! The API reference: one HTML page, rendered from the description when the service starts. It contains no
//! script and no third-party resource, so that only our own code runs on the origin of the linking flow.

use askama::Template;
use axum::Router;
use axum::http::header;
use axum::response::{Html, IntoResponse, Redirect};
use axum::routing::get;
use serde_json::Value;

use crate::app::App;
use crate::openapi::is_keyed;

#[derive(Template)]
#[template(path = "reference.html")]
struct Reference {
    version: &'static str,
    intro: Vec<String>,
    groups: Vec<Group>,
    schemas: Vec<Schema>,
}

/// Operations of one tag.
struct Group {
    id: String,
    name: String,
    about: String,
    operations: Vec<Operation>,
}

struct Operation {
    id: String,
    method: String,
    path: String,
    summary: String,
    more: String,
    keyed: bool,
    parameters: Vec<Member>,
    sent: Option<Body>,
    answers: Vec<Answer>,
    curl: String,
}

impl Operation {
    /// The summary up to its first colon, semicolon or full stop.
    fn short(&self) -> &str {
        self.summary.split([':', ';', '.']).next().unwrap_or(&self.summary)
    }
}

/// A parameter of an operation, or a member of a schema.
struct Member {
    name: String,
    place: String,
    kind: Kind,
    required: bool,
    about: String,
}

/// The type of a value, and its schema if that has a name.
struct Kind {
    text: String,
    schema: Option<String>,
}

struct Body {
    media_type: String,
    kind: Kind,
    example: String,
}

struct Answer {
    status: String,
    about: String,
    body: Option<Body>,
}

struct Schema {
    name: String,
    about: String,
    members: Vec<Member>,
}

/// Serves the page, and redirects to it from the service's root.
pub(crate) fn router(description: &Value) -> Router<App> {
    let page = page(description);
    let show = move || async move {
        ([(header::CACHE_CONTROL, "public, max-age=3600")], Html(page)).into_response()
    };
    Router::new()
        .route("/reference", get(show))
        .route("/", get(|| async { Redirect::temporary("/reference") }))
}

fn page(description: &Value) -> String {
    let reader = Reader { description };
    let page = Reference {
        version: env!("CARGO_PKG_VERSION"),
        intro: text(&description["info"]["description"]).split("\n\n").map(ToOwned::to_owned).collect(),
        groups: reader.groups(),
        schemas: reader.schemas(),
    };
    // Rendering to a string can't fail.
    page.render().unwrap_or_default()
}

fn text(value: &Value) -> String {
    // Descriptions mark code with backticks; the page shows plain text.
    value.as_str().unwrap_or_default().replace('`', "")
}

fn each(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}

fn items(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

struct Reader<'a> {
    description: &'a Value,
}

impl<'a> Reader<'a> {
    fn groups(&self) -> Vec<Group> {
        let group = |tag: &Value| {
            let name = text(&tag["name"]);
            let operations = each(&self.description["paths"])
                .flat_map(|(path, methods)| each(methods).map(move |(method, one)| (path, method, one)))
                .filter(|(_, _, one)| items(&one["tags"]).any(|of| *of == tag["name"]))
                .map(|(path, method, one)| self.operation(path, method, one))
                .collect();
            Group {
                id: format!("tag-{}", name.replace(' ', "-")),
                name,
                about: text(&tag["description"]),
                operations,
            }
        };
        items(&self.description["tags"]).map(group).collect()
    }

    /// The target of a `$ref`, or the value itself.
    fn resolve(&self, value: &'a Value) -> &'a Value {
        let pointer = value["$ref"].as_str().and_then(|to| to.strip_prefix('#'));
        pointer.and_then(|pointer| self.description.pointer(pointer)).unwrap_or(value)
    }

    fn operation(&self, path: &str, method: &str, operation: &'a Value) -> Operation {
        let parameter = |parameter: &'a Value| {
            let parameter = self.resolve(parameter);
            Member {
                name: text(&parameter["name"]),
                place: text(&parameter["in"]),
                kind: self.kind(&parameter["schema"]),
                required: parameter["required"] == true,
                about: text(&parameter["description"]),
            }
        };
        let answer = |(status, answer): (&String, &'a Value)| {
            let answer = self.resolve(answer);
            Answer {
                status: status.clone(),
                about: text(&answer["description"]),
                // All refusals have the same body, which the page shows once, as a schema.
                body: self.body(&answer["content"]).filter(|_| status.starts_with('2')),
            }
        };
        let sent = self.body(&operation["requestBody"]["content"]);
        Operation {
            id: text(&operation["operationId"]),
            method: method.to_ascii_uppercase(),
            path: path.to_owned(),
            summary: text(&operation["summary"]),
            more: text(&operation["description"]),
            keyed: is_keyed(operation),
            parameters: items(&operation["parameters"]).map(parameter).collect(),
            curl: curl(path, method, is_keyed(operation), sent.as_ref()),
            sent,
            answers: each(&operation["responses"]).map(answer).collect(),
        }
    }

    fn body(&self, content: &'a Value) -> Option<Body> {
        let (media_type, media) = each(content).next()?;
        let example = match &media["example"] {
            Value::String(text) => text.clone(),
            // Serialising a JSON value can't fail.
            value => serde_json::to_string_pretty(value).unwrap_or_default(),
        };
        Some(Body { media_type: media_type.clone(), kind: self.kind(&media["schema"]), example })
    }

    fn schemas(&self) -> Vec<Schema> {
        let schema = |(name, schema): (&String, &'a Value)| Schema {
            name: name.clone(),
            about: text(&schema["description"]),
            members: self.members(schema),
        };
        each(&self.description["components"]["schemas"]).map(schema).collect()
    }

    fn members(&self, schema: &'a Value) -> Vec<Member> {
        let required = |name: &str| items(&schema["required"]).any(|one| one == name);
        let own = each(&schema["properties"]).map(|(name, member)| Member {
            name: name.clone(),
            place: String::new(),
            kind: self.kind(member),
            required: required(name),
            about: text(&member["description"]),
        });
        let parts = items(&schema["allOf"]).flat_map(|part| self.members(self.resolve(part)));
        own.chain(parts).collect()
    }

    fn kind(&self, schema: &'a Value) -> Kind {
        if let Some(name) = schema["$ref"].as_str().and_then(|to| to.rsplit('/').next()) {
            return Kind { text: name.to_owned(), schema: Some(name.to_owned()) };
        }
        let choices: Vec<&Value> = items(&schema["oneOf"]).chain(items(&schema["anyOf"])).collect();
        if !choices.is_empty() {
            let kinds: Vec<Kind> = choices.into_iter().map(|one| self.kind(one)).collect();
            let all: Vec<&str> = kinds.iter().map(|kind| kind.text.as_str()).collect();
            let text = all.join(" or ");
            return Kind { text, schema: kinds.into_iter().find_map(|kind| kind.schema) };
        }
        if schema["type"] == "array" {
            let Kind { text, schema } = self.kind(&schema["items"]);
            return Kind { text: format!("list of {text}"), schema };
        }
        let types = match &schema["type"] {
            Value::Array(types) => types.iter().map(text).collect::<Vec<_>>().join(" or "),
            Value::String(kind) => kind.clone(),
            _ => "anything".to_owned(),
        };
        let values: Vec<String> = items(&schema["enum"]).map(text).collect();
        let format = schema["format"].as_str().filter(|format| format.starts_with("date"));
        let text = match (values.is_empty(), format) {
            (false, _) => values.join(" or "),
            (true, Some(format)) => format!("{types} ({format})"),
            (true, None) => types,
        };
        Kind { text, schema: None }
    }
}

/// The shell command that tries an operation.
fn curl(path: &str, method: &str, is_keyed: bool, sent: Option<&Body>) -> String {
    use std::fmt::Write as _;
    let mut command = "curl".to_owned();
    let method = method.to_ascii_uppercase();
    if method != "GET" && !(method == "POST" && sent.is_some()) {
        let _ = write!(command, " -X {method}");
    }
    if is_keyed {
        command.push_str(" -H \"Authorization: Bearer $KEY\"");
    }
    match sent {
        Some(body) if body.media_type == "application/json" => {
            let compact = serde_json::from_str::<Value>(&body.example).unwrap_or_default().to_string();
            let _ = write!(command, " \\\n  --json '{}'", compact.replace('\'', "'\\''"));
        }
        Some(body) => {
            let _ = write!(command, " \\\n  -H \"Content-Type: {}\" --data-binary @FILE", body.media_type);
        }
        None => {}
    }
    let _ = write!(command, " \\\n  \"$SERVICE{path}\"");
    command
}
