"""Real browsers against a running instance: each test with a phone and a desktop, in light and in dark."""

import itertools
import smtplib
import uuid
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from deploy.local.stack import Stack

SIZES = {"phone": (390, 844), "desktop": (1280, 800)}
SCHEMES = ("light", "dark")
DEVICES = [f"{size}-{scheme}" for size, scheme in itertools.product(SIZES, SCHEMES)]
DEADLINE = 30_000  # milliseconds

Send = Callable[[str, bytes], None]


# Ends with this package: while Playwright runs, its event loop keeps the ORM of other tests from working.
@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    expect.set_options(timeout=DEADLINE)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox"]
        )
        yield browser
        browser.close()


@pytest.fixture
def complaints() -> list[str]:
    """What the browser's console complained of: policy violations and script errors."""
    return []


@pytest.fixture
def open_context(
    chromium: Browser, stack: Stack, complaints: list[str]
) -> Iterator[Callable[..., BrowserContext]]:
    """Open browsers of their own, each with an empty cookie jar; afterwards nothing may have been complained of."""
    contexts: list[BrowserContext] = []

    def make(device: str = "desktop-light", **options: object) -> BrowserContext:
        size, _, scheme = device.partition("-")
        width, height = SIZES[size]
        context = chromium.new_context(
            base_url=stack.url,
            viewport={"width": width, "height": height},
            color_scheme="dark" if scheme == "dark" else "light",
            permissions=["clipboard-read", "clipboard-write"],
            **options,  # type: ignore[arg-type]
        )
        context.set_default_timeout(DEADLINE)
        context.on("console", lambda message: _note(complaints, message.type, message.text))
        context.on("weberror", lambda error: complaints.append(str(error.error)))
        contexts.append(context)
        return context

    yield make
    for context in contexts:
        context.close()
    assert complaints == []


def _note(complaints: list[str], kind: str, text: str) -> None:
    # That a page was answered 404 is logged too; the tests see it otherwise.
    if kind in ("error", "warning") and not text.startswith("Failed to load resource"):
        complaints.append(text)


@pytest.fixture(params=DEVICES)
def page(request: pytest.FixtureRequest, open_context: Callable[..., BrowserContext]) -> Page:
    """A tab on each device."""
    return open_context(request.param).new_page()


@pytest.fixture
def desktop(open_context: Callable[..., BrowserContext]) -> Page:
    """A tab on one device, where the device does not matter."""
    return open_context().new_page()


@pytest.fixture
def send(stack: Stack) -> Send:
    """Send a message by SMTP; it gets a Message-ID of its own."""

    def deliver(address: str, raw: bytes) -> None:
        message_id = f"Message-ID: <{uuid.uuid4()}@example.org>\r\n".encode()
        with smtplib.SMTP("127.0.0.1", stack.smtp_port, timeout=30) as client:
            client.sendmail("sender@example.org", [address], message_id + raw)

    return deliver
