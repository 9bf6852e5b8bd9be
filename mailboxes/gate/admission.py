"""Who is given an address at all: nobody while creation is paused, and no client in a blocked network."""

from django.http import HttpRequest

from mailboxes.gate.client_key import client_address
from mailboxes.rules.errors import Blocked, Paused
from mailboxes.services import blocklist


def check_creation(request: HttpRequest) -> None:
    """Raise Paused or Blocked. To be asked before a CAPTCHA is verified or anything is counted.

    Costs no query of its own, but for one every few seconds. Raises django.db.Error.
    """
    snapshot = blocklist.current()
    address = client_address(request)
    if address is not None and snapshot.refuses_client(address):
        raise Blocked
    if snapshot.creation_paused:
        raise Paused
