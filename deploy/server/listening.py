"""Which programs listen on a TCP port here, from /proc (proc(5))."""

import os
from collections.abc import Iterator
from pathlib import Path

_LISTEN = "0A"


def programs(port: int, proc: Path = Path("/proc")) -> set[str]:
    """Return the names of the programs that listen on a port; "?" for one that cannot be found."""
    wanted = {link for link, number in _sockets(proc) if number == port}
    found = {name for link, name in _holders(proc) if link in wanted} if wanted else set()
    return found or ({"?"} if wanted else set())


def ports(program: str, proc: Path = Path("/proc")) -> set[int]:
    """Return the ports that a program listens on."""
    numbers = dict(_sockets(proc))
    return {numbers[link] for link, name in _holders(proc) if name == program and link in numbers}


def _sockets(proc: Path) -> Iterator[tuple[str, int]]:
    for table in ("tcp", "tcp6"):
        path = proc / "net" / table
        for line in path.read_text().splitlines()[1:] if path.is_file() else []:
            words = line.split()
            if words[3] == _LISTEN:
                yield f"socket:[{words[9]}]", int(words[1].rpartition(":")[2], 16)


def _holders(proc: Path) -> Iterator[tuple[str, str]]:
    for entry in proc.glob("[0-9]*/fd/*"):
        try:
            yield str(entry.readlink()), (proc / entry.parts[-3] / "comm").read_text().strip()
        except OSError:  # it has ended, or is not ours to look at
            continue


def is_root() -> bool:
    """Tell whether this is root."""
    return os.geteuid() == 0
