"""The service's own logs: turned over, and gone in time."""

import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings

from mailboxes.services import retention
from tempmail_site.doctor import looking
from tempmail_site.doctor.findings import CannotLook, Finding, check, fault, ok, warning

_LARGEST = 100 << 20  # bytes; they are turned over at 20 MB
_SLACK = 2 * 86_400  # seconds


@check("logs.rotation", "A log that nobody turns over grows until the disk is full.")
def rotation() -> Iterator[Finding]:
    """logrotate(8) is there, and the task that calls it gets its work done."""
    if shutil.which("logrotate", path=looking.PATH) is None:
        yield warning("logrotate is not installed: the logs grow", "apt-get install logrotate")
    files, remedy = _files()
    for path in files:
        if path.stat().st_size > _LARGEST:
            yield warning(f"{path} has {looking.sizes(path.stat().st_size)}", remedy)
    oldest = time.time() - retention.log_seconds() - _SLACK
    old = [path for path in files if "log-" in path.name and path.stat().st_mtime < oldest]
    if old:
        words = f"{len(old)} logs are older than LOG_RETENTION_DAYS ({settings.LOG_RETENTION_DAYS})"
        yield fault(words, f"{remedy} Delete them by hand.")
    else:
        yield ok(f"{len(files)} files")


def _files() -> tuple[list[Path], str]:
    """Return all logs, and what to look at where they are not turned over. Raises CannotLook."""
    if settings.SERVER_LOGS:
        places = [path for path in Path(settings.SERVER_LOGS).iterdir() if path.is_dir()]
        if not all(os.access(path, os.R_OK | os.X_OK) for path in places):
            raise CannotLook("each log is its own user's to read: ask as root")
        remedy = "See journalctl -u logrotate and /etc/logrotate.d/tempmail."
    else:
        places = [settings.LOG_DIRECTORY] if settings.LOG_DIRECTORY.is_dir() else []
        remedy = "See tasks.results: rotate_logs."
    return [path for place in places for path in place.iterdir() if path.is_file()], remedy
