"""Charsets are shown as a browser reads them: webencodings is the Encoding Standard that browsers implement."""

import pytest
import webencodings

from delivery import protocol
from mailboxes.services.creation import Created
from tests.hostile import nasty, pages
from tests.hostile.worker import Worker

EURO, CYRILLIC, GREEK = "Preis: 5 € „gut“", "Код: 482913", "Κωδικός"
BY_LABEL = {
    "utf-8": "Grüße 😀",
    "utf8": "Grüße",
    "unicode-1-1-utf-8": "Grüße",
    "windows-1252": EURO,
    "iso-8859-1": EURO,  # browsers read it, and us-ascii, as windows-1252
    "latin1": EURO,
    "cp1252": EURO,
    "iso-8859-2": "Žluťoučký kůň",
    "windows-1250": "Žluťoučký kůň",
    "iso-8859-5": CYRILLIC,
    "koi8-r": CYRILLIC,
    "windows-1251": CYRILLIC,
    "iso-8859-7": GREEK,
    "windows-1254": "İstanbul",
    "iso-8859-9": "İstanbul",
    "windows-1255": "קוד",
    "windows-1256": "رمز",
    "windows-874": "รหัส",
    "shift_jis": "確認コード",
    "x-sjis": "確認コード",
    "windows-31j": "①確認",
    "euc-jp": "確認コード",
    "gb2312": "验证码 驗證",  # browsers read it as gbk
    "gbk": "验证码",
    "gb18030": "验证码 😀",
    "big5": "驗證碼",
    "euc-kr": "인증번호",
    "ks_c_5601-1987": "인증번호",
    "utf-16le": "Grüße",
    "utf-16be": "Grüße",
}
NOT_OF_BROWSERS = {
    "utf-7": (b"Gr+APwA3w-e", "Grüße"),
    "unicode-1-1-utf-7": (b"Gr+APwA3w-e", "Grüße"),
    "cp850": ("Grüße".encode("cp850"), "Grüße"),
    "iso-2022-kr": ("인증번호".encode("iso2022_kr"), "인증번호"),
    "hz-gb-2312": (b"~{QiV$Bk~}", "验证码"),
    "iso-2022-jp": ("確認コード".encode("iso2022_jp"), "確認コード"),
    "x-nonsense": ("Grüße".encode(), "Grüße"),
    "zlib": ("Grüße".encode(), "Grüße"),
    "unicode_escape": (rb"\u0041 Gr", r"\u0041 Gr"),
    "punycode": (b"Gre-", "Gre-"),
    "\x00": (b"Gr", "Gr"),
    "utf-32le": ("Grüße".encode("utf-32-le"), "Grüße"),
    "us-ascii": ("Grüße".encode("cp1252"), "Grüße"),
}
MARKED = {
    "UTF-8 mark in us-ascii": ("us-ascii", b"\xef\xbb\xbf" + "Grüße".encode(), "Grüße"),
    "UTF-16 mark in utf-8": ("utf-8", b"\xff\xfe" + "Grüße".encode("utf-16-le"), "Grüße"),
    "big-endian mark in utf-16": ("utf-16", b"\xfe\xff" + "Grüße".encode("utf-16-be"), "Grüße"),
    "utf-16 without a mark": ("utf-16", "Grüße".encode("utf-16-le"), "Grüße"),
    "cut in a character": ("utf-8", "Grü".encode()[:-1], "Gr\N{REPLACEMENT CHARACTER}"),
    "lone surrogate": ("utf-8", b"a\xed\xa0\x80b", "a" + "\N{REPLACEMENT CHARACTER}" * 3 + "b"),
    "overlong": ("utf-8", b"a\xc0\xafb", "a" + "\N{REPLACEMENT CHARACTER}" * 2 + "b"),
}


def shown(worker: Worker, owner: Created, label: str, body: bytes, kind: bytes) -> str:
    raw = nasty.HEAD + b'Content-Type: text/%b; charset="%b"\n\n' % (kind, label.encode()) + body
    assert worker.hand_over(owner.address, raw) == protocol.STORED
    message_id = owner.mailbox.messages.latest("sequence").id
    opened = pages.open_message(owner, message_id, asked=["", "?view=text"])
    assert opened.data["text"] == opened.text
    return opened.framed_text if kind == b"html" else opened.text


@pytest.mark.parametrize("kind", [b"plain", b"html"])
@pytest.mark.parametrize("label", BY_LABEL)
def test_a_charset_is_read_as_browsers_read_it(
    worker: Worker, mailbox: Created, label: str, kind: bytes
) -> None:
    body = webencodings.encode(BY_LABEL[label], label)
    assert webencodings.decode(body, label)[0] == BY_LABEL[label]
    assert shown(worker, mailbox, label, body, kind) == BY_LABEL[label]


@pytest.mark.parametrize("label", NOT_OF_BROWSERS)
def test_what_browsers_do_not_know_is_read_or_guessed(
    worker: Worker, mailbox: Created, label: str
) -> None:
    body, text = NOT_OF_BROWSERS[label]
    assert shown(worker, mailbox, label, body, b"plain") == text


@pytest.mark.parametrize("name", MARKED)
def test_marks_and_broken_characters_are_read_as_in_browsers(
    worker: Worker, mailbox: Created, name: str
) -> None:
    label, body, text = MARKED[name]
    assert shown(worker, mailbox, label, body, b"plain") == text
