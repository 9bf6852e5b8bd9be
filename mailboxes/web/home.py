"""The home page: get an address, and come back to those that this browser holds."""

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from mailboxes.gate import admission, limits, visitor
from mailboxes.rules.errors import (
    AddressTaken,
    Blocked,
    DomainUnavailable,
    LifetimeOutOfBounds,
    LocalPartNotAllowed,
    Paused,
    RateLimited,
    TempmailError,
    Unavailable,
)
from mailboxes.services import creation, pause
from mailboxes.services.reading import Held, OpenMailbox
from mailboxes.web import cookies, errors, keyring, times
from mailboxes.web.availability import needs_database
from mailboxes.web.captcha import captcha_page
from mailboxes.web.forms import CreateForm
from mailboxes.web.responses import SeeOther


@dataclass(frozen=True, slots=True)
class Card:
    """One open mailbox of this browser."""

    opened: OpenMailbox
    unread: int
    time_left: str


@never_cache
@captcha_page
@needs_database
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Offer an address."""
    return _page(request, CreateForm(request))


@never_cache
@captcha_page
@needs_database
@require_http_methods(["GET", "HEAD", "POST"])
def create(request: HttpRequest) -> HttpResponse:
    """Make a mailbox, give its token to the browser and lead to it."""
    if request.method != "POST":
        return redirect(reverse("web:home") + ("?question" if "question" in request.GET else ""))
    try:
        admission.check_creation(request)
    except (Blocked, Paused) as error:
        return errors.answer(request, error)
    form = CreateForm(request, request.POST)
    if not form.is_valid():
        return _page(request, form, status=form.status)
    browser = visitor.of(request)
    try:
        limits.check_web_creation(request, browser, by_question=form.by_question)
        created = _create(request, form)
    except RateLimited as error:
        return errors.rate_limited(request, error.retry_after)
    except TempmailError as error:
        return _refuse(request, form, error)
    mailbox = created.mailbox
    response = SeeOther(reverse("web:inbox", args=[mailbox.public_id]))
    keyring.add(
        request,
        response,
        mailbox.public_id,
        created.token,
        expires_at=mailbox.expires_at,
        now=mailbox.created_at,
    )
    visitor.remember(response, browser)
    return response


def _create(request: HttpRequest, form: CreateForm) -> creation.Created:
    chosen = form.cleaned_data
    name = chosen.get("local_part")
    with limits.choosing_name(request, chosen=name is not None):
        return creation.create(
            domain=chosen["domain"] or None, local_part=name, lifetime=chosen["lifetime"]
        )


def _refuse(request: HttpRequest, form: CreateForm, error: TempmailError) -> HttpResponse:
    field, text, status = _refusal(error)
    form.add_error(field if field in form.fields else None, text)
    return _page(request, form, status=status)


def _refusal(error: TempmailError) -> tuple[str | None, str, int]:
    """Return the field that an error is about, what to say, and the status."""
    if isinstance(error, LocalPartNotAllowed):
        text = _("This name cannot be chosen: 3 to 64 letters, digits, dots or dashes, please.")
        return "local_part", text, 422
    if isinstance(error, AddressTaken):
        return "local_part", _("This name is taken, or was once. Please choose another."), 409
    if isinstance(error, LifetimeOutOfBounds):
        return "lifetime", _("An address cannot live that long."), 422
    if isinstance(error, DomainUnavailable):
        return "domain", _("No address can be given out on this domain right now."), 503
    if isinstance(error, Unavailable):
        return None, _("No address can be given out right now. Please try again in a moment."), 503
    raise error


def _page(request: HttpRequest, form: CreateForm, status: int = 200) -> HttpResponse:
    try:
        ring = _keyring(request)
    except RateLimited as error:
        return errors.rate_limited(request, error.retry_after)
    cards = [_card(each) for each in ring.held]
    full = len(cards) >= cookies.LIMIT
    context = {"form": form, "cards": cards, "full": full, "limit": cookies.LIMIT}
    context |= {"frozen": ring.frozen, "paused": pause.is_paused()}
    response = render(request, "mailboxes/home.html", context, status=status)
    for public_id in ring.dead:
        cookies.forget(response, public_id)
    return response


def _keyring(request: HttpRequest) -> keyring.Keyring:
    """Try the tokens of this browser. What opens nothing counts as a guess, and once: the browser forgets it."""
    if cookies.held(request):
        limits.check_wrong_tokens(request)
    ring = keyring.of(request)
    for _dead in ring.dead:
        limits.note_wrong_token(request)
    return ring


def _card(held: Held) -> Card:
    opened = held.opened
    return Card(opened, held.unread, times.left(opened.mailbox.ends_at, opened.now))
