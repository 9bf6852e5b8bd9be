"""docs/retention.md: its numbers are those of the code, and it names every file and log that the privacy page knows."""

import re

from django.conf import settings

from deploy.local import mail_log
from mailboxes import data_classes
from mailboxes.gate import operators
from mailboxes.services import abuse, audit, idempotency, retention
from tests.documented import ROOT

PAGE = (ROOT / "docs" / "retention.md").read_text()
HOUR, DAY = 3600, 86_400


def row(begin: str) -> str:
    """The one row whose first cell begins so."""
    (found,) = (line for line in PAGE.splitlines() if line.startswith(f"| {begin}"))
    return found


def deployed(name: str) -> str:
    """The text of the one file of that name below deploy/."""
    (found,) = (ROOT / "deploy").glob(f"*/{name}")
    return found.read_text()


def test_times_are_those_of_the_code() -> None:
    hours = settings.MAX_LIFETIME // HOUR
    assert f"{hours} hours at most by default" in row("mail, addresses")
    seconds = retention.delivery_record_seconds()
    assert f"{seconds // DAY} days |" in row("fingerprints of deliveries")
    assert f"| {retention.PURGE_RECORD_DAYS} day |" in row("that a mailbox was purged")
    assert f"| {(idempotency.SECONDS + HOUR) // HOUR} hours |" in row("that a program's")
    assert f"| {retention.CANARY_RUN_DAYS} days |" in row("the service's trials")
    assert f"| {retention.OPERATOR_MESSAGE_DAYS} days |" in row("mail to abuse@")
    assert f"| {abuse.REPORT_DAYS} days |" in row("reports of abuse")
    assert f"| {audit.RECORD_DAYS} days |" in row("what operators did")
    session = operators.LONGEST_SESSION + settings.SESSION_COOKIE_AGE
    assert f"| {session // HOUR} hours |" in row("sessions of operators")
    assert f"({settings.QUEUE_LIFETIME // DAY} days)" in row("`/var/spool/postfix`")
    assert f"| {settings.LOG_RETENTION_DAYS} days" in row("`/var/log/tempmail")
    assert f"5 to {2 * mail_log.SECONDS // 60} minutes" in row("`/run/tempmail/mail-log`")


def test_server_configurations_go_by_it() -> None:
    logs = deployed("tempmail-server.conf") + deployed("tempmail-nginx.logrotate")
    kept = re.findall(r"^    (?:rotate|maxage) (\d+)$", logs, re.MULTILINE)
    assert {int(days) + 1 for days in kept} == {settings.LOG_RETENTION_DAYS}
    for timer in ("tempmail-mail-log.timer", "tempmail-edge-log.timer"):
        assert "OnUnitActiveSec=5min" in deployed(timer)
    assert "BACKUP_DAYS:-14" in deployed("backup.sh")
    assert "| 14 days (`BACKUP_DAYS`) |" in row("`/var/lib/tempmail-backup`")


def test_everything_that_the_privacy_page_knows_has_a_place() -> None:
    places = {
        "file:queue": "`/var/spool/postfix`",
        "file:mail-counts.json": "`/var/lib/tempmail/mail-counts.json`",
        "file:metrics": "`/run/tempmail/metrics`",
        "file:backup": "`/var/lib/tempmail-backup`",
        "memory:mail.log": "`/run/tempmail/mail-log`",
        "log:log": "`/var/log/tempmail",
        "file:tempmail.access": "`/var/log/nginx/tempmail.access`",
    }
    files = [name for each in data_classes.ALL for name in each.covers]
    for name in files:
        if name.startswith(("file:", "log:", "memory:mail")) and not name.endswith((".log",)):
            assert row(places[name])
    assert set(places) <= set(files)
