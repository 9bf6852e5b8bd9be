"""Files as they are to be: text, owner, mode; put in place by one rename(2)."""

import grp
import os
import pwd
import shutil
import stat
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Owner:
    """A user, a group and permission bits."""

    user: str = "root"
    group: str = "root"
    mode: int = 0o644


def differs(path: Path, text: str, owner: Owner) -> str:
    """Return what is not as wanted about a file, '' when it is."""
    if path.is_symlink() or not path.is_file():
        return f"{path} is not there"
    if path.read_text(encoding="utf-8", errors="replace") != text:
        return f"{path} has another text"
    return owner_differs(path, owner)


def owner_differs(path: Path, owner: Owner) -> str:
    """Return what is not as wanted about owner and mode, '' when they are."""
    found = path.stat()
    if stat.S_IMODE(found.st_mode) != owner.mode:
        return f"{path} has mode {stat.S_IMODE(found.st_mode):04o} instead of {owner.mode:04o}"
    if (found.st_uid, found.st_gid) != _ids(owner):
        return f"{path} belongs to another than {owner.user}:{owner.group}"
    return ""


def write(path: Path, text: str, owner: Owner) -> None:
    """Write a file so that readers see the old or the new one, on the disk before it has its name. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.tempmail-new")
    fresh.unlink(missing_ok=True)
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    give(fresh, owner)
    fresh.replace(path)


def give(path: Path, owner: Owner) -> None:
    """Set owner and mode. Raises OSError, LookupError where there is no such user."""
    shutil.chown(path, owner.user, owner.group)
    path.chmod(owner.mode)


def link(path: Path, target: Path | str) -> None:
    """Make a symbolic link, or let it lead elsewhere in one step. Raises OSError."""
    fresh = path.with_name(f".{path.name}.tempmail-new")
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(target)
    fresh.replace(path)


def directory_differs(path: Path, owner: Owner) -> str:
    """Return what is not as wanted about a directory, '' when it is."""
    return owner_differs(path, owner) if path.is_dir() else f"{path} is not there"


def make_directory(path: Path, owner: Owner) -> None:
    """Make a directory, or set its owner and mode. Raises OSError."""
    path.mkdir(parents=True, exist_ok=True)
    give(path, owner)


def _ids(owner: Owner) -> tuple[int, int]:
    try:
        return pwd.getpwnam(owner.user).pw_uid, grp.getgrnam(owner.group).gr_gid
    except KeyError:  # before the users are made: nothing belongs to them
        return -1, -1
