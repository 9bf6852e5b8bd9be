"""Sending what the outbox holds: many at a time in threads, which wait for receivers; the database is asked by one."""

import json
import logging
import queue
import socket
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC
from typing import Any, TypeVar

from django.conf import settings

from mailboxes.rules import webhook_signatures, webhook_urls
from mailboxes.rules.errors import WebhookRefused
from mailboxes.rules.networks import Address, client_network
from mailboxes.rules.webhook_urls import Target
from mailboxes.services import (
    blocklist,
    exclusive,
    metrics,
    webhook_connections,
    webhook_limits,
    webhook_nudge,
    webhook_outbox,
    webhook_targets,
)
from mailboxes.services.webhook_connections import Unreachable
from mailboxes.services.webhook_outbox import Due, Outcome, Taken

logger = logging.getLogger(__name__)

T = TypeVar("T")

# Seconds. A run takes nothing new after the first, and then waits for what is under way.
RUN_SECONDS = 20.0
ATTEMPT_SECONDS = 10.0
_LINGER = 1.0  # for what comes while or just after something was sent
_POLL = 0.25
_ANSWER_SECONDS = 20.0
THREADS = 16
# Of these, at a time: one that does not answer holds up no more.
PER_DOMAIN = 4
FAILING = 8


def run() -> int:
    """Send what is due, and what becomes due meanwhile; return how much was delivered.

    May be repeated and stopped at any time. Only one run sends at a time, so that limits for domains are exact; two
    would not send the same.
    """
    if not (webhook_outbox.is_on() and webhook_outbox.is_anything_due()):
        return 0
    longest = RUN_SECONDS + ATTEMPT_SECONDS + _ANSWER_SECONDS
    with exclusive.hold("send_webhooks", longest) as held:
        delivered = _Run().go() if held else 0
    if held and webhook_outbox.is_anything_due():
        webhook_nudge.nudge()  # it came after the last look, while who was nudged for it found us here; or is too much
    return delivered


class _Run:
    """One run. Its threads ask the one that runs it for everything that needs the database."""

    def __init__(self) -> None:
        self._questions: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._busy: Counter[bytes] = Counter()
        self._under_way = 0
        self._delivered = 0

    def go(self) -> int:
        pool = ThreadPoolExecutor(THREADS, thread_name_prefix="webhook")
        try:
            self._go(pool, time.monotonic() + RUN_SECONDS)
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
        return self._delivered

    def _go(self, pool: ThreadPoolExecutor, until: float) -> None:
        last_taken = time.monotonic()
        while True:
            now = time.monotonic()
            if now < until and self._take(pool):
                last_taken = now
            if not self._under_way and (now >= until or now - last_taken > _LINGER):
                return
            self._answer_one()

    def _take(self, pool: ThreadPoolExecutor) -> bool:
        free = THREADS - self._under_way
        if free <= 0 or not webhook_outbox.is_anything_due():
            return False
        taken = webhook_outbox.take(free, self._busy, PER_DOMAIN, FAILING)
        for event in taken:
            self._busy.update(event.counts_as)
            self._under_way += 1
            pool.submit(self._send, event)
        return bool(taken)

    def _answer_one(self) -> None:
        try:
            question = self._questions.get(timeout=_POLL)
        except queue.Empty:
            return
        question()

    def _ask(self, function: Callable[..., T], *args: Any) -> T:
        """Have the main thread call something; return or raise what it does. Called in a thread."""
        answer: Future[T] = Future()

        def call() -> None:
            try:
                answer.set_result(function(*args))
            except Exception as error:  # noqa: BLE001 - it belongs to whoever asked
                answer.set_exception(error)

        self._questions.put(call)
        return answer.result(timeout=_ANSWER_SECONDS)

    def _send(self, event: Taken) -> None:
        try:
            outcome = attempt(event, self._ask)
        except Exception:
            logger.exception("a webhook could not be tried")
            outcome = Outcome.UNREACHABLE
        self._questions.put(lambda: self._settle(event, outcome))

    def _settle(self, event: Taken, outcome: Outcome) -> None:
        self._busy.subtract(event.counts_as)
        self._under_way -= 1
        self._delivered += outcome is Outcome.DELIVERED
        metrics.WEBHOOKS.add(result=outcome.name.lower())
        webhook_outbox.settle(event, outcome)


def attempt(event: Taken, ask: Callable[..., Any]) -> Outcome:
    """Try to send an event that was taken. `ask` calls a function where the database may be used."""
    deadline = time.monotonic() + ATTEMPT_SECONDS
    due: Due | None = ask(webhook_outbox.still_due, event)
    if due is None or due.is_frozen:
        return _not_sent(due)
    deadline = min(deadline, time.monotonic() + due.seconds)
    try:
        target = webhook_urls.parse(due.url)
        is_blocked = ask(blocklist.current).refuses_client
        addresses = webhook_targets.addresses(target, deadline, is_blocked)
        if _is_too_much(target, addresses[0]):
            return Outcome.POSTPONED
        with webhook_connections.connected(target, addresses, deadline) as connection:
            return _send_now(event, ask, connection, target, deadline)
    except (WebhookRefused, Unreachable, OSError):
        # One result for all of these: that a name leads to a network of ours is nobody's business.
        return Outcome.UNREACHABLE


def _send_now(
    event: Taken,
    ask: Callable[..., Any],
    connection: socket.socket,
    target: Target,
    deadline: float,
) -> Outcome:
    """Look once more, as connecting takes its time: from there to the first byte is all that remains of a race."""
    due: Due | None = ask(webhook_outbox.still_due, event)
    if due is None or due.is_frozen:
        return _not_sent(due)
    deadline = min(deadline, time.monotonic() + due.seconds)
    body = _body(event, due)
    fields = _fields(event, due, body)
    return _judged(webhook_connections.exchange(connection, target, fields, body, deadline))


def _is_too_much(target: Target, address: Address) -> bool:
    """Count a call to strangers, by name and by address."""
    if webhook_targets.is_trusted(address):
        return False
    return not webhook_limits.is_within_rate(*{target.host, client_network(address)})


def _not_sent(due: Due | None) -> Outcome:
    return Outcome.DROPPED if due is None else Outcome.POSTPONED


def _judged(status: int) -> Outcome:
    if 200 <= status < 300:
        return Outcome.DELIVERED
    return Outcome.GONE if status == 410 else Outcome.REJECTED


def _body(event: Taken, due: Due) -> bytes:
    """Ids and a time: what is in the mail stays here."""
    moment = due.received_at.astimezone(UTC).isoformat(timespec="milliseconds")
    data = {"message_id": str(due.message_id), "webhook_id": str(event.webhook_id)}
    told = {
        "type": "message.received",
        "timestamp": moment.replace("+00:00", "Z"),
        "data": data,
    }
    return json.dumps(told, separators=(",", ":")).encode()


def _fields(event: Taken, due: Due, body: bytes) -> dict[str, str]:
    signed = webhook_signatures.headers(due.secret, str(event.id), int(time.time()), body)
    return {"User-Agent": f"tempmail-webhook (+{settings.SITE_URL})", **signed}
