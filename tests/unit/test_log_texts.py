"""The first wall: what our own code says in logs is fixed, whether the filter stands behind it or not."""

import ast
import io
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

import mailboxes
from mailboxes.services.creation import Created
from mailboxes.services.recipients import RecipientStatus
from tempmail_site import log_format
from tests import messages
from tests.unit.web_visitors import every_url, visitor

ROOT = Path(mailboxes.__file__).parents[1]
PACKAGES = ("mailboxes", "delivery", "postfix", "tempmail_site")
METHODS = {"debug", "info", "warning", "error", "critical", "exception", "log"}
# Names of values that strangers choose or that name somebody.
TELLING = {
    "address", "addresses", "body", "client", "client_address", "content", "cookies", "data",
    "digest", "filename", "headers", "local_part", "mailbox", "message", "META", "path",
    "public_id", "raw", "recipient", "recipients", "request", "sender", "subject", "text", "token",
}  # fmt: skip


def _calls(path: Path) -> Iterator[ast.Call]:
    for node in ast.walk(ast.parse(path.read_text())):
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name(id="logger"), attr=name)):
                if name in METHODS:
                    yield node


CALLS = [
    pytest.param(call, id=f"{path.relative_to(ROOT)}:{call.lineno}")
    for package in PACKAGES
    for path in sorted((ROOT / package).rglob("*.py"))
    for call in _calls(path)
]


def test_there_are_calls() -> None:
    assert len(CALLS) > 20


@pytest.mark.parametrize("call", CALLS)
def test_a_log_text_is_fixed(call: ast.Call) -> None:
    assert isinstance(call.func, ast.Attribute)
    text = call.args[1 if call.func.attr == "log" else 0]
    if isinstance(text, ast.Name) and text.id.isupper():  # a constant of the module
        return
    assert isinstance(text, ast.Constant), "write the text out; values go into `extra`"
    assert isinstance(text.value, str)


@pytest.mark.parametrize("call", CALLS)
def test_a_log_call_is_given_nothing_that_tells(call: ast.Call) -> None:
    for argument in call.args[1:]:
        for node in ast.walk(argument):
            name = getattr(node, "attr", None) or getattr(node, "id", None)
            assert name not in TELLING


@pytest.mark.parametrize("call", CALLS)
def test_a_field_is_one_that_is_promised(call: ast.Call) -> None:
    for keyword in call.keywords:
        if keyword.arg == "extra" and isinstance(keyword.value, ast.Dict):
            names = [key.value for key in keyword.value.keys if isinstance(key, ast.Constant)]
            assert set(names) <= set(log_format.FIELDS)


class Bare(logging.Handler):
    """Writes each record as it was made, before any filter."""

    def __init__(self) -> None:
        super().__init__()
        self.text = io.StringIO()

    def emit(self, record: logging.LogRecord) -> None:
        self.text.write(f"{record.name} {record.getMessage()} {record.__dict__}\n")


@pytest.fixture
def bare() -> Iterator[Bare]:
    """The first handler of our packages, at the lowest level."""
    handler = Bare()
    loggers = [logging.getLogger(name) for name in PACKAGES]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.addHandler(handler)
        logger.setLevel(logging.DEBUG)
    yield handler
    for logger, level in zip(loggers, levels, strict=True):
        logger.removeHandler(handler)
        logger.setLevel(level)


@pytest.mark.django_db(transaction=True)
def test_without_the_filter_nothing_tells_of_a_journey(
    owner: Created, deliver: Any, bare: Bare, monkeypatch: pytest.MonkeyPatch
) -> None:
    raw = messages.plain("Zanzibar", "quetzal")
    deliver(owner.address, "nobody@elsewhere.example", raw=raw)
    message_id = owner.mailbox.messages.get().id
    browser = visitor(owner)
    browser.defaults |= {"HTTP_USER_AGENT": "Kestrel/1.0", "REMOTE_ADDR": "198.51.100.7"}
    for method, url in every_url(owner.mailbox.public_id, message_id):
        getattr(browser, method)(f"{url}?q=okapi")
    for token in (owner.token, "tmt_okapi"):
        headers = {"authorization": f"Bearer {token}"}
        browser.get(f"/api/emails/{owner.address}", headers=headers)
    _fail(monkeypatch, browser, owner)
    text = bare.text.getvalue()
    assert "delivered" in text
    assert "web:inbox" in text
    local_part = owner.address.partition("@")[0]
    secrets = (
        local_part, owner.token[4:], owner.mailbox.public_id, message_id.hex, str(message_id),
        "Zanzibar", "quetzal", "okapi", "elsewhere", "alice", "Kestrel", "198.51",
    )  # fmt: skip
    assert [secret for secret in secrets if secret in text] == []


def _fail(monkeypatch: pytest.MonkeyPatch, browser: Client, owner: Created) -> None:
    """Let what the worker asks fail with an exception that tells."""
    from delivery import policy
    from tests.unit.test_policy_judge import new_judge

    def fail(*arguments: object) -> RecipientStatus:
        raise ValueError(f"{owner.address} okapi")

    monkeypatch.setattr(policy, "recipient_status", fail)
    question = {"request": "smtpd_access_policy", "protocol_state": "RCPT"}
    assert new_judge()({**question, "recipient": owner.address}).startswith("451")
    browser.get(reverse("web:inbox", args=[owner.mailbox.public_id]))
