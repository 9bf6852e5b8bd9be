"""Fills a new database with a history, as visitors and operators would; prints what a test has to know of it."""

import json

import django

django.setup()

from django.contrib.auth.models import User  # noqa: E402
from django.contrib.sessions.backends.db import SessionStore  # noqa: E402
from django.utils import timezone  # noqa: E402

from mailboxes.models.abuse import Block  # noqa: E402
from mailboxes.services import (  # noqa: E402
    abuse,
    api_keys,
    blocks,
    creation,
    domains,
    intake,
    second_factor,
)
from mailboxes.services.parcels import Envelope  # noqa: E402
from tests import messages  # noqa: E402

domains.add("mail.example")
made = [creation.create(local_part=name) for name in ("okapi-one", "okapi-two")]
made += [creation.create(), creation.create()]
for number, one in enumerate(made):
    envelope = Envelope(f"4Queue{number}", "sender@example.org", (one.address,))
    intake.store(envelope, messages.PLAIN)
intake.store(Envelope("4QueueAbuse", "s@example.org", ("abuse@mail.example",)), messages.PLAIN)
key = api_keys.create("mine")
operator = User.objects.create_user("root", "", "correct horse battery", is_superuser=True)
codes = second_factor.make_codes(operator)
blocks.add(Block.Kind.SENDER, "spammer@example.net", reason="fraud")
abuse.file(abuse.Report("fraud", about=made[0].address, text="narwhal-report"))
session = SessionStore()
session["who"] = "root"
session.create()
print(
    json.dumps(
        {
            "addresses": [one.address for one in made],
            "tokens": [one.token for one in made],
            "words": ["okapi-one", "okapi-two", "narwhal-report", session.session_key],
            "key": key,
            "code": codes[0],
            "at": str(timezone.now()),
        }
    )
)
