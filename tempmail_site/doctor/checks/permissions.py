"""Permissions: who may read data and logs, who may write what root runs, who may connect to the worker."""

import filecmp
import grp
import pwd
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

from django.conf import settings

from tempmail_site.doctor import looking
from tempmail_site.doctor.findings import CannotLook, Finding, check, fault, ok

_OTHERS, _OTHERS_WRITE = 0o007, 0o022


@check("permissions.data", "DATA_DIR holds keys, the embedded database and logs.")
def data() -> Iterator[Finding]:
    """Nothing for users who have no part in it. On a server it holds static files, and what follows is elsewhere."""
    directory: Path = settings.DATA_DIR
    paths = [directory / "instance.env", *directory.glob("db.sqlite3*")]
    ours = (directory / "secrets.env", settings.LOG_DIRECTORY, *paths)
    special = {} if any(path.exists() for path in ours) else {directory: _OTHERS_WRITE}
    yield from _closed([directory, *paths], _OTHERS | _OTHERS_WRITE, special)


@check("permissions.logs", "Logs name nobody, but they are nobody else's business.")
def logs() -> Iterator[Finding]:
    """The directory; where others may enter it, what is in it."""
    directory: Path = settings.LOG_DIRECTORY
    is_open = bool((looking.mode(directory) or 0) & _OTHERS)
    files = sorted(directory.iterdir()) if is_open else []
    yield from _closed([directory, *files], _OTHERS | _OTHERS_WRITE)


@check("permissions.state", "What others can write there, Postfix would run or believe.")
def state() -> Iterator[Finding]:
    """Directories and files below STATE_DIR that root or Postfix read."""
    root: Path = settings.STATE_DIR
    config: Path = settings.POSTFIX_CONFIG_DIR
    script: Path = settings.DELIVERY_SCRIPT
    paths = [root, config, *sorted(config.glob("*")), script.parent, script]
    yield from _closed([*paths, settings.QUEUE_DIRECTORY], _OTHERS_WRITE)


@check("permissions.sockets", "Who can connect can put mail into mailboxes, or ask which exist.")
def sockets() -> Iterator[Finding]:
    """Open to the users of Postfix by their group, to nobody else."""
    paths = [settings.DELIVERY_SOCKET, settings.POLICY_SOCKET, settings.LMTP_SOCKET]
    directory: Path = settings.DELIVERY_SOCKET.parent
    # anybody may pass through the directory, and write only if it is the worker's own
    yield from _closed([*paths, directory], _OTHERS, {directory: _OTHERS_WRITE})


@check("permissions.delivery_user", "pipe(8) refuses to run the script as root or as postfix.")
def delivery_user() -> Iterator[Finding]:
    """A user and a group that exist and own nothing of Postfix's."""
    looking.need_postfix()
    user, _, group = settings.DELIVERY_USER.partition(":")
    remedy = (
        "Set DELIVERY_USER to a user without rights, `nobody:nogroup`, and render Postfix again."
    )
    try:
        entry = pwd.getpwnam(user)
        if group:
            grp.getgrnam(group)
    except KeyError:
        yield fault(f"DELIVERY_USER {settings.DELIVERY_USER} does not exist here", remedy)
        return
    if entry.pw_uid == 0 or user == "postfix":
        yield fault(f"DELIVERY_USER is {user}", remedy)
    else:
        yield ok(settings.DELIVERY_USER)


@check("permissions.script", "Postfix starts this file for each message.")
def script() -> Iterator[Finding]:
    """There, the one of this release, and to be reached by a user without rights."""
    looking.need_postfix()
    path: Path = settings.DELIVERY_SCRIPT
    remedy = f"Copy it again: install -m 755 {settings.BASE_DIR / 'delivery' / 'deliver.py'} {path}"
    if not path.is_file():
        yield fault(f"{path} is missing: all mail is deferred", remedy)
    elif not filecmp.cmp(path, settings.BASE_DIR / "delivery" / "deliver.py", shallow=False):
        yield fault(f"{path} is not the one of this release", remedy)
    elif closed := [one for one in (path, *path.parents) if not _lets_others_in(one)]:
        words = f"{settings.DELIVERY_USER} cannot reach the script: {closed[0]} is closed"
        yield fault(words, f"chmod o+x {closed[0]}")
    else:
        yield ok(f"{path} is that of this release")


def _closed(
    paths: list[Path], usual: int, special: Mapping[Path, int] = MappingProxyType({})
) -> Iterator[Finding]:
    """Find fault with each path that has one of these permissions."""
    found = False
    for path in paths:
        mode, bits = looking.mode(path), special.get(path, usual)
        if mode is not None and not path.is_symlink() and mode & bits:
            found = True
            remedy = f"chmod {mode & ~bits:04o} {path}"
            yield fault(f"{path} is open to others: mode {mode:04o}", remedy)
    if not found:
        yield ok(f"{len(paths)} looked at")


def _lets_others_in(path: Path) -> bool:
    mode = looking.mode(path)
    if mode is None:
        raise CannotLook(f"{path} is not there")
    return bool(mode & (0o004 if path.is_file() else 0o001))
