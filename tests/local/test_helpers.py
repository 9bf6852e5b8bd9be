"""The launcher's small helpers: the mail log in memory, and what make(1) does not tell."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from deploy.local import leftovers, mail_log, parent, processes
from deploy.local.processes import Child


def test_the_log_keeps_one_interval_and_no_more(tmp_path: Path) -> None:
    log = tmp_path / "mail.log"
    log.write_text("first interval\n")
    mail_log.turn_over(log)
    with log.open("a") as appending:
        appending.write("second interval\n")
    mail_log.turn_over(log)
    assert log.read_text() == ""
    assert [path.read_text() for path in tmp_path.glob("*.1")] == ["second interval\n"]


def test_a_log_that_is_not_there_is_no_error(tmp_path: Path) -> None:
    mail_log.turn_over(tmp_path / "mail.log")
    mail_log.remove(tmp_path / "sub" / "mail.log")


def test_a_blocked_sigint_is_seen() -> None:
    assert not parent.blocks_sigint(os.getpid())
    previous = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        assert parent.blocks_sigint(os.getpid())
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, previous)


def test_processes_are_ended_by_what_they_are_and_others_are_left_alone(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "import time; time.sleep(60)"]
    ours = subprocess.Popen(command, env={leftovers.MARKER: str(tmp_path)})
    others = subprocess.Popen(command, env={leftovers.MARKER: f"{tmp_path}-other"}, cwd=tmp_path)
    try:
        while leftovers.instance_pids(tmp_path) != [ours.pid]:
            assert ours.poll() is None
        assert leftovers.end(tmp_path) == 1
        assert ours.wait(10) == -signal.SIGTERM
        assert others.poll() is None
    finally:
        for process in (ours, others):
            process.kill()
            process.wait()


def test_a_large_log_is_moved_when_its_process_starts_and_no_line_is_lost(tmp_path: Path) -> None:
    log = tmp_path / "some.log"
    log.write_bytes(b"x" * processes.LOG_BYTES)
    child = Child("some", ["/bin/echo", "ready"], dict(os.environ), tmp_path, log)
    child.start()
    assert child.process
    child.process.wait(10)
    assert child.last_lines() == "    ready"
    (moved,) = tmp_path.glob("some.log-*")
    assert moved.stat().st_size == processes.LOG_BYTES


def test_what_was_printed_is_found_after_a_log_was_turned_over(tmp_path: Path) -> None:
    log = tmp_path / "some.log"
    log.write_text("an earlier start, with many words\n")
    child = Child("some", ["/bin/true"], dict(os.environ), tmp_path, log)
    child.start()
    child.stop()
    log.unlink()
    assert not child.printed("ready")
    log.write_text("ready\n")
    assert child.printed("ready")
