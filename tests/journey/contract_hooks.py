"""What schemathesis loads: the right token for each request, mailboxes with mail, and clients that meet no limit.

Runs in schemathesis's own process, on the environment of the instance under test.
"""

import atexit
import contextlib
import itertools
import json
import logging
import os
import re
import uuid
from pathlib import Path
from typing import Any
from urllib.parse import unquote
from zlib import crc32

import django
import requests
import schemathesis
from requests.adapters import HTTPAdapter
from schemathesis.generation.stateful.state_machine import APIStateMachine
from schemathesis.openapi.checks import EnsureResourceAvailability, UseAfterFree

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tempmail_site.settings")
django.setup()
logging.disable(logging.WARNING)

from mailboxes.models.access import ApiKey  # noqa: E402
from mailboxes.rules.errors import UnknownToken  # noqa: E402
from mailboxes.services import api_keys, creation, ending, intake, reading  # noqa: E402
from mailboxes.services.parcels import Envelope  # noqa: E402

MAIL = b"""From: Example Shop <accounts@shop.example>
To: you@example.org
Subject: Your code is 482913
Message-ID: <%d@shop.example>
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=b

--b
Content-Type: text/html; charset=utf-8

<p>Your code is 482913. <a href="https://shop.example/confirm?t=1">Confirm your address</a></p>
--b
Content-Type: application/pdf; name="terms.pdf"
Content-Disposition: attachment; filename="terms \xe2\x82\xac.pdf"

%%PDF-1.4
--b--
"""
MESSAGES = 4
# A mailbox that was emptied or ended serves a few more requests of its scenario, and then a fresh one takes its place.
REQUESTS_AFTER_ITS_END = 12

STRANGE = 5  # one in so many is asked for as it was drawn; the others become what is there
ADDRESS = re.compile(r"/api/(?:emails|addresses|events|webhooks)/([^/?]+)")
MESSAGE = re.compile(r"/api/email/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(?=[/?]|$)")
WEBHOOK = re.compile(r"/api/webhooks/[^/?]+/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(?=[?]|$)")
LONG_WAIT = re.compile(r"\bwait=(?:[2-9]|[1-4][0-9]|5[0-5])\b")

LONGEST_KEY = 255
REQUESTS_OF_A_CLIENT = 10
STAND_IN = "tmt_stand-in"  # for the token that is right when the request is sent

_answers: set[tuple[str, int]] = set()
_used: set[str | bytes] = set()
_removed: set[str] = set()
_numbers = itertools.count(1)
_requests = itertools.count()


class Tokens:
    """The tokens of this run: the API key, and those of the mailboxes by their addresses."""

    def __init__(self) -> None:
        many = dict.fromkeys(("creations_per_minute", "creations_per_day"), 1_000_000)
        self.api_key = api_keys.issue(
            ApiKey(name=f"contract {uuid.uuid4()}", may_choose_name=True, **many)
        )
        self.by_address: dict[str, str] = {}
        self.by_message: dict[str, str] = {}
        self.by_webhook: dict[str, str] = {}
        self.messages: list[str] = []  # of the current mailbox
        self.left: int | None = 0
        self.newest = ""
        self.is_scenario = False

    def current(self) -> str:
        """Return the token of a mailbox that has mail, or had a moment ago."""
        if self.left == 0:
            created = creation.create()
            self.messages = self.fill(created.address, created.token)
            self.newest, self.left = created.token, None
        return self.newest

    def fill(self, address: str, token: str) -> list[str]:
        """Store mail in a new mailbox; return its ids, oldest first."""
        for _ in range(MESSAGES):
            number = next(_numbers)
            envelope = Envelope(f"4Contract{number}", "accounts@shop.example", (address,))
            intake.store(envelope, MAIL % number)
        rows = reading.open_by_token(token).mailbox.messages.order_by("sequence")
        ids = [str(each) for each in rows.values_list("id", flat=True)]
        self.by_address[address] = token
        self.by_message |= dict.fromkeys(ids, token)
        return ids

    def note(self, emptied: bool) -> None:
        """Have a mailbox that was emptied replaced soon, but not before its scenario can have ended."""
        if emptied:
            self.left = REQUESTS_AFTER_ITS_END
        elif self.left:
            self.left -= 1


@atexit.register
def leave() -> None:
    """Leave word of which operations were answered how, and no mailbox that would end while others count mail."""
    Path("answers.json").write_text(json.dumps(sorted(_answers)))
    for token in tokens().by_address.values():
        with contextlib.suppress(UnknownToken):
            ending.end(reading.open_by_token(token).mailbox)


_tokens: Tokens | None = None


def tokens() -> Tokens:
    """Return the tokens of this run, made at the first request."""
    global _tokens
    _tokens = _tokens or Tokens()
    return _tokens


@schemathesis.auth(refresh_interval=None)
class Bearer:
    """For each security scheme the token that it wants."""

    def get(self, case: schemathesis.Case, context: schemathesis.AuthContext) -> str | None:
        """Return the token for a request."""
        schemes = {name for each in _security(case) for name in each}
        if "ApiKey" in schemes:
            return tokens().api_key
        if "MailboxToken" in schemes:
            return STAND_IN
        return None

    def set(self, case: schemathesis.Case, data: str, context: schemathesis.AuthContext) -> None:
        """Put the token into the request."""
        case.headers["Authorization"] = f"Bearer {data}"


@schemathesis.hook
def after_call(context: schemathesis.HookContext, case: schemathesis.Case, response: Any) -> None:
    """Fill what was created; note what was answered, what was emptied, and whose a webhook is."""
    _answers.add((case.operation.definition.raw["operationId"], response.status_code))
    if case.operation.path == "/api/generate" and response.status_code == 201:
        body = json.loads(response.content)
        tokens().fill(body["address"], body["token"])
    if case.operation.path == "/api/webhooks/{address}" and response.status_code == 201:
        made = json.loads(response.content)
        tokens().by_webhook[made["id"]] = _token_of(response.request)
    if (found := WEBHOOK.search(str(response.request.url))) and response.status_code == 204:
        _removed.add(found[1])
    tokens().note(emptied=case.method == "DELETE" and response.status_code == 200)


@schemathesis.hook
def filter_failure(
    context: schemathesis.HookContext, failure: Any, case: schemathesis.Case, response: Any
) -> bool:
    """Leave out what follows from what the API promises.

    To delete the mail of an address is not to delete the address: its list is there, and must be empty. A webhook that
    the same scenario has removed is not there any more; the check knows only that it was made.
    """
    if isinstance(failure, EnsureResourceAvailability):
        found = WEBHOOK.search(str(response.request.url))
        return not (found and found[1] in _removed)
    emptied = isinstance(failure, UseAfterFree) and failure.free.startswith("DELETE /api/emails/")
    is_list = emptied and case.operation.path == "/api/emails/{address}"
    if not is_list:
        return True
    return response.status_code != 304 and json.loads(response.content)["total"] > 0


_send = HTTPAdapter.send


def _send_altered(
    adapter: HTTPAdapter, request: requests.PreparedRequest, **kwargs: Any
) -> requests.Response:
    """Send from many addresses of 127.0.0.0/8, as limits by client are not what is tested; ask for what is there."""
    number = 2 + next(_requests) // REQUESTS_OF_A_CLIENT
    source = f"127.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
    adapter.init_poolmanager(1, 1, source_address=(source, 0))
    _alter(request)
    _alter_key(request)
    return _send(adapter, request, **kwargs)


HTTPAdapter.send = _send_altered  # type: ignore[method-assign,assignment]


_begin = APIStateMachine.__init__


def _begin_afresh(machine: APIStateMachine) -> None:
    """Begin each scenario with a mailbox that has mail."""
    tokens().left, tokens().is_scenario = 0, True
    _begin(machine)


APIStateMachine.__init__ = _begin_afresh  # type: ignore[method-assign]


def _alter(request: requests.PreparedRequest) -> None:
    """Put what is there in the place of most that was drawn and is nobody's, and the right token in its place."""
    url, token = str(request.url), tokens().current()
    if found := ADDRESS.search(url):
        known = tokens().by_address.get(unquote(found[1]))
        token = known or token
        if not known and crc32(found[1].encode()) % STRANGE:
            url = _put(url, found, "me")
    if found := WEBHOOK.search(url):
        webhook = _webhook(found[1])
        url, token = _put(url, found, webhook), tokens().by_webhook.get(webhook, token)
    if found := MESSAGE.search(url):
        mine = tokens().messages[crc32(found[1].encode()) % MESSAGES]
        url = _put(url, found, found[1] if found[1] in tokens().by_message else mine)
        token = tokens().by_message.get(found[1], token)
    request.url = LONG_WAIT.sub(f"wait={int(crc32(url.encode()) % 4 == 0)}", url)
    stand_in = f"Bearer {STAND_IN}"
    if request.headers.get("Authorization") in (stand_in, stand_in.encode()):
        request.headers["Authorization"] = f"Bearer {token}"


def _webhook(drawn: str) -> str:
    """Return which webhook to ask for. A scenario knows what it made: no request of it may remove that unseen."""
    known = tokens().by_webhook
    return drawn if drawn in known or not known or tokens().is_scenario else next(reversed(known))


def _put(url: str, found: re.Match[str], name: str) -> str:
    return url[: found.start(1)] + name + url[found.end(1) :]


def _alter_key(request: requests.PreparedRequest) -> None:
    """A key of idempotency belongs to one request: one that was used gets a number."""
    key = request.headers.get("Idempotency-Key")
    if not key or len(key) > LONGEST_KEY - 10:
        return
    if key in _used:
        number = f"-{len(_used)}"
        key = key + (number.encode() if isinstance(key, bytes) else number)
        request.headers["Idempotency-Key"] = key
    _used.add(key)


def _token_of(request: requests.PreparedRequest) -> str:
    sent: str | bytes = request.headers["Authorization"]
    return (sent.decode() if isinstance(sent, bytes) else sent).removeprefix("Bearer ")


def _security(case: schemathesis.Case) -> list[dict[str, list[str]]]:
    return case.operation.definition.raw.get("security", [])  # type: ignore[no-any-return]
