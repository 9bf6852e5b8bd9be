"""Questions in plain words, for browsers without JavaScript and for whoever prefers them: no picture, no puzzle."""

import hmac
import secrets
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass

from django.core import signing
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from mailboxes.gate import single_use
from mailboxes.gate.derived_keys import derived
from mailboxes.rules.errors import CaptchaFailed

LIFETIME = 1800  # seconds
_PURPOSE = "question"
_LONGEST = 100  # characters of an answer


@dataclass(frozen=True, slots=True)
class Question:
    """What to ask, and the value that comes back with the answer and verifies it."""

    text: str
    sealed: str


def ask() -> Question:
    """Return a new question in the visitor's language."""
    text, answer = secrets.choice(_KINDS)()
    nonce = secrets.token_urlsafe(12)
    sealed = signing.dumps(
        {"n": nonce, "a": _digest(derived(_PURPOSE)[0], nonce, answer)}, salt=_PURPOSE
    )
    return Question(text, sealed)


def verify(sealed: str, answer: str) -> None:
    """Let the right answer pass once; raise CaptchaFailed, or Unavailable when Redis is away.

    A question is spent by its first answer, also by a wrong one: few answers are possible.
    """
    try:
        asked = signing.loads(sealed, salt=_PURPOSE, max_age=LIFETIME)
    except signing.BadSignature:
        raise CaptchaFailed from None
    single_use.spend(_PURPOSE, asked["n"], LIFETIME + 60)
    given = _canonical(answer[:_LONGEST])
    digests = [_digest(key, asked["n"], given) for key in derived(_PURPOSE)]
    if not any(hmac.compare_digest(digest, asked["a"]) for digest in digests):
        raise CaptchaFailed


def _digest(key: str, nonce: str, answer: str) -> str:
    return hmac.digest(key.encode(), f"{nonce}:{_canonical(answer)}".encode(), "sha256").hex()


def _canonical(answer: str) -> str:
    """Return an answer as it is compared: digits for a number in words, no case, no marks around it."""
    text = unicodedata.normalize("NFKC", answer).casefold().strip(" \t\r\n.,!?\"'“”«»")
    if text.isdecimal():
        return str(int(text))
    numbers = {word.casefold(): str(number) for number, word in enumerate(_numbers())}
    return numbers.get(text, text)


def _sum() -> tuple[str, str]:
    first, second = 1 + secrets.randbelow(10), 1 + secrets.randbelow(10)
    words = {"first": _numbers()[first], "second": _numbers()[second]}
    return _("What is %(first)s plus %(second)s?") % words, str(first + second)


def _difference() -> tuple[str, str]:
    second = 1 + secrets.randbelow(9)
    first = second + 1 + secrets.randbelow(10)
    words = {"first": _numbers()[first], "second": _numbers()[second]}
    return _("What is %(first)s minus %(second)s?") % words, str(first - second)


def _word() -> tuple[str, str]:
    words, which = _some_words(4), secrets.randbelow(3)
    texts = (
        _("Which is the first of these words: %(words)s?"),
        _("Which is the second of these words: %(words)s?"),
        _("Which is the last of these words: %(words)s?"),
    )
    return texts[which] % {"words": ", ".join(words)}, words[(0, 1, 3)[which]]


def _count() -> tuple[str, str]:
    count = 3 + secrets.randbelow(5)
    words = ", ".join(_some_words(count))
    return _("How many words are these: %(words)s?") % {"words": words}, str(count)


def _largest() -> tuple[str, str]:
    numbers = secrets.SystemRandom().sample(range(21), 4)
    words = ", ".join(_numbers()[number] for number in numbers)
    return _("Which of these numbers is the largest: %(numbers)s?") % {"numbers": words}, str(
        max(numbers)
    )


_KINDS: tuple[Callable[[], tuple[str, str]], ...] = (_sum, _difference, _word, _count, _largest)


def _some_words(count: int) -> list[str]:
    words = _("apple bridge candle door egg forest garden hammer island jacket kettle lamp").split()
    return secrets.SystemRandom().sample(words, count)


def _numbers() -> list[str]:
    """Return the names of the numbers 0 to 20."""
    names = pgettext(
        "numbers 0 to 20, separated by blanks",
        "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen"
        " fifteen sixteen seventeen eighteen nineteen twenty",
    )
    return names.split()
