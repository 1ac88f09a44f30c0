"""Processes that listen on a port, among them `serve`: shared by the tests that need the API."""

import json
import signal
import socket
import subprocess
import time
import urllib.request

from tenant import BINARY


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Killable:
    """A process that listens on a port, and can be killed without warning and started again."""

    def __init__(self, port, command):
        self.port, self.command, self.process = port, command, None

    def revive(self):
        if self.process is not None:
            return
        self.process = subprocess.Popen(self.command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until = time.monotonic() + 60
        while True:
            try:
                return socket.create_connection(("127.0.0.1", self.port)).close()
            except ConnectionError:
                assert time.monotonic() < until, f"{self.command} does not start"
                time.sleep(0.05)

    def kill(self):
        if self.process is not None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
            self.process = None


class Service(Killable):
    """`serve`, and its API."""

    def __init__(self, data):
        port = free_port()
        listen = ["serve", "--allow-loopback", "--listen", f"127.0.0.1:{port}"]
        super().__init__(port, [BINARY, "--data-dir", str(data), *listen])
        self.token = data / "operator-token"

    def request(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", data, method=method)
        request.add_header("authorization", f"Bearer {self.token.read_text().strip()}")
        request.add_header("content-type", "application/json")
        with urllib.request.urlopen(request) as answer:
            text = answer.read()
            return json.loads(text) if text.startswith(b"{") else None
