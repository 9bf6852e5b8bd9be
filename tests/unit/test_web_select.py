"""Deleting what is ticked, with one form that needs no JavaScript."""

import uuid

import pytest
from django.urls import reverse

from tests import messages
from tests.unit.web_visitors import inbox_url, visitor


@pytest.fixture
def ids(owner, deliver):
    for n in range(3):
        deliver(owner.address, raw=messages.plain(f"Number {n}", received=str(n)), queue_id=str(n))
    return [
        str(pk) for pk in owner.mailbox.messages.order_by("sequence").values_list("id", flat=True)
    ]


@pytest.fixture
def post(owner):
    url = reverse("web:delete-several", args=[owner.mailbox.public_id])
    return lambda **data: visitor(owner).post(url, data)


def left(owner):
    return list(owner.mailbox.messages.order_by("sequence").values_list("sequence", flat=True))


def test_what_is_ticked_is_deleted(owner, ids, post):
    response = post(id=ids[:2])
    assert response.status_code == 303
    assert response["Location"] == inbox_url(owner) + "?done=deleted-several"
    assert left(owner) == [3]


def test_the_button_of_a_row_deletes_that_row_whatever_is_ticked(owner, ids, post):
    assert post(id=ids[:2], only=ids[2])["Location"].endswith("?done=deleted")
    assert left(owner) == [1, 2]


def test_nothing_ticked_deletes_nothing_and_says_so(owner, ids, post):
    response = post()
    assert "Nothing was selected" in visitor(owner).get(response["Location"]).content.decode()
    assert left(owner) == [1, 2, 3]


@pytest.mark.parametrize("nonsense", ["", "x", "../..", "0" * 5000, "\0"])
def test_nonsense_deletes_nothing(owner, ids, post, nonsense):
    assert post(id=[nonsense]).status_code == 303
    assert post(id=ids, only=nonsense).status_code == 303
    assert left(owner) == [1, 2, 3]


def test_messages_of_others_stay(owner, stranger, ids, post, deliver):
    deliver(stranger.address)
    theirs = str(stranger.mailbox.messages.get().id)
    post(id=[theirs, str(uuid.uuid4())])
    assert stranger.mailbox.messages.exists()
    assert left(owner) == [1, 2, 3]


def test_each_row_can_be_ticked_and_deleted(owner, ids):
    page = visitor(owner).get(inbox_url(owner)).content.decode()
    for one in ids:
        value = uuid.UUID(one).hex
        assert f'<input type="checkbox" name="id" value="{value}"' in page
        assert f'name="only" value="{value}"' in page
