"""Addresses: how they are made, compared, and which are never given out."""

import contextlib
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailboxes.rules import addresses
from mailboxes.rules.addresses import Address
from mailboxes.rules.errors import InvalidAddress, LocalPartNotAllowed


def test_a_random_local_part_has_at_least_60_bits() -> None:
    bits = math.log2(len(addresses.LETTERS)) + (addresses.RANDOM_LENGTH - 1) * math.log2(
        len(addresses.ALPHABET)
    )
    assert bits >= 60


def test_the_alphabet_is_lower_case_without_look_alikes() -> None:
    assert addresses.ALPHABET.lower() == addresses.ALPHABET
    assert len(set(addresses.ALPHABET)) == len(addresses.ALPHABET)
    assert not set("il1o0") & set(addresses.ALPHABET)


def test_random_local_parts_differ_and_can_be_parsed_back() -> None:
    made = {addresses.random_label() for _ in range(2000)}
    assert len(made) == 2000
    assert all(addresses.parse(f"{name}@tempmail.test").local_part == name for name in made)


@pytest.mark.parametrize(
    "text",
    ["Abc@Tempmail.TEST", "abc+tag@tempmail.test", "ABC+a+b@tempmail.test.", "abc@TEMPMAIL.test"],
)
def test_case_tag_and_final_dot_do_not_matter(text: str) -> None:
    assert addresses.parse(text) == Address("abc", "tempmail.test")


def test_a_domain_is_compared_as_a_labels() -> None:
    assert addresses.parse("a@bücher.example").domain == "xn--bcher-kva.example"


@pytest.mark.parametrize(
    "text",
    ["", "@", "a", "a@", "@b.example", "a b@x.example", '"a"@x.example', "a@x", "a@-x.example", "+t@x.example",
     "a\0@x.example", "ä@x.example", "a@x..example", "a@[127.0.0.1]", "a" * 65 + "@x.example", "a@" + "x" * 300],
)  # fmt: skip
def test_what_cannot_be_ours_is_refused(text: str) -> None:
    with pytest.raises(InvalidAddress):
        addresses.parse(text)


@given(st.text(max_size=400))
def test_parse_never_raises_anything_else(text: str) -> None:
    with contextlib.suppress(InvalidAddress):
        addresses.parse(text)


@pytest.mark.parametrize(
    "name",
    ["postmaster", "abuse", "hostmaster", "webmaster", "info", "support", "sales", "security", "noc", "admin",
     "administrator", "root", "ssladmin", "sslwebmaster", "mailer-daemon", "MAILER.DAEMON", "no-reply", "noreply",
     "dmarc", "tlsrpt", "mta-sts", "announce-request", "ABUSE"],
)  # fmt: skip
def test_reserved_names_are_never_given_out(name: str) -> None:
    assert addresses.is_reserved(name)
    with pytest.raises(LocalPartNotAllowed):
        addresses.check_custom(name)


def test_an_operator_reserves_further_names() -> None:
    with pytest.raises(LocalPartNotAllowed):
        addresses.check_custom("the-boss", also=frozenset({"theboss"}))
    assert addresses.check_custom("someone", also=frozenset({"theboss"})) == "someone"


def test_a_digest_needs_the_key_and_tells_addresses_apart() -> None:
    one, two = Address("abc", "tempmail.test"), Address("abd", "tempmail.test")
    assert addresses.digest(one, b"k" * 32) == addresses.digest(one, b"k" * 32)
    digests = {addresses.digest(one, b"l" * 32), addresses.digest(two, b"k" * 32)}
    assert len(digests | {addresses.digest(one, b"k" * 32)}) == 3
