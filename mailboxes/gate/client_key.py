"""Who is asking, for limits only: a keyed digest of the network address that changes every day and is kept nowhere."""

import hashlib
import ipaddress
import secrets

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest

from mailboxes.rules import networks

_KEY_NAME = "client-key"
KEY_LIFETIME = 86_400  # seconds


def client_key(group: str, request: HttpRequest) -> str:
    """Return the limiter's key for the client of this request, in the form django-ratelimit calls for.

    IPv6 counts by /64, an IPv4-mapped address as IPv4.
    """
    address = client_address(request)
    return keyed("unknown" if address is None else networks.client_network(address))


def client_address(request: HttpRequest) -> networks.Address | None:
    """Return the network address of the client; None where there is none.

    X-Forwarded-For is believed only from a trusted proxy, and only its last entry: the one that this proxy wrote.
    """
    return networks.parse_address(_address(request))


def keyed(value: str) -> str:
    """Return the digest of a value under the key of the day."""
    return hashlib.blake2b(value.encode(), key=_daily_key(), digest_size=16).hexdigest()


def _daily_key() -> bytes:
    kept = cache.get(_KEY_NAME)
    if isinstance(kept, bytes):
        return kept
    fresh = secrets.token_bytes(32)
    # `add` is atomic: of two processes that find no key, both end with the same one
    if cache.add(_KEY_NAME, fresh, KEY_LIFETIME):
        return fresh
    kept = cache.get(_KEY_NAME)
    return kept if isinstance(kept, bytes) else fresh


def _address(request: HttpRequest) -> str:
    peer = str(request.META.get("REMOTE_ADDR", ""))
    if _is_trusted(peer):
        return str(request.META.get("HTTP_X_FORWARDED_FOR", "")).rpartition(",")[2].strip() or peer
    return peer


def _is_trusted(peer: str) -> bool:
    if not peer:  # a unix socket has no address
        return "unix" in settings.TRUSTED_PROXIES
    parsed = networks.parse_address(peer)
    return any(
        parsed is not None and parsed in ipaddress.ip_network(proxy)
        for proxy in settings.TRUSTED_PROXIES
        if proxy != "unix"
    )
