"""Which targets of webhooks are allowed: the public internet, and networks that the operator trusts."""

import hashlib
import queue
import socket
import threading
import time
from collections.abc import Callable
from functools import lru_cache
from ipaddress import ip_address

from django.conf import settings

from mailboxes.rules import networks, webhook_urls
from mailboxes.rules.errors import WebhookRefused
from mailboxes.rules.networks import Address, NetworkTable
from mailboxes.rules.webhook_networks import is_public
from mailboxes.rules.webhook_urls import Target
from mailboxes.services import blocklist, keys

LOOKUP_SECONDS = 5.0
_MOST_ADDRESSES = 3  # that are tried; all are judged


def check(url: str) -> Target:
    """Return what a URL means; raise WebhookRefused for what can be seen without a question to anybody.

    No name is looked up: it would have other addresses by the time it is sent to, and whoever sets it would learn
    what names we can resolve.
    """
    target = webhook_urls.parse(url)
    if not settings.WEBHOOK_ALLOWED_NETWORKS:
        webhook_urls.check_public(target)
    elif target.is_literal and not _is_allowed(
        target, ip_address(target.host), blocklist.current().refuses_client
    ):
        raise WebhookRefused
    return target


def addresses(
    target: Target, deadline: float, is_blocked: Callable[[Address], bool]
) -> list[Address]:
    """Return the addresses to connect to, in order: looked up once, and every one of them judged.

    Asks no database. Raises WebhookRefused when one of them is not allowed, OSError when there is none in time.
    """
    found = [ip_address(target.host)] if target.is_literal else _looked_up(target, deadline)
    if not found:
        raise OSError("no address")
    if not all(_is_allowed(target, address, is_blocked) for address in found):
        raise WebhookRefused
    return found[:_MOST_ADDRESSES]


def digest(text: str) -> bytes:
    """Return the keyed digest under which a domain, a host or an address is counted."""
    key = keys.address_digest_key()
    return hashlib.blake2b(
        text.encode(), key=key, digest_size=16, person=b"tempmail-webhook"
    ).digest()


def is_trusted(address: Address) -> bool:
    """Tell whether an address is of a network that the operator trusts."""
    table = _trusted(tuple(settings.WEBHOOK_ALLOWED_NETWORKS))
    return table.holds(address, time.monotonic())


def _is_allowed(target: Target, address: Address, is_blocked: Callable[[Address], bool]) -> bool:
    if is_trusted(address):
        return True
    return target.is_usual and is_public(address) and not is_blocked(address)


@lru_cache(maxsize=4)
def _trusted(texts: tuple[str, ...]) -> NetworkTable:
    return networks.table(texts)


def _looked_up(target: Target, deadline: float) -> list[Address]:
    """Ask the system's resolver, which knows no deadline: in a thread that ends when it likes."""
    answer: queue.SimpleQueue[list[Address] | OSError] = queue.SimpleQueue()
    asking = threading.Thread(target=lambda: answer.put(_asked(target)), daemon=True)
    asking.start()
    left = min(LOOKUP_SECONDS, deadline - time.monotonic())
    try:
        found = answer.get(timeout=max(left, 0.001))
    except queue.Empty:
        raise TimeoutError from None
    if isinstance(found, OSError):
        raise found
    return found


def _asked(target: Target) -> list[Address] | OSError:
    try:
        rows = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
        return [ip_address(row[4][0]) for row in rows]
    except OSError as error:
        return error
    except ValueError:  # a name that IDNA cannot encode, or a family without addresses
        return OSError("no address")
