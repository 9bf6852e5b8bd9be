"""A stand-in for Postfix and worker where Postfix cannot run: for development, never for the net.

It has no queue: what cannot be stored is answered 4xx, and the sender has to try again. The same
recipient question and the same delivery function as behind Postfix answer for every message.
"""

import asyncio
import contextlib
import secrets
import signal
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session
from django.conf import settings

from delivery import database, handlers, policy, protocol
from delivery.admissions import AdmissionBook
from delivery.intake_handler import IntakeHandler
from delivery.policy import RecipientJudge
from delivery.protocol import Request
from delivery.scoreboard import Scoreboard
from mailboxes.rules import summary
from mailboxes.services import timeline

OK = "250 2.0.0 Ok"
TEMPORARY = "451 4.3.0 Temporary failure"
LINE_LIMIT = 1024 * 1024  # bytes; as Postfix, which passes on longer lines than RFC 5321 allows


class EmbeddedSMTP(SMTP):
    """aiosmtpd's server with its limit for lines out of the way."""

    line_length_limit = LINE_LIMIT


class Handler:
    """aiosmtpd's hooks. All ORM calls run in one thread: one database connection."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(max_workers=1)
        board = Scoreboard(1)
        book = AdmissionBook(board.admissions, 0)
        self._judge = RecipientJudge(book, handlers.sender_judge(board, 0))
        self._deliver = IntakeHandler(summary.summarize, board, book)
        timeline.start()

    async def in_thread(self, function: Any, *arguments: Any) -> Any:
        """The function's result, from the thread that has the database connection."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, function, *arguments)

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, session: Session, envelope: Envelope, address: str, _options: Any
    ) -> str:
        """As smtpd(8) does with the policy service's answer."""
        question = {
            "request": "smtpd_access_policy",
            "protocol_state": "RCPT",
            "client_address": str(session.peer[0]) if session.peer else "",
            "sender": envelope.mail_from or "",
            "recipient": address,
        }
        action: str = await self.in_thread(self._judge, question)
        if action != policy.DUNNO:
            return action
        envelope.rcpt_tos.append(address)
        return OK

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        """Stores the message before it is answered for."""
        queue_id = secrets.token_hex(8)
        content = envelope.original_content or b""
        body = received_line(queue_id) + content.replace(b"\r\n", b"\n")
        recipients = tuple(envelope.rcpt_tos)
        request = Request(queue_id, len(body), envelope.mail_from or "", recipients, body)
        answers = await self.in_thread(lambda: list(self._deliver([request])))
        return OK if answers == [protocol.STORED] else TEMPORARY

    async def handle_exception(self, _error: Exception) -> str:
        """aiosmtpd's own answer would be permanent and show the error's text."""
        return TEMPORARY

    async def answer_ping(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """The health question on the worker's socket, which nobody else answers here."""
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            await reader.readexactly(len(protocol.PING))
            well = await self.in_thread(database.healthy)
            writer.write(protocol.PONG if well else protocol.LATER)
            await writer.drain()
        writer.close()


def received_line(queue_id: str) -> bytes:
    """What makes two sends of one text different (RFC 5321 4.4), without the client's address."""
    host, date = hostname(), format_datetime(datetime.now(UTC))
    return f"Received: by {host} (embedded) with ESMTP id {queue_id};\n\t{date}\n".encode()


def hostname() -> str:
    """The name in the greeting."""
    return settings.SMTP_HOSTNAME or "localhost"


async def serve(host: str, port: int) -> None:
    """Listens until SIGTERM or SIGINT. Raises OSError where the port or the socket is taken."""
    loop, ended, handler = asyncio.get_running_loop(), asyncio.Event(), Handler()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    health = settings.DELIVERY_SOCKET
    health.parent.mkdir(parents=True, exist_ok=True)
    health.unlink(missing_ok=True)

    def connection() -> EmbeddedSMTP:
        limit = settings.MESSAGE_SIZE_LIMIT
        return EmbeddedSMTP(
            handler, data_size_limit=limit, enable_SMTPUTF8=True, hostname=hostname(), loop=loop
        )

    servers = [
        await loop.create_server(connection, host, port),
        await asyncio.start_unix_server(handler.answer_ping, health),
    ]
    await ended.wait()
    for server in servers:
        server.close()
