"""The gate before what costs something: which CAPTCHA is configured, and the one way to have a solution verified.

For pages and API alike. Every solution passes once, whoever sends it first; while that cannot be noted (Redis is away),
none does.
"""

import contextlib
from collections.abc import Callable, Iterator

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from mailboxes.gate import proof_of_work, questions, recaptcha
from mailboxes.rules.errors import CaptchaFailed, Unavailable
from mailboxes.services import metrics

ALTCHA, RECAPTCHA, OFF = "altcha", "recaptcha", "off"
KINDS = (ALTCHA, RECAPTCHA, OFF)
_VERIFIERS: dict[str, Callable[[str], None]] = {
    ALTCHA: proof_of_work.verify,
    RECAPTCHA: recaptcha.verify,
}


def kind() -> str:
    """Return which CAPTCHA the operator chose: one of KINDS. Raises ImproperlyConfigured: no gate by a slip."""
    if settings.CAPTCHA not in KINDS:
        raise ImproperlyConfigured(f"CAPTCHA is none of {', '.join(KINDS)}.")
    return str(settings.CAPTCHA)


def verify(solution: str) -> None:
    """Let the solution of the configured CAPTCHA pass once; raise CaptchaFailed or Unavailable."""
    if kind() == OFF:
        return
    with _counted(kind()):
        if not solution:
            raise CaptchaFailed
        _VERIFIERS[kind()](solution)


def verify_answer(sealed: str, answer: str) -> None:
    """Let the answer to a question pass once, a wrong one never again; raise CaptchaFailed or Unavailable."""
    if kind() != OFF:
        with _counted("question"):
            questions.verify(sealed, answer)


@contextlib.contextmanager
def _counted(what: str) -> Iterator[None]:
    result = "passed"
    try:
        yield
    except CaptchaFailed:
        result = "failed"
        raise
    except Unavailable:
        result = "unavailable"
        raise
    finally:
        metrics.CAPTCHAS.add(kind=what, result=result)
