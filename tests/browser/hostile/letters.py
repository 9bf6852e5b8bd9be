"""Puts documents into mail."""

import base64


def html_mail(html: str, number: int) -> bytes:
    """A message with this HTML, all of it in base64, so that every character arrives."""
    body = base64.encodebytes(html.encode("utf-8", "surrogatepass"))
    head = (
        "Received: by mx.tempmail.test (Postfix) with ESMTP id "
        f"4Hostile{number}\nFrom: Eve <eve@example.org>\nSubject: document {number}\n"
        "MIME-Version: 1.0\nContent-Type: text/html; charset=utf-8\nContent-Transfer-Encoding: base64\n\n"
    )
    return head.encode() + body
