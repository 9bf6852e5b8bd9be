"""The frame in which the HTML of a mail is shown, with a policy of its own: whatever got this far can do nothing."""

import uuid

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_safe

from mailboxes.rules import safe_html
from mailboxes.rules.safe_html import SafeHtml
from mailboxes.services import reading
from mailboxes.services.reading import OpenMailbox
from mailboxes.web import images
from mailboxes.web.access import mailbox_view

SANDBOX = "allow-popups allow-popups-to-escape-sandbox"
POLICY = (
    "default-src 'none'; img-src 'self' data:; style-src 'unsafe-inline'; form-action 'none'; "
    f"base-uri 'none'; frame-ancestors 'self'; sandbox {SANDBOX}"
)
POLICY_WITH_IMAGES = POLICY.replace("img-src 'self' data:", "img-src 'self' data: https:")


@mailbox_view
@xframe_options_sameorigin
@require_safe
def frame(request: HttpRequest, opened: OpenMailbox, message_id: uuid.UUID) -> HttpResponse:
    """Show the cleaned HTML of a message, with its inline images as data: URIs; with a pass, those of others too."""
    parsed = reading.message(opened, message_id, mark_seen=False).parsed
    with_images = images.allows(request.GET.get("images", ""), message_id)
    cleaned = safe_html.clean(
        parsed.html,
        safe_html.inline_images(parsed.attachments),
        remote_images=with_images,
        goes_to=_("goes to {host}"),
    )
    # The one place where HTML of others is put into a page unescaped: cleaned, in a sandbox, under a policy.
    context = {"html": mark_safe(_body(cleaned)), "cleaned": cleaned}  # noqa: S308
    response = render(request, "mailboxes/frame.html", context)
    response["Content-Security-Policy"] = POLICY_WITH_IMAGES if with_images else POLICY
    response["Referrer-Policy"] = "no-referrer"
    return response


def _body(cleaned: SafeHtml) -> str:
    """Return the fragment with its div as the body, which it stands for: browsers treat a body's first margin apart."""
    return f"<body{cleaned.html[len('<div') : -len('</div>')]}</body>"
