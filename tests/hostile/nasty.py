"""Messages that real and hostile senders write, each with what its reader must see of it ('' for nothing)."""

import base64

HEAD = b"From: Eve <eve@example.org>\nSubject: nasty\nMIME-Version: 1.0\n"
TURN = "‮".encode()
SCRIPT_UTF7 = b"+ADw-script+AD4-alert(1)+ADw-/script+AD4-seen"
LONG_NAME = b"n" * 1000


def plain(body: bytes, more: bytes = b"") -> bytes:
    """A text part; `more` goes behind the type, as parameters or as further header lines."""
    return HEAD + b"Content-Type: text/plain" + more + b"\n\n" + body


def markup(body: bytes, more: bytes = b"; charset=utf-8") -> bytes:
    return HEAD + b"Content-Type: text/html" + more + b"\n\n" + body


def mixed(*parts: bytes, boundary: bytes = b"b", kind: bytes = b"mixed") -> bytes:
    head = HEAD + b"Content-Type: multipart/%b; boundary=%b\n\n" % (kind, boundary)
    return head + b"".join(b"--%b\n%b\n" % (boundary, part) for part in parts) + b"--b--\n"


def named(parameters: bytes, header: bytes = b"Content-Disposition: attachment") -> bytes:
    """A message with text and one file whose name comes from these parameters."""
    part = b"Content-Type: application/octet-stream\n" + header + parameters + b"\n\n\x00\xffbytes"
    return mixed(b"\nseen", part)


def coded(text: bytes, encoding: bytes) -> bytes:
    return plain(text, b"\nContent-Transfer-Encoding: " + encoding)


def chain(depth: int, inner: bytes = b"Subject: inner\n\nseen") -> bytes:
    """Messages in messages, each in base64, which RFC 2046 section 5.2.1 forbids."""
    for _ in range(depth):
        kind = b"Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\n"
        inner = kind + base64.encodebytes(inner)
    return HEAD + inner


HEADERS = {
    "nothing": (b"", ""),
    "no headers": (b"seen", "seen"),
    "only headers": (HEAD, ""),
    "only line ends": (b"\n\n\n", ""),
    "only NUL": (b"\x00" * 1000, ""),
    "only colons": (b":\n" * 1000, ""),
    "byte order mark first": (b"\xef\xbb\xbf" + HEAD + b"\nseen", "seen"),
    "blank line first": (b"\n" + HEAD + b"\nseen", "seen"),
    "line ends of old Macs": (HEAD.replace(b"\n", b"\r") + b"\rseen", "seen"),
    "mbox line first": (b"From x@y Mon Jan  1\n" + HEAD + b"\nseen", "seen"),
    "a line without colon": (b"Subject nasty\nFrom: b\n\nseen", "seen"),
    "space before the colon": (b"Subject : nasty\nFrom: b\n\nseen", "seen"),
    "NUL in the subject": (HEAD.replace(b"nasty", b"na\x00sty") + b"\nseen", "seen"),
    "coded NUL": (HEAD.replace(b"nasty", b"=?utf-8?q?a=00b?=") + b"\nseen", "seen"),
    "coded line end": (
        HEAD.replace(b"nasty", b"=?utf-8?q?a=0D=0ASet-Cookie:_a=3Db?=") + b"\nx",
        "x",
    ),
    "lone surrogates": (
        HEAD.replace(b"nasty", b"\xed\xa0\x80=?utf-8?b?7aCA?=") + b"\n\xed\xa0\x80seen",
        "seen",
    ),
    "coded surrogates": (
        HEAD.replace(b"nasty", b"=?utf-16?b?2AA=?= =?utf-7?q?+2AA-?=") + b"\nseen",
        "seen",
    ),
    "turned subject": (HEAD.replace(b"nasty", b"exe." + TURN + b"fdp") + b"\nseen", "seen"),
    "turned sender": (b"From: " + TURN + b"moc <a@b.org>\nSubject: x\n\nseen", "seen"),
    "raw 8-bit subject": (HEAD.replace(b"nasty", b"caf\xe9") + b"\nseen", "seen"),
    "repeated everything": (HEAD * 50 + b"\nseen", "seen"),
    "empty everything": (b"From:\nSubject:\nTo:\nContent-Type:\nDate:\n\nseen", "seen"),
    "folded over and over": (HEAD + b"To:" + b"\n a@b.org," * 1000 + b"\n\nseen", "seen"),
    "comments in To": (HEAD + b"To: " + b"(((a@b," * 400 + b"\n\nseen", "seen"),
    "controls": (HEAD + b"\nseen\x01\x02\x07\x08\x0b\x0c\x1b\x7f", "seen"),
    "a word of 1 MB": (HEAD + b"\nseen" + b"x" * 1_000_000, "seen"),
    "encoded word in pieces": (
        HEAD.replace(b"nasty", b"=?utf-8?b?w6?= =?utf-8?b?k=?=") + b"\nx",
        "x",
    ),
    "Delivered-To forged": (b"Delivered-To: a@tempmail.test\n" + HEAD + b"\nseen", "seen"),
    "Return-Path forged": (b"Return-Path: <a@b.org>\n" + HEAD + b"\nseen", "seen"),
}
ENCODINGS = {
    "unknown encoding": (coded(b"seen", b"x-nonsense"), "seen"),
    "no base64 at all": (coded(b"!!! ??? ...", b"base64"), "!!! ??? ..."),
    "base64 of one letter": (coded(b"A", b"base64"), "A"),
    "base64 with an early end": (coded(b"c2Vlbg==c2Vlbg==", b"base64"), "seen"),
    "base64 with stray padding": (coded(b"=\nc2Vl\n=\nbg==", b"base64"), "seen"),
    "base64 without padding": (coded(b"c2VlbiE", b"base64"), "seen!"),
    "base64 with junk": (coded(b"c2*V l\x00b g=\n=", b"base64"), "seen"),
    "bad quoted-printable": (coded(b"se=65n =ZZ =\n=", b"quoted-printable"), "seen =ZZ"),
    "quoted-printable in capitals": (coded(b"s=65en", b"QUOTED-PRINTABLE (really)"), "seen"),
    "8-bit in 7bit": (coded(b"seen \xc3\xa9", b"7bit"), "seen é"),
    "uuencode without begin": (coded(b"seen", b"x-uuencode"), "seen"),
    "uuencode of nothing": (coded(b"begin 644 x\n~~~~\nend\n", b"x-uuencode"), "begin"),
    "base64 multipart": (
        mixed(b"\nseen").replace(
            b"boundary=b\n", b"boundary=b\nContent-Transfer-Encoding: base64\n"
        ),
        "seen",
    ),
}
STRUCTURES = {
    "no boundary": (HEAD + b"Content-Type: multipart/mixed\n\nseen", "seen"),
    "empty boundary": (
        HEAD + b'Content-Type: multipart/mixed; boundary=""\n\n--\n\nseen\n----\n',
        "seen",
    ),
    "boundary never used": (HEAD + b"Content-Type: multipart/mixed; boundary=b\n\nseen", "seen"),
    "boundary of 15 KB": (mixed(b"\nseen", boundary=b"b" * 15_000), "seen"),
    "boundary like a pattern": (
        mixed(b"\nseen", boundary=b'"(a+)+$"').replace(b'--"(a+)+$"', b"--(a+)+$"),
        "seen",
    ),
    "boundary with bytes": (mixed(b"\nseen", boundary=b"\xff\xfe"), "seen"),
    "boundary in pieces": (
        mixed(b"\nseen")
        .replace(b"boundary=b", b"boundary*1=b; boundary*0=a")
        .replace(b"\n--b", b"\n--ab"),
        "seen",
    ),
    "closed at once": (HEAD + b"Content-Type: multipart/mixed; boundary=b\n\n--b--\nseen", "seen"),
    "parts of the same boundary": (
        mixed(b"Content-Type: multipart/mixed; boundary=b\n\n--b\n\nseen"),
        "seen",
    ),
    "cut in the headers of a part": (mixed(b"\nseen", b"Content-Type: image/")[:-7], "seen"),
    "alternative without text": (
        mixed(b"Content-Type: image/gif\n\nGIF89a", kind=b"alternative"),
        "",
    ),
    "digest": (mixed(b"\nSubject: x\n\nseen", kind=b"digest"), "seen"),
    "partial": (
        HEAD + b"Content-Type: message/partial; id=x; number=1; total=2\n\nSubject: y\n\nseen",
        "seen",
    ),
    "external body": (
        HEAD
        + b"Content-Type: message/external-body; access-type=URL\n\nContent-Type: text/plain\n\nseen",
        "seen",
    ),
    "delivery status": (
        HEAD + b"Content-Type: message/delivery-status\n\nA: b\n\nAction: seen\n",
        "",
    ),
    "message in base64": (chain(1), ""),
    "messages in base64": (chain(5), ""),
    "70 messages": (
        HEAD + b"Content-Type: message/rfc822\n\n" * 70 + b"Subject: x\n\nseen",
        "seen",
    ),
    "70 multiparts": (
        HEAD
        + b"".join(
            b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (i, i) for i in range(70)
        )
        + b"\nseen",
        "seen",
    ),
    "type repeated": (HEAD + b"Content-Type: text/plain\nContent-Type: image/png\n\nseen", "seen"),
    "no type": (HEAD + b"Content-Type: ;;;=;\n\nseen", "seen"),
    "slashes": (HEAD + b"Content-Type: ///\n\nseen", "seen"),
    "text without a name of a type": (HEAD + b"Content-Type: text\n\nseen", "seen"),
    "type of 15 KB": (HEAD + b"Content-Type: text/plain; a=" + b"x" * 15_000 + b"\n\nseen", "seen"),
}
MARKUP = {
    "UTF-7 script": (markup(SCRIPT_UTF7, b"; charset=utf-7"), "seen"),
    "UTF-7 not declared": (markup(SCRIPT_UTF7 + b"<p>seen"), "seen"),
    "plaintext": (markup(b"<plaintext>seen"), "seen"),
    "never ending comment": (markup(b"<!-- seen"), "seen"),
    "never ending tag": (markup(b'seen<a href="'), "seen"),
    "in a vector image": (markup(b"<svg><text>seen</text></svg>"), "seen"),
    "in a title": (markup(b"<title>seen</title>"), "seen"),
    "in a text area": (markup(b"<textarea>seen</textarea>"), "seen"),
    "in noscript": (markup(b"<noscript>seen</noscript>"), "seen"),
    "a script and no more": (markup(b"<script>document.write('seen')</script>"), "seen"),
    "an image that is not there": (markup(b'<img src="cid:seen">'), "seen"),
    "a remote image": (markup(b'<img src="https://x.example/a.gif" alt="seen">'), ""),
    "long number in a style": (markup(b"<style>a{b:" + b"1" * 5000 + b"}</style>seen"), "seen"),
    "long number in an attribute": (markup(b'<p style="a:b(' + b"1" * 5000 + b')">seen'), "seen"),
    "long reference": (markup(b"seen&#" + b"9" * 5000 + b";"), "seen"),
    "surrogate references": (markup(b"seen&#xD800;&#55296;&#0;&#x110000;"), "seen"),
    "NUL in tags": (markup(b"<p\x00>se\x00en</p>"), "se"),
    "many table cells": (markup(b"seen" + b"</td>" * 40_000), "seen"),
    "many hidden elements": (markup(b"seen" + b"<svg>" * 30_000 + b"</math>" * 30_000), "seen"),
    "deep": (markup(b"seen" + b"<div>" * 20_000), "seen"),
    "open formatting": (markup(b"seen" + b"<b><i>" * 1000 + b"<p>x" * 20_000), "seen"),
    "UTF-16 that is not": (markup(b'<meta charset="utf-16">seen', b""), "seen"),
}
FILES = {
    "path": (named(b'; filename="../../etc/passwd"'), "seen"),
    "path of Windows": (named(b'; filename="C:\\\\Windows\\\\x.exe"'), "seen"),
    "path in RFC 2231": (
        named(b"; filename*=utf-8''..%2F..%2Fetc%2Fx%09Set-Cookie:%20a=b"),
        "seen",
    ),
    "1,000 characters": (named(b'; filename="' + LONG_NAME + b'.pdf"'), "seen"),
    "1,000 characters in pieces": (
        named(b"".join(b"; filename*%d=%b" % (i, b"n" * 10) for i in range(100))),
        "seen",
    ),
    "pieces out of order": (
        named(b"; filename*2=c; filename*0=a; filename*1=b; filename*9=z"),
        "seen",
    ),
    "piece with a huge number": (named(b"; filename*" + b"9" * 5000 + b"=x; filename*0=y"), "seen"),
    "turned name": (named(b'; filename="' + TURN + b'fdp.exe"'), "seen"),
    "turned coded name": (named(b'; filename="=?utf-8?b?4oCuZmRwLmV4ZQ==?="'), "seen"),
    "NUL in the name": (named(b"; filename*=utf-8''a%00b%0D%0AX-Evil:%20yes"), "seen"),
    "surrogate in the name": (named(b"; filename*=utf-16be''%D8%00"), "seen"),
    "unknown charset in the name": (named(b"; filename*=x-nonsense''caf%E9"), "seen"),
    "only dots": (named(b'; filename="..."'), "seen"),
    "empty name": (named(b'; filename=""'), "seen"),
    "quotes in the name": (named(b'; filename="a\\"; b=\\"c"'), "seen"),
    "name of a device": (named(b'; filename="CON"'), "seen"),
    "two hundred parameters": (named(b"".join(b"; p%d=x" % i for i in range(200))), "seen"),
    "no disposition": (named(b"", b"X-Nothing: x"), "seen"),
    "base64 with early padding": (
        mixed(
            b"\nseen",
            b"Content-Type: image/png\nContent-Transfer-Encoding: base64\n\n=\niVBORw0K\n=GgoA\n",
        ),
        "seen",
    ),
    "binary": (mixed(b"\nseen", b"Content-Type: image/png\n\n" + bytes(range(256)) * 40), "seen"),
    "only a file": (HEAD + b"Content-Type: application/pdf\n\n%PDF\x00\xff", ""),
}
ALL: dict[str, tuple[bytes, str]] = {
    f"{family}: {name}": message
    for family, messages in (
        ("headers", HEADERS),
        ("encodings", ENCODINGS),
        ("structures", STRUCTURES),
        ("markup", MARKUP),
        ("files", FILES),
    )
    for name, message in messages.items()
}
