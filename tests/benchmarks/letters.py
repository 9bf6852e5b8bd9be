"""The message that the load sends: text and HTML with a one-time code, as a service would send it."""

import random

_TEXT = """
account order number please confirm your address within the next hour thank you for choosing our service
delivery update privacy team read more about changes settings invoice payment received password reset request
if you did not ask for this message ignore it support question answer today tomorrow week offer free shipping
"""
_WORDS = _TEXT.split()
_SIGNATURE_ALPHABET = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+/"

_FRAME = """\
Received: from app-7.service.example (app-7.service.example [192.0.2.17])
\tby out-3.service.example (Postfix) with ESMTPS id 4QxYz12345z9sPK
\tfor <customer@example.net>; Fri, 20 Nov 2026 10:00:00 +0000 (UTC)
DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=service.example; s=2026;
\th=from:to:subject:date:message-id:mime-version:content-type;
\tbh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=;
\tb=@SIGNATURE@
From: "Example Service" <no-reply@service.example>
To: customer@example.net
Subject: 482913 is your confirmation code
Message-ID: <20261120100000.4QxYz12345@service.example>
Date: Fri, 20 Nov 2026 10:00:00 +0000
MIME-Version: 1.0
Content-Type: multipart/alternative; boundary="=_b1_4f2a"

--=_b1_4f2a
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: quoted-printable

Hello,
Your confirmation code is 482913.
@TEXT@

--=_b1_4f2a
Content-Type: text/html; charset=utf-8
Content-Transfer-Encoding: quoted-printable

<html><body><h1>Hello,</h1><p>Your confirmation code is <b>482913</b>.</p>
@HTML@
</body></html>

--=_b1_4f2a--
"""


def letter(size: int) -> str:
    """Return a message of `size` bytes (2,000 or more) with LF as line ends; always the same one for a size.

    Raises ValueError for a smaller size.
    """
    words = random.Random(size)  # noqa: S311 - nothing secret
    signature = "\n\t ".join("".join(words.choices(_SIGNATURE_ALPHABET, k=70)) for _ in range(5))
    frame = _FRAME.replace("@SIGNATURE@", signature)
    room = size - len(frame.replace("@TEXT@", "").replace("@HTML@", ""))
    if room < 100:
        raise ValueError(f"{size} bytes are too few for a message")
    text = _prose(words, room // 3, "")
    html = _prose(words, room - len(text), '<p style=3D"color:#333">')
    return frame.replace("@TEXT@", text).replace("@HTML@", html)


def _prose(words: random.Random, size: int, start: str) -> str:
    lines = ""
    while len(lines) < size:
        lines += (start + " ".join(words.choices(_WORDS, k=12)))[:74] + "\n"
    return lines[: size - 1] + "."
