"""Room on each disk that the service writes to."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings

from tempmail_site.doctor import room
from tempmail_site.doctor.findings import Finding, check


@check("disks.data", "Keys, logs and the embedded database are here.")
def data() -> Iterator[Finding]:
    """DATA_DIR."""
    yield from room.room(settings.DATA_DIR, "DATA_DIR")


@check("disks.state", "Postfix's files and sockets are here.")
def state() -> Iterator[Finding]:
    """STATE_DIR."""
    yield from room.room(settings.STATE_DIR, "STATE_DIR")


@check("disks.memory", "Postfix's log is here; without room its lines are lost.")
def memory() -> Iterator[Finding]:
    """The file system in memory that the mail log is on."""
    yield from room.room(settings.MAIL_LOG.parent.parent, "the mail log's place")


@check("disks.temporary", "Programs put here what they need for a moment.")
def temporary() -> Iterator[Finding]:
    """TMPDIR."""
    yield from room.room(Path(tempfile.gettempdir()), "temporary files")
