"""Opening a mailbox in another browser: its token travels in a URL's fragment or by hand, never in a path or query."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from mailboxes.gate import limits, site
from mailboxes.rules.errors import Frozen, RateLimited, UnknownToken
from mailboxes.services import reading
from mailboxes.services.reading import OpenMailbox
from mailboxes.web import cookies, errors, keyring
from mailboxes.web.access import mailbox_view, token_of
from mailboxes.web.availability import needs_database
from mailboxes.web.forms import OpenForm
from mailboxes.web.inbox import address_parts
from mailboxes.web.responses import SeeOther, make_private


@never_cache
@needs_database
@require_http_methods(["GET", "HEAD", "POST"])
def open_with_key(request: HttpRequest) -> HttpResponse:
    """Exchange a token for the cookie that opens its mailbox.

    Without a token it is a form; the script puts the fragment of `/open#<token>` into it and sends it.
    """
    if request.method != "POST":
        return _form(request, OpenForm())
    form = OpenForm(request.POST)
    if not form.is_valid():
        return _form(request, form, status=422)
    try:
        limits.check_wrong_tokens(request)
        opened = reading.open_by_token(form.cleaned_data["token"])
    except (Frozen, RateLimited) as error:
        return errors.answer(request, error)
    except UnknownToken:
        limits.note_wrong_token(request)
        form.add_error("token", _("This key opens nothing. Its address may have ended."))
        return _form(request, form, status=422)
    return _enter(request, opened, form.cleaned_data["token"])


@mailbox_view
@require_POST
def show(request: HttpRequest, opened: OpenMailbox) -> HttpResponse:
    """Show the recovery link of a mailbox: on request only, for whoever sees it can open the mailbox."""
    token = token_of(request, opened.mailbox.public_id)
    link = f"{site.url(reverse('web:open'))}#{token}"
    context = {**address_parts(opened), "mailbox": opened.mailbox, "link": link, "token": token}
    return render(request, "mailboxes/recovery.html", context)


def _enter(request: HttpRequest, opened: OpenMailbox, token: str) -> HttpResponse:
    mailbox = opened.mailbox
    response = SeeOther(reverse("web:inbox", args=[mailbox.public_id]))
    keyring.add(
        request,
        response,
        mailbox.public_id,
        token,
        expires_at=mailbox.expires_at,
        now=opened.now,
    )
    return make_private(response)


def _form(request: HttpRequest, form: OpenForm, status: int = 200) -> HttpResponse:
    # A link of somebody else's must not push out what this browser holds: with a full keyring the visitor decides.
    full = len(cookies.held(request)) >= cookies.LIMIT
    context = {"form": form, "full": full, "limit": cookies.LIMIT}
    return make_private(render(request, "mailboxes/open.html", context, status=status))
