"""How much room a directory has: bytes and inodes."""

import os
from collections.abc import Iterator
from pathlib import Path

from tempmail_site.doctor import looking
from tempmail_site.doctor.findings import CannotLook, Finding, fault, ok, warning

_LOW, _SCARCE = 0.10, 0.03  # of all there is
_LOW_BYTES = 1 << 30  # of a large disk a tenth is much
_PLENTY_BYTES = 20 << 30


def room(directory: Path, name: str, least: int = 0) -> Iterator[Finding]:
    """Yield what there is to say about the file system of a directory; less than `least` bytes is a fault.

    Raises CannotLook.
    """
    try:
        found = os.statvfs(directory)
    except OSError:
        raise CannotLook(f"{directory} cannot be looked at by this user") from None
    free, total = found.f_bavail * found.f_frsize, found.f_blocks * found.f_frsize
    words = f"{name} ({directory}): {looking.sizes(free)} of {looking.sizes(total)} free"
    remedy = f"Make room on the disk of {directory}, or give it a larger one."
    if free < least or (free < total * _SCARCE and free < _LOW_BYTES):
        yield fault(words, remedy)
    elif free < total * _LOW and free < _PLENTY_BYTES:
        yield warning(words, remedy)
    else:
        yield ok(words)
    # some file systems make inodes as they go, and say 0
    if found.f_files and found.f_favail < found.f_files * _SCARCE:
        words = f"{name} ({directory}): {found.f_favail} of {found.f_files} inodes free"
        yield fault(words, "Delete small files there, or make the file system with more inodes.")
