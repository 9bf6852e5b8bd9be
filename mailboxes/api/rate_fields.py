"""What a limit says of itself: RateLimit and RateLimit-Policy (draft-ietf-httpapi-ratelimit-headers-11).

Both are Structured Fields (RFC 9651) and name the limit. RateLimit-Policy: `q` requests in `w` seconds, or, with
`qu="concurrent-requests"`, at once. RateLimit: `r` requests are left, and in `t` seconds there are all again.
"""

from collections.abc import Iterable

from mailboxes.gate.limits import Usage
from mailboxes.rules.errors import RateLimited


def exceeded(error: RateLimited) -> dict[str, str]:
    """Return the fields for a request that a limit refused; none where the limit is not told."""
    if not error.limit:
        return {}
    return fields([Usage(error.name, error.limit, error.window, 0, error.retry_after)])


def fields(usages: Iterable[Usage]) -> dict[str, str]:
    """Return both fields for these limits, none for none."""
    told = [each for each in usages if each.limit]
    if not told:
        return {}
    return {
        "RateLimit-Policy": ", ".join(map(_policy, told)),
        "RateLimit": ", ".join(f'"{each.name}";r={each.left};t={each.reset}' for each in told),
    }


def _policy(usage: Usage) -> str:
    scope = f"w={usage.window}" if usage.window else 'qu="concurrent-requests"'
    return f'"{usage.name}";q={usage.limit};{scope}'
