"""Who is asking, for limits only: a keyed digest of the network address that changes every day and is kept nowhere."""

import hashlib
import ipaddress
import secrets

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest

_KEY_NAME = "client-key"
_KEY_LIFETIME = 86_400  # seconds

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def client_key(group: str, request: HttpRequest) -> str:
    """Return the limiter's key for the client of this request, in the form django-ratelimit calls for.

    IPv6 counts by /64, an IPv4-mapped address as IPv4. X-Forwarded-For is believed only from a trusted proxy, and
    only its last entry: the one that this proxy wrote.
    """
    return keyed(_network(_address(request)))


def keyed(value: str) -> str:
    """Return the digest of a value under the key of the day."""
    return hashlib.blake2b(value.encode(), key=_daily_key(), digest_size=16).hexdigest()


def _daily_key() -> bytes:
    kept = cache.get(_KEY_NAME)
    if isinstance(kept, bytes):
        return kept
    fresh = secrets.token_bytes(32)
    # `add` is atomic: of two processes that find no key, both end with the same one
    if cache.add(_KEY_NAME, fresh, _KEY_LIFETIME):
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
    parsed = _parse(peer)
    return any(
        parsed is not None and parsed in ipaddress.ip_network(proxy)
        for proxy in settings.TRUSTED_PROXIES
        if proxy != "unix"
    )


def _network(address: str) -> str:
    parsed = _parse(address)
    if parsed is None:
        return "unknown"
    if isinstance(parsed, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((int(parsed), 64), strict=False))
    return str(parsed)


def _parse(address: str) -> Address | None:
    """Return an address, the IPv4 one in place of its mapping into IPv6 (RFC 4291 2.5.5.2); None if it is none."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return None
    return getattr(parsed, "ipv4_mapped", None) or parsed
