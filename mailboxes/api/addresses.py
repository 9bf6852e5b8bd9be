"""Addresses: which domains there are, how long one lives, and letting it live longer."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import Router

from mailboxes.api import presenting
from mailboxes.api.authentication import MailboxBearer, own_mailbox
from mailboxes.api.problems import documented
from mailboxes.api.schemas.addresses import AddressOut, DomainList, ExtendIn
from mailboxes.gate import limits
from mailboxes.models.domains import Domain
from mailboxes.services import domains, ending, reading

router = Router()


@router.get("domains", response={200: DomainList, **documented(503, token=False)})
def list_domains(request: HttpRequest) -> dict[str, Any]:
    """List the domains on which anybody may get an address."""
    limits.check_domains(request)
    return {
        "items": [
            {"name": each.name, "subdomains": each.subdomains == Domain.Subdomains.RANDOM}
            for each in domains.offered()
        ]
    }


@router.get(
    "addresses/{address}",
    auth=MailboxBearer(),
    response={200: AddressOut, **documented(403, 404, 503)},
)
def read_address(request: HttpRequest, response: HttpResponse, address: str) -> dict[str, Any]:
    """Tell how long an address lives."""
    response["Cache-Control"] = "no-store"
    opened = own_mailbox(request, address)
    return presenting.address(opened.mailbox, opened.address)


@router.patch(
    "addresses/{address}",
    auth=MailboxBearer(),
    response={200: AddressOut, **documented(403, 404, 413, 422, 503)},
)
def change_address(
    request: HttpRequest, response: HttpResponse, address: str, body: ExtendIn
) -> dict[str, Any]:
    """Let an address live `expires_in` seconds from now, if that is longer; never past `max_expires_at`."""
    opened = own_mailbox(request, address)
    limits.check_change(request, opened.mailbox.public_id)
    ending.extend(opened.mailbox, body.expires_in)
    response["Cache-Control"] = "no-store"
    changed = reading.reread(opened)
    return presenting.address(changed.mailbox, changed.address)
