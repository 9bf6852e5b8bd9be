"""The Celery worker of an instance runs the tasks that beat sends."""

import subprocess
import sys

from deploy.local.instance import CHECKOUT
from deploy.local.stack import Stack
from tests.journey import probe

PURGED = """
from mailboxes.models.records import PurgeRecord
print(json.dumps(PurgeRecord.objects.filter(reason="expired").count()))
"""


def test_the_purge_task_removes_what_has_ended(each_stack: Stack) -> None:
    before = probe.shell(each_stack, PURGED)
    probe.new_address(each_stack, "expires_at=Now() - timedelta(seconds=1)")
    subprocess.run(
        [
            sys.executable,
            "-m",
            "celery",
            "-A",
            "tempmail_site",
            "call",
            "mailboxes.purge_ended_mailboxes",
        ],
        check=True,
        capture_output=True,
        cwd=CHECKOUT,
        env=each_stack.env,
    )
    probe.wait_until(lambda: probe.shell(each_stack, PURGED) > before)


def test_beat_knows_every_task_that_it_sends(each_stack: Stack) -> None:
    code = """
from tempmail_site.celery import app
app.loader.import_default_modules()
sent = {entry["task"] for entry in app.conf.beat_schedule.values()}
print(json.dumps(sorted(sent - set(app.tasks))))
"""
    assert probe.shell(each_stack, code) == []
