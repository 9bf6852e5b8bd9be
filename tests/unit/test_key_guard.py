"""Another ADDRESS_DIGEST_KEY than the database was filled under: refused before any harm is done."""

import base64
from io import StringIO

import pytest
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.db import OperationalError

from delivery.admissions import AdmissionBook
from delivery.intake_handler import IntakeHandler
from delivery.policy import TEMPORARY
from delivery.protocol import LATER, Request
from delivery.scoreboard import Scoreboard
from mailboxes.models.mailboxes import IssuedAddress
from mailboxes.models.messages import Message
from mailboxes.models.records import KeyFingerprint
from mailboxes.rules import summary
from mailboxes.rules.errors import WrongKey
from mailboxes.services import creation, key_guard, keys
from tests import messages
from tests.unit.test_admission_caps import Host

pytestmark = pytest.mark.django_db


@pytest.fixture
def other_key(owner, settings):
    """The installation is started again, with another key."""
    settings.ADDRESS_DIGEST_KEY = base64.urlsafe_b64encode(b"k" * 32).decode()
    keys.address_digest_key.cache_clear()
    yield
    keys.address_digest_key.cache_clear()
    key_guard._verified = ""


def test_the_key_is_noted_once_and_not_kept(owner, settings):
    row = KeyFingerprint.objects.get()
    assert len(bytes(row.fingerprint)) == 16
    assert bytes(row.fingerprint) not in base64.urlsafe_b64decode(settings.ADDRESS_DIGEST_KEY)
    key_guard.ensure()
    assert not key_guard.is_changed()
    call_command("check", "--database", "default", stdout=StringIO())


def test_a_database_that_knows_no_key_takes_the_first(owner):
    KeyFingerprint.objects.all().delete()
    key_guard._verified = ""
    assert not key_guard.is_changed()
    key_guard.ensure()
    assert KeyFingerprint.objects.exists()


def test_no_address_is_given_out(other_key):
    for _ in range(2):
        with pytest.raises(WrongKey):
            creation.create()
    assert IssuedAddress.objects.count() == 1


def test_at_rcpt_the_answer_is_temporary(other_key, owner, caplog):
    assert Host().rcpt(owner.address) == TEMPORARY
    assert key_guard.WORDS in caplog.text


def test_what_is_in_the_queue_waits(other_key, owner):
    board = Scoreboard(1)
    handler = IntakeHandler(summary.summarize, board, AdmissionBook(board.admissions, 0))
    body = messages.plain()
    request = Request("4TestQueueId", len(body), "a@example.org", (owner.address,), body)
    assert list(handler([request])) == [LATER]
    assert not Message.objects.exists()


def test_check_migrate_and_with_it_make_run_refuse(other_key):
    with pytest.raises(SystemCheckError, match="ADDRESS_DIGEST_KEY"):
        call_command("check", "--database", "default")
    with pytest.raises(SystemCheckError, match="ADDRESS_DIGEST_KEY"):
        call_command("migrate", verbosity=0, skip_checks=False)
    with pytest.raises(
        WrongKey, match="ADDRESS_DIGEST_KEY"
    ):  # as deploy.local.manage_several calls it
        call_command("migrate", verbosity=0)


def test_the_check_leaves_a_database_that_is_away_to_others(other_key, monkeypatch):
    def away():
        raise OperationalError

    monkeypatch.setattr(key_guard, "is_changed", away)
    call_command("check", "--database", "default", stdout=StringIO())
