"""Tests the API with schemathesis: requests that its description allows, and invalid ones, with a key of each role."""

import contextlib
import datetime
import json
import os
import pathlib
import subprocess
import sys
import urllib.error
import urllib.request

import jsonschema_rs

from tenant import BINARY, tenant

HERE = pathlib.Path(__file__).parent

# For each role: the phases, and the maximum number of cases per operation.
ROLES = {
    "operator": ("examples,coverage,fuzzing,stateful", 25),
    "vendor": ("examples,coverage", 5),
    "read_only": ("examples,coverage", 5),
}

# Paths of the kinds of records.
KINDS = ["employees", "employments", "departments", "establishments", "legal-units", "job-qualifications"]
KINDS += ["occupation-categories", "custom-field-definitions", "absences", "leave-types"]
KINDS += ["absence-requests"]

# Lesser roles are refused many operations: only the form of the responses is checked.
LESSER = [
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "ignored_auth",
]


@contextlib.contextmanager
def service(tenant):
    """Runs the service on the tenant's data directory; yields its address and the operator's key."""
    config = tenant.data / "config.toml"
    config.write_text("trust_forwarded_for = true\n[api]\nrequests_per_minute = 0\n", encoding="utf-8")
    command = [BINARY, "--data-dir", str(tenant.data), "--json", "serve", "--listen", "127.0.0.1:0", "--allow-loopback"]
    with open(tenant.dir / "serve.log", "w", encoding="utf-8") as log:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True)
    try:
        started = json.loads(process.stdout.readline())
        yield started["listening"], pathlib.Path(started["operator_token_file"]).read_text(encoding="utf-8").strip()
    finally:
        process.terminate()
        process.wait()


class Api:
    def __init__(self, url, key):
        self.url, self.key = url, key

    def __call__(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, method=method)
        request.add_header("content-type", "application/json")
        request.add_header("authorization", f"Bearer {self.key}")
        request.add_header("idempotency-key", os.urandom(8).hex())
        try:
            with urllib.request.urlopen(request) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            sys.exit(f"{method} {path}: {error.read().decode()}")


def examples(description):
    """Every declared example in the description, with its location and its schema."""
    schemas = description["components"]["schemas"]
    members = {f"{name}.{member}": schema for name, whole in schemas.items() for member, schema in whole.get("properties", {}).items()}
    yield from ((name, schema, one) for name, schema in (schemas | members).items() for one in schema.get("examples", []))
    answers = [("an answer", one) for one in description["components"]["responses"].values()]
    for path, methods in description["paths"].items():
        for method, operation in methods.items():
            place = f"{method} {path}"
            yield from ((place, one["schema"], one["example"]) for one in operation.get("parameters", []) if "example" in one)
            answers += [(place, one) for one in [operation.get("requestBody", {}), *operation["responses"].values()]]
    for place, answer in answers:
        yield from ((place, media["schema"], media["example"]) for media in answer.get("content", {}).values() if "example" in media)


def check_examples(url):
    with urllib.request.urlopen(f"{url}/openapi.json") as answer:
        description = json.load(answer)
    known = {"components": description["components"]}
    for place, schema, example in examples(description):
        validator = jsonschema_rs.Draft202012Validator(schema | known, validate_formats=True)
        wrong = [error.message for error in validator.iter_errors(example)]
        assert not wrong, (place, wrong)


def known(api, tenant, other, weeks):
    """Ids of existing records to request and to delete, by their names in the configuration."""
    accounts = {one["tenant"]: one["id"] for one in api("GET", "/v1/linked-accounts")["items"]}
    account = accounts[tenant.url]
    of_account = f"/v1/linked-accounts/{account}"
    endpoint = {"url": "https://app.example/hooks", "event_types": ["absence.*"]}
    # If the tenant has no such record, the id of a missing one.
    first = {kind: (api("GET", f"{of_account}/{kind}?limit=1")["items"] or [{"id": "1"}])[0]["id"] for kind in KINDS}
    employee = api("GET", f"{of_account}/employees?status=active&limit=1")["items"][0]["id"]
    leave_types = api("GET", f"{of_account}/employees/{employee}/leave-types")["items"]
    leave_type = next(one["id"] for one in leave_types if one["unit"] == "days")
    tuesday = datetime.date.today() + datetime.timedelta(days=7 * weeks + (1 - datetime.date.today().weekday()) % 7)
    day = tuesday.isoformat()
    absence = {"employee_id": employee, "leave_type_id": leave_type, "starts_on": day, "ends_on": day}
    records = {kind.upper().replace("-", "_"): id for kind, id in (first | {"employees": employee}).items()}
    return records | {
        "ACCOUNT": account,
        "BURNT_ACCOUNT": accounts[other.url],
        "ISSUE": (api("GET", "/v1/issues")["items"] or [{"id": "iss_" + "0" * 32}])[0]["id"],
        "RUN": api("GET", f"{of_account}/runs")["items"][0]["id"],
        "FLOW": api("POST", "/v1/link-tokens", {"customer_id": "c"})["flow_id"],
        "ENDPOINT": api("POST", "/v1/webhook-endpoints", endpoint)["id"],
        "BURNT_ENDPOINT": api("POST", "/v1/webhook-endpoints", endpoint)["id"],
        "ABSENCE_SUBMISSION": api("POST", f"{of_account}/absence-submissions", absence)["id"],
    }


def fuzz(url, key, role, things, directory):
    phases, cases = ROLES[role]
    st = pathlib.Path(sys.executable).with_name("st")
    command = [st, "--config-file", HERE / "schemathesis.toml", "run", f"{url}/openapi.json"]
    command += ["--header", f"Authorization: Bearer {key}", "--phases", phases, "--max-examples", str(cases)]
    # Deterministic: the same cases in every run.
    command += ["--generation-deterministic", "--workers", "1", "--no-color", "--continue-on-failure"]
    command += ["--suppress-health-check", "all", "--report", "junit", "--report-dir", directory / role]
    if role != "operator":
        command += ["--checks", ",".join(LESSER)]
    environment = os.environ | things | {"PYTHONPATH": str(HERE), "SCHEMATHESIS_HOOKS": "hooks"}
    done = subprocess.run(command, env=environment, cwd=directory, timeout=600)
    assert done.returncode == 0, f"with the key of {role}, some answers are not as described"


with tenant() as first, tenant() as second:
    everything = ["--features", "employees,leaves,absence_requests,jobs,managers,qualifications,custom_fields"]
    link = ["--key-stdin", "--allow-loopback", "--requests-per-minute", "0"]
    first.run("link", first.url, *link, *everything, stdin=first.key)
    first.sync()
    # Another tenant in the same data directory, whose account may be unlinked.
    first.run("link", second.url, *link, stdin=second.key)
    with service(first) as (url, operator):
        check_examples(url)
        api = Api(url, operator)
        for weeks, role in enumerate(sys.argv[1:] or ROLES, start=4):
            # Created again for each role: the earlier records may have been deleted.
            things = known(api, first, second, weeks)
            of = {"linked_account_id": things["ACCOUNT"]} if role == "read_only" else {}
            key = api("POST", "/v1/api-keys", {"name": role, "role": role} | of)["key"]
            fuzz(url, operator if role == "operator" else key, role, things, first.dir)
    log = (first.dir / "serve.log").read_text(encoding="utf-8")
    for panicked in ("a request handler panicked", "a request met a defect"):
        assert panicked not in log, log
