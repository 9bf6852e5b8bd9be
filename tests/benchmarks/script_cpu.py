"""The row `script_cpu`: CPU time of delivery/deliver.py beside that of the interpreter that only reads and exits."""

import os
import socket
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from statistics import fmean

from delivery import protocol
from deploy.local.mail_server import SCRIPT
from deploy.local.ports import LOOPBACK
from deploy.local.processes import StartFailed
from postfix import render
from tests.benchmarks import figures, letters, master_cf, peers, quiet, table
from tests.benchmarks.results import Goal, Result
from tests.benchmarks.session import Report, Session

SIZE = 5 * 1024
BATCHES = 10
GOAL = Goal("script_cpu", "CPU of the script / of the interpreter alone", "<=", 1.15, 1.08)
# The same with nothing but what reading needs: how low it could go.
LEANEST = "from posix import _exit, read\n\nwhile read(0, 65536):\n    pass\n_exit(0)\n"
SECONDS = 10.0


def goals(parts: frozenset[str]) -> list[Goal]:
    """Return the goal of this row."""
    return [GOAL]


def measure(session: Session) -> Report:
    """Measure several hundred interleaved runs of each program. Raises StartFailed when one of them fails."""
    with session.state("script") as directory:
        commands = _programs(directory)
        session.say(f"script_cpu: {quiet.wait(session.effort.quiet_seconds)}")
        with fake_worker(directory / "delivery.sock"):
            batches = _batches(commands, session.effort.runs)
    return _report(batches, session.effort.runs)


def _programs(directory: Path) -> dict[str, list[str]]:
    """The script with the words that pipe(8) would give it, and its peers with the same interpreter and flags."""
    rendered = render.render(peers.values(directory, 25, "tempmail"))["master.cf"]
    interpreter, words = peers.interpreter_of(rendered), master_cf.argv(rendered)
    (directory / "bin").mkdir()
    script = Path(words[len(interpreter)])
    script.write_bytes(SCRIPT.read_bytes())
    envelope = [str(directory / "delivery.sock"), "4QxYz12345z9sPK", str(SIZE)]
    addresses = ["sender@example.org", f"1box@{LOOPBACK}"]
    programs = {"script": [*interpreter, str(script), *envelope, *addresses]}
    for name, text in (("interpreter", peers.READER), ("leanest", LEANEST)):
        file = directory / "bin" / f"{name}.py"
        file.write_text(text)
        programs[name] = [*interpreter, str(file)]
    return programs


def _batches(commands: Mapping[str, Sequence[str]], runs: int) -> dict[str, list[float]]:
    """Return the mean CPU milliseconds of each batch, by program; the first batch warms up and is dropped."""
    body = letters.letter(SIZE).encode("ascii")
    means: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(BATCHES + 1):
        used: dict[str, list[float]] = {name: [] for name in commands}
        for _ in range(max(1, runs // BATCHES)):
            for name, command in commands.items():
                used[name].append(1000 * cpu_seconds(command, body))
        for name, values in used.items():
            means[name].append(fmean(values))
    return {name: values[1:] for name, values in means.items()}


def cpu_seconds(command: Sequence[str], body: bytes) -> float:
    """Run a program with `body` (shorter than a pipe holds) as its input; return its user and system time.

    By wait4(2), which counts exactly and not by clock ticks. The child is made by vfork, without copied page tables.
    Raises StartFailed when it fails or says anything.
    """
    reader, writer = os.pipe()
    answers, answer = os.pipe()
    try:
        os.write(writer, body)
        os.close(writer)
        inherit = [(os.POSIX_SPAWN_DUP2, reader, 0), (os.POSIX_SPAWN_DUP2, answer, 1)]
        pid = os.posix_spawn(
            command[0], list(command), {"PATH": "/usr/bin:/bin"}, file_actions=inherit
        )
        _, status, usage = os.wait4(pid, 0)
        os.close(answer)
        said = os.read(answers, 200)
    finally:
        os.close(reader)
        os.close(answers)
    if status or said:
        raise StartFailed(f"{command[-1]} failed: {said!r}")
    return usage.ru_utime + usage.ru_stime


@contextmanager
def fake_worker(path: Path) -> Iterator[None]:
    """Serve the delivery socket, with STORED for everything."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen(8)
        thread = threading.Thread(target=_serve, args=(listener,), daemon=True)
        thread.start()
        yield
        listener.shutdown(socket.SHUT_RDWR)  # wakes the thread in accept(2)
        thread.join()


def _serve(listener: socket.socket) -> None:
    with suppress(OSError):
        while True:
            client, _ = listener.accept()
            with client:
                client.settimeout(SECONDS)
                _answer(client)


def _answer(client: socket.socket) -> None:
    data = bytearray()
    frame = None
    while piece := client.recv(1 << 16):
        data += piece
        frame = frame or protocol.read_frame(data, 1 << 20)
        if frame and len(data) == frame.total:
            client.sendall(protocol.STORED)
            return


def _report(batches: Mapping[str, Sequence[float]], runs: int) -> Report:
    ratios = figures.ratios(batches["script"], batches["interpreter"])
    names = {
        "script": "delivery/deliver.py, answered by a fake worker",
        "interpreter": "the interpreter: sys.stdin.buffer.read()",
        "leanest": "the interpreter: posix.read, posix._exit",
    }
    spreads = {name: figures.spread(values) for name, values in batches.items()}
    rows = [
        (names[name], *(f"{value:.2f}" for value in (one.median, one.min, one.max)))
        for name, one in spreads.items()
    ]
    text = table.markdown(("program", "CPU ms", "min", "max"), rows)
    title = f"### CPU of one start, 5 KB on stdin (means of {BATCHES} batches, {runs} runs each)"
    return Report([Result(GOAL, tuple(ratios))], [f"{title}\n\n{text}"])
