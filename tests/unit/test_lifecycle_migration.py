"""Mailboxes from before `ends_at` keep the lifetime that their owners were told."""

import json
import os
import subprocess
import sys
from pathlib import Path

from tests import private_database

SCRIPT = """
import json, django
django.setup()
from datetime import timedelta
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone
call_command("migrate", "mailboxes", "0002", verbosity=0, skip_checks=True)
old = MigrationExecutor(connection).loader.project_state(("mailboxes", "0002_abuse_reports")).apps
now = timezone.now()
domain = old.get_model("mailboxes", "Domain").objects.create(name="tempmail.test")
for number, hours in enumerate((-1, 1, 40)):
    old.get_model("mailboxes", "Mailbox").objects.create(
        public_id=f"box{number}", address_digest=bytes([number]), sealed_address=b"", public_key=bytes([number]),
        domain=domain, created_at=now, expires_at=now + timedelta(hours=hours), max_expires_at=now,
        last_activity_at=now - timedelta(days=3),
    )
call_command("migrate", verbosity=0)
from mailboxes.models.mailboxes import Mailbox
from mailboxes.models.records import KeyFingerprint
kept = [row.ends_at == row.expires_at for row in Mailbox.objects.all()]
living = sorted(Mailbox.objects.live().values_list("public_id", flat=True))
print(json.dumps([kept, living, KeyFingerprint.objects.count()]))
"""


def test_what_was_there_lives_on_as_long_as_it_was_to(tmp_path: Path) -> None:
    with private_database.create() as url:
        env = {**os.environ, "DATA_DIR": str(tmp_path), "DATABASE_URL": url or ""}
        command = [sys.executable, "-c", SCRIPT]
        done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1]) == [[True] * 3, ["box1", "box2"], 1]
