"""The script that pipe(8) runs, as a real process against a worker's socket of the test."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from delivery import protocol
from tests.unit.fake_worker import FakeWorker, stored

SCRIPT = Path(__file__).resolve().parents[2] / "delivery" / "deliver.py"
PYTHON = "/usr/bin/python3" if Path("/usr/bin/python3").exists() else sys.executable
MESSAGE = b"Received: from a\n\tby b\nSubject: hi\n\nbody\n"
EX_TEMPFAIL = 75


@pytest.fixture
def socket_path() -> Iterator[Path]:
    # Not below pytest's own directory: AF_UNIX paths end at 107 bytes.
    with TemporaryDirectory(prefix="tm") as directory:
        yield Path(directory) / "s"


Start = Callable[..., FakeWorker]


@pytest.fixture
def start(socket_path: Path) -> Iterator[Start]:
    """Starts the worker's side, with an answer of the test's choice."""
    with contextlib.ExitStack() as stack:

        def start_worker(answer: Callable[[socket.socket], object] = stored) -> FakeWorker:
            worker = FakeWorker(socket_path, answer)
            stack.callback(worker.close)
            return worker

        yield start_worker


def command(path: Path, *envelope: str) -> list[str]:
    arguments = envelope or ("4cQ", str(len(MESSAGE)), "s@example.org", "a@tempmail.test")
    return [PYTHON, "-I", "-S", "-E", str(SCRIPT), str(path), *arguments]


def deliver(path: Path, *envelope: str, message: bytes = MESSAGE) -> tuple[int, bytes]:
    environment = {"PATH": "/usr/bin:/bin", "LANG": "C", "MAIL_CONFIG": "/etc/postfix"}
    done = subprocess.run(
        command(path, *envelope), input=message, capture_output=True, env=environment, timeout=60
    )
    assert done.stderr == b""
    return done.returncode, done.stdout


def assert_deferred(result: tuple[int, bytes]) -> None:
    code, output = result
    assert code == EX_TEMPFAIL
    assert output.startswith(b"4.3.0 the ")
    assert b"@" not in output


def test_it_exits_0_without_a_word_once_the_worker_has_stored(
    start: Start, socket_path: Path
) -> None:
    worker = start()
    assert deliver(socket_path) == (0, b"")
    request = worker.request()
    assert request.body == MESSAGE
    assert (request.queue_id, request.size) == ("4cQ", len(MESSAGE))
    assert (request.sender, request.recipients) == ("s@example.org", ("a@tempmail.test",))


def test_its_bytes_are_those_of_the_protocol_module(start: Start, socket_path: Path) -> None:
    worker = start()
    deliver(socket_path, "4cQ", "41", "", "a@x.test", "b@x.test")
    assert worker.received == [protocol.encode(worker.request())]


@pytest.mark.parametrize(
    "sender",
    ["", "a b;$(id)@x.test", "-rf@x.test", '"\\"q"@x.test', "ü@x.test", "\udcff\udc80@x.test"],
)
def test_an_odd_sender_arrives_as_it_is(start: Start, socket_path: Path, sender: str) -> None:
    worker = start()
    code, _ = deliver(socket_path, "4cQ", "41", sender, "a@x.test")
    assert (code, worker.request().sender) == (0, sender)


def test_many_recipients_arrive_in_order(start: Start, socket_path: Path) -> None:
    worker = start()
    recipients = tuple(f"r{n}@x.test" for n in range(1000))
    code, _ = deliver(socket_path, "4cQ", "41", "s@x.test", *recipients)
    assert (code, worker.request().recipients) == (0, recipients)


@pytest.mark.parametrize("message", [b"", b"\0\xff" * 10, os.urandom(40_000_000)], ids=len)
def test_a_message_of_any_size_arrives_whole(
    start: Start, socket_path: Path, message: bytes
) -> None:
    worker = start()
    assert deliver(socket_path, message=message) == (0, b"")
    assert worker.request().body == message


def test_a_missing_socket_defers(socket_path: Path) -> None:
    assert_deferred(deliver(socket_path))


def test_a_refused_connection_defers(socket_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(socket_path))
    assert_deferred(deliver(socket_path))


def test_a_socket_path_beyond_the_system_limit_defers(socket_path: Path) -> None:
    assert_deferred(deliver(socket_path.with_name("s" * 200)))


def test_a_full_backlog_defers(socket_path: Path) -> None:
    with contextlib.ExitStack() as stack:
        busy = stack.enter_context(socket.socket(socket.AF_UNIX))
        busy.bind(str(socket_path))
        busy.listen(0)
        with contextlib.suppress(BlockingIOError):
            for _ in range(10):
                waiting = stack.enter_context(socket.socket(socket.AF_UNIX))
                waiting.setblocking(False)
                waiting.connect(str(socket_path))
        assert_deferred(deliver(socket_path))


@pytest.mark.parametrize(
    "line", [protocol.LATER, b"", b"STORE", b"STORED", b"STORED\nx", b"\0" * 100, b"stored\n"]
)
def test_any_answer_but_stored_defers(start: Start, socket_path: Path, line: bytes) -> None:
    start(lambda client: client.sendall(line))
    assert_deferred(deliver(socket_path))


def test_a_worker_that_closes_before_reading_defers(start: Start, socket_path: Path) -> None:
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(socket_path))
    listener.listen(1)

    def close_at_once() -> None:
        listener.accept()[0].close()

    threading.Thread(target=close_at_once, daemon=True).start()
    assert_deferred(deliver(socket_path, message=b"x" * 5_000_000))
    listener.close()


def test_a_worker_that_does_not_answer_in_time_defers(
    start: Start, socket_path: Path, tmp_path: Path
) -> None:
    impatient = tmp_path / "deliver.py"
    impatient.write_text(SCRIPT.read_text().replace("SECONDS = 20", "SECONDS = 0.2"))
    end = threading.Event()
    start(lambda _: end.wait(60))
    line = [impatient if part == str(SCRIPT) else part for part in command(socket_path)]
    done = subprocess.run(line, input=MESSAGE, capture_output=True, timeout=60)
    end.set()
    assert_deferred((done.returncode, done.stdout))


@pytest.mark.parametrize("given", [[], ["/nowhere/s"]])
def test_missing_arguments_defer(given: list[str]) -> None:
    line = [PYTHON, "-I", "-S", "-E", str(SCRIPT), *given]
    done = subprocess.run(line, input=MESSAGE, capture_output=True, timeout=60)
    assert_deferred((done.returncode, done.stdout))


def test_a_closed_stdin_and_stdout_defer(socket_path: Path) -> None:
    shell = ["sh", "-c", 'exec "$0" "$@" <&- >&-', *command(socket_path)]
    assert subprocess.run(shell, timeout=60).returncode == EX_TEMPFAIL


def test_too_little_memory_defers(start: Start, socket_path: Path) -> None:
    start()
    shell = ["sh", "-c", 'ulimit -v 60000; exec "$0" "$@"', *command(socket_path)]
    done = subprocess.run(shell, input=b"x" * 90_000_000, capture_output=True, timeout=60)
    assert_deferred((done.returncode, done.stdout))


def test_an_interrupt_defers(socket_path: Path) -> None:
    script = subprocess.Popen(
        command(socket_path), stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0
    )
    assert script.stdin
    assert script.stdout
    fill(script.stdin.fileno())  # returns only once the script runs and reads
    script.send_signal(signal.SIGINT)
    output = script.stdout.read()
    script.stdin.close()
    script.stdout.close()
    assert_deferred((script.wait(60), output))


def fill(descriptor: int) -> None:
    """Writes more than a pipe holds (64 KiB): the reader must have taken some of it."""
    left = 500_000
    while left > 0:
        left -= os.write(descriptor, b"x" * min(left, 65_536))


PIPE_LIKE = textwrap.dedent(
    """
    import os, subprocess, sys
    script = subprocess.Popen(sys.argv[1:], stdin=subprocess.PIPE, bufsize=0)
    for _ in range(20):
        script.stdin.write(b"x" * 65536)
    os.write(2, b"half\\n")
    script.wait()
    """
)


def test_the_death_of_its_parent_half_way_hands_nothing_over(
    start: Start, socket_path: Path
) -> None:
    worker = start()
    line = [sys.executable, "-c", PIPE_LIKE, *command(socket_path)]
    parent = subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert parent.stdout
    assert parent.stderr
    assert parent.stderr.readline() == b"half\n"
    parent.send_signal(signal.SIGKILL)
    output = parent.stdout.read()  # ends with the script, which has inherited it
    parent.wait(60)
    parent.stdout.close()
    parent.stderr.close()
    assert output == b"4.3.0 the delivering process died\n"
    assert [data for data in worker.received if data.endswith(protocol.END)] == []


ORPHAN = textwrap.dedent(
    """
    import os, sys, time
    parent = os.getpid()
    if os.fork():
        os._exit(0)
    while os.getppid() == parent:
        time.sleep(0.01)
    os.execv(sys.argv[1], sys.argv[1:])
    """
)


def test_an_orphan_from_the_start_hands_nothing_over(start: Start, socket_path: Path) -> None:
    worker = start()
    line = [sys.executable, "-c", ORPHAN, *command(socket_path)]
    done = subprocess.run(line, input=MESSAGE, capture_output=True, timeout=60)
    if worker.received:
        pytest.skip("a subreaper other than process 1 runs here")
    assert done.stdout == b"4.3.0 the delivering process died\n"


def test_it_imports_nothing_but_sys_posix_and_socket(socket_path: Path) -> None:
    def imported(*arguments: str) -> set[str]:
        line = [PYTHON, "-I", "-S", "-E", "-X", "importtime", *arguments]
        done = subprocess.run(line, input=b"", capture_output=True, timeout=60, text=False)
        return {row.rpartition(b"|")[2].strip().decode() for row in done.stderr.splitlines()}

    extra = imported(str(SCRIPT), str(socket_path), "4cQ", "1", "", "a@x.test")
    assert extra - imported("-c", "pass") <= {"sys", "posix", "_socket"}
