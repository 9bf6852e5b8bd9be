"""QR codes, drawn here: as the path of an SVG, which needs no style and no third party."""

from itertools import groupby

import segno
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from mailboxes.services.reading import OpenMailbox
from mailboxes.web.access import mailbox_view

_QUIET_ZONE = 4  # modules of white that a reader needs around it (ISO/IEC 18004)


@mailbox_view
@require_safe
def address(request: HttpRequest, opened: OpenMailbox) -> HttpResponse:
    """Answer the image of the mailbox's address, as a mailto link: cameras offer to write to it."""
    return render(
        request,
        "mailboxes/qr.svg",
        drawing(f"mailto:{opened.address}"),
        content_type="image/svg+xml",
    )


def drawing(text: str) -> dict[str, object]:
    """Return the side of the square in modules and the path of its dark ones."""
    rows = segno.make(text, micro=False, error="m").matrix
    side = len(rows) + 2 * _QUIET_ZONE
    return {"side": side, "path": "".join(_row(y, row) for y, row in enumerate(rows, _QUIET_ZONE))}


def _row(y: int, row: bytes | bytearray) -> str:
    path, x = [], _QUIET_ZONE
    for dark, run in groupby(row):
        width = len(list(run))
        if dark:
            path.append(f"M{x} {y}h{width}v1h-{width}z")
        x += width
    return "".join(path)
