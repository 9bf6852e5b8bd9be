"""The JavaScript of docs/api.md runs as it stands there, in a page of another origin: CORS lets it."""

import functools
import threading
from collections.abc import Callable, Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page

from deploy.local.stack import Stack
from tests import documented
from tests.browser.conftest import DEADLINE, Send


class Files(SimpleHTTPRequestHandler):
    """A server of files that says nothing."""

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[str]:
    """The origin of an application that has the examples as its modules."""
    module, script = documented.blocks(__file__, "docs/api.md")
    (tmp_path / "index.html").write_text(
        '<!doctype html><title>An application</title><link rel="icon" href="data:,">'
    )
    (tmp_path / "tempmail.js").write_text(module)
    (tmp_path / "main.js").write_text(script)
    handler = functools.partial(Files, directory=str(tmp_path))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def page(open_context: Callable[..., BrowserContext], stack: Stack, elsewhere: str) -> Page:
    """A tab of that application."""
    context = open_context()
    context.add_init_script(f"globalThis.TEMPMAIL_URL = {stack.url!r}")
    page = context.new_page()
    page.goto(elsewhere)
    return page


def test_the_example_gets_an_address_waits_and_reads_the_code(page: Page, send: Send) -> None:
    with page.expect_console_message(timeout=DEADLINE) as waiting:
        page.add_script_tag(url="/main.js", type="module")
    address = waiting.value.text.removeprefix("waiting for mail to ")
    with page.expect_console_message(timeout=DEADLINE) as found:
        send(address, b"Subject: Your code\r\n\r\nYour verification code is 482913.\r\n")
    assert found.value.text == "the code is 482913"


def test_a_refusal_can_be_read_from_another_origin(page: Page, stack: Stack) -> None:
    asked = """async (base) => {
      const headers = { Authorization: "Bearer tmt_wrong" };
      const response = await fetch(`${base}/api/emails/me`, { headers });
      const shown = ["www-authenticate", "x-request-id"].map((name) => response.headers.has(name));
      return [response.status, (await response.json()).code, ...shown];
    }"""
    assert page.evaluate(asked, stack.url) == [401, "unauthorized", True, True]
