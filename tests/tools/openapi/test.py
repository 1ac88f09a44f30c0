"""schemathesis asks the API everything that its description allows, and much that it doesn't, with a key of each role."""

import contextlib
import json
import os
import pathlib
import subprocess
import sys
import urllib.request

from tenant import BINARY, tenant

HERE = pathlib.Path(__file__).parent

# With each role's key: the phases, and so many cases for each operation at most.
ROLES = {
    "operator": ("examples,coverage,fuzzing,stateful", 20),
    "vendor": ("examples,coverage", 5),
    "read_only": ("examples,coverage", 5),
}


@contextlib.contextmanager
def service(tenant):
    """The service on what the tenant's data directory holds; gives its address and the operator's key."""
    (tenant.data / "config.toml").write_text("[api]\nrequests_per_minute = 0\n", encoding="utf-8")
    command = [BINARY, "--data-dir", str(tenant.data), "--json", "serve", "--listen", "127.0.0.1:0", "--allow-loopback"]
    log = open(tenant.dir / "serve.log", "w", encoding="utf-8")
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True)
    try:
        told = json.loads(process.stdout.readline())
        yield told["listening"], pathlib.Path(told["operator_token_file"]).read_text(encoding="utf-8").strip()
    finally:
        process.terminate()
        process.wait()


def ask(url, key, method, path, body=None):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url + path, data, method=method)
    request.add_header("content-type", "application/json")
    request.add_header("authorization", f"Bearer {key}")
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


def fuzz(url, key, role, known):
    phases, cases = ROLES[role]
    st = pathlib.Path(sys.executable).with_name("st")
    command = [st, "--config-file", HERE / "schemathesis.toml", "run", f"{url}/openapi.json"]
    command += ["--header", f"Authorization: Bearer {key}", "--phases", phases, "--max-examples", str(cases)]
    command += ["--generation-deterministic", "--workers", "1", "--no-color"]
    command += ["--continue-on-failure", "--suppress-health-check", "all"]
    if role != "operator":
        # A lesser role is refused much of it: only how is looked at.
        command += ["--checks", "not_a_server_error,status_code_conformance,content_type_conformance"]
        command[-1] += ",response_headers_conformance,response_schema_conformance,ignored_auth"
    done = subprocess.run(command, env=os.environ | known, cwd=known["DIR"], timeout=600)
    assert done.returncode == 0, role


with tenant() as first, tenant() as second:
    # Another tenant in the same data directory: its account may be unlinked.
    first.run("link", second.url, "--key-stdin", "--allow-loopback", "--requests-per-minute", "0", stdin=second.key)
    with service(first) as (url, operator):
        accounts = ask(url, operator, "GET", "/v1/linked-accounts")["items"]
        account = next(one["id"] for one in accounts if one["tenant"] == first.url)
        burnt = next(one["id"] for one in accounts if one["tenant"] == second.url)
        known = {"ACCOUNT": account, "BURNT_ACCOUNT": burnt, "DIR": str(first.dir)}
        keys = {"operator": operator}
        for role in ("vendor", "read_only"):
            wanted = {"name": role, "role": role} | ({"account_id": account} if role == "read_only" else {})
            keys[role] = ask(url, operator, "POST", "/v1/api-keys", wanted)["key"]
        for role in sys.argv[1:] or ROLES:
            fuzz(url, keys[role], role, known)
    assert "defect" not in (first.dir / "serve.log").read_text(encoding="utf-8")
