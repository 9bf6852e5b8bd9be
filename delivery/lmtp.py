"""The server's side of LMTP (RFC 2033) as text: commands in, replies out, one message at a time.

Knows no socket. What Postfix's smtpd(8) has accepted is accepted here: recipients are judged at its
RCPT, and intake knows what to do with one whose mailbox ended since. Every refusal is temporary,
but for commands that no client may send.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

MAX_LINE = 8192  # bytes of a command; smtpd(8) takes 2048, and quoting can double them
MAX_RECIPIENTS = 100  # in a transaction (RFC 5321 4.5.3.1.8); Postfix is told to send 50
MAX_ERRORS = 20  # of the client in one connection
LINE_END = b"\r\n"
DATA_END = b"\r\n.\r\n"  # nothing else ends a message (RFC 5321 4.1.1.4): no bare LF, no bare CR

LATER = b"451 4.3.0 Not stored, try again"
TOO_BIG = b"452 4.3.4 Message too big"
STORED = b"250 2.0.0 Stored"
CLOSING = b"421 4.3.2 Try again on a new connection"

# A path (RFC 5321 4.1.2): what is quoted may hold anything, also `>`; then the parameters.
_PATH = re.compile(
    r"\A(?P<word>FROM|TO):[ ]?<(?P<path>(?:[^<>\"\\]|\\.|\"(?:[^\"\\]|\\.)*\")*)>"
    r"(?P<parameters>(?: +[^ ]+)*) *\Z",
    re.IGNORECASE | re.DOTALL,
)
_QUOTED = re.compile(r"\\(.)|\"", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Limits:
    """Of one session. `body` is the bytes of a message as it is stored, with LF."""

    hostname: str
    body: int

    @property
    def wire(self) -> int:
        """Bytes of one message as it is sent. A line of one dot is stored as 2 and sent as 4."""
        return 2 * self.body


@dataclass(frozen=True, slots=True)
class Message:
    """One complete transaction. The bytes are those that pipe(8) would have written."""

    sender: str
    recipients: tuple[str, ...]
    body: bytes


class Session:
    """One connection's conversation. Bytes go into `buffer`, then `advance` is called.

    When `message` is set the session waits for `answer`, whatever else is in the buffer.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self.buffer = bytearray()
        self.output = bytearray(b"220 %b LMTP\r\n" % limits.hostname.encode("ascii", "replace"))
        self.message: Message | None = None
        self.closing = False
        self._greeted = self._in_data = self._skipping = False
        self._sender: str | None = None
        self._recipients: list[str] = []
        self._searched = self._errors = 0

    @property
    def in_transaction(self) -> bool:
        """Whether there is a sender: from MAIL to the answer for the message, or RSET."""
        return self._sender is not None

    @property
    def in_data(self) -> bool:
        """Whether a message is arriving."""
        return self._in_data

    def advance(self) -> None:
        """Takes from the buffer what is whole: commands, up to the end of a message."""
        while not self.closing and self.message is None:
            if not (self._take_data() if self._in_data else self._take_command()):
                return

    def answer(self, reply: bytes) -> None:
        """The same reply for each recipient of the message (RFC 2033 4.2); then it goes on."""
        for _ in self._recipients:
            self._reply(reply)
        self.message = None
        self._reset()

    def close(self, reply: bytes = CLOSING) -> None:
        """A last reply; nothing is taken any more."""
        self._reply(reply)
        self.closing = True

    def _take_command(self) -> bool:
        end = self.buffer.find(LINE_END, self._searched)
        if end < 0:
            if len(self.buffer) > MAX_LINE:
                # Its beginning goes, its end is looked for: the next command is understood again.
                del self.buffer[:-1]
                self._skipping = True
            self._searched = max(0, len(self.buffer) - 1)
            return False
        line = bytes(self.buffer[:end])
        del self.buffer[: end + len(LINE_END)]
        self._searched, skipped, self._skipping = 0, self._skipping, False
        if skipped or len(line) > MAX_LINE:
            self._fault(b"500 5.5.2 Line too long")
        else:
            self._command(line)
        return True

    def _take_data(self) -> bool:
        end = self.buffer.find(DATA_END, self._searched)
        if end < 0:
            if len(self.buffer) > self._limits.wire:
                del self.buffer[: -len(DATA_END)]
                self._skipping = True
            self._searched = max(0, len(self.buffer) - len(DATA_END) + 1)
            return False
        # The dot that a client puts before a dot goes, then line ends become those of pipe(8). A
        # line cannot hold CR LF, so this gives back each byte, a bare CR before the line end too.
        data = bytes(memoryview(self.buffer)[: end + len(LINE_END)])
        del self.buffer[: end + len(DATA_END)]
        body = data.replace(b"\r\n.", LINE_END)[len(LINE_END) :].replace(LINE_END, b"\n")
        self._searched, skipped, self._skipping = 0, self._skipping, False
        self._in_data = False
        if skipped or len(body) > self._limits.body:
            self.answer(TOO_BIG)
        else:
            self.message = Message(self._sender or "", tuple(self._recipients), body)
        return True

    def _command(self, line: bytes) -> None:
        verb, _, rest = line.decode("utf-8", "surrogateescape").partition(" ")
        commands: dict[str, Callable[[str], None]] = {
            "LHLO": self._lhlo,
            "MAIL": self._mail,
            "RCPT": self._rcpt,
            "DATA": self._data,
            "RSET": self._rset,
            "NOOP": lambda _: self._reply(b"250 2.0.0 Ok"),
            "VRFY": lambda _: self._reply(b"252 2.5.2 Send it"),
            "QUIT": lambda _: self.close(b"221 2.0.0 Bye"),
        }
        command = commands.get(verb.upper())
        if command:
            command(rest)
        elif verb.upper() in {"EXPN", "HELP", "STARTTLS", "AUTH", "BDAT", "ETRN", "TURN"}:
            self._fault(b"502 5.5.1 Not here")
        else:  # HELO and EHLO too: this is no SMTP (RFC 2033 4.1)
            self._fault(b"500 5.5.1 Unknown command")

    def _lhlo(self, name: str) -> None:
        if not name.strip():
            self._fault(b"501 5.5.4 LHLO needs a name")
            return
        self._reset()
        self._greeted = True
        for line in (
            self._limits.hostname.encode("ascii", "replace"),
            b"PIPELINING",
            b"8BITMIME",
            b"SMTPUTF8",
            b"ENHANCEDSTATUSCODES",
        ):
            self._reply(b"250-" + line)
        self._reply(b"250 SIZE %d" % self._limits.body)

    def _mail(self, rest: str) -> None:
        if not self._greeted or self.in_transaction:
            self._fault(b"503 5.5.1 Not now")
            return
        match = _PATH.match(rest)
        if not match or match["word"].upper() != "FROM":
            self._fault(b"501 5.5.2 MAIL FROM:<address>")
        elif not all(map(_is_mail_parameter, match["parameters"].split())):
            self._fault(b"555 5.5.4 Unknown parameter")
        elif _declared_size(match["parameters"]) > self._limits.body:
            self._reply(TOO_BIG)
        else:
            self._sender = _unquoted(match["path"])
            self._reply(b"250 2.1.0 Ok")

    def _rcpt(self, rest: str) -> None:
        if not self.in_transaction:
            self._fault(b"503 5.5.1 MAIL first")
            return
        match = _PATH.match(rest)
        if not match or match["word"].upper() != "TO" or not match["path"] or "\0" in rest:
            self._fault(b"501 5.5.2 RCPT TO:<address>")
        elif match["parameters"]:
            self._fault(b"555 5.5.4 Unknown parameter")
        elif len(self._recipients) >= MAX_RECIPIENTS:
            self._reply(b"452 4.5.3 Too many recipients")
        else:
            self._recipients.append(_unquoted(match["path"]))
            self._reply(b"250 2.1.5 Ok")

    def _data(self, rest: str) -> None:
        if rest.strip():
            self._fault(b"501 5.5.4 DATA alone")
        elif not self._recipients:  # RFC 2033 4.2
            self._fault(b"503 5.5.1 No recipients")
        else:
            self._reply(b"354 End with <CR><LF>.<CR><LF>")
            self._in_data = True
            # So that a dot on the first line is one after a line end, like any other.
            self.buffer[:0] = LINE_END

    def _rset(self, _rest: str) -> None:
        self._reset()
        self._reply(b"250 2.0.0 Ok")

    def _reset(self) -> None:
        self._sender, self._recipients = None, []

    def _fault(self, reply: bytes) -> None:
        self._errors += 1
        if self._errors > MAX_ERRORS:
            self.close(b"421 4.7.0 Too many errors")
        else:
            self._reply(reply)

    def _reply(self, line: bytes) -> None:
        self.output += line + LINE_END


def _is_mail_parameter(word: str) -> bool:
    name, _, value = word.upper().partition("=")
    if name == "SIZE":
        return value.isascii() and value.isdigit() and len(value) <= 20  # RFC 1870
    return word.upper() in {"BODY=7BIT", "BODY=8BITMIME", "SMTPUTF8"}


def _declared_size(parameters: str) -> int:
    sizes = (word[5:] for word in parameters.split() if word.upper().startswith("SIZE="))
    return max(map(int, sizes), default=0)


def _unquoted(path: str) -> str:
    """The address as pipe(8) would have it in an argument: lmtp(8) quotes it (RFC 5321 4.1.2)."""
    return _QUOTED.sub(r"\1", path) if '"' in path or "\\" in path else path
