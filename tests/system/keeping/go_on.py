"""Uses a restored database as the service does; prints what became of what was there before."""

import json
import os

import django

django.setup()

from django.contrib.auth.models import User  # noqa: E402

from mailboxes.rules.errors import TempmailError  # noqa: E402
from mailboxes.services import (  # noqa: E402
    api_keys,
    blocklist,
    creation,
    intake,
    reading,
    recipients,
    second_factor,
)
from mailboxes.services.parcels import Envelope  # noqa: E402
from tests import messages  # noqa: E402

FACTS = json.loads(os.environ["FACTS"])


def error_of(function, *args, **options):  # type: ignore[no-untyped-def]
    try:
        function(*args, **options)
    except TempmailError as error:
        return type(error).__name__
    return "nothing"


operator = User.objects.get(username="root")
new = creation.create()
intake.store(Envelope("4Queue0", "sender@example.org", (new.address,)), messages.PLAIN)
print(
    json.dumps(
        {
            "chosen name again": error_of(creation.create, local_part="okapi-one"),
            "mail to an address from before": recipients.recipient_status(
                FACTS["addresses"][2]
            ).value,
            "token from before": error_of(reading.open_by_token, FACTS["tokens"][0]),
            "api key": api_keys.authenticate(FACTS["key"]).row.name,
            "operator": operator.check_password("correct horse battery"),
            "recovery code": second_factor.verify(operator, FACTS["code"]) is not None,
            "blocked sender": blocklist.current().refuses_sender("spammer@example.net"),
            "a new mailbox takes mail": reading.counts(reading.open_by_token(new.token)).total,
        }
    )
)
