"""The script, its interpreter, or the worker's code is missing: deferred, never bounced, delivered after the repair."""

import pytest

from deploy.local.processes import StartFailed
from tests.faults.instances import on
from tests.faults.ledger import Outcome
from tests.faults.service import NEVER, SOON, Service


@on("postgresql")
def test_script_missing(service: Service) -> None:
    service.retry(SOON)
    script = service.stack.state_dir / "bin" / "deliver.py"
    away = script.with_suffix(".away")
    with service.load() as load:
        script.rename(away)
        load.wait_for(15)
        service.wait_until(lambda: service.queue_names().count("deferred") > 5, "deferred mail")
        away.rename(script)
        load.wait_for(5)
    service.settle_and_audit()


@on("postgresql")
def test_interpreter_missing(service: Service) -> None:
    service.retry(SOON)
    with service.load() as load:
        with service.master_cf("argv=/usr/bin/python3", "argv=/usr/bin/no-such-python"):
            load.wait_for(15)
            service.wait_until(lambda: service.queue_names().count("deferred") > 5, "deferred mail")
        load.wait_for(5)
    service.settle_and_audit()


@on("postgresql")
def test_workers_code_missing(service: Service) -> None:
    service.retry(NEVER)
    with service.load() as load:
        load.wait_for(10)
        service.stack.env["DJANGO_SETTINGS_MODULE"] = "no.such.module"
        with pytest.raises(StartFailed):
            service.stack.restart("worker")
        load.wait_for(10, Outcome.REFUSED)
        del service.stack.env["DJANGO_SETTINGS_MODULE"]
        service.stack.restart("worker")
        load.wait_for(10)
    service.settle_and_audit()
