"""Messages that ended a process are known to all processes, and none is blamed too early."""

import os
import signal
import subprocess
from collections.abc import Iterator

import pytest

from delivery.scoreboard import SUSPECTS, Scoreboard, digest_of
from delivery.truncation import ShortMessages, is_short
from delivery.watchdog import Watchdog, is_stopped

KILLED = signal.SIGKILL.value
CRASHED = signal.SIGSEGV.value


@pytest.fixture
def board() -> Scoreboard:
    return Scoreboard(2)


@pytest.fixture
def sleeper() -> Iterator["subprocess.Popen[bytes]"]:
    process = subprocess.Popen(["sleep", "1000"])
    yield process
    process.kill()
    process.wait()


def die(board: Scoreboard, message: bytes, status: int) -> None:
    board.start(1, message)
    Watchdog(board, 10).bury(1, status)


def test_one_kill_from_outside_blames_nothing(board: Scoreboard) -> None:
    die(board, b"m", KILLED)
    assert not board.is_suspect(b"m")
    die(board, b"m", KILLED)
    assert board.is_suspect(b"m")
    assert not board.is_suspect(b"other")


def test_one_crash_is_enough(board: Scoreboard) -> None:
    die(board, b"m", CRASHED)
    assert board.is_suspect(b"m")


def test_a_death_between_messages_blames_nothing(board: Scoreboard) -> None:
    board.start(0, b"m")
    board.clear(0)
    Watchdog(board, 10).bury(0, CRASHED)
    assert not board.is_suspect(b"m")


def test_the_oldest_suspects_make_room(board: Scoreboard) -> None:
    for number in range(SUSPECTS + 1):
        board.accuse(digest_of(b"%d" % number), 2)
    assert not board.is_suspect(b"0")
    assert board.is_suspect(b"1")
    assert board.is_suspect(b"%d" % SUSPECTS)


def test_another_process_sees_what_was_noted(board: Scoreboard) -> None:
    child = os.fork()
    if not child:
        board.start(1, b"m")
        os._exit(0)
    os.waitpid(child, 0)
    parsing = board.parsed_now(1)
    assert parsing
    assert parsing.digest == digest_of(b"m")
    assert board.parsed_now(0) is None


def test_a_process_that_hangs_in_one_message_is_killed(
    board: Scoreboard, sleeper: "subprocess.Popen[bytes]"
) -> None:
    watchdog = Watchdog(board, 10)
    board.start(0, b"m")
    for _ in range(4):
        watchdog.look(0, sleeper.pid, 5.0)
    assert sleeper.wait(60) == -signal.SIGKILL
    assert board.is_suspect(b"m")


def test_a_process_that_goes_on_to_other_messages_is_left_alone(
    board: Scoreboard, sleeper: "subprocess.Popen[bytes]"
) -> None:
    watchdog = Watchdog(board, 10)
    for number in range(10):
        board.start(0, b"%d" % number)
        watchdog.look(0, sleeper.pid, 5.0)
        watchdog.look(0, sleeper.pid, 5.0)
    assert sleeper.poll() is None


def test_a_stopped_process_is_left_alone(
    board: Scoreboard, sleeper: "subprocess.Popen[bytes]"
) -> None:
    sleeper.send_signal(signal.SIGSTOP)
    os.waitpid(sleeper.pid, os.WUNTRACED)
    assert is_stopped(sleeper.pid)
    watchdog = Watchdog(board, 10)
    board.start(0, b"m")
    for _ in range(10):
        watchdog.look(0, sleeper.pid, 5.0)
    assert not board.is_suspect(b"m")


def test_a_short_message_is_deferred_once_a_plausible_one_never() -> None:
    short = ShortMessages()
    assert short.defers("q1", 1_000_000, bytes(65_536))
    assert not short.defers("q1", 1_000_000, bytes(65_536))
    assert not short.defers("q2", 1_000_000, bytes(500_001))
    assert not short.defers("q3", 0, bytes(10))
    assert short.defers("q4", 3000, b"")  # not even a Received line


def test_whole_blocks_are_measured_exactly() -> None:
    block = (b"x" * 63 + b"\n") * 64  # 4096 bytes in 64 lines, each one byte more in the queue file
    assert not is_short(2 * 4096 + 128, block * 2)
    assert is_short(2 * 4096 + 129, block * 2)
    long = b"x" * 199 + b"\n" + b"y" * 3895 + b"\n"  # two bytes more, and three for a second piece
    assert not is_short(4096 + 2 + 5, long)
    assert is_short(4096 + 2 + 6, long)
