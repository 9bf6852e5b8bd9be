"""What docs/domains.md says of rotation and of a zone in order is what the code makes of them."""

import re
import shlex
from io import StringIO

import pytest
from django.core.management import call_command

from mailboxes.models.domains import Domain
from mailboxes.rules import rotation
from mailboxes.rules.domain_findings import Check, Level
from mailboxes.rules.rotation import DAY, Candidate, Health
from mailboxes.services import domain_doctor, domain_words
from tests import documented
from tests.unit.doctor_double import Patient, patient

__all__ = ["patient"]

PAGE = "docs/domains.md"
DOCS = (documented.ROOT / PAGE).read_text()


@pytest.fixture
def published(patient: Patient, settings):  # type: ignore[no-untyped-def]
    """The zone of the page, published."""
    (zone,) = (each.code for each in documented.blocks_of(PAGE) if each.language == "dns")
    patient.server.records.clear()
    for line in [*zone.strip().splitlines(), *re.findall(r"`(\S+ IN PTR \S+)`", DOCS)]:
        name, kind, value = re.fullmatch(r"(\S+)\.\s+IN (\S+)\s+(.+)", line).groups()
        patient.server.records.setdefault((name, kind), []).append(value)
    settings.SMTP_HOSTNAME, settings.PUBLIC_ADDRESSES = "mx.mail.example", ["192.0.2.1"]
    Domain.objects.update(name="mail.example")
    patient.domain.refresh_from_db()
    return patient


def test_the_zone_of_the_page_is_in_order(published: Patient) -> None:
    report = domain_doctor.check(published.domain)
    wrong = {each.check for each in report.findings if each.level != Level.OK}
    assert wrong == {Check.MTA_STS}
    assert report.health == Health.GOOD


def test_the_commands_of_the_page_run(published: Patient) -> None:
    (shell,) = documented.blocks(__file__, "docs/domains.md")
    for line in shell.strip().splitlines():
        _python, _manage, *words = shlex.split(line)
        out = StringIO()
        call_command(*words, stdout=out)
        assert "mail.example: good" in out.getvalue()


@pytest.mark.django_db
def test_the_other_command_runs() -> None:
    (words,) = re.findall(r"From a shell: `manage.py (.*?)`", DOCS)
    call_command(*words.split(), stdout=StringIO())
    assert Domain.objects.get().name == "mail.example"


def test_the_doctors_table_names_every_check() -> None:
    rows = DOCS.count("\n| ") - DOCS.partition("## The doctor")[0].count("\n| ")
    assert rows - 1 == len(Check) == len(domain_words.CHECKS)


def test_the_factors_of_the_page_are_those_of_the_rule() -> None:
    """Each sentence beside what the rule makes of it."""

    def factor(candidate: Candidate) -> float:
        full = Candidate(1, age=2 * rotation.HOUR)
        one, other = rotation.chances([candidate, full])
        return one / other

    assert "good or not known 1, weak 1/4, bad 0" in DOCS
    shares = [factor(Candidate(1, health)) for health in Health]
    assert shares == [1, 1, 0.25, 0]
    assert "in its first hour 1/4" in DOCS
    assert factor(Candidate(1, age=3599)) == 0.25
    assert "from the 60th to the 360th day falling to 1/2" in DOCS
    assert [factor(Candidate(1, age=days * DAY)) for days in (60, 210, 360, 999)] == [
        1,
        0.75,
        0.5,
        0.5,
    ]
    assert "((due + 1) / (had + 1))², from 1/4 to 4" in DOCS
    one, other = rotation.chances([Candidate(1, used=3), Candidate(1, used=1)])
    assert (one, other) == ((3 / 4) ** 2, (3 / 2) ** 2)
