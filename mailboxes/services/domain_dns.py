"""Questions to the DNS, whose answers are whatever strangers like: each in a time, none of it believed to be small."""

import enum
import time
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.nameserver
import dns.rcode
import dns.rdatatype
import dns.resolver
import dns.reversename
from django.conf import settings

Address = IPv4Address | IPv6Address

_QUESTION_SECONDS, _TRY_SECONDS = 5.0, 2.0
# An answer may have 64 KB: of each we look at so many records, and of a text at so many characters.
MOST_RECORDS, LONGEST_TEXT = 20, 2000
_PORT = 53


class State(enum.StrEnum):
    """How a question ended."""

    FOUND = "found"
    NOTHING = "nothing"  # the name exists, or may exist, without such a record (RFC 2308)
    NO_NAME = "no-name"
    FAILED = "failed"


class Failure(enum.StrEnum):
    """Why there is no answer."""

    TIME = "time"  # none came in time
    SERVER = "server"  # SERVFAIL
    REFUSED = "refused"  # or a referral: the server is not responsible for the name (lame)
    UNREADABLE = "unreadable"  # malformed, or an endless chain of aliases
    RESOLVER = "resolver"  # there is none to ask
    NOT_ASKED = "not-asked"  # a name that is never on the internet


@dataclass(frozen=True, slots=True)
class Answer:
    """The values of the records, as text; whether the name is an alias (CNAME) of another one."""

    state: State
    values: tuple[str, ...] = ()
    failure: Failure | None = None
    is_alias: bool = False


@dataclass(frozen=True, slots=True)
class Exchanger:
    """What one MX record says; host '' is a null MX (RFC 7505)."""

    preference: int
    host: str


class Lookups:
    """Questions of one visit, none asked twice, all of them over at `deadline` (time.monotonic())."""

    def __init__(self, deadline: float) -> None:
        self._deadline = deadline
        self._known: dict[tuple[str, str], Answer] = {}
        self._resolver: dns.resolver.Resolver | None = None

    def texts(self, name: str) -> Answer:
        """Return the TXT records, each with its strings joined."""
        return self._asked(name, "TXT")

    def exchangers(self, name: str) -> tuple[Answer, list[Exchanger]]:
        """Return the MX records, the preferred first."""
        answer = self._asked(name, "MX")
        found = []
        for value in answer.values:
            preference, _, host = value.partition(" ")
            found.append(Exchanger(int(preference), host.removesuffix(".").lower()))
        return answer, sorted(found, key=lambda each: (each.preference, each.host))

    def addresses(self, host: str) -> tuple[Answer, list[Address]]:
        """Return A and AAAA records; the answer is the one that failed, if one has: then there may be more."""
        four, six = self._asked(host, "A"), self._asked(host, "AAAA")
        found = [ip_address(value) for value in (*four.values, *six.values)]
        failed = next((each for each in (four, six) if each.failure), None)
        return failed or (four if four.values else six), found

    def names(self, address: Address) -> Answer:
        """Return the PTR records of an address."""
        return self._asked(address.reverse_pointer, "PTR")

    def _asked(self, name: str, kind: str) -> Answer:
        if (name, kind) not in self._known:
            self._known[name, kind] = self._ask(name, kind)
        return self._known[name, kind]

    def _ask(self, name: str, kind: str) -> Answer:
        left = self._deadline - time.monotonic()
        if left <= 0:
            return _failed(Failure.TIME)
        try:
            found = self._made_resolver().resolve(
                dns.name.from_text(name),
                kind,
                search=False,
                raise_on_no_answer=False,
                lifetime=min(left, _QUESTION_SECONDS),
            )
            return _read(found)
        except dns.resolver.NXDOMAIN:
            return Answer(State.NO_NAME)
        except dns.resolver.NoNameservers as error:
            return _failed(_why(error))
        except dns.resolver.NoResolverConfiguration:
            return _failed(Failure.RESOLVER)
        except dns.exception.Timeout:
            return _failed(Failure.TIME)
        except (dns.exception.DNSException, OSError, ValueError):
            return _failed(Failure.UNREADABLE)

    def _made_resolver(self) -> dns.resolver.Resolver:
        if self._resolver is None:
            self._resolver = resolver()
        return self._resolver


def resolver() -> dns.resolver.Resolver:
    """Return the resolver that the operator chose, or the system's. Raises NoResolverConfiguration."""
    chosen = list(settings.DNS_RESOLVERS)
    made = dns.resolver.Resolver(configure=not chosen)
    if chosen:
        made.nameservers = [dns.nameserver.Do53Nameserver(*_place(text)) for text in chosen]
    made.timeout = _TRY_SECONDS
    made.use_search_by_default = False
    made.retry_servfail = False
    made.use_edns(0, 0, 1232)  # what passes without fragments (dnsflagday.net/2020)
    return made


def is_asked(name: str) -> bool:
    """Tell whether anybody could know a name: those of RFC 6761 are not on the internet.

    A resolver that the operator named may be of a network where they are.
    """
    reserved = ("test", "example", "invalid", "localhost", "local", "internal")
    return bool(settings.DNS_RESOLVERS) or name.rpartition(".")[2] not in reserved


def check_resolvers() -> None:
    """Raise ValueError where DNS_RESOLVERS cannot be read."""
    for text in settings.DNS_RESOLVERS:
        _place(text)


def _place(text: str) -> tuple[str, int]:
    """Return address and port of `192.0.2.53`, `192.0.2.53:5353`, `2001:db8::53` or `[2001:db8::53]:5353`."""
    if text.startswith("["):
        host, _, port = text[1:].partition("]")
        port = port.removeprefix(":")
    elif text.count(":") == 1:
        host, _, port = text.partition(":")
    else:
        host, port = text, ""
    number = int(port) if port else _PORT
    if not 0 < number < 65_536:
        raise ValueError
    return str(ip_address(host)), number


def _read(found: dns.resolver.Answer) -> Answer:
    is_alias = found.canonical_name != found.qname
    if found.rrset is None:
        if _is_referral(found.response):
            return _failed(Failure.REFUSED)
        return Answer(State.NOTHING, is_alias=is_alias)
    values = tuple(_text(record) for record in list(found.rrset)[:MOST_RECORDS])
    return Answer(State.FOUND, values, is_alias=is_alias)


def _is_referral(response: dns.message.Message) -> bool:
    """Tell whether a server sends us on to others: it is neither a resolver nor responsible for the name."""
    kinds = {each.rdtype for each in response.authority}
    is_resolver = bool(response.flags & dns.flags.RA)
    return not is_resolver and dns.rdatatype.NS in kinds and dns.rdatatype.SOA not in kinds


def _text(record: object) -> str:
    strings: Sequence[bytes] | None = getattr(record, "strings", None)
    if strings is not None:
        return b"".join(strings)[:LONGEST_TEXT].decode("utf-8", "replace")
    return str(record)[:LONGEST_TEXT]


def _failed(failure: Failure) -> Answer:
    return Answer(State.FAILED, failure=failure)


def _why(error: dns.resolver.NoNameservers) -> Failure:
    """Return what the servers said, of several the first that says anything."""
    errors: Sequence[tuple[object, ...]] = error.kwargs.get("errors", ())
    *_, causes, responses = zip(*errors, strict=True) if errors else ((), ())
    codes = {each.rcode() for each in responses if isinstance(each, dns.message.Message)}
    if dns.rcode.SERVFAIL in codes:
        return Failure.SERVER
    if dns.rcode.REFUSED in codes:
        return Failure.REFUSED
    return Failure.TIME if any(isinstance(each, OSError) for each in causes) else Failure.UNREADABLE
