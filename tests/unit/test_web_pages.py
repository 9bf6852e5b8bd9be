"""Pages for everybody: there, complete, and true to the settings and to what the code does."""

import re
import shlex
from datetime import date

import pytest
from django.conf import settings
from django.core.cache import cache
from django.db import OperationalError, connection
from django.test import Client, override_settings
from django.urls import reverse

from mailboxes.models.mailboxes import Mailbox
from mailboxes.services import abuse, api_keys, retention

pytestmark = pytest.mark.django_db

PAGES = (
    *("/about", "/faq", "/privacy", "/terms", "/developers", "/report", "/report/status"),
    *("/status", "/receipt", "/api/docs"),
)
REACHED_FROM = {
    "/report/status": "/report",
    "/receipt": "/privacy",
    "/api/docs": "/developers",
}


def text_of(path: str) -> str:
    """Return the words of a page, blanks as one."""
    return " ".join(re.sub(r"<[^>]+>", " ", Client().get(path).content.decode()).split())


@pytest.mark.parametrize("path", PAGES)
def test_each_page_is_there_and_has_one_heading(path):
    response = Client().get(path)
    assert response.status_code == 200
    assert response.content.count(b"<h1") == 1


@pytest.mark.parametrize("path", PAGES)
def test_each_page_is_reached_from_the_start_page_or_one_that_is(path):
    start = REACHED_FROM.get(path, "/")
    assert f'href="{path}"' in Client().get(start).content.decode()


@pytest.mark.parametrize("path", PAGES)
def test_no_page_gives_a_cookie_that_it_does_not_need(path):
    given = set(Client().get(path).cookies)
    has_form = path.startswith(("/report", "/receipt"))
    assert given <= ({settings.CSRF_COOKIE_NAME} if has_form else set())


@override_settings(QUEUE_LIFETIME=10 * 86_400, MAX_LIFETIME=86_400, DEFAULT_LIFETIME=600)
def test_numbers_on_the_pages_follow_the_settings():
    privacy = text_of("/privacy")
    assert "in an outage up to 10 days" in privacy
    assert "11 days, as long as a delivery may be repeated" in privacy
    assert "24 hours at the longest" in privacy
    assert "lives 10 minutes unless" in text_of("/about")


def test_retentions_on_the_privacy_page_are_those_of_the_purge():
    privacy = text_of("/privacy")
    for purpose, days in (
        ("sealed to the operator’s key.", retention.OPERATOR_MESSAGE_DAYS),  # noqa: RUF001
        ("Your network address is not kept.", abuse.REPORT_DAYS),
    ):
        assert f"{purpose} Kept: {days} days. Removed by: the clean-up of records." in privacy
    hours = retention.PURGE_RECORD_DAYS * 24
    assert f"For finding faults. Kept: {hours} hours." in privacy


def test_the_operator_is_named_where_one_is_set():
    names = {
        "OPERATOR_NAME": "Example <Mail> Ltd",
        "OPERATOR_ADDRESS": "1 Example Street",
        "OPERATOR_CONTACT": "https://operator.example/contact",
    }
    with override_settings(**names):
        for path in ("/privacy", "/terms", "/developers"):
            page = Client().get(path).content.decode()
            assert "Example &lt;Mail&gt; Ltd" in page
            assert "1 Example Street" in page
            assert 'href="https://operator.example/contact"' in page


def test_without_a_contact_it_is_the_address_that_always_arrives(domain):
    assert f"abuse@{domain.name}" in text_of("/privacy")


def test_the_pages_are_there_while_the_database_is_away(monkeypatch):
    def away(*args, **kwargs):
        raise OperationalError

    monkeypatch.setattr(connection, "cursor", away)
    for path in ("/about", "/faq", "/privacy", "/terms", "/developers"):
        assert Client().get(path).status_code == 200


def test_the_dates_of_the_texts_are_shown():
    with override_settings(PRIVACY_CHANGED=date(2027, 1, 31), TERMS_CHANGED=date(2027, 2, 28)):
        assert "31 January 2027" in text_of("/privacy")
        assert "28 February 2027" in text_of("/terms")


@pytest.mark.parametrize(("captcha", "names_google"), [("altcha", False), ("recaptcha", True)])
def test_google_is_named_exactly_where_it_is_used(captcha, names_google):
    with override_settings(CAPTCHA=captcha):
        assert ("Google" in text_of("/privacy")) is names_google
        assert ("no third party" in text_of("/privacy")) is not names_google


@pytest.mark.parametrize("secure", [False, True])
def test_every_cookie_that_visitors_get_is_listed(domain, secure):
    cache.clear()
    names = {"CSRF_COOKIE_NAME": "__Host-csrf" if secure else "csrf", "SECURE": secure}
    with override_settings(**names):
        client = Client()
        client.get("/", secure=secure)
        client.post("/create", {"lifetime": 600}, secure=secure)
        client.post("/report", {"kind": "other", "text": "A test."}, secure=secure)
        public_id = Mailbox.objects.get().public_id
        client.post(f"/m/{public_id}/delete-all", {"confirm": "yes"}, secure=secure)
        assert len(client.cookies) == 5
        listed = re.findall(r"<code>([^<]+)</code>", client.get("/privacy").content.decode())
        for name in client.cookies:
            assert re.sub(r"m-[a-z0-9]{16}$", "m-…", name) in listed


@pytest.mark.django_db(transaction=True)  # its views use threads of their own
def test_the_commands_on_the_api_page_work(owner, deliver):
    deliver(owner.address)
    commands = re.findall(
        r"<code>(curl .*?)</code>", Client().get("/developers").content.decode(), re.DOTALL
    )
    values = {
        "$key": api_keys.create("page"),
        "$token": owner.token,
        "$id": str(owner.mailbox.messages.get().id),
    }
    answers = [run(command, values) for command in commands]
    assert [answer.status_code for answer in answers] == [201, 200, 200, 200, 204, 200]
    assert answers[1].json()["address"] == owner.address
    assert answers[2].json()["total"] == 1
    assert answers[3].json()["seen"] is False
    assert answers[5].json()["deleted"] == 0


@pytest.mark.django_db(transaction=True)  # its views use threads of their own
def test_the_answers_on_the_api_page_have_the_fields_that_the_api_gives(owner, deliver):
    deliver(owner.address)
    page = Client().get("/developers").content.decode().replace("&quot;", '"')
    bearer = {"authorization": f"Bearer {owner.token}"}
    listed = Client().get("/api/emails/me", headers=bearer).json()
    for name in [*listed, *listed["items"][0]]:
        assert f'"{name}":' in page, name


def run(command: str, values: dict[str, str]):
    """Run a curl command of the page against the test client."""
    command = command.replace("&quot;", '"').replace("&amp;", "&").replace("&#x27;", "'")
    for name, value in values.items():
        command = command.replace(name, value)
    words = iter(shlex.split(command.replace("\\\n", " "))[1:])
    method, url, body, headers = "GET", "", "", {}
    for word in words:
        if word == "-X":
            method = next(words)
        elif word == "-d":
            body = next(words)
        elif word == "-H":
            name, _, value = next(words).partition(": ")
            headers[name] = value
        else:
            url = word.removeprefix(settings.SITE_URL)
    return Client().generic(
        method, url, body, content_type=headers.pop("Content-Type", ""), headers=headers
    )


def test_the_description_that_the_api_page_links_is_there():
    assert reverse("api:openapi-json") in Client().get("/developers").content.decode()
    assert Client().get(reverse("api:openapi-json")).json()["openapi"].startswith("3.1")
