"""Who is asking, for limits only: a keyed digest of the network address that changes every day and is kept nowhere."""

import hashlib
import ipaddress
import secrets

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest

_KEY_NAME = "client-key"
_KEY_LIFETIME = 86_400  # seconds


def client_key(group: str, request: HttpRequest) -> str:
    """Return the limiter's key for the client of this request, in the form django-ratelimit calls for.

    IPv6 counts by /64, an IPv4-mapped address as IPv4. X-Forwarded-For is believed only from a trusted proxy, and
    only its last entry: the one that this proxy wrote.
    """
    network = _network(_address(request))
    return hashlib.blake2b(network.encode(), key=_daily_key(), digest_size=16).hexdigest()


def _daily_key() -> bytes:
    fresh = secrets.token_bytes(32)
    # `add` is atomic: of two processes that find no key, both end with the same one
    if cache.add(_KEY_NAME, fresh, _KEY_LIFETIME):
        return fresh
    kept = cache.get(_KEY_NAME)
    return kept if isinstance(kept, bytes) else fresh


def _address(request: HttpRequest) -> str:
    peer = str(request.META.get("REMOTE_ADDR", ""))
    if peer in settings.TRUSTED_PROXIES or (not peer and "unix" in settings.TRUSTED_PROXIES):
        return str(request.META.get("HTTP_X_FORWARDED_FOR", "")).rpartition(",")[2].strip() or peer
    return peer


def _network(address: str) -> str:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return "unknown"
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)
