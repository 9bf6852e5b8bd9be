"""Many open event streams of the API: who has been told of what, and when."""

import asyncio
import threading
import time
from collections.abc import Sequence

from deploy.local import ports
from deploy.local.processes import StartFailed

HEAD_SECONDS = 60.0
AT_ONCE = 50  # connections that are being opened
_MESSAGE = b"event: message\n"


class Crowd:
    """Streams in a thread and an event loop of their own; `told` are the monotonic times of messages, by stream."""

    def __init__(self, port: int, tokens: Sequence[str]) -> None:
        self.told: list[list[float]] = [[] for _ in tokens]
        self.errors: list[str] = []
        self._port, self._tokens = port, tokens
        self._changed = threading.Condition()
        self._opened = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._tasks: list[asyncio.Task[None]] = []

    def __enter__(self) -> "Crowd":
        self._thread.start()
        if not self._opened.wait(HEAD_SECONDS * 5) or self.errors:
            raise StartFailed(f"streams could not be opened: {self.errors[:1]}")
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._end)
        self._thread.join()
        self._loop.close()

    def wait_for(self, count: int, seconds: float) -> int:
        """Wait until so many messages have been told to all together; return how many have."""

        def enough() -> bool:
            return sum(map(len, self.told)) >= count

        with self._changed:
            self._changed.wait_for(enough, seconds)
            return sum(map(len, self.told))

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._follow_all())

    def _end(self) -> None:
        for task in self._tasks:
            task.cancel()

    async def _follow_all(self) -> None:
        gate, opened = asyncio.Semaphore(AT_ONCE), asyncio.Event()
        left = len(self._tokens)

        def note() -> None:
            nonlocal left
            left -= 1
            if not left:
                opened.set()
                self._opened.set()

        self._tasks = [
            asyncio.create_task(self._follow(number, token, gate, note))
            for number, token in enumerate(self._tokens)
        ]
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _follow(self, number: int, token: str, gate: asyncio.Semaphore, note: object) -> None:
        assert callable(note)
        try:
            async with gate:
                reader, writer = await asyncio.open_connection(ports.LOOPBACK, self._port)
                writer.write(
                    b"GET /api/events/me HTTP/1.1\r\nHost: 127.0.0.1\r\n"
                    b"Authorization: Bearer %b\r\n\r\n" % token.encode()
                )
                head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), HEAD_SECONDS)
                if b" 200 " not in head.partition(b"\r\n")[0]:
                    raise StartFailed(head.partition(b"\r\n")[0].decode())
                await asyncio.wait_for(reader.readuntil(b"event: ends"), HEAD_SECONDS)
        except (OSError, StartFailed, asyncio.IncompleteReadError, TimeoutError) as error:
            self.errors.append(repr(error))
            return
        finally:
            note()
        try:
            await self._listen(number, reader)
        finally:
            writer.close()

    async def _listen(self, number: int, reader: asyncio.StreamReader) -> None:
        while line := await reader.readline():
            if line == _MESSAGE:
                with self._changed:
                    self.told[number].append(time.monotonic())
                    self._changed.notify_all()
