"""kill -9 of every process on the mail path, under load: nothing is lost, nothing comes twice, nothing is cut."""

import signal
from functools import partial

from tests.faults import victims
from tests.faults.instances import on
from tests.faults.ledger import Outcome
from tests.faults.service import NEVER, SOON, Service

EVERYWHERE = ("postgresql", "sqlite", "lmtp")


@on("postgresql")
def test_scripts_killed(service: Service) -> None:
    service.retry(SOON)
    with service.load() as load:
        for _ in range(10):
            load.wait_for(4)
            victims.kill_one(partial(victims.scripts, service.stack))
        load.wait_for(10)
    service.settle_and_audit()


@on(*EVERYWHERE)
def test_worker_processes_killed(service: Service) -> None:
    service.retry(NEVER)
    with service.load() as load:
        for _ in range(8):
            load.wait_for(5)
            victims.kill_one(partial(victims.workers, service.stack))
        load.wait_for(10)
    service.settle_and_audit()


@on(*EVERYWHERE)
def test_supervisor_killed(service: Service) -> None:
    service.retry(NEVER)
    with service.load() as load:
        load.wait_for(15)
        service.stack.processes["worker"].send_signal(signal.SIGKILL)
        load.wait_for(5, Outcome.REFUSED)
        service.stack.restart("worker")
        load.wait_for(15)
    service.settle_and_audit()


@on("postgresql")
def test_pipe_killed(service: Service) -> None:
    _kill(service, partial(victims.feeders, service.stack), 5)


@on("lmtp")
def test_lmtp_client_killed(service: Service) -> None:
    _kill(service, partial(victims.daemons, service.stack, "lmtp"), 5)


@on("postgresql", "lmtp")
def test_qmgr_killed(service: Service) -> None:
    _kill(service, partial(victims.daemons, service.stack, "qmgr"), 4)


@on("postgresql")
def test_smtpd_killed(service: Service) -> None:
    _kill(service, partial(victims.daemons, service.stack, "smtpd"), 8)


@on("postgresql")
def test_cleanup_killed_while_it_writes(service: Service) -> None:
    _kill(service, partial(victims.writers, service.stack), 8)
    assert service.ledger.count(Outcome.UNCERTAIN)


@on(*EVERYWHERE)
def test_master_killed_and_started_again(service: Service) -> None:
    service.retry(SOON)
    with service.load() as load:
        load.wait_for(15)
        service.stack.processes["postfix"].send_signal(signal.SIGKILL)
        service.stack.restart("postfix")
        load.wait_for(15)
    service.settle_and_audit()


def _kill(service: Service, find: victims.Finder, times: int) -> None:
    service.retry(SOON)
    with service.load() as load:
        for _ in range(times):
            load.wait_for(6)
            victims.kill_one(find)
        load.wait_for(8)
    service.settle_and_audit()
