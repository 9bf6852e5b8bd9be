"""A mailbox ends with its lifetime, or earlier when nobody uses it: no mail, and nobody looking."""

import uuid
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from mailboxes.api import presenting
from mailboxes.models.mailboxes import Mailbox
from mailboxes.rules.errors import MailboxEnded, NotFound, UnknownToken
from mailboxes.services import activity, clock, creation, ending, following, reading
from mailboxes.services.intake import Outcome
from mailboxes.services.recipients import RecipientStatus, recipient_status
from tests import messages
from tests.unit.web_visitors import inbox_url, visitor

DAY, TWO_DAYS = 86_400, 172_800
pytestmark = pytest.mark.usefixtures("domain")


@pytest.fixture
def long_lived(domain):
    return creation.create(lifetime=TWO_DAYS)


def stored(created):
    return Mailbox.objects.get(pk=created.mailbox.pk)


def unused(created, **time):
    """Let the last use be so long ago."""
    used_at = clock.now() - timedelta(**time)
    ends_at = activity.ends_at(created.mailbox.expires_at, used_at)
    Mailbox.objects.filter(pk=created.mailbox.pk).update(last_activity_at=used_at, ends_at=ends_at)


def updates(queries):
    """The UPDATEs, also those that share a round trip with other statements."""
    found = [each["sql"].rpartition("; UPDATE ") for each in queries]
    return [sql for before, _, sql in found if before or sql.startswith("UPDATE")]


def test_the_earlier_of_lifetime_and_inactivity_is_its_end(owner, long_lived):
    assert owner.mailbox.ends_at == owner.mailbox.expires_at
    assert long_lived.mailbox.ends_at - long_lived.mailbox.created_at == timedelta(days=1)
    assert long_lived.mailbox.expires_at - long_lived.mailbox.created_at == timedelta(days=2)


def test_without_inactivity_the_lifetime_alone_counts(domain, settings):
    settings.INACTIVITY_LIFETIME = 0
    created = creation.create(lifetime=TWO_DAYS)
    unused(created, hours=47)
    reading.open_by_token(created.token)
    assert stored(created).ends_at == stored(created).expires_at == created.mailbox.expires_at


def test_unused_it_has_ended_at_every_door(long_lived, deliver):
    unused(long_lived, days=1, seconds=1)
    with pytest.raises(UnknownToken):
        reading.open_by_token(long_lived.token)
    with pytest.raises(NotFound):
        ending.extend(long_lived.mailbox, TWO_DAYS)
    assert recipient_status(long_lived.address) is RecipientStatus.UNKNOWN
    assert deliver(long_lived.address) == [Outcome.GONE]
    with pytest.raises(MailboxEnded):
        following.look(long_lived.mailbox.pk)
    client = visitor(long_lived)
    assert client.get(inbox_url(long_lived)).status_code == 404
    bearer = {"Authorization": f"Bearer {long_lived.token}"}
    assert client.get(f"/api/email/{uuid.uuid4()}", headers=bearer).status_code == 401
    assert client.get(inbox_url(long_lived) + "events").status_code == 404


def test_a_look_and_a_mail_put_the_end_off(domain, deliver):
    looked_at, written_to = (creation.create(lifetime=TWO_DAYS) for _ in range(2))
    for created in (looked_at, written_to):
        unused(created, hours=20)
    reading.open_by_token(looked_at.token)
    deliver(written_to.address)
    for created in (looked_at, written_to):
        assert stored(created).ends_at > clock.now() + timedelta(hours=23, minutes=59)


def test_no_use_puts_it_off_past_the_lifetime(domain, deliver):
    created = creation.create(lifetime=DAY + 3600)
    unused(created, hours=20)
    Mailbox.objects.update(expires_at=clock.now() + timedelta(hours=5))
    reading.open_by_token(created.token)
    assert stored(created).ends_at == stored(created).expires_at


def test_use_is_written_at_most_once_a_minute(owner, deliver, monkeypatch):
    # no plans are kept, so that each statement is seen whole
    monkeypatch.setitem(connection.settings_dict, "DISABLE_SERVER_SIDE_CURSORS", True)
    unused(owner, minutes=2)
    with CaptureQueriesContext(connection) as queries:
        for _ in range(10):
            reading.open_by_token(owner.token)
    assert len(updates(queries)) == 1
    Mailbox.objects.update(last_activity_at=clock.now() - timedelta(minutes=2))
    with CaptureQueriesContext(connection) as queries:
        for number in range(5):
            deliver(owner.address, raw=messages.plain(received=str(number)))
    assert sum("last_activity_at" in sql.split("WHERE")[0] for sql in updates(queries)) == 1
    assert len(updates(queries)) == 5  # of the counters: use costs no statement of its own


def test_of_many_looks_at_once_one_writes(owner):
    unused(owner, minutes=2)
    now, rows = clock.now(), [stored(owner) for _ in range(3)]
    activity.write(rows[0], now)
    Mailbox.objects.update(last_activity_at=now - timedelta(seconds=1))
    activity.write(rows[1], now)
    assert stored(owner).last_activity_at == now - timedelta(seconds=1)


def test_a_look_that_began_before_the_end_revives_nothing(long_lived):
    unused(long_lived, hours=20)
    row, now = stored(long_lived), clock.now()
    Mailbox.objects.update(ends_at=now - timedelta(seconds=1))
    activity.write(row, now)
    assert stored(long_lived).ends_at == now - timedelta(seconds=1)


def test_a_look_takes_no_extension_back(owner):
    unused(owner, minutes=2)
    row, now = stored(owner), clock.now()
    extended = ending.extend(owner.mailbox, 21_600)
    Mailbox.objects.update(last_activity_at=now - timedelta(minutes=2))
    activity.write(row, now)
    assert stored(owner).ends_at == extended > owner.mailbox.expires_at


def test_an_extension_moves_the_end_as_far_as_use_allows(owner):
    ending.extend(owner.mailbox, TWO_DAYS)
    row = stored(owner)
    assert row.expires_at - row.created_at > timedelta(hours=47)
    assert row.ends_at == row.last_activity_at + timedelta(days=1)


def test_the_page_counts_down_to_the_earlier_end_and_says_why(owner, long_lived):
    unused(long_lived, hours=20)
    page = visitor(long_lived).get(inbox_url(long_lived)).content.decode()
    assert f'data-ends="{stored(long_lived).ends_at.isoformat()}"' in page
    assert ">24 hours</span>" in page
    assert f'data-ring="{DAY}"' in page
    assert "Unused, it ends then." in page
    page = visitor(owner).get(inbox_url(owner)).content.decode()
    assert f'data-ends="{owner.mailbox.expires_at.isoformat()}"' in page
    assert 'data-ring="3600"' in page
    assert "Unused" not in page


def test_an_open_page_learns_of_an_end_that_was_put_off(long_lived):
    unused(long_lived, hours=20)
    fragment = visitor(long_lived).get(inbox_url(long_lived) + "list").content.decode()
    assert f'data-ends="{stored(long_lived).ends_at.isoformat()}"' in fragment


def test_the_api_tells_when_it_really_ends(long_lived):
    counts = reading.counts(reading.open_by_token(long_lived.token))
    listed = presenting.email_list(reading.Page([], None), counts, 0, timed_out=False)
    assert listed["expires_at"] == stored(long_lived).ends_at < long_lived.mailbox.expires_at
