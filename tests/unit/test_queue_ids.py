"""The time in Postfix's long queue ids."""

import pytest

from mailboxes.rules import queue_ids

DIGITS = "0123456789BCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz"


def in_base_52(number: int, width: int) -> str:
    digits = ""
    while number or len(digits) < width:
        number, digit = divmod(number, 52)
        digits = DIGITS[digit] + digits
    return digits


@pytest.mark.parametrize(("seconds", "micro"), [(1_790_000_000, 0), (1_763_650_000, 999_999)])
def test_a_long_id_tells_to_the_microsecond_when_the_message_came(seconds: int, micro: int) -> None:
    queue_id = in_base_52(seconds, 6) + in_base_52(micro, 4) + "z" + "3Fc"
    assert queue_ids.arrived_at(queue_id) == pytest.approx(seconds + micro / 1e6, abs=1e-6)


@pytest.mark.parametrize(
    "queue_id",
    ["", "unknown", "4TestQueueId", "9f86d081884c7d65", "A1B2C3D4E5", "4dHXYZ" * 9, "4dBcQk1f2gz€"],
)
def test_another_id_tells_nothing(queue_id: str) -> None:
    assert queue_ids.arrived_at(queue_id) is None


@pytest.mark.parametrize("at", [1_790_000_000.000001, 1_790_000_000.5, 1_799_999_999.999999])
def test_an_id_that_is_made_holds_its_time(at: float) -> None:
    assert queue_ids.arrived_at(queue_ids.made(at, 52)) == pytest.approx(at, abs=1e-6)
