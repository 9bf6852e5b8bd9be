"""Turning the service's own logs over and deleting old ones: logrotate(8) does the work.

What has to be gone by the hour is deleted here: logrotate looks at ages only when it turns a log over.
"""

import logging
import re
import shutil
import string
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings

logger = logging.getLogger(__name__)

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
SECONDS = 40.0
_HOUR, _DAY = 3600, 86_400
_PER_DAY = 10  # files of one log, should it grow past its size in hours
_OLD = re.compile(r"[a-z]+\.log-\d{8}-\d+(?:\.gz)?")
_told = threading.Event()  # once for each process


def rotate(*, force: bool = False) -> int:
    """Turn over what is due, or all by `force`; delete what is too old, and return how many files that were.

    Where LOG_FILE leads elsewhere, as on a server, the system's does that (deploy/logrotate/tempmail-server.conf).
    """
    if not settings.LOG_DIRECTORY.is_dir():
        return 0
    deleted = sum(1 for _ in _delete_old())
    program = shutil.which("logrotate", path=PATH)
    if program is None:
        _tell_of_missing()
        return deleted
    try:
        command = [program, *(["--force"] if force else []), "--state", str(_state()), str(write())]
        done = subprocess.run(
            command, check=False, capture_output=True, timeout=SECONDS, env={"PATH": PATH}
        )
    except (OSError, ValueError, subprocess.TimeoutExpired) as error:
        logger.error("the logs could not be turned over", extra={"error": type(error).__name__})
        return deleted
    if done.returncode:
        logger.error("logrotate failed", extra={"status": done.returncode})
    return deleted


def write() -> Path:
    """Render the configuration of this installation; return where it is. Raises OSError, ValueError."""
    template = settings.BASE_DIR / "deploy" / "logrotate" / "tempmail.conf"
    days = _days()
    text = string.Template(template.read_text(encoding="ascii")).substitute(
        directory=_quoted(settings.LOG_DIRECTORY), count=days * _PER_DAY, days=days
    )
    path: Path = settings.DATA_DIR / "logrotate.conf"
    fresh = path.with_suffix(".new")
    fresh.touch(mode=0o600)  # logrotate(8) refuses one that others may write
    fresh.write_text(text, encoding="utf-8")
    fresh.replace(path)
    return path


def _delete_old() -> Iterator[Path]:
    """A file holds the lines of 25 hours at most: it goes before its first one is of age, give or take an hour."""
    limit = time.time() - (_days() - 1) * _DAY + _HOUR
    directory: Path = settings.LOG_DIRECTORY
    for path in directory.iterdir() if directory.is_dir() else ():
        if _OLD.fullmatch(path.name) and path.stat().st_mtime < limit:
            path.unlink(missing_ok=True)
            yield path


def _days() -> int:
    return max(1, int(settings.LOG_RETENTION_DAYS))


def _state() -> Path:
    return Path(settings.DATA_DIR / "logrotate.state")


def _quoted(directory: Path) -> str:
    """What stands for a path between double quotes, where patterns are still expanded.

    Raises ValueError for what the configuration cannot say.
    """
    text = str(directory)
    if re.search(r"[{}\x00-\x1f]", text):
        raise ValueError("logrotate cannot be told this path")
    return re.sub(r'([\\"*?\[\]])', r"\\\1", text)


def _tell_of_missing() -> None:
    if not _told.is_set():
        _told.set()
        logger.warning("logrotate is not installed: the logs grow until it is")
