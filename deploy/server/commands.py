"""Runs other programs: fixed words, no shell, an environment of our own."""

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
SECONDS = 1800.0  # apt on a slow line
# How this machine reaches its packages: kept, where the administrator has set it.
_KEPT = (
    "PIP_",
    "SSL_CERT",
    "REQUESTS_CA",
    "http_proxy",
    "https_proxy",
    "no_proxy",
    "HTTP_PROXY",
    "HTTPS_PROXY",
)


class CommandFailed(Exception):
    """A program ended with another status than 0; the text is its last lines."""


def environment(values: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return a clean environment: PATH, C locale, what pip and apt need to reach their sources, and `values`."""
    kept = {name: value for name, value in os.environ.items() if name.startswith(_KEPT)}
    return {**kept, "PATH": PATH, "HOME": "/root", "LC_ALL": "C.UTF-8", **(values or {})}


def run(
    *words: str | Path,
    user: str = "",
    text: str = "",
    env: Mapping[str, str] | None = None,
    cwd: Path = Path("/"),
) -> str:
    """Run a program, as `user` if that is given; return what it printed. Raises CommandFailed."""
    done = attempt(*words, user=user, text=text, env=env, cwd=cwd)
    if done.returncode:
        raise CommandFailed(
            f"{' '.join(map(str, words[:4]))}: status {done.returncode}\n{_end(done)}"
        )
    return done.stdout


def attempt(
    *words: str | Path,
    user: str = "",
    text: str = "",
    env: Mapping[str, str] | None = None,
    cwd: Path = Path("/"),
) -> subprocess.CompletedProcess[str]:
    """Run a program and return how it ended. Raises CommandFailed where there is no such program."""
    try:
        return subprocess.run(
            [*_as(user), *map(str, words)],
            check=False,
            capture_output=True,
            text=True,
            errors="replace",
            input=text,
            env=environment(env),
            cwd=cwd,
            timeout=SECONDS,
            umask=0o022,
        )
    except (FileNotFoundError, subprocess.TimeoutExpired) as error:
        raise CommandFailed(f"{words[0]}: {type(error).__name__}") from None


def succeeds(*words: str | Path, user: str = "", env: Mapping[str, str] | None = None) -> bool:
    """Tell whether a program is there and ends with status 0."""
    try:
        return attempt(*words, user=user, env=env).returncode == 0
    except CommandFailed:
        return False


def _as(user: str) -> Sequence[str]:
    return ["setpriv", "--reuid", user, "--regid", user, "--init-groups", "--"] if user else []


def _end(done: subprocess.CompletedProcess[str]) -> str:
    lines: Sequence[str] = (done.stdout + done.stderr).strip().splitlines()
    return "\n".join(f"    {line}" for line in lines[-15:])
