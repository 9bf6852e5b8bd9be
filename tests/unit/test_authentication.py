"""Only what our own host wrote about a sender is believed, and no bytes confuse the reader."""

import random
import re

import pytest
from django.core.checks import run_checks

from mailboxes import checks
from mailboxes.rules import authentication
from mailboxes.rules.authentication import Verdict
from postfix import render

OURS = "mx.tempmail.test"
FIELD = (
    b"Authentication-Results: mx.tempmail.test;\r\n\tspf=pass (ok; dkim=fail) smtp.mailfrom=a@example.org;\r\n"
    b"\tdkim=fail header.d=bad.example; dkim=pass header.d=example.org header.s=k;\r\n"
    b"\tdmarc=pass (p=reject) header.from=example.org\r\n"
)
READ = "spf=pass:example.org dkim=pass:example.org dmarc=pass:example.org"


def read(raw: bytes) -> str:
    return authentication.read(raw, OURS)


def test_the_results_of_our_own_host_are_read() -> None:
    assert read(b"Return-Path: <>\r\n" + FIELD + b"Subject: x\r\n\r\nbody") == READ
    assert (
        read(FIELD.replace(b"\r\n", b"\n").replace(b"mx.tempmail.test;", b"MX.tempmail.test 1 ;"))
        == READ
    )


def test_results_of_several_fields_are_put_together_and_the_first_counts() -> None:
    fields = (
        b"Authentication-Results: mx.tempmail.test; dmarc=fail header.from=a.example\n"
        b"Authentication-Results: mx.tempmail.test; dkim=none\n"
        b"Authentication-Results: mx.tempmail.test; dmarc=pass header.from=b.example\n\n"
    )
    assert read(fields) == "dkim=none dmarc=fail:a.example"


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"Subject: x\n\n" + FIELD,
        b"Subject: x\nno field\n" + FIELD,
        b"Authentication-Results: example.org; dkim=pass\n\n",
        b"Authentication-Results: mx.tempmail.test.example.org; dkim=pass\n\n",
        b"Authentication-Results: notmx.tempmail.test; dkim=pass\n\n",
        b'Authentication-Results: "mx.tempmail.test"; dkim=pass\n\n',
        b"Authentication-Results: (c) mx.tempmail.test; dkim=pass\n\n",
        b"Authentication-Results : mx.tempmail.test; dkim=pass\n\n",
        b"X-Authentication-Results: mx.tempmail.test; dkim=pass\n\n",
        b"Authentication-Results: mx.tempmail.test; none\n\n",
        b"Authentication-Results: mx.tempmail.test; dkim=passed\n\n",
        b"Authentication-Results: mx.tempmail.test; (dkim=pass)\n\n",
        b'Authentication-Results: mx.tempmail.test; x="; dkim=pass"\n\n',
        b"Subject: a\n" * 10_000 + FIELD,
    ],
)
def test_nothing_else_is(raw: bytes) -> None:
    assert read(raw) == ""


@pytest.mark.parametrize(
    "unit", [b"(", b"\\(", b'"', b"; dkim=", b";", b"\n ", b"\xff", b"spf/1=pass "]
)
def test_hostile_fields_end(unit: bytes) -> None:
    assert len(read(b"Authentication-Results: mx.tempmail.test;" + unit * 100_000)) < 300


def test_what_was_read_can_be_decoded_and_nothing_else() -> None:
    assert authentication.decode(READ)[2] == Verdict("dmarc", "pass", "example.org")
    assert authentication.decode("") == ()
    assert authentication.decode("spf=<b> x dkim=pass") == (Verdict("dkim", "pass"),)


def test_whatever_is_believed_is_removed_from_incoming_mail() -> None:
    """Postfix's pattern in Python's words: [[:space:]] is \\s, and case does not matter."""
    line = next(
        line
        for line in (render.TEMPLATES / "header_checks").read_text().splitlines()
        if line.startswith("/")
    )
    pattern = line[1 : line.rindex("/")].replace("[:space:]", r"\s").replace("$$", "$")
    removed = re.compile(pattern.replace("$authserv_pattern", re.escape(OURS)), re.IGNORECASE)
    generator = random.Random(4)  # noqa: S311
    pieces = [
        "mx.tempmail.test",
        " ",
        "\t",
        "\n ",
        "(",
        ")",
        '"',
        ";",
        "1",
        "dkim=pass",
        "/",
        "\\",
        "x",
        ".",
    ]
    for _ in range(20_000):
        value = "".join(generator.choices(pieces, k=generator.randint(1, 8)))
        field = f"Authentication-Results:{value}; dkim=pass\n\n"
        if read(field.encode()):
            assert removed.search(field.strip()), field


@pytest.mark.parametrize(
    ("milters", "name", "complains"), [("", "", 0), ("x", "", 1), ("x", "a", 0)]
)
def test_milters_without_a_name_to_believe_are_an_error(settings, milters, name, complains):
    settings.SMTPD_MILTERS, settings.AUTHSERV_ID = milters, name
    assert len([each for each in run_checks() if each.id == checks.NO_AUTHSERV_ID]) == complains
