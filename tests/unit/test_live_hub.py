"""What the site keeps in memory of a mailbox that somebody watches: gone when nobody does any more."""

import asyncio
import contextlib

from mailboxes import live


def test_nothing_is_kept_of_a_mailbox_that_nobody_watches_any_more() -> None:
    async def visit() -> None:
        hub = live.Hub()
        async with hub.watch("first"), hub.watch("second"), hub.watch("second"):
            assert len(hub._watchers) == 2
        assert hub._watchers == {}
        assert hub._task is None

    asyncio.run(visit())


def test_nothing_is_kept_of_a_watcher_that_was_cut_off() -> None:
    async def visit() -> None:
        hub, watching = live.Hub(), asyncio.Event()

        async def watch() -> None:
            async with hub.watch("mailbox") as event:
                watching.set()
                await event.wait()

        watcher = asyncio.create_task(watch())
        await watching.wait()
        watcher.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await watcher
        assert hub._watchers == {}

    asyncio.run(visit())


def test_whoever_watches_leaves_when_the_process_ends() -> None:
    async def visit() -> None:
        hub = live.Hub()
        async with hub.watch("mailbox") as event:
            event.clear()
            hub.close()
            assert event.is_set()
            assert hub.closing

    asyncio.run(visit())
