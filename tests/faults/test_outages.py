"""Workers stopped, PostgreSQL or Redis away, under load: refused politely, and all readable soon after.

Postfix itself tries again in an hour here: what was deferred comes only because the worker flushes the queue.
"""

import contextlib
import signal
import smtplib
import time
from collections.abc import Iterator

import pytest

from delivery.watchdog import is_stopped
from tests.faults import victims
from tests.faults.instances import on
from tests.faults.ledger import Outcome, Transaction
from tests.faults.load import connect, give_data, give_envelope
from tests.faults.service import NEVER, Service
from tests.journey import client, probe

RCPT_SECONDS = 5.0  # the promise
Sessions = list[tuple[smtplib.SMTP, Transaction]]


@on("postgresql", "lmtp")
def test_all_workers_stopped(service: Service) -> None:
    service.retry(NEVER)
    with _sessions_past_rcpt(service, 3) as waiting, service.load() as load:
        load.wait_for(10)
        pids = [victims.supervisor(service.stack), *victims.workers(service.stack)]
        for pid in pids:
            victims.send_signal(pid, signal.SIGSTOP)
        try:
            # A process in fsync(2) stops when that is done; its other thread answers until then.
            service.wait_until(lambda: all(map(is_stopped, pids)), "the processes to stop")
            began = time.monotonic()
            code, text = probe.answer_to(service.stack, service.addresses[0])
            assert (code, text[:5]) == (451, "4.3.0")
            took = time.monotonic() - began
            print(f"RCPT was answered after {took:.1f} s")
            assert took < RCPT_SECONDS
            _send_data(service, waiting)
            # The queue manager goes on: it has taken them up.
            service.wait_until(lambda: _are_active(service, waiting), "the queue manager")
            load.wait_for(5, Outcome.REFUSED)
        finally:
            for pid in pids:
                victims.send_signal(pid, signal.SIGCONT)
        load.wait_for(10)
    service.settle_and_audit()


@on("postgresql", "lmtp")
def test_postgresql_away_before_rcpt(service: Service) -> None:
    service.retry(NEVER)
    with service.load() as load:
        load.wait_for(15)
        with service.without_database():
            load.wait_for(10, Outcome.REFUSED)
            began = time.monotonic()
            code, text = probe.answer_to(service.stack, service.addresses[0])
            assert (code, text[:5]) == (451, "4.3.0")
            assert time.monotonic() - began < RCPT_SECONDS
        load.wait_for(15)
    service.settle_and_audit()


@on("postgresql", "lmtp")
def test_postgresql_away_between_rcpt_and_data(service: Service) -> None:
    service.retry(NEVER)
    with _sessions_past_rcpt(service, 12) as waiting, service.without_database():
        _send_data(service, waiting)
        assert service.ledger.count(Outcome.ACCEPTED) == 12
        service.wait_until(lambda: _are_deferred(service, 12), "deferred mail")
    service.settle_and_audit()


@pytest.mark.parametrize("times", [3])
@on("postgresql")
def test_postgresql_away_again_and_again(service: Service, times: int) -> None:
    service.retry(NEVER)
    with service.load() as load:
        for _ in range(times):
            load.wait_for(8)
            with service.without_database():
                load.wait_for(4, Outcome.REFUSED)
        load.wait_for(8)
    service.settle_and_audit()


@on("postgresql", "sqlite")
def test_redis_away(service: Service) -> None:
    service.retry(NEVER)
    inbox = client.new_inbox(service.stack)
    with service.load() as load:
        load.wait_for(10)
        service.stack.servers["redis"].stop()
        try:
            load.wait_for(20)
            client.send(service.stack, client.message("without Redis"), inbox.address)
            newest = inbox.api.wait_for(1)[0]
            read = inbox.api("GET", f"email/{newest['id']}")
            assert (read.status, read.data["subject"]) == (200, "without Redis")
            key = service.stack.manage("create_api_key", "faults").strip()
            refused = client.Api(service.stack, key)("POST", "generate", {})
            assert (refused.status, refused.data["code"]) == (503, "unavailable")
        finally:
            service.stack.servers["redis"].start()
    service.settle()
    assert inbox.api("DELETE", f"emails/{inbox.address}").data["deleted"] == 1
    service.audit()


@contextlib.contextmanager
def _sessions_past_rcpt(service: Service, count: int) -> Iterator[Sessions]:
    """Sessions that have been answered 250 at RCPT, and wait."""
    with contextlib.ExitStack() as stack:
        sessions = [stack.enter_context(connect(service.stack.smtp_port)) for _ in range(count)]
        begun = [service.ledger.begin(service.addresses[: 1 + n % 3], 3_000) for n in range(count)]
        waiting = list(zip(sessions, begun, strict=True))
        for session, transaction in waiting:
            assert give_envelope(session, transaction)
        yield waiting


def _send_data(service: Service, waiting: Sessions) -> None:
    for session, transaction in waiting:
        assert give_data(session, transaction)
        service.ledger.close(transaction)


def _are_active(service: Service, waiting: Sessions) -> bool:
    active = {e["queue_id"] for e in service.queue() if e["queue_name"] == "active"}
    return active >= {transaction.queue_id for _, transaction in waiting}


def _are_deferred(service: Service, count: int) -> bool:
    return [e["queue_name"] for e in service.queue()].count("deferred") == count
