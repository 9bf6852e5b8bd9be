"""The Python client against a running instance, through Postfix."""

import hashlib
import threading
import time

import pytest

import tempmail_client
from deploy.local.stack import Stack
from tempmail_client import Client
from tests.journey import client


@pytest.fixture
def service(stack: Stack):  # type: ignore[no-untyped-def]
    with Client(stack.url, client.api_key(stack)) as made:
        yield made


def test_a_whole_mail_is_read(stack: Stack, service: Client) -> None:
    with service.generate(expires_in=600) as mailbox:
        body = "Your verification code is 482913.\nhttps://shop.example.org/confirm?id=7f3a\n"
        message = client.message("Your code", body)
        message.add_attachment(b"%PDF-1.4", maintype="application", subtype="pdf", filename="r.pdf")
        client.send(stack, message, mailbox.address)
        wanted = {"subject": "YOUR CODE", "sender": "alice", "has": ("code", "attachment")}
        mail = mailbox.wait_for(**wanted, timeout=60)
        assert (mail.code, mail.link) == ("482913", "https://shop.example.org/confirm?id=7f3a")
        assert "482913" in mail.text
        assert mail.header("subject") == "Your code"
        (attachment,) = mail.attachments
        assert attachment.content() == b"%PDF-1.4"
        assert attachment.sha256 == hashlib.sha256(b"%PDF-1.4").hexdigest()
        assert b"Subject: Your code" in mail.raw()
        assert [item.subject for item in mailbox.messages()] == ["Your code"]
        mail.delete()
        with pytest.raises(tempmail_client.NotFound):
            mail.raw()


def test_a_wait_is_answered_by_mail_that_fits_and_comes_later(
    stack: Stack, service: Client
) -> None:
    with service.generate() as mailbox:
        client.send(stack, client.message("first"), mailbox.address)
        assert mailbox.wait_for(timeout=60).subject == "first"
        subjects = ("another", "wanted")
        sending = threading.Timer(
            0.5,
            lambda: [client.send(stack, client.message(s), mailbox.address) for s in subjects],
        )
        sending.start()
        assert mailbox.wait_for(subject="wanted", timeout=60).subject == "wanted"
        assert mailbox.wait_for(timeout=60).subject == "another"
        sending.join()
        with pytest.raises(tempmail_client.WaitTimeout, match=r"'wanted' from .*\(returned before"):
            mailbox.wait_for(timeout=0)


def test_waiting_goes_on_after_everything_was_deleted(stack: Stack, service: Client) -> None:
    with service.generate() as mailbox:
        client.send(stack, client.message("first"), mailbox.address)
        mailbox.wait_for(timeout=60)

        def later() -> None:
            time.sleep(0.3)
            mailbox.clear()
            client.send(stack, client.message("second"), mailbox.address)

        thread = threading.Thread(target=later)
        thread.start()
        assert mailbox.wait_for(timeout=60).subject == "second"
        thread.join()


def test_a_mailbox_that_is_ended_elsewhere_is_said_to_have_ended(service: Client) -> None:
    mailbox = service.generate()
    threading.Timer(0.5, service.open(mailbox.token).end).start()
    with pytest.raises(tempmail_client.MailboxEnded):
        mailbox.wait_for(timeout=60)
    with pytest.raises(tempmail_client.Unauthorized):
        service.open(mailbox.token)
    mailbox.end()


def test_the_same_idempotency_key_gives_the_same_mailbox(service: Client) -> None:
    first, again = (service.generate(idempotency_key="of-the-client") for _ in range(2))
    assert (first.address, first.token) == (again.address, again.token)
    with pytest.raises(tempmail_client.Invalid) as raised:
        service.generate(idempotency_key="of-the-client", expires_in=700)
    assert raised.value.code == "idempotency_key_reused"
    first.end()


def test_an_address_is_extended_and_domains_are_listed(service: Client) -> None:
    with service.generate(expires_in=600) as mailbox:
        before = mailbox.expires_at
        assert before < mailbox.extend(3600) <= mailbox.max_expires_at
        assert mailbox.address.partition("@")[2] in {each.name for each in service.domains()}


def test_refusals_have_their_exceptions(stack: Stack, service: Client) -> None:
    with pytest.raises(tempmail_client.Invalid, match="expires_in"):
        service.generate(expires_in=1)
    with pytest.raises(tempmail_client.DomainUnavailable):
        service.generate(domain="elsewhere.example")
    with Client(stack.url, "tmk_wrong") as wrong, pytest.raises(tempmail_client.Unauthorized):
        wrong.generate()


def test_without_a_key_the_proof_of_work_is_accepted(stack: Stack) -> None:
    with Client(stack.url) as service, service.generate() as mailbox:
        assert "@" in mailbox.address
