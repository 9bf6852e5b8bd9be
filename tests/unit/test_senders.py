"""Envelope senders are compared however they are written, and no text breaks it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailboxes.rules import senders

KEY = b"k" * 32


@pytest.mark.parametrize(
    "written",
    [
        "Spam.Mer@Example.ORG",
        "spam.mer@example.org.",
        '"spam.mer"@example.org',
        '"spam\\.mer"@EXAMPLE.org',
        "spam.mer+tag=1@example.org",
        "\uff53\uff50\uff41\uff4d.mer@example.org",
        "spam.mer@example\u3002org",
    ],
)
def test_one_sender_has_one_form(written: str) -> None:
    assert senders.normalize(written) == "spam.mer@example.org"


def test_a_sender_of_its_own_keeps_its_own_form() -> None:
    others = [
        "spammer@example.org",
        "spam.mer@example.com",
        "spam.mer@x.example.org",
        '"a@b"@c.org',
    ]
    assert len({senders.normalize(each) for each in [*others, "spam.mer@example.org"]}) == 5


def test_the_null_sender_stays_empty() -> None:
    assert senders.normalize("") == senders.domain_of("") == ""


@pytest.mark.parametrize(
    ("sender", "domain"),
    [
        ("a@Bücher.Example", "xn--bcher-kva.example"),
        ("a@xn--bcher-kva.example..", "xn--bcher-kva.example"),
        ('"a@evil.example"@good.example', "good.example"),
        ("a@b@c.example", "c.example"),
        ("root", ""),
        ("a@", ""),
        ("a@[192.0.2.1]", "[192.0.2.1]"),
        ("a@under_score.example", "under_score.example"),
    ],
)
def test_the_domain_is_what_stands_behind_the_last_at(sender: str, domain: str) -> None:
    assert senders.domain_of(sender) == domain


def test_a_domain_too_long_to_be_one_still_ends_as_it_ends() -> None:
    for front in ("a" * 65_536, "é" * 65_536, "b." * 32_768, "ü." * 32_768):
        domain = senders.domain_of(f"x@{front}.blocked.example")
        assert "blocked.example" in set(senders.with_parents(domain))
        assert len(domain) < 2000


def test_letters_that_unfold_into_many_cost_no_more_than_others() -> None:
    # U+FDFA is 18 characters in NFKC: the codec would take 10 ms for 253 of them, for each recipient.
    assert len(senders.domain_of("x@" + "\ufdfa" * 60_000 + ".example")) < 20 * 253
    assert senders.domain_of("x@\ufdfa.example").endswith(".example")


def test_a_domain_has_its_parents() -> None:
    assert list(senders.with_parents("a.b.example")) == ["a.b.example", "b.example", "example"]
    assert list(senders.with_parents("")) == []


@pytest.mark.parametrize(
    ("domain", "organization"),
    [
        ("a.b.example.com", "example.com"),
        ("mail.shop.co.uk", "shop.co.uk"),
        ("example.org", "example.org"),
        ("co.uk", "co.uk"),
        ("localhost", "localhost"),
        ("", ""),
    ],
)
def test_hosts_of_one_owner_share_an_organization(domain: str, organization: str) -> None:
    assert senders.organization(domain) == organization


@given(st.text(st.characters(codec="utf-8"), max_size=200) | st.just("@" * 70_000))
def test_any_text_has_a_form_a_domain_and_a_digest(text: str) -> None:
    form = senders.normalize(text)
    senders.organization(senders.domain_of(text))
    assert len(senders.digest(form, KEY)) == senders.DIGEST_SIZE
    assert senders.digest(form, KEY) != senders.digest(form, b"o" * 32)


def test_lone_surrogates_as_from_a_command_line_break_nothing() -> None:
    assert senders.digest(senders.normalize("\udcff@\udcff.example"), KEY)
