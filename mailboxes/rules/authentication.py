"""Reads what our own milters wrote about a message's sender: Authentication-Results (RFC 8601).

Only fields that name our own authserv-id at once, as milters write it, count. Whatever else the RFC
allows there (comments, quotes) is not read, so that all that is read is also removed from incoming
mail by Postfix's header_checks, whose patterns can say less than a parser.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

METHODS = ("spf", "dkim", "dmarc")
_HEAD_BYTES = 65_536
_FIELDS = 6
_RESULTS_READ = 30
_FIELD_LENGTH = 8_000
_NAME = "authentication-results"
_LINE = re.compile(r"([!-9;-~]{1,100}):(.*)", re.DOTALL)
_RESULTS = frozenset(
    ("pass", "fail", "softfail", "neutral", "none", "policy", "temperror", "permerror")
)
_RESULT = re.compile(
    r"\s*(spf|dkim|dmarc)(?:\s*/\s*1)?\s*=\s*([a-z]{1,20})(?![^\s;])(.*)", re.I | re.DOTALL
)
_DOMAINS = {
    "spf": re.compile(r"\bsmtp\.mailfrom=(?:[^\s;@]{0,200}@)?([a-z0-9.-]{1,253})(?=[\s;]|$)", re.I),
    "dkim": re.compile(r"\bheader\.d=@?([a-z0-9.-]{1,253})(?=[\s;]|$)", re.I),
    "dmarc": re.compile(r"\bheader\.from=(?:[^\s;@]{0,200}@)?([a-z0-9.-]{1,253})(?=[\s;]|$)", re.I),
}


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one method found; `domain` is whose name it vouches for, or ''."""

    method: str
    result: str
    domain: str = ""


def read(raw: bytes, authserv_id: str) -> str:
    """The verdicts of our own host on a message, as `decode` reads them; '' if there are none.

    The first of each method counts, but a signature that passed counts before one that failed.
    """
    found: dict[str, Verdict] = {}
    for value in _own_fields(raw, authserv_id):
        for verdict in _verdicts(value):
            known = found.get(verdict.method)
            better = verdict.method == "dkim" and verdict.result == "pass"
            if known is None or (better and known.result != "pass"):
                found[verdict.method] = verdict
    return " ".join(_encoded(found[name]) for name in METHODS if name in found)


def decode(auth: str) -> tuple[Verdict, ...]:
    """The verdicts in what `read` returned; whatever else stands there is left out."""
    found = []
    for word in auth.split()[: len(METHODS)]:
        method, _, rest = word.partition("=")
        result, _, domain = rest.partition(":")
        if method in METHODS and result in _RESULTS:
            found.append(Verdict(method, result, domain))
    return tuple(found)


def _encoded(verdict: Verdict) -> str:
    domain = f":{verdict.domain}" if verdict.domain else ""
    return f"{verdict.method}={verdict.result}{domain}"


def _own_fields(raw: bytes, authserv_id: str) -> Iterator[str]:
    """The values of the first fields that our host wrote, behind its id."""
    own = re.compile(rf"\s*{re.escape(authserv_id)}(?:\s+1)?\s*;", re.IGNORECASE | re.ASCII)
    count = 0
    for name, value in _fields(raw[:_HEAD_BYTES]):
        found = own.match(value[:_FIELD_LENGTH]) if name.lower() == _NAME else None
        if found and count < _FIELDS:
            count += 1
            yield value[found.end() : _FIELD_LENGTH]


def _fields(head: bytes) -> Iterator[tuple[str, str]]:
    """The fields of the header as Postfix wrote them: it ends at the first line that is none."""
    lines: list[str] = []
    for line in _lines(head):
        if lines and line[:1] in (" ", "\t"):
            lines.append(line)
            continue
        if lines and (found := _LINE.fullmatch(" ".join(lines))):
            yield found[1], found[2]
        if not _LINE.match(line):
            return
        lines = [line]


def _lines(head: bytes) -> Iterator[str]:
    return (line.rstrip("\r") for line in head.decode("latin-1").split("\n"))


def _verdicts(value: str) -> Iterator[Verdict]:
    for part in _without_comments(value).split(";")[:_RESULTS_READ]:
        found = _RESULT.match(part)
        if found and found[2].lower() in _RESULTS:
            method = found[1].lower()
            domain = _DOMAINS[method].search(found[3])
            yield Verdict(method, found[2].lower(), domain[1].lower() if domain else "")


def _without_comments(value: str) -> str:
    """`value` without comments and with its quoted strings empty: nothing in those is a result."""
    kept: list[str] = []
    depth, quoted, escaped = 0, False, False
    for character in value:
        if escaped:
            escaped = False
        elif character == "\\" and (quoted or depth):
            escaped = True
        elif character == '"' and not depth:
            quoted = not quoted
        elif character == "(" and not quoted:
            depth += 1
        elif character == ")" and depth:
            depth -= 1
            kept.append(" ")
        elif not quoted and not depth:
            kept.append(character)
    return "".join(kept)
