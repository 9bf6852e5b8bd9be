"""Getting an address, and coming back to it."""

import secrets

import pytest
from django.test import Client

from mailboxes.gate import limits
from mailboxes.models.mailboxes import Mailbox
from mailboxes.rules.errors import Unavailable
from mailboxes.services import domains
from tests.unit.web_visitors import inbox_url, visitor

pytestmark = pytest.mark.usefixtures("domain")


@pytest.fixture(autouse=True)
def _many_creations(settings):
    settings.CREATIONS_PER_CLIENT = "10000/h"


def test_the_home_page_offers_the_lifetimes_and_asks_for_no_domain_when_there_is_one():
    page = Client().get("/").content.decode()
    assert page.count('type="radio"') == 5
    assert "<select" not in page
    assert 'name="local_part"' not in page


def test_several_domains_are_offered_for_choice():
    domains.add("second.test")
    page = Client().get("/").content.decode()
    assert "<select" in page
    assert "second.test" in page


def test_creating_leads_to_the_inbox_which_shows_the_address():
    client = Client()
    response = client.post("/create", {"lifetime": "600"})
    mailbox = Mailbox.objects.get()
    assert response.status_code == 303
    assert response["Location"] == f"/m/{mailbox.public_id}/"
    page = client.get(response["Location"]).content.decode()
    assert "@tempmail.test" in page
    assert (mailbox.expires_at - mailbox.created_at).total_seconds() == 600


def test_a_bare_post_takes_the_defaults():
    assert Client().post("/create").status_code == 303
    mailbox = Mailbox.objects.get()
    assert (mailbox.expires_at - mailbox.created_at).total_seconds() == 3600


def test_a_chosen_domain_is_used():
    domains.add("second.test")
    Client().post("/create", {"lifetime": "3600", "domain": "second.test"})
    assert Mailbox.objects.get().domain.name == "second.test"


@pytest.mark.parametrize(
    "sent",
    [{"lifetime": "599"}, {"lifetime": "x"}, {"domain": "other.test"}, {"lifetime": "9" * 50}],
)
def test_what_is_not_offered_is_refused_with_the_form(sent):
    response = Client().post("/create", sent)
    assert response.status_code == 422
    assert b'role="alert"' in response.content
    assert not Mailbox.objects.exists()


def test_a_name_cannot_be_chosen_unless_the_operator_allows_it():
    Client().post("/create", {"local_part": "carlotta"})
    assert "carlotta" not in Client().get("/").content.decode()


def test_a_name_can_be_chosen_where_the_operator_allows_it(settings):
    settings.CUSTOM_LOCAL_PARTS = True
    client = Client()
    response = client.post("/create", {"local_part": "carlotta"})
    assert "carlotta" in client.get(response["Location"]).content.decode()


@pytest.mark.parametrize(
    ("name", "status"), [("postmaster", 422), ("a b", 422), ("taken.name", 409)]
)
def test_a_name_that_cannot_be_had_is_an_error_at_its_field(settings, name, status):
    settings.CUSTOM_LOCAL_PARTS = True
    Client().post("/create", {"local_part": "taken.name"})
    response = Client().post("/create", {"local_part": name})
    assert response.status_code == status
    page = response.content.decode()
    assert 'id="id_local_part_error"' in page
    assert 'aria-invalid="true"' in page


def test_no_domain_is_a_polite_refusal():
    domains.offered()[0].delete()
    response = Client().post("/create", {"lifetime": "3600"})
    assert response.status_code == 503
    assert b"right now" in response.content


def test_too_many_creations_are_a_429_that_says_when_to_come_back(settings):
    settings.CREATIONS_PER_CLIENT = "1/h"
    client = Client(
        REMOTE_ADDR=f"2001:db8:{secrets.randbelow(65536):x}:{secrets.randbelow(65536):x}::1"
    )
    assert client.post("/create").status_code == 303
    response = client.post("/create")
    assert response.status_code == 429
    assert int(response["Retry-After"]) > 0
    assert Mailbox.objects.count() == 1


def test_creation_is_refused_politely_while_it_cannot_be_counted(monkeypatch):
    def refuse(request, browser, by_question):
        raise Unavailable

    monkeypatch.setattr(limits, "check_web_creation", refuse)
    response = Client().post("/create")
    assert response.status_code == 503
    assert b"try again in a moment" in response.content
    assert not Mailbox.objects.exists()


def test_home_lists_the_open_mailboxes_of_this_browser_only(owner, stranger, deliver):
    deliver(owner.address)
    page = visitor(owner).get("/").content.decode()
    assert owner.address in page
    assert inbox_url(owner) in page
    assert "1 new" in page
    assert stranger.address not in page


def test_get_create_leads_home():
    response = Client().get("/create")
    assert (response.status_code, response["Location"]) == (302, "/")
    assert not Mailbox.objects.exists()


@pytest.mark.parametrize("path", ["/", "/about", "/privacy", "/open"])
def test_the_pages_for_everybody_are_there(path):
    response = Client().get(path)
    assert response.status_code == 200
    assert b'<html lang="en" dir="ltr">' in response.content
