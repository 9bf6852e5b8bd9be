"""Every check and every test, in order: `python -m tests.run_all`, or only those without servers: `... check`.

Starts a PostgreSQL and a Redis of its own on free loopback ports and takes them down, also when interrupted.
What installs whole systems is apart: `... system` runs tests/system and nothing else, and starts no servers for it.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import FrameType
from typing import IO

from deploy.local import owner
from deploy.local.parent import ParentWatch
from deploy.local.processes import StartFailed
from deploy.local.servers import PostgreSQL, Redis

BIN = Path(sys.executable).parent
PYTHON = sys.executable
PYTEST = [PYTHON, "-m", "pytest", "-q", "--durations=5"]
TEST_SETTINGS = {"DJANGO_SETTINGS_MODULE": "tests.settings"}
PRODUCTION = {
    "SITE_URL": "https://mail.example",
    "ALLOWED_HOSTS": "mail.example",
    "SECRET_KEY": "not-a-real-key-but-long-enough-to-be-one-0123456789-abcdefghijklmnop",
    **dict.fromkeys(("ADDRESS_DIGEST_KEY", "OPERATOR_KEY", "RECEIPT_KEY"), "A" * 43 + "="),
}
STEPS_WITHOUT_SERVERS: tuple[tuple[str, list[str], Mapping[str, str]], ...] = (
    ("format", [str(BIN / "ruff"), "format", "--check", "."], {}),
    ("lint", [str(BIN / "ruff"), "check", "."], {}),
    ("import contracts", [str(BIN / "lint-imports")], {}),
    ("types", [str(BIN / "mypy")], {}),
    ("migrations", [PYTHON, "manage.py", "makemigrations", "--check", "--dry-run"], TEST_SETTINGS),
    (
        "check --deploy",
        [PYTHON, "-W", "error", "manage.py", "check", "--deploy", "--fail-level", "WARNING"],
        PRODUCTION,
    ),
    ("tests without servers, on SQLite", [*PYTEST, "-n", "3", "tests/unit"], {}),
)
# These run beside the others, with servers of their own: most of their time is waiting. When they are
# through, what needs both cores (Chromium, bombs) has its turn at the end of the others.
BESIDE = ("faults", "isolation", "local")
LAST = ("hostile", "browser")
APART = ("system",)


class Interrupted(Exception):
    """SIGINT or SIGTERM came."""


def main() -> int:
    """Run the steps; return the exit status. The first failure ends it."""
    signal.signal(signal.SIGTERM, _interrupt)
    signal.signal(signal.SIGINT, _interrupt)
    ParentWatch().start()
    began = time.monotonic()
    try:
        if sys.argv[1:] == ["system"]:
            run("tests that install", [*PYTEST, *(f"tests/{place}" for place in APART)], {})
        else:
            _run_checks_and_tests(servers_too=sys.argv[1:] != ["check"])
    except (Interrupted, StartFailed, subprocess.CalledProcessError) as error:
        print(f"\nfailed: {_words(error)}", flush=True)
        return 1
    print(f"\neverything passed in {time.monotonic() - began:.0f} s", flush=True)
    return 0


def _run_checks_and_tests(servers_too: bool) -> None:
    for name, command, env in STEPS_WITHOUT_SERVERS:
        run(name, command, env)
    if servers_too:
        _run_tests_with_servers()


def run(name: str, command: list[str], env: Mapping[str, str]) -> None:
    """Run one step and show what it prints. Raises CalledProcessError; when interrupted it is ended and waited for."""
    print(f"\n== {name}", flush=True)
    began = time.monotonic()
    with _started(command, env) as process:
        status = process.wait()
    if status:
        raise subprocess.CalledProcessError(status, command)
    print(f"   {time.monotonic() - began:.1f} s", flush=True)


def _run_tests_with_servers() -> None:
    """Run all tests, in two processes. Raises CalledProcessError, once both have ended."""
    places = [place.name for place in Path("tests").iterdir() if any(place.glob("**/test_*.py"))]
    others = sorted(
        set(places) - {*BESIDE, *APART}, key=lambda place: (place in LAST, place == "browser")
    )
    beside = [*PYTEST, *(f"tests/{place}" for place in BESIDE)]
    with servers() as env, servers() as env_beside, tempfile.TemporaryFile() as output:
        with _started(beside, env_beside, output) as process:
            failure = None
            try:
                words = [*PYTEST, *(f"tests/{place}" for place in others)]
                run("tests with servers, on PostgreSQL", words, env)
            except subprocess.CalledProcessError as error:
                failure = error
            print(f"\n== beside them: {', '.join(BESIDE)}", flush=True)
            status = process.wait()
        output.seek(0)
        sys.stdout.write(output.read().decode("utf-8", "replace"))
    if status:
        raise subprocess.CalledProcessError(status, beside)
    if failure:
        raise failure


@contextlib.contextmanager
def _started(
    command: list[str], env: Mapping[str, str], output: IO[bytes] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """Start a command in a session of its own; whatever ends the block before it ends it too, and waits."""
    with subprocess.Popen(
        command,
        env={**os.environ, **env},
        start_new_session=True,
        stdout=output,
        stderr=subprocess.STDOUT if output else None,
    ) as process:
        try:
            yield process
        except BaseException:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGINT)
            process.wait()
            raise


@contextlib.contextmanager
def servers() -> Iterator[dict[str, str]]:
    """Yield the environment in which the tests find a private PostgreSQL and Redis."""
    scratch = Path(tempfile.mkdtemp(prefix="tempmail-servers-"))
    scratch.chmod(0o755)  # PostgreSQL runs as its own user
    env = dict(os.environ)
    try:
        with (
            PostgreSQL(scratch / "postgresql", env, durable=False) as postgresql,
            Redis(scratch / "redis", scratch / "redis.log", owner.invoking(), env) as redis,
        ):
            yield {
                "DATABASE_URL": postgresql.url(),
                "REDIS_URL": f"unix://{redis.socket}",
                "TEMPMAIL_SERVERS": "1",
            }
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise Interrupted(signal.Signals(number).name)


def _words(error: Exception) -> str:
    if isinstance(error, subprocess.CalledProcessError):
        return " ".join(map(str, error.cmd))
    return str(error)


if __name__ == "__main__":
    sys.exit(main())
