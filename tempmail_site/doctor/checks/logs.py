"""The service's own logs: turned over, and gone in time."""

import shutil
import time
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings

from mailboxes.services import retention
from tempmail_site.doctor import looking
from tempmail_site.doctor.findings import Finding, check, fault, ok, warning

_LARGEST = 100 << 20  # bytes; they are turned over at 20 MB
_SLACK = 2 * 86_400  # seconds


@check("logs.rotation", "A log that nobody turns over grows until the disk is full.")
def rotation() -> Iterator[Finding]:
    """logrotate(8) is there, and the task that calls it gets its work done."""
    if shutil.which("logrotate", path=looking.PATH) is None:
        yield warning("logrotate is not installed: the logs grow", "apt-get install logrotate")
    directory: Path = settings.LOG_DIRECTORY
    files = [path for path in directory.iterdir() if path.is_file()] if directory.is_dir() else []
    for path in files:
        if path.stat().st_size > _LARGEST:
            words = f"{path} has {looking.sizes(path.stat().st_size)}"
            yield warning(words, "See tasks.results: rotate_logs.")
    oldest = time.time() - retention.log_seconds() - _SLACK
    old = [path for path in files if "log-" in path.name and path.stat().st_mtime < oldest]
    if old:
        words = f"{len(old)} logs are older than LOG_RETENTION_DAYS ({settings.LOG_RETENTION_DAYS})"
        yield fault(words, "See tasks.results: rotate_logs. Delete them by hand.")
    else:
        yield ok(f"{len(files)} files")
