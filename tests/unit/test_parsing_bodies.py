"""A message that has a body shows text: any structure, transfer encoding and charset."""

import base64

import pytest

from mailboxes.rules import parsing


def text_of(body: bytes, charset: str, encoding: str = "7bit") -> str:
    head = f"Content-Type: text/plain; charset={charset}\nContent-Transfer-Encoding: {encoding}\n\n"
    return parsing.parse(head.encode() + body).text


def multipart(subtype: str, *parts: bytes, boundary: str = "=_b") -> bytes:
    head = f'Content-Type: multipart/{subtype}; boundary="{boundary}"\n\n'.encode()
    delimiter = f"--{boundary}".encode()
    return head + b"".join(delimiter + b"\n" + part + b"\n" for part in parts) + delimiter + b"--\n"


PLAIN = b"Content-Type: text/plain\n\nplain"
HTML = b"Content-Type: text/html\n\n<p>rich</p>"


@pytest.mark.parametrize(
    ("charset", "codec", "text"),
    [
        ("utf-8", "utf-8", "Grüße €"),
        ("iso-8859-1", "cp1252", "“Grüße” €"),
        ("us-ascii", "utf-8", "Grüße"),
        ("us-ascii", "cp1252", "Grüße"),
        ("gb2312", "gbk", "朱镕基"),
        ("x-sjis", "cp932", "①日本"),
        ("ks_c_5601-1987", "cp949", "똠방각하"),
        ("big5", "big5", "繁體"),
        ("koi8-r", "koi8-r", "Привет"),
        ("iso-2022-jp", "iso2022_jp", "日本語テスト"),
        ("ISO-2022-KR", "iso2022_kr", "안녕하세요"),
        ("hz-gb-2312", "hz", "你好"),
        ("utf-7", "utf-7", "Grüße €"),
        ("unicode-1-1-utf-7", "utf-7", "é"),
        ("cp850", "cp850", "äöü"),
        ("ibm850", "cp850", "ß"),
        ("utf-16", "utf-16", "wide"),
        ('"windows-1251"', "cp1251", "Да"),
    ],
)
def test_a_charset_is_read_as_browsers_read_it(charset: str, codec: str, text: str) -> None:
    assert text_of(text.encode(codec), charset) == text
    assert text_of(base64.b64encode(text.encode(codec)), charset, "base64") == text


def test_iso_2022_jp_knows_the_circled_digits_of_windows() -> None:
    assert text_of(b'\x1b$B-!-"\x1b(B ok', "iso-2022-jp") == "①② ok"


@pytest.mark.parametrize(
    "charset",
    ["nonsense", "undefined", "base64", "idna", "punycode", "unicode_escape", "x-user-defined", ""],
)
def test_an_unknown_charset_never_raises(charset: str) -> None:
    assert text_of("né".encode(), charset) == "né"
    assert text_of(b"n\xe9", charset) == "né"


def test_html_without_a_charset_is_asked_for_its_meta() -> None:
    body = '<meta http-equiv="x" content="text/html; charset=koi8-r"><p>Привет'.encode("koi8-r")
    assert parsing.parse(b"Content-Type: text/html\n\n" + body).text == "Привет"


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("base64", b"SGVsbG8"),
        ("base64", b"SGV*s\n bG8=\nmailing list footer"),
        ("BASE64 ; x", b"SGVsbG8="),
        ("quoted-printable", b"Hel=6C=\no"),
        (" Quoted-Printable ", b"H=65llo"),
        ("x-uuencode", b"begin 644 a\n%2&5L;&\\ \n`\nend\n"),
        ("7-bit", b"Hello"),
        ("nonsense", b"Hello"),
    ],
)
def test_a_transfer_encoding_is_undone_leniently(encoding: str, body: bytes) -> None:
    assert text_of(body, "utf-8", encoding) == "Hello"


def test_controls_and_surrogates_do_not_get_through() -> None:
    assert text_of(b"a\x00b\x1b[1mc\r\nd\te\r", "utf-8") == "ab[1mc\nd\te\n"
    text = text_of(b"+2AA-x", "utf-7")
    assert text.encode("utf-8").endswith(b"x")


def test_alternatives_give_text_and_html() -> None:
    parsed = parsing.parse(multipart("alternative", PLAIN, HTML))
    assert (parsed.text, parsed.html) == ("plain", "<p>rich</p>")
    assert parsed.attachments == ()


def test_text_is_made_from_html_where_there_is_none() -> None:
    assert parsing.parse(HTML).text == "rich"
    blank = b"Content-Type: text/plain\n\n \n"
    assert parsing.parse(multipart("alternative", blank, HTML)).text == "rich"


def test_an_amp_rendering_is_neither_body_nor_attachment() -> None:
    amp = b"Content-Type: text/x-amp-html\n\n<html amp4email>"
    parsed = parsing.parse(multipart("alternative", PLAIN, amp, HTML))
    assert (parsed.text, parsed.html, parsed.attachments) == ("plain", "<p>rich</p>", ())


def test_a_footer_below_alternatives_is_in_both() -> None:
    inner = multipart("alternative", PLAIN, HTML, boundary="inner")
    footer = b"Content-Type: text/plain\n\n<footer>"
    parsed = parsing.parse(multipart("mixed", inner, footer))
    assert parsed.text == "plain\n\n<footer>"
    assert parsed.html.startswith("<p>rich</p>")
    assert "&lt;footer&gt;" in parsed.html


@pytest.mark.parametrize(
    "raw",
    [
        b"Content-Type: multipart/mixed\n\nseen",
        b"Content-Type: multipart/mixed; boundary=b\n\nseen",
        b"Content-Type: multipart/mixed; boundary=b\n\nseen\n--b--\n",
        b"Content-Type: multipart/mixed; boundary=b\n\n--b\n\nseen",
        b"Content-Type: text\n\nseen",
        b"Content-Type: \xff\xfe; charset=\xff\n\nseen",
        b"Content-Type: text/enriched\n\nseen",
        b"Content-Type: text/plain\nContent-Disposition: attachment; filename=a.txt\n\nseen",
        b"Content-Type: message/rfc822\n\nSubject: x\n\nseen",
        b"Content-Type: multipart/mixed; boundary=b\n\n--b\n\n--b--\n--b\n\nseen\n--b--\n",
        b"Content-Type: multipart/mixed; boundary=b\n\nseen\n--b\nContent-Type: image/gif\n\nx\n--b--",
        b"Subject: x\nnot a header\n\nseen",
    ],
)
def test_a_broken_structure_still_shows_its_text(raw: bytes) -> None:
    parsed = parsing.parse(raw)
    assert "seen" in parsed.text
    assert not parsed.unreadable


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("<p>One</p><p>Two<br>Three</p>", "One\n\nTwo\nThree"),
        ("<ul><li>a<li>b</ul>", "- a\n- b"),
        ("<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "a b\nc"),
        ('<a href="https://x.org/y?a=1&amp;b=2">Confirm</a>', "Confirm <https://x.org/y?a=1&b=2>"),
        ('<a href="https://x.org/">https://x.org/</a>', "https://x.org/"),
        ('<a href="javascript:x">no</a>', "no"),
        ("<style>p{}</style><script>if(a<b)x</script>seen", "seen"),
        ("<head><title>no</title></head><body>seen", "seen"),
        ("<!-- no --> seen <!-- never closed", "seen"),
        ("a &lt; b &amp; c&nbsp;d &#233;", "a < b & c d é"),
        ("5 < 6 and 7 > 6", "5 < 6 and 7 > 6"),
        ("<pre>a\n  b</pre>", "a\n  b"),
        ('<img src=x alt="Logo"> x', "Logo x"),
        ('<td width="100"">seen</td><b x="y">also</b>', "seen also"),
        ("code\u200b \u00ad&zwnj;1234", "code \u200c1234"),
        ("<p title='>'>seen", "seen"),
        ("<div>a</div><div>b</div><div><br></div><div>c</div>", "a\nb\n\nc"),
        ("seen <a href='never closed>too", "seen too"),
        ("seen <a href=never-closed", "seen"),
        ("&#" + "1" * 5000 + ";seen", "\N{REPLACEMENT CHARACTER}seen"),
    ],
)
def test_html_becomes_readable_text(markup: str, text: str) -> None:
    parsed = parsing.parse(b"Content-Type: text/html; charset=utf-8\n\n" + markup.encode())
    assert parsed.text == text
