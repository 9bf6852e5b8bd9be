"""Works as site, worker and purge do until its standard input ends; prints what went wrong, as JSON."""

import json
import sys
import threading
from collections import Counter

import django

django.setup()

from mailboxes.services import (  # noqa: E402
    creation,
    domains,
    ending,
    intake,
    purging,
    reading,
    recipients,
)
from mailboxes.services.parcels import Envelope  # noqa: E402
from tests import messages  # noqa: E402


def turn(number: int) -> None:
    """One mailbox from its beginning to its end."""
    made = creation.create()
    assert recipients.recipient_status(made.address).value == "accepted"
    intake.store(Envelope(f"4Q{number}", "a@example.org", (made.address,)), messages.PLAIN)
    opened = reading.open_by_token(made.token)
    (item,) = reading.page(opened, limit=10).items
    reading.message(opened, item.id)
    ending.end(made.mailbox)
    purging.purge_ended_mailboxes()


def main() -> None:
    """Turn after turn."""
    over = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.read(), over.set()), daemon=True).start()
    domains.add("mail.example")
    number, errors = 0, Counter[str]()
    while not over.is_set():
        number += 1
        try:
            turn(number)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is counted
            errors[f"{type(error).__name__} {error}".split("\n")[0]] += 1
        if number == 1:
            print("serving", flush=True)
    print(json.dumps({"turns": number, "errors": errors}))


main()
