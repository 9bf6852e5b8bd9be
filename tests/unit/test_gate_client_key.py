"""Who counts as one client, and whose word about that is believed."""

import pytest
from django.core.cache import cache
from django.test import AsyncRequestFactory, RequestFactory

from mailboxes.gate.client_key import client_key


def key(peer, forwarded=None):
    request = RequestFactory().get("/", REMOTE_ADDR=peer)
    if forwarded is not None:
        request.META["HTTP_X_FORWARDED_FOR"] = forwarded
    return client_key("", request)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("::ffff:c000:201", "192.0.2.1"),
        ("fe80::1%eth0", "fe80::2%eth1"),
        ("nonsense", "worse"),
        ("", "nonsense"),
    ],
)
def test_these_are_one_client(one, other):
    assert key(one) == key(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:3::1"),
        ("192.0.2.1", "192.0.2.2"),
        ("::ffff:192.0.2.1", "::ffff:192.0.2.2"),
        ("192.0.2.1", "::c000:201"),
        ("192.0.2.1", ""),
    ],
)
def test_these_are_two_clients(one, other):
    assert key(one) != key(other)


@pytest.mark.parametrize("forged", ["192.0.2.1", "192.0.2.1, 10.0.0.1", "10.0.0.1", "", "x"])
def test_what_a_stranger_says_of_its_address_changes_nothing(settings, forged):
    settings.TRUSTED_PROXIES = ["10.0.0.1", "unix"]
    assert key("203.0.113.5", forged) == key("203.0.113.5")


def test_without_trusted_proxies_nobody_is_believed():
    for peer in ("127.0.0.1", "::1", "10.0.0.1", ""):
        assert key(peer, "192.0.2.1") == key(peer)


@pytest.mark.parametrize("proxy", ["10.0.0.1", "::ffff:10.0.0.1"])
def test_a_trusted_proxy_is_believed(settings, proxy):
    settings.TRUSTED_PROXIES = ["10.0.0.1"]
    assert key(proxy, "192.0.2.1") == key("192.0.2.1")


def test_a_network_of_proxies_may_be_trusted(settings):
    settings.TRUSTED_PROXIES = ["10.0.0.0/8", "2001:db8:5::/48"]
    assert key("10.9.9.9", "192.0.2.1") == key("192.0.2.1")
    assert key("2001:db8:5:1::1", "192.0.2.1") == key("192.0.2.1")
    assert key("11.0.0.1", "192.0.2.1") == key("11.0.0.1")


@pytest.mark.parametrize(
    "list_of", ["{0}", "198.51.100.7, {0}", "198.51.100.7,198.51.100.8 ,  {0} ", "x,,{0}"]
)
def test_of_a_list_only_what_the_proxy_wrote_counts(settings, list_of):
    settings.TRUSTED_PROXIES = ["10.0.0.1"]
    assert key("10.0.0.1", list_of.format("192.0.2.1")) == key("192.0.2.1")


def test_a_proxy_that_says_nothing_counts_as_itself(settings):
    settings.TRUSTED_PROXIES = ["10.0.0.1"]
    assert key("10.0.0.1") == key("10.0.0.1", "") == key("10.0.0.1", "192.0.2.1, ")


def test_a_unix_socket_has_no_address_and_is_believed_only_where_it_is_trusted(settings):
    settings.TRUSTED_PROXIES = ["unix"]
    assert key("", "192.0.2.1") == key("192.0.2.1")
    request = AsyncRequestFactory().get("/", headers={"x-forwarded-for": "192.0.2.1"})
    request.META.pop("REMOTE_ADDR", None)
    assert client_key("", request) == key("192.0.2.1")


def test_the_key_changes_when_the_key_of_the_day_does():
    before = key("192.0.2.1")
    assert key("192.0.2.1") == before
    cache.delete("client-key")
    assert key("192.0.2.1") != before


def test_the_key_does_not_show_the_address():
    assert "192.0.2.1" not in key("192.0.2.1")
    assert len(key("192.0.2.1")) == 32
