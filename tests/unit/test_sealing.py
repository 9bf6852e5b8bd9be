"""Sealing: only the token opens, and only where the value belongs."""

import zlib

import pytest

from mailboxes.rules import sealing
from mailboxes.rules.errors import SealBroken, UnknownToken
from mailboxes.rules.sealing import Kind

OWNER = bytes(range(16))


def test_a_sealed_value_opens_with_the_token_and_nothing_else() -> None:
    token, other = sealing.new_token(), sealing.new_token()
    key = sealing.private_key(token)
    sealed = sealing.seal(sealing.public_key(key), Kind.SUMMARY, OWNER, sealing.pack(b"secret"))
    assert b"secret" not in sealed
    assert sealing.unseal(key, Kind.SUMMARY, OWNER, sealed) == b"secret"
    with pytest.raises(SealBroken):
        sealing.unseal(sealing.private_key(other), Kind.SUMMARY, OWNER, sealed)


def test_what_was_sealed_before_it_was_zstandard_opens() -> None:
    key = sealing.private_key(sealing.new_token())
    sealed = sealing.seal(
        sealing.public_key(key), Kind.SOURCE, b"o" * 16, zlib.compress(b"of before")
    )
    assert sealing.unseal(key, Kind.SOURCE, b"o" * 16, sealed) == b"of before"


def test_a_value_moved_to_another_row_or_kind_does_not_open() -> None:
    key = sealing.private_key(sealing.new_token())
    sealed = sealing.seal(sealing.public_key(key), Kind.SUMMARY, OWNER, sealing.pack(b"secret"))
    with pytest.raises(SealBroken):
        sealing.unseal(key, Kind.SOURCE, OWNER, sealed)
    with pytest.raises(SealBroken):
        sealing.unseal(key, Kind.SUMMARY, bytes(16), sealed)


@pytest.mark.parametrize("position", [0, 20, 40, 60, -1])
def test_a_changed_byte_is_noticed(position: int) -> None:
    key = sealing.private_key(sealing.new_token())
    sealed = bytearray(sealing.seal(sealing.public_key(key), Kind.SOURCE, OWNER, sealing.pack(b"x" * 50)))  # fmt: skip
    sealed[position] ^= 1
    with pytest.raises(SealBroken):
        sealing.unseal(key, Kind.SOURCE, OWNER, bytes(sealed))


@pytest.mark.parametrize("sealed", [b"", b"x", b"x" * 48, b"x" * 200])
def test_rubbish_is_not_opened(sealed: bytes) -> None:
    with pytest.raises(SealBroken):
        sealing.unseal(sealing.private_key(sealing.new_token()), Kind.SOURCE, OWNER, sealed)


def test_tokens_are_32_random_bytes_with_a_prefix() -> None:
    token = sealing.new_token()
    assert token.startswith("tmt_")
    assert len(sealing.token_bytes(token)) == 32
    assert sealing.new_token() != token


@pytest.mark.parametrize(
    "token", ["", "tmt_", "tmt_" + "a" * 42, "tmk_" + "a" * 43, "tmt_" + "ä" * 43, "tmt_" + "a" * 42 + "!",
     "tmt_" + "b" * 43],
)  # fmt: skip
def test_what_is_not_a_token_is_unknown(token: str) -> None:
    with pytest.raises(UnknownToken):
        sealing.private_key(token)
