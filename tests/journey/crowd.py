"""Many programs that wait for mail at once, as one process: a socket each, no thread."""

import asyncio
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import redis

from deploy.local.stack import Stack

DEADLINE = 60.0
Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]
_PLACES = "tempmail:open:*"
_CREATE = """
from mailboxes.services import creation
for _ in range({count}):
    created = creation.create(lifetime=3600)
    print(created.address, created.token, created.mailbox.public_id)
"""


@dataclass(frozen=True)
class Box:
    address: str
    token: str
    public_id: str


def new_boxes(stack: Stack, count: int) -> list[Box]:
    """Create mailboxes without the API, whose limits are not what is tested."""
    code = _CREATE.format(count=count)
    printed = stack.manage("shell", "--no-imports", "--command", code)
    return [Box(*line.split()) for line in printed.splitlines()]


async def follow(stack: Stack, token: str) -> Connection:
    """Open an event stream."""
    return await _ask(stack, "/api/events/me", token)


async def get(stack: Stack, path: str, token: str) -> tuple[int, Any]:
    """Send one request and read its answer, as status and JSON; cancelled, it hangs up."""
    reader, writer = await _ask(stack, path, token)
    try:
        answer = await reader.read()
    finally:
        writer.close()
    top, _, body = answer.partition(b"\r\n\r\n")
    return int(top.split()[1]), json.loads(body)


async def _ask(stack: Stack, path: str, token: str) -> Connection:
    head = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {token}\r\n"
    reader, writer = await asyncio.open_connection("127.0.0.1", stack.http_port)
    writer.write(f"{head}Connection: close\r\n\r\n".encode())
    return reader, writer


def places(stack: Stack) -> int:
    """How many waits and streams are open."""
    with redis.Redis(unix_socket_path=f"{stack.state_dir}/redis/redis.sock") as client:
        keys: Iterator[bytes] = client.scan_iter(match=_PLACES, count=1000)
        with client.pipeline(transaction=False) as pipe:
            for key in keys:
                pipe.zcard(key)
            return sum(pipe.execute())


async def until_open(stack: Stack, count: int) -> None:
    """Wait until so many are open."""
    async with asyncio.timeout(DEADLINE):
        while (now := await asyncio.to_thread(places, stack)) != count:
            assert now <= max(count, 2000)
            await asyncio.sleep(0.1)


def threads(stack: Stack) -> int:
    """How many threads the site has."""
    return len(list(Path(f"/proc/{stack.processes['site'].pid}/task").iterdir()))
