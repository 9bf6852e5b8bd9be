"""Messages whose form is the trick: charsets, alternatives, inline files, files that are pages, mail in mail.

They are written with what is to be in base64 between brackets, which become base64 when the payloads are aimed.
"""

import base64
import re
from collections.abc import Callable, Iterator

from tests.browser.hostile import texts

HEAD = b"From: Eve <eve@example.org>\nTo: you@example.org\nSubject: %b\nMIME-Version: 1.0\n"
SCRIPT = "<script>{run}</script><img src={url}/a.png onerror={run}>"
SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" onload="{run}"><script>{run}</script>'
    '<image href="{url}/a.png"/></svg>'
)
XHTML = f'<html xmlns="http://www.w3.org/1999/xhtml"><body>{SCRIPT}</body></html>'
PDF = (
    "%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R/OpenAction<</S/JavaScript/JS(app.alert(1))>>>>endobj\n"
    "2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]"
    "/AA<</O<</S/URI/URI({url}/a.html)>>>>>>endobj\ntrailer<</Root 1 0 R>>"
)
_UTF7 = "+ADw-script+AD4-{run}+ADw-/script+AD4-+ADw-img src={url}/a.png+AD4-"
_ESCAPED = "\x1b$B<script>{run}</script>\x1b(B<img src={url}/a.png onerror={run}>"
_HALF = '<p title=\x1b$B">x\x1b(B<img src={url}/a.png onerror={run}>">'

_CODED = re.compile(rb"\x00\x01\[([^|]*)\|(.*?)\x00\x01\]", re.DOTALL)
_WORD = "word"  # in base64 without line ends
_HIGH = "high"  # ASCII with the eighth bit set

# Bytes or, with a codec to be used at the end, text, and the charset that the message says they are in.
CHARSETS: tuple[tuple[str, bytes, str], ...] = (
    ("utf-7", _UTF7.encode(), ""),
    ("unicode-1-1-utf-7", _UTF7.encode(), ""),
    ("utf-8", b"\xef\xbb\xbf" + SCRIPT.encode(), ""),
    ("utf-8", b"\xef\xbb\xbf" + SCRIPT.encode(), "utf-16-le"),
    ("utf-16", SCRIPT.encode(), "utf-16-le"),
    ("utf-16be", SCRIPT.encode(), "utf-16-be"),
    ("utf-16le", SCRIPT.encode(), "utf-16-be"),
    ("utf-32", SCRIPT.encode(), "utf-32"),
    ("iso-2022-jp", _ESCAPED.encode(), ""),
    ("iso-2022-jp", _HALF.encode(), ""),
    ("iso-2022-kr", b"\x1b$)C\x0e" + SCRIPT.encode() + b"\x0f" + SCRIPT.encode(), ""),
    ("hz-gb-2312", b"~{" + SCRIPT.encode() + b"~}" + SCRIPT.encode(), ""),
    ("shift_jis", b"<p title='\x81'>" + SCRIPT.encode(), ""),
    ("gbk", b'<p title="\x81">' + SCRIPT.encode(), ""),
    ("big5", b'<p title="\xa1">' + SCRIPT.encode(), ""),
    ("euc-jp", b"<p title='\x8f\xa1'>" + SCRIPT.encode(), ""),
    ("x-user-defined", SCRIPT.encode(), ""),
    ("cp037", SCRIPT.encode(), "cp037"),
    ("us-ascii", SCRIPT.encode(), _HIGH),
    ("no-such-charset", SCRIPT.encode(), ""),
    ("replacement", SCRIPT.encode(), ""),
    ('"><script>{run}</script>', SCRIPT.encode(), ""),
    ("utf-8", b"\xc0\xbcscript\xc0\xbe{run}\xc0\xbc/script\xc0\xbe\xf8\x80\x80\x80\xbcscript>", ""),
    ("utf-8", b"<meta charset=utf-7>" + _UTF7.encode(), ""),
    ("", b"<meta http-equiv=content-type content='text/html;charset=utf-7'>" + _UTF7.encode(), ""),
    ("utf-8", b"<style>@charset 'utf-7';+AHA-{background:url({url}/a.png)}</style><p>x", ""),
    ("utf-8", b"<scr\x00ipt>{run}</scr\x00ipt><\x00img src={url}/a.png>", ""),
)

# Files with the type that the message says they are, and a name.
FILES: tuple[tuple[str, str, str], ...] = (
    ("text/html", "page.html", SCRIPT),
    ("image/svg+xml", "drawing.svg", SVG),
    ("application/xhtml+xml", "page.xhtml", XHTML),
    ("text/xml", "page.xml", XHTML),
    ("application/pdf", "paper.pdf", PDF),
    ("message/rfc822", "mail.eml", f"Subject: inner\nContent-Type: text/html\n\n{SCRIPT}"),
    (
        "multipart/related",
        "page.mhtml",
        f"Content-Type: multipart/related;boundary=b\n\n--b\n\n{SCRIPT}",
    ),
    ("application/x-shockwave-flash", "film.swf", f"FWS{SCRIPT}"),
    ("text/javascript", "code.js", "{run}"),
    ("text/css", "sheet.css", "@import '{url}/a.css'"),
    ("image/png", "picture.png", SCRIPT),
    ("image/png", "gif.png", f"GIF89a/*{SCRIPT}*/=1;{{run}}"),
    ("image/gif", "page.gif", f"<!doctype html>{SCRIPT}"),
    ("image/jpeg", "drawing.jpg", SVG),
    ("text/plain", "text.txt", f"<!doctype html><html>{SCRIPT}"),
    ("text/csv", "table.csv", '=HYPERLINK("{url}/a")'),
    ("", "unknown", f"<html>{SCRIPT}"),
    ("application/octet-stream", "bytes.html", SCRIPT),
    ("text/html; charset=utf-7", "seven.html", _UTF7),
    ("text/calendar", "meeting.ics", "BEGIN:VCALENDAR\nURL:{url}/a\nATTACH:{url}/b\nEND:VCALENDAR"),
    ("text/vcard", "card.vcf", "BEGIN:VCARD\nPHOTO;VALUE=uri:{url}/a.png\nEND:VCARD"),
    (
        "application/xml+xslt",
        "sheet.xsl",
        f"<?xml-stylesheet type='text/xsl' href='{{url}}/a.xsl'?>{XHTML}",
    ),
    ("application/hta", "program.hta", SCRIPT),
    ("application/internet-shortcut", "link.url", "[InternetShortcut]\nURL={url}/a"),
    ("image/x-icon", "icon.ico", SVG),
    ("audio/mpeg", "sound.mp3", SCRIPT),
    ("application/json", "data.json", f'{{"a":"{SCRIPT}"}}'),
)


def every(aim: Callable[[bytes, str], bytes]) -> Iterator[tuple[str, bytes]]:
    """Each message with its name; `aim` fills in the script and addresses of the payload with this name."""
    for name, message in _unaimed():
        yield name, _CODED.sub(_code, aim(b"X-Payload: %b\n" % name.encode() + message, name))


def _code(found: re.Match[bytes]) -> bytes:
    codec, content = found[1].decode(), found[2]
    if codec == _HIGH:
        content = bytes(byte | 0x80 for byte in content)
    elif codec and codec != _WORD:
        content = content.decode().encode(codec, "replace")
    return base64.b64encode(content) if codec == _WORD else base64.encodebytes(content)


def _coded(content: bytes, codec: str = "") -> bytes:
    return b"\x00\x01[" + codec.encode() + b"|" + content + b"\x00\x01]"


def _unaimed() -> Iterator[tuple[str, bytes]]:
    for number, text in enumerate(texts.TEXTS):
        yield f"text-{number}", _everywhere(text)
    plain = b"Content-Type: text/plain; charset=utf-8\n\n" + texts.PLAIN.encode()
    yield "plain-0", HEAD % b"plain" + plain
    for number, (charset, body, codec) in enumerate(CHARSETS):
        label = f'; charset="{charset}"' if charset else ""
        yield f"charset-{number}", HEAD % b"charset" + part(f"text/html{label}", body, codec=codec)
    for number, message in enumerate(_tricks()):
        yield f"structure-{number}", message
    yield "files-0", mixed(b"files", part("text/plain", b"files"), *_files())


def _everywhere(text: str) -> bytes:
    """A message that says this in every place that a page shows."""
    word = b"=?utf-8?b?" + _coded(text.encode(), _WORD) + b"?="
    raw = text.replace("\r", "").replace("\n", " ").replace("\0", "").replace('"', '\\"').encode()
    names = (b"Reply-To", b"Subject", b"Date", b"Message-ID", b"X-Trick")
    head = b"From: %b <eve@example.org>\nTo: %b <you@example.org>\n" % (word, word)
    head += b"".join(b"%b: %b\n" % (name, word) for name in names)
    head += b"MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n"
    file = (
        b'Content-Type: application/x-trick; name="%b"\nContent-ID: <%b>\n'
        b'Content-Disposition: attachment; filename="%b"\n\nbytes\n'
    ) % (raw, raw, word)
    body = b"Content-Type: text/plain; charset=utf-8\n\n" + text.encode() + b"\n"
    return head + b"--b\n" + body + b"--b\n" + file + b"--b--\n"


def part(kind: str, body: bytes, more: str = "", codec: str = "") -> bytes:
    """A part in base64; `more` are further header lines, `codec` what the body is encoded with at the end."""
    head = f"Content-Type: {kind}\n" if kind else ""
    head += f"{more}Content-Transfer-Encoding: base64\n\n"
    return head.encode() + _coded(body, codec)


def mixed(subject: bytes, *parts: bytes, kind: bytes = b"mixed") -> bytes:
    """A message with these parts."""
    head = HEAD % subject + b"Content-Type: multipart/%b; boundary=b\n\n" % kind
    return head + b"".join(b"--b\n" + each + b"\n" for each in parts) + b"--b--\n"


def _files() -> Iterator[bytes]:
    for number, (kind, name, body) in enumerate(FILES):
        for disposition in ("attachment", "inline")[number % 2 :]:
            said = f'Content-Disposition: {disposition}; filename="{name}"\n'
            yield part(kind, body.encode(), said)


def _tricks() -> Iterator[bytes]:
    """Alternatives, related parts and nested mail that lead one reader to other parts than another."""
    plain, html = part("text/plain", b"seen"), part("text/html", SCRIPT.encode())
    drawing = part("image/svg+xml", SVG.encode(), "Content-ID: <x>\nContent-Disposition: inline\n")
    disguised = part("image/png", SVG.encode(), "Content-ID: <x>\nContent-Disposition: inline\n")
    page = part("text/html", SCRIPT.encode(), "Content-ID: <x>\nContent-Location: {url}/a.png\n")
    shown = part("text/html", b"<img src=cid:x><iframe src=cid:x></iframe><object data=cid:x></object>"
                 b"<p style=background:url(cid:x)>x</p><link rel=stylesheet href=cid:x><embed src=cid:x>")  # fmt: skip
    located = part("text/html", b"<img src=a.png><img src={url}/a.png>", "Content-Base: {url}/\n")
    yield mixed(b"alternative", plain, html, kind=b"alternative")
    yield mixed(b"alternative", html, plain, kind=b"alternative")
    yield mixed(b"alternative", html, drawing, kind=b"alternative")
    yield mixed(
        b"alternative",
        part("text/x-amp-html", b"<script src={url}/a.js></script>"),
        plain,
        kind=b"alternative",
    )
    yield mixed(b"alternative", part("application/xhtml+xml", XHTML.encode()), kind=b"alternative")
    yield mixed(b"alternative", part("text/enriched", SCRIPT.encode()), kind=b"alternative")
    yield mixed(
        b"alternative",
        part("text/richtext", SCRIPT.encode()),
        part("text/watch-html", SCRIPT.encode()),
    )
    yield mixed(b"related", shown, drawing, kind=b"related")
    yield mixed(b"related", shown, disguised, kind=b"related")
    yield mixed(b"related", shown, page, kind=b"related")
    yield mixed(b"related", located, page, kind=b"related; start=x; type=text/html")
    yield mixed(b"parallel", html, html, kind=b"parallel")
    yield mixed(b"body", part('message/external-body; access-type=URL; URL="{url}/a"', b""), plain)
    yield mixed(b"partial", part("message/partial; id=x; number=1; total=1", SCRIPT.encode()))
    yield mixed(
        b"mail in mail",
        part(
            "message/rfc822", HEAD % b"<script>" + b"Content-Type: text/html\n\n" + SCRIPT.encode()
        ),
    )
    yield mixed(
        b"report",
        part("message/delivery-status", SCRIPT.encode()),
        part("text/rfc822-headers", b"Subject: <script>"),
    )
    yield HEAD % b"svg body" + part("image/svg+xml", SVG.encode())
    yield HEAD % b"xml body" + part("text/xml", XHTML.encode())
    yield HEAD % b"xhtml body" + part("application/xhtml+xml", XHTML.encode())
    yield HEAD % b"sniffed" + part("text/plain", b"<!doctype html>" + SCRIPT.encode())
    yield HEAD % b"no type" + b"\n<!doctype html>" + SCRIPT.encode()
    yield HEAD % b"two types" + b"Content-Type: text/plain\n" + part("text/html", SCRIPT.encode())
    yield HEAD % b"quoted" + (
        b"Content-Type: text/html\nContent-Transfer-Encoding: quoted-printable\n\n"
        b"=3Cscript=3E{run}=3C/script=3E<im=\ng src=3D{url}/a.png onerror=3D{run}>"
    )
    yield (
        HEAD % b"uuencoded"
        + b"Content-Type: text/html\nContent-Transfer-Encoding: x-unknown\n\n"
        + SCRIPT.encode()
    )
    yield mixed(b"epilogue", plain) + b"\nContent-Type: text/html\n\n" + SCRIPT.encode()
    yield (
        (HEAD % b"</title><script>") * 3
        + b"List-Unsubscribe: <javascript:{run}>, <{url}/a>\n"
        + part("text/html", b"x")
    )
    yield (
        HEAD % b"links"
        + b"Link: <{url}/a.css>; rel=stylesheet\nRefresh: 0;url={url}/a.html\n"
        + part("text/html", b"x")
    )
