"""Requests that no client of good will sends: each gets an answer that the description knows, and none a 500."""

import json

import pytest
from django.test import Client

from mailboxes.services import api_keys
from tests.unit.described import assert_described

pytestmark = pytest.mark.django_db(transaction=True)

BODIES: list[tuple[bytes, int]] = [
    (b"", 422),
    (b"null", 422),
    (b"[]", 422),
    (b'"x"', 422),
    (b"1", 422),
    (b"{'expires_in': 600}", 400),
    (b"{} x", 400),
    (b"{/**/}", 400),
    (b'{"expires_in": NaN}', 422),
    (b'{"expires_in": -Infinity}', 422),
    (b'{"expires_in": 1e400}', 422),
    (b'{"expires_in": ' + b"9" * 5000 + b"}", 400),
    (b'{"expires_in": 600.5}', 422),
    (b'{"expires_in": "600"}', 422),
    (b'{"expires_in": true}', 422),
    (b'{"expires_in": [600]}', 422),
    (b'{"__proto__": 1}', 422),
    (b'{"\\ud800": 1}', 422),
    (b'{"\xff": 1}', 400),
    (b'{"a\nb": 1}', 400),
    (b"[" * 60_000, 400),
    (b'{"a":' * 10_000 + b"1" + b"}" * 10_000, 400),
    (b" " * 70_000, 413),
]
WISHES: list[tuple[bytes, int]] = [
    (b'{"expires_in": 600.0}', 201),
    (b'{"expires_in": 600, "expires_in": 700}', 201),
    (b'{"expires_in": null, "domain": null}', 201),
    (b'{"domain": "a\\u0000b"}', 409),
    (b'{"domain": "\\ud800"}', 422),
    (b'{"domain": 5}', 422),
    (b'{"domain": ""}', 409),
    (b'{"local_part": "\\udfff"}', 422),
    (b'{"captcha": "\\udfff"}', 422),
    (b'{"captcha": "a\\n"}', 422),
    (b'{"domain": "' + b"x" * 60_000 + b'"}', 422),
]
QUERIES: list[tuple[str, int]] = [
    ("limit=1&limit=2", 200),
    ("limit=", 422),
    ("limit=%00", 422),
    ("limit=%EF%BC%91", 422),
    ("limit=0x10", 422),
    ("limit=99999999999999999999999", 422),
    ("limit=NaN", 422),
    ("wait=true", 422),
    ("wait=56", 422),
    ("unread=", 422),
    ("unread=maybe", 422),
    ("has=", 422),
    ("has=code,attachment", 422),
    ("has=code&has=attachment", 200),
    ("&".join(["has=code"] * 11), 422),
    ("since=1", 422),
    ("since=0.5", 422),
    ("since=2026-01-01", 422),
    ("since=2026-01-01T00:00:00", 422),
    ("since=2026-01-01T00:00:00+02:00", 422),
    ("since=2026-01-01T00:00:00%2B02:00", 200),
    ("since=2026-01-01t00:00:00z", 200),
    ("since=2026-02-30T00:00:00Z", 422),
    ("since=0001-01-01T00:00:00%2B14:00", 422),
    ("since=9999-12-31T23:59:59-14:00", 422),
    ("since=%00", 422),
    ("after=-1", 422),
    ("after=999999999999999999", 200),
    ("after=9999999999999999999", 422),
    ("after=00000000-0000-0000-0000-000000000000", 404),
    ("after=urn:uuid:00000000-0000-0000-0000-000000000000", 422),
    ("cursor=", 404),
    ("cursor=%F0%9F%98%80", 404),
    ("cursor=" + "A" * 101, 422),
    ("from=%00", 200),
    ("from=%ff", 200),
    ("from=%ed%a0%80", 200),
    ("from=" + "a" * 201, 422),
    ("x=" + "a" * 60_000, 200),
    ("&&&", 200),
    ("=", 200),
    ("a=%zz", 200),
    ("&".join(f"a{n}=1" for n in range(1001)), 400),
]
ATTACHMENTS = ("0", "-1", "1.0", "9" * 30, "%D9%A1", "%EF%BC%91", "1/", "", "1%00")


@pytest.fixture
def send(client: Client):  # type: ignore[no-untyped-def]
    """Send a request as it is, and hold its answer against the description."""

    def call(  # type: ignore[no-untyped-def]
        method: str, path: str, token: str, body: bytes = b"", kind: str = "application/json"
    ):
        headers = {"Authorization": f"Bearer {token}"}
        response = client.generic(method, f"/api/{path}", body, kind, headers=headers)
        assert_described(method, f"/api/{path}", response)
        if response.status_code >= 400:
            assert response["Content-Type"] == "application/problem+json"
        return response

    return call


@pytest.mark.parametrize(("body", "status"), BODIES, ids=lambda value: repr(value)[:30])
def test_an_odd_body_is_refused(send, owner, body: bytes, status: int) -> None:
    assert send("POST", "generate", api_keys.create("ci"), body).status_code == status
    assert send("PATCH", "addresses/me", owner.token, body).status_code == status
    assert send("POST", "webhooks/me", owner.token, body).status_code == status


@pytest.mark.parametrize(("body", "status"), WISHES, ids=lambda value: repr(value)[:40])
def test_an_odd_wish_is_met_or_refused(send, domain, body: bytes, status: int) -> None:
    assert send("POST", "generate", api_keys.create("ci"), body).status_code == status


@pytest.mark.parametrize("kind", ["text/plain", "", "application/json; charset=nonsense", "a/b;;;"])
def test_a_body_is_json_whatever_it_calls_itself(send, domain, kind: str) -> None:
    made = send("POST", "generate", api_keys.create("ci"), b'{"expires_in": 600}', kind)
    assert made.status_code == 201


@pytest.mark.parametrize(("query", "status"), QUERIES, ids=lambda value: str(value)[:40])
def test_an_odd_query_is_understood_or_refused(send, owner, query: str, status: int) -> None:
    assert send("GET", f"emails/me?{query}", owner.token).status_code == status


def test_an_address_is_its_own_in_any_spelling(send, owner) -> None:
    local, _, host = owner.address.partition("@")
    for spelling in (owner.address.upper(), f"{local}%40{host}", "%6d%65"):
        assert send("GET", f"emails/{spelling}", owner.token).status_code == 200
    for spelling in ("ME", "me%00", "me%0a", "me%20", f"{owner.address}%00", "%ff", "me;x=1"):
        for path in ("emails", "addresses", "events", "webhooks"):
            assert send("GET", f"{path}/{spelling}", owner.token).status_code == 404


def test_a_message_has_one_spelling_of_its_id(send, owner, deliver) -> None:
    deliver(owner.address)
    name = str(owner.mailbox.messages.get().id)
    assert send("GET", f"email/{name}", owner.token).status_code == 200
    for spelling in (name.upper(), name.replace("-", ""), f"{{{name}}}", f"urn:uuid:{name}"):
        assert send("GET", f"email/{spelling}", owner.token).status_code == 404
    for number in ATTACHMENTS:
        path = f"email/{name}/attachments/{number}"
        assert send("GET", path, owner.token).status_code == 404


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS", "TRACE", "CONNECT", "PROPFIND", "QUERY"])
@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("generate", {"POST"}),
        ("captcha", {"GET"}),
        ("emails/me", {"GET", "DELETE"}),
        ("emails/me/latest", {"GET"}),
        ("addresses/me", {"GET", "PATCH"}),
        ("webhooks/me", {"GET", "POST"}),
        ("events/me", {"GET"}),
    ],
)
def test_another_method_is_told_which_there_are(
    send, owner, method: str, path: str, allowed: set[str]
) -> None:
    answer = send(method, path, owner.token)
    assert answer.status_code == 405
    assert set(answer["Allow"].split(", ")) == allowed


@pytest.mark.parametrize("path", ["emails/me/", "generate/", "emails/", "emails//latest", "no"])
def test_a_path_that_is_none_is_not_found_and_leads_nowhere(send, owner, path: str) -> None:
    answer = send("GET", path, owner.token)
    assert (answer.status_code, json.loads(answer.content)["code"]) == (404, "not_found")
