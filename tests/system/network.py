"""Hosts on one machine: network namespaces on a switch of their own, each of which can be cut off (ip-netns(8)).

Nothing of it touches the machine's own network.
"""

import contextlib
import ctypes
import os
import secrets
import subprocess
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Self

_CLONE_NEWNET = 0x40000000  # setns(2)
_libc = ctypes.CDLL(None, use_errno=True)


_PATH = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"


class Network:
    """Hosts, name to IPv4 address, all in one /24. Those of the `second` room are on a switch of their own.

    A cable joins the two switches.
    """

    def __init__(self, hosts: Mapping[str, str], second: Collection[str] = ()) -> None:
        self.hosts, self._second = dict(hosts), set(second)
        self._prefix = f"tm{secrets.token_hex(3)}"

    def __enter__(self) -> Self:
        try:
            self._build()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *exc_info: object) -> None:
        for name in (*self.hosts, "switch"):
            _ip("netns", "delete", self.namespace(name), check=False)

    def namespace(self, host: str) -> str:
        """The name of a host's namespace."""
        return f"{self._prefix}-{host}"

    def command(self, host: str) -> list[str]:
        """What goes before a command that is to run on a host."""
        return ["ip", "netns", "exec", self.namespace(host)]

    def cut_off(self, host: str) -> None:
        """Pull its cable: what was on the way is lost, and nobody is told."""
        _ip("-n", self.namespace("switch"), "link", "set", _port(host), "down")

    def connect(self, host: str) -> None:
        """Plug it in again."""
        _ip("-n", self.namespace("switch"), "link", "set", _port(host), "up")

    def part_rooms(self) -> None:
        """Pull the cable between the two rooms."""
        _ip("-n", self.namespace("switch"), "link", "set", "first", "down")

    def join_rooms(self) -> None:
        """Plug it in again."""
        _ip("-n", self.namespace("switch"), "link", "set", "first", "up")

    @contextlib.contextmanager
    def on(self, host: str) -> Iterator[None]:
        """Let this thread be on a host: its new sockets, and programs that it starts (setns(2) is of one thread)."""
        with (
            Path("/proc/thread-self/ns/net").open("rb") as before,
            Path(f"/run/netns/{self.namespace(host)}").open("rb") as there,
        ):
            _enter(there.fileno())
            try:
                yield
            finally:
                _enter(before.fileno())

    def _build(self) -> None:
        switch = self.namespace("switch")
        _ip("netns", "add", switch)
        _ip("-n", switch, "link", "add", "first", "type", "veth", "peer", "name", "second")
        for cable in ("first", "second"):
            _ip("-n", switch, "link", "add", f"room-{cable}", "type", "bridge")
            _ip("-n", switch, "link", "set", f"room-{cable}", "up")
            _ip("-n", switch, "link", "set", cable, "master", f"room-{cable}", "up")
        for host, address in self.hosts.items():
            own = self.namespace(host)
            _ip("netns", "add", own)
            veth = ["link", "add", _port(host), "type", "veth", "peer", "name", "eth0"]
            _ip("-n", switch, *veth, "netns", own)
            room = "room-second" if host in self._second else "room-first"
            _ip("-n", switch, "link", "set", _port(host), "master", room, "up")
            _ip("-n", own, "address", "add", f"{address}/24", "dev", "eth0")
            for device in ("lo", "eth0"):
                _ip("-n", own, "link", "set", device, "up")


def _port(host: str) -> str:
    return f"to-{host}"  # of at most 15 letters


def _enter(descriptor: int) -> None:
    if _libc.setns(descriptor, _CLONE_NEWNET):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def _ip(*words: str, check: bool = True) -> "subprocess.CompletedProcess[str]":
    env = {**os.environ, "PATH": _PATH}
    return subprocess.run(["ip", *words], check=check, capture_output=True, text=True, env=env)
