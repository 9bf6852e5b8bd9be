"""Every way in which an operation can fail, as the description says it: statuses, codes, examples."""

from typing import Any

from mailboxes.api import problems
from mailboxes.api.description import headers

_SCHEMA = {"$ref": "#/components/schemas/Problem"}
_ALWAYS = (400, 429, 500, 503)
_USUAL: dict[int, tuple[str, str]] = {
    400: ("bad_request", "The request cannot be read: its body is not JSON, say."),
    401: (
        "unauthorized",
        "The token is missing, malformed or unknown; that of a mailbox that has ended is unknown.",
    ),
    403: ("frozen", "The operator has frozen this address."),
    404: ("not_found", "Not there, or not opened by this token."),
    410: ("mailbox_ended", "The mailbox has ended meanwhile."),
    413: ("too_large", "The body is larger than 64 KiB."),
    422: ("invalid", "A value is not allowed; `errors` says which and why."),
    429: ("rate_limited", "Too many requests; see Retry-After."),
    500: ("server_error", "A fault on our side."),
    503: ("unavailable", "Not possible right now; see Retry-After."),
}


def responses(
    statuses: set[int], has_body: bool, codes: dict[int, tuple[str, ...]]
) -> dict[str, Any]:
    """Return the responses for these statuses and for those that every operation can answer with."""
    wanted = statuses.union(_ALWAYS, {413} if has_body else set())
    return {str(status): _reference(status, codes.get(status)) for status in sorted(wanted)}


def components() -> dict[str, Any]:
    """Return the responses that operations share."""
    return {
        _name(status): _response(status, (code,), f"{text} Code: `{code}`.")
        for status, (code, text) in _USUAL.items()
    }


def _reference(status: int, codes: tuple[str, ...] | None) -> dict[str, Any]:
    if codes is None:
        return {"$ref": f"#/components/responses/{_name(status)}"}
    told = (f"`{code}`: {problems.CODES[code][1]}." for code in codes)
    return _response(status, codes, " ".join(told))


def _response(status: int, codes: tuple[str, ...], text: str) -> dict[str, Any]:
    examples = {code: {"value": _example(code, status)} for code in codes}
    return {
        "description": text,
        "headers": headers.of(status),
        "content": {problems.CONTENT_TYPE: {"schema": _SCHEMA, "examples": examples}},
    }


def _example(code: str, status: int) -> dict[str, Any]:
    _, title = problems.CODES[code]
    body = {"type": "about:blank", "title": title, "status": status, "code": code}
    if code == "invalid":
        found = {"loc": ["query", "limit"], "msg": "Input should be 1 or more", "type": "range"}
        return {**body, "errors": [found]}
    return body


def _name(status: int) -> str:
    return f"Problem{status}"
