"""The Python client: making mailboxes, trying again, and what its errors say."""

import json
import logging

import httpx
import pytest

import tempmail_client
from tempmail_client import connection
from tests.unit import service_double
from tests.unit.service_double import KEY, TOKEN, Service, breaking, challenge, refusing


@pytest.fixture
def service():
    return Service()


@pytest.fixture(autouse=True)
def pauses(monkeypatch):
    """The pauses between attempts, which take no time here."""
    taken = []
    monkeypatch.setattr(connection.time, "sleep", taken.append)
    return taken


def test_a_key_makes_a_mailbox(service):
    mailbox = service.client().generate(expires_in=600)
    assert (mailbox.address, mailbox.token) == ("a@mail.test", TOKEN)
    (call,) = service.calls
    assert call.headers["Authorization"] == f"Bearer {KEY}"
    assert json.loads(call.content) == {"expires_in": 600}


def test_without_a_key_the_proof_of_work_is_done(service):
    service.captcha = {"kind": "altcha", "challenge": challenge(777)}
    service.client(None).generate()
    assert service.paths() == ["GET /api/captcha", "POST /api/generate"]
    assert service_double.solution(service.calls[1])["number"] == 777
    assert all("Authorization" not in call.headers for call in service.calls)


@pytest.mark.parametrize(
    "captcha",
    [
        {"kind": "recaptcha", "site_key": "k", "action": "create"},
        {"kind": "altcha", "challenge": challenge(5, most=10**12)},
        {"kind": "altcha", "challenge": challenge(5) | {"algorithm": "MD5"}},
        {"kind": "altcha", "challenge": challenge(2000)},
    ],
    ids=["google", "endless", "unknown", "unsolvable"],
)
def test_a_captcha_that_it_cannot_do_is_said(service, captcha):
    service.captcha = captcha
    with pytest.raises(tempmail_client.CaptchaNeeded):
        service.client(None).generate()
    assert service.paths() == ["GET /api/captcha"]


@pytest.mark.parametrize(
    "failure",
    [
        refusing(429, "rate_limited", "3"),
        refusing(503, "unavailable", "3"),
        refusing(502, "error"),
        breaking(httpx.ReadError),
        breaking(httpx.ConnectError),
        breaking(httpx.RemoteProtocolError),
        breaking(httpx.ReadTimeout),
    ],
)
def test_a_call_with_a_key_is_made_again_under_the_same_idempotency_key(service, failure, pauses):
    service.next = [failure, failure]
    assert service.client().generate().token == TOKEN
    keys = {call.headers["Idempotency-Key"] for call in service.calls}
    assert (len(service.calls), len(keys), len(pauses)) == (3, 1, 2)


def test_two_calls_have_different_idempotency_keys(service):
    client = service.client()
    client.generate(), client.generate()
    assert len({call.headers["Idempotency-Key"] for call in service.calls}) == 2


def test_retry_after_is_waited_for(service, pauses):
    service.next = [refusing(429, "rate_limited", "7")]
    service.client().generate()
    assert 7 <= pauses[0] < 8


def test_a_retry_after_beyond_the_timeout_is_an_error_at_once(service, pauses):
    service.next = [refusing(429, "rate_limited", "60")]
    with pytest.raises(tempmail_client.RateLimited) as raised:
        service.client(timeout=20).generate()
    assert (raised.value.retry_after, pauses) == (60, [])
    assert "try again in 60 s" in str(raised.value)


def test_without_a_key_a_refused_call_is_made_again_with_a_new_solution(service):
    service.captcha = {"kind": "altcha", "challenge": challenge(7)}
    usual = [lambda request: None]
    service.next = [*usual, refusing(503, "unavailable", "1"), *usual, breaking(httpx.ConnectError)]
    service.client(None).generate()
    assert service.paths() == ["GET /api/captcha", "POST /api/generate"] * 3


def test_without_a_key_a_call_that_may_have_made_a_mailbox_is_not_made_again(service):
    service.next = [lambda request: None, breaking(httpx.ReadError)]
    with pytest.raises(tempmail_client.ConnectionLost):
        service.client(None).generate()
    assert len(service.calls) == 2


def test_a_service_that_stays_away_is_an_error_when_the_time_is_over(service, monkeypatch):
    clock = [0.0]
    monkeypatch.setattr(connection.time, "monotonic", lambda: clock[0])
    monkeypatch.setattr(connection.time, "sleep", lambda s: clock.__setitem__(0, clock[0] + s))
    service.next = [breaking(httpx.ConnectError)] * 1000
    with pytest.raises(tempmail_client.ConnectionLost, match="ConnectError"):
        service.client(timeout=20).generate()
    assert 10 < clock[0] <= 20
    assert len(service.calls) < 20


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (401, "unauthorized", tempmail_client.Unauthorized),
        (403, "captcha_failed", tempmail_client.CaptchaFailed),
        (403, "insufficient_scope", tempmail_client.Forbidden),
        (403, "local_part_not_allowed", tempmail_client.Forbidden),
        (403, "blocked", tempmail_client.Blocked),
        (409, "address_taken", tempmail_client.AddressTaken),
        (409, "domain_unavailable", tempmail_client.DomainUnavailable),
        (410, "mailbox_ended", tempmail_client.MailboxEnded),
        (422, "idempotency_key_reused", tempmail_client.Invalid),
        (418, "newer_than_this_client", tempmail_client.ApiError),
    ],
)
def test_each_problem_has_its_exception(service, status, code, kind):
    service.next = [refusing(status, code)]
    with pytest.raises(kind) as raised:
        service.client().generate()
    assert (raised.value.status, raised.value.code) == (status, code)
    assert "request 0123456789abcdef" in str(raised.value)
    assert len(service.calls) == 1


def test_what_is_wrong_with_a_value_is_said(service):
    found = [{"loc": ["body", "expires_in"], "msg": "too small", "type": "x"}]
    body = {"code": "invalid", "title": "Invalid", "status": 422, "errors": found}
    service.next = [lambda request: httpx.Response(422, json=body)]
    with pytest.raises(tempmail_client.Invalid, match=r"body\.expires_in: too small"):
        service.client().generate(expires_in=1)


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"code": 1}', b"null", b"\xff"])
def test_an_answer_that_is_no_problem_is_an_error_all_the_same(service, body):
    service.next = [lambda request: httpx.Response(500, content=body)]
    with pytest.raises(tempmail_client.ApiError):
        service.client().generate()


@pytest.mark.parametrize("body", [b"<html>", b"[]", b""])
def test_a_page_in_the_place_of_an_answer_is_an_error(service, body):
    service.next = [lambda request: httpx.Response(200, content=body)]
    with pytest.raises(tempmail_client.ApiError, match="not one of this API"):
        service.client().generate()


def test_what_cannot_get_better_is_not_tried_again(service, pauses):
    def untrusted(request):
        raise httpx.ConnectError("[SSL: CERTIFICATE_VERIFY_FAILED] self-signed", request=request)

    service.next = [untrusted]
    with pytest.raises(tempmail_client.ConnectionLost, match="self-signed"):
        service.client().generate()
    assert pauses == []
    with pytest.raises(ValueError, match="base_url"):
        tempmail_client.Client("mail.test")


def test_a_key_with_a_line_end_is_taken_and_one_with_more_is_refused_without_quoting_it(service):
    service.client(f"{KEY}\n").generate()
    assert service.calls[0].headers["Authorization"] == f"Bearer {KEY}"
    with pytest.raises(ValueError, match="not a key") as raised:
        service.client("tmk_a\nb")
    assert "tmk_a" not in str(raised.value)


def test_a_redirection_says_which_url_to_use(service):
    there = {"Location": "https://www.mail.test/api/generate"}
    service.next = [lambda request: httpx.Response(301, headers=there)]
    with pytest.raises(tempmail_client.ApiError, match=r"https://www\.mail\.test/api/generate"):
        service.client().generate()


def test_an_idempotency_key_goes_only_with_an_api_key(service):
    with pytest.raises(ValueError, match="API key"):
        service.client(None).generate(idempotency_key="x")
    service.client().generate(idempotency_key="x")
    assert service.calls[0].headers["Idempotency-Key"] == "x"


def test_a_token_opens_its_mailbox_and_a_wrong_one_none(service):
    assert service.client(None).open(TOKEN).address == "a@mail.test"
    with pytest.raises(tempmail_client.Unauthorized):
        service.client(None).open("tmt_wrong")


def test_no_token_and_no_key_is_in_anything_printed(service, caplog):
    caplog.set_level(logging.DEBUG)
    client = service.client(timeout=0)
    mailbox = client.generate()
    texts = [repr(client), repr(mailbox), repr(vars(mailbox))]
    for answer in (refusing(422, "invalid"), breaking(httpx.ReadError), refusing(401, "x"), _empty):
        for call in (client.generate, mailbox.clear, _opening(client)):
            service.next = [answer]
            with pytest.raises((tempmail_client.TempmailError, KeyError)) as raised:
                call()
            texts += [repr(raised.value), str(raised.getrepr(showlocals=True, style="long"))]
    for secret in (KEY, TOKEN):
        assert secret not in "".join(texts)
        assert secret not in caplog.text


def test_no_code_and_no_link_is_in_what_a_test_report_shows_of_a_mail(service):
    service.add(codes=["482913"], links=[_link("https://a.test/confirm/1")])
    mail = service.client().generate().wait_for()
    shown = repr([mail, *mail.links])
    assert "482913" not in shown
    assert "confirm/1" not in shown
    assert "alice@example.org" in shown


def _empty(request):
    return httpx.Response(201, json={"token": TOKEN} if request.method == "POST" else {})


def _opening(client):
    return lambda: client.open(TOKEN)


def _link(url):
    return {"url": url, "text": "here", "confirmation": True}
