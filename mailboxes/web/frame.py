"""The frame in which the HTML of a mail is shown, with a policy of its own: whatever got this far can do nothing."""

import uuid

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.safestring import mark_safe
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_safe

from mailboxes.rules import safe_html
from mailboxes.services import reading
from mailboxes.services.reading import OpenMailbox
from mailboxes.web.access import mailbox_view

SANDBOX = "allow-popups allow-popups-to-escape-sandbox"
POLICY = (
    "default-src 'none'; img-src 'self' data:; style-src 'unsafe-inline'; form-action 'none'; "
    f"base-uri 'none'; frame-ancestors 'self'; sandbox {SANDBOX}"
)


@mailbox_view
@xframe_options_sameorigin
@require_safe
def frame(request: HttpRequest, opened: OpenMailbox, message_id: uuid.UUID) -> HttpResponse:
    """Show the cleaned HTML of a message, with its inline images as data: URIs."""
    parsed = reading.message(opened, message_id, mark_seen=False).parsed
    cleaned = safe_html.clean(parsed.html, safe_html.inline_images(parsed.attachments))
    # The one place where HTML of others is put into a page unescaped: cleaned, in a sandbox, under a policy.
    context = {"html": mark_safe(cleaned.html)}  # noqa: S308
    response = render(request, "mailboxes/frame.html", context)
    response["Content-Security-Policy"] = POLICY
    response["Referrer-Policy"] = "no-referrer"
    return response
