"""Creation is paused, for everybody or for a blocked network; mail and reading go on."""

import json

import pytest
from django.test import Client

from mailboxes.models.abuse import ModerationRecord
from mailboxes.models.mailboxes import Mailbox
from mailboxes.services import api_keys, blocklist, blocks, creation, pause
from mailboxes.services.blocklist import REFRESH, Blocklist
from mailboxes.services.recipients import RecipientStatus, recipient_status
from tests.unit.standing_clock import Clock
from tests.unit.web_visitors import inbox_url, visitor

pytestmark = pytest.mark.django_db


@pytest.fixture
def paused(domain) -> None:
    pause.pause(reason="a wave of spam", actor="ada")
    blocklist.forget()


@pytest.fixture
def blocked(domain) -> None:
    blocks.add("network", "127.0.0.0/8", reason="spam")
    blocklist.forget()


def create_on_web(client: Client | None = None):
    return (client or Client()).post("/create", {"lifetime": "3600"})


def create_by_api():
    headers = {"Authorization": f"Bearer {api_keys.create('test')}"}
    return Client().post("/api/generate", {}, content_type="application/json", headers=headers)


def test_the_site_says_politely_that_nothing_is_given_out_and_when_to_come_back(paused) -> None:
    answer = create_on_web()
    assert answer.status_code == 503
    assert int(answer["Retry-After"]) >= 60
    assert "No new addresses at the moment" in answer.content.decode()
    home = Client().get("/")
    assert home.status_code == 200
    assert "No new addresses are given out" in home.content.decode()
    assert not Mailbox.objects.exists()


def test_the_api_answers_503_paused(paused) -> None:
    answer = create_by_api()
    assert answer.status_code == 503
    assert json.loads(answer.content)["code"] == "paused"
    assert int(answer["Retry-After"]) >= 60


def test_who_has_an_address_notices_nothing(domain, owner) -> None:
    pause.pause()
    blocklist.forget()
    assert visitor(owner).get(inbox_url(owner)).status_code == 200
    assert recipient_status(owner.address) is RecipientStatus.ACCEPTED


def test_the_service_itself_can_still_create_as_its_canary_does(paused) -> None:
    assert creation.create().address


def test_resumed_is_as_before(paused) -> None:
    assert pause.is_paused()
    pause.resume()
    blocklist.forget()
    assert create_on_web().status_code == 303
    assert "No new addresses" not in Client().get("/").content.decode()


def test_it_is_in_the_database_and_every_process_learns_of_it_within_seconds(domain) -> None:
    clock = Clock(0.0)
    elsewhere = Blocklist(clock)
    assert not elsewhere.current().creation_paused
    pause.pause()
    clock.now += REFRESH
    assert elsewhere.current().creation_paused
    assert Blocklist().current().creation_paused
    pause.resume()
    clock.now += REFRESH
    assert not elsewhere.current().creation_paused


def test_twice_is_once_and_on_record(domain) -> None:
    assert pause.pause(reason="wave", actor="ada")
    assert not pause.pause()
    assert pause.resume()
    assert not pause.resume()
    acts = ModerationRecord.objects.order_by("pk").values_list("act", "reason", "actor")
    assert list(acts) == [("pause", "wave", "ada"), ("resume", "", "")]


def test_a_blocked_network_gets_no_address_on_the_site_nor_by_api(blocked) -> None:
    answer = create_on_web()
    assert answer.status_code == 403
    assert "No address for this network" in answer.content.decode()
    problem = create_by_api()
    assert problem.status_code == 403
    assert json.loads(problem.content)["code"] == "blocked"
    assert not Mailbox.objects.exists()


def test_another_network_does_also_behind_a_trusted_proxy(blocked, settings) -> None:
    settings.TRUSTED_PROXIES = ["127.0.0.1"]
    headers = {"X-Forwarded-For": "127.0.0.9, 198.51.100.7"}
    answer = Client(headers=headers).post("/create", {"lifetime": "3600"})
    assert answer.status_code == 303
    spoofed = Client(headers={"X-Forwarded-For": "198.51.100.7, ::ffff:127.0.0.9"})
    assert create_on_web(spoofed).status_code == 403


def test_who_is_in_a_blocked_network_can_still_read(blocked, owner) -> None:
    assert visitor(owner).get(inbox_url(owner)).status_code == 200


def test_neither_question_costs_a_query_of_its_own(domain, django_assert_num_queries) -> None:
    blocklist.current()
    with django_assert_num_queries(0):
        assert not pause.is_paused()
