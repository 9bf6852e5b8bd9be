"""Reports of abuse: sealed, without a trace of who wrote them, and asked after by a reference only."""

import json
from datetime import timedelta

import pytest
from django.conf import settings
from django.db import connection

from mailboxes.models.abuse import AbuseReport
from mailboxes.rules import addresses, sealing
from mailboxes.rules.errors import NotFound, Unavailable
from mailboxes.services import abuse, clock, keys, retention

pytestmark = pytest.mark.django_db


def report(**changes):
    words = {
        "kind": "fraud",
        "about": "somebody",
        "text": "a long story",
        "contact": "me@example.org",
    }
    return abuse.Report(**{**words, **changes})


def opened(row: AbuseReport) -> dict[str, str]:
    key = sealing.operator_private_key(settings.OPERATOR_KEY)
    return json.loads(sealing.unseal(key, sealing.Kind.REPORT, row.id.bytes, bytes(row.sealed)))


def test_only_the_operators_key_opens_what_was_written():
    abuse.file(report())
    row = AbuseReport.objects.get()
    words = {"about": "somebody", "text": "a long story", "contact": "me@example.org"}
    assert opened(row) == words
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM mailboxes_abusereport")
        stored = repr([bytes(v) if isinstance(v, memoryview) else v for v in cursor.fetchone()])
    for value in words.values():
        assert value not in stored


def test_the_reference_is_new_each_time_and_long():
    references = {abuse.file(report()) for _ in range(20)}
    assert len(references) == 20
    assert all(len(reference.replace("-", "")) == 16 for reference in references)


@pytest.mark.parametrize("spelling", ["{}", " {} ", "{}\n"])
def test_a_report_is_found_by_its_reference_however_it_is_spaced(spelling):
    reference = abuse.file(report())
    for written in (reference, reference.replace("-", ""), reference.upper()):
        status = abuse.status_of(spelling.format(written))
        assert not status.is_closed
        assert status.decision == ""


@pytest.mark.parametrize("reference", ["", "-", "abcd-efgh-jkmn-pqrs", "%", "x" * 5000, "é" * 16])
def test_a_reference_that_is_none_finds_nothing(reference):
    abuse.file(report())
    with pytest.raises(NotFound):
        abuse.status_of(reference)


def test_the_status_tells_the_decision():
    reference = abuse.file(report())
    AbuseReport.objects.update(state="closed", decision="acted", decided_at=clock.now())
    status = abuse.status_of(reference)
    assert status.is_closed
    assert status.decision == "acted"


@pytest.mark.parametrize(
    "about", ["{}", "<{}>", "mail from {}, again and again", "x@gmail.com wrote to {}.", "{}?"]
)
def test_an_address_of_ours_is_kept_as_its_digest(owner, about):
    abuse.file(report(about=about.format(owner.address.upper())))
    digest = keys.address_digest(addresses.parse(owner.address))
    assert bytes(AbuseReport.objects.get().address_digest) == digest


def test_an_address_that_never_was_is_kept_the_same_way(domain):
    abuse.file(report(about=f"never-given@{domain.name}"))
    assert AbuseReport.objects.get().address_digest is not None


@pytest.mark.parametrize("about", ["", "nobody", "x@example.org", "@", "@tempmail.test", "a@@b"])
def test_of_any_other_address_nothing_is_kept(domain, about):
    abuse.file(report(about=about))
    assert AbuseReport.objects.get().address_digest is None


def test_a_report_goes_after_its_retention_whatever_became_of_it():
    reference = abuse.file(report())
    assert retention.purge_records() == 0
    old = clock.now() - timedelta(days=abuse.REPORT_DAYS)
    AbuseReport.objects.update(created_at=old)
    with pytest.raises(NotFound):
        abuse.status_of(reference)
    assert retention.purge_records() == 1
    assert not AbuseReport.objects.exists()


def test_too_many_open_reports_are_refused(monkeypatch):
    monkeypatch.setattr(abuse, "MAX_OPEN_REPORTS", 1)
    abuse.file(report())
    with pytest.raises(Unavailable):
        abuse.file(report())
