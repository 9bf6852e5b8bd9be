"""What this machine can do: a test that needs more is skipped, and says what is missing."""

import functools
import os
import shutil
import subprocess
from pathlib import Path

import pytest


def needs_root() -> None:
    """Skip the test unless it runs as root."""
    if os.geteuid() != 0:
        pytest.skip("needs root")


def needs_programs(*names: str) -> None:
    """Skip the test when one of these programs is not in PATH or in root's directories."""
    path = f"{os.environ.get('PATH', '')}:/usr/local/sbin:/usr/sbin:/sbin"
    missing = [name for name in names if shutil.which(name, path=path) is None]
    if missing:
        pytest.skip(f"not installed here: {', '.join(missing)}")


def needs_namespaces() -> None:
    """Skip the test where no mount, process and network name spaces can be made, as in most containers."""
    needs_root()
    needs_programs("unshare", "ip")
    if complaint := _namespace_complaint():
        pytest.skip(f"no name spaces here: {complaint}")


def needs_user_namespaces() -> None:
    """Skip the test where the kernel makes no user name space: it is forbidden, or we are in a chroot."""
    needs_namespaces()
    done = subprocess.run(
        ["unshare", "--user", "true"], check=False, capture_output=True, text=True
    )
    if done.returncode:
        pytest.skip(f"no user name spaces here: {done.stderr.strip()}")


def needs_bare_machine() -> None:
    """Skip the test where no bare Debian can be made and started (tests/system/chroot.py)."""
    needs_user_namespaces()
    needs_programs("debootstrap", "nsenter")
    if not os.access(cgroup_root(), os.W_OK):
        pytest.skip("no cgroup2 file system that may be written to, which systemd needs")


def cgroup_root() -> Path:
    """Return where the cgroup2 file system is; a path that is not there where it is not mounted."""
    lines = Path("/proc/self/mounts").read_text().splitlines()
    found = [line.split()[1] for line in lines if line.split()[2] == "cgroup2"]
    return Path(found[0]) if found else Path("/nonexistent")


@functools.cache
def _namespace_complaint() -> str:
    done = subprocess.run(
        ["unshare", "--mount", "--pid", "--net", "--fork", "--kill-child", "ip", "link", "show"],
        check=False,
        capture_output=True,
        text=True,
        timeout=30,
    )
    return (done.stderr.strip() or f"status {done.returncode}") if done.returncode else ""
