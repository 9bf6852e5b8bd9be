"""A Redis for the tests of waits and streams: what is published wakes whoever watches, and nobody ever polls."""

import asyncio
from collections.abc import Sequence

import pytest

from mailboxes import live
from mailboxes.services.creation import Created


class ToldHub(live.Hub):
    """Its watchers rely on being told, from any thread."""

    def __init__(self) -> None:
        super().__init__()
        self.healthy = True
        self.loop = asyncio.get_running_loop()

    async def _follow(self, channel: str) -> None:
        pass

    async def _unfollow(self, channel: str) -> None:
        pass

    def tell(self, public_id: str) -> None:
        """Wake the watchers of a mailbox."""
        self.loop.call_soon_threadsafe(self._wake, live._PREFIX + public_id)


def install(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let publishing reach all hubs of this process."""
    hubs: dict[asyncio.AbstractEventLoop, ToldHub] = {}

    def hub() -> ToldHub:
        loop = asyncio.get_running_loop()
        return hubs.get(loop) or hubs.setdefault(loop, ToldHub())

    def publish_all(events: Sequence[tuple[str, str]]) -> None:
        for each in list(hubs.values()):
            for public_id, _event in events if not each.loop.is_closed() else ():
                each.tell(public_id)

    monkeypatch.setattr(live, "hub", hub)
    monkeypatch.setattr(live, "publish_all", publish_all)


def wake(owner: Created) -> None:
    """Let whoever watches this mailbox look, as if something had been published."""
    live.publish(owner.mailbox.public_id, "")
