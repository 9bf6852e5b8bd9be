"""An address and its time; the domains. Times are RFC 3339 in UTC, durations seconds."""

from datetime import datetime

from ninja import Schema
from pydantic import ConfigDict

from mailboxes.api.schemas.numbers import Lifetime


class ExtendIn(Schema):
    """How long an address is to live from now on."""

    model_config = ConfigDict(extra="forbid")

    expires_in: Lifetime


class AddressOut(Schema):
    """An address. `expires_at` is when it ends unless it is used or extended before, `max_expires_at` the latest."""

    address: str
    created_at: datetime
    expires_at: datetime
    max_expires_at: datetime
    receive_only: bool = True


class DomainOut(Schema):
    """A domain. `subdomains`: a random address is below a random subdomain of it."""

    name: str
    subdomains: bool


class DomainList(Schema):
    """All domains, by name."""

    items: list[DomainOut]
