"""Getting an address through the gate: what is asked, what passes, what comes back when it does not."""

import html
import re
import secrets

import pytest
from django.core.cache import cache
from django.test import Client
from redis.exceptions import ConnectionError as RedisAway

from mailboxes.gate import proof_of_work
from mailboxes.models.mailboxes import Mailbox
from tests.captcha import answer, payload, solve

pytestmark = pytest.mark.usefixtures("domain")


@pytest.fixture(autouse=True)
def _altcha(settings, monkeypatch):
    settings.CAPTCHA = "altcha"
    monkeypatch.setattr(proof_of_work, "MAX_NUMBER", 50)


def proof(client):
    return {"captcha": solve(client.get("/captcha/challenge").json())}


def question_of(response):
    page = response.content.decode()
    text = re.search(r'for="captcha_answer">([^<]+)<', page)
    sealed = re.search(r'name="captcha_question" value="([^"]+)"', page)
    assert text
    assert sealed
    return html.unescape(text[1]), sealed[1]


def answered(response, given=None):
    text, sealed = question_of(response)
    return {
        "captcha_question": sealed,
        "captcha_answer": answer(text) if given is None else given,
    }


def test_a_solution_gives_one_address():
    client = Client()
    sent = proof(client)
    assert client.post("/create", sent).status_code == 303
    again = client.post("/create", sent)
    assert again.status_code == 422
    assert b'role="alert"' in again.content
    assert Mailbox.objects.count() == 1


def test_an_answer_gives_one_address():
    client = Client()
    sent = answered(client.get("/"))
    assert client.post("/create", sent).status_code == 303
    assert client.post("/create", sent).status_code == 422
    assert Mailbox.objects.count() == 1


def test_nothing_sent_is_answered_with_a_question():
    response = Client().post("/create", {"lifetime": "600"})
    assert response.status_code == 422
    assert b"<noscript>" not in response.content
    sent = {"lifetime": "600", **answered(response)}
    assert Client().post("/create", sent).status_code == 303


def test_after_a_wrong_answer_there_is_another_question_and_the_choices_are_kept(settings):
    settings.CUSTOM_LOCAL_PARTS = True
    client = Client()
    first = client.get("/")
    sent = {"lifetime": "600", "local_part": "carlotta", **answered(first, "wrong")}
    second = client.post("/create", sent)
    page = second.content.decode()
    assert second.status_code == 422
    assert question_of(first)[1] != question_of(second)[1]
    assert 'value="carlotta"' in page
    assert re.search(r'value="600"[^>]*checked', page)
    assert "wrong" not in page
    client.post("/create", {**sent, **answered(second)})
    mailbox = Mailbox.objects.get()
    assert (mailbox.expires_at - mailbox.created_at).total_seconds() == 600


def test_a_wrong_solution_comes_back_without_it():
    client = Client()
    wrong = payload(client.get("/captcha/challenge").json(), 51)
    response = client.post("/create", {"captcha": wrong})
    assert response.status_code == 422
    assert wrong.encode() not in response.content
    assert b"answer a question instead" in response.content
    assert not Mailbox.objects.exists()


def test_a_form_with_another_fault_does_not_spend_the_solution():
    client = Client()
    sent = proof(client)
    assert client.post("/create", {**sent, "lifetime": "7"}).status_code == 422
    assert client.post("/create", sent).status_code == 303


def test_the_question_can_be_asked_for_by_a_link():
    client = Client()
    assert b'href="?question"' in client.get("/").content
    assert client.get("/create?question")["Location"] == "/?question"
    page = client.get("/?question").content
    assert b"<noscript>" not in page
    assert b'name="captcha_answer"' in page


def test_while_redis_is_away_the_refusal_is_polite(monkeypatch):
    def away(*args, **kwargs):
        raise RedisAway

    client = Client()
    sent = proof(client)
    for name in ("add", "get", "incr"):
        monkeypatch.setattr(cache, name, away)
    response = client.post("/create", sent)
    assert response.status_code == 503
    assert int(response["Retry-After"]) > 0
    assert b"try again in a moment" in response.content
    assert client.get("/captcha/challenge").status_code == 503
    assert not Mailbox.objects.exists()


def test_creations_by_question_are_a_tenth_of_all(settings):
    settings.CREATIONS_PER_CLIENT = settings.CREATIONS_PER_SESSION = "20/h"
    client = Client()
    for status in (303, 303, 429):
        assert client.post("/create", answered(client.get("/"))).status_code == status
    assert client.post("/create", proof(client)).status_code == 303
    assert Mailbox.objects.count() == 3


def test_wrong_answers_do_not_use_up_the_creations(settings):
    settings.CREATIONS_PER_CLIENT = settings.CREATIONS_PER_SESSION = "10/h"
    client = Client()
    response = client.get("/")
    for _ in range(5):
        response = client.post("/create", answered(response, "wrong"))
    assert client.post("/create", answered(response)).status_code == 303


def test_too_many_attempts_are_told_when_to_come_back(monkeypatch):
    monkeypatch.setattr("django.conf.settings.CAPTCHAS_PER_CLIENT", "2/h")
    client = Client()
    for status in (422, 422, 429):
        response = client.post("/create")
        assert response.status_code == status
    assert b"Please wait" in response.content


def test_too_many_challenges_are_a_429_that_says_when_to_come_back(monkeypatch):
    monkeypatch.setattr("django.conf.settings.CAPTCHAS_PER_CLIENT", "1/h")
    client = Client()
    assert client.get("/captcha/challenge")["Cache-Control"].startswith("no-store")
    response = client.get("/captcha/challenge")
    assert response.status_code == 429
    assert int(response["Retry-After"]) > 0


def test_a_challenge_sets_no_cookie_and_is_never_the_same():
    client = Client()
    assert client.get("/captcha/challenge").json() != client.get("/captcha/challenge").json()
    assert not client.cookies


def test_only_pages_with_the_form_may_start_a_worker_from_a_blob():
    assert "worker-src 'self' blob:" in Client().get("/")["Content-Security-Policy"]
    assert "blob:" not in Client().get("/privacy")["Content-Security-Policy"]
    for policy in (Client().get("/"), Client().post("/create")):
        assert "unsafe" not in policy["Content-Security-Policy"]


def test_off_asks_nothing(settings):
    settings.CAPTCHA = "off"
    assert b"captcha" not in Client().get("/").content
    assert Client().post("/create").status_code == 303


def test_a_browser_is_limited_wherever_it_connects_from(settings):
    settings.CAPTCHA, settings.CREATIONS_PER_SESSION = "off", "2/h"
    client = Client()
    for status in (303, 303, 429):
        response = client.post("/create", REMOTE_ADDR=f"198.51.100.{secrets.randbelow(250)}")
        assert response.status_code == status
    assert int(response["Retry-After"]) > 0


@pytest.mark.parametrize("forged", ["x", "me:1abc:sig", ""])
def test_a_forged_visitor_counts_as_a_new_one(settings, forged):
    settings.CAPTCHA, settings.CREATIONS_PER_SESSION = "off", "1/h"
    for _ in range(2):
        client = Client()
        client.cookies["visitor"] = forged
        assert client.post("/create").status_code == 303


@pytest.mark.parametrize(("secure", "name"), [(False, "visitor"), (True, "__Host-visitor")])
def test_the_visitors_cookie_is_for_the_server_only(settings, secure, name):
    settings.CAPTCHA, settings.SECURE = "off", secure
    morsel = Client().post("/create", secure=secure).cookies[name]
    assert morsel["httponly"] is True
    assert bool(morsel["secure"]) is secure
    assert (morsel["samesite"], morsel["path"], morsel["domain"]) == ("Lax", "/", "")
    assert 0 < morsel["max-age"] <= 86_400


def test_looking_at_the_home_page_gives_no_visitors_cookie():
    client = Client()
    client.get("/")
    assert "visitor" not in client.cookies
