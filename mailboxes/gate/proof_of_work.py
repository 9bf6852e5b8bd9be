"""ALTCHA (protocol version 1): the browser finds the number whose hash we know; nobody else is asked.

The library makes and verifies challenges. What it leaves to us: that a challenge counts once, and that its salt is
as we made it. (altcha 1.0, the newest that django-altcha takes, has the first `expires` of a salt for the time and the
last one for the signature: without a look at the salt nothing would ever expire.)
"""

import base64
import binascii
import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import altcha

from mailboxes.gate import single_use
from mailboxes.gate.derived_keys import derived
from mailboxes.rules.errors import CaptchaFailed

# One SHA-256 a number, half of them on average. See docs/captcha.md for what that takes.
MAX_NUMBER = 30_000
LIFETIME = (
    1200  # seconds; the work is done when the form is sent, so that this is for slow networks
)
_SALT = re.compile(r"[0-9a-f]{24}\?expires=[0-9]{1,12}&", re.ASCII)
_LONGEST = 2048  # characters of a payload
_PURPOSE = "altcha"


def challenge() -> dict[str, Any]:
    """Return a new challenge, as ALTCHA's widget takes it."""
    options = altcha.ChallengeOptions(
        max_number=MAX_NUMBER,
        hmac_key=derived(_PURPOSE)[0],
        # aware: the library takes a naive time for local time, which is an hour off when clocks change
        expires=datetime.now(UTC) + timedelta(seconds=LIFETIME),
    )
    made = altcha.create_challenge(options)
    return {
        "algorithm": made.algorithm,
        "challenge": made.challenge,
        "maxnumber": made.max_number,
        "salt": made.salt,
        "signature": made.signature,
    }


def verify(solution: str) -> None:
    """Let a solution pass once; raise CaptchaFailed, or Unavailable when Redis is away."""
    payload = _decode(solution)
    if not any(altcha.verify_solution(payload, key)[0] for key in derived(_PURPOSE)):
        raise CaptchaFailed
    single_use.spend(_PURPOSE, payload["challenge"], LIFETIME + 60)


def _decode(solution: str) -> Any:
    if len(solution) > _LONGEST:
        raise CaptchaFailed
    try:
        payload = json.loads(base64.b64decode(solution, validate=True))
    except (binascii.Error, ValueError, RecursionError):
        raise CaptchaFailed from None
    if not _is_well_formed(payload):
        raise CaptchaFailed
    return payload


def _is_well_formed(payload: object) -> bool:
    if not isinstance(payload, dict):
        return False
    words = [payload.get(name) for name in ("algorithm", "challenge", "salt", "signature")]
    return (
        all(isinstance(word, str) for word in words)
        and payload["algorithm"] == altcha.altcha.SHA256
        and type(payload.get("number")) is int
        and _SALT.fullmatch(payload["salt"]) is not None
    )
