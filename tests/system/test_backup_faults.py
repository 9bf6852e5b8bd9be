"""Backups that fail, are cut short, damaged or killed leave nothing behind that looks like a whole one."""

import gzip
import hashlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.system import backups
from tests.system.backups import SCRIPTS, Service, run, tables


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    with backups.service() as made:
        yield made


def damaged(service: Service, how: str) -> Path:
    """A copy of the backup that something happened to, with sums as whoever did it on purpose would write them."""
    copy = service.directory / how
    shutil.copytree(service.backup, copy)
    archive = copy / "database.sql.gz.age"
    content = archive.read_bytes()
    if how == "cut":
        archive.write_bytes(content[: len(content) // 2])
    elif how == "changed":
        archive.write_bytes(content[:-20] + bytes(20))
    elif how == "half":  # a stream that is whole, of half the text
        text = gzip.decompress(service.decrypted(archive))
        words = ["age", "--encrypt", "-R", service.directory / "etc" / "backup-recipients"]
        half = gzip.compress(text[: text.rindex(b"ALTER TABLE")])
        made = subprocess.run(words, check=True, capture_output=True, input=half)
        archive.write_bytes(made.stdout)
    if how != "sums":
        sums = [
            f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n"
            for path in copy.glob("*.age")
        ]
        (copy / "SHA256SUMS").write_text("".join(sums))
    else:
        archive.write_bytes(content + b"x")
    return copy


@pytest.mark.parametrize("how", ["cut", "changed", "half", "sums"])
def test_a_damaged_backup_leaves_the_database_empty(service: Service, how: str) -> None:
    url = service.new_database(how)
    words = ["database", damaged(service, how), service.identity]
    done = run(service.directory, url, SCRIPTS / "restore.sh", *words)
    assert done.returncode != 0
    assert tables(url) == []


def test_a_database_with_something_in_it_is_left_alone(service: Service) -> None:
    url = service.url("before")
    words = ["database", service.backup, service.identity]
    done = run(service.directory, url, SCRIPTS / "restore.sh", *words)
    assert done.returncode == 1
    assert b"not empty" in done.stderr


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("no database", b"nowhere"),
        ("no recipients", b"no public key"),
        ("no tables", b"no tables"),
        ("a table that is not there", b"no_such_table"),
        ("SQLite", b"names no PostgreSQL"),
    ],
)
def test_a_backup_that_fails_leaves_nothing(service: Service, fault: str, words: bytes) -> None:
    url, more, script = service.url("before"), {}, SCRIPTS / "backup.sh"
    if fault == "no database":
        url = service.url("nowhere")
    elif fault == "no recipients":
        more = {"BACKUP_RECIPIENTS": "/nonexistent"}
    elif fault == "SQLite":
        url = ""
    else:
        copy = service.directory / fault
        shutil.copytree(SCRIPTS, copy)
        (copy / "tables").write_text("# none\n" if fault == "no tables" else "no_such_table\n")
        script = copy / "backup.sh"
    done = run(service.directory, url, script, **more)
    assert done.returncode != 0
    assert words in done.stderr
    assert list((service.directory / "backups").iterdir()) == [service.backup]


def test_a_dump_that_dies_half_way_leaves_nothing(service: Service, tmp_path: Path) -> None:
    """After all definitions and some rows: what was written so far looks like a whole one."""
    fake = tmp_path / "pg_dump"
    real = shutil.which("pg_dump")
    fake.write_text(
        f'#!/bin/sh\ncase "$*" in *section=data*) {real} "$@" | head -c 3000; exit 1 ;; esac\n'
        f'exec {real} "$@"\n'
    )
    fake.chmod(0o755)
    path = {"PATH": f"{tmp_path}:{os.environ['PATH']}"}
    done = run(service.directory, service.url("before"), SCRIPTS / "backup.sh", **path)
    assert done.returncode != 0
    assert list((service.directory / "backups").iterdir()) == [service.backup]


def test_a_full_disk_leaves_nothing(service: Service) -> None:
    """A limit of the size of files stands for it (setrlimit(2))."""
    words = ["bash", "-c", f"ulimit -f 8; trap '' XFSZ; exec {SCRIPTS / 'backup.sh'}"]
    done = run(service.directory, service.url("before"), *words)
    assert done.returncode != 0
    assert list((service.directory / "backups").iterdir()) == [service.backup]


def test_one_that_was_killed_is_no_backup_and_holds_up_no_other(
    service: Service, tmp_path: Path
) -> None:
    fake = tmp_path / "pg_dump"
    fake.write_text("#!/bin/sh\nkill -9 $(ps -o pgid= -p $$ | tr -d ' ' | sed 's/^/-/')\n")
    fake.chmod(0o755)
    more = {"BACKUP_DIR": str(tmp_path / "backups")}
    path = {"PATH": f"{tmp_path}:{os.environ['PATH']}"}
    killed = run(
        *(service.directory, service.url("before"), "setsid", "--wait", SCRIPTS / "backup.sh"),
        **more,
        **path,
    )
    assert killed.returncode != 0
    (partial,) = (tmp_path / "backups").iterdir()
    assert partial.name.endswith(".partial")
    done = run(service.directory, service.url("before"), SCRIPTS / "backup.sh", **more)
    assert done.returncode == 0, done.stderr
    assert len(list((tmp_path / "backups").glob("[0-9]*/SHA256SUMS"))) == 1


def test_old_backups_go_and_other_files_stay(service: Service, tmp_path: Path) -> None:
    names = ("2026-01-01T000000Z", ".2026-01-01T000000Z.partial", "2026-01-02T000000Z", "mine")
    for name in names:
        (tmp_path / name).mkdir()
        if name != "2026-01-02T000000Z":
            os.utime(tmp_path / name, (0, 0))
    more = {"BACKUP_DIR": str(tmp_path), "BACKUP_DAYS": "2"}
    done = run(service.directory, service.url("before"), SCRIPTS / "backup.sh", **more)
    assert done.returncode == 0, done.stderr
    made = done.stdout.decode().rpartition("/")[2].strip()
    assert {path.name for path in tmp_path.iterdir()} == {"2026-01-02T000000Z", "mine", made}
