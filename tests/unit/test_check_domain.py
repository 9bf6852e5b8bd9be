"""`manage.py check_domain`: says in words what the doctor finds, and fails where something is broken."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from mailboxes.checks import the_doctor_can_ask
from mailboxes.models.domains import Domain
from tests.unit.doctor_double import HOST, NAME, Patient, patient

__all__ = ["patient"]


def run(*arguments: str) -> str:
    out = StringIO()
    call_command("check_domain", *arguments, stdout=out)
    return out.getvalue()


def test_a_good_domain_is_said_to_be_good(patient: Patient) -> None:
    patient.publish(f"_mta-sts.{NAME}", "TXT")
    text = run(NAME.upper())
    assert f"{NAME}: good" in text
    assert "MX: in order. Mail comes here.\n    seen: 10 mx.host.net." in text
    assert "Delivery on this host: in order." in text


def test_a_broken_one_fails_with_the_record_to_publish(patient: Patient) -> None:
    patient.publish(NAME, "MX")
    with pytest.raises(CommandError, match="1 broken"):
        run("--all", "--no-delivery")
    out = StringIO()
    with pytest.raises(CommandError):
        call_command("check_domain", NAME, "--no-delivery", stdout=out)
    assert f"publish: {NAME}. IN MX 10 {HOST}." in out.getvalue()
    assert "Delivery on this host" not in out.getvalue()


@pytest.mark.django_db
@pytest.mark.parametrize("arguments", [[], ["unknown.net"], ["bad name"], ["a.net", "--all"]])
def test_what_cannot_be_checked_is_refused(arguments) -> None:
    with pytest.raises(CommandError):
        run(*arguments)
    assert not Domain.objects.exists()


@pytest.mark.parametrize(
    ("name", "value"), [("DNS_RESOLVERS", ["dns.example"]), ("PUBLIC_ADDRESSES", ["10.0.0.0/8"])]
)
def test_settings_that_mean_nothing_are_refused_at_start(settings, name, value) -> None:
    assert the_doctor_can_ask(None) == []
    setattr(settings, name, value)
    (error,) = the_doctor_can_ask(None)
    assert error.id == "mailboxes.E012"
