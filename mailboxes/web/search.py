"""What a visitor looks for in an inbox: read from the query of its page, and written into its links."""

from django.http import HttpRequest
from django.utils.http import urlencode

from mailboxes.services.searching import Criteria

_LONGEST = 200


def criteria(request: HttpRequest) -> Criteria:
    """Return what the query asks for; whatever makes no sense in it asks for nothing."""
    has = request.GET.getlist("has")
    return Criteria(
        text=request.GET.get("q", "").replace("\0", "").strip()[:_LONGEST],
        unread=request.GET.get("unread") == "1",
        attachment="attachment" in has,
        code="code" in has,
    )


def query(wanted: Criteria, before: int | None = None) -> str:
    """Return the query that asks for this, with its question mark, or ''."""
    pairs = [
        ("q", wanted.text),
        ("unread", "1" if wanted.unread else ""),
        ("has", "attachment" if wanted.attachment else ""),
        ("has", "code" if wanted.code else ""),
        ("before", str(before) if before is not None else ""),
    ]
    encoded = urlencode([pair for pair in pairs if pair[1]])
    return f"?{encoded}" if encoded else ""
