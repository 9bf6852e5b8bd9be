"""Real messages, where they are at hand: none is blank that has a body, no attachment is missing."""

import email
import os
from collections.abc import Iterator
from email.message import Message
from pathlib import Path

import pytest

from mailboxes.rules import codes, parsing, safe_html, summary
from mailboxes.rules.mime import header_block
from tests.unit.test_parsing_outline import shown

CORPUS = os.environ.get("TEMPMAIL_CORPUS")
MESSAGES = sorted(Path(CORPUS).glob("*/*")) if CORPUS else []
pytestmark = pytest.mark.skipif(not MESSAGES, reason="TEMPMAIL_CORPUS is not set")


def leaves(part: Message) -> Iterator[Message]:
    """The leaf parts that are not inside an attached message."""
    if not part.is_multipart():
        yield part
    elif part.get_content_maintype() == "multipart":
        for child in part.get_payload():
            if isinstance(child, Message):
                yield from leaves(child)


def tree_of(raw: bytes) -> Message:
    return email.message_from_bytes(header_block.repaired(raw))


def payload(part: Message) -> bytes:
    decoded = part.get_payload(decode=True)
    return decoded if isinstance(decoded, bytes) else b""


@pytest.mark.parametrize("path", MESSAGES, ids=lambda path: path.name)
def test_a_real_message_is_neither_partial_nor_unreadable(path: Path) -> None:
    parsed = parsing.parse(path.read_bytes())
    assert (parsed.partial, parsed.unreadable) == (False, False)


@pytest.mark.parametrize("path", MESSAGES, ids=lambda path: path.name)
def test_a_real_message_that_has_a_body_shows_text(path: Path) -> None:
    raw = path.read_bytes()
    parsed = parsing.parse(raw)
    written = [
        payload(part).strip()
        for part in tree_of(raw).walk()
        if part.get_content_type() == "text/plain" and not part.is_multipart()
    ]
    if any(written) or parsed.html.strip():
        assert parsed.text.strip() or "<img" in parsed.html.lower()


@pytest.mark.parametrize("path", MESSAGES, ids=lambda path: path.name)
def test_the_lean_way_says_what_the_whole_way_says(path: Path) -> None:
    raw = path.read_bytes()
    assert shown(parsing.outline(raw)) == shown(parsing.parse(raw))


@pytest.mark.parametrize("path", MESSAGES, ids=lambda path: path.name)
def test_every_file_of_a_real_message_is_there_with_its_bytes(path: Path) -> None:
    raw = path.read_bytes()
    found = [attachment.content for attachment in parsing.parse(raw).attachments]
    for part in leaves(tree_of(raw)):
        shown_as_body = part.get_content_type() in ("text/plain", "text/html")
        if part.get_content_maintype() != "multipart" and not shown_as_body:
            assert payload(part) in found


@pytest.mark.parametrize("path", MESSAGES, ids=lambda path: path.name)
def test_messages_inside_a_real_message_come_out_as_sent(path: Path) -> None:
    raw = path.read_bytes()
    for attachment in parsing.parse(raw).attachments:
        if attachment.content_type.startswith("message/"):
            assert attachment.content in raw


@pytest.mark.parametrize("path", MESSAGES, ids=lambda path: path.name)
def test_a_real_message_has_a_summary_safe_html_and_no_false_code(path: Path) -> None:
    raw = path.read_bytes()
    parsed = parsing.parse(raw)
    made = summary.summarize(raw)
    assert summary.Summary.decode(made.encode()) == made
    assert bool(made.preview) == bool(summary.preview(parsed.text))
    assert codes.find_codes(parsed.subject, parsed.text) == ()
    shown = safe_html.clean(parsed.html, safe_html.inline_images(parsed.attachments)).html
    assert shown.startswith("<div")
    assert "<script" not in shown
