"""The Python client: waiting for mail, reading it, and ending a mailbox."""

import hashlib
import re
import threading

import httpx
import pytest

import tempmail_client
from tests.unit.service_double import TOKEN, Service, breaking, refusing


@pytest.fixture
def service():
    return Service()


@pytest.fixture
def mailbox(service):
    return service.client().open(TOKEN)


def test_mail_that_is_there_is_returned_at_once(service, mailbox):
    service.add("Your code", codes=["123456", "7"])
    mail = mailbox.wait_for(subject="code", sender="alice")
    assert (mail.code, mail.codes, mail.subject) == ("123456", ("123456", "7"), "Your code")
    assert str(mail.sender) == "alice@example.org"
    assert mail.received_at.utcoffset() is not None
    assert mail.auth["spf"] == tempmail_client.AuthResult("pass", "example.org")
    asked = service.calls[1].url.params
    assert (asked["subject"], asked["from"]) == ("code", "alice")


def test_mail_that_comes_while_it_waits_is_returned(service, mailbox):
    service.when_waited = lambda: service.add("late")
    assert mailbox.wait_for(timeout=5).subject == "late"


def test_each_mail_is_returned_once_and_the_oldest_first(service, mailbox):
    for subject in ("first", "second", "third"):
        service.add(subject)
    assert [mailbox.wait_for().subject for _ in range(3)] == ["first", "second", "third"]
    with pytest.raises(tempmail_client.WaitTimeout, match="returned before"):
        mailbox.wait_for(timeout=0)
    assert mailbox.wait_for(timeout=0, again=True).subject == "first"


def test_a_mail_that_did_not_fit_is_returned_to_who_asks_for_it(service, mailbox):
    service.add("Welcome")
    service.add("Your code")
    assert mailbox.wait_for(subject="code").subject == "Your code"
    assert mailbox.wait_for(subject="Welcome").subject == "Welcome"


def test_patterns_and_functions_are_matched_here(service, mailbox):
    service.add("Order 1", codes=[])
    service.add("Order 22")
    assert mailbox.wait_for(subject=re.compile(r"\d\d")).subject == "Order 22"
    sender = re.compile(r"^Alice <alice@example\.org>$")
    assert mailbox.wait_for(sender=sender, match=lambda mail: not mail.codes).subject == "Order 1"
    assert all("subject" not in call.url.params for call in service.calls)


def test_a_pattern_waits_on_after_mail_that_does_not_fit(service, mailbox):
    service.add("other")
    service.when_waited = lambda: service.add("wanted")
    assert mailbox.wait_for(subject=re.compile("^wanted$"), timeout=5).subject == "wanted"
    waits = [call for call in service.calls if "wait" in call.url.params]
    assert len(waits) == 2
    assert waits[1].url.params["after"] == "1"


def test_a_long_wait_is_several_calls_of_55_seconds_at_most(service, mailbox, monkeypatch):
    clock = [0.0]
    monkeypatch.setattr("tempmail_client.connection.time.monotonic", lambda: clock[0])
    service.when_waited = lambda: clock.__setitem__(0, clock[0] + 55)
    with pytest.raises(tempmail_client.WaitTimeout):
        mailbox.wait_for(timeout=120)
    waits = [int(call.url.params["wait"]) for call in service.calls if "wait" in call.url.params]
    assert waits == [55, 55, 10]


def test_what_came_instead_is_in_the_error(service, mailbox):
    service.add("Welcome aboard")
    words = r"subject 'code', a code .*a@mail\.test.*'Welcome aboard' from alice@example\.org"
    with pytest.raises(tempmail_client.WaitTimeout, match=words) as raised:
        mailbox.wait_for(subject="code", has="code", timeout=0)
    assert isinstance(raised.value, TimeoutError)


def test_mail_that_is_deleted_before_it_can_be_read_is_passed_over(service, mailbox):
    service.add("gone")
    service.add("still there")
    service.next = [lambda request: None, refusing(404, "not_found")]
    assert mailbox.wait_for().subject == "still there"


def test_waiting_goes_on_when_all_mail_is_deleted_meanwhile(service, mailbox):
    service.add("first")
    mailbox.wait_for()
    service.when_waited = lambda: (service.mails.clear(), service.add("second"))
    assert mailbox.wait_for(timeout=5).subject == "second"


def test_a_broken_connection_does_not_end_the_wait(service, mailbox, monkeypatch):
    monkeypatch.setattr("tempmail_client.connection.time.sleep", lambda seconds: None)
    service.add("after all")
    service.next = [breaking(httpx.ReadError), refusing(429, "rate_limited", "1")]
    assert mailbox.wait_for().subject == "after all"


def test_a_failure_while_reading_does_not_lose_the_mail(service, mailbox):
    service.add("kept")
    service.next = [lambda request: None, refusing(500, "server_error")]
    with pytest.raises(tempmail_client.ApiError):
        mailbox.wait_for()
    assert mailbox.wait_for().subject == "kept"


def test_two_threads_never_get_the_same_mail(service, mailbox):
    for number in range(20):
        service.add(str(number))
    got: list[str] = []

    def work():
        got.extend(mailbox.wait_for(timeout=5).subject for _ in range(10))

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(got, key=int) == [str(number) for number in range(20)]


def test_an_ended_mailbox_is_said_to_have_ended(service, mailbox):
    service.ended = True
    with pytest.raises(tempmail_client.MailboxEnded):
        mailbox.wait_for()
    with pytest.raises(tempmail_client.MailboxEnded):
        list(mailbox.messages())


def test_a_mailbox_that_ends_while_it_waits_is_said_to_have_ended(service, mailbox):
    service.next = [refusing(410, "mailbox_ended")]
    with pytest.raises(tempmail_client.MailboxEnded):
        mailbox.wait_for()


def test_leaving_its_block_ends_a_mailbox(service):
    with service.client().generate() as mailbox:
        assert not service.ended
    assert service.ended
    mailbox.end()


def test_an_error_in_the_block_is_not_covered_by_one_of_ending(service):
    mailbox = service.client(timeout=0).generate()
    with pytest.raises(KeyError), mailbox:  # noqa: PT012 - the block is what is tested
        service.next = [breaking(httpx.ConnectError)]
        raise KeyError


def test_a_list_goes_over_all_pages(service, mailbox):
    for number in range(250):
        service.add(str(number))
    assert [item.subject for item in mailbox.messages()] == [str(n) for n in range(249, -1, -1)]


def test_a_mail_without_code_or_link_says_so(service, mailbox):
    service.add("No code here", codes=[])
    mail = mailbox.wait_for()
    with pytest.raises(tempmail_client.NoCode, match="'No code here'"):
        mail.code  # noqa: B018 - it raises
    with pytest.raises(tempmail_client.NoLink):
        mail.link  # noqa: B018


def test_the_link_that_confirms_comes_before_the_first(service, mailbox):
    links = [("https://a.test/", False), ("https://a.test/confirm", True)]
    service.add(links=[{"url": url, "text": "", "confirmation": is_} for url, is_ in links])
    mail = mailbox.wait_for()
    assert mail.link == "https://a.test/confirm"
    assert [str(link) for link in mail.links] == ["https://a.test/", "https://a.test/confirm"]


def test_attachments_are_downloaded_and_checked(service, mailbox):
    digests = [hashlib.sha256(b"bytes").hexdigest(), "0" * 64]
    names = {"filename": "r.pdf", "declared_type": "a/b", "detected_type": None, "size": 5}
    parts = [{"id": n, "sha256": digest, "url": "", **names} for n, digest in enumerate(digests)]
    service.add(attachments=parts)
    good, bad = mailbox.wait_for().attachments
    assert (good.filename, good.detected_type, good.content()) == ("r.pdf", "", b"bytes")
    with pytest.raises(tempmail_client.TempmailError, match="not those"):
        bad.content()


def test_deleting_what_is_gone_is_no_error(service, mailbox):
    service.add()
    mail = mailbox.wait_for()
    assert mail.raw() == b"bytes"
    mail.delete()
    mail.delete()
    assert mailbox.clear() == 0
