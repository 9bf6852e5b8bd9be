"""A stand-in for Google's siteverify on a free loopback port: answers as told, keeps what it was asked."""

import json
import threading
import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

GOOD = {"success": True, "action": "create", "score": 0.9, "hostname": "127.0.0.1"}


class Siteverify(ThreadingHTTPServer):
    """Answers `body` with `status`, and not before `hold` is set."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.asked: list[dict[str, list[str]]] = []
        self.status, self.body = 200, b""
        self.hold = threading.Event()
        self.hold.set()
        self.answer(GOOD)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/recaptcha/api/siteverify"

    def answer(self, verdict: Any, status: int = 200) -> None:
        """Answer this from now on: bytes as they are, everything else as JSON."""
        self.status = status
        self.body = verdict if isinstance(verdict, bytes) else json.dumps(verdict).encode()


class _Handler(BaseHTTPRequestHandler):
    server: Siteverify

    def do_POST(self) -> None:
        size = int(self.headers["Content-Length"])
        sent = self.rfile.read(size).decode()
        self.server.asked.append(urllib.parse.parse_qs(sent, keep_blank_values=True))
        self.server.hold.wait()
        self.send_response(self.server.status)
        self.send_header("Content-Length", str(len(self.server.body)))
        self.end_headers()
        self.wfile.write(self.server.body)

    def log_message(self, format: str, *args: object) -> None:
        return


@contextmanager
def running() -> Iterator[Siteverify]:
    """Run one."""
    with Siteverify() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield server
        finally:
            server.hold.set()
            server.shutdown()
            thread.join()
