"""A browser like a visitor's, with eyes on its network; a canary; and an instance that takes every payload."""

import re
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext

from deploy.local.stack import Stack
from tests import private_database
from tests.browser.hostile.canary import Canary, running
from tests.browser.hostile.documents import Document, every
from tests.conftest import running_stack

# Playwright turns off what fetches ahead; a visitor's browser does it. All names of the canary are on this machine.
_USUAL = ["--disable-background-networking", "--disable-pings"]
_FLAGS = (
    *("--no-sandbox", "--host-resolver-rules=MAP *.canary.test 127.0.0.1"),
    "--disable-features=IsolateSandboxedIframes",  # a process for each of hundreds of frames is slow
)
_NAME = re.compile(r"([a-z]+-\d+)\.canary\.test")


@dataclass
class Visitor:
    """A browser window, and where it writes down what its network did, also what no page can see."""

    context: BrowserContext
    log: Path

    def names_resolved(self) -> set[str]:
        """The payloads whose host the browser looked up or connected to. Closes the window, which ends the log."""
        self.context.close()
        return set(_NAME.findall(self.log.read_text(errors="replace")))


@pytest.fixture
def visitor(chromium: Browser) -> Iterator[Visitor]:
    """A window with a profile of its own; the private ones of the other tests neither prefetch nor preconnect."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        log = Path(profile) / "net.json"
        context = chromium.browser_type.launch_persistent_context(
            profile,
            executable_path="/usr/bin/chromium",
            ignore_default_args=_USUAL,
            args=[*_FLAGS, f"--log-net-log={log}"],
            viewport={"width": 1280, "height": 800},
        )
        context.set_default_timeout(60_000)
        yield Visitor(context, log)
        context.close()


@pytest.fixture
def canary() -> Iterator[Canary]:
    """A canary of this test's own."""
    server = Canary()
    with running(server):
        yield server


@pytest.fixture
def documents(canary: Canary) -> list[Document]:
    """Every document, aimed at the canary."""
    return list(every(canary.port))


@pytest.fixture(scope="session")
def hostile_stack() -> Iterator[Stack]:
    """An instance with room for all of it. Each tab comes from another client, as if through a proxy."""
    with private_database.create() as url:
        yield from running_stack(url, MAILBOX_MAX_MESSAGES="5000", TRUSTED_PROXIES="127.0.0.1")
