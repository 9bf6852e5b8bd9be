"""What an owner does: only by POST, only with the form's token, and nothing by looking."""

import pytest
from django.test import Client
from django.urls import reverse

from mailboxes.models.mailboxes import Mailbox
from mailboxes.web import cookies
from tests import messages
from tests.unit.web_visitors import POST_NAMES, inbox_url, message_url, visitor


def url(owner, name):
    return reverse(f"web:{name}", args=[owner.mailbox.public_id])


def test_deleting_a_message_leads_back_to_the_inbox(owner, deliver):
    deliver(owner.address)
    response = visitor(owner).post(message_url(owner, "delete"))
    assert response.status_code == 303
    assert response["Location"] == inbox_url(owner) + "?done=deleted"
    assert not owner.mailbox.messages.exists()


def test_deleting_twice_is_once(owner, deliver):
    deliver(owner.address)
    target = message_url(owner, "delete")
    assert visitor(owner).post(target).status_code == visitor(owner).post(target).status_code == 303


def test_deleting_all_asks_first(owner, deliver):
    deliver(owner.address)
    deliver(owner.address, raw=messages.plain(received="two"))
    client = visitor(owner)
    assert b"Delete all messages?" in client.post(url(owner, "delete-all")).content
    assert owner.mailbox.messages.count() == 2
    assert client.post(url(owner, "delete-all"), {"confirm": "yes"}).status_code == 303
    assert not owner.mailbox.messages.exists()


def test_extending_moves_the_end_and_the_cookie(owner):
    response = visitor(owner).post(url(owner, "extend"), {"lifetime": "21600"})
    assert response.status_code == 303
    (morsel,) = response.cookies.values()
    assert 21_500 < morsel["max-age"] <= 21_600
    assert morsel.value == owner.token
    mailbox = Mailbox.objects.get(pk=owner.mailbox.pk)
    assert 21_500 < (mailbox.expires_at - mailbox.created_at).total_seconds() < 21_700


def test_the_next_longer_lifetime_is_offered_until_there_is_none(owner):
    client = visitor(owner)
    assert "Extend to 6 hours" in client.get(inbox_url(owner)).content.decode()
    client.post(url(owner, "extend"), {"lifetime": "172800"})
    assert "Extend to" not in client.get(inbox_url(owner)).content.decode()


@pytest.mark.parametrize("lifetime", ["", "1", "x", "9999999999"])
def test_a_lifetime_that_is_not_offered_extends_nothing(owner, lifetime):
    response = visitor(owner).post(url(owner, "extend"), {"lifetime": lifetime})
    assert response.status_code == 400
    assert Mailbox.objects.get(pk=owner.mailbox.pk).expires_at == owner.mailbox.expires_at


def test_ending_asks_first_and_then_forgets_the_cookie(owner, deliver):
    deliver(owner.address)
    client = visitor(owner)
    assert b"End this address?" in client.post(url(owner, "end")).content
    assert Mailbox.objects.exists()
    response = client.post(url(owner, "end"), {"confirm": "yes"})
    assert (response.status_code, response["Location"]) == (303, "/receipt/yours")
    assert response.cookies[cookies.name(owner.mailbox.public_id)]["max-age"] == 0
    assert not Mailbox.objects.exists()


@pytest.mark.parametrize("name", POST_NAMES)
def test_looking_at_an_action_does_nothing(owner, deliver, name):
    deliver(owner.address)
    assert visitor(owner).get(url(owner, name)).status_code == 405
    assert owner.mailbox.messages.count() == 1


def test_looking_at_delete_deletes_nothing(owner, deliver):
    deliver(owner.address)
    assert visitor(owner).get(message_url(owner, "delete")).status_code == 405
    assert owner.mailbox.messages.exists()


def test_no_action_works_without_the_token_of_the_form(owner, deliver):
    deliver(owner.address)
    client = Client(enforce_csrf_checks=True)
    client.cookies.update(visitor(owner).cookies)
    targets = [url(owner, name) for name in POST_NAMES]
    targets += [message_url(owner, "delete"), reverse("web:create"), reverse("web:open")]
    for target in targets:
        response = client.post(target, {"confirm": "yes", "lifetime": "3600", "token": owner.token})
        assert response.status_code == 403, target
        assert "no longer valid" in response.content.decode()
    assert owner.mailbox.messages.count() == 1
    assert Mailbox.objects.count() == 1


def test_the_form_works_with_its_token(owner, deliver):
    deliver(owner.address)
    client = Client(enforce_csrf_checks=True)
    client.cookies.update(visitor(owner).cookies)
    page = client.get(message_url(owner)).content.decode()
    token = page.partition('name="csrfmiddlewaretoken" value="')[2].partition('"')[0]
    response = client.post(message_url(owner, "delete"), {"csrfmiddlewaretoken": token})
    assert response.status_code == 303
