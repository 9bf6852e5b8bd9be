"""Opening a mailbox in another browser by its recovery key."""

import pytest
from django.test import Client
from django.urls import reverse

from mailboxes.services import creation
from mailboxes.web import cookies
from tests.unit.web_visitors import inbox_url, visitor


def test_the_key_opens_the_inbox_in_another_browser(owner):
    client = Client()
    response = client.post("/open", {"token": f" {owner.token} "})
    assert (response.status_code, response["Location"]) == (303, inbox_url(owner))
    assert "no-store" in response["Cache-Control"]
    assert client.get(inbox_url(owner)).status_code == 200


@pytest.mark.parametrize("token", ["", "nonsense", "tmt_" + "A" * 43, "x" * 101])
def test_another_key_opens_nothing_and_is_told_at_its_field(owner, token):
    response = Client().post("/open", {"token": token})
    assert response.status_code == 422
    assert 'id="id_token_error"' in response.content.decode()
    assert not [key for key in response.cookies if "m-" in key]


def test_the_key_is_shown_on_request_only_with_the_link_in_its_fragment(owner, settings):
    client = visitor(owner)
    shown = client.post(reverse("web:recovery", args=[owner.mailbox.public_id]))
    assert f"{settings.SITE_URL}/open#{owner.token}" in shown.content.decode()
    assert shown["Cache-Control"] == "no-store"


def test_a_link_opens_by_itself_only_while_the_keyring_has_room(owner, domain):
    held = [creation.create() for _ in range(cookies.LIMIT)]
    assert 'data-open="now"' in Client().get("/open").content.decode()
    page = visitor(*held).get("/open").content.decode()
    assert 'data-open="ask"' in page
    assert "takes the place of" in page


def test_a_key_in_the_query_opens_nothing(owner):
    response = Client().get(f"/open?token={owner.token}")
    assert response.status_code == 200
    assert owner.token not in response.content.decode()
    assert not [key for key in response.cookies if "m-" in key]
