"""On which file system a directory lies: a number with fsync means something only on one with a journal."""

import os
import re
from dataclasses import dataclass
from pathlib import Path

MOUNTS = Path("/proc/self/mountinfo")
# btrfs and zfs copy on write instead: as safe, but with other numbers.
JOURNALED = frozenset({"ext3", "ext4", "xfs", "jfs"})
_ESCAPE = re.compile(r"\\([0-7]{3})")


@dataclass(frozen=True, slots=True)
class Mount:
    """A line of /proc/self/mountinfo (proc(5)): where, what kind, what device, its options."""

    point: Path
    kind: str
    source: str
    options: tuple[str, ...]

    @property
    def is_journaled(self) -> bool:
        """Whether it is one with a journal, and barriers were not turned off."""
        return self.kind in JOURNALED and not {"nobarrier", "barrier=0"} & set(self.options)


def parse(text: str) -> list[Mount]:
    """Return the mounts of a mountinfo text, in its order."""
    mounts = []
    for line in text.splitlines():
        before, _, after = line.partition(" - ")
        fields, rest = before.split(), after.split()
        point = _ESCAPE.sub(lambda match: chr(int(match[1], 8)), fields[4])
        options = (*fields[5].split(","), *rest[2].split(","))
        mounts.append(Mount(Path(point), rest[0], rest[1], options))
    return mounts


def mount_of(path: Path, mounts: list[Mount]) -> Mount:
    """Return the mount that a real path lies on: the longest, and of equal ones the last. Raises ValueError."""
    fitting = [mount for mount in mounts if path.is_relative_to(mount.point)]
    # max() takes the first of equals, and the last one mounted hides the others
    return max(reversed(fitting), key=lambda mount: len(mount.point.parts))


def describe(path: Path) -> str:
    """Return in words on what `path` lies, with a warning where that has no journal."""
    mount = mount_of(Path(os.path.realpath(path)), parse(MOUNTS.read_text()))
    words = f"{mount.kind} on {mount.source}"
    if mount.is_journaled:
        return words
    return f"{words}: NOT A JOURNALED FILE SYSTEM, these numbers do not compare with others"
