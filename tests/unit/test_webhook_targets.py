"""Which addresses a webhook may reach: looked up once, all judged, and connected to exactly those."""

import socket
import threading
import time
from ipaddress import ip_address

import pytest

from mailboxes import checks
from mailboxes.rules import webhook_urls
from mailboxes.rules.errors import WebhookRefused
from mailboxes.services import webhook_targets

pytestmark = pytest.mark.django_db
PUBLIC, PUBLIC_6 = "93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c"
INNER = """
    127.0.0.1 10.1.2.3 169.254.169.254 100.100.100.200 0.0.0.0 ::1 :: ::ffff:127.0.0.1 fe80::1 fd00::1 64:ff9b::a00:1
    2002:a00:1::1 2001:0:1::1
"""


@pytest.fixture
def resolver(monkeypatch: pytest.MonkeyPatch):  # type: ignore[no-untyped-def]
    """Have names lead to these addresses, one list after the other; returns which names were asked for."""

    def answer(*answers: list[str]):  # type: ignore[no-untyped-def]
        left, asked = list(answers), []

        def getaddrinfo(host, port, *args, **kwargs):  # type: ignore[no-untyped-def]
            asked.append(host)
            return [(None, None, 6, "", (address, port)) for address in left.pop(0)]

        monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
        return asked

    return answer


def addresses(url: str, blocked: str = "") -> list[str]:
    target = webhook_urls.parse(url)
    found = webhook_targets.addresses(
        target, time.monotonic() + 30, lambda address: str(address) == blocked
    )
    return [str(address) for address in found]


def test_a_public_name_leads_to_its_addresses(resolver) -> None:
    asked = resolver([PUBLIC, PUBLIC_6])
    assert addresses("https://receiver.example/") == [PUBLIC, PUBLIC_6]
    assert asked == ["receiver.example"]


@pytest.mark.parametrize("inner", INNER.split())
def test_one_private_answer_spoils_all(resolver, inner: str) -> None:
    resolver([inner], [PUBLIC, inner], [inner, PUBLIC], [PUBLIC, PUBLIC_6, PUBLIC, PUBLIC, inner])
    for _ in range(4):
        with pytest.raises(WebhookRefused):
            addresses("https://receiver.example/")


def test_a_literal_is_not_looked_up(resolver) -> None:
    asked = resolver()
    assert addresses(f"https://{PUBLIC}/") == [PUBLIC]
    with pytest.raises(WebhookRefused):
        addresses("https://127.0.0.1/")
    assert asked == []


def test_a_name_is_asked_for_again_each_time_and_judged_again(resolver) -> None:
    resolver([PUBLIC], ["127.0.0.1"])
    assert addresses("https://receiver.example/") == [PUBLIC]
    with pytest.raises(WebhookRefused):
        addresses("https://receiver.example/")


def test_making_a_webhook_asks_nobody_for_its_name(resolver) -> None:
    asked = resolver()
    webhook_targets.check("https://receiver.example/")
    assert asked == []


def test_a_resolver_that_hangs_is_left_in_time(monkeypatch) -> None:
    over = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **kwargs: over.wait(60) and [])
    monkeypatch.setattr(webhook_targets, "LOOKUP_SECONDS", 0.1)
    try:
        with pytest.raises(TimeoutError):
            addresses("https://receiver.example/")
    finally:
        over.set()


@pytest.mark.parametrize("error", [socket.gaierror(-2, "unknown"), UnicodeError("label too long")])
def test_a_name_without_an_address_is_an_error(monkeypatch, error) -> None:
    def fail(*args, **kwargs):  # type: ignore[no-untyped-def]
        raise error

    monkeypatch.setattr(socket, "getaddrinfo", fail)
    with pytest.raises(OSError, match=r"unknown|no address"):
        addresses("https://receiver.example/")


def test_what_the_operator_blocks_is_not_sent_to(resolver) -> None:
    resolver([PUBLIC])
    with pytest.raises(WebhookRefused):
        addresses("https://receiver.example/", blocked=PUBLIC)


def test_networks_that_the_operator_trusts_may_be_private_and_plain(resolver, settings) -> None:
    resolver(["10.1.2.3"], ["10.2.2.3"], [PUBLIC], [PUBLIC])
    settings.WEBHOOK_ALLOWED_NETWORKS = ["10.1.0.0/16", "[::1]"]
    assert addresses("http://ci:8080/") == ["10.1.2.3"]
    with pytest.raises(WebhookRefused):
        addresses("http://ci:8080/")
    with pytest.raises(WebhookRefused):
        addresses("http://receiver.example/")  # no plain text to strangers
    assert addresses("https://receiver.example/") == [PUBLIC]
    assert addresses("http://[::1]:9/") == ["::1"]
    with pytest.raises(WebhookRefused):
        addresses("http://[::ffff:10.1.2.3]/")


def test_with_trusted_networks_a_url_is_still_judged_when_it_is_made(settings) -> None:
    settings.WEBHOOK_ALLOWED_NETWORKS = ["127.0.0.0/8"]
    for url in ("http://127.0.0.1:1234/", "http://localhost/", "http://ci:9999/x"):
        webhook_targets.check(url)
    for url in ("http://10.0.0.1/", "https://[::1]/", "http://8.8.8.8/", "http://2130706433/"):
        with pytest.raises(WebhookRefused):
            webhook_targets.check(url)


def test_addresses_are_digested_with_a_key() -> None:
    digest = webhook_targets.digest("receiver.example")
    assert len(digest) == 16
    assert digest != webhook_targets.digest(str(ip_address(PUBLIC)))


def test_what_is_no_network_is_refused_at_the_start(settings) -> None:
    assert checks.webhook_networks_are_networks(None) == []
    for wrong in ("10.0.0.0/4", "localhost", "0.0.0.0/0"):
        settings.WEBHOOK_ALLOWED_NETWORKS = [wrong]
        (error,) = checks.webhook_networks_are_networks(None)
        assert error.id == checks.WEBHOOKS
