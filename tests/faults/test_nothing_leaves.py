"""What is given up in the queue bounces to nobody: no report leaves, and none stays (G2)."""

import os

from tests.faults.instances import on
from tests.faults.load import SENDER, connect, give_data, give_envelope
from tests.faults.service import SOON, Service

LIFETIME = "maximal_queue_lifetime"


@on("postgresql", "lmtp")
def test_a_bounce_for_a_stranger_is_dropped(service: Service) -> None:
    service.retry(SOON)
    normal = service.stack.postfix.run("postconf", "-h", LIFETIME).strip()
    with connect(service.stack.smtp_port) as session:
        transaction = service.ledger.begin(service.addresses[:1], 2_000)
        assert give_envelope(session, transaction)
        service.stack.processes["worker"].stop()
        assert give_data(session, transaction)
    service.wait_until(lambda: service.queue_names() == ["deferred"], "deferred mail")
    service.stack.postfix.reload(**{LIFETIME: "1s"})
    service.wait_until(lambda: "non-delivery notification" in service.mail_log(), "the bounce")
    service.settle()
    service.stack.postfix.reload(**{LIFETIME: normal})
    service.stack.restart("worker")
    lines = service.mail_log().splitlines()
    bounce = [line for line in lines if f"to=<{SENDER}>" in line]
    assert bounce
    assert all("status=sent" not in line or "relay=discard" in line for line in bounce)
    assert service.inside("read", service.tokens)["found"] == []
    os.truncate(service.stack.postfix.log_file, 0)  # this bounce was meant
    service.check_nothing_leaves()
