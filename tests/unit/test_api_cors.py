"""Pages of other origins: they may call the API, and nothing else, and never with cookies."""

import asyncio

import pytest
from django.test import AsyncClient, Client

from mailboxes.services import api_keys

pytestmark = pytest.mark.django_db(transaction=True)

ORIGIN = {"Origin": "https://elsewhere.example"}


def assert_open(answer) -> None:
    assert answer["Access-Control-Allow-Origin"] == "*"
    assert "Access-Control-Allow-Credentials" not in answer.headers
    assert answer["Cross-Origin-Resource-Policy"] == "cross-origin"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "domains", 200),
        ("GET", "emails/me", 401),
        ("POST", "generate", 400),
        ("PUT", "generate", 405),
        ("GET", "nothing-here", 404),
    ],
)
def test_every_answer_of_the_api_may_be_read_elsewhere(client: Client, method, path, status):
    answer = client.generic(method, f"/api/{path}", "{", "application/json", headers=ORIGIN)
    assert answer.status_code == status
    assert_open(answer)
    exposed = set(answer["Access-Control-Expose-Headers"].split(", "))
    assert exposed == {
        "Content-Disposition", "ETag", "RateLimit", "RateLimit-Policy", "Retry-After",
        "WWW-Authenticate", "X-Request-ID",
    }  # fmt: skip


def test_an_unexpected_failure_may_be_read_elsewhere_too(owner, monkeypatch):
    def fail(*args):
        raise RuntimeError

    monkeypatch.setattr("mailboxes.services.domains.offered", fail)
    answer = Client(raise_request_exception=False).get("/api/domains", headers=ORIGIN)
    assert answer.status_code == 500
    assert_open(answer)


def test_a_list_that_has_not_changed_and_an_event_stream_may_be_read_elsewhere(owner):
    async def visit() -> None:
        client = AsyncClient()
        headers = {**ORIGIN, "Authorization": f"Bearer {owner.token}"}
        listed = await client.get("/api/emails/me", headers=headers)
        assert_open(listed)
        if etag := listed.headers.get("ETag"):
            again = await client.get("/api/emails/me", headers={**headers, "If-None-Match": etag})
            assert again.status_code == 304
            assert_open(again)
        stream = await client.get("/api/events/me", headers=headers)
        assert_open(stream)
        stream.close()

    asyncio.run(visit())


def test_a_preflight_is_answered_and_kept_for_a_day(client: Client):
    asked = {
        **ORIGIN,
        "Access-Control-Request-Method": "PATCH",
        "Access-Control-Request-Headers": "authorization,content-type,idempotency-key",
    }
    answer = client.options("/api/addresses/me", headers=asked)
    assert answer.status_code == 200
    assert_open(answer)
    assert answer["Access-Control-Max-Age"] == "86400"
    methods = set(answer["Access-Control-Allow-Methods"].split(", "))
    assert methods == {"GET", "POST", "PATCH", "DELETE", "OPTIONS"}
    headers = set(answer["Access-Control-Allow-Headers"].split(", "))
    assert headers == {
        "authorization", "content-type", "idempotency-key", "if-none-match", "last-event-id",
    }  # fmt: skip


@pytest.mark.parametrize("path", ["/", "/privacy", "/m/x/", "/admin/login/", "/livez", "/apix"])
def test_nothing_else_may_be_read_elsewhere(client: Client, domain, path):
    for answer in (
        client.get(path, headers=ORIGIN),
        client.options(path, headers={**ORIGIN, "Access-Control-Request-Method": "GET"}),
    ):
        assert not [name for name in answer.headers if name.lower().startswith("access-control")]
        assert answer["Cross-Origin-Resource-Policy"] == "same-origin"


def test_a_cookie_opens_nothing_of_the_api(owner):
    from mailboxes.web import cookies

    client = Client()
    client.cookies[cookies.name(owner.mailbox.public_id)] = owner.token
    assert client.get("/api/emails/me", headers=ORIGIN).status_code == 401


def test_the_api_sets_no_cookie(client: Client, domain):
    headers = {"Authorization": f"Bearer {api_keys.create('ci')}"}
    answers = [
        client.post("/api/generate", {}, "application/json", headers=headers),
        client.post("/api/generate", {"captcha": "x"}, "application/json"),
        client.get("/api/captcha"),
        client.get("/api/domains"),
    ]
    for answer in answers:
        assert answer.status_code in (200, 201)
        assert not answer.cookies
