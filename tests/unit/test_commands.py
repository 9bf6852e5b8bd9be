"""The management commands of operators."""

from io import StringIO

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from mailboxes.models.access import ApiKey
from mailboxes.models.domains import Domain
from mailboxes.services import api_keys, ending

pytestmark = pytest.mark.django_db


def run(*words: str) -> str:
    out = StringIO()
    call_command(*words, stdout=out)
    return out.getvalue()


def test_create_api_key_prints_the_key_and_nothing_else() -> None:
    key = run("create_api_key", "ci").removesuffix("\n")
    assert api_keys.authenticate(key).row.name == "ci"
    assert key not in str(ApiKey.objects.values().get())
    assert ApiKey.objects.get().creations_per_minute >= 60
    with pytest.raises(CommandError):
        run("create_api_key", "ci")


def test_add_domain_normalizes_and_is_idempotent() -> None:
    assert "added" in run("add_domain", "Bücher.Example.")
    assert "was there" in run("add_domain", "xn--bcher-kva.example")
    assert Domain.objects.get().name == "xn--bcher-kva.example"
    run("add_domain", "--if-empty", "other.example")
    assert Domain.objects.count() == 1
    for name in ("", "nonsense at all", "-x.example", "a..b"):
        with pytest.raises(CommandError):
            run("add_domain", name)


def test_purge_says_what_it_removed(owner) -> None:
    ending.end(owner.mailbox)
    assert run("purge") == "mailboxes=0 messages=0 bytes=0 records=0\n"
