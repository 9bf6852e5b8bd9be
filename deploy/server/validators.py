"""Each program tries the configuration that is meant for it, in a temporary place, before anything is moved.

Where files name each other by their final path, the program's directory is copied, ours are put over it, and that path
is replaced in the copies.
"""

import contextlib
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from deploy.server import commands
from deploy.server.commands import CommandFailed

Texts = Mapping[Path, str]
_REDIS_SECONDS = 10.0


def nothing(texts: Texts) -> None:
    """For files that no program can try."""


def nginx(texts: Texts) -> None:
    """`nginx -t`. Raises CommandFailed."""
    with _copy(Path("/etc/nginx"), texts) as directory:
        commands.run("nginx", "-q", "-t", "-c", directory / "nginx.conf")


def postfix(texts: Texts) -> None:
    """postconf(1) reads all of it and warns of nothing. Raises CommandFailed."""
    with _copy(Path("/etc/postfix"), texts, replace=False) as directory:
        for option in ("-n", "-M"):
            done = commands.attempt("postconf", "-c", directory, option)
            if done.returncode or done.stderr.strip():
                raise CommandFailed(f"postconf {option}: {done.stderr.strip()}")


def fail2ban(texts: Texts) -> None:
    """`fail2ban-client -t`. Raises CommandFailed."""
    with _copy(Path("/etc/fail2ban"), texts) as directory:
        commands.run("fail2ban-client", "-c", directory, "-t")


def nftables(texts: Texts) -> None:
    """`nft -c`. Raises CommandFailed."""
    for path, text in texts.items():
        if path.suffix == ".nft":
            commands.run("nft", "-c", "-f", "-", text=text)


def logrotate(texts: Texts) -> None:
    """`logrotate -d`. Raises CommandFailed."""
    for text in texts.values():
        with _file(text) as path:
            done = commands.attempt("logrotate", "-d", path)
            if done.returncode or "error:" in done.stderr:
                raise CommandFailed(f"logrotate -d: {done.stderr.strip()}")


def apt(texts: Texts) -> None:
    """apt-config(8) reads it. Raises CommandFailed."""
    for target, text in texts.items():
        if not target.is_relative_to("/etc/apt"):
            continue
        with _file(text) as path:
            done = commands.attempt("apt-config", "-c", path, "dump")
            if done.returncode:
                raise CommandFailed(f"apt-config: {done.stderr.strip()}")


def shell(texts: Texts) -> None:
    """`sh -n`. Raises CommandFailed."""
    for text in texts.values():
        commands.run("sh", "-n", text=text)


def postgresql(texts: Texts) -> None:
    """PostgreSQL reads its files, with ours among them, and says one value. Raises CommandFailed."""
    if not texts:
        return
    cluster = next(iter(texts)).parents[1]
    program = Path("/usr/lib/postgresql") / cluster.parent.name / "bin" / "postgres"
    with _copy(cluster, texts) as directory:
        directory.parent.chmod(0o755)
        main = directory / "postgresql.conf"
        commands.run(program, "-c", f"config_file={main}", "-C", "max_connections", user="postgres")


def redis(texts: Texts) -> None:
    """redis-server starts with it, on a socket and in a directory of its own, and is ended. Raises CommandFailed."""
    for text in texts.values():
        with tempfile.TemporaryDirectory(prefix="tempmail-redis-") as scratch:
            # of two lines of one name the later counts; a directory that is not there yet is refused as it is read
            lines = [line for line in text.splitlines() if not line.startswith("dir ")]
            own = [
                "port 0",
                f"unixsocket {scratch}/s",
                f"dir {scratch}",
                'logfile ""',
                "daemonize no",
            ]
            path = Path(scratch) / "redis.conf"
            path.write_text("\n".join([*lines, *own, ""]), encoding="utf-8")
            _starts(["redis-server", str(path), "--supervised", "no"], Path(scratch) / "s")


def milters(texts: Texts) -> None:
    """`opendkim -n` reads its file and OpenDMARC's; the third has no such option. Raises CommandFailed."""
    for path, text in texts.items():
        program = path.stem
        if program in {"opendkim", "opendmarc"}:
            with _file(text) as copy:
                commands.run(program, "-n", "-c" if program == "opendmarc" else "-x", copy)


def units(texts: Texts) -> None:
    """`systemd-analyze verify` finds nothing to complain of. Raises CommandFailed."""
    with _copy(Path("/etc/systemd/system"), texts, replace=False) as directory:
        paths = [directory / path.name for path in texts if path.suffix != ".conf"]
        done = commands.attempt("systemd-analyze", "verify", "--man=no", *paths)
        about_ours = [line for line in done.stderr.splitlines() if "tempmail" in line]
        if about_ours:
            raise CommandFailed("systemd-analyze verify: " + "\n".join(about_ours))


def _starts(words: list[str], socket: Path) -> None:
    """It listens within a moment, or it says why not."""
    with subprocess.Popen(
        words,
        env=commands.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        deadline = time.monotonic() + _REDIS_SECONDS
        while process.poll() is None and not socket.exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        listens = socket.exists()
        process.terminate()
        output, _ = process.communicate()
    if not listens:
        raise CommandFailed(f"{words[0]} does not start: {output.strip()[-500:]}")


@contextlib.contextmanager
def _copy(directory: Path, texts: Texts, *, replace: bool = True) -> Iterator[Path]:
    """Yield a copy of a directory with these files in it; nothing of it names the directory itself."""
    with tempfile.TemporaryDirectory(prefix="tempmail-check-") as scratch:
        copy = Path(scratch) / directory.name
        shutil.copytree(directory, copy, symlinks=True, ignore_dangling_symlinks=True)
        for path, text in texts.items():
            target = copy / path.relative_to(directory) if path.is_relative_to(directory) else None
            if target:
                target.parent.mkdir(parents=True, exist_ok=True)
                target.unlink(missing_ok=True)
                target.write_text(text, encoding="utf-8")
                target.chmod(0o644)
        if replace:
            _replace(copy, f"{directory}/", f"{copy}/")
        yield copy


def _replace(directory: Path, old: str, new: str) -> None:
    for path in directory.rglob("*"):
        if path.is_file() and not path.is_symlink():
            text = path.read_text(encoding="utf-8", errors="surrogateescape")
            if old in text:
                path.write_text(text.replace(old, new), encoding="utf-8", errors="surrogateescape")


@contextlib.contextmanager
def _file(text: str) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="tempmail-check-") as scratch:
        path = Path(scratch) / "file.conf"
        path.write_text(text, encoding="utf-8")
        path.chmod(0o644)
        yield path
