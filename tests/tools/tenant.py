"""An emulated tenant, linked and synced with the binary: shared by the tests with third-party tools.

Uses only the standard library: the environment of each test contains the tested tool and nothing else.
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
    """A tenant on loopback, and in `dir` a data directory with its synced data."""

    def __init__(self, directory, employees):
        self.dir = pathlib.Path(directory)
        self.data = self.dir / "data"
        self.emulator = subprocess.Popen(
            [BINARY, "emulator", "--json", "--employees", str(employees), "--rate-limit", "0"]
            + ["--listen", "127.0.0.1:0", "--control", "127.0.0.1:0"],
            stdout=subprocess.PIPE,
            text=True,
        )
        started = json.loads(self.emulator.stdout.readline())
        self.url, self.key, self.control = started["url"], started["api_key"], started["control_url"]
        self.truth = started["truth"]
        link = ["--key-stdin", "--allow-loopback", "--requests-per-minute", "0"]
        self.run("link", self.url, *link, "--fields", ",".join(FIELDS), stdin=self.key)
        self.sync()

    def run(self, *arguments, stdin=""):
        """Runs a command that must succeed, and returns its standard output."""
        command = [BINARY, "--data-dir", str(self.data), *map(str, arguments)]
        done = subprocess.run(command, input=stdin, capture_output=True, text=True)
        if done.returncode != 0:
            sys.exit(f"{arguments} failed: {done.stdout} {done.stderr}")
        return done.stdout

    def sync(self):
        """Runs a full sync that accepts missing people as gone."""
        self.run("sync", "--full", "--accept-missing", "--json")

    def request(self, method, path, body=None):
        """Sends a request to the tenant's control surface."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.control + path, data, method=method)
        request.add_header("content-type", "application/json")
        with urllib.request.urlopen(request) as answer:
            text = answer.read()
            return json.loads(text) if text else None

    def change(self):
        """Changes one person's job and removes another person; returns their ids."""
        moved, removed = [str(person["id"]) for person in self.request("GET", "/people?status=active")[7:9]]
        self.request("PATCH", f"/people/{moved}", {"jobTitle": "Cheffe"})
        self.request("DELETE", f"/people/{removed}")
        self.sync()
        return moved, removed

    def stored(self, kind):
        """The records of a stream by id, as `export` writes them."""
        lines = self.run("export", kind, "--format", "jsonl").splitlines()
        return {record["id"]: record for record in map(json.loads, lines)}

    def write(self, name, content):
        """Writes a JSON file and returns its path."""
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
