"""A server on a unix socket that answers with the header fields it got. Standard library only."""

import json
import os
import sys
from http.server import BaseHTTPRequestHandler
from socketserver import ThreadingUnixStreamServer


class Handler(BaseHTTPRequestHandler):
    """Says what it heard."""

    def do_GET(self) -> None:
        """Answer with the fields, in order, each as it came."""
        body = json.dumps(self.headers.items()).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def address_string(self) -> str:
        """A unix socket has no address."""
        return "unix"


if __name__ == "__main__":
    server = ThreadingUnixStreamServer(sys.argv[1], Handler)
    os.chmod(sys.argv[1], 0o777)  # noqa: PTH101, S103
    server.serve_forever()
