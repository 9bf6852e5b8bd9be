"""Hostile mail through Postfix to every page, view and file that the site has of it: nothing of it does anything."""

import contextlib
import re
import smtplib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import Page, expect

from deploy.local.stack import Stack
from tests.browser.filled import Mailbox, fill
from tests.browser.hostile import structures, watching
from tests.browser.hostile.canary import Canary, running
from tests.browser.hostile.conftest import Visitor
from tests.browser.hostile.documents import aimed
from tests.browser.hostile.test_frames import AUDIT
from tests.journey import probe
from tests.journey.client import Api

_HERE = Path(__file__).parent
STRANGE = (_HERE / "strange.js").read_text().partition("\n")[2]
TURNING = re.compile("[\u202a-\u202e\u2066-\u2069\u200e\u200f\u061c]")
SHOWN_TYPES = {
    "application/octet-stream",
    "text/plain",
    "image/png",
    "image/gif",
    "image/jpeg",
    "image/webp",
}


@pytest.fixture(scope="module")
def canary() -> Iterator[Canary]:
    server = Canary()
    with running(server):
        yield server


@pytest.fixture(scope="module")
def sent(hostile_stack: Stack, canary: Canary) -> dict[str, bytes]:
    """Every message by name."""
    return dict(structures.every(lambda raw, name: aimed(raw, name, canary.port)))


@pytest.fixture(scope="module")
def box(hostile_stack: Stack, sent: dict[str, bytes]) -> Mailbox:
    """A mailbox that got all of them, through Postfix in one session."""
    [empty] = fill(hostile_stack, [])
    with smtplib.SMTP("127.0.0.1", hostile_stack.smtp_port, timeout=60) as client:
        for raw in sent.values():
            client.sendmail("eve@example.org", [empty.address], raw)
    api = Api(hostile_stack, empty.token)
    probe.wait_until(lambda: len(_ids(api)) == len(sent))
    return replace(empty, messages=tuple(_ids(api)))


def _ids(api: Api) -> list[str]:
    found, cursor = [], ""
    while True:
        data = api("GET", f"emails/me?limit=100{cursor}").data
        found += [item["id"] for item in data["items"]]
        if not data["next_cursor"]:
            return found
        cursor = f"&cursor={data['next_cursor']}"


@pytest.fixture
def watch(visitor: Visitor, hostile_stack: Stack, box: Mailbox) -> watching.Watch:
    box.open_in(visitor.context, hostile_stack)
    return watching.Watch(visitor.context, hostile_stack.url)


def assert_quiet(
    watch: watching.Watch, visitor: Visitor, canary: Canary, sent: dict[str, bytes], more: list[str]
) -> None:
    """Nothing happened, nothing was tried, nothing was looked up. Closes the browser."""
    resolved = [f"{name} was looked up" for name in visitor.names_resolved()]
    lines = [*watch.notes, *more, *resolved, *canary.hits]
    named = sorted(watching.names_in(lines, sent))
    assert not lines, "\n".join([*lines, *(f"{name}: {sent[name]!r}" for name in named)])
    assert canary.connections == 0


def strange(page: Page, name: str) -> list[str]:
    """What stands in this page, and in the mail's frame of it, that should not."""
    strange_things, loose = page.evaluate(STRANGE)
    found = [f"{name} has {each}" for each in strange_things]
    for frame in page.frames[1:]:
        found += [f"{name} has {each}" for each in frame.evaluate(AUDIT)[0]]
    if turned := set(TURNING.findall(loose)):
        found.append(f"{name} turns the page with {turned!r}")
    return found


def test_the_list_shows_every_name_and_subject_as_text(
    watch: watching.Watch,
    visitor: Visitor,
    hostile_stack: Stack,
    canary: Canary,
    box: Mailbox,
    sent: dict[str, bytes],
) -> None:
    page, found, rows = watch.page(), [], 0
    page.goto(hostile_stack.url + box.path())
    while True:
        expect(page.locator(".row").first).to_be_visible()
        assert "Inbox" in page.title()
        found += strange(page, "the list")
        rows += page.locator(".row").count()
        older = page.locator("a[rel=next]")
        if not older.count():
            break
        older.click()
    assert rows == len(sent)
    assert all(cookie["httpOnly"] for cookie in visitor.context.cookies())
    assert_quiet(watch, visitor, canary, sent, found)


def test_every_message_page_and_frame_does_nothing(
    watch: watching.Watch,
    visitor: Visitor,
    hostile_stack: Stack,
    canary: Canary,
    box: Mailbox,
    sent: dict[str, bytes],
) -> None:
    page, found = watch.page(), []
    for number, message in enumerate(box.messages):
        url = hostile_stack.url + box.path(message)
        page.set_extra_http_headers({"X-Forwarded-For": f"192.0.2.{number}"})
        page.goto(url)
        found += strange(page, message)
        for frame in page.frames[1:]:
            watch.clicked(frame)
        if page.locator("iframe").count():
            page.goto(url + "frame")
            found += [f"{message} has {each}" for each in page.evaluate(AUDIT)[0]]
        assert page.url.startswith(url)
    assert_quiet(watch, visitor, canary, sent, found)


def test_every_view_link_and_file_of_a_message_does_nothing(
    watch: watching.Watch,
    visitor: Visitor,
    hostile_stack: Stack,
    canary: Canary,
    box: Mailbox,
    sent: dict[str, bytes],
) -> None:
    page, found = watch.page(saves_files=True), []
    wanted = ("files-0", "plain-0", "structure-8", "text-36")
    for name in wanted:
        message = _named(visitor, hostile_stack, box, name)
        page.set_extra_http_headers({"X-Forwarded-For": f"198.51.100.{wanted.index(name)}"})
        page.goto(message)
        links = page.locator("a[href]").evaluate_all("all => all.map(each => each.href)")
        inside = sorted({link.partition("#")[0] for link in links if link.startswith(message)})
        assert len(inside) >= 4
        for link in inside:
            found += _opened(page, link, name)
    assert_quiet(watch, visitor, canary, sent, found)


def _named(visitor: Visitor, stack: Stack, box: Mailbox, name: str) -> str:
    """The URL of a message."""
    for number, message in enumerate(box.messages):
        url = stack.url + box.path(message)
        forwarded = {"X-Forwarded-For": f"203.0.113.{number}"}
        source = visitor.context.request.get(url + "message.eml", headers=forwarded).text()
        if f"X-Payload: {name}\n" in source.replace("\r", ""):
            return url
    raise AssertionError(f"{name} did not come")


def _opened(page: Page, link: str, name: str) -> list[str]:
    """Open a link by itself: a page of ours, a text, or a file to be saved under a harmless name."""
    answer = page.context.request.get(link, headers={"X-Forwarded-For": "192.0.2.200"})
    found = _headers(answer.headers, f"{name} {link}")
    if not answer.headers.get("content-disposition", "").startswith("attachment"):
        page.goto(link)
        kind = page.evaluate("document.contentType")
        if kind == "text/html" and page.evaluate("window.origin") == "null":
            return found + [f"{name} {link} has {each}" for each in page.evaluate(AUDIT)[0]]
        if kind == "text/html":
            return found + strange(page, name)
        assert kind in SHOWN_TYPES, (name, link, kind)
        return found
    with page.expect_download() as saving, contextlib.suppress(PlaywrightError):
        page.goto(link)  # "Download is starting" is an error to Playwright
    saved = saving.value.suggested_filename
    if set(saved) & set('/\\:*?"<>|\0\r\n') or TURNING.search(saved) or saved.startswith("."):
        found.append(f"{name} would be saved as {saved!r}")
    return found


def _headers(headers: dict[str, str], name: str) -> list[str]:
    """What the headers of an answer lack."""
    policy, found = headers.get("content-security-policy", ""), []
    if (
        "x-injected" in headers
        or "stolen" in headers.get("set-cookie", "")
        or "location" in headers
    ):
        found.append(f"{name} has headers of a sender")
    if headers.get("x-content-type-options") != "nosniff" or "default-src 'none'" not in policy:
        found.append(f"{name} has no walls: {headers}")
    kind = headers["content-type"].partition(";")[0]
    if kind != "text/html" and ("sandbox" not in policy or kind not in SHOWN_TYPES):
        found.append(f"{name} is shown as {kind} under {policy}")
    return found
