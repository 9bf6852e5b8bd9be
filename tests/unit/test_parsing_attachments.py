"""Attachments are all there, with their bytes and with names that can do no harm."""

import base64

import pytest

from mailboxes.rules import parsing, strings

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256))


def attachments(*parts: bytes, eol: bytes = b"\n") -> tuple[parsing.Attachment, ...]:
    raw = b"Content-Type: multipart/mixed; boundary=b\n\n--b\n\ntext\n"
    raw += b"".join(b"--b\n" + part + b"\n" for part in parts) + b"--b--\n"
    return parsing.parse(raw.replace(b"\n", eol)).attachments


def named(header: bytes) -> str:
    return attachments(b"Content-Type: image/png\nContent-Disposition: " + header + b"\n\nx")[
        0
    ].filename


def test_an_attachment_has_its_bytes_type_and_place() -> None:
    encoded = base64.encodebytes(PNG)
    one, two = attachments(
        b'Content-Type: IMAGE/PNG; name="a.png"\nContent-ID: <id@x>\n'
        b"Content-Transfer-Encoding: base64\n\n" + encoded,
        b"Content-Type: application/pdf\nContent-Disposition: attachment; filename=b.pdf\n\n%PDF",
    )
    assert one == parsing.Attachment(1, "a.png", "image/png", PNG, "id@x", inline=True)
    assert (two.index, two.filename, two.content, two.inline) == (2, "b.pdf", b"%PDF", False)
    assert one.size == len(PNG)


def test_eight_bit_content_keeps_every_byte() -> None:
    content = bytes(byte for byte in range(256) if byte not in b"\r\n")
    header = b"Content-Type: application/octet-stream\nContent-Transfer-Encoding: binary\n\n"
    assert attachments(header + content)[0].content == content


def test_base64_with_junk_and_without_padding_is_read() -> None:
    header = b"Content-Type: image/png\nContent-Transfer-Encoding: base64\n\n"
    junk = base64.b64encode(PNG).rstrip(b"=").replace(b"A", b"A!\n-")
    assert attachments(header + junk)[0].content == PNG


@pytest.mark.parametrize("encoding", [b"x-uuencode", b"uuencode", b"x-uue"])
def test_uuencoded_content_is_decoded_and_named(encoding: bytes) -> None:
    part = b"Content-Type: application/x\nContent-Transfer-Encoding: " + encoding
    found = attachments(part + b"\n\nbegin 644 hello.bin\n%2&5L;&\\ \n`\nend\n")[0]
    assert (found.filename, found.content) == ("hello.bin", b"Hello")


@pytest.mark.parametrize(
    ("kind", "filename"),
    [
        (b"image/jpeg", "attachment-1.jpg"),
        (b"text/calendar", "attachment-1.ics"),
        (b"application/pgp-signature", "attachment-1.asc"),
        (b"text/rfc822-headers", "attachment-1.txt"),
        (b"application/x-unheard-of", "attachment-1.bin"),
    ],
)
def test_a_nameless_part_gets_a_name(kind: bytes, filename: str) -> None:
    found = attachments(b"Content-Type: " + kind + b"\n\nx")
    assert (found[0].filename, found[0].content) == (filename, b"x")


@pytest.mark.parametrize("eol", [b"\n", b"\r\n"])
def test_an_attached_message_comes_out_as_it_was_sent(eol: bytes) -> None:
    message = (
        b"From:a@b.org\nSubject:  two  spaces\n\tfolded\nX: \xff\n"
        b"Content-Type: multipart/mixed; boundary=c\n\npreamble\n--c  \n\nx\n\n--c--  \nepilogue\n"
    )
    found = attachments(b"Content-Type: message/rfc822\n\n" + message, eol=eol)
    assert found[0].content == message.replace(b"\n", eol)
    assert found[0].filename == "attachment-1.eml"
    assert len(found) == 1


def test_an_attached_message_in_base64_is_decoded() -> None:
    part = b"Content-Type: message/rfc822; name=m.eml\nContent-Transfer-Encoding: base64\n\n"
    message = b"Subject: inner\n\nx\n"
    found = attachments(part + base64.encodebytes(message))
    assert (found[0].filename, found[0].content) == ("m.eml", message)


def test_a_delivery_status_is_an_attachment_with_all_its_blocks() -> None:
    status = b"Reporting-MTA: dns; a\n\nAction: failed\n\nAction: delayed\n"
    found = attachments(b"Content-Type: message/delivery-status\n\n" + status)
    assert (found[0].filename, found[0].content) == ("attachment-1.txt", status)


def test_inline_text_with_a_name_is_body_and_attachment() -> None:
    raw = b"Content-Type: text/plain\nContent-Disposition: inline; filename=a.txt\n\nseen"
    parsed = parsing.parse(raw)
    assert parsed.text == "seen"
    assert parsed.attachments[0].content == b"seen"


@pytest.mark.parametrize(
    ("header", "filename"),
    [
        (b'attachment; filename="a b.pdf"', "a b.pdf"),
        (b"attachment; filename=a.pdf; size=3", "a.pdf"),
        (b"attachment; filename*=utf-8''caf%C3%A9.pdf", "café.pdf"),
        (b'attachment; filename*0="very"; filename*1="long.pdf"', "verylong.pdf"),
        (b"attachment; filename*0*=iso-8859-1''caf%E9; filename*1=.pdf", "café.pdf"),
        (b"attachment; filename*=nonsense''a%FF.pdf", "aÿ.pdf"),
        (b'attachment; filename="=?utf-8?B?Y2Fmw6kucGRm?="', "café.pdf"),
        (b'attachment; filename="=?utf-8?B?Y2Fm?=\n =?utf-8?B?w6kucGRm?="', "café.pdf"),
        (b'attachment; filename="caf\xc3\xa9.pdf"', "café.pdf"),
        (b'attachment; filename="caf\xe9.pdf"', "café.pdf"),
        (b'attachment; filename="../../etc/passwd"', "passwd"),
        (b'attachment; filename="C:\\\\temp\\\\x.exe"', "x.exe"),
        (b'attachment; filename="../../etc/x\tSet-Cookie: a=b"', "x Set-Cookie_ a=b"),
        ('attachment; filename="invoice\u202efdp.exe"'.encode(), "invoicefdp.exe"),
        (b'attachment; filename="a\x00b.pdf"', "ab.pdf"),
        (b"attachment; filename*=utf-8''a%0D%0Ab%00.pdf", "a b.pdf"),
        (b'attachment; filename=".."', "attachment-1.png"),
        (b'attachment; filename="."', "attachment-1.png"),
        (b'attachment; filename=""', "attachment-1.png"),
        (b'attachment; filename="/"', "attachment-1.png"),
        (b"attachment; filename*0*", "attachment-1.png"),
        (b'attachment; filename=".htaccess"', "htaccess"),
    ],
)
def test_a_file_name_is_decoded_and_made_harmless(header: bytes, filename: str) -> None:
    assert named(header) == filename


@pytest.mark.parametrize("name", ["a" * 1000, "語" * 1000, "a." * 500, "x" * 10 + "." + "y" * 990])
def test_a_file_name_has_at_most_255_bytes(name: str) -> None:
    short = named(f'attachment; filename="{name}.pdf"'.encode())
    assert 0 < len(short.encode("utf-8")) <= strings.FILENAME_BYTES
    assert named(f'attachment; filename="{"語" * 300}.pdf"'.encode()).endswith("語.pdf")
