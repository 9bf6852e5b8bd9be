"""The cookies that open mailboxes."""

import pytest
from django.db.models.functions import Now
from django.test import Client

from mailboxes.models.mailboxes import Mailbox
from mailboxes.services import creation
from mailboxes.web import cookies
from tests.unit.web_visitors import inbox_url, visitor

pytestmark = pytest.mark.usefixtures("domain")


@pytest.fixture(autouse=True)
def _many_creations(settings):
    settings.CREATIONS_PER_CLIENT = "10000/h"


def only_cookie(response):
    (morsel,) = [value for key, value in response.cookies.items() if "m-" in key]
    return morsel


def removed(response):
    return {key for key, morsel in response.cookies.items() if morsel["max-age"] == 0}


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites_and_ends_with_the_mailbox():
    morsel = only_cookie(Client().post("/create", {"lifetime": "600"}))
    assert morsel.key == f"m-{Mailbox.objects.get().public_id}"
    assert morsel["httponly"]
    assert morsel["samesite"] == "Lax"
    assert morsel["path"] == "/"
    assert morsel["domain"] == ""
    assert morsel["max-age"] == 600
    assert not morsel["secure"]


def test_on_https_the_cookie_is_a_host_cookie(settings):
    settings.SECURE = True
    client = Client()
    response = client.post("/create", secure=True)
    morsel = only_cookie(response)
    assert morsel.key == f"__Host-m-{Mailbox.objects.get().public_id}"
    assert morsel["secure"]
    assert client.get(response["Location"], secure=True).status_code == 200


def test_on_https_a_plain_cookie_opens_nothing(settings, owner):
    client = visitor(owner)
    settings.SECURE = True
    assert client.get(inbox_url(owner), secure=True).status_code == 404


def test_the_eleventh_mailbox_takes_the_place_of_the_one_that_ends_soonest():
    held = [creation.create(lifetime=7200 + n) for n in range(cookies.LIMIT)]
    first = held[3]
    Mailbox.objects.filter(pk=first.mailbox.pk).update(
        ends_at=held[0].mailbox.created_at.replace(year=2100)
    )
    response = visitor(*held).post("/create")
    assert removed(response) == {cookies.name(held[0].mailbox.public_id)}


def test_the_eleventh_mailbox_takes_the_place_of_an_ended_one_first():
    held = [creation.create(lifetime=7200) for _ in range(cookies.LIMIT)]
    Mailbox.objects.filter(pk=held[7].mailbox.pk).update(ends_at=Now())
    response = visitor(*held).post("/create")
    assert removed(response) == {cookies.name(held[7].mailbox.public_id)}


def test_a_visitor_with_a_full_keyring_is_told_before(owner):
    held = [creation.create() for _ in range(cookies.LIMIT)]
    assert "takes the place of" in visitor(*held).get("/").content.decode()
    assert "takes the place of" not in visitor(*held[1:]).get("/").content.decode()


def test_the_tenth_takes_nobodys_place():
    held = [creation.create() for _ in range(cookies.LIMIT - 1)]
    assert not removed(visitor(*held).post("/create"))


def test_cookies_of_others_are_left_alone():
    client = Client()
    client.cookies["m-UPPER"] = client.cookies["other"] = "1"
    for n in range(30):
        client.cookies[f"x-{n}"] = "1"
    assert not removed(client.post("/create"))


def test_no_page_of_the_inbox_holds_the_token(owner):
    assert owner.token not in visitor(owner).get(inbox_url(owner)).content.decode()
