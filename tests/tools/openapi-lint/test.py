"""Lints docs/openapi.json with Redocly's recommended rules and Spectral's `spectral:oas`, which must report no error, and
checks shapes that make generated clients hard to use and that neither linter reports."""

import collections
import json
import os
import re
import subprocess

from clients import DESCRIPTION, node, packages

# Types that generators name after an operation. A schema with such a name gets a number appended, or breaks the client.
SUFFIXES = ["Request", "Response", "Responses", "Data", "Error", "Errors", "Params", "Body"]


def lint(tool, *arguments):
    """Runs a linter that writes JSON, and returns that."""
    command = [node(), packages() / "node_modules/.bin" / tool, "lint", DESCRIPTION, "--format", "json", *arguments]
    quiet = {"REDOCLY_TELEMETRY": "off", "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true"}
    done = subprocess.run(command, cwd=packages(), env=os.environ | quiet, capture_output=True, text=True)
    assert done.stdout, done.stderr
    return json.loads(done.stdout)


def redocly():
    for problem in lint("redocly", "--extends", "recommended", "--max-problems", "1000")["problems"]:
        yield problem["severity"], problem["ruleId"], problem["location"][0].get("pointer", ""), problem["message"]


def spectral():
    for problem in lint("spectral", "--ruleset", "spectral.yaml", "--quiet"):
        severity = ["error", "warn", "info", "hint"][problem["severity"]]
        yield severity, problem["code"], "/".join(map(str, problem["path"])), problem["message"]


def operations(description):
    """Each operation with its path and method."""
    for path, methods in description["paths"].items():
        for method, operation in methods.items():
            if "responses" in operation:
                yield f"{method.upper()} {path}", operation


def schemas(schema, place):
    """A schema and every schema in it that is not a reference, with its place."""
    yield place, schema
    children = [(key, schema[key]) for key in ("items", "additionalProperties") if isinstance(schema.get(key), dict)]
    children += [(name, child) for name, child in schema.get("properties", {}).items()]
    children += [(f"{key}/{n}", child) for key in ("allOf", "anyOf", "oneOf") for n, child in enumerate(schema.get(key, []))]
    for name, child in children:
        yield from schemas(child, f"{place}/{name}")


def types(schema):
    """The types that a schema allows, without null."""
    given = schema.get("type", [])
    return {given} - {"null"} if isinstance(given, str) else set(given) - {"null"}


def shapes(description):
    """Shapes that generated clients can't use well."""
    components = description["components"]["schemas"]
    named = [(name, components[name]) for name in components]
    bodies = []
    for place, operation in operations(description):
        stem = "".join(word[:1].upper() + word[1:] for word in operation["operationId"].split("_"))
        for clash in {stem + suffix for suffix in SUFFIXES} & set(components):
            yield "name-clash", place, f"generators name a type of this operation {clash}, as a schema: rename one of them"
        if re.match("test_", operation["operationId"]):
            yield "test-name", place, "pytest collects the generated module of an operation named test_…: rename it"
        for status, response in operation["responses"].items():
            content = response.get("content", {})
            if len(content) > 1:
                yield "media-types", place, f"{status} has {len(content)} media types: a client can't type the data; declare one, describe the others"
            bodies += [(f"{place} {status}", media["schema"]) for media in content.values()]
        for media in operation.get("requestBody", {}).get("content", {}).values():
            bodies.append((f"{place} body", media["schema"]))
    for top, whole in named + bodies:
        for place, schema in schemas(whole, top):
            is_object = types(schema) == {"object"}
            if is_object and "additionalProperties" not in schema and not schema.get("properties") and "allOf" not in schema:
                yield "closed-object", place, "openapi-typescript allows no member in this object: add properties or additionalProperties"
            if schema.get("properties") and place not in components:
                yield "unnamed-object", place, "generators number the type of this object: make it a component"
            options = [one for key in ("anyOf", "oneOf") for one in schema.get(key, []) if one != {"type": "null"}]
            if len(options) > 1 and "discriminator" not in schema:
                yield "untagged-union", place, "openapi-generator guesses the type: add a discriminator, or use one schema"


description = json.loads(DESCRIPTION.read_text(encoding="utf-8"))
errors = []
for linter, found in [("redocly", redocly()), ("spectral", spectral())]:
    warnings = collections.Counter()
    for severity, rule, place, message in found:
        if severity == "error":
            errors.append(f"{linter} {rule} at {place}: {message}")
        else:
            warnings[rule] += 1
    print(f"{linter}: warnings that remain: {dict(warnings) or 'none'}")
errors += [f"shape {rule} at {place}: {message}" for rule, place, message in shapes(description)]
if errors:
    raise SystemExit("\n".join(["docs/openapi.json has errors:", *errors]))
