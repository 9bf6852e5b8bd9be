"""What an owner does to a mailbox: every one a POST that leads to a page."""

import contextlib
import uuid

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from mailboxes.services import ending, receipts
from mailboxes.services.reading import OpenMailbox
from mailboxes.web import cookies, errors, receipt
from mailboxes.web.access import mailbox_view, token_of
from mailboxes.web.forms import ExtendForm
from mailboxes.web.inbox import address_parts
from mailboxes.web.responses import SeeOther


@mailbox_view
@require_POST
def delete(request: HttpRequest, opened: OpenMailbox, message_id: uuid.UUID) -> HttpResponse:
    """Delete one message. Twice is once."""
    ending.delete_messages(opened.mailbox, [message_id])
    return _to_inbox(opened, "deleted")


@mailbox_view
@require_POST
def delete_several(request: HttpRequest, opened: OpenMailbox) -> HttpResponse:
    """Delete the messages that are ticked, or the one whose own button was pressed."""
    only = request.POST.get("only")
    ids = _ids([only] if only is not None else request.POST.getlist("id"))
    if not ids:
        return _to_inbox(opened, "nothing")
    ending.delete_messages(opened.mailbox, ids)
    return _to_inbox(opened, "deleted" if len(ids) == 1 else "deleted-several")


@mailbox_view
@require_POST
def delete_all(request: HttpRequest, opened: OpenMailbox) -> HttpResponse:
    """Delete all messages, once it is confirmed."""
    if not _confirmed(request):
        title = _("Delete all messages?")
        return _ask(request, opened, title, _("They cannot be brought back."), _("Delete all"))
    deleted = ending.delete_messages(opened.mailbox)
    signed = receipts.deletion(opened.address, receipts.MAIL_DELETED, deleted)
    return receipt.give(_to_inbox(opened, "emptied"), signed)


@mailbox_view
@require_POST
def extend(request: HttpRequest, opened: OpenMailbox) -> HttpResponse:
    """Let the mailbox, and the cookie that opens it, live longer."""
    form = ExtendForm(request.POST)
    if not form.is_valid():
        return errors.bad_request(request)
    expires_at = ending.extend(opened.mailbox, form.cleaned_data["lifetime"])
    response = _to_inbox(opened, "extended")
    public_id = opened.mailbox.public_id
    token = token_of(request, public_id)
    cookies.give(response, public_id, token, expires_at=expires_at, now=opened.now)
    return response


@mailbox_view
@require_POST
def end(request: HttpRequest, opened: OpenMailbox) -> HttpResponse:
    """End the mailbox now, once it is confirmed, and lead to the receipt."""
    if not _confirmed(request):
        text = _(
            "The address and all of its mail are gone at once, for good. Nobody gets it again."
        )
        return _ask(request, opened, _("End this address?"), text, _("End it now"))
    deleted = ending.end(opened.mailbox)
    response = SeeOther(reverse("web:receipt-given"))
    cookies.forget(response, opened.mailbox.public_id)
    return receipt.give(
        response, receipts.deletion(opened.address, receipts.MAILBOX_ENDED, deleted)
    )


def _ids(texts: list[str]) -> list[uuid.UUID]:
    """Return the ids among these texts; what is none is not in any mailbox either."""
    ids = []
    for text in texts:
        with contextlib.suppress(ValueError):
            ids.append(uuid.UUID(text))
    return ids


def _confirmed(request: HttpRequest) -> bool:
    return request.POST.get("confirm") == "yes"


def _ask(
    request: HttpRequest, opened: OpenMailbox, title: str, text: str, button: str
) -> HttpResponse:
    context = {
        **address_parts(opened),
        "mailbox": opened.mailbox,
        "title": title,
        "text": text,
        "button": button,
    }
    return render(request, "mailboxes/confirm.html", context)


def _to_inbox(opened: OpenMailbox, done: str) -> SeeOther:
    return SeeOther(reverse("web:inbox", args=[opened.mailbox.public_id]) + f"?done={done}")
