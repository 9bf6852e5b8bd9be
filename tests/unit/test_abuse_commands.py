"""The commands of docs/abuse.md, each as it stands there; their exit status; what they never print."""

import io
import shlex
from io import StringIO

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from mailboxes.models.abuse import AbuseReport, Block, ModerationRecord
from mailboxes.models.mailboxes import Mailbox
from mailboxes.services import abuse, blocklist, creation, pause
from tests import documented

pytestmark = pytest.mark.django_db
BLOCKS = documented.blocks(__file__, "docs/abuse.md")
COMMANDS = [shlex.split(line)[1:] for text in BLOCKS for line in text.splitlines()]
ADDRESS = "k7fw2q9xbn3d2@tempmail.test"


def run(*words: str) -> str:
    out = StringIO()
    call_command(*words, stdout=out)
    return out.getvalue()


def status_of(*words: str) -> int:
    with pytest.raises(CommandError) as failed:
        run(*words)
    assert "@" not in str(failed.value)
    return failed.value.returncode


@pytest.fixture
def documented(domain, settings) -> None:
    """The mailboxes and the report that the document speaks of."""
    settings.CUSTOM_LOCAL_PARTS = True
    creation.create(local_part="k7fw2q9xbn3d2")
    other = creation.create()
    Mailbox.objects.filter(pk=other.mailbox.pk).update(public_id="m3xk7fw2q9xbn3d2")
    abuse.file(abuse.Report("fraud", about=ADDRESS, text="please look"))
    AbuseReport.objects.update(reference="abcdefghjkmnpqrs")


def test_every_command_of_the_document_works_in_its_order(documented, caplog) -> None:
    assert {words[0] for words in COMMANDS} == {
        "block",
        "moderate",
        "decide_report",
        "pause_creation",
    }
    for words in COMMANDS:
        blocklist.forget()
        printed = run(*words)
        assert printed
        assert "spammer" not in printed
        assert ADDRESS not in printed
    assert ADDRESS not in caplog.text
    assert Mailbox.objects.get().frozen_at is not None
    assert AbuseReport.objects.get().state == AbuseReport.State.CLOSED
    assert set(Block.objects.values_list("kind", flat=True)) == {"sender", "network", "name"}
    blocklist.forget()
    assert not pause.is_paused()
    assert ModerationRecord.objects.count() == len(COMMANDS) - 2  # list and status do nothing


def test_the_list_shows_what_is_in_clear(db) -> None:
    run("block", "add", "network", "::ffff:192.0.2.1", "--reason", "bots", "--hours", "1")
    run("block", "add", "sender", "spammer@example.net", "--reason", "fraud")
    first, second = run("block", "list").splitlines()
    assert "192.0.2.1/32" in first
    assert "UTC" in first
    assert "(kept as a digest)" in second
    assert "for good" in second


def test_a_value_may_come_from_standard_input(owner, monkeypatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{owner.address}\nspammer@example.net\n"))
    assert owner.mailbox.public_id in run("moderate", "freeze", "-", "--reason", "report")
    run("block", "add", "sender", "-", "--reason", "fraud")
    assert blocklist.current().refuses_sender("spammer@example.net")


def test_twice_is_no_error(owner) -> None:
    run("moderate", "freeze", owner.address)
    assert "already" in run("moderate", "freeze", owner.address)
    run("block", "add", "domain", "bad.example", "--reason", "a")
    run("block", "add", "domain", "BAD.example.", "--reason", "b")
    assert run("pause_creation", "on") == run("pause_creation", "on") == "creation is paused\n"


def test_the_exit_status_tells_what_was_wrong(domain) -> None:
    for action in ("freeze", "unfreeze", "end"):
        assert status_of("moderate", action, "nobody@tempmail.test") == 3
        assert status_of("moderate", action, "--report", "unknown") == 3
        assert status_of("moderate", action, "--id", "unknown") == 3
        assert status_of("moderate", action, "no address") == 1
    assert status_of("decide_report", "unknown", "acted") == 3
    assert status_of("block", "remove", "domain", "bad.example") == 3
    assert status_of("block", "add", "network", "0.0.0.0/0", "--reason", "x") == 1
    assert status_of("block", "add", "sender", "", "--reason", "x") == 1
    assert status_of("block", "add", "domain", "nonsense", "--reason", "x") == 1
    assert status_of("block", "add", "name", "@", "--reason", "x") == 1
    for usage in (["moderate", "freeze"], ["block", "add", "domain", "x.example"], ["block"]):
        with pytest.raises(CommandError):
            run(*usage)
