"""The answer to GET /api/captcha: ALTCHA's proof of work (protocol version 1), done here; nobody is asked."""

import base64
import hashlib
import json
from typing import Any

from tempmail_client.errors import CaptchaNeeded

_ALGORITHMS = {"SHA-256": hashlib.sha256, "SHA-512": hashlib.sha512}
_MOST = 10_000_000  # numbers to try: seconds of work, and not an hour because a server says so


def answer(captcha: dict[str, Any]) -> str:
    """Return what goes into `captcha` of POST /api/generate. Raises CaptchaNeeded."""
    kind = captcha.get("kind")
    if kind == "off":
        return "off"
    if kind != "altcha":
        raise CaptchaNeeded(f"This service asks {kind}: use an API key, Client(url, api_key=...).")
    return solve(captcha["challenge"])


def solve(challenge: dict[str, Any]) -> str:
    """Find the number whose hash with the salt is the challenge; return the solution. Raises CaptchaNeeded."""
    algorithm, wanted = challenge["algorithm"], challenge["challenge"]
    if algorithm not in _ALGORITHMS or int(challenge["maxnumber"]) > _MOST:
        raise CaptchaNeeded("This service asks a proof of work that is none of ours.")
    salted = _ALGORITHMS[algorithm](challenge["salt"].encode())
    for number in range(int(challenge["maxnumber"]) + 1):
        tried = salted.copy()
        tried.update(str(number).encode())
        if tried.hexdigest() == wanted:
            solution = {name: challenge[name] for name in ("algorithm", "challenge", "salt")}
            solution |= {"number": number, "signature": challenge["signature"]}
            return base64.b64encode(json.dumps(solution).encode()).decode()
    raise CaptchaNeeded("This service's proof of work has no solution.")
