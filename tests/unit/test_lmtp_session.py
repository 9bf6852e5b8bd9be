"""The LMTP conversation as text: what is taken, what is refused, and for how long (RFC 2033)."""

import re

import pytest

from delivery import lmtp
from delivery.lmtp import Limits, Session

LIMITS = Limits("mx.tempmail.test", body=10_000)
BEGIN = b"LHLO client\r\nMAIL FROM:<s@x.test>\r\nRCPT TO:<a@x.test>\r\n"


def session(limits: Limits = LIMITS) -> Session:
    """One that has been greeted."""
    made = Session(limits)
    assert take(made) == [b"220 mx.tempmail.test LMTP"]
    return made


def take(made: Session) -> list[bytes]:
    """The replies since the last time, without continuation lines."""
    output, made.output = bytes(made.output), bytearray()
    assert output == b"" or output.endswith(b"\r\n")
    return [line for line in output.split(b"\r\n")[:-1] if line[3:4] != b"-"]


def say(made: Session, data: bytes) -> list[bytes]:
    made.buffer += data
    made.advance()
    return take(made)


def codes(replies: list[bytes]) -> list[int]:
    return [int(reply[:3]) for reply in replies]


def sent(content: bytes, limits: Limits = LIMITS) -> bytes:
    """The body that arrives for bytes sent after DATA, with their end."""
    made = session(limits)
    say(made, BEGIN + b"DATA\r\n" + content)
    assert made.message
    return made.message.body


def test_what_postfix_needs_is_announced() -> None:
    made = Session(LIMITS)
    made.buffer += b"LHLO client.example\r\n"
    made.advance()
    lines = bytes(made.output).split(b"\r\n")
    assert [line[4:] for line in lines[1:-1]] == [
        b"mx.tempmail.test",
        b"PIPELINING",
        b"8BITMIME",
        b"SMTPUTF8",
        b"ENHANCEDSTATUSCODES",
        b"SIZE 10000",
    ]
    assert [line[3:4] for line in lines[1:-1]] == [b"-"] * 5 + [b" "]


def test_a_whole_conversation_in_one_packet() -> None:
    made = session()
    replies = say(
        made, BEGIN + b"RCPT TO:<b@x.test>\r\nDATA\r\nSubject: x\r\n\r\nhi\r\n.\r\nQUIT\r\n"
    )
    assert codes(replies) == [250, 250, 250, 250, 354]
    assert made.message
    assert made.message.sender == "s@x.test"
    assert made.message.recipients == ("a@x.test", "b@x.test")
    assert made.message.body == b"Subject: x\n\nhi\n"
    made.answer(lmtp.STORED)
    made.advance()
    assert codes(take(made)) == [250, 250, 221]
    assert made.closing


def test_a_whole_conversation_byte_by_byte() -> None:
    made, replies = session(), list[bytes]()
    for byte in BEGIN + b"DATA\r\n..x\r\n.\r\nRSET\r\n":
        replies += say(made, bytes([byte]))
    assert codes(replies) == [250, 250, 250, 354]
    assert made.message
    assert made.message.body == b".x\n"
    made.answer(lmtp.LATER)
    made.advance()
    assert codes(take(made)) == [451, 250]


def test_many_messages_follow_each_other() -> None:
    made = session()
    say(made, b"LHLO c\r\n")
    for number in range(50):
        transaction = b"MAIL FROM:<>\r\nRCPT TO:<a@x>\r\nDATA\r\n%d\r\n.\r\n" % number
        assert codes(say(made, transaction)) == [250, 250, 354]
        assert made.message
        assert (made.message.sender, made.message.body) == ("", b"%d\n" % number)
        made.answer(lmtp.STORED)
        assert codes(take(made)) == [250]


@pytest.mark.parametrize(
    ("wire", "body"),
    [
        (b".\r\n", b""),
        (b"\r\n.\r\n", b"\n"),
        (b"..\r\n.\r\n", b".\n"),
        (b"...\r\n.\r\n", b"..\n"),
        (b"a\r\n..\r\n..b\r\n.\r\n", b"a\n.\n.b\n"),
        (b"a.\r\n b.\r\n.\r\n", b"a.\n b.\n"),
        (b"a\n.\nb\r\n.\r\n", b"a\n.\nb\n"),
        (b"a\n.\r\nb\r\n.\r\n", b"a\n.\nb\n"),
        (b"a\r.\rb\r\n.\r\n", b"a\r.\rb\n"),
        (b"a\r\r\n.\r\n", b"a\r\n"),
        (b"a\r\n.\rb\r\n.\r\n", b"a\n\rb\n"),
        (b"a\r\n.\nb\r\n.\r\n", b"a\n\nb\n"),
        (b"a\r\r\n..b\r\n.\r\n", b"a\r\n.b\n"),
        (b"a\0b\xff\r\n.\r\n", b"a\0b\xff\n"),
    ],
)
def test_only_the_one_end_ends_a_message_and_all_else_is_kept(wire: bytes, body: bytes) -> None:
    assert sent(wire) == body


def test_every_line_comes_back_as_it_was() -> None:
    lines = [b"", b".", b"..", b"x" * 3000, b"\r", b".\r", b"a\rb", b"\n", b"\0", b"\xff", b". "]
    wire = b"".join((b"." + line if line[:1] == b"." else line) + b"\r\n" for line in lines)
    assert sent(wire + b".\r\n") == b"".join(line + b"\n" for line in lines)


@pytest.mark.parametrize(
    ("path", "meant"),
    [
        (b"a@x.test", "a@x.test"),
        (b"", ""),
        (b'"a b>c"@x.test', "a b>c@x.test"),
        (b'"a\\"b\\\\c"@x.test', 'a"b\\c@x.test'),
        (b"gr\xc3\xb6\xc3\x9fe@x.test", "größe@x.test"),
        (b"\xff@x.test", "\udcff@x.test"),
        (b'"$(id)`x`"@x.test', "$(id)`x`@x.test"),
    ],
)
def test_a_sender_is_the_one_that_an_argument_of_the_pipe_has(path: bytes, meant: str) -> None:
    made = session()
    line = b"MAIL FROM:<%b> SIZE=10 BODY=8BITMIME SMTPUTF8\r\nRCPT TO:<a@x>\r\nDATA\r\n.\r\n" % path
    assert codes(say(made, b"LHLO c\r\n" + line)) == [250, 250, 250, 354]
    assert made.message
    assert made.message.sender == meant


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (b"EHLO c", 500),
        (b"HELO c", 500),
        (b"", 500),
        (b"\0\xff", 500),
        (b"LHLO", 501),
        (b"STARTTLS", 502),
        (b"VRFY a@x", 252),
        (b"NOOP", 250),
        (b"noop anything", 250),
        (b"RCPT TO:<a@x>", 503),
        (b"DATA", 503),
        (b"MAIL FROM:a@x", 501),
        (b"MAIL TO:<a@x>", 501),
        (b"MAIL FROM:<a@x", 501),
        (b"MAIL FROM:<a@x> AUTH=<>", 555),
        (b"MAIL FROM:<a@x> SIZE=x", 555),
        (b"MAIL FROM:<a@x> BODY=BINARYMIME", 555),
        (b"MAIL FROM:<a@x> SIZE=10001", 452),
        (b"MAIL FROM:<a@x> SIZE=10000", 250),
        (b"mail from: <a@x>  size=1 ", 250),
        (b"X" * 9000, 500),
    ],
)
def test_each_command_has_its_reply(line: bytes, code: int) -> None:
    made = session()
    say(made, b"LHLO c\r\n")
    assert codes(say(made, line + b"\r\n")) == [code]
    assert codes(say(made, b"NOOP\r\n")) == [250]


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (b"MAIL FROM:<a@x>", 503),
        (b"RCPT TO:<>", 501),
        (b"RCPT TO:<a\0@x>", 501),
        (b"RCPT TO:<a@x> NOTIFY=NEVER", 555),
        (b"RCPT FROM:<a@x>", 501),
        (b"DATA now", 501),
    ],
)
def test_a_fault_leaves_the_transaction_as_it_was(line: bytes, code: int) -> None:
    made = session()
    assert codes(say(made, BEGIN + line + b"\r\nDATA\r\nx\r\n.\r\n")) == [250, 250, 250, code, 354]
    assert made.message
    assert made.message.recipients == ("a@x.test",)


def test_mail_before_lhlo_is_refused() -> None:
    assert codes(say(session(), b"MAIL FROM:<a@x>\r\n")) == [503]


@pytest.mark.parametrize("again", [b"RSET\r\n", b"LHLO c\r\n"])
def test_a_transaction_can_be_given_up(again: bytes) -> None:
    made = session()
    assert codes(say(made, BEGIN + again + b"DATA\r\n")) == [250, 250, 250, 250, 503]
    assert not made.in_transaction


def test_beyond_a_hundred_recipients_the_rest_comes_later() -> None:
    made = session()
    replies = say(
        made, b"LHLO c\r\nMAIL FROM:<>\r\n" + b"RCPT TO:<a@x>\r\n" * 101 + b"DATA\r\n.\r\n"
    )
    assert codes(replies) == [250, 250] + [250] * 100 + [452, 354]
    made.answer(lmtp.LATER)
    assert codes(take(made)) == [451] * 100


def test_a_message_that_is_too_big_is_refused_for_now_and_the_next_one_taken() -> None:
    made = session()
    say(made, BEGIN + b"RCPT TO:<b@x>\r\nDATA\r\n")
    replies: list[bytes] = []
    for _ in range(100):
        replies += say(made, b"." * 998 + b"\r\n")
        assert len(made.buffer) <= 2 * LIMITS.body + 1000
    replies += say(made, b".\r\n")
    assert codes(replies) == [452, 452]
    assert codes(say(made, BEGIN + b"DATA\r\nx\r\n.\r\n")) == [250, 250, 250, 354]
    assert made.message


def test_a_message_is_measured_as_it_is_stored() -> None:
    assert sent(b"..\r\n" * 5000 + b".\r\n") == b".\n" * 5000
    made = session()
    assert codes(say(made, BEGIN + b"DATA\r\n" + b"\r\n" * 10_001 + b".\r\n"))[-1] == 452
    assert made.message is None


def test_a_line_that_never_ends_takes_no_memory_and_one_error() -> None:
    made = session()
    for _ in range(100):
        assert say(made, b"x" * 5000) == []
        assert len(made.buffer) < 20_000
    assert codes(say(made, b"\r\nNOOP\r\n")) == [500, 250]


def test_a_line_end_across_packets_is_found_after_a_long_line() -> None:
    made = session()
    say(made, b"x" * 9000 + b"\r")
    assert codes(say(made, b"\nNOOP\r\n")) == [500, 250]


def test_after_many_faults_the_client_is_cut_off() -> None:
    made = session()
    replies = say(made, b"BAD\r\n" * 100)
    assert codes(replies) == [500] * 20 + [421]
    assert made.closing


def test_no_reply_is_permanent_but_for_faults_of_the_client() -> None:
    for reply in (lmtp.LATER, lmtp.TOO_BIG, lmtp.CLOSING):
        assert re.match(rb"4\d\d 4\.\d\.\d ", reply)


def test_a_bare_line_feed_ends_no_command() -> None:
    made = session()
    assert say(made, b"NOOP\nNOOP\r") == []
    assert codes(say(made, b"\n")) == [500]
