"""MTA-STS of a domain (RFC 8461): its record, and the policy that its web server gives out, read with care."""

import socket
import time

import h11

from mailboxes.rules import domain_records
from mailboxes.rules.domain_findings import Check, Finding, Level
from mailboxes.rules.domain_records import Policy
from mailboxes.rules.webhook_networks import is_public
from mailboxes.rules.webhook_urls import Target
from mailboxes.services import domain_checks, webhook_connections
from mailboxes.services.domain_checks import Visit

PORT = 443
_SECONDS = 5.0
_LARGEST = 65_536  # bytes, as RFC 8461 3.2 allows to limit it
_MOST_ADDRESSES = 2


class NoPolicy(Exception):
    """None could be had."""


def check(visit: Visit) -> Finding:
    """Judge record and policy. The policy is asked for only where there is a record, as a sender does."""
    answer = visit.lookups.texts(f"_mta-sts.{visit.name}")
    if answer.failure:
        return domain_checks.unknown(Check.MTA_STS, answer.failure)
    record = domain_records.sts(
        visit.name, visit.host, time.strftime("%Y%m%dT%H%M%S", time.gmtime())
    )
    found = domain_records.judge_sts_record(answer.values)
    if found is None:
        wrong = [value for value in answer.values if value.startswith("v=STSv1")]
        if wrong:
            seen = " ".join(wrong)
            return Finding(Check.MTA_STS, Level.WARNING, "record-wrong", seen, record)
        return Finding(Check.MTA_STS, Level.ADVICE, "none", record=record)
    try:
        policy = fetched(visit)
    except NoPolicy:
        return Finding(Check.MTA_STS, Level.WARNING, "unreachable", found, record)
    return domain_records.judge_policy(policy, visit.hosts, record)


def fetched(visit: Visit) -> Policy | None:
    """Return the policy of a domain, None where what came is none. Raises NoPolicy.

    Nothing is followed (RFC 8461 3.3), and nobody is asked but the public internet and this host: where the name
    leads is for whoever has the zone to say.
    """
    host = f"mta-sts.{visit.name}"
    found = visit.lookups.addresses(host)[1]
    allowed = [each for each in found if is_public(each) or each in visit.ours][:_MOST_ADDRESSES]
    target = Target("https", host, PORT, "/.well-known/mta-sts.txt")
    deadline = time.monotonic() + _SECONDS
    try:
        with webhook_connections.connected(target, allowed, deadline) as connection:
            return domain_records.parse_policy(_body(connection, target, deadline))
    except (OSError, h11.ProtocolError, webhook_connections.Unreachable):
        raise NoPolicy from None


def _body(connection: socket.socket, target: Target, deadline: float) -> bytes:
    http = h11.Connection(h11.CLIENT)
    fields = [("Host", target.host_header), ("Connection", "close")]
    request = h11.Request(method="GET", target=target.path, headers=fields)
    sent = [http.send(event) or b"" for event in (request, h11.EndOfMessage())]
    connection.settimeout(_left(deadline))
    connection.sendall(b"".join(sent))
    body = b""
    while len(body) <= _LARGEST:
        event = http.next_event()
        if event is h11.NEED_DATA:
            connection.settimeout(_left(deadline))
            http.receive_data(connection.recv(16_384))
        elif isinstance(event, h11.Response) and event.status_code != 200:
            raise NoPolicy
        elif isinstance(event, h11.Data):
            body += bytes(event.data)
        elif isinstance(event, h11.EndOfMessage | h11.ConnectionClosed):
            return body
    raise NoPolicy


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left
