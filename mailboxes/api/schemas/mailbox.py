"""A mailbox as a list. Times are RFC 3339 in UTC, sizes bytes."""

import re
from datetime import UTC, datetime
from typing import Annotated, Literal

from ninja import Field, Schema
from pydantic import AfterValidator, AwareDatetime, BeforeValidator

_RFC_3339 = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?([Zz]|[+-][0-9]{2}:[0-9]{2})"
)


def _in_utc(value: datetime) -> datetime:
    """What lies before or after all years is invalid; the databases could not compare it."""
    try:
        return value.astimezone(UTC)
    except OverflowError:
        raise ValueError("out of range") from None


def _rfc_3339(value: object) -> object:
    """No numbers: pydantic would take them as seconds, or else as milliseconds, since 1970."""
    if not isinstance(value, str) or not _RFC_3339.fullmatch(value):
        raise ValueError("not a time as RFC 3339 writes it, with its offset")
    return value


Time = Annotated[AwareDatetime, BeforeValidator(_rfc_3339), AfterValidator(_in_utc)]
# A position of the mailbox, or the id of a message (RFC 9562), with or without hyphens.
After = Annotated[
    str,
    Field(
        pattern="^([0-9]{1,18}|[0-9a-fA-F]{8}(-?[0-9a-fA-F]{4}){3}-?[0-9a-fA-F]{12})$",
        description="Only what is newer than the message with this `id`, or than this `position` of a list or `id` of "
        "an event, which stay good when the message is deleted.",
    ),
]


class Filters(Schema):
    """What a message must fulfil, all of it, and how long to wait for one (seconds)."""

    after: After | None = None
    since: Time | None = None
    sender: str = Field("", alias="from", max_length=200)
    subject: str = Field("", max_length=200)
    unread: bool = False
    has: list[Literal["attachment", "code"]] = Field([], max_length=10)
    wait: int = Field(0, ge=0, le=55)


class ListQuery(Filters):
    """Which part of a mailbox. With a `cursor` nothing is waited for: what it leads to is old."""

    limit: int = Field(20, ge=1, le=100)
    cursor: str | None = Field(None, max_length=100)


class LatestQuery(Filters):
    """Which message, and whether it counts as seen from now on."""

    mark_seen: bool = True


class Sender(Schema):
    name: str
    address: str


class VerdictOut(Schema):
    """A result of RFC 8601 section 2.7 ("pass", "fail", ...), and the domain that it is about, or ''."""

    result: str
    domain: str


class AuthOut(Schema):
    """What our own checks of the sender found; null: not checked, or nothing was found."""

    spf: VerdictOut | None = None
    dkim: VerdictOut | None = None
    dmarc: VerdictOut | None = None


class EmailItem(Schema):
    """One line of an inbox."""

    id: str
    sender: Sender = Field(..., alias="from", serialization_alias="from")
    subject: str
    preview: str
    received_at: datetime
    size: int
    seen: bool
    has_attachments: bool
    codes: list[str]
    auth: AuthOut


class EmailList(Schema):
    """Items, newest first; `total` and `unread` are the mailbox's. `timed_out` is there when a wait ended without mail.

    `position` is how far this answer looked: `after` it there is only what came later, whatever is deleted meanwhile.
    """

    items: list[EmailItem]
    total: int
    unread: int
    expires_at: datetime
    position: str
    next_cursor: str | None
    timed_out: bool | None = None
