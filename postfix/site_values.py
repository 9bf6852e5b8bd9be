"""The renderer's values for this installation: from the settings, the database, and `name=value` words."""

import dataclasses
from collections.abc import Callable, Iterable
from pathlib import Path

from django.conf import settings

from mailboxes.models.domains import Domain
from postfix import render
from postfix.render import Values

FALLBACK_ORIGIN = "localhost.invalid"

_CONVERTERS: dict[object, Callable[[str], object]] = {
    str: str,
    int: int,
    Path: Path,
    tuple[str, ...]: lambda text: tuple(text.split(",")),
    Path | None: Path,
}


def site_values(words: Iterable[str] = ()) -> Values:
    """Return the values of this installation; each `name=value` of `words` overrides one. One query.

    Raises ValueError for a name that is not a field, a value that is not of its type, or a DELIVERY_TRANSPORT that
    there is not.
    """
    origin = first_domain()
    values = Values(
        config_directory=settings.POSTFIX_CONFIG_DIR,
        queue_directory=settings.QUEUE_DIRECTORY,
        data_directory=settings.POSTFIX_DATA_DIR,
        log_file=settings.MAIL_LOG,
        script=settings.DELIVERY_SCRIPT,
        delivery_socket=settings.DELIVERY_SOCKET,
        policy_socket=settings.POLICY_SOCKET,
        lmtp_socket=settings.LMTP_SOCKET,
        hostname=settings.SMTP_HOSTNAME or f"mx.{origin}",
        origin=origin,
        listen=(f"127.0.0.1:{settings.SMTP_PORT}",),
        delivery_user=settings.DELIVERY_USER,
        message_size_limit=settings.MESSAGE_SIZE_LIMIT,
        queue_lifetime=settings.QUEUE_LIFETIME,
        unlimited_clients=" ".join(settings.UNLIMITED_CLIENTS),
        milters=settings.SMTPD_MILTERS,
        authserv_id=settings.AUTHSERV_ID,
    )
    return _replaced(_with_transport(values, settings.DELIVERY_TRANSPORT), words)


def _with_transport(values: Values, name: str) -> Values:
    if name not in {"pipe", "lmtp"}:
        raise ValueError(f"DELIVERY_TRANSPORT is pipe or lmtp: {name!r}")
    if name == "pipe":
        return values
    return dataclasses.replace(values, transport=render.lmtp_transport(values))


def first_domain() -> str:
    """Return the name of the domain that was added first, for `myorigin`. One query."""
    domain = Domain.objects.accepting().order_by("pk").first()
    return domain.name if domain else FALLBACK_ORIGIN


def _replaced(values: Values, words: Iterable[str]) -> Values:
    types = {field.name: field.type for field in dataclasses.fields(Values)}
    changes: dict[str, object] = {}
    for word in words:
        name, _, text = word.partition("=")
        if name not in types:
            raise ValueError(f"no such value: {name}")
        changes[name] = _CONVERTERS[types[name]](text)
    return dataclasses.replace(values, **changes)  # type: ignore[arg-type]
