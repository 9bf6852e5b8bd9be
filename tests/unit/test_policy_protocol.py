"""Postfix's policy questions as text: what is read, what is refused."""

import pytest

from delivery import policy
from delivery.policy import PolicyError

QUESTION = (
    b"request=smtpd_access_policy\nprotocol_state=RCPT\nsender=\n"
    b"recipient=a@tempmail.test\nsize=0\nstress="
)


def test_attributes_are_read_with_empty_values() -> None:
    attributes = policy.parse(QUESTION)
    assert attributes["recipient"] == "a@tempmail.test"
    assert attributes["sender"] == attributes["stress"] == ""


def test_a_value_may_hold_an_equals_sign() -> None:
    assert policy.parse(b"sender=a=b@x.test") == {"sender": "a=b@x.test"}


def test_a_repeated_attribute_counts_as_first_given() -> None:
    assert policy.parse(b"recipient=a@x\nrecipient=b@x") == {"recipient": "a@x"}


def test_bytes_that_are_no_utf_8_become_replacement_characters() -> None:
    assert policy.parse(b"sender=\xff@x") == {"sender": "\ufffd@x"}


@pytest.mark.parametrize("request_", [b"", b"nothing", b"=x", b"a=b\n\rc", b"a=b\n" * 300])
def test_what_is_no_request_is_refused(request_: bytes) -> None:
    with pytest.raises(PolicyError):
        policy.parse(request_)


def test_an_answer_ends_with_an_empty_line() -> None:
    assert policy.answer(policy.UNKNOWN) == b"action=550 5.1.1 No such mailbox\n\n"
