"""What stands for a visitor before the gate: solving a proof of work, and answering a question."""

import re
from typing import Any

import altcha

_NAMES = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen"
    " fifteen sixteen seventeen eighteen nineteen twenty"
)
_NUMBERS = _NAMES.split()
_PLACES = {"first": 0, "second": 1, "last": -1}


def solve(challenge: dict[str, Any]) -> str:
    """Do the work; return the solution as ALTCHA's element sends it."""
    found = altcha.solve_challenge(
        challenge["challenge"], challenge["salt"], "SHA-256", challenge["maxnumber"]
    )
    assert found is not None
    return payload(challenge, found.number)


def payload(challenge: dict[str, Any], number: Any, **changed: Any) -> str:
    """Return a number, right or not, as a solution."""
    fields = {name: challenge[name] for name in ("algorithm", "challenge", "salt", "signature")}
    return altcha.Payload(**{**fields, "number": number, **changed}).to_base64()


def answer(question: str) -> str:
    """Answer a question as somebody does who reads it."""
    head, _, rest = question.rstrip("?").partition(": ")
    words = rest.split(", ")
    if sum_ := re.fullmatch(r"What is (\w+) (plus|minus) (\w+)", head):
        first, second = (_NUMBERS.index(sum_[group]) for group in (1, 3))
        return str(first + second if sum_[2] == "plus" else first - second)
    if place := re.search(r"first|second|last", head):
        return words[_PLACES[place[0]]]
    if head.startswith("How many"):
        return str(len(words))
    return max(words, key=_NUMBERS.index)
