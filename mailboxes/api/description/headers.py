"""Header fields of the answers, as the description names them."""

from typing import Any

_SECONDS: dict[str, Any] = {"type": "integer", "minimum": 0}


def _field(
    description: str, example: str, required: bool = True, schema: dict[str, Any] | None = None
) -> dict[str, Any]:
    shape = schema or {"type": "string"}
    return {"description": description, "required": required, "schema": shape, "example": example}


FIELDS: dict[str, dict[str, Any]] = {
    "X-Request-ID": _field(
        "Names this request in the operator's log, where it ties lines together; it holds nothing of yours.",
        "5f0c1d2e3b4a5968",
        schema={"type": "string", "pattern": "^[0-9a-f]{16}$"},
    ),
    "WWW-Authenticate": _field(
        'RFC 6750 section 3. With a token that was sent and is unknown also `error="invalid_token"`.',
        'Bearer realm="tempmail"',
    ),
    "Retry-After": _field("Seconds to wait before asking again.", "30", schema=_SECONDS),
    "RateLimit": _field(
        "What is left of the limit that was met: draft-ietf-httpapi-ratelimit-headers-11.",
        '"creation";r=0;t=30',
        required=False,
    ),
    "RateLimit-Policy": _field(
        "The limit itself: draft-ietf-httpapi-ratelimit-headers-11.",
        '"creation";q=60;w=60',
        required=False,
    ),
    "ETag": _field(
        "Of this list; sent back in If-None-Match, the answer is 304 while nothing has changed.",
        '"0d1f3a"',
        required=False,
    ),
    "Content-Disposition": _field(
        "A file to be saved, never shown: RFC 6266.", 'attachment; filename="invoice.pdf"'
    ),
}


def of(status: int, more: tuple[str, ...] = ()) -> dict[str, Any]:
    """Return the fields of an answer with this status, as references."""
    names = ["X-Request-ID", *_BY_STATUS.get(status, ()), *more]
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


_BY_STATUS: dict[int, tuple[str, ...]] = {
    401: ("WWW-Authenticate",),
    429: ("Retry-After", "RateLimit", "RateLimit-Policy"),
    503: ("Retry-After",),
}
