"""CPU time by process family, from /proc (proc(5)).

A process's stat holds its own time and that of its children that it waited for. Summed over all living processes of a
tree nothing is lost or counted twice when one ends: its time moves to its parent. stat cuts each number to a clock tick
(10 ms) when it is read; a living process's own time is therefore taken from schedstat, in nanoseconds, where the kernel
has it. Then a sum is off by at most a tick per living process that has had children.
"""

import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

PROC = Path("/proc")
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Stat:
    """A process: times in ticks, `children` that of ended children that were waited for."""

    pid: int
    name: str
    parent: int
    own: float
    children: int


Snapshot = Mapping[int, Stat]


def parse_stat(text: str) -> Stat:
    """Return what /proc/PID/stat says. The name in parentheses may hold anything. Raises ValueError."""
    before, _, after = text.rpartition(")")
    pid, _, name = before.partition("(")
    words = after.split()
    if len(words) < 15:
        raise ValueError("not a line of /proc/PID/stat")
    # proc(5) counts from 1 and the state is the third: ppid 4, utime 14, stime 15, cutime 16, cstime 17.
    utime, stime, cutime, cstime = (int(word) for word in words[11:15])
    return Stat(int(pid), name, int(words[1]), utime + stime, cutime + cstime)


def read(pid: int) -> Stat | None:
    """Return a process, or None when it has ended."""
    try:
        return parse_stat((PROC / str(pid) / "stat").read_text(errors="replace"))
    except (OSError, ValueError):
        return None


def pids() -> set[int]:
    """Return the ids of all living processes."""
    return {int(name) for name in os.listdir(PROC) if name.isdigit()}  # noqa: PTH208 - ten times a second


def scheduled_ticks(pid: int) -> float:
    """Return the CPU time of a process's living threads, in fractions of ticks; 0 where schedstat is not there."""
    total = 0
    with suppress(OSError, ValueError, IndexError):
        for thread in (PROC / str(pid) / "task").iterdir():
            total += int((thread / "schedstat").read_text().split()[0])
    return total * TICKS / 1e9


def snapshot() -> Snapshot:
    """Return all living processes."""
    found = {stat.pid: stat for pid in pids() if (stat := read(pid))}
    return {
        pid: replace(stat, own=max(stat.own, scheduled_ticks(pid))) for pid, stat in found.items()
    }


def tree(processes: Snapshot, root: int) -> set[int]:
    """Return the ids of a process and all its descendants; empty when it is not there."""
    children: dict[int, list[int]] = {}
    for stat in processes.values():
        children.setdefault(stat.parent, []).append(stat.pid)
    found, todo = set(), [root] if root in processes else []
    while todo:
        found.add(pid := todo.pop())
        todo += children.get(pid, [])
    return found


def tree_seconds(processes: Snapshot, root: int) -> float:
    """Return the CPU seconds of a tree, with all that ended in it."""
    members = (processes[pid] for pid in tree(processes, root))
    return sum(stat.own + stat.children for stat in members) / TICKS


def machine_seconds(text: str) -> tuple[float, float]:
    """Return busy and idle seconds of all cores together, from the text of /proc/stat. Raises ValueError."""
    words = text.partition("\n")[0].split()
    if words[:1] != ["cpu"] or len(words) < 9:
        raise ValueError("not /proc/stat")
    # user nice system idle iowait irq softirq steal; guest times are counted in user already
    user, nice, system, idle, iowait, irq, softirq, steal = (int(word) for word in words[1:9])
    return (user + nice + system + irq + softirq + steal) / TICKS, (idle + iowait) / TICKS


def machine() -> tuple[float, float]:
    """Return busy and idle seconds of all cores since the start of the machine."""
    return machine_seconds((PROC / "stat").read_text())
