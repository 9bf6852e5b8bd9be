"""Every word that a visitor sees can be translated: in every page, and in what the script shows."""

import re
import uuid
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from django.http import HttpRequest
from django.test import Client
from django.urls import reverse
from django.utils import translation

from mailboxes.api import reference
from mailboxes.models.records import CanaryRun
from mailboxes.services import clock
from mailboxes.services.creation import Created
from mailboxes.web import errors
from tests.unit.web_visitors import inbox_url, message_url, visitor

STATIC = Path(__file__).parents[2] / "mailboxes" / "static" / "mailboxes"
LEFT, RIGHT = "\u27e6", "\u27e7"
# What is not language: the name of the product, protocols, the mail of this test, its header's date, units and keys.
DATA = re.compile(
    r"Tempmail|tempmail|/api/openapi\.json|\w{3}, \d+ \w{3} \d{4} [\d:]+ \+0000|\bAPI\b|\bUTC\b|\bGMT\b|\bKB\b|\bMB\b|\bGB\b|\.eml|\S+@\S+|https?://\S+|\S+\.(?:txt|png|example|test|org)\b"
    r"|Alice Example|Eve|A plain hello|Hello, this is the body.*|Your code is 482913\.|482913|Offer|Look|Notes\."
    r"|\b(?:text|image|application)/[\w.+-]+|tm[tk]_\S+|\b\d+[hms]\b|\bQR\b|\bCtrl\b|\bEsc\b"
)
# Elements whose content is data: code, names, the mail itself.
DATA_TAGS = {
    "script",
    "style",
    "code",
    "pre",
    "bdi",
    "kbd",
    "samp",
    "time",
    "iframe",
    "option",
    "textarea",
}
VOID = {
    "area",
    "base",
    "br",
    "col",
    "embed",
    "hr",
    "img",
    "input",
    "link",
    "meta",
    "source",
    "track",
    "wbr",
}
SHOWN_ATTRIBUTES = {
    *("alt", "aria-label", "aria-description", "aria-roledescription", "aria-valuetext"),
    *("placeholder", "title", "label", "summary"),
    *(
        "data-copied",
        "data-over",
        "data-live",
        "data-away",
        "data-poll",
        "data-announce",
        "data-key-name",
    ),
}
HTML_MAIL = b"""From: Eve <eve@example.org>
Subject: Offer
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=b

--b
Content-Type: text/html

<h1>Offer</h1><a href="https://example.org/confirm?token=abcdefgh">Look</a><img src="https://example.org/a.png">
<img src="https://example.org/b.gif" width=1 height=1>
--b
Content-Type: text/plain; name="notes.txt"
Content-Disposition: attachment; filename="notes.txt"

Notes.
--b--
"""


class Words(HTMLParser):
    """Collects in `found` what is shown outside of the marks of translation."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._open: list[tuple[str, bool]] = []
        self._text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Judge attributes, and note whether this element's text is data."""
        given = dict(attrs)
        shown = SHOWN_ATTRIBUTES | (
            {"value"} if tag == "input" and given.get("type") in ("submit", "button") else set()
        )
        if tag == "meta" and given.get("name") == "description":
            shown = {"content"}
        for name in shown & set(given):
            self._judge(given[name] or "", f"{tag} {name}")
        is_data = tag in DATA_TAGS or given.get("translate") == "no" or self._in_data
        is_data = is_data or bool(
            {"text", "source", "headers"} & set((given.get("class") or "").split())
        )
        if tag not in VOID:
            self._open.append((tag, is_data))

    def handle_endtag(self, tag: str) -> None:
        """Leave the element."""
        while any(name == tag for name, _ in self._open):
            if self._open.pop()[0] == tag:
                break

    def handle_data(self, data: str) -> None:
        """Collect text: a translated sentence may have elements in it, so its marks may be in other nodes."""
        self._text += "" if self._in_data else data

    def close(self) -> None:
        """Judge the text of the whole page."""
        super().close()
        self._judge(self._text, "text")

    @property
    def _in_data(self) -> bool:
        return bool(self._open) and self._open[-1][1]

    def _judge(self, text: str, where: str) -> None:
        rest = DATA.sub(" ", outside_marks(text))
        self.found += [
            f"{where}: {line.strip()}"
            for line in rest.splitlines()
            if re.search(r"[^\W\d_]{2,}", line)
        ]


def outside_marks(text: str) -> str:
    """The text that no translation gave."""
    kept, depth = [], 0
    for character in text:
        depth += (character == LEFT) - (character == RIGHT)
        if depth == 0 and character != RIGHT:
            kept.append(character)
    return "".join(kept)


def mark(text: str) -> str:
    """The text between marks; of a list of words, which will be taken apart, each word."""
    is_list = re.fullmatch(r"(?:[a-z]+ ){8,}[a-z]+", text)
    return " ".join(map(_between, text.split(" "))) if is_list else _between(text)


def _between(text: str) -> str:
    return f"{LEFT}{text}{RIGHT}"


@pytest.fixture
def _marked(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Mark every translation."""
    translation.gettext("x"), translation.ngettext("x", "x", 1), translation.pgettext("x", "x")
    translation.npgettext("x", "x", "x", 1)
    marked = {
        "gettext": mark,
        "ngettext": lambda one, many, n: mark(one if n == 1 else many),
        "pgettext": lambda context, text: mark(text),
        "npgettext": lambda context, one, many, n: mark(one if n == 1 else many),
    }
    for name, function in marked.items():
        monkeypatch.setattr(translation._trans, name, function)
    reference.page.cache_clear()
    yield
    reference.page.cache_clear()


def texts() -> Iterator[str]:
    yield from (
        "/",
        "/?question",
        "/about",
        "/faq",
        "/privacy",
        "/terms",
        "/developers",
        "/open",
        "/report",
    )
    yield from ("/report/status", "/nowhere", "/status", "/receipt", "/api/docs")


def errors_shown() -> Iterator[bytes]:
    request = HttpRequest()
    for response in (
        errors.bad_request(request),
        errors.forbidden(request),
        errors.csrf_failure(request, ""),
        errors.not_found(request),
        errors.server_error(request),
        errors.unavailable(request),
        errors.rate_limited(request, 90),
        errors.frozen(request),
        errors.blocked(request),
        errors.paused(request),
    ):
        yield response.content


def visited(owner: Created, stranger: Created) -> Iterator[tuple[str, bytes]]:
    """Every page of a mailbox with mail and of one without."""
    client = visitor(owner, stranger)
    inbox, empty = inbox_url(owner), inbox_url(stranger)
    for path in (inbox, f"{inbox}list", f"{inbox}?q=nothing", f"{inbox}?before=1", empty, "/"):
        yield path, client.get(path).content
    for name in ("recovery", "end", "delete-all"):
        yield name, client.post(reverse(f"web:{name}", args=[owner.mailbox.public_id])).content
    for nth, views in enumerate(
        (("text",), ("html", "text", "headers", "source"), ("source", "headers"))
    ):
        for view in views:
            yield f"{nth} {view}", client.get(message_url(owner, nth=nth) + f"?view={view}").content
    yield "with images", client.post(message_url(owner, nth=1) + "?view=html").content
    for name in ("delete-all", "end"):
        client.post(reverse(f"web:{name}", args=[stranger.mailbox.public_id]), {"confirm": "yes"})
        yield f"receipt of {name}", client.get("/receipt/yours").content
    receipt = client.get("/receipt/yours.json").content.decode()
    for text in (receipt, receipt.replace('"messages"', '"message"'), "{}"):
        yield "receipt checked", client.post("/receipt", {"receipt": text}).content


def unmarked(pages: Iterator[tuple[str, bytes]]) -> list[str]:
    found = []
    for name, content in pages:
        words = Words()
        words.feed(content.decode())
        words.close()
        found += [f"{name}: {each}" for each in words.found]
    return found


@pytest.mark.usefixtures("_marked", "domain")
def test_every_word_of_the_public_pages_is_marked(client: Client, settings) -> None:  # type: ignore[no-untyped-def]
    settings.CAPTCHA = "altcha"
    pages = [(path, client.get(path).content) for path in texts()]
    pages += [("/create", client.post("/create", {"lifetime": "x"}).content)]
    pages += [("/report", client.post("/report", {}).content)]
    pages += [("/open", client.post("/open", {"token": "tmt_wrong"}).content)]
    pages += [("errors", each) for each in errors_shown()]
    assert all(content for _, content in pages)
    assert unmarked(iter(pages)) == []


@pytest.mark.usefixtures("_marked")
def test_every_word_of_the_pages_of_a_mailbox_is_marked(
    owner: Created,
    stranger: Created,
    deliver,  # type: ignore[no-untyped-def]
) -> None:
    deliver(owner.address)
    deliver(owner.address, raw=HTML_MAIL, queue_id="4Second")
    broken = b"Subject: Offer\nContent-Type: multipart/mixed; boundary=b\n\n" + b"--b\n\n" * 20_000
    deliver(owner.address, raw=broken, queue_id="4Third")
    assert unmarked(visited(owner, stranger)) == []


@pytest.mark.usefixtures("_marked", "db")
def test_every_word_of_the_status_page_is_marked(client: Client) -> None:
    for reason in CanaryRun.Reason:
        run = CanaryRun(id=uuid.uuid4(), started_at=clock.now(), state="failed", reason=reason)
        run.delivery_ms, run.purge_lag_ms = 60, 300_000
        run.save()
    assert unmarked(iter([("/status", client.get("/status").content)])) == []


def test_the_test_sees_what_is_not_marked() -> None:
    page = f'<p title="Shown">{LEFT}Marked <b>too</b>{RIGHT} not <code>data</code></p><p translate="no">data</p>'
    assert unmarked(iter([("page", page.encode())])) == ["page: p title: Shown", "page: text: not"]


def test_the_script_shows_no_words_of_its_own() -> None:
    script = re.sub(r"^\s*//.*$", "", (STATIC / "site.js").read_text(), flags=re.MULTILINE)
    literal = r"""(?:"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`)"""
    shown = rf"(?:textContent|innerText|\.title|placeholder|ariaLabel|\.alt)\s*\+?=\s*({literal})"
    said = rf"(?:announce|alert|confirm|prompt|createTextNode|showNotification)\(\s*({literal})"
    labelled = rf"""setAttribute\(\s*["'](?:aria-label|title|placeholder|alt)["'],\s*({literal})"""
    sentences = rf"(?<![\w.])({literal})"
    found = [text for pattern in (shown, said, labelled) for text in re.findall(pattern, script)]
    found += [
        text for text in re.findall(sentences, script) if re.match(r".[A-Z][a-z]+,? [a-z]", text)
    ]
    words = [re.sub(r"\$\{[^}]*\}", "", text) for text in found]
    assert [text for text in words if re.search(r"[A-Za-z]{2,}", text)] == []
    assert not re.search(r"innerHTML\s*=|insertAdjacentHTML|document\.write", script)


def test_the_stylesheet_shows_no_words() -> None:
    sheet = (STATIC / "site.css").read_text()
    contents = re.findall(r"""content:\s*("[^"]*"|'[^']*')""", sheet)
    assert [text for text in contents if re.search(r"[A-Za-z]{2,}", text)] == []
