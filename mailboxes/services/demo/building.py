"""How the demo's messages are put together: from invented senders, below reserved names (RFC 2606) alone."""

import io
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime

from mailboxes.services.demo import pictures

_FRAME = """<!doctype html>
<html><body style="margin:0;background:#f3f1ea">
<div style="max-width:560px;margin:0 auto;padding:28px 24px;background:#fffefb;\
font-family:Helvetica,Arial,sans-serif;font-size:16px;line-height:1.5;color:#1f2a24">
<p style="font-size:20px;font-weight:700;color:{color};margin:0 0 16px">{brand}</p>
{body}
</div>
</body></html>
"""


@dataclass(frozen=True, slots=True)
class Letter:
    """A message as it comes in, how many minutes ago it came, and whether it has been read since."""

    ago: int
    raw: bytes
    seen: bool = False

    def arriving(self, at: datetime, queue_id: str) -> bytes:
        """Return it with what a mail server puts on top, and a date where it has none."""
        sent = at - timedelta(seconds=7)
        head = (
            f"Received: from out.mail.example (out.mail.example [192.0.2.25])\n"
            f"\tby mx.demo.test (Postfix) with ESMTPS id {queue_id};\n\t{format_datetime(at)}\n"
        )
        own = self.raw.partition(b"\n\n")[0].lower()
        if b"\ndate:" not in own and not own.startswith(b"date:"):
            head += f"Date: {format_datetime(sent)}\n"
        return head.encode() + self.raw


def message(sender: str, subject: str, text: str, html: str = "") -> EmailMessage:
    """Return a message with a text, and the same as HTML if there is one."""
    made = EmailMessage()
    made["From"], made["Subject"] = sender, subject
    made.set_content(text)
    if html:
        made.add_alternative(html, subtype="html")
    return made


def framed(brand: str, body: str, color: str = "#2f6f4f") -> str:
    """Return an HTML mail as shops and services write it: one column, inline styles."""
    return _FRAME.format(brand=brand, body=body, color=color)


def code_box(code: str) -> str:
    """Return a one-time code as it stands in such a mail."""
    return (
        '<p style="font-size:34px;font-weight:700;letter-spacing:6px;background:#eef4f0;'
        f'padding:18px 0;text-align:center">{code}</p>'
    )


def button(text: str, url: str, color: str = "#2f6f4f") -> str:
    """Return a link that looks like a button."""
    return (
        f'<p><a href="{url}" style="display:inline-block;padding:12px 22px;border-radius:8px;'
        f'background:{color};color:#fff;text-decoration:none;font-weight:700">{text}</a></p>'
    )


def with_pictures(made: EmailMessage, *seeds: int) -> EmailMessage:
    """Add inline images, which the HTML names as cid:picture0, cid:picture1 (RFC 2392)."""
    parts = made.get_payload()
    html = parts[-1] if isinstance(parts, list) else made
    assert isinstance(html, EmailMessage)  # noqa: S101 - for the type checker
    for number, seed in enumerate(seeds):
        html.add_related(pictures.landscape(seed), "image", "png", cid=f"<picture{number}>")
    return made


def pdf(*lines: str) -> bytes:
    """Return a small, whole PDF with some lines of ASCII text."""
    rows = " T* ".join(f"({line}) Tj" for line in lines)
    stream = f"BT /F1 14 Tf 18 TL 60 760 Td {rows} ET".encode("ascii")
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R"
        b" /Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%b\nendstream" % (len(stream), stream),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    out, places = io.BytesIO(b"%PDF-1.4\n"), []
    out.seek(0, io.SEEK_END)
    for number, content in enumerate(objects, 1):
        places.append(out.tell())
        out.write(b"%d 0 obj\n%b\nendobj\n" % (number, content))
    start = out.tell()
    out.write(b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1))
    out.write(b"".join(b"%010d 00000 n \n" % place for place in places))
    out.write(b"trailer\n<< /Size %d /Root 1 0 R >>\n" % (len(objects) + 1))
    out.write(b"startxref\n%d\n%%%%EOF\n" % start)
    return out.getvalue()


def archive(files: Sequence[tuple[str, str]]) -> bytes:
    """Return a ZIP of some text files."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, text in files:
            packed.writestr(name, text)
    return out.getvalue()
