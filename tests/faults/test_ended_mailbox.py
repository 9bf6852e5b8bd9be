"""A mailbox that ends between RCPT and delivery: its mail is gone, everybody else's is not, nothing is retried."""

from tests.faults.instances import on
from tests.faults.load import connect, give_data, give_envelope
from tests.faults.service import NEVER, Service
from tests.journey import probe


@on("postgresql", "sqlite", "lmtp")
def test_mailbox_ends_between_rcpt_and_delivery(service: Service) -> None:
    service.retry(NEVER)
    ending, living = service.addresses[:2]
    transactions = [service.ledger.begin(names, 3_000) for names in ([ending], [ending, living])]
    sessions = [connect(service.stack.smtp_port) for _ in transactions]
    for session, transaction in zip(sessions, transactions, strict=True):
        assert give_envelope(session, transaction)
    service.inside("end", service.tokens.pop(ending))
    gone = service.worker_log().count('"gone":1')
    for session, transaction in zip(sessions, transactions, strict=True):
        assert give_data(session, transaction)
        session.quit()
        transaction.recipients = tuple(r for r in transaction.recipients if r != ending)
    service.settle_and_audit()
    assert service.worker_log().count('"gone":1') >= gone + 2
    assert probe.answer_to(service.stack, ending)[0] == 550
