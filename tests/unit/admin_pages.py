"""Every URL of the admin, and rows for those that need one."""

import uuid
from dataclasses import dataclass

from django.contrib import admin
from django.contrib.auth.models import Group, User
from django.urls import URLPattern, URLResolver

from mailboxes.models.abuse import AbuseReport, Block, ModerationRecord
from mailboxes.models.access import ApiKey
from mailboxes.models.domains import Domain
from mailboxes.models.mailboxes import Mailbox
from mailboxes.models.messages import OperatorMessage
from mailboxes.services import abuse, api_keys, blocks, intake
from mailboxes.services.parcels import Envelope

MODELS = (
    Mailbox, Domain, AbuseReport, Block, ApiKey, ModerationRecord, OperatorMessage, User, Group,
)  # fmt: skip
SECRET_MAIL = b"""From: Zanzibar Zeppelin <zanzibar@sender.example>
To: you@example.org
Subject: Quokka subject 482913

Wombat body, https://confirm.example/wombat-link
"""
SECRETS = ("anzibar", "uokka", "ombat", "482913")
ABUSE_MAIL = b"""From: Reporter <reporter@victim.example>
To: abuse@tempmail.test
Subject: Spam from your site
Content-Type: text/html

<p>Please <b>look</b></p><img src="https://tracker.example/pixel.gif"><script>alert(1)</script>
"""


@dataclass(frozen=True)
class Page:
    """One URL: with its name, and without rows that are gone."""

    name: str
    url: str


def fill(address: str) -> None:
    """Make something of everything: mail with words to be looked for, and rows of each list."""
    intake.store(Envelope("4Secret", "zanzibar@sender.example", (address,)), SECRET_MAIL)
    intake.store(
        Envelope("4Abuse", "reporter@victim.example", ("abuse@tempmail.test",)), ABUSE_MAIL
    )
    abuse.file(
        abuse.Report("fraud", f"about {address}", "They asked me for money.", "me@victim.example")
    )
    blocks.add("network", "198.51.100.0/24", reason="bots", actor="root")
    blocks.add("sender", "spammer@bad.example", reason="spam", actor="root")
    api_keys.create("ci")


def every() -> list[Page]:
    """Every page that has a URL, by the URLconf itself: a new one is in here by being there."""
    return list(_walk(admin.site.get_urls(), "/admin/"))


def _walk(patterns: list[URLPattern | URLResolver], prefix: str) -> list[Page]:
    pages = []
    for pattern in patterns:
        path = prefix + _path(str(pattern.pattern), prefix)
        if isinstance(pattern, URLResolver):
            pages += _walk(pattern.url_patterns, path)
        else:
            pages.append(Page(pattern.name or "", path))
    return pages


def _path(pattern: str, prefix: str) -> str:
    """Fill in what a pattern asks for with a row that is there."""
    if pattern.startswith("^(?P<app_label>"):
        return "mailboxes/"
    if pattern.startswith("(?P<url>"):
        return "nothing-here/"
    model = next((each for each in MODELS if f"/{each._meta.model_name}/" in prefix), None)
    row = model.objects.order_by("-pk").first() if model else None
    key = str(row.pk) if row else str(uuid.UUID(int=0))
    for piece in (
        "<path:object_id>",
        "<uuid:object_id>",
        "<int:object_id>",
        "<id>",
        "<int:pk>",
        "<path:content_type_id>",
    ):
        pattern = pattern.replace(piece, key)
    return pattern
