"""A retry never duplicates a message, and never brings one back that its owner has deleted (G3)."""

from tests.faults.instances import on
from tests.faults.service import NEVER, SOON, Service
from tests.journey.client import Api

STORED_AND_DEFERRED = (
    '"$@"; exit 75'  # the answer of a script that was killed just after it got its own
)


@on("postgresql", "sqlite")
def test_retried_it_is_one_message(service: Service) -> None:
    service.retry(SOON)
    with service.interpreter(STORED_AND_DEFERRED):
        _send_and_wait(service)
    service.settle_and_audit()


@on("postgresql", "sqlite")
def test_requeued_it_is_one_message(service: Service) -> None:
    service.retry(NEVER)
    with service.interpreter(STORED_AND_DEFERRED):
        _send_and_wait(service)
    _requeue(service)
    service.settle_and_audit()


@on("postgresql", "sqlite")
def test_deleted_it_stays_deleted(service: Service) -> None:
    service.retry(NEVER)
    with service.interpreter(STORED_AND_DEFERRED):
        _send_and_wait(service)
    deleted = 0
    for address, token in service.tokens.items():
        answer = Api(service.stack, token)("DELETE", f"emails/{address}")
        deleted += answer.data["deleted"]
    assert deleted == 6
    _requeue(service)
    service.settle()
    assert service.inside("read", service.tokens)["found"] == []
    assert service.worker_log().count('"duplicate":3') >= 2


def _requeue(service: Service) -> None:
    service.stack.postfix.run("postsuper", "-r", "ALL")
    service.stack.postfix.run(
        "postkick", "public", "pickup", "W"
    )  # else pickup(8) looks each minute


def _send_and_wait(service: Service) -> None:
    """Two messages to three mailboxes, stored and still in the queue."""
    for size in (2_000, 200_000):
        service.send(size, recipients=3)
    service.wait_until(lambda: service.queue_names() == ["deferred"] * 2, "deferred mail")
    assert len(service.inside("read", service.tokens)["found"]) == 6
