"""The canary through the real mail server, from its mail to its purge, and what the status page makes of it."""

import fnmatch

import redis

from deploy.local.stack import Stack
from mailboxes import data_classes
from tests.journey import client, probe

BEGIN = """
from mailboxes.services import canary
run = canary.begin()
print(json.dumps([run.state, run.reason, run.delivery_ms]))
"""
# Ten minutes later, as the database sees it.
END = """
from datetime import timedelta
from django.db.models.functions import Now
from mailboxes.models.mailboxes import Mailbox
from mailboxes.models.messages import Message, MessageSource
from mailboxes.models.records import CanaryRun
from mailboxes.services import canary, purging
run = CanaryRun.objects.latest("started_at")
mailbox = Mailbox.objects.get(ends_at=run.ends_at)
message = mailbox.messages.get()
past = Now() - timedelta(seconds=5)
Mailbox.objects.filter(pk=mailbox.pk).update(ends_at=past, expires_at=past)
CanaryRun.objects.filter(pk=run.pk).update(ends_at=past)
purging.purge_ended_mailboxes()
canary.look_back()
run.refresh_from_db()
left = Message.objects.filter(id=message.id).exists() or MessageSource.objects.filter(id=message.id).exists()
print(json.dumps([run.state, run.reason, run.purge_lag_ms, bytes(run.sealed).hex(), left]))
"""


def test_the_canary_is_delivered_ends_is_purged_and_shown(stack: Stack) -> None:
    state, reason, delivery_ms = probe.shell(stack, BEGIN)
    assert (state, reason) == ("running", "")
    state, reason, lag, sealed, left = probe.shell(stack, END)
    assert (state, reason, sealed, left) == ("passed", "", "", False)
    assert lag >= 5000
    shown = client.http_request(stack, "GET", "/status.json").data
    assert shown["last"]["delivery_ms"] == shown["delivery_ms"]["worst"] == delivery_ms
    assert shown["purge_lag_ms"]["worst"] == lag
    assert (shown["passed"], shown["failed"]) == (1, 0)
    page = client.http_request(stack, "GET", "/status").text
    assert "The last mail came." in page


def covered(kind: str) -> list[str]:
    """What of this kind has a class of data."""
    names = [name for each in data_classes.ALL for name in each.covers]
    return [name.removeprefix(kind) for name in names if name.startswith(kind)]


def test_every_log_file_has_a_class_of_data(stack: Stack) -> None:
    files = {path.name.partition("-")[0] for path in (stack.data_dir / "logs").iterdir()}
    assert files <= set(covered("file:"))


def test_everything_in_redis_has_a_class_of_data(stack: Stack) -> None:
    client.new_inbox(stack)
    client.http_request(stack, "GET", "/captcha/challenge")
    patterns = covered("redis:")
    socket = str(stack.state_dir / "redis" / "redis.sock")
    with redis.Redis(unix_socket_path=socket, decode_responses=True) as server:
        keys = list(server.scan_iter())
    assert keys
    unknown = [
        key for key in keys if not any(fnmatch.fnmatch(key, pattern) for pattern in patterns)
    ]
    assert unknown == []
