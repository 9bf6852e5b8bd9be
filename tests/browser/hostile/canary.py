"""Loopback servers of the tests: the canary, which notes whoever comes, and pages that are served as they are."""

import re
import socketserver
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

_NAME_IN_HELLO = re.compile(rb"([a-z0-9-]+)\.canary\.test")
_PATH = re.compile(r"/([a-z0-9-]*)(.*)")
_ANSWERS = {
    ".js": ("text/javascript", "console.log`ran-{id}`"),
    ".css": ("text/css", "@import '/{id}/imported.css?';body{background:url(/{id}/imported.png)}"),
    ".html": ("text/html", "<script>console.log`ran-{id}`</script>"),
    ".svg": ("image/svg+xml", "<svg xmlns='http://www.w3.org/2000/svg'><g id='x'/></svg>"),
}
_TLS_HANDSHAKE = b"\x16"  # RFC 8446 5.1: the content type of the first record


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 1000

    def handle_error(self, request: object, client_address: object) -> None:
        """A browser that hangs up early is no news."""


class Canary(_Server):
    """Notes in `hits` what was asked for and who began to talk TLS; `connections` counts all, also silent ones."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _CanaryHandler)
        self.hits: list[str] = []
        self.connections = 0

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    def verify_request(self, request: object, client_address: object) -> bool:
        self.connections += 1
        return True


class _CanaryHandler(BaseHTTPRequestHandler):
    server: Canary
    timeout = 30

    def handle_one_request(self) -> None:
        start = self.connection.recv(1, 2)  # MSG_PEEK
        if start == _TLS_HANDSHAKE:
            found = _NAME_IN_HELLO.search(self.connection.recv(65_536))
            name = found[1].decode() if found else "unknown"
            self.server.hits.append(f"/{name}/tls")
            self.close_connection = True
            return
        super().handle_one_request()

    def do_GET(self) -> None:
        """Note the request, and answer what a script, sheet or page of an attacker would be."""
        self.server.hits.append(self.path)
        payload, rest = (
            _PATH.fullmatch(self.path).groups() if _PATH.fullmatch(self.path) else ("", "")
        )
        suffix = re.sub(r"\?.*", "", rest)[-5:]
        kind, body = _ANSWERS.get(suffix[suffix.rfind(".") :], ("image/gif", "GIF89a"))
        content = body.replace("{id}", payload).encode()
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Access-Control-Allow-Origin", "*")
        self.end_headers()
        self.wfile.write(content)

    do_POST = do_HEAD = do_PUT = do_OPTIONS = do_GET  # noqa: N815

    def log_message(self, format: str, *args: object) -> None:
        """Silence."""


class Pages(_Server):
    """Serves `pages` (by path) with `headers`, nothing cleaned."""

    def __init__(self, headers: Mapping[str, str]) -> None:
        super().__init__(("127.0.0.1", 0), _PagesHandler)
        self.headers = dict(headers)
        self.pages: dict[str, bytes] = {"/": b"<!doctype html><title>still here</title>"}

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _PagesHandler(BaseHTTPRequestHandler):
    server: Pages

    def do_GET(self) -> None:
        """Answer a page of the tests; the page around them has no policy."""
        content = self.server.pages.get(self.path, b"")
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Set-Cookie", "secret=1; HttpOnly; Path=/")
        self.send_header("Set-Cookie", "readable=1; Path=/")
        for name, value in self.server.headers.items() if self.path != "/" else ():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    do_POST = do_GET  # noqa: N815

    def log_message(self, format: str, *args: object) -> None:
        """Silence."""


@contextmanager
def running(server: socketserver.BaseServer) -> Iterator[None]:
    """Serve in a thread of its own."""
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
