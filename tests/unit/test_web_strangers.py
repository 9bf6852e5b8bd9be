"""Absent, ended and not yours are one and the same answer on every URL below /m/."""

import uuid

import pytest
from django.db.models.functions import Now
from django.test import Client

from mailboxes.models.mailboxes import Mailbox
from mailboxes.services import creation, ending
from mailboxes.web import cookies
from tests.unit.web_visitors import every_url, inbox_url, visitor

NOWHERE = "zzzzzzzzzzzzzzzz"


def answers(client, public_id, message_id):
    found = []
    for method, url in every_url(public_id, message_id):
        response = getattr(client, method)(url)
        found.append(answer_in(response))
    return found


def answer_in(response):
    """Return all of an answer but the random id that every request has."""
    headers = {name: value for name, value in response.headers.items() if name != "X-Request-ID"}
    return response.status_code, response.content, sorted(headers.items())


@pytest.fixture
def the_answer(db):
    return answer_in(Client().get(f"/m/{NOWHERE}/"))


@pytest.fixture
def message_id(owner, deliver):
    deliver(owner.address)
    return owner.mailbox.messages.get().id


def test_the_answer_is_a_404_page_that_nobody_keeps(the_answer):
    status, content, headers = the_answer
    assert status == 404
    assert b"There is nothing here" in content
    assert dict(headers)["Cache-Control"] == "no-store"
    assert dict(headers)["X-Robots-Tag"] == "noindex, nofollow"


def test_a_stranger_with_the_public_id_gets_it_everywhere(the_answer, owner, message_id):
    found = answers(Client(), owner.mailbox.public_id, message_id)
    assert set(map(repr, found)) == {repr(the_answer)}


def test_a_guessed_id_gets_it_everywhere(the_answer, message_id):
    found = answers(Client(), NOWHERE, message_id)
    assert set(map(repr, found)) == {repr(the_answer)}


def test_the_token_of_another_mailbox_gets_it_everywhere(the_answer, owner, stranger, message_id):
    client = visitor(stranger)
    client.cookies[cookies.name(owner.mailbox.public_id)] = stranger.token
    found = answers(client, owner.mailbox.public_id, message_id)
    assert set(map(repr, found)) == {repr(the_answer)}


def test_an_ended_mailbox_gets_it_everywhere(the_answer, owner, message_id):
    ending.end(owner.mailbox)
    found = answers(visitor(owner), owner.mailbox.public_id, message_id)
    assert set(map(repr, found)) == {repr(the_answer)}


def test_a_mailbox_whose_time_is_over_gets_it_before_the_purge(the_answer, owner, message_id):
    Mailbox.objects.update(ends_at=Now())
    found = answers(visitor(owner), owner.mailbox.public_id, message_id)
    assert set(map(repr, found)) == {repr(the_answer)}


def test_a_nonsense_token_gets_it(the_answer, owner, message_id):
    client = Client()
    for token in ("", "tmt_", "tmt_" + "A" * 43, "x" * 4000, "tmk_" + owner.token[4:]):
        client.cookies[cookies.name(owner.mailbox.public_id)] = token
        response = client.get(inbox_url(owner))
        assert (response.status_code, response.content) == the_answer[:2]


def test_a_malformed_id_gets_it(the_answer):
    for path in ("/m/", "/m/A/", "/m/%00/", "/m/%2e%2e/list", "/m/" + "a" * 500 + "/", "/m/é/"):
        response = Client().get(path)
        assert (response.status_code, response.content) == the_answer[:2], path


def test_a_message_of_another_mailbox_of_mine_is_not_in_this_one(
    the_answer, owner, stranger, message_id
):
    client = visitor(owner, stranger)
    for method, url in every_url(stranger.mailbox.public_id, message_id):
        if str(message_id) not in url or url.endswith("/delete"):
            continue
        response = getattr(client, method)(url)
        assert (response.status_code, response.content) == the_answer[:2], url


def test_deleting_through_another_mailbox_deletes_nothing(owner, stranger, message_id):
    url = f"/m/{stranger.mailbox.public_id}/{message_id}/delete"
    visitor(owner, stranger).post(url)
    assert owner.mailbox.messages.filter(id=message_id).exists()


def test_a_message_that_is_not_there_gets_it(the_answer, owner):
    for method, url in every_url(owner.mailbox.public_id, uuid.uuid4()):
        if "attachments" in url or url.endswith(("frame", "source", "eml")):
            response = getattr(visitor(owner), method)(url)
            assert (response.status_code, response.content) == the_answer[:2], url


def test_the_owner_gets_in(owner):
    assert visitor(owner).get(inbox_url(owner)).status_code == 200


def test_the_owner_of_two_gets_into_both(owner):
    other = creation.create()
    client = visitor(owner, other)
    assert (
        client.get(inbox_url(owner)).status_code == client.get(inbox_url(other)).status_code == 200
    )
