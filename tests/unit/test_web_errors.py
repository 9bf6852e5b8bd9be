"""Error pages: in our design, without the request in them."""

import pytest
from django.test import Client, RequestFactory

from mailboxes.web import errors


@pytest.mark.django_db
def test_a_page_that_is_not_there_is_ours_and_repeats_nothing():
    response = Client().get("/wonderful-nonsense")
    assert response.status_code == 404
    assert b"Tempmail" in response.content
    assert b"wonderful" not in response.content


@pytest.mark.parametrize(
    ("page", "status"),
    [
        (errors.bad_request, 400),
        (errors.forbidden, 403),
        (errors.server_error, 500),
        (errors.unavailable, 503),
    ],
)
def test_each_error_has_its_page(page, status):
    response = page(RequestFactory().get("/"))
    assert response.status_code == status
    assert b"<h1>" in response.content
    assert response["Cache-Control"] == "no-store"


@pytest.mark.django_db
def test_a_fault_is_a_500_page_that_tells_nothing(monkeypatch):
    from mailboxes.services import domains

    def broken():
        raise RuntimeError("a secret")

    monkeypatch.setattr(domains, "offered", broken)
    response = Client(raise_request_exception=False).get("/")
    assert response.status_code == 500
    assert b"Something broke" in response.content
    assert b"secret" not in response.content
