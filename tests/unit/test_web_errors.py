"""Error pages: in our design, helpful, without the request in them, and there whatever else is broken."""

import pytest
from django.contrib.staticfiles.storage import staticfiles_storage
from django.core.exceptions import SuspiciousOperation
from django.db import OperationalError, connection
from django.template import engines
from django.test import Client, RequestFactory

from mailboxes.rules.errors import NotFound, RateLimited, Unavailable
from mailboxes.services import domains
from mailboxes.web import errors


def assert_ours(response, status: int) -> None:
    page = response.content.decode()
    assert response.status_code == status
    assert page.count("<h1>") == 1
    assert "Tempmail" in page
    assert 'class="next-steps"' in page
    assert "no-store" in response["Cache-Control"]


@pytest.mark.django_db
def test_a_page_that_is_not_there_is_ours_and_repeats_nothing():
    response = Client().get("/wonderful-nonsense")
    assert_ours(response, 404)
    assert b"wonderful" not in response.content


@pytest.mark.parametrize(
    ("page", "status"),
    [
        (errors.bad_request, 400),
        (errors.forbidden, 403),
        (errors.csrf_failure, 403),
        (errors.not_found, 404),
        (errors.method_not_allowed, 405),
        (errors.server_error, 500),
        (errors.unavailable, 503),
        (errors.frozen, 403),
        (errors.blocked, 403),
        (errors.paused, 503),
    ],
)
def test_each_error_has_its_page(page, status):
    assert_ours(page(RequestFactory().get("/")), status)


def test_a_host_that_is_not_ours_gets_our_page():
    assert_ours(Client().get("/", headers={"host": "evil.example"}), 400)


@pytest.mark.django_db
def test_a_form_without_its_token_gets_our_page():
    response = Client(enforce_csrf_checks=True).post("/create", {"lifetime": 600})
    assert_ours(response, 403)
    assert b"Allow cookies" in response.content


@pytest.mark.django_db
def test_a_method_that_is_not_meant_gets_our_page_and_the_right_ones():
    response = Client().post("/about")
    assert_ours(response, 405)
    assert response["Allow"] == "GET, HEAD"
    assert "unsafe" not in response["Content-Security-Policy"]


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (1, "1 second,"),
        (59, "59 seconds,"),
        (60, "1 minute,"),
        (61, "2 minutes,"),
        (3600, "60 minutes,"),
        (3601, "2 hours,"),
    ],
)
def test_too_many_requests_says_when_to_come_back(seconds, words):
    response = errors.rate_limited(RequestFactory().get("/"), seconds)
    assert_ours(response, 429)
    assert response["Retry-After"] == str(seconds)
    assert f"Please wait {words}" in response.content.decode()


@pytest.mark.parametrize(
    ("error", "status"), [(NotFound(), 404), (RateLimited(5), 429), (Unavailable(), 503)]
)
def test_what_the_services_raise_has_its_page(error, status):
    assert_ours(errors.answer(RequestFactory().get("/"), error), status)


def broken(*args, **kwargs):
    raise RuntimeError("a secret")


@pytest.fixture
def fault(monkeypatch):
    """A visitor without tracebacks, on a home page that is broken."""
    monkeypatch.setattr(domains, "offered", broken)
    return Client(raise_request_exception=False)


def assert_tells_nothing(response) -> None:
    assert_ours(response, 500)
    assert b"Something broke" in response.content
    assert b"secret" not in response.content
    assert "default-src 'none'" in response["Content-Security-Policy"]


@pytest.mark.django_db
def test_a_fault_is_a_500_page_that_tells_nothing(fault):
    assert_tells_nothing(fault.get("/"))


def test_the_500_page_is_there_without_a_database(fault, monkeypatch):
    def away(*args, **kwargs):
        raise OperationalError

    monkeypatch.setattr(connection, "ensure_connection", away)
    assert_tells_nothing(fault.get("/"))


@pytest.mark.django_db
def test_the_500_page_is_there_without_the_list_of_static_files(fault, monkeypatch):
    monkeypatch.setattr(staticfiles_storage, "url", broken)
    response = fault.get("/")
    assert_tells_nothing(response)
    assert b'href="/static/mailboxes/site.css"' in response.content


@pytest.mark.django_db
def test_the_500_page_is_there_with_a_broken_context_processor(fault, monkeypatch):
    monkeypatch.setitem(engines["django"].engine.__dict__, "template_context_processors", (broken,))
    assert_tells_nothing(fault.get("/"))


@pytest.mark.django_db
def test_a_suspicious_request_is_a_400_page(monkeypatch):
    def suspicious():
        raise SuspiciousOperation("a secret")

    monkeypatch.setattr(domains, "offered", suspicious)
    response = Client(raise_request_exception=False).get("/")
    assert_ours(response, 400)
    assert b"secret" not in response.content
