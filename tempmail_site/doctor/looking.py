"""What several checks need: modes of files, mount points, other programs, processes."""

import os
import pwd
import shutil
import stat
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import redis
from django.conf import settings

from mailboxes import redis_clients
from tempmail_site.doctor.findings import CannotLook

PATH = f"{os.environ.get('PATH', '')}:/usr/local/sbin:/usr/sbin:/sbin:/usr/bin:/bin"
SECONDS = 20.0  # for another program
IN_MEMORY = frozenset(("tmpfs", "ramfs"))


@dataclass(frozen=True, slots=True)
class Done:
    """What another program said: its exit status, and all that it printed."""

    status: int
    output: str
    errors: str


def redis_client() -> redis.Redis:
    """Return a client that waits two seconds at the longest: it tries once."""
    return redis_clients.client(2.0)


def is_root() -> bool:
    """Tell whether all files and processes can be looked at."""
    return os.geteuid() == 0


def need_root(what: str) -> None:
    """Raise CannotLook for anybody but root."""
    if not is_root():
        raise CannotLook(f"{what} only root can see: sudo manage.py doctor")


def need_postfix() -> None:
    """Raise CannotLook where a stand-in listens instead of Postfix, or mail comes in on other hosts."""
    if settings.SMTP != "postfix":
        raise CannotLook(f"SMTP={settings.SMTP}: there is no Postfix here")


def run(program: str, *arguments: str) -> Done:
    """Run a program without input and without our environment. Raises CannotLook where it is missing or hangs."""
    path = shutil.which(program, path=PATH)
    if path is None:
        raise CannotLook(f"the program {program} is not installed")
    return run_at(path, arguments)


def run_at(path: str, arguments: Sequence[str], text: str = "") -> Done:
    """Run the program at a path, as `run` does, with `text` as its input."""
    try:
        done = subprocess.run(
            [path, *arguments],
            check=False,
            capture_output=True,
            input=text.encode(),
            cwd="/",
            env={"PATH": PATH, "LC_ALL": "C"},
            timeout=SECONDS,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        name = Path(path).name
        raise CannotLook(f"{name} could not be asked ({type(error).__name__})") from None
    output, errors = (raw.decode("utf-8", "replace") for raw in (done.stdout, done.stderr))
    return Done(done.returncode, output, errors)


def mode(path: Path) -> int | None:
    """Return the permission bits of a file; None where there is none. Raises CannotLook where nobody lets us look."""
    try:
        return stat.S_IMODE(path.stat().st_mode)
    except FileNotFoundError:
        return None
    except OSError:
        raise CannotLook(f"{path} cannot be looked at by this user") from None


def owner(path: Path) -> str:
    """Return the name of a file's owner, the number if it has none. Raises OSError."""
    return user_name(path.stat().st_uid)


def user_name(uid: int) -> str:
    """Return a user's name; the number if it has none."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def filesystem(path: Path) -> str:
    """Return the type of the file system that a path is on; '' where the kernel does not say."""
    found = ""
    best = -1
    for point, kind in _mounts():
        if path.is_relative_to(point) and len(point.parts) >= best:
            found, best = kind, len(point.parts)  # of two on one point the later hides the earlier
    return found


def _mounts() -> Iterator[tuple[Path, str]]:
    try:
        lines = Path("/proc/mounts").read_text(errors="replace").splitlines()
    except OSError:
        return
    for line in lines:
        words = line.split()
        # proc(5): white space in a path is written in octal
        yield Path(words[1].encode().decode("unicode_escape")), words[2]


def children(pid: int) -> list[int]:
    """Return the processes that a process has started and that live. Raises CannotLook where /proc does not say."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            # the second field, the name, may hold anything and ends at the last parenthesis
            fields = (entry / "stat").read_text(errors="replace").rpartition(")")[2].split()
        except OSError:  # it has ended
            continue
        if int(fields[1]) == pid and fields[0] != "Z":
            found.append(int(entry.name))
    return found


def command(pid: int) -> str:
    """Return a process's command line; '' where it has ended."""
    try:
        raw = Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return ""
    return raw.replace(b"\0", b" ").decode("utf-8", "replace").strip()


def site_host() -> str:
    """Return the host name of SITE_URL; '' where it has none."""
    try:
        return (urlsplit(settings.SITE_URL).hostname or "").lower()
    except ValueError:
        return ""


def is_for_this_machine_only() -> bool:
    """Tell whether the site says that it lives on loopback, as `make run` does it."""
    host = site_host()
    return host in {"localhost", "::1"} or host.startswith("127.")


def times(seconds: float) -> str:
    """Return a span of time in words, roughly."""
    for size, name in ((86_400, "days"), (3600, "hours"), (60, "minutes")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {name}"
    return f"{seconds:.0f} seconds"


def sizes(count: float) -> str:
    """Return a number of bytes in words, roughly."""
    for size, name in ((1 << 30, "GiB"), (1 << 20, "MiB")):
        if count >= size:
            return f"{count / size:.1f} {name}"
    return f"{count:.0f} bytes"


def one_line(text: str, limit: int = 200) -> str:
    """Return the first line of a text, bounded and without control characters."""
    line = text.strip().partition("\n")[0]
    return "".join(letter if letter.isprintable() else " " for letter in line)[:limit]
