"""The tasks of an instance that runs: sent by beat, run in processes of the worker, gone on with after a crash."""

import subprocess
import sys
from typing import Any

import pytest
import redis

from deploy.local.instance import CHECKOUT
from deploy.local.stack import Stack
from tests.journey import probe

PURGED = """
from mailboxes.models.records import PurgeRecord
print(json.dumps(PurgeRecord.objects.filter(reason="expired").count()))
"""
OVER = "expires_at=Now() - timedelta(seconds=1), ends_at=Now() - timedelta(seconds=1)"
LOCK = "tempmail:running:purge_ended_mailboxes"

# Six mailboxes with a message each, whose time is over.
ENDED = """
from datetime import timedelta
from mailboxes.models.mailboxes import Mailbox
from mailboxes.services import clock, creation, intake
from mailboxes.services.parcels import Envelope
made = [creation.create() for _ in range(6)]
envelope = Envelope("queue", "a@example.org", tuple(one.address for one in made))
intake.store(envelope, b"Received: by test\\n\\n" + made[0].token.encode())
over = clock.now() - timedelta(seconds=1)
pks = [one.mailbox.pk for one in made]
Mailbox.objects.filter(pk__in=pks).update(expires_at=over, ends_at=over)
print(json.dumps(pks))
"""

# The last purge was just now, and the clock went forward by two hours since.
JUMPED = """
from datetime import timedelta
from django.db.models import F
from mailboxes.models.records import ClockReading
from mailboxes.services import clock_guard
clock_guard.now()
ClockReading.objects.update(database_time=F("database_time") - timedelta(hours=2))
"""

# The purge as a task runs it, but it stops for good in the midst of its third transaction.
STOPS = """
import sys, time
from mailboxes.services import erasing, exclusive, purging
purging.GROUP = purging.POSTGRESQL_SCALE = 1
erase, calls = erasing.erase, []
def stop_at_the_third(rows):
    calls.append(erase(rows))
    if len(calls) == 3:
        print("here", flush=True)
        time.sleep(600)
    return calls[-1]
erasing.erase = stop_at_the_third
with exclusive.hold("purge_ended_mailboxes", 3) as held:
    assert held
    purging.purge_ended_mailboxes()
"""

LEFT = """
from mailboxes.models.mailboxes import Mailbox
from mailboxes.models.messages import Message, MessageSource
found = Mailbox.objects.filter(pk__in={pks})
messages = Message.objects.filter(mailbox__in=found)
print(json.dumps([found.count(), messages.count(),
                  MessageSource.objects.filter(id__in=messages.values("id")).count()]))
"""


def call(stack: Stack, task: str) -> None:
    words = ["-m", "celery", "-q", "-A", "tempmail_site", "call", f"mailboxes.{task}"]
    command = [sys.executable, *words]
    subprocess.run(command, check=True, capture_output=True, cwd=CHECKOUT, env=stack.env)


def left(stack: Stack, pks: list[int]) -> Any:
    return probe.shell(stack, LEFT.format(pks=pks))


def python(stack: Stack, code: str) -> "subprocess.Popen[str]":
    command = [sys.executable, "manage.py", "shell", "--no-imports", "-c", code]
    pipe = subprocess.PIPE
    return subprocess.Popen(
        command,
        cwd=CHECKOUT,
        env=stack.env,
        stdout=pipe,
        text=True,
        **stack.owner.popen_arguments(),
    )


@pytest.fixture
def lock(stack: Stack) -> "redis.lock.Lock":
    """The lock of the purge, so that nobody else purges meanwhile."""
    client = redis.Redis(unix_socket_path=f"{stack.state_dir}/redis/redis.sock")
    return client.lock(LOCK, timeout=60)


def test_the_purge_task_removes_what_has_ended(each_stack: Stack) -> None:
    before = probe.shell(each_stack, PURGED)
    probe.new_address(each_stack, OVER)
    call(each_stack, "purge_ended_mailboxes")
    probe.wait_until(lambda: probe.shell(each_stack, PURGED) > before)


def test_a_purge_that_is_killed_in_the_middle_is_gone_on_with(
    stack: Stack, lock: "redis.lock.Lock"
) -> None:
    assert lock.acquire(blocking_timeout=60)
    pks = probe.shell(stack, ENDED)
    lock.release()
    with python(stack, STOPS) as purge:
        assert purge.stdout
        assert purge.stdout.readline() == "here\n"
        purge.kill()
    assert left(stack, pks) == [4, 4, 4]  # two are gone, and of the third nothing
    # It waits for the lock of the one that was killed, which ends by itself.
    assert stack.manage("purge").startswith("mailboxes=4 messages=4 ")
    assert left(stack, pks) == [0, 0, 0]


def test_a_clock_that_has_jumped_holds_the_purge_back_until_an_operator_says_otherwise(
    stack: Stack, lock: "redis.lock.Lock"
) -> None:
    assert lock.acquire(blocking_timeout=60)
    pks = probe.shell(stack, JUMPED + ENDED)
    lock.release()
    refused = python_manage(stack, "purge")
    assert (refused.returncode, refused.stdout) == (4, "")
    assert "the clock has jumped" in refused.stderr
    assert left(stack, pks)[0] == 6
    assert stack.manage("purge", "--clock-is-right").startswith("mailboxes=6 ")
    assert left(stack, pks) == [0, 0, 0]


def python_manage(stack: Stack, *words: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "manage.py", *words]
    return subprocess.run(
        command,
        cwd=CHECKOUT,
        env=stack.env,
        capture_output=True,
        text=True,
        check=False,
        **stack.owner.popen_arguments(),
    )


def test_beat_knows_every_task_that_it_sends(each_stack: Stack) -> None:
    code = """
from tempmail_site.celery import app
app.loader.import_default_modules()
sent = {entry["task"] for entry in app.conf.beat_schedule.values()}
print(json.dumps(sorted(sent - set(app.tasks))))
"""
    assert probe.shell(each_stack, code) == []
