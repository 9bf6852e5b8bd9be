"""How the canary talks to the mail server: to this host, and no longer than it may."""

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from email.message import EmailMessage

import pytest

from mailboxes.services import canary_mail
from mailboxes.services.canary_mail import Refused


class Server(threading.Thread):
    """Answers each line with the next of these replies, then with nothing; `None` hangs up."""

    def __init__(self, *replies: bytes | None) -> None:
        super().__init__(daemon=True)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.replies = list(replies)
        self.heard: list[bytes] = []

    def run(self) -> None:
        with contextlib.suppress(OSError):  # the other side hung up
            self._talk()

    def _talk(self) -> None:
        connection, _ = self.listener.accept()
        with connection, connection.makefile("rb") as lines:
            for reply in self.replies:
                if reply is None:
                    return
                connection.sendall(reply)
                self.heard.append(lines.readline())
                while reply.startswith(b"354") and self.heard[-1] not in (b".\r\n", b""):
                    self.heard.append(lines.readline())
            lines.read()


OK = b"250 Ok\r\n"


@pytest.fixture
def serve(settings) -> Iterator:
    servers = []

    def start(*replies: bytes | None) -> Server:
        server = Server(*replies)
        server.start()
        servers.append(server)
        settings.SMTP_PORT = server.port
        return server

    yield start
    for server in servers:
        server.listener.close()


def soon() -> float:
    return time.monotonic() + 0.3


def later() -> float:
    return time.monotonic() + 30


def mail() -> EmailMessage:
    message = EmailMessage()
    message["Subject"] = "Canary"
    message.set_content("One line.\n")
    return message


def test_the_message_goes_with_the_null_sender_and_whole_line_ends(serve):
    server = serve(b"220 hi\r\n", OK, OK, OK, b"354 go\r\n", OK)
    before = time.monotonic()
    assert canary_mail.send(mail(), "a@tempmail.test", later()) > before
    heard = b"".join(server.heard)
    assert b"mail FROM:<>" in heard
    assert b"rcpt TO:<a@tempmail.test>" in heard
    assert b"\n" not in heard.replace(b"\r\n", b"")


@pytest.mark.parametrize(
    "replies",
    [
        (b"554 no\r\n",),
        (b"220 hi\r\n", b"502 no\r\n"),
        (b"220 hi\r\n", OK, b"451 later\r\n"),
        (b"220 hi\r\n", OK, OK, b"550 no\r\n"),
        (b"220 hi\r\n", OK, OK, OK, b"452 full\r\n"),
        (b"220 hi\r\n", OK, OK, OK, b"354 go\r\n", b"451 later\r\n"),
        (None,),
        (b"rubbish\r\n",),
    ],
)
def test_everything_but_a_250_is_a_refusal_without_words(serve, replies):
    serve(*replies)
    with pytest.raises(Refused) as caught:
        canary_mail.send(mail(), "a@tempmail.test", later())
    assert caught.value.args == ()


@pytest.mark.parametrize("replies", [(), (b"220 hi\r\n",), (b"220 hi\r\n", OK, OK)])
def test_a_server_that_says_nothing_more_is_not_waited_for(serve, replies):
    serve(*replies)
    with pytest.raises(Refused):
        canary_mail.send(mail(), "a@tempmail.test", soon())


def test_nobody_there_is_a_refusal(settings):
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        settings.SMTP_PORT = nobody.getsockname()[1]
    with pytest.raises(Refused):
        canary_mail.send(mail(), "a@tempmail.test", later())
    assert canary_mail.answer_to("a@tempmail.test", later()) is None


@pytest.mark.parametrize("code", [250, 451, 550])
def test_the_answer_to_a_recipient_is_its_code(serve, code):
    serve(b"220 hi\r\n", OK, OK, b"%d words\r\n" % code)
    assert canary_mail.answer_to("a@tempmail.test", later()) == code


def test_no_answer_in_time_is_none(serve):
    serve(b"220 hi\r\n", OK, OK)
    assert canary_mail.answer_to("a@tempmail.test", soon()) is None
