"""What the worker tells systemd (sd_notify(3)), received on a socket such as systemd's."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from delivery import notify


@pytest.fixture
def systemd(monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    """The socket that messages arrive at."""
    with (
        TemporaryDirectory(prefix="tm") as directory,
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ours,
    ):
        path = Path(directory) / "notify"
        ours.bind(str(path))
        ours.setblocking(False)
        monkeypatch.setenv("NOTIFY_SOCKET", str(path))
        yield ours


def test_messages_arrive_whole(systemd: socket.socket) -> None:
    notify.tell(notify.READY, "STATUS=x")
    assert systemd.recv(100) == b"READY=1\nSTATUS=x"
    notify.reloading()
    first, second = systemd.recv(100).decode().splitlines()
    assert first == "RELOADING=1"
    assert second.removeprefix("MONOTONIC_USEC=").isdigit()


def test_an_abstract_name_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    name = f"tempmail-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ours:
        ours.bind(f"\0{name}")
        ours.setblocking(False)
        monkeypatch.setenv("NOTIFY_SOCKET", f"@{name}")
        notify.tell(notify.STOPPING)
        assert ours.recv(100) == b"STOPPING=1"


@pytest.mark.parametrize("name", ["", "vsock:2:1234", "/nowhere/at/all"])
def test_nobody_listens(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv("NOTIFY_SOCKET", name)
    notify.tell(notify.READY)


def test_it_lives_as_often_as_it_is_asked_to(
    systemd: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = 1000.0
    monkeypatch.setattr(notify.time, "monotonic", lambda: clock)
    monkeypatch.setenv("WATCHDOG_USEC", "20000000")
    monkeypatch.setenv("WATCHDOG_PID", str(os.getpid()))
    pulse = notify.Pulse()
    for second in range(12):
        clock = 1000.0 + second
        pulse.beat()
    assert [systemd.recv(100) for _ in range(3)] == [b"WATCHDOG=1"] * 3
    with pytest.raises(BlockingIOError):
        systemd.recv(100)


@pytest.mark.parametrize(("usec", "pid"), [("", ""), ("20000000", "1"), ("soon", "")])
def test_nobody_asked_us(
    systemd: socket.socket, monkeypatch: pytest.MonkeyPatch, usec: str, pid: str
) -> None:
    monkeypatch.setenv("WATCHDOG_USEC", usec)
    if pid:
        monkeypatch.setenv("WATCHDOG_PID", pid)
    else:
        monkeypatch.delenv("WATCHDOG_PID", raising=False)
    notify.Pulse().beat()
    with pytest.raises(BlockingIOError):
        systemd.recv(100)
