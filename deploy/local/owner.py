"""Whose files and processes these are: the owner of DATA_DIR, which under sudo is who called it."""

import contextlib
import os
import pwd
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict


class PopenArguments(TypedDict, total=False):
    """What subprocess.Popen takes to run a program as somebody else."""

    user: int
    group: int
    extra_groups: list[int]


@dataclass(frozen=True, slots=True)
class Owner:
    """A user and its main group, by number."""

    uid: int
    gid: int

    @property
    def home(self) -> str:
        """The user's home directory; `/` if the user has no entry."""
        with contextlib.suppress(KeyError):
            return pwd.getpwuid(self.uid).pw_dir
        return "/"

    @property
    def name(self) -> str:
        """The user's name; the number if it has none."""
        with contextlib.suppress(KeyError):
            return pwd.getpwuid(self.uid).pw_name
        return str(self.uid)

    def give(self, path: Path) -> None:
        """Make `path` this user's. Does nothing without the right to do it."""
        if os.geteuid() == 0:
            shutil.chown(path, self.uid, self.gid)

    def popen_arguments(self, group: int | None = None) -> PopenArguments:
        """Return what makes a child of root run as this user; nothing to do for anybody else."""
        if os.geteuid() != 0 or (self.uid == 0 and group is None):
            return {}
        return {
            "user": self.uid,
            "group": self.gid if group is None else group,
            "extra_groups": [self.gid],
        }


def of(path: Path) -> Owner:
    """Return the owner of an existing file."""
    status = path.stat()
    return Owner(status.st_uid, status.st_gid)


def invoking() -> Owner:
    """Return who called: the user before sudo(8), or the one of this process."""
    if os.geteuid() == 0 and os.environ.get("SUDO_UID", "").isdigit():
        return Owner(
            int(os.environ["SUDO_UID"]), int(os.environ.get("SUDO_GID", os.environ["SUDO_UID"]))
        )
    return Owner(os.geteuid(), os.getegid())


def named(user: str) -> Owner:
    """Return a user of the system. Raises KeyError when there is none."""
    entry = pwd.getpwnam(user)
    return Owner(entry.pw_uid, entry.pw_gid)


def make_directory(path: Path, owner: Owner, mode: int = 0o755) -> None:
    """Make a directory and its missing parents for `owner`; an existing one stays as it is."""
    missing = [p for p in (path, *path.parents) if not p.exists()]
    for directory in reversed(missing):
        directory.mkdir(mode=mode, exist_ok=True)
        owner.give(directory)
