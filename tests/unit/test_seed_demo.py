"""The demo: what it makes can be opened and looks alive, it stays off sites on the net, and goes again."""

import io
import re
from collections.abc import Sequence

import pytest
from django.core.management import CommandError, call_command
from django.test import override_settings
from django.urls import reverse

from mailboxes.models.domains import Domain
from mailboxes.models.mailboxes import Mailbox
from mailboxes.models.messages import Message, MessageSource
from mailboxes.services import creation, reading, timeline, timeline_store
from mailboxes.services.creation import Created
from mailboxes.services.demo import seeding
from mailboxes.services.demo.seeding import Seeded
from mailboxes.services.timeline_store import Line
from tests.unit.web_visitors import message_url, visitor

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def told(monkeypatch: pytest.MonkeyPatch) -> list[Line]:
    """What is written to the timeline."""
    kept, real = list[Line](), timeline.Writer
    monkeypatch.setattr(timeline, "Writer", lambda: real(kept.extend))
    return kept


def run(*arguments: str) -> str:
    out = io.StringIO()
    call_command("seed_demo", *arguments, stdout=out)
    return out.getvalue()


def every_page(created: Created) -> Sequence[str]:
    """The inbox, each message, and each frame, as text."""
    client, count = visitor(created), created.mailbox.messages.count()
    urls = [reverse("web:inbox", args=[created.mailbox.public_id])]
    urls += [message_url(created, nth=nth) for nth in range(count)]
    answers = [client.get(url) for url in urls]
    assert {answer.status_code for answer in answers} == {200}
    return [answer.content.decode() for answer in answers]


def made(about: str) -> Seeded:
    (found,) = [one for one in seeding.seed() if one.about.startswith(about)]
    return found


def test_every_printed_link_opens_a_mailbox_with_the_mail_it_says() -> None:
    found = re.findall(r"\((\d+) messages\)\n  (\S+@\S+)\n  http\S+/open#(tmt_\S+)", run())
    assert len(found) == len(seeding.MAILBOXES)
    for count, address, token in found:
        opened = reading.open_by_token(token)
        assert opened.address == address
        items = reading.page(opened, limit=100).items
        assert len(items) == int(count)
        times = [item.received_at for item in items]
        assert times == sorted(times, reverse=True)
        assert all(opened.mailbox.created_at < each < opened.now for each in times)


def test_every_message_can_be_shown_and_its_source_read() -> None:
    for one in seeding.seed():
        assert len(every_page(one.created)) == one.messages + 1
    assert Message.objects.count() == MessageSource.objects.count() > 30
    assert not Message.objects.filter(partial=True).exists()


def test_nearly_every_language_has_a_code_that_is_found() -> None:
    opened = reading.open_by_token(made("Eighteen").created.token)
    items = reading.page(opened, limit=100).items
    assert len(items) == 18
    assert sum(bool(item.summary.codes) for item in items) >= 15
    assert not any("\ufffd" in item.summary.subject + item.summary.preview for item in items)


def test_no_hostile_message_brings_a_script_or_a_request_into_a_page() -> None:
    one = made("Hostile")
    client = visitor(one.created)
    for nth in range(one.messages):
        frame = client.get(message_url(one.created, "frame", nth)).content.decode().lower()
        for attack in ("<script", "onerror", "onload", "javascript:", "<iframe", "<form", "fixed"):
            assert attack not in frame
        assert 'src="https://evil.example' not in frame


def test_a_newsletter_shows_its_own_pictures_and_blocks_trackers() -> None:
    one = made("Newsletters")
    frames = [
        visitor(one.created).get(message_url(one.created, "frame", nth)).content.decode()
        for nth in range(one.messages)
    ]
    assert any(frame.count("data:image/png;base64,") == 2 for frame in frames)
    assert not any("track." in frame or "pixel." in frame for frame in frames)


def test_the_timeline_tells_of_mail_that_came_and_of_mail_that_did_not(told: list[Line]) -> None:
    empty = made("An empty one")
    assert empty.messages == 0
    digest = bytes(empty.created.mailbox.address_digest)
    assert [line.split(b'"')[1] for whose, _at, line in told if whose == digest] == [
        b"accepted",
        b"refused",
        b"refused",
    ]
    assert sum(b'"stored"' in line for _digest, _at, line in told) == Message.objects.count()


def test_it_works_without_redis(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    monkeypatch.setattr(timeline_store, "append", fail)
    assert run()


def fail(_lines: Sequence[Line]) -> None:
    raise ConnectionError


@pytest.mark.parametrize(
    ("url", "refused"),
    [
        ("https://mail.example.org", True),
        ("http://192.0.2.7:8000", True),
        ("http://localhost.example.org", True),
        ("http://127.0.0.1:8000", False),
        ("http://localhost:8000", False),
        ("http://[::1]:8000", False),
    ],
)
def test_a_site_on_the_net_is_left_alone_unless_forced(url: str, refused: bool) -> None:
    with override_settings(SITE_URL=url):
        if refused:
            with pytest.raises(CommandError, match="--force"):
                run()
            assert not Domain.objects.exists()
        assert run("--force") if refused else run()
        assert Mailbox.objects.exists()


def test_again_there_are_more_and_remove_takes_all_of_it_and_nothing_else(domain) -> None:
    own = creation.create(domain=domain.name)
    run()
    run()
    count = Mailbox.objects.count() - 1
    assert count == 2 * len(seeding.MAILBOXES)
    assert run("--remove") == f"removed: mailboxes={count} domains={len(seeding.DOMAINS) + 1}\n"
    assert list(Mailbox.objects.all()) == [own.mailbox]
    assert list(Domain.objects.all()) == [domain]
    assert not Message.objects.exists()
    assert not MessageSource.objects.exists()
    assert run("--remove") == "removed: mailboxes=0 domains=0\n"


def test_visitors_are_offered_what_is_neither_resting_nor_retired() -> None:
    run()
    offered = set(Domain.objects.offered().values_list("name", flat=True))
    assert offered == {*seeding.DOMAINS} - {seeding.RESTING}
    assert Domain.objects.get(name=seeding.RETIRED).retired_at
