"""The machine: mail is plain in memory for moments, and must not reach a disk from there."""

import resource
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings

from tempmail_site.doctor.checks import worker
from tempmail_site.doctor.findings import CannotLook, Finding, check, ok, warning

_PATTERN = Path("/proc/sys/kernel/core_pattern")
_SWAPS = Path("/proc/swaps")


@check(
    "machine.core_dumps",
    "A core dump is the memory of a process, mail and tokens in it, as a file.",
)
def core_dumps() -> Iterator[Finding]:
    """Of the worker if it runs, else of processes started like this one."""
    pid = worker.listener(settings.DELIVERY_SOCKET)
    who, limit = ("the worker", _limit_of(pid)) if pid else ("this process", _own_limit())
    if limit is None:
        raise CannotLook("the limits of the worker's process only root can see")
    pattern = _PATTERN.read_text().strip() if _PATTERN.exists() else ""
    remedy = "LimitCORE=0 in the units (ulimit -c 0), and sysctl kernel.core_pattern=core."
    if limit:
        yield warning(f"{who} may write core dumps ({pattern})", remedy)
    elif pattern.startswith("|"):
        # core(5): a limit of 0 does not hold for a program that is piped to
        yield warning(f"core dumps go to a program whatever the limit: {pattern}", remedy)
    else:
        yield ok(f"{who} writes none")


@check("machine.swap", "What is swapped out is plain text on a disk.")
def swap() -> Iterator[Finding]:
    """Off, in compressed memory, or encrypted."""
    try:
        lines = _SWAPS.read_text().strip().splitlines()[1:]
    except OSError:
        raise CannotLook("the kernel does not say") from None
    plain = [place for line in lines if not _is_safe(place := line.split()[0])]
    if plain:
        words = f"swap is on and not encrypted: {', '.join(plain)}"
        yield warning(
            words, "swapoff -a and take it out of /etc/fstab, or encrypt it (crypttab: swap)."
        )
    else:
        yield ok("swap is off" if not lines else "swap is encrypted, or in memory")


def _is_safe(place: str) -> bool:
    name = Path(place).resolve().name
    if name.startswith("zram"):
        return True
    uuid = Path(f"/sys/block/{name}/dm/uuid")
    return uuid.exists() and uuid.read_text().startswith("CRYPT-")


def _limit_of(pid: int) -> int | None:
    """The soft limit in bytes, None where it cannot be read; "unlimited" is -1."""
    try:
        lines = Path(f"/proc/{pid}/limits").read_text().splitlines()
    except OSError:
        return None
    for line in lines:
        if line.startswith("Max core file size"):
            soft = line.split()[4]
            return -1 if soft == "unlimited" else int(soft)
    return None


def _own_limit() -> int:
    return resource.getrlimit(resource.RLIMIT_CORE)[0]
