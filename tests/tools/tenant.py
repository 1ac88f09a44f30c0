"""What the tests with other people's tools share: an emulated tenant that is linked and synced, by the binary alone.

Only the standard library: each test has an environment with the tool that it tries, and nothing else.
"""

import contextlib
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import urllib.request

BINARY = os.environ["LUCCA_CONNECTOR_BIN"]
# Custom fields too, so that no stream is empty.
FIELDS = ["identity", "work", "contract", "custom_fields"]


class Tenant:
    """A tenant on loopback and, in `dir`, a data directory with what was synced of it."""

    def __init__(self, directory, employees):
        self.dir = pathlib.Path(directory)
        self.data = self.dir / "data"
        self.emulator = subprocess.Popen(
            [BINARY, "emulator", "--json", "--employees", str(employees), "--rate-limit", "0"]
            + ["--listen", "127.0.0.1:0", "--control", "127.0.0.1:0"],
            stdout=subprocess.PIPE,
            text=True,
        )
        told = json.loads(self.emulator.stdout.readline())
        self.url, self.key, self.control = told["url"], told["api_key"], told["control_url"]
        self.truth = told["truth"]
        link = ["--key-stdin", "--allow-loopback", "--requests-per-minute", "0"]
        self.run("link", self.url, *link, "--fields", ",".join(FIELDS), stdin=self.key)
        self.sync()

    def run(self, *arguments, stdin=""):
        """Runs a command that must succeed, and gives its standard output."""
        command = [BINARY, "--data-dir", str(self.data), *map(str, arguments)]
        done = subprocess.run(command, input=stdin, capture_output=True, text=True)
        if done.returncode != 0:
            sys.exit(f"{arguments} failed: {done.stdout} {done.stderr}")
        return done.stdout

    def sync(self):
        """Reads everything again, and believes that whoever is missing is gone."""
        self.run("sync", "--full", "--accept-missing", "--json")

    def ask(self, method, path, body=None):
        """Asks the tenant's control surface."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.control + path, data, method=method)
        request.add_header("content-type", "application/json")
        with urllib.request.urlopen(request) as answer:
            text = answer.read()
            return json.loads(text) if text else None

    def change(self):
        """Somebody gets another job and somebody is removed: their ids."""
        moved, removed = [str(person["id"]) for person in self.ask("GET", "/people?status=active")[7:9]]
        self.ask("PATCH", f"/people/{moved}", {"jobTitle": "Cheffe"})
        self.ask("DELETE", f"/people/{removed}")
        self.sync()
        return moved, removed

    def stored(self, kind):
        """The records of a kind by their id, as `export` gives them."""
        lines = self.run("export", "--format", "jsonl", "--kind", kind).splitlines()
        return {record["id"]: record for record in map(json.loads, lines)}

    def write(self, name, content):
        """Writes a file of JSON and gives its path."""
        path = self.dir / name
        path.write_text(json.dumps(content), encoding="utf-8")
        return path


@contextlib.contextmanager
def tenant(employees=60):
    with tempfile.TemporaryDirectory() as directory:
        made = Tenant(directory, employees)
        try:
            yield made
        finally:
            made.emulator.terminate()
            made.emulator.wait()
