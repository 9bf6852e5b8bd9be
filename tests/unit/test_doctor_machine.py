"""The doctor and the machine: permissions, disks, time, memory that must not reach a disk; each fault made for real."""

import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.test import override_settings

from mailboxes.models.mailboxes import Mailbox
from mailboxes.models.records import CanaryRun, ClockReading
from mailboxes.services import clock, clock_guard
from tempmail_site.doctor import installed, looking, room
from tempmail_site.doctor.checks import machine
from tempmail_site.doctor.findings import CannotLook, Level
from tests.unit.examined import FAULT, OK, SKIPPED, WARNING, findings_of, level_of, words_of

RELEASE = Path(looking.__file__).parents[2]
IN_MEMORY = Path("/dev/shm")


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Path]:
    """DATA_DIR and STATE_DIR as they should be, but for Postfix's files."""
    for name, mode in (("logs", 0o700), ("static", 0o700), ("postfix", 0o755), ("bin", 0o755)):
        (tmp_path / name).mkdir(mode=mode)
    (tmp_path / "spool" / "tempmail").mkdir(parents=True)
    (tmp_path / "spool" / "tempmail").chmod(0o711)
    (tmp_path / "spool" / "tempmail" / "delivery.sock").touch(0o660)
    (tmp_path / "logs" / "site.log").touch(0o644)
    shutil.copy(RELEASE / "delivery" / "deliver.py", tmp_path / "bin" / "deliver.py")
    tmp_path.chmod(0o755)
    names = dict.fromkeys(("DATA_DIR", "STATE_DIR"), tmp_path)
    sockets = {
        f"{name.upper()}_SOCKET": tmp_path / "spool" / "tempmail" / f"{name}.sock"
        for name in ("delivery", "policy", "lmtp")
    }
    below = {
        "LOG_DIRECTORY": tmp_path / "logs",
        "POSTFIX_CONFIG_DIR": tmp_path / "postfix",
        "QUEUE_DIRECTORY": tmp_path / "spool",
        "DELIVERY_SCRIPT": tmp_path / "bin" / "deliver.py",
    }
    with override_settings(**names, **sockets, **below):
        yield tmp_path


@pytest.mark.parametrize(
    ("id_", "path", "mode"),
    [
        ("data", ".", 0o755),
        ("data", "instance.env", 0o644),
        ("data", "db.sqlite3-wal", 0o604),
        ("logs", "logs", 0o755),
        ("state", "postfix", 0o777),
        ("state", "postfix/main.cf", 0o666),
        ("state", "bin/deliver.py", 0o775),
        ("state", "spool", 0o775),
        ("sockets", "spool/tempmail", 0o733),
        ("sockets", "spool/tempmail/delivery.sock", 0o666),
    ],
)
def test_a_place_that_is_open_to_others(place: Path, id_: str, path: str, mode: int) -> None:
    place.chmod(0o700)
    if not (place / path).exists():
        (place / path).touch(0o600)
    assert level_of(f"permissions.{id_}") is OK
    (place / path).chmod(mode)
    said = words_of(f"permissions.{id_}", FAULT)
    assert f"is open to others: mode {mode:04o}" in said
    # what it says to do helps
    for one in findings_of(f"permissions.{id_}"):
        if one.level is FAULT:
            _, bits, file = one.remedy.split(" ", 2)
            Path(file).chmod(int(bits, 8))
    assert level_of(f"permissions.{id_}") is OK


def test_the_script_is_there_whole_and_can_be_reached(place: Path) -> None:
    script = place / "bin" / "deliver.py"
    # pytest's own directories are closed
    closed = [parent for parent in place.parents if parent.stat().st_mode & 0o001 == 0]
    assert level_of("permissions.script") is (FAULT if closed else OK)
    (place / "bin").chmod(0o700)
    assert "cannot reach" in words_of("permissions.script", FAULT)
    script.write_text("print('something else')\n")
    assert "not the one of this release" in words_of("permissions.script", FAULT)
    script.unlink()
    assert "all mail is deferred" in words_of("permissions.script", FAULT)
    with override_settings(SMTP="embedded"):
        assert level_of("permissions.script") is SKIPPED


@pytest.mark.parametrize("user", ["root", "postfix", "nobody-at-all", "nobody:no-such-group"])
def test_a_user_who_may_not_run_the_script(user: str) -> None:
    with override_settings(DELIVERY_USER=user):
        assert "DELIVERY_USER" in words_of("permissions.delivery_user", FAULT)


def test_a_queue_in_memory_is_a_fault(place: Path) -> None:
    main = place / "postfix" / "main.cf"
    assert level_of("queue.disk") is SKIPPED  # there is no configuration
    main.write_text(f"# a comment\nqueue_directory =\n    {place}/spool\n")
    assert installed.queue_directory() == place / "spool"
    if looking.filesystem(place) not in looking.IN_MEMORY:
        assert level_of("queue.disk") is OK
    main.write_text(f"queue_directory = {IN_MEMORY}/spool\n")
    assert "a reboot loses accepted mail" in words_of("queue.disk", FAULT)


def test_a_mail_log_on_a_disk_is_a_fault(place: Path) -> None:
    main = place / "postfix" / "main.cf"
    main.write_text("queue_directory = /var/spool/postfix\n")
    assert "syslog" in words_of("queue.log", FAULT)
    if looking.filesystem(place) not in looking.IN_MEMORY:
        main.write_text(f"maillog_file = {place}/mail.log\n")
        assert "on a disk" in words_of("queue.log", FAULT)
    main.write_text(f"maillog_file = {IN_MEMORY}/mail.log\n")  # open to everybody
    assert "open to others" in words_of("queue.log", FAULT)


def test_of_two_file_systems_on_one_place_the_last_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    mounts = [(Path("/"), "ext4"), (Path("/a b"), "xfs"), (Path("/a b"), "tmpfs"), (Path("/"), "x")]
    monkeypatch.setattr(looking, "_mounts", lambda: iter(mounts[:3]))
    assert looking.filesystem(Path("/a b/c")) == "tmpfs"
    assert looking.filesystem(Path("/a")) == "ext4"


def test_a_disk_without_room(tmp_path: Path) -> None:
    assert Level.FAULT not in {one.level for one in room.room(tmp_path, "x", 1)}
    (found, *_) = room.room(tmp_path, "x", 1 << 60)
    assert found.level is FAULT
    with pytest.raises(CannotLook):
        list(room.room(tmp_path / "nowhere", "x"))
    for id_ in ("disks.data", "disks.temporary", "disks.memory"):
        assert level_of(id_) in (OK, WARNING, FAULT)


@pytest.mark.parametrize(
    ("line", "level"),
    [
        ("", OK),
        ("/dev/zram0 partition 1 0 1", OK),
        ("/dev/sda5 partition 1 0 1", WARNING),
        ("/swap.img file 1 0 1", WARNING),
    ],
)
def test_swap_that_is_not_encrypted(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, line: str, level: Level
) -> None:
    swaps = tmp_path / "swaps"
    swaps.write_text(f"Filename Type Size Used Priority\n{line}\n")
    monkeypatch.setattr(machine, "_SWAPS", swaps)
    assert level_of("machine.swap") is level


def test_core_dumps_of_processes_like_this_one(monkeypatch: pytest.MonkeyPatch) -> None:
    import resource

    before = resource.getrlimit(resource.RLIMIT_CORE)
    pattern = Path("/dev/null")
    monkeypatch.setattr(machine, "_PATTERN", pattern)
    with override_settings(DELIVERY_SOCKET=Path("/nowhere")):
        resource.setrlimit(resource.RLIMIT_CORE, (0, before[1]))
        try:
            assert level_of("machine.core_dumps") is OK
            if before[1] != 0:
                resource.setrlimit(resource.RLIMIT_CORE, (4096, before[1]))
                assert "may write core dumps" in words_of("machine.core_dumps", WARNING)
        finally:
            resource.setrlimit(resource.RLIMIT_CORE, before)


def test_core_dumps_that_go_to_a_program(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "pattern").write_text("|/usr/share/apport/apport %p\n")
    monkeypatch.setattr(machine, "_PATTERN", tmp_path / "pattern")
    monkeypatch.setattr(machine, "_own_limit", lambda: 0)
    with override_settings(DELIVERY_SOCKET=Path("/nowhere")):
        assert "apport" in words_of("machine.core_dumps", WARNING)


@pytest.mark.django_db
def test_a_clock_that_has_jumped_is_noticed_and_nothing_is_noted() -> None:
    clock_guard.now()
    assert level_of("clock.jump") is OK
    ClockReading.objects.update(database_time=clock.now() - timedelta(hours=5))
    before = list(ClockReading.objects.values())
    assert "5 hours ahead" in words_of("clock.jump", FAULT)
    assert list(ClockReading.objects.values()) == before
    clock_guard.now(is_right=True)
    assert level_of("clock.jump") is OK


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("seconds", "level"), [(0, OK), (10, WARNING), (-10, WARNING), (90, FAULT)]
)
def test_two_clocks_that_are_apart(
    monkeypatch: pytest.MonkeyPatch, seconds: int, level: Level
) -> None:
    real = clock.now
    monkeypatch.setattr(clock, "now", lambda: real() + timedelta(seconds=seconds))
    assert level_of("clock.drift") is level


def test_whether_ntp_keeps_the_clock_is_asked_of_the_kernel() -> None:
    assert level_of("clock.synchronized") in (OK, WARNING, SKIPPED)


def test_a_purge_that_is_late(owner) -> None:  # type: ignore[no-untyped-def]
    assert level_of("purge.lag") is OK
    for minutes, level in ((1, OK), (5, WARNING), (20, FAULT)):
        Mailbox.objects.update(ends_at=clock.now() - timedelta(minutes=minutes))
        assert level_of("purge.lag") is level


@pytest.mark.django_db
def test_a_trial_of_the_service_that_failed_or_did_not_take_place() -> None:
    import uuid

    with override_settings(CANARY_INTERVAL=0):
        assert level_of("canary.last") is SKIPPED
    with override_settings(CANARY_INTERVAL=300):
        assert level_of("canary.last") is WARNING
        run = CanaryRun(id=uuid.uuid4(), started_at=clock.now(), state="passed", delivery_ms=40)
        run.save()
        assert "delivered in 40 ms" in words_of("canary.last", OK)
        CanaryRun.objects.update(started_at=clock.now() - timedelta(hours=1))
        assert "60 minutes ago" in words_of("canary.last", WARNING)
        CanaryRun.objects.update(state="failed", reason="late", started_at=clock.now())
        assert "the mail did not come in time" in words_of("canary.last", FAULT)


def test_logs_that_nobody_deletes(place: Path) -> None:
    import os
    import time

    assert level_of("logs.rotation") in (OK, WARNING)  # logrotate may be missing here
    old = place / "logs" / "site.log-20260101-1"
    old.touch()
    os.utime(old, (time.time() - 30 * 86_400,) * 2)
    assert "1 logs are older" in words_of("logs.rotation", FAULT)


def test_a_servers_logs_are_the_ones_looked_at(place: Path) -> None:
    logs = place / "var-log"
    (logs / "worker").mkdir(parents=True)
    with override_settings(SERVER_LOGS=str(logs)):
        assert level_of("logs.rotation") in (OK, WARNING)
        with (logs / "worker" / "worker.log").open("wb") as file:
            file.truncate(200 << 20)
        assert "worker.log has 200.0 MiB" in words_of("logs.rotation", WARNING)
