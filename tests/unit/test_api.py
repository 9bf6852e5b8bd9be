"""The API: tokens, problems, lists, waits."""

import json
import threading
import uuid
from datetime import timedelta

import pytest
from django.db import OperationalError, connection
from django.test import Client

from mailboxes.models.access import ApiKey
from mailboxes.models.mailboxes import Mailbox
from mailboxes.models.messages import Message
from mailboxes.rules import sealing
from mailboxes.rules.receipts import Verdict
from mailboxes.services import api_keys, clock, ending, following, receipts
from tests import messages
from tests.unit.problems import assert_problem

pytestmark = pytest.mark.django_db(transaction=True)


def test_an_api_key_creates_a_mailbox(api, domain) -> None:
    response = api("POST", "generate", api_keys.create("ci"), {"expires_in": 600})
    assert response.status_code == 201
    assert set(response.data) == {
        "address", "token", "created_at", "expires_at", "max_expires_at", "inbox_url", "receive_only",
    }  # fmt: skip
    assert response.data["receive_only"] is True
    assert response["Cache-Control"] == "no-store"
    listed = api("GET", f"emails/{response.data['address']}", response.data["token"])
    assert listed.status_code == 200
    assert listed.data["items"] == []
    assert response.data["address"] not in response.data["inbox_url"]
    assert response.data["token"] not in response.data["inbox_url"]


@pytest.mark.parametrize("token", [None, "", "rubbish", "tmk_" + "A" * 43, "tmt_" + "A" * 43])
def test_without_a_known_key_nothing_is_created(api, domain, token) -> None:
    response = api("POST", "generate", token, {})
    assert_problem(response, 401, "unauthorized")
    assert response["WWW-Authenticate"].startswith("Bearer")


def test_a_mailbox_token_creates_nothing_and_a_key_opens_nothing(api, owner) -> None:
    assert_problem(api("POST", "generate", owner.token, {}), 401, "unauthorized")
    key = api_keys.create("ci")
    assert_problem(api("GET", f"emails/{owner.address}", key), 401, "unauthorized")


def test_a_revoked_key_is_unknown(api, domain) -> None:
    key = api_keys.create("ci")
    ApiKey.objects.update(revoked_at=clock.now())
    assert_problem(api("POST", "generate", key, {}), 401, "unauthorized")


BAD_WISHES = [
    ({"expires_in": 599}, 422, "invalid"),
    ({"expires_in": 172_801}, 422, "invalid"),
    ({"expires_in": "x"}, 422, "invalid"),
    ({"unknown": 1}, 422, "invalid"),
    ([], 422, "invalid"),
    ({"domain": "example.org"}, 409, "domain_unavailable"),
    ({"domain": "a\0b"}, 409, "domain_unavailable"),
    ({"local_part": "chosen"}, 403, "local_part_not_allowed"),
]


@pytest.mark.parametrize(("body", "status", "code"), BAD_WISHES)
def test_bad_wishes_get_clear_problems(api, domain, body, status: int, code: str) -> None:
    assert_problem(api("POST", "generate", api_keys.create("ci"), body), status, code)


def test_a_body_that_is_not_json_is_a_bad_request(client: Client, domain) -> None:
    headers = {"Authorization": f"Bearer {api_keys.create('ci')}"}
    response = client.generic("POST", "/api/generate", b"{", "application/json", headers=headers)
    assert response.status_code == 400
    assert response["Content-Type"] == "application/problem+json"


def test_a_body_that_is_too_large_is_refused(api, domain) -> None:
    body = {"domain": "x" * 100_000}
    assert_problem(api("POST", "generate", api_keys.create("ci"), body), 413, "too_large")


def test_a_wrong_method_is_a_problem_that_says_what_is_allowed(api, owner) -> None:
    for path in ("generate", "emails/me", f"email/{uuid.uuid4()}"):
        assert_problem(api("PUT", path, owner.token, {}), 405, "method_not_allowed")


def test_a_foreign_host_is_a_problem(client: Client) -> None:
    response = client.get("/api/emails/me", headers={"Host": "evil.example"})
    assert response.status_code == 400
    assert response["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize(
    "path",
    [
        "emails/%00",
        "emails/%ff%fe",
        "emails/a%0d%0ab",
        "emails/me?cursor=%ff%00",
        "emails/" + "a" * 5000,
    ],
)
def test_odd_bytes_in_a_path_are_not_found(api, owner, path: str) -> None:
    assert api("GET", path, owner.token).status_code == 404


@pytest.mark.parametrize(
    "header",
    [
        "Bearer",
        "Bearer ",
        "Basic dXNlcg==",
        "Bearer tmt_\xe4\xff",
        "bearer " + "x" * 5000,
        "Bearer a b c",
    ],
)
def test_a_malformed_authorization_is_unauthorized(client: Client, owner, header: str) -> None:
    response = client.get("/api/emails/me", headers={"Authorization": header})
    assert response.status_code == 401
    assert response["WWW-Authenticate"].startswith('Bearer realm="tempmail"')


def test_a_key_has_its_own_limit(api, domain) -> None:
    key = api_keys.create("ci")
    ApiKey.objects.update(creations_per_minute=2)
    statuses = [api("POST", "generate", key, {}).status_code for _ in range(3)]
    assert statuses == [201, 201, 429]
    response = api("POST", "generate", key, {})
    assert_problem(response, 429, "rate_limited")
    assert int(response["Retry-After"]) >= 1


def test_an_item_has_what_a_list_needs(api, owner, deliver) -> None:
    deliver(owner.address)
    listed = api("GET", f"emails/{owner.address}", owner.token)
    (item,) = listed.data["items"]
    assert item["from"] == {"name": "Alice Example", "address": "alice@example.org"}
    assert item["subject"] == "A plain hello"
    assert item["codes"] == ["482913"]
    assert item["preview"].startswith("Hello, this is the body")
    assert (item["seen"], item["has_attachments"], item["size"]) == (
        False,
        False,
        len(messages.PLAIN),
    )
    assert (listed.data["total"], listed.data["unread"], listed.data["next_cursor"]) == (1, 1, None)
    assert listed["Cache-Control"] == "no-store"


def test_a_message_has_text_html_headers_and_attachments(api, owner, deliver) -> None:
    raw = (
        b"Received: by mx id 1\nFrom: a@example.org\nSubject: both\nMIME-Version: 1.0\n"
        b"Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/html\n\n"
        b"<p onclick='x()'>hello <b>there</b><script>alert(1)</script></p>\n"
        b'--b\nContent-Type: application/pdf; name="r.pdf"\nContent-Disposition: attachment\n\nPDF\n--b--\n'
    )
    deliver(owner.address, raw=raw)
    message_id = Message.objects.get().id
    message = api("GET", f"email/{message_id}", owner.token).data
    assert "hello there" in message["text"]
    assert "<b>there</b>" in message["html"]
    assert "script" not in message["html"]
    assert "onclick" not in message["html"]
    assert ["Subject", "both"] in message["headers"]
    (attachment,) = message["attachments"]
    assert (attachment["filename"], attachment["declared_type"]) == ("r.pdf", "application/pdf")
    assert api("GET", "emails/me", owner.token).data["unread"] == 0


def test_cursors_lead_through_all_pages(api, owner, deliver) -> None:
    for number in range(5):
        deliver(owner.address, raw=messages.plain(subject=str(number), received=str(number)))
    found, cursor = [], ""
    while cursor is not None:
        after = f"&cursor={cursor}" if cursor else ""
        page = api("GET", f"emails/{owner.address}?limit=2{after}", owner.token)
        found += [item["subject"] for item in page.data["items"]]
        cursor = page.data["next_cursor"]
    assert found == ["4", "3", "2", "1", "0"]


def test_after_gives_only_newer_mail(api, owner, deliver) -> None:
    for number in range(2):
        deliver(owner.address, raw=messages.plain(subject=str(number), received=str(number)))
    oldest = Message.objects.order_by("sequence")[0]
    listed = api("GET", f"emails/me?after={oldest.id}", owner.token)
    assert [item["subject"] for item in listed.data["items"]] == ["1"]


@pytest.mark.parametrize("cursor", ["x", "%00", "YzE6", "YzE6LTE", "c1%3A1", "A" * 100])
def test_a_cursor_that_is_not_ours_is_unknown(api, owner, cursor: str) -> None:
    assert_problem(api("GET", f"emails/me?cursor={cursor}", owner.token), 404, "cursor_unknown")


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=101", "limit=x", "wait=56", "wait=-1", "after=x"]
)
def test_query_values_out_of_bounds_are_invalid(api, owner, query: str) -> None:
    assert_problem(api("GET", f"emails/me?{query}", owner.token), 422, "invalid")


def test_a_valid_token_opens_nothing_else(api, owner, stranger, deliver) -> None:
    deliver(stranger.address)
    theirs = Message.objects.get().id
    for path in (f"emails/{stranger.address}", "emails/never@tempmail.test", f"emails/me?after={theirs}",
                 f"email/{theirs}", f"email/{uuid.uuid4()}", "email/rubbish", "nothing-here"):  # fmt: skip
        assert_problem(api("GET", path, owner.token), 404, "not_found")
    assert_problem(api("DELETE", f"emails/{stranger.address}", owner.token), 404, "not_found")
    assert Message.objects.exists()


def test_an_unknown_token_is_401_whatever_the_address(api, owner, stranger) -> None:
    ending.end(stranger.mailbox)
    for token in (None, "tmt_" + "A" * 43, "tmt_x", sealing.new_token(), stranger.token):
        for path in (f"emails/{owner.address}", "emails/x", f"email/{uuid.uuid4()}"):
            assert_problem(api("GET", path, token), 401, "unauthorized")


def test_delete_says_how_many(api, owner, deliver) -> None:
    deliver(owner.address)
    assert api("DELETE", f"emails/{owner.address}", owner.token).data["deleted"] == 1
    assert api("DELETE", f"emails/{owner.address}", owner.token).data["deleted"] == 0
    assert api("GET", "emails/me", owner.token).status_code == 200


def test_delete_gives_a_receipt_that_the_published_key_confirms(api, owner, deliver) -> None:
    deliver(owner.address)
    answer = api("DELETE", "emails/me", owner.token)
    assert answer["Cache-Control"] == "no-store"
    checked = receipts.check(json.dumps(answer.data["receipt"]))
    assert checked.verdict == Verdict.VALID
    assert checked.statement["action"] == "mail-deleted"
    assert checked.statement["mailbox"] == owner.address
    assert checked.statement["messages"] == 1
    assert checked.statement["bytes"] == len(messages.PLAIN)
    again = api("DELETE", "emails/me", owner.token).data["receipt"]["statement"]
    assert (again["messages"], again["bytes"]) == (0, 0)


def test_delete_with_close_ends_the_mailbox_and_its_token(api, owner, deliver) -> None:
    deliver(owner.address)
    answer = api("DELETE", f"emails/{owner.address}?close=true", owner.token)
    assert answer.data["deleted"] == 1
    assert answer.data["receipt"]["statement"]["action"] == "mailbox-ended"
    for method, path in (("GET", "emails/me"), ("DELETE", "emails/me?close=true")):
        assert_problem(api(method, path, owner.token), 401, "unauthorized")


def test_a_wrong_value_of_close_deletes_nothing(api, owner, deliver) -> None:
    deliver(owner.address)
    assert_problem(api("DELETE", "emails/me?close=perhaps", owner.token), 422, "invalid")
    assert Message.objects.exists()


def test_a_wait_returns_at_once_when_mail_is_there(api, owner, deliver) -> None:
    deliver(owner.address)
    listed = api("GET", "emails/me?wait=55", owner.token)
    assert len(listed.data["items"]) == 1
    assert listed.data["timed_out"] is None


def test_a_wait_without_mail_says_that_its_time_is_over(api, owner) -> None:
    listed = api("GET", "emails/me?wait=1", owner.token)
    assert (listed.data["items"], listed.data["timed_out"]) == ([], True)


def test_a_wait_ends_when_mail_arrives(api, owner, deliver, monkeypatch) -> None:
    monkeypatch.setattr(following, "STEP", 0.05)

    def send() -> None:
        deliver(owner.address)
        connection.close()

    timer = threading.Timer(0.3, send)
    timer.start()
    listed = api("GET", "emails/me?wait=55", owner.token)
    timer.join()
    assert len(listed.data["items"]) == 1


def test_a_wait_ends_with_its_mailbox(api, owner, monkeypatch) -> None:
    monkeypatch.setattr(following, "STEP", 600)
    ends_at = clock.now() + timedelta(milliseconds=500)
    Mailbox.objects.update(ends_at=ends_at)
    assert_problem(api("GET", "emails/me?wait=55", owner.token), 410, "mailbox_ended")
    assert clock.now() < ends_at + timedelta(seconds=40)  # not when the wait was over


def test_a_wait_after_everything_was_deleted_waits(api, owner, deliver) -> None:
    deliver(owner.address)
    ending.delete_messages(owner.mailbox)
    assert api("GET", "emails/me?wait=1", owner.token).data["timed_out"] is True


def test_without_the_database_the_api_is_unavailable(api, owner, monkeypatch) -> None:
    def away(token: str) -> None:
        raise OperationalError

    monkeypatch.setattr("mailboxes.services.reading.open_by_token", away)
    for path in ("emails/me", f"email/{uuid.uuid4()}"):
        response = api("GET", path, owner.token)
        assert_problem(response, 503, "unavailable")
        assert response["Retry-After"]


def test_every_answer_of_the_api_has_the_headers_of_the_site(api, owner) -> None:
    for response in (api("GET", "emails/me", owner.token), api("GET", "nothing-here")):
        assert "default-src 'none'" in response["Content-Security-Policy"]
        assert response["X-Content-Type-Options"] == "nosniff"
        assert response["Referrer-Policy"]
