"""From a real SMTP client through Postfix and the script to the API, on both databases."""

import threading
import time
from datetime import datetime

from deploy.local.stack import Stack
from tests.journey import client


def test_mail_goes_all_the_way(each_stack: Stack) -> None:
    inbox = client.new_inbox(each_stack)
    mail = client.message("Welcome", "Your verification code is 482913.\n")
    mail.add_attachment(b"%PDF-1.4 bytes", maintype="application", subtype="pdf", filename="r.pdf")
    client.send(each_stack, mail, inbox.address)
    (item,) = inbox.api.wait_for(1)
    assert item["subject"] == "Welcome"
    assert item["from"] == {"name": "Alice Example", "address": "alice@example.org"}
    assert item["codes"] == ["482913"]
    assert item["has_attachments"] is True
    assert datetime.fromisoformat(item["received_at"]).utcoffset() is not None
    whole = inbox.api("GET", f"email/{item['id']}").data
    assert "482913" in whole["text"]
    assert whole["attachments"][0]["filename"] == "r.pdf"
    names = [name for name, _ in whole["headers"]]
    assert names[:2] == ["Return-Path", "Received"]
    assert inbox.api("DELETE", f"emails/{inbox.address}").data["deleted"] == 1


def test_a_waiting_client_gets_mail_when_it_arrives(each_stack: Stack) -> None:
    inbox = client.new_inbox(each_stack)
    answers: list[client.Answer] = []

    def wait() -> None:
        answers.append(inbox.api("GET", "emails/me?wait=55"))

    waiter = threading.Thread(target=wait)
    waiter.start()
    time.sleep(0.5)
    client.send(each_stack, client.message("At last"), inbox.address)
    waiter.join()
    (item,) = answers[0].data["items"]
    assert item["subject"] == "At last"


def test_one_message_to_several_mailboxes_is_in_each(each_stack: Stack) -> None:
    inboxes = [client.new_inbox(each_stack) for _ in range(3)]
    client.send(each_stack, client.message("To all"), *[inbox.address for inbox in inboxes])
    for inbox in inboxes:
        assert [item["subject"] for item in inbox.api.wait_for(1)] == ["To all"]


def test_the_same_text_sent_twice_is_there_twice(each_stack: Stack) -> None:
    inbox = client.new_inbox(each_stack)
    for _ in range(2):
        client.send(each_stack, client.message("Again"), inbox.address)
    assert len(inbox.api.wait_for(2)) == 2


def test_odd_senders_and_8bit_bytes_arrive_unchanged(each_stack: Stack) -> None:
    inbox = client.new_inbox(each_stack)
    raw = b"From: x@example.org\r\nSubject: \xc3\xa4\r\n\r\n\x01\x02\xff\xfe\r\n"
    for sender in ("", '"a b;$(id)"@example.org'):
        client.send(each_stack, raw, inbox.address, sender=sender)
    assert all("\u00e4" in item["subject"] for item in inbox.api.wait_for(2))
