"""Asks the system's resolver for A, AAAA, MX and PTR (RFC 1035): the standard library only knows addresses of names."""

import ipaddress
import secrets
import socket
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

TYPES = {"A": 1, "PTR": 12, "MX": 15, "AAAA": 28}
SECONDS = 4.0
_MAX_JUMPS = 32


class NoAnswer(Exception):
    """No resolver answered, or what came is no answer."""


@dataclass(frozen=True, slots=True)
class Resolver:
    """Where to ask."""

    address: str
    port: int = 53


def system_resolvers(path: Path = Path("/etc/resolv.conf")) -> list[Resolver]:
    """Return the resolvers that this machine is set to ask."""
    lines = path.read_text(errors="replace").splitlines() if path.is_file() else []
    words = [line.split() for line in lines]
    return [Resolver(each[1]) for each in words if len(each) > 1 and each[0] == "nameserver"]


def ask(name: str, kind: str, resolvers: list[Resolver]) -> list[str]:
    """Return the records of this name, none where there are none; MX without preference. Raises NoAnswer."""
    number = secrets.randbelow(1 << 16)
    question = _question(name, TYPES[kind], number)
    for resolver in resolvers:
        try:
            return list(_records(_exchange(question, resolver), number, TYPES[kind]))
        except (OSError, ValueError, IndexError, struct.error):
            continue
    raise NoAnswer(f"no resolver answers for {name}")


def reverse_name(address: str) -> str:
    """Return the name that the PTR record of an address has."""
    return ipaddress.ip_address(address).reverse_pointer


def _question(name: str, kind: int, number: int) -> bytes:
    labels = b"".join(bytes([len(part)]) + part.encode("ascii") for part in name.split("."))
    # recursion desired, one question, class IN
    return (
        struct.pack("!6H", number, 0x0100, 1, 0, 0, 0)
        + labels
        + b"\0"
        + struct.pack("!2H", kind, 1)
    )


def _exchange(question: bytes, resolver: Resolver) -> bytes:
    family = socket.AF_INET6 if ":" in resolver.address else socket.AF_INET
    # by TCP: an answer is never cut short, and nobody on the way can slip another in
    with socket.socket(family, socket.SOCK_STREAM) as connection:
        connection.settimeout(SECONDS)
        connection.connect((resolver.address, resolver.port))
        connection.sendall(struct.pack("!H", len(question)) + question)
        with connection.makefile("rb") as answers:
            (length,) = struct.unpack("!H", answers.read(2))
            return answers.read(length)


def _records(answer: bytes, number: int, kind: int) -> Iterator[str]:
    theirs, flags, questions, count = struct.unpack("!4H", answer[:8])
    if theirs != number or flags & 0xF not in {0, 3}:  # no error, no such name
        raise ValueError("no answer to this question")
    at = 12
    for _ in range(questions):
        at = _name(answer, at)[1] + 4
    for _ in range(count):
        at = _name(answer, at)[1]
        found, _class, _ttl, length = struct.unpack("!HHIH", answer[at : at + 10])
        at += 10
        if found == kind:
            yield _value(answer, at, length, kind)
        at += length


def _value(answer: bytes, at: int, length: int, kind: int) -> str:
    if kind in {TYPES["A"], TYPES["AAAA"]}:
        return str(ipaddress.ip_address(answer[at : at + length]))
    return _name(answer, at + 2 if kind == TYPES["MX"] else at)[0]


def _name(answer: bytes, at: int) -> tuple[str, int]:
    """Return a name and where it ends; compressed names (RFC 1035 4.1.4) point back."""
    labels: list[str] = []
    end = 0
    for _ in range(_MAX_JUMPS * 4):
        length = answer[at]
        if length >= 0xC0:
            end = end or at + 2
            at = struct.unpack("!H", answer[at : at + 2])[0] & 0x3FFF
        elif length:
            labels.append(answer[at + 1 : at + 1 + length].decode("ascii", "replace").lower())
            at += 1 + length
        else:
            return ".".join(labels), end or at + 1
    raise ValueError("a name without an end")
