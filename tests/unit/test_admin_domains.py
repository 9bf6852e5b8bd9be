"""Domains in the admin: added one by one or many at once, rested, retired, offered again, and shown to the doctor."""

import html

import pytest
from django.test import Client

from mailboxes.models.abuse import ModerationRecord
from mailboxes.models.domains import Domain
from mailboxes.rules.errors import DomainUnavailable
from mailboxes.services import creation, domain_doctor
from tests.unit import operators
from tests.unit.doctor_double import HOST, NAME, Patient, patient

__all__ = ["patient"]

pytestmark = pytest.mark.django_db

LIST = "/admin/mailboxes/domain/"
SET = {"offered": "on", "subdomains": "none", "weight": "1"}


@pytest.fixture
def operator() -> Client:
    return operators.client_of("operator")


def act(client: Client, name: str, *rows: Domain) -> None:
    """Do it to these rows, with a reason."""
    chosen = {"_selected_action": [row.pk for row in rows], "action": name}
    asked = client.post(LIST, chosen)
    assert asked.status_code == 200
    done = client.post(LIST, {**chosen, "confirmed": "yes", "reason": "a test"})
    assert done.status_code == 302


def test_a_domain_is_added_and_offered(operator) -> None:
    data = {**SET, "name": "New.Example.", "accepts_mail": "on"}
    assert operator.post(f"{LIST}add/", data).status_code == 302
    assert creation.create().address.endswith("@new.example")
    (record,) = ModerationRecord.objects.filter(act="add-domain")
    assert (record.subject, record.actor) == ("new.example", "operator")


def test_a_name_is_chosen_once(operator, domain) -> None:
    url = f"{LIST}{domain.pk}/change/"
    data = {**SET, "name": "other.example", "accepts_mail": "on", "weight": "9"}
    assert operator.post(url, data).status_code == 302
    domain.refresh_from_db()
    assert (domain.name, domain.weight) == ("tempmail.test", 9)


def test_domains_rest_retire_and_come_back(operator, domain) -> None:
    for name, state in (("rest", "resting"), ("retire", "retired")):
        act(operator, name, domain)
        with pytest.raises(DomainUnavailable):
            creation.create()
        assert f">{state}<" in operator.get(LIST).content.decode()
    act(operator, "offer", domain)
    assert creation.create().address
    reasons = ModerationRecord.objects.filter(act="change-domain").values_list("reason", flat=True)
    assert list(reasons) == ["a test"] * 3


def test_hundreds_are_added_at_once(operator, domain) -> None:
    names = "\n".join(["tempmail.test", *(f"D{number}.example" for number in range(300))])
    data = {**SET, "names": names, "subdomains": "random", "weight": "3"}
    answer = operator.post(f"{LIST}several/", data, follow=True)
    assert "300 added, 1 were there already." in answer.content.decode()
    made = Domain.objects.exclude(pk=domain.pk)
    assert made.filter(subdomains="random", weight=3, offered=True).count() == made.count() == 300
    assert Domain.objects.get(pk=domain.pk).weight == 1


def test_one_wrong_name_among_many_adds_none(operator) -> None:
    data = {**SET, "names": "good.example\n<script>\nbad name"}
    page = operator.post(f"{LIST}several/", data).content.decode()
    assert "No domain names: &lt;script&gt;, bad, name" in page
    assert not Domain.objects.exists()


def test_only_who_may_change_domains_does() -> None:
    domain = Domain.objects.create(name="a.example")
    reader = operators.client_of("read-only")
    page = reader.get(f"{LIST}{domain.pk}/doctor/")
    assert "Check now" not in page.content.decode()
    assert reader.post(f"{LIST}{domain.pk}/doctor/").status_code == 403
    assert reader.get(f"{LIST}several/").status_code == 403
    reader.post(
        LIST,
        {"_selected_action": [domain.pk], "action": "retire", "confirmed": "yes", "reason": "x"},
    )
    domain.refresh_from_db()
    assert domain.retired_at is None
    assert (
        operators.signed_in(operators.account()).get(f"{LIST}{domain.pk}/doctor/").status_code
        == 403
    )


def test_the_doctors_page_shows_each_finding_with_the_record_to_publish(
    operator, patient: Patient
) -> None:
    url = f"{LIST}{patient.domain.pk}/doctor/"
    assert "Nobody has looked" in operator.get(url).content.decode()
    patient.publish(NAME, "MX", "10 mx.other.net.")
    patient.publish(NAME, "TXT", r'"v=spf1 <script>alert\(1\)</script> ~all"')
    assert operator.post(url).status_code == 302
    page = operator.get(url).content.decode()
    assert "<script>alert" not in page
    text = html.unescape(page)
    for part in (
        f"{NAME}. IN MX 10 {HOST}.",
        f'{NAME}. IN TXT "v=spf1 -all"',
        "mail does not arrive",
    ):
        assert part in text
    for check in domain_doctor.Check:
        assert f'data-check="{check.value}"' in page


def test_the_list_shows_the_health_with_few_queries(
    operator, django_assert_max_num_queries
) -> None:
    Domain.objects.bulk_create(
        Domain(name=f"d{number}.example", health="weak") for number in range(300)
    )
    with django_assert_max_num_queries(12):
        page = operator.get(LIST).content.decode()
    assert page.count("mail may be refused or lost</a>") == 51  # a page of them, and the filter


def test_a_domain_that_is_gone_has_no_doctor(operator) -> None:
    assert operator.get(f"{LIST}4711/doctor/").status_code == 404
