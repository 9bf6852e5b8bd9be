"""Every page of the site in every state that a visitor can see it in, for tests that look at all of them."""

from collections.abc import Iterator

from django.http import HttpRequest
from playwright.sync_api import Page, expect

from deploy.local.stack import Stack
from mailboxes.web import errors
from tests.browser import visits
from tests.browser.filled import Mailbox, fill
from tests.hostile import bombs
from tests.journey import client, probe

TEXTS = (
    "/",
    "/?question",
    "/about",
    "/faq",
    "/privacy",
    "/terms",
    "/developers",
    "/report",
    "/report/status",
    "/status",
    "/receipt",
)
TEXTS += ("/api/docs", "/open", "/nowhere", "/admin/login/")
VIEWS = ("html", "text", "headers", "source")
RICH = b"""From: =?utf-8?b?2KfZhNi52LHYqNmK2Kkg?= <a-very-long-sender-name-without-any-break@a-very-long.example.org>
To: you@example.org, somebody.else@example.org
Subject: Averyverylongsubjectwithoutanyspaceinitwhichhastobreaksomewhereorthepagewouldscrollsideways 4829 1375
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=b

--b
Content-Type: text/html; charset=utf-8

<h1>Confirm your address</h1><p>Your code is 482913.</p>
<p><a href="https://example.org/confirm?token=abcdefghijklmnopqrstuvwxyz0123456789">Confirm your e-mail address</a></p>
<img src="https://pictures.example/large.png" width=300 height=200>
<img src="https://tracker.example/pixel.gif" width=1 height=1>
<table width=900><tr><td>A wide table, as shops write it</td><td>and its other column</td></tr></table>
--b
Content-Type: text/plain; name="notes.txt"
Content-Disposition: attachment; filename="a-very-long-file-name-without-any-break-in-it-as-machines-write-them.txt"

Notes.
--b
Content-Type: image/png; name="dot.png"
Content-Disposition: attachment; filename="dot.png"
Content-Transfer-Encoding: base64

iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==
--b--
"""
ARABIC = b"From: a@example.org\nSubject: =?utf-8?b?2LHZhdiyINin2YTYqtit2YLZgg==?=\n\nhttps://example.org/a"


def boxes(stack: Stack) -> tuple[Mailbox, Mailbox, Mailbox]:
    """A mailbox with mail of every kind, one without, and one that takes no more and will end."""
    broken = bombs.OUT_OF_BOUNDS["52 KB of nested multiparts"]()
    kinds = [visits.HTML, broken, ARABIC, visits.CODE, RICH]
    full, empty, ending = fill(stack, kinds, [], [visits.CODE])
    probe.shell(
        stack,
        "from mailboxes.models.mailboxes import Mailbox\n"
        f"rows = Mailbox.objects.filter(public_id={ending.public_id!r})\n"
        "print(rows.update(message_count=1_000_000))",
    )
    return full, empty, ending


def every(page: Page, stack: Stack, mailboxes: tuple[Mailbox, Mailbox, Mailbox]) -> Iterator[str]:
    """Bring the page into one state after the other, and say what it is."""
    for state in _every(page, stack, mailboxes):
        page.wait_for_load_state()  # the sheet too: what was clicked for is seen before it
        yield state


def _every(page: Page, stack: Stack, mailboxes: tuple[Mailbox, Mailbox, Mailbox]) -> Iterator[str]:
    yield from _texts(page)
    yield from _errors(page, stack)
    for mailbox in mailboxes:
        mailbox.open_in(page.context, stack)
    yield from _forms(page)
    yield from _inboxes(page, *mailboxes)
    yield from _messages(page, mailboxes[0])
    yield from _timelines(page, stack, *mailboxes)
    yield from _decisions(page, mailboxes[2])


def _texts(page: Page) -> Iterator[str]:
    for path in TEXTS:
        page.goto(path)
        yield path


def _errors(page: Page, stack: Stack) -> Iterator[str]:
    made = {
        "429": errors.rate_limited(HttpRequest(), 90),
        "503": errors.unavailable(HttpRequest()),
        "500": errors.server_error(HttpRequest()),
        "403": errors.csrf_failure(HttpRequest(), ""),
    }
    for name, response in made.items():
        url = f"{stack.url}/as-if-{name}"
        _answer(page, url, response.content.decode())
        page.goto(url)
        yield f"error {name}"


def _answer(page: Page, url: str, body: str) -> None:
    page.context.route(url, lambda route: route.fulfill(body=body, content_type="text/html"))


def _forms(page: Page) -> Iterator[str]:
    page.goto("/")
    yield "home with several addresses"
    page.goto("/?question")
    page.get_by_role("button", name="Get an address").click()
    expect(page.get_by_role("alert")).to_be_visible()
    yield "home with form errors"
    page.goto("/report")
    page.get_by_role("button", name="Send the report").click()
    expect(page.get_by_role("alert")).to_be_visible()
    yield "report with form errors"
    page.get_by_label("What is it about?").select_option(index=1)
    page.get_by_label("Which address or message").fill("never-given@tempmail.test")
    page.get_by_label("What happened?").fill("They sent me a bill.")
    page.get_by_role("button", name="Send the report").click()
    expect(page.locator(".receipt")).to_be_visible()
    yield "report with receipt"
    page.goto("/open")
    page.locator("main input[type=text], main input[type=password], main textarea").first.fill(
        "tmt_wrong"
    )
    page.locator("main form button[type=submit]").first.click()
    page.wait_for_load_state()
    yield "recovery key that opens nothing"


def _inboxes(page: Page, full: Mailbox, empty: Mailbox, ending: Mailbox) -> Iterator[str]:
    page.goto(empty.path())
    yield "inbox empty"
    page.get_by_role("button", name="Alerts and keys").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    yield "alerts and keys"
    page.goto(ending.path())
    expect(page.get_by_text("This mailbox is full")).to_be_visible()
    yield "inbox that takes no more"
    page.goto(full.path())
    expect(page.locator(".row")).to_have_count(len(full.messages))
    yield "inbox with mail"
    page.locator(".row input[type=checkbox]").first.check()
    yield "inbox with one selected"
    page.goto(full.path() + "?q=nothing-like-this")
    yield "inbox searched without result"
    page.goto(full.path() + "?unread=1")
    yield "inbox filtered"


def _messages(page: Page, full: Mailbox) -> Iterator[str]:
    names = ("with attachment", "out of bounds", "right to left", "with code", "with everything")
    for name, message in zip(names, full.messages, strict=True):
        page.goto(full.path(message))
        yield f"message {name}"
    for view in VIEWS:
        page.goto(full.path(full.messages[-1]) + f"?view={view}")
        yield f"message as {view}"
    page.context.route("https://pictures.example/**", lambda route: route.abort())
    page.goto(full.path(full.messages[-1]) + "?view=html")
    page.get_by_role("button", name="Load images this time").click()
    expect(page.get_by_text("Images are loaded for this view only")).to_be_visible()
    yield "message with images"


def _timelines(
    page: Page, stack: Stack, full: Mailbox, empty: Mailbox, ending: Mailbox
) -> Iterator[str]:
    page.goto(empty.path() + "timeline")
    expect(page.get_by_text("Nobody has asked for this address")).to_be_visible()
    yield "timeline empty"
    assert probe.answer_to(stack, ending.address)[0] == 452
    client.send(stack, visits.CODE, full.address)
    for mailbox, said in ((full, "Stored: it is in the inbox"), (ending, "Turned away")):
        page.goto(mailbox.path() + "timeline")
        probe.wait_until(lambda said=said: _says_when_looked_at_again(page, said))
        yield f"timeline: {said}"


def _says_when_looked_at_again(page: Page, said: str) -> bool:
    page.get_by_role("link", name="Look again").click()
    page.wait_for_load_state()
    return page.get_by_text(said).count() > 0


def _decisions(page: Page, ending: Mailbox) -> Iterator[str]:
    page.goto(ending.path())
    page.get_by_role("button", name="Open on another device").click()
    expect(page.get_by_label("Recovery link")).to_be_visible()
    yield "recovery"
    page.goto(ending.path())
    page.get_by_role("button", name="Delete all messages").click()
    page.wait_for_load_state()
    yield "delete all"
    page.goto(ending.path())
    visits.await_stream(page)
    other = page.context.new_page()
    other.goto(ending.path())
    other.get_by_role("button", name="End this address").click()
    expect(other.get_by_role("button", name="End it now")).to_be_visible()
    other.get_by_role("button", name="End it now").click()
    expect(page.get_by_role("heading", name="This address has ended")).to_be_visible()
    yield "inbox ended while open"
    expect(other.get_by_role("heading", name="This address has ended")).to_be_visible()
    other.close()
    page.goto("/receipt/yours")
    yield "receipt"
    page.get_by_role("button", name="Check it").click()
    expect(page.get_by_text("Genuine.")).to_be_visible()
    yield "receipt checked"
