"""What operators do to a mailbox that they cannot read, and what its owner is told."""

import json

import pytest
from django.db.models.functions import Now
from django.test import Client
from django.urls import resolve, reverse

from mailboxes.models.abuse import AbuseReport, ModerationRecord
from mailboxes.models.mailboxes import Mailbox
from mailboxes.models.messages import Message
from mailboxes.models.records import PurgeRecord
from mailboxes.rules.errors import Frozen, InvalidAddress, NotFound
from mailboxes.services import (
    abuse,
    creation,
    ending,
    event_stream,
    following,
    intake,
    moderation,
    reading,
)
from mailboxes.services.intake import Outcome
from mailboxes.services.recipients import RecipientStatus, recipient_status
from mailboxes.web import cookies, errors
from tests.unit.web_visitors import every_url, inbox_url, visitor

pytestmark = pytest.mark.django_db


def freeze(created: creation.Created) -> None:
    moderation.freeze(created.mailbox, reason="a report", actor="ada")


def report_about(text: str) -> str:
    return abuse.file(abuse.Report("fraud", about=text, text="please look"))


def api(created: creation.Created, method: str, path: str):
    headers = {"Authorization": f"Bearer {created.token}"}
    return getattr(Client(), method)(f"/api/{path}", headers=headers)


def test_a_mailbox_is_found_by_address_by_id_and_by_report(owner, stranger) -> None:
    reference = report_about(f"Look at {owner.address.upper()}, it is theirs.")
    for found in (
        moderation.by_address(owner.address.upper()),
        moderation.by_public_id(owner.mailbox.public_id),
        moderation.by_report(reference),
    ):
        assert found.pk == owner.mailbox.pk


def test_what_is_not_there_is_not_found(owner) -> None:
    without_address = report_about("somebody wrote to me")
    gone = report_about(owner.address)
    ending.end(owner.mailbox)
    for look in (
        lambda: moderation.by_address(owner.address),
        lambda: moderation.by_public_id(owner.mailbox.public_id),
        lambda: moderation.by_public_id(""),
        lambda: moderation.by_report(without_address),
        lambda: moderation.by_report(gone),
        lambda: moderation.by_report("no such report"),
        lambda: moderation.freeze(owner.mailbox, reason=""),
    ):
        with pytest.raises(NotFound):
            look()
    with pytest.raises(InvalidAddress):
        moderation.by_address("no address")


def test_a_frozen_mailbox_gets_no_mail_and_smtp_cannot_tell_it_from_an_ended_one(owner) -> None:
    freeze(owner)
    assert recipient_status(owner.address) is RecipientStatus.UNKNOWN
    moderation.unfreeze(owner.mailbox)
    assert recipient_status(owner.address) is RecipientStatus.ACCEPTED


def test_what_was_accepted_before_the_freeze_is_stored_and_there_when_it_is_given_back(
    owner, deliver
) -> None:
    freeze(owner)
    assert deliver(owner.address) == [Outcome.STORED]
    moderation.unfreeze(owner.mailbox)
    opened = reading.open_by_token(owner.token)
    assert len(reading.page(opened, limit=10).items) == 1
    assert intake.Outcome.GONE not in deliver(owner.address)


def test_its_owner_sees_on_every_page_that_it_is_frozen_and_nothing_of_it(owner, deliver) -> None:
    deliver(owner.address)
    message_id = owner.mailbox.messages.get().id
    freeze(owner)
    client = visitor(owner)
    for method, url in every_url(owner.mailbox.public_id, message_id):
        response = getattr(client, method)(url)
        if resolve(url).func is errors.gone:  # no page of a mailbox
            assert response.status_code == 404
            continue
        page = response.content.decode()
        assert response.status_code == 403, url
        assert "This address is frozen" in page
        assert owner.address not in page
        assert response["Cache-Control"] == "no-store"
    assert Message.objects.count() == 1
    assert Mailbox.objects.live().count() == 1


def test_strangers_cannot_tell_a_frozen_mailbox_from_none(owner, stranger) -> None:
    freeze(owner)
    client = visitor(stranger)
    client.cookies[cookies.name(owner.mailbox.public_id)] = stranger.token
    assert client.get(inbox_url(owner)).status_code == 404
    # nor is a frozen one's token worth anything at another's address
    thief = visitor(owner)
    thief.cookies[cookies.name(stranger.mailbox.public_id)] = owner.token
    assert thief.get(inbox_url(stranger)).status_code == 404


def test_its_key_opens_it_nowhere_else_either(owner) -> None:
    freeze(owner)
    answer = Client().post(reverse("web:open"), {"token": owner.token})
    assert answer.status_code == 403
    assert not answer.cookies


def test_the_start_page_keeps_its_key_and_says_so_and_counts_no_wrong_token(
    owner, stranger
) -> None:
    freeze(owner)
    client = visitor(owner, stranger)
    for _ in range(40):
        answer = client.get("/")
    page = answer.content.decode()
    assert answer.status_code == 200
    assert "frozen by the operator" in page
    assert inbox_url(owner) in page
    assert stranger.address in page
    assert owner.address not in page
    assert cookies.name(owner.mailbox.public_id) not in answer.cookies


@pytest.mark.django_db(transaction=True)  # the list is asked for in another thread
def test_the_api_answers_403_frozen_to_its_token(owner, deliver) -> None:
    deliver(owner.address)
    message_id = owner.mailbox.messages.get().id
    freeze(owner)
    paths = (("get", f"email/{message_id}"), ("delete", "emails/me"), ("get", "emails/me?wait=5"))
    for method, path in paths:
        answer = api(owner, method, path)
        assert answer.status_code == 403
        assert json.loads(answer.content)["code"] == "frozen"
    assert Message.objects.count() == 1


def test_a_freeze_between_opening_and_doing_is_noticed_under_the_lock(owner, deliver) -> None:
    deliver(owner.address)
    opened = reading.open_by_token(owner.token)
    freeze(owner)
    with pytest.raises(Frozen):
        ending.delete_messages(opened.mailbox)
    with pytest.raises(Frozen):
        ending.extend(opened.mailbox, 3600)
    with pytest.raises(Frozen):
        following.look(opened.mailbox.pk)


def test_an_open_stream_is_told(owner) -> None:
    assert event_stream.once(owner.mailbox, 0, lambda after: []) == "retry: 5000\n\n"
    freeze(owner)
    assert "event: frozen" in event_stream.once(owner.mailbox, 0, lambda after: [])


def test_open_pages_are_woken_by_a_freeze_and_by_its_end(
    owner, monkeypatch, django_capture_on_commit_callbacks
) -> None:
    told: list[str] = []
    monkeypatch.setattr("mailboxes.live.publish", lambda public_id, event: told.append(public_id))
    with django_capture_on_commit_callbacks(execute=True):
        freeze(owner)
        moderation.unfreeze(owner.mailbox)
    assert told == [owner.mailbox.public_id] * 2


def test_twice_is_once(owner) -> None:
    assert moderation.freeze(owner.mailbox, reason="x")
    assert not moderation.freeze(owner.mailbox, reason="x")
    assert moderation.unfreeze(owner.mailbox)
    assert not moderation.unfreeze(owner.mailbox)
    assert ModerationRecord.objects.count() == 2


def test_a_frozen_mailbox_ends_when_its_time_is_over(owner) -> None:
    freeze(owner)
    Mailbox.objects.update(ends_at=Now())
    assert Mailbox.objects.ended().count() == 1
    assert visitor(owner).get(inbox_url(owner)).status_code == 404


def test_an_operator_ends_a_mailbox_and_the_records_say_who_and_why_without_its_address(
    owner, deliver
) -> None:
    deliver(owner.address)
    freeze(owner)
    moderation.end(owner.mailbox, reason="fraud", actor="ada")
    assert not Mailbox.objects.exists()
    assert not Message.objects.exists()
    assert PurgeRecord.objects.get().reason == PurgeRecord.Reason.OPERATOR
    acts = list(ModerationRecord.objects.order_by("pk").values_list("act", "subject", "actor"))
    public_id = owner.mailbox.public_id
    assert acts == [("freeze", public_id, "ada"), ("end", public_id, "ada")]
    kept = repr(list(ModerationRecord.objects.values()) + list(PurgeRecord.objects.values()))
    assert owner.address.partition("@")[0] not in kept


def test_a_decision_is_told_to_who_holds_the_reference_and_may_be_changed(owner) -> None:
    reference = report_about(owner.address)
    moderation.decide(reference.upper(), "no-ground", reason="nothing found")
    assert abuse.status_of(reference).is_closed
    moderation.decide(reference, "acted")
    assert abuse.status_of(reference).decision == AbuseReport.Decision.ACTED
    assert ModerationRecord.objects.filter(act="decide").count() == 2
    with pytest.raises(ValueError, match="shrug"):
        moderation.decide(reference, "shrug")
    with pytest.raises(NotFound):
        moderation.decide("unknown", "acted")
