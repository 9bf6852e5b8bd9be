"""A convincing demo: domains, mailboxes, and mail of many kinds, for screenshots and for trying the site."""

import ipaddress
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from mailboxes.models.domains import Domain
from mailboxes.models.mailboxes import Mailbox
from mailboxes.models.messages import Message, MessageSource
from mailboxes.models.records import PurgeRecord
from mailboxes.rules import queue_ids
from mailboxes.services import clock, creation, domains, intake, purging, timeline
from mailboxes.services.creation import Created
from mailboxes.services.demo import everyday, hostile, languages
from mailboxes.services.demo.building import Letter
from mailboxes.services.parcels import Envelope

# Reserved for tests (RFC 2606): no real mail can ever be meant for them.
DOMAINS = ("orchard-post.test", "quiet-letters.test", "paper-boat.test", "winter-inbox.test")
RANDOM_SUBDOMAINS, RESTING, RETIRED = "paper-boat.test", "winter-inbox.test", "old-harbour.test"
_SENDER = "bounce@mail.example"
_ASKED_BEFORE, _STORED_AFTER = 0.02, 0.041  # seconds

MAILBOXES: tuple[tuple[object, Callable[[], Sequence[Letter]]], ...] = (
    (_("Sign-ups: codes and links to confirm"), everyday.sign_ups),
    (_("Newsletters: inline images, remote images, trackers"), everyday.newsletters),
    (_("Files: PDF, calendar, image, table, archive, a forwarded message"), everyday.files),
    (_("Eighteen languages and their character sets"), languages.letters),
    (_("Hostile mail: look, nothing happens"), hostile.letters),
    (_("An empty one, for which mail was turned away: see “Where is my mail?”"), list),
)


@dataclass(frozen=True, slots=True)
class Seeded:
    """A mailbox of the demo, what it shows, and the link that opens it."""

    about: str
    created: Created
    messages: int

    @property
    def link(self) -> str:
        """Opens the mailbox: the token stands in the fragment, which no server sees."""
        return f"{settings.SITE_URL}/open#{self.created.token}"


def is_production() -> bool:
    """Tell whether strangers may be on this site: whether it is on any other host than this one."""
    host = urlsplit(settings.SITE_URL).hostname or ""
    try:
        return not ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host != "localhost"


def seed() -> list[Seeded]:
    """Make the domains, and new mailboxes with mail; may be repeated."""
    offered = _domains()
    return [
        _mailbox(str(about), offered[place % len(offered)], letters())
        for place, (about, letters) in enumerate(MAILBOXES)
    ]


def remove() -> tuple[int, int]:
    """Remove the demo's domains with everything on them; return how many mailboxes and domains those were."""
    rows = Domain.objects.filter(name__in=(*DOMAINS, RETIRED))
    count = rows.update(offered=False, accepts_mail=False)
    removed = 0
    for mailbox in Mailbox.objects.filter(domain__in=rows):
        removed += purging.remove(mailbox, PurgeRecord.Reason.CLOSED) is not None
    rows.delete()
    return removed, count


def _domains() -> list[Domain]:
    made = {name: domains.add(name)[0] for name in (*DOMAINS, RETIRED)}
    made[RANDOM_SUBDOMAINS].subdomains = Domain.Subdomains.RANDOM
    domains.save(made[RANDOM_SUBDOMAINS])
    domains.rest(made[RESTING])
    domains.retire(made[RETIRED])
    return [domain for name, domain in made.items() if name not in (RESTING, RETIRED)]


def _mailbox(about: str, domain: Domain, letters: Sequence[Letter]) -> Seeded:
    created = creation.create(domain=domain.name, lifetime=settings.MAX_LIFETIME)
    _backdate(created.mailbox, letters)
    for number, letter in enumerate(letters):
        _deliver(created, letter, number)
    if not letters:
        _turn_away(created)
    return Seeded(about, created, len(letters))


def _backdate(mailbox: Mailbox, letters: Sequence[Letter]) -> None:
    """Let the mailbox be older than its oldest mail, as far as its time allows."""
    minutes = max((letter.ago for letter in letters), default=0) + 5
    created_at = clock.now() - timedelta(minutes=minutes)
    Mailbox.objects.filter(pk=mailbox.pk).update(created_at=created_at)


def _deliver(created: Created, letter: Letter, number: int) -> None:
    at = clock.now() - timedelta(minutes=letter.ago)
    queue_id = queue_ids.made(at.timestamp(), number)
    raw = letter.arriving(at, queue_id)
    with transaction.atomic():
        # By an id that holds no time: nobody should measure how long this mail took.
        intake.store(Envelope("demo", _SENDER, (created.address,)), raw)
        _move(created.mailbox, at, letter.seen)
    with timeline.written_at_once():
        _tell(created, at.timestamp(), queue_id, len(raw))


def _tell(created: Created, at: float, queue_id: str, size: int) -> None:
    """What the timeline says of a message that came in; what is too long ago falls out of it by itself."""
    timeline.asked(created.address, None, tls="TLSv1.3", size=size, at=at - _ASKED_BEFORE)
    digest = bytes(created.mailbox.address_digest)
    timeline.delivered(
        [digest], timeline.Kind.STORED, queue_id, size=size, took=0.0, at=at + _STORED_AFTER
    )


def _move(mailbox: Mailbox, at: datetime, seen: bool) -> None:
    """Let the newest message have come at another time; its source is found by that time too."""
    newest = Message.objects.filter(mailbox=mailbox).order_by("-sequence")[0]
    MessageSource.objects.filter(received_at=newest.received_at, id=newest.id).update(
        received_at=at
    )
    Message.objects.filter(pk=newest.pk).update(received_at=at, seen=seen)


def _turn_away(created: Created) -> None:
    """What the owner of an address sees of mail that did not come."""
    now = time.time()
    with timeline.written_at_once():
        for minutes, reason in (
            (26, None),
            (12, timeline.Reason.SLOWED),
            (4, timeline.Reason.BLOCKED),
        ):
            at = now - 60 * minutes
            timeline.asked(
                created.address, reason, tls="TLSv1.3" if reason else "", size=18_400, at=at
            )
