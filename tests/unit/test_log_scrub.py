"""The filter's patterns: what slips into a log text does not come out of it."""

import pytest

from tempmail_site import log_scrub

SECRETS = {
    "an address": ("mail for kestrel.7@mail.example arrived", "kestrel"),
    "an address in angle brackets": ("to=<kestrel@mail.example>, relay=x", "kestrel"),
    "an address in quotes": ("sender 'kestrel@mail.example' refused", "kestrel"),
    "an apostrophe in the local part": ("o'kestrel@mail.example", "kestrel"),
    "a quoted local part": ('"kestrel b;$(id)"@mail.example', "kestrel"),
    "an encoded address": ("next=kestrel%40mail.example", "kestrel"),
    "an address without a dot": ("kestrel@localhost", "kestrel"),
    "a mailbox token": ("token tmt_kestrel-A_b9 unknown", "kestrel"),
    "an API key": ("key tmk_kestrel", "kestrel"),
    "a webhook's secret": ("whsec_a/b+Kestrel=", "Kestrel"),
    "a token without its prefix": ("x Kestrel" + "aB3_" * 10, "Kestrel"),
    "a path of a mailbox": ("GET /m/kestrel/list", "kestrel"),
    "a path of the API": ("GET /api/emails/kestrel", "kestrel"),
    "a path of an address": ("PATCH /api/addresses/kestrel", "kestrel"),
    "a path of a stream": ("GET /api/events/kestrel", "kestrel"),
    "a path of a webhook": ("POST /api/webhooks/kestrel", "kestrel"),
    "a path of a message": ("GET /api/email/kestrel", "kestrel"),
    "a recovery link": ("https://mail.example/open#kestrel", "kestrel"),
    "an encoded path": ("next=%2Fm%2Fkestrel%2F", "kestrel"),
    "a query string": ("GET /search?q=kestrel", "kestrel"),
    "a message id": ("message 0b5c3a1e9f6d4b7c8a2e1f3d5c7b9a0e", "0b5c"),
    "a UUID": ("0b5c3a1e-9f6d-4b7c-8a2e-1f3d5c7b9a0e", "0b5c"),
    "an IPv4 address": ("client 198.51.100.77 refused", "198.51"),
    "an IPv4 address with a port": ("('198.51.100.77', 4242), 198.51.100.77:4242", "198.51"),
    "an IPv6 address": ("client 2001:db8:0:1:2:3:4:77 refused", "db8"),
    "a short IPv6 address": ("client [2001:db8::77]:25", "db8"),
    "a mapped address": ("::ffff:198.51.100.77", "198.51"),
    "loopback": ("peer [::1]:25", "::1"),
    "a browser": ("Mozilla/5.0 (X11; Kestrel) AppleWebKit/537.36 (KHTML) Chrome/9.0", "Kestrel"),
    "a browser's products": ("Mozilla/5.0 (X11; Linux) Kestrel/2.0", "Kestrel"),
    "a program": ("kestrel-bot/1.0", "kestrel"),
    "a password in a URL": ("redis://:kestrel@redis.example:6379/0", "kestrel"),
}


@pytest.mark.parametrize(("text", "secret"), SECRETS.values(), ids=SECRETS)
def test_it_does_not_come_out(text: str, secret: str) -> None:
    for variant in (text, text.upper(), f"x {text} y", f"(at {text})"):
        assert secret.lower() not in log_scrub.scrub(variant).lower()


@pytest.mark.parametrize(
    "text",
    [
        "delivery worker runs 2 processes",
        "redis is away: streams ask the database until it is back",
        "postqueue -f failed: deferred mail waits for Postfix's own retry",
        "a reload at 12:31:07.250 took 3.5 s",
        "OperationalError at _store:118",
        "mailboxes.purge_ended_mailboxes",
        "is it away? yes",
    ],
)
def test_our_own_words_stay(text: str) -> None:
    assert log_scrub.scrub(text) == text


@pytest.mark.parametrize(
    "end", ["\n", "\r\n", "\r", "\0", "\x0b", "\x0c", "\x1b[2K", "\x85", "\u2028", "\u2029"]
)
def test_a_text_is_one_line(end: str) -> None:
    text = log_scrub.scrub(f"one{end}2026-11-20 INFO two")
    assert len(text.splitlines()) == 1
    assert "\x1b" not in text
    assert "\0" not in text


def test_a_text_cannot_turn_the_writing_direction() -> None:
    assert log_scrub.scrub("a\u202eb\u2066c\ud800d") == "a b c d"


@pytest.mark.parametrize(
    "part", ["a", "@", "a@", ":", "1.", '"', "?", "a/1(", "/m/", "%40", "-", "tmt_", "a:b", "("]
)
def test_a_long_text_is_cut(part: str) -> None:
    text = log_scrub.scrub(part * 500_000)
    assert len(text) <= log_scrub.MAX_TEXT + len(log_scrub.CUT)


def test_what_is_cut_in_half_is_not_shown() -> None:
    for filling in range(log_scrub.MAX_TEXT - 40, log_scrub.MAX_TEXT + 2):
        text = log_scrub.scrub("y " + "x" * (filling - 3) + " kestrel@mail.example and more")
        assert "kest" not in text
        text = log_scrub.scrub("yy " * (filling // 3) + "tmt_" + "kestrel" * 30)
        assert "kest" not in text


def test_an_exception_is_told_by_classes_and_places() -> None:
    def inner(address: str) -> None:
        raise ConnectionRefusedError(111, f"no way to {address}")

    try:
        try:
            inner("kestrel@mail.example")
        except OSError as error:
            raise ValueError("subject: Zanzibar") from error
    except ValueError as error:
        text = log_scrub.describe(error)
    assert text.startswith("ValueError at tests/unit/test_log_scrub.py:")
    assert "| after ConnectionRefusedError 111 at tests/unit/test_log_scrub.py:" in text
    assert " inner < " in text
    assert not [secret for secret in ("kestrel", "Zanzibar", "no way") if secret in text]


def test_a_chain_of_exceptions_is_bounded() -> None:
    error = ValueError("kestrel")
    for _ in range(50):
        error, error.__context__ = ValueError("kestrel"), error
    first = ValueError("kestrel")
    error.__context__, first.__context__ = first, error  # a ring
    text = log_scrub.describe(first)
    assert text.count("| after") == log_scrub.MAX_EXCEPTIONS - 1


def test_a_deep_traceback_is_bounded() -> None:
    def deep() -> None:
        deep()

    with pytest.raises(RecursionError) as caught:
        deep()
    assert log_scrub.describe(caught.value).count(" deep") == log_scrub.MAX_FRAMES


def test_the_database_s_code_is_told() -> None:
    error = RuntimeError("duplicate key (kestrel)")
    error.pgcode = "23505"  # type: ignore[attr-defined]
    assert log_scrub.describe(error) == "RuntimeError 23505 at no place"
    error.pgcode = "Key (kestrel)"  # type: ignore[attr-defined]
    assert log_scrub.describe(error) == "RuntimeError at no place"
