"""The list of the API: what it can be asked for, where it goes on, what need not be sent twice."""

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from mailboxes.models.messages import Message
from mailboxes.services import ending
from tests import messages
from tests.unit.problems import assert_problem

pytestmark = pytest.mark.django_db(transaction=True)

MAILS = {
    "bill": b"From: =?utf-8?q?Stadtwerke_K=C3=B6ln?= <bill@example.net>\n"
    b"Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\n"
    b'MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary="b"\n\n--b\n\nHello\n'
    b'--b\nContent-Type: application/pdf\nContent-Disposition: attachment; filename="r.pdf"\n\nx\n--b--\n',
    "code": b"From: Shop <shop@example.org>\nSubject: Your sign-in code\n\nYour code is 482913.\n",
    "plain": b"From: Alice <alice@example.org>\nSubject: Hello from the shop\n\nHello\n",
}

FILTERS = [
    ("", ["plain", "code", "bill"]),
    ("from=shop", ["code"]),
    ("from=KOLN", ["bill"]),
    ("from=bill%40example.net", ["bill"]),
    ("subject=shop", ["plain"]),
    ("subject=gr%C3%BCsse", ["bill"]),
    ("subject=%00", []),
    ("from=&subject=", ["plain", "code", "bill"]),
    ("has=attachment", ["bill"]),
    ("has=code", ["code"]),
    ("has=code&has=attachment", []),
    ("unread=true", ["plain", "code", "bill"]),
    ("unread=false", ["plain", "code", "bill"]),
    ("since=2000-01-01T00:00:00Z", ["plain", "code", "bill"]),
    ("since=2099-01-01T00:00:00%2B02:00", []),
    ("since=0001-01-01T00:00:00Z", ["plain", "code", "bill"]),
    ("from=example&limit=1", ["plain"]),
    ("wait=55&has=code", ["code"]),
    ("after=0", ["plain", "code", "bill"]),
    ("after=1&from=example", ["plain", "code"]),
    ("after=999999999999999999", []),
]
INVALID = [
    "since=2026-11-20T10:00:00",
    "since=yesterday",
    "since=0001-01-01T00:00:00%2B23:00",
    "since=9999-12-31T23:59:59-23:00",
    "has=everything",
    "has=",
    "unread=perhaps",
    "subject=" + "x" * 201,
    "after=1234567890123456789",
    "after=-1",
    "after=%D9%A1",
    "wait=1.5",
]


@pytest.fixture
def filled(owner, deliver):
    for name, raw in MAILS.items():
        deliver(owner.address, raw=raw, queue_id=name)
    return owner


def found(api, owner, query: str) -> list[str]:
    listed = api("GET", f"emails/me?{query}", owner.token)
    assert listed.status_code == 200, listed.content
    names = {str(message.id): name for name, message in zip(MAILS, ordered(), strict=True)}
    return [names[item["id"]] for item in listed.data["items"]]


def ordered() -> list[Message]:
    return list(Message.objects.order_by("sequence"))


def test_a_list_can_be_filtered(api, filled) -> None:
    for query, names in FILTERS:
        assert found(api, filled, query) == names, query


def test_since_is_inclusive_and_goes_by_what_the_list_says(api, filled) -> None:
    newest = api("GET", "emails/me?limit=1", filled.token).data["items"][0]
    assert found(api, filled, f"since={newest['received_at']}")[0] == "plain"
    Message.objects.filter(sequence__lt=3).update(received_at=datetime(2001, 1, 1, tzinfo=UTC))
    assert found(api, filled, f"since={newest['received_at']}") == ["plain"]


def test_unread_leaves_out_what_was_opened(api, filled) -> None:
    api("GET", f"email/{ordered()[2].id}", filled.token)
    assert found(api, filled, "unread=true") == ["code", "bill"]


def test_totals_are_of_the_mailbox_whatever_is_asked_for(api, filled) -> None:
    listed = api("GET", "emails/me?has=code", filled.token).data
    assert (len(listed["items"]), listed["total"], listed["unread"]) == (1, 3, 3)
    filled.mailbox.refresh_from_db()
    ends_at = datetime.fromisoformat(listed["expires_at"])
    assert abs(ends_at - filled.mailbox.ends_at) < timedelta(milliseconds=1)


def test_values_that_mean_nothing_are_invalid(api, owner) -> None:
    for query in INVALID:
        assert_problem(api("GET", f"emails/me?{query}", owner.token), 422, "invalid")


def test_cursors_lead_through_all_pages_of_a_filtered_list(api, owner, deliver) -> None:
    for number in range(6):
        subject = f"{number} {'odd' if number % 2 else 'even'}"
        deliver(owner.address, raw=messages.plain(subject=subject, received=str(number)))
    first = api("GET", "emails/me?limit=2&subject=even", owner.token).data
    deliver(owner.address, raw=messages.plain(subject="7 even", received="7"))
    query = f"emails/me?limit=2&subject=even&cursor={first['next_cursor']}"
    second = api("GET", query, owner.token).data
    subjects = [[item["subject"] for item in page["items"]] for page in (first, second)]
    assert subjects == [["4 even", "2 even"], ["0 even"]]
    assert second["next_cursor"] is None


def test_with_a_cursor_nothing_is_waited_for(api, owner, deliver) -> None:
    for number in range(2):
        deliver(owner.address, raw=messages.plain(received=str(number)))
    cursor = api("GET", "emails/me?limit=1", owner.token).data["next_cursor"]
    ending.delete_messages(owner.mailbox)
    listed = api("GET", f"emails/me?wait=55&cursor={cursor}", owner.token).data
    assert (listed["items"], listed["timed_out"]) == ([], None)


def test_after_the_id_of_a_deleted_message_is_not_found_but_its_position_is(
    api, owner, deliver
) -> None:
    deliver(owner.address)
    listed = api("GET", "emails/me", owner.token).data
    ending.delete_messages(owner.mailbox)
    gone = api("GET", f"emails/me?after={listed['items'][0]['id']}", owner.token)
    assert_problem(gone, 404, "not_found")
    deliver(owner.address, raw=messages.plain(subject="later", received="later"))
    later = api("GET", f"emails/me?wait=55&after={listed['position']}", owner.token).data
    assert [item["subject"] for item in later["items"]] == ["later"]


def test_a_position_is_there_before_there_is_any_mail(api, owner, deliver) -> None:
    position = api("GET", "emails/me", owner.token).data["position"]
    deliver(owner.address)
    assert len(api("GET", f"emails/me?after={position}", owner.token).data["items"]) == 1


def test_mail_that_comes_while_a_list_is_made_is_after_its_position(
    api, owner, deliver, monkeypatch
) -> None:
    from mailboxes.services import searching

    page = searching.page

    def page_between_mail(*args, **kwargs):
        monkeypatch.setattr(searching, "page", page)
        deliver(owner.address, raw=messages.plain(received="before"))
        found = page(*args, **kwargs)
        deliver(owner.address, raw=messages.plain(received="after"))
        return found

    monkeypatch.setattr(searching, "page", page_between_mail)
    first = api("GET", "emails/me", owner.token).data
    second = api("GET", f"emails/me?after={first['position']}", owner.token).data
    assert len(first["items"] + second["items"]) == 2


def test_a_list_that_has_not_changed_is_not_sent_again(client: Client, owner, deliver) -> None:
    def listed(*etags: str, query: str = ""):
        headers = {"Authorization": f"Bearer {owner.token}", "If-None-Match": ", ".join(etags)}
        return client.get(f"/api/emails/me{query}", headers=headers)

    etag = listed()["ETag"]
    for known in ((etag,), (f"W/{etag}",), ('"other"', etag), ("*",)):
        same = listed(*known)
        assert (same.status_code, same.content, same["ETag"]) == (304, b"", etag)
        assert same["Cache-Control"] == "no-store"
        assert same["X-Request-ID"]
    assert listed('"other"', "rubbish").status_code == 200
    deliver(owner.address)
    changed = listed(etag)
    assert changed.status_code == 200
    assert changed["ETag"] != etag
    client.get(
        f"/api/email/{Message.objects.get().id}",
        headers={"Authorization": f"Bearer {owner.token}"},
    )
    assert listed(changed["ETag"]).status_code == 200
    assert "ETag" not in listed(query="?wait=1")
    assert "ETag" not in listed(query="?limit=0")


def test_the_latest_is_the_newest_match_in_full(api, filled) -> None:
    for query, subject in (("", "Hello from the shop"), ("has=code", "Your sign-in code")):
        latest = api("GET", f"emails/me/latest?mark_seen=false&{query}", filled.token)
        assert latest.status_code == 200
        assert latest["Cache-Control"] == "no-store"
        assert latest.data["subject"] == subject
        assert latest.data["seen"] is False
        assert latest.data["text"]
    whole = api("GET", f"email/{latest.data['id']}?mark_seen=false", filled.token).data
    assert whole == latest.data
    assert api("GET", "emails/me/latest", filled.token).data["seen"] is True
    assert api("GET", "emails/me", filled.token).data["unread"] == 2


def test_there_is_no_latest_where_nothing_matches(api, filled, stranger) -> None:
    for query in ("subject=never", "after=3", "after=3&wait=1"):
        refused = api("GET", f"emails/me/latest?{query}", filled.token)
        assert_problem(refused, 404, "not_found")
    assert_problem(api("GET", f"emails/{filled.address}/latest", stranger.token), 404, "not_found")


def test_a_latest_that_is_deleted_between_two_looks_leads_to_the_one_before(
    api, filled, monkeypatch
) -> None:
    from mailboxes.services import reading

    message = reading.message

    def message_that_is_gone(opened, message_id, **kwargs):
        monkeypatch.setattr(reading, "message", message)
        ending.delete_messages(filled.mailbox, [message_id])
        return message(opened, message_id, **kwargs)

    monkeypatch.setattr(reading, "message", message_that_is_gone)
    assert api("GET", "emails/me/latest", filled.token).data["subject"] == "Your sign-in code"
