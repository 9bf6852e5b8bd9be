"""reCAPTCHA v3 against a stand-in for Google: a clear yes gives an address, whatever else a form that says so."""

import logging
import socket
from urllib.request import Request

import pytest
from django.test import Client
from django_recaptcha import client as recaptcha_client

from mailboxes.models.mailboxes import Mailbox
from tests.unit import siteverify

pytestmark = pytest.mark.usefixtures("domain")
TOKEN = "a-token-of-google"


@pytest.fixture
def google(settings, monkeypatch):
    settings.CAPTCHA = "recaptcha"
    settings.RECAPTCHA_SITE_KEY, settings.RECAPTCHA_SECRET_KEY = "the-site-key", "the-secret-key"
    with siteverify.running() as server:
        lead_to(monkeypatch, server.url)
        yield server


def lead_to(monkeypatch, address):
    """The library knows the host only, and always asks by https."""

    def request(url, **options):
        return Request(address, **options)  # noqa: S310

    monkeypatch.setattr(recaptcha_client, "Request", request)


def create(**sent):
    return Client().post("/create", {"captcha": TOKEN, "lifetime": "600", **sent})


def refused(response, status):
    assert response.status_code == status
    assert b'role="alert"' in response.content
    assert b'value="600"' in response.content
    assert TOKEN.encode() not in response.content
    return not Mailbox.objects.exists()


def test_a_good_token_gives_an_address(google):
    assert create().status_code == 303
    assert Mailbox.objects.count() == 1


def test_google_learns_token_and_secret_and_nothing_of_the_visitor(google):
    create()
    assert google.asked == [
        {"secret": ["the-secret-key"], "response": [TOKEN], "remoteip": [""]},
    ]


@pytest.mark.parametrize(
    "changed",
    [
        {"success": False, "error-codes": ["timeout-or-duplicate"]},
        {"success": "true"},
        {"success": 1},
        {"action": "login"},
        {"action": None},
        {"score": 0.4999},
        {"score": None},
        {"score": "0.9"},
        {"score": "NaN"},
        {"hostname": "evil.example"},
        {"hostname": None},
    ],
)
def test_no_clear_yes_is_no_address(google, changed):
    google.answer({**siteverify.GOOD, **changed})
    assert refused(create(), 422)


@pytest.mark.parametrize("missing", ["action", "score", "hostname"])
def test_an_answer_in_which_something_is_missing_is_no_address(google, missing):
    google.answer({name: value for name, value in siteverify.GOOD.items() if name != missing})
    assert refused(create(), 422)


def test_the_minimum_score_is_the_operators(google, settings):
    settings.RECAPTCHA_MINIMUM_SCORE = 0.3
    google.answer({**siteverify.GOOD, "score": 0.3})
    assert create().status_code == 303


@pytest.mark.parametrize(
    "body",
    [
        b"<html>Sorry</html>",
        b"{}",
        b"[]",
        b"null",
        b"true",
        b"",
        b"\xff\xfe",
        b'"success"',
        b"[[" * 9,
    ],
)
def test_nonsense_is_a_polite_refusal(google, body):
    google.answer(body)
    assert refused(create(), 503)


@pytest.mark.parametrize("status", [400, 403, 404, 500, 503])
def test_an_http_error_is_a_polite_refusal(google, status):
    google.answer(siteverify.GOOD, status=status)
    assert refused(create(), 503)


def test_google_too_slow_is_a_polite_refusal(google, settings):
    settings.RECAPTCHA_VERIFY_REQUEST_TIMEOUT = 0.2
    google.hold.clear()
    assert refused(create(), 503)


def test_google_unreachable_is_a_polite_refusal(google, monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    lead_to(monkeypatch, f"http://127.0.0.1:{port}/")
    assert refused(create(), 503)


def test_a_name_that_does_not_resolve_is_a_polite_refusal(google, monkeypatch):
    lead_to(monkeypatch, "http://siteverify.invalid/")
    assert refused(create(), 503)


def test_an_answer_that_breaks_off_is_a_polite_refusal(google, monkeypatch):
    def break_off(self):
        raise ConnectionResetError

    monkeypatch.setattr("http.client.HTTPResponse.read", break_off)
    assert refused(create(), 503)


def test_without_a_token_google_is_not_asked(google):
    assert refused(create(captcha=""), 422)
    assert google.asked == []


def test_without_the_secret_key_google_is_not_asked(google, settings):
    settings.RECAPTCHA_SECRET_KEY = ""
    assert refused(create(), 503)
    assert google.asked == []


def test_an_endless_token_is_not_sent_on(google):
    assert refused(create(captcha="x" * 20_000), 422)
    assert google.asked == []


def test_a_form_with_another_fault_does_not_spend_the_token(google):
    assert create(lifetime="7").status_code == 422
    assert google.asked == []


def test_nothing_of_it_is_logged(google, caplog):
    caplog.set_level(logging.DEBUG)
    create()
    google.answer({**siteverify.GOOD, "score": 0.1})
    create()
    google.answer(b"<html>")
    create()
    assert TOKEN not in caplog.text
    assert "127.0.0.1" not in caplog.text
    assert not [each for each in caplog.records if each.name.startswith("django_recaptcha")]


def test_the_page_loads_nothing_of_google_by_itself_and_has_no_inline_script(google):
    page = Client().get("/").content.decode()
    assert 'data-key="the-site-key"' in page
    assert 'data-action="create"' in page
    assert 'src="https' not in page
    assert "own privacy policy and terms" in page
    assert page.count("<script") == page.count('<script type="module" src="/')
    assert "the-secret-key" not in page


def test_only_pages_with_the_form_may_load_from_google(google):
    assert "https://www.google.com/recaptcha/" in Client().get("/")["Content-Security-Policy"]
    assert "google" not in Client().get("/privacy")["Content-Security-Policy"]
