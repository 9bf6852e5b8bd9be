"""A DNS server on loopback, by UDP and TCP, that answers from a zone as a test wants it, well or badly."""

import contextlib
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rrset

# What a hostile server does instead of answering: returns bytes to send, b"" for nothing.
Behaviour = Callable[[dns.message.Message, bool], bytes]


@dataclass
class DnsServer:
    """`records` are texts by name and type, `*.` names for all below that have none; `bad` are behaviours by name."""

    port: int = 0
    records: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    bad: dict[str, Behaviour] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)

    @property
    def place(self) -> str:
        """As DNS_RESOLVERS has it."""
        return f"127.0.0.1:{self.port}"

    def answer(self, wire: bytes, tcp: bool) -> bytes:
        """Return the answer to a question."""
        query = dns.message.from_wire(wire)
        (question,) = query.question
        name, kind = question.name.to_text().lower().removesuffix("."), question.rdtype
        self.asked.append((name, dns.rdatatype.to_text(kind)))
        behave = next((b for end, b in self.bad.items() if f".{name}".endswith(f".{end}")), None)
        if behave:
            return behave(query, tcp)
        return cut(self._honest(query, name, dns.rdatatype.to_text(kind)), tcp)

    def _honest(self, query: dns.message.Message, name: str, kind: str) -> dns.message.Message:
        response = reply(query)
        exists = {each for each, _ in self.records}
        if name not in exists:
            labels = name.split(".")
            above = ["*." + ".".join(labels[start:]) for start in range(1, len(labels))]
            known = next((each for each in above if each in exists), None)
            if known is None:
                if not any(each.endswith(f".{name}") for each in exists):
                    response.set_rcode(dns.rcode.NXDOMAIN)
                return response
            found = self.records.get((known, kind), [])
        else:
            found = self.records.get((name, kind), [])
            alias = self.records.get((name, "CNAME"))
            if alias:
                response.answer.append(rrset(name, "CNAME", alias))
                name = alias[0].removesuffix(".")
                found = self.records.get((name, kind), [])
        if found:
            response.answer.append(rrset(name, kind, found))
        return response


def rrset(name: str, kind: str, texts: list[str]) -> dns.rrset.RRset:
    return dns.rrset.from_text_list(dns.name.from_text(name), 60, "IN", kind, texts)


def reply(
    query: dns.message.Message, code: dns.rcode.Rcode = dns.rcode.NOERROR
) -> dns.message.Message:
    """Return an empty answer as a resolver gives it."""
    response = dns.message.make_response(query, recursion_available=True)
    response.set_rcode(code)
    return response


def cut(response: dns.message.Message, tcp: bool) -> bytes:
    """Return it as bytes; by UDP what is too large says so and nothing more."""
    try:
        return response.to_wire(max_size=65_535 if tcp else 1232)
    except dns.exception.TooBig:
        response.answer.clear()
        response.flags |= dns.flags.TC
        return response.to_wire()


def failing(code: dns.rcode.Rcode) -> Behaviour:
    """Answer with SERVFAIL, REFUSED, ..."""
    return lambda query, tcp: reply(query, code).to_wire()


def silent(query: dns.message.Message, tcp: bool) -> bytes:
    """Never answer."""
    return b""


def garbage(query: dns.message.Message, tcp: bool) -> bytes:
    """Answer with the right id and nonsense after it."""
    return reply(query).to_wire()[:2] + b"\xff" * 60


def other_id(query: dns.message.Message, tcp: bool) -> bytes:
    """Answer as one who guesses: with another id."""
    response = reply(query)
    response.id ^= 1
    return response.to_wire()


def lame(query: dns.message.Message, tcp: bool) -> bytes:
    """Send on to others, as a server does that is not responsible."""
    response = reply(query)
    response.flags &= ~dns.flags.RA
    response.authority.append(rrset("net.", "NS", ["a.root-servers.net."]))
    return response.to_wire()


def looping(query: dns.message.Message, tcp: bool) -> bytes:
    """Answer with aliases that go round in a circle."""
    name = query.question[0].name.to_text()
    response = reply(query)
    response.answer += [rrset(name, "CNAME", ["loop.net."]), rrset("loop.net", "CNAME", [name])]
    return response.to_wire()


def aliased_without_end(query: dns.message.Message, tcp: bool) -> bytes:
    """Answer with a chain of aliases too long to follow."""
    response, name = reply(query), query.question[0].name.to_text()
    for number in range(40):
        response.answer.append(rrset(name, "CNAME", [f"c{number}.net."]))
        name = f"c{number}.net."
    return cut(response, tcp)


def huge(*records: str, kind: str) -> Behaviour:
    """Answer by TCP with all that goes into 64 KB."""

    def behave(query: dns.message.Message, tcp: bool) -> bytes:
        response = reply(query)
        if query.question[0].rdtype == dns.rdatatype.from_text(kind):
            name = query.question[0].name.to_text()
            response.answer.append(rrset(name, kind, list(records)))
        return cut(response, tcp)

    return behave


def dripping(query: dns.message.Message, tcp: bool) -> bytes:
    """By UDP say that TCP is needed; by TCP announce much, and send none of it."""
    if tcp:
        return b""
    response = reply(query)
    response.flags |= dns.flags.TC
    return response.to_wire()


@contextlib.contextmanager
def running() -> Iterator[DnsServer]:
    """Listen on one free port by UDP and TCP until the block ends."""
    with (
        socket.create_server(("127.0.0.1", 0)) as tcp,
        socket.socket(type=socket.SOCK_DGRAM) as udp,
    ):
        server = DnsServer(tcp.getsockname()[1])
        udp.bind(("127.0.0.1", server.port))
        tcp.settimeout(0.01)
        udp.settimeout(0.01)
        threads = [
            threading.Thread(target=_by_udp, args=(udp, server)),
            threading.Thread(target=_by_tcp, args=(tcp, server)),
        ]
        for thread in threads:
            thread.start()
        try:
            yield server
        finally:
            server.over.set()
            for thread in threads:
                thread.join()


def _by_udp(listener: socket.socket, server: DnsServer) -> None:
    while not server.over.is_set():
        with contextlib.suppress(TimeoutError):
            wire, sender = listener.recvfrom(4096)
            if answer := server.answer(wire, False):
                listener.sendto(answer, sender)


def _by_tcp(listener: socket.socket, server: DnsServer) -> None:
    held = []
    while not server.over.is_set():
        with contextlib.suppress(TimeoutError):
            connection, _ = listener.accept()
            connection.settimeout(2)
            (length,) = struct.unpack("!H", connection.recv(2))
            if answer := server.answer(connection.recv(length), True):
                connection.sendall(struct.pack("!H", len(answer)) + answer)
                connection.close()
            else:
                connection.sendall(struct.pack("!H", 60_000) + b"x" * 100)
                held.append(connection)
    for connection in held:
        connection.close()
