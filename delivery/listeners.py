"""The worker's listening unix sockets: bound here, or handed over by systemd or by ourselves."""

import contextlib
import os
import shutil
import socket
from dataclasses import dataclass
from pathlib import Path

from delivery import handover

BACKLOG = 512  # what waits here while processes are replaced; full, connect(2) fails with EAGAIN


@dataclass(frozen=True, slots=True)
class Address:
    """A socket's name (also its systemd FileDescriptorName), path, permissions and owner."""

    name: str
    path: Path
    mode: int = 0o660
    owner: str = ""  # "user:group"; the user is given only by a worker that starts as root


def open_listeners(addresses: list[Address]) -> dict[str, socket.socket]:
    """The listening sockets by name. Raises OSError where one can be neither taken nor bound."""
    given = handover.listening_sockets()
    return {a.name: given.get(a.name) or bind(a) for a in addresses}


def bind(address: Address) -> socket.socket:
    """Binds and listens; an old file in the way is removed. Raises OSError."""
    address.path.parent.mkdir(parents=True, exist_ok=True)
    listener = socket.socket(socket.AF_UNIX)
    # Bound under a name of its own and then renamed: at every moment the path leads somewhere.
    fresh = address.path.with_name(f"{address.path.name}.{os.getpid()}")
    with contextlib.suppress(FileNotFoundError):
        fresh.unlink()
    listener.bind(str(fresh))
    listener.listen(BACKLOG)
    fresh.chmod(address.mode)
    _give_to(fresh, address.owner)
    fresh.rename(address.path)
    listener.setblocking(False)
    return listener


def _give_to(path: Path, owner: str) -> None:
    user, _, group = owner.partition(":")
    if os.geteuid() == 0 and user:
        with contextlib.suppress(LookupError):  # no such user here: root's own then
            shutil.chown(path, user, group or None)
    elif group:
        # who is not root may give a file to a group that it is in (chown(2)), as the worker of a container is
        with contextlib.suppress(LookupError, PermissionError):
            shutil.chown(path, group=group)
