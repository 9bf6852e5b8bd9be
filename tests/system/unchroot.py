"""Makes the root of a chroot the root of a mount name space of our own.

In a chroot the kernel makes no user name space (user_namespaces(7)), which systemd's PrivateUsers= and containers need.
Whoever runs us sees nothing of it: only this process and its children have another name space.
"""

import ctypes
import os
import platform
import subprocess
import sys
import tempfile
from pathlib import Path

_NEW_MOUNTS, _PRIVATE, _DETACH = 0x20000, (1 << 18) | (1 << 14), 2
_PIVOT_ROOT = {"x86_64": 155, "aarch64": 41}  # system calls that glibc has no name for
_DEEPEST = 100
_libc = ctypes.CDLL(None, use_errno=True)


def leave_if_needed() -> None:
    """Leave a chroot in which no user name space can be made; where that is not possible either, say so."""
    if os.geteuid() or _makes_user_namespaces():
        return
    try:
        _leave()
    except OSError as error:
        print(f"no user name spaces here, and this chroot cannot be left: {error}", file=sys.stderr)


def _makes_user_namespaces() -> bool:
    done = subprocess.run(["unshare", "--user", "true"], check=False, capture_output=True)
    return done.returncode == 0


def _leave() -> None:
    here = Path.cwd()
    number = _PIVOT_ROOT.get(platform.machine())
    if number is None:
        raise OSError("not on this processor")
    _check(_libc.unshare(_NEW_MOUNTS))
    _check(_libc.mount(None, b"/", None, _PRIVATE, None))
    root = os.open("/", os.O_RDONLY | os.O_DIRECTORY)
    os.chdir("/")
    # What is above a root directory can be reached by whoever stands outside of it (chroot(2)).
    os.chroot(tempfile.mkdtemp(prefix="tempmail-root-"))
    for _ in range(_DEEPEST):
        os.chdir("..")
    os.chroot(".")
    os.fchdir(root)
    os.close(root)
    _check(_libc.syscall(number, b".", b"."))
    _check(_libc.umount2(b".", _DETACH))
    os.chdir(here)


def _check(result: int) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
