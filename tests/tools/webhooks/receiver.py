"""A receiver of webhooks: verifies them with the Python library of Standard Webhooks, and writes one line per webhook to a
file. `receiver.py PORT SECRET FILE`"""

import http.server
import json
import sys

from standardwebhooks import Webhook

port, secret, path = sys.argv[1:]
verifier = Webhook(secret)


class Receiver(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        try:
            event = verifier.verify(body, {name.lower(): value for name, value in self.headers.items()})
            line, status = {"id": self.headers["webhook-id"], "event": event}, 204
        except Exception as error:
            line, status = {"refused": str(error)}, 401
        with open(path, "a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
        self.send_response(status)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


http.server.ThreadingHTTPServer(("127.0.0.1", int(port)), Receiver).serve_forever()
